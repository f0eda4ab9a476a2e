//! A suite in the making: what must agree with theory, and the mistakes that must not.

use super::trial::Figure;
use crate::cli::{Depth, TheoryCheck};

/// Checks about one subject.
pub(super) struct Suite {
    name: &'static str,
    checks: Vec<TheoryCheck>,
}

impl Suite {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, checks: Vec::new() }
    }

    /// `figure` must be `expected`, give or take the share `within` of it.
    pub(super) fn agrees(
        &mut self,
        depth: Depth,
        name: impl Into<String>,
        expected: f64,
        within: f64,
        figure: Figure,
    ) {
        self.add(depth, name.into(), (expected, within), false, figure);
    }

    /// A control: `figure` has a mistake in it and must be further from `expected` than that.
    pub(super) fn notices(
        &mut self,
        depth: Depth,
        mistake: impl Into<String>,
        expected: f64,
        within: f64,
        figure: Figure,
    ) {
        self.add(depth, mistake.into(), (expected, within), true, figure);
    }

    fn add(
        &mut self,
        depth: Depth,
        name: String,
        (expected, within): (f64, f64),
        control: bool,
        simulate: Figure,
    ) {
        // Of nothing no share can be off: then the tolerance is absolute.
        let tolerance = if expected == 0.0 { within } else { within * expected.abs() };
        let (suite, negative_control) = (self.name, control);
        self.checks.push(TheoryCheck { suite, name, expected, tolerance, depth, negative_control, simulate });
    }

    pub(super) fn into_checks(self) -> Vec<TheoryCheck> {
        self.checks
    }
}
