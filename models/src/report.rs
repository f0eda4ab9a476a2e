//! What one run tells: every figure under its name, the series over time, the distributions, and the books.

use serde::{Deserialize, Serialize};
use sim_core::statistics::Histogram;

use crate::trace::Traces;

/// A log is for reading: a run that decides more often than this is told by its metrics and series.
pub const MOST_DECISIONS: usize = 10_000;

/// One replication of one cell, complete: all that analysis, charts and exports need.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// Events handled.
    pub events: u64,
    /// Logical requests that arrived, warm-up included.
    pub requests: u64,
    /// Every figure, sorted by name.
    pub metrics: Vec<Metric>,
    /// Figures in bins of time, sorted by name.
    pub series: Vec<Series>,
    /// Latency distributions, sorted by name: `clients.latency`, `clients.latency@late`.
    pub histograms: Vec<(String, Histogram)>,
    /// Exact counts for each limit that a claim asked to watch, in the order asked.
    pub limits: Vec<LimitCount>,
    /// What controllers decided, in order of time.
    pub decisions: Vec<Decision>,
    /// Stations whose queue grew through the measurement, by the least-squares slope of their backlog.
    pub backlogs: Vec<Backlog>,
    /// A hash of every final integer accumulator, in a fixed order.
    pub digest: u64,
    /// What was recorded of single requests, if anything was.
    pub traces: Traces,
}

/// One figure of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// `<id>.<metric>.<statistic>[@window]`: the same string in files, columns, flags and tests.
    pub name: String,
    /// Its unit.
    pub unit: Unit,
    /// The value in base units; `None` where there was nothing to measure.
    pub value: Option<f64>,
    /// How many observations stand behind it.
    pub samples: u64,
}

/// What a figure counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Unit {
    /// A length of time.
    Seconds,
    /// Something a second.
    PerSecond,
    /// A number of things.
    Count,
    /// A share or quotient without unit.
    Ratio,
    /// A size.
    Bytes,
}

/// A figure in equal bins of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// `clients.goodput`, `web.queue_length`, `web[3].utilization`, `clients.latency.p99`.
    pub name: String,
    /// Its unit.
    pub unit: Unit,
    /// The bins' width in seconds; the first bin starts at 0.
    pub bin: f64,
    /// One value a bin; `None` where there was nothing to measure.
    pub values: Vec<Option<f64>>,
}

/// How many observations of one metric were at or over a limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LimitCount {
    /// The metric and window: `clients.latency@late`.
    pub name: String,
    /// The limit, in nanoseconds.
    pub limit: u64,
    /// Observations strictly under it, exactly.
    pub under: u64,
    /// Observations equal to it, exactly.
    pub at: u64,
    /// Observations over it, exactly; requests still waiting at the end and already older count here.
    pub over: u64,
}

/// What a controller did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// When, in seconds.
    pub at: f64,
    /// Who: `lb.health`, `web[3]`.
    pub who: String,
    /// What it saw, did, and why: one sentence.
    pub what: String,
}

/// How a station's backlog moved through the measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Backlog {
    /// The station: `web[15]`.
    pub station: String,
    /// Requests a second by which its backlog grew (least squares over the measured bins).
    pub growth: f64,
    /// Requests a second that arrived there.
    pub arrivals: f64,
    /// Served over offered through the measurement.
    pub served: f64,
}
