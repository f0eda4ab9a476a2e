//! What will be run: the cells of an experiment, each an arm at a sweep point, complete and hashed.

use models::spec::SystemSpec;

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
pub struct Cell {
    /// The arm's name; `base` if the file has no arms.
    pub arm: String,
    /// Where on each sweep axis, in the axes' order; empty without a sweep.
    pub point: Vec<Coordinate>,
    /// The system with the arm, the point and the flags applied.
    pub system: SystemSpec,
    /// Hash of all that decides this cell's results, 16 hex digits; not the replication count.
    pub hash: String,
    /// The canonical RON text of this cell: it runs on its own.
    pub resolved: String,
}
