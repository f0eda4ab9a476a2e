//! What will be run: the cells of an experiment, each an arm at a sweep point, complete and hashed.

use models::spec::SystemSpec;

use crate::{
    claim::Claim,
    diagnostic::Diagnostics,
    experiment::{RunSpec, Window},
};

/// A value of a sweep axis as the file writes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Coordinate {
    /// The path it sets: `clients.load.fraction`.
    pub path: String,
    /// Its canonical RON text: `0.95`, `"5s"`.
    pub value: String,
}

/// One arm at one sweep point: what a replication is run of.
#[derive(Clone, Debug)]
pub struct Cell<S = SystemSpec> {
    /// The arm's name; `base` if the file has no arms.
    pub arm: String,
    /// Where on each sweep axis, in the axes' order; empty without a sweep.
    pub point: Vec<Coordinate>,
    /// The system with the arm, the point and the flags applied.
    pub system: S,
    /// Hash of all that decides this cell's results, 16 hex digits; not the replication count.
    pub hash: String,
    /// The canonical RON text of this cell: it runs on its own.
    pub resolved: String,
}

/// One axis of the sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// The path it sets.
    pub path: String,
    /// The canonical RON texts of its values, in the file's order.
    pub values: Vec<String>,
}

/// What the file claims of one arm.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// The arm, or the arm at one sweep point: `weighted_rr`, `weighted_rr@0.95`.
    pub of: String,
    /// What must hold for it, at every sweep point if it names none.
    pub claims: Vec<Claim>,
}

/// Whether an expectation for `of` speaks of this arm at this point.
pub(crate) fn speaks_of<'a>(of: &str, arm: &str, point: impl ExactSizeIterator<Item = &'a str>) -> bool {
    let Some((name, written)) = of.split_once('@') else { return of == arm };
    let values: Vec<&str> = written.split(',').map(str::trim).collect();
    name == arm
        && values.len() == point.len()
        && values.iter().zip(point).all(|(value, at)| same_value(value, at))
}

/// Whether a claim's `0.50` or `5s` is the sweep's `0.5` or `"5s"`.
pub(crate) fn same_value(written: &str, canonical: &str) -> bool {
    match (written.parse::<f64>(), canonical.parse::<f64>()) {
        (Ok(written), Ok(canonical)) => written == canonical,
        (Ok(_) | Err(_), Err(_)) | (Err(_), Ok(_)) => written == canonical.trim_matches('"'),
    }
}

/// A limit whose sides a run counts exactly.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Limit {
    /// The metric and window: `clients.latency@late`.
    pub name: String,
    /// The limit in nanoseconds.
    pub limit: u64,
}

/// An experiment, resolved: every cell, and what is asked of them.
#[derive(Clone, Debug)]
pub struct Plan<S = SystemSpec> {
    /// The experiment's name, which is also its folder's.
    pub name: String,
    /// What it asks.
    pub question: String,
    /// Every arm in the file's order, filtered out or not: an arm's colour depends on its place here.
    pub arms: Vec<String>,
    /// The arm that the others are compared with.
    pub baseline: Option<String>,
    /// The axes of the sweep; the last varies fastest.
    pub axes: Vec<Axis>,
    /// The cells that the filters leave, arm by arm and point by point.
    pub cells: Vec<Cell<S>>,
    /// How it is run.
    pub run: RunSpec,
    /// The named windows, in the file's order.
    pub windows: Vec<Window>,
    /// What an arm may miss.
    pub slos: Vec<Claim>,
    /// What the author claims, in the file's order.
    pub expectations: Vec<Expectation>,
    /// Names the results' folder: of the whole experiment, filtered or not, without the replication count.
    pub hash: String,
    /// The file as it was read.
    pub source: String,
    /// The experiment with every default and flag written out; loads again and gives the same hash.
    pub resolved: String,
    /// What is worth a look before the run.
    pub warnings: Diagnostics,
}

impl<S> Plan<S> {
    /// The limits that runs of this arm must watch, sorted: those of every duration's quantile.
    pub fn limits(&self, arm: &str) -> Vec<Limit> {
        limits(&self.slos, &self.expectations, arm)
    }

    /// What the file claims of this arm at every sweep point.
    pub fn expectations_of(&self, arm: &str) -> &[Claim] {
        let found = self.expectations.iter().find(|expectation| expectation.of == arm);
        found.map_or(&[], |expectation| &expectation.claims)
    }

    /// How many runs the plan has.
    pub fn runs(&self) -> u64 {
        self.cells.len() as u64 * u64::from(self.run.replications)
    }
}

/// The limits that an arm's claims need counted, whichever sweep point they speak of.
pub(crate) fn limits(slos: &[Claim], expectations: &[Expectation], arm: &str) -> Vec<Limit> {
    let expected = expectations.iter().filter(|expectation| expectation.of.split('@').next() == Some(arm));
    let claims = slos.iter().chain(expected.flat_map(|expectation| &expectation.claims));
    let mut limits: Vec<_> = claims
        .filter(|claim| claim.statistic.quantile().is_some())
        .filter_map(|claim| Some(Limit { name: claim.distribution(), limit: claim.limit? }))
        .collect();
    limits.sort();
    limits.dedup();
    limits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expectation_speaks_of_an_arm_everywhere_or_at_one_point() {
        let at = |of: &str, point: &[&str]| speaks_of(of, "p2c", point.iter().copied());
        assert!(at("p2c", &["0.5", "\"5s\""]) && at("p2c@0.50,5s", &["0.5", "\"5s\""]));
        assert!(!at("p2c@0.5", &["0.5", "\"5s\""]) && !at("p2c@0.5,30s", &["0.5", "\"5s\""]));
        assert!(!at("p2c@0.5", &["0.55"]) && !at("rr@0.5", &["0.5"]) && !at("p2c@0.5", &[]));
    }
}
