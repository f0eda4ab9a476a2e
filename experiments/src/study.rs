//! What running, storing and analysing need to know of an experiment, and no more.
//!
//! A plan says what each cell *is*; a study says what is asked of it: arms, axes, claims, windows, how many
//! replications. It is written beside the results, so that reports and exports need no experiment file.

mod system;
mod words;

use serde::{Deserialize, Serialize};

pub use self::{
    system::{Call, OddServer, Part, System},
    words::{bare, one_of},
};
use crate::plan::speaks_of;

/// One experiment: its question, its cells and its claims.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Study {
    /// Its name, also the name of its results folder.
    pub name: String,
    /// What it asks; may be empty.
    pub question: String,
    /// Hash of the resolved experiment without the replication count, 8 hex digits.
    pub hash: String,
    /// Where load comes from, by id: their figures matter most where no claim says what does.
    pub workloads: Vec<String>,
    /// The arms in the file's order.
    pub arms: Vec<String>,
    /// The arm all others are compared with.
    pub baseline: Option<String>,
    /// The sweep axes in the file's order; empty without a sweep.
    pub axes: Vec<Axis>,
    /// Every arm at every sweep point that is to be run.
    pub cells: Vec<Cell>,
    /// The seed of all streams.
    pub seed: u64,
    /// Replications wanted of each cell; a cell may say otherwise under sequential stopping.
    pub replications: u64,
    /// Whether arms see the same requests.
    pub common_random_numbers: bool,
    /// How long a run lasts and what of it counts.
    pub horizon: Horizon,
    /// Named parts of the run.
    pub windows: Vec<Window>,
    /// What goes wrong when; for pictures over time.
    pub faults: Vec<Fault>,
    /// Wishes that an arm may miss.
    pub slos: Vec<Claim>,
    /// The author's claims, each about one arm.
    pub expectations: Vec<Expectation>,
    /// What is simulated, for a diagram.
    #[serde(default)]
    pub system: System,
    /// What theory says of a figure along an axis.
    #[serde(default)]
    pub curves: Vec<Curve>,
    /// The command that gives these results again, whatever the folder they stand in; empty if unknown.
    #[serde(default)]
    pub command: String,
}

/// What theory says of a figure along an axis.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// The path of the axis.
    pub axis: String,
    /// The figure it belongs beside: `cache.hit_ratio.mean`; the curve of a hit ratio tells of misses.
    pub figure: String,
    /// The model.
    pub label: String,
    /// Values of the axis and what the model says, ascending.
    pub points: Vec<(f64, f64)>,
}

/// A sweep axis.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// The path it sets: `clients.load.fraction`.
    pub path: String,
    /// The values in the file's order, as canonical RON text.
    pub values: Vec<String>,
}

/// One arm at one sweep point.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// The arm's name.
    pub arm: String,
    /// The value on each axis, in the axes' order.
    pub point: Vec<String>,
    /// Hash of all that decides this cell's results, 16 hex digits.
    pub hash: String,
    /// Replications wanted of this cell.
    pub replications: u64,
    /// Events one replication is expected to handle; 0 if nobody knows. Only the time left is reckoned from it.
    pub expected_events: f64,
}

/// How long a run lasts, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Horizon {
    /// The long run: a warm-up is left out, then a stretch is measured.
    SteadyState {
        /// Seconds left out.
        warmup: f64,
        /// Seconds measured.
        measure: f64,
    },
    /// A story with an end: everything counts.
    Terminating {
        /// When it ends, in seconds.
        end: f64,
    },
}

/// A named part of the run, in seconds since its start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Its name, a suffix of metric names.
    pub name: String,
    /// Where it begins.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
}

/// A fault, in seconds since the start of the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// What goes wrong: `CapacityLoss checkout`.
    pub label: String,
    /// When it begins.
    pub from: f64,
    /// When it ends; the end of the run if it never does.
    pub to: f64,
}

/// A claim about one figure: `clients.latency.p99@late < 250ms`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// The claim as written.
    pub text: String,
    /// What is measured: `clients.latency`.
    pub metric: String,
    /// Which figure of it: `p99`.
    pub statistic: String,
    /// In which window; the whole measurement if none.
    pub window: Option<String>,
    /// How the figure must stand to the threshold.
    pub op: Op,
    /// The threshold in base units.
    pub threshold: f64,
    /// The threshold of a length of time in whole nanoseconds: runs count observations around it exactly.
    pub limit: Option<u64>,
    /// The unit as written: `ms`, `/s`, or nothing.
    pub unit: String,
}

/// How a figure must stand to a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Op {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
}

/// A claim about one arm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expectation {
    /// The arm, or the arm at one sweep point: `weighted_rr@0.95`.
    pub arm: String,
    /// What is claimed of it.
    pub claim: Claim,
}

impl Default for Horizon {
    fn default() -> Self {
        Self::Terminating { end: 0.0 }
    }
}

impl Study {
    /// The sweep points that occur among the cells, in the order in which they first do.
    pub fn points(&self) -> Vec<Vec<String>> {
        let mut points: Vec<Vec<String>> = Vec::new();
        for cell in &self.cells {
            if !points.contains(&cell.point) {
                points.push(cell.point.clone());
            }
        }
        points
    }

    /// The index of an arm's cell at a point, if it is to be run.
    pub fn cell(&self, arm: &str, point: &[String]) -> Option<usize> {
        self.cells.iter().position(|cell| cell.arm == arm && cell.point == point)
    }

    /// The arms that have a cell, in the file's order.
    pub fn present_arms(&self) -> Vec<&str> {
        let present = |arm: &&str| self.cells.iter().any(|cell| cell.arm == **arm);
        self.arms.iter().map(String::as_str).filter(present).collect()
    }

    /// The SLOs and expectations that are made of an arm.
    pub fn claims(&self) -> impl Iterator<Item = &Claim> {
        self.slos.iter().chain(self.expectations.iter().map(|expectation| &expectation.claim))
    }
}

impl Cell {
    /// Whether an expectation for `of`, an arm or an arm at one sweep point, speaks of this cell.
    pub fn is_of(&self, of: &str) -> bool {
        speaks_of(of, &self.arm, self.point.iter().map(String::as_str))
    }

    /// `least_outstanding@0.95`; just the arm without a sweep.
    pub fn label(&self) -> String {
        if self.point.is_empty() {
            return self.arm.clone();
        }
        format!("{}@{}", self.arm, self.point.join(","))
    }
}

impl Claim {
    /// The figure's full name, the same string as a metric's: `clients.latency.p99@late`.
    pub fn figure(&self) -> String {
        match &self.window {
            Some(window) => format!("{}.{}@{window}", self.metric, self.statistic),
            None => format!("{}.{}", self.metric, self.statistic),
        }
    }

    /// The distribution it speaks of: `clients.latency@late`.
    pub fn distribution(&self) -> String {
        match &self.window {
            Some(window) => format!("{}@{window}", self.metric),
            None => self.metric.clone(),
        }
    }
}

/// The share a quantile's name speaks of: `p50` 0.5, `p99` 0.99, `p999` 0.999.
pub fn quantile_of(statistic: &str) -> Option<f64> {
    digits_of(statistic).map(|(number, scale)| number / scale)
}

/// The share a quantile leaves above itself, as the nearest number to that decimal: `p90` 0.1, `p999` 0.001.
pub fn tail_of(statistic: &str) -> Option<f64> {
    digits_of(statistic).map(|(number, scale)| (scale - number) / scale)
}

/// The digits of a quantile's name and the power of ten they are read against: `p999` 999 of 1000.
fn digits_of(statistic: &str) -> Option<(f64, f64)> {
    let digits = statistic.strip_prefix('p').filter(|digits| (2..=9).contains(&digits.len()))?;
    let number: u32 = digits.parse().ok()?;
    Some((f64::from(number), digits.chars().fold(1.0, |scale, _| scale * 10.0)))
}

impl Op {
    /// As a file writes it.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
            Self::Equal => "==",
        }
    }

    /// Whether `value` stands so to `threshold`.
    pub fn holds(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Less => value < threshold,
            Self::AtMost => value <= threshold,
            Self::Greater => value > threshold,
            Self::AtLeast => value >= threshold,
            Self::Equal => value == threshold,
        }
    }

    /// Whether small figures please the claim.
    pub const fn wants_less(self) -> bool {
        matches!(self, Self::Less | Self::AtMost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_read_from_their_names() {
        for (name, share) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999), ("p9999", 0.9999)] {
            assert_eq!(quantile_of(name), Some(share));
        }
        // 1 − 0.9 is not the number nearest to 0.1.
        assert_eq!(["p90", "p99", "p999"].map(tail_of), [Some(0.1), Some(0.01), Some(0.001)]);
        for other in ["mean", "max", "p", "p5", "pxx"] {
            assert_eq!(quantile_of(other), None, "{other}");
        }
    }
}
