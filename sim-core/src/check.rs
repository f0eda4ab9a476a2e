//! What is wrong with a specification, and where: problems gathered by path, all of them in one pass.

use std::fmt::Display;

/// One thing wrong with what a user wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, from the root: `["web", "service_time", "cv"]`.
    pub path: Vec<String>,
    /// The code of its kind, such as `E0404`; `stampede explain` tells more.
    pub code: &'static str,
    /// What is wrong: a sentence that starts in lower case and has no full stop.
    pub what: String,
    /// The smallest fix, if one is known.
    pub help: Option<String>,
}

/// Walks a specification and gathers its problems.
#[derive(Debug, Default)]
pub struct Check {
    path: Vec<String>,
    problems: Vec<Problem>,
}

impl Check {
    /// Checks what lies under `segment`: a field's name, a key, or an index.
    pub fn at<T>(&mut self, segment: impl Display, check: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(segment.to_string());
        let result = check(self);
        self.path.pop();
        result
    }

    /// Reports a problem at the present path.
    pub fn problem(&mut self, code: &'static str, what: impl Into<String>) {
        self.problems.push(Problem { path: self.path.clone(), code, what: what.into(), help: None });
    }

    /// Reports a problem at the present path with the smallest fix.
    pub fn problem_with_help(
        &mut self,
        code: &'static str,
        what: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.problems.push(Problem {
            path: self.path.clone(),
            code,
            what: what.into(),
            help: Some(help.into()),
        });
    }

    /// Reports a value out of its range (`E0404`) at `field` unless `holds`.
    pub fn require(&mut self, holds: bool, field: &str, what: impl FnOnce() -> String) {
        if !holds {
            self.at(field, |check| check.problem("E0404", what()));
        }
    }

    /// Requires a ratio in 0..=1 at `field` (`E0402`); a percent gets its fraction suggested.
    pub fn fraction(&mut self, field: &str, value: f64) {
        if (0.0..=1.0).contains(&value) {
            return;
        }
        self.at(field, |check| {
            let what = match field {
                "" => format!("this must be between 0 and 1, got {value}"),
                field => format!("{field} must be between 0 and 1, got {value}"),
            };
            if value > 1.0 && value <= 100.0 {
                let help =
                    format!("did you mean {}?  fractions are written 0..1, never in percent", value / 100.0);
                check.problem_with_help("E0402", what, help);
            } else {
                check.problem("E0402", what);
            }
        });
    }

    /// Requires a finite number above zero at `field` (`E0404`).
    pub fn positive(&mut self, field: &str, value: f64) {
        self.require(value.is_finite() && value > 0.0, field, || {
            format!("{field} must be above 0, got {value}")
        });
    }

    /// The problems found, in the order they were found.
    pub fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Whether nothing is wrong so far.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }
}
