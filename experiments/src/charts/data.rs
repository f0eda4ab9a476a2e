//! What every chart is given: plain values, no model, no drawing.
//!
//! All quantities are in base units (seconds, per second, bytes, ratios 0..1); the charts choose the prefixes.

pub use super::palette::{ArmStyle, Colour, Dash, Marker};

/// The words above a chart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heading {
    /// A sentence that says what the chart shows: "p99 leaves the SLO at load 0.9".
    pub title: String,
    /// One line for a reader who sees this kind of chart for the first time.
    pub how_to_read: String,
}

impl Heading {
    /// A heading from its two sentences.
    pub fn new(title: impl Into<String>, how_to_read: impl Into<String>) -> Self {
        Self { title: title.into(), how_to_read: how_to_read.into() }
    }
}

/// What an axis measures; it decides the unit and the prefixes of every number shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// A duration or an instant, shown as ns, µs, ms or s.
    Seconds,
    /// A rate, shown as /s with k, M, G.
    PerSecond,
    /// A fraction or utilisation, shown as it is, never in percent.
    Ratio,
    /// A number of things, shown with k, M, G.
    Count,
    /// Memory or traffic, shown as B, kB, MB, GB (powers of 1000).
    Bytes,
    /// A cumulative probability, shown as p50, p99, p99.9.
    Percentile,
}

/// How values are spread along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spacing {
    /// Equal steps are equally long.
    Linear,
    /// Equal ratios are equally long; values at or below zero have no place and are reported in a note.
    Log,
    /// For cumulative probabilities: each further nine (0.9, 0.99, 0.999) is equally long.
    Nines,
}

/// One axis: what it is called, what it measures, how it is spread.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// In words, without the unit: "p99 latency".
    pub title: String,
    /// What is measured.
    pub quantity: Quantity,
    /// How its values are spread.
    pub spacing: Spacing,
}

impl Axis {
    /// A linear axis.
    pub fn linear(title: impl Into<String>, quantity: Quantity) -> Self {
        Self { title: title.into(), quantity, spacing: Spacing::Linear }
    }

    /// A logarithmic axis.
    pub fn log(title: impl Into<String>, quantity: Quantity) -> Self {
        Self { title: title.into(), quantity, spacing: Spacing::Log }
    }
}

/// One measured value with its interval.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Point {
    /// Where on the horizontal axis.
    pub x: f64,
    /// The value; `None` or not a number is a gap in the line.
    pub y: Option<f64>,
    /// Lower end of the interval, if there is one.
    pub low: Option<f64>,
    /// Upper end of the interval, if there is one.
    pub high: Option<f64>,
    /// The cell is unstable: drawn hollow with an upward arrow, above the plot when there is no `y`.
    pub open: bool,
    /// More for the read-out: "unstable, +16/s".
    pub note: Option<String>,
}

impl Point {
    /// A value without an interval.
    pub fn new(x: f64, y: f64) -> Self {
        Self { x, y: Some(y), ..Self::default() }
    }

    /// A value with its interval.
    pub fn between(x: f64, y: f64, low: f64, high: f64) -> Self {
        Self { low: Some(low), high: Some(high), ..Self::new(x, y) }
    }

    /// An unstable cell: no steady-state value exists, `note` says why.
    pub fn unstable(x: f64, y: Option<f64>, note: impl Into<String>) -> Self {
        Self { x, y, open: true, note: Some(note.into()), ..Self::default() }
    }

    /// A gap in the line.
    pub fn gap(x: f64) -> Self {
        Self { x, ..Self::default() }
    }
}

/// One arm's line.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The arm's name, as the user wrote it.
    pub label: String,
    /// The arm's colour, dash and marker, the same in every chart of a report.
    pub style: ArmStyle,
    /// Its values, by ascending x.
    pub points: Vec<Point>,
    /// One replication, drawn as a thin line behind the mean; empty for none.
    pub example: Vec<Point>,
}

impl Line {
    /// A line of values without an example replication.
    pub fn new(label: impl Into<String>, style: ArmStyle, points: Vec<Point>) -> Self {
        Self { label: label.into(), style, points, example: Vec::new() }
    }
}

/// A horizontal limit, drawn dashed with its value: an SLO, a capacity.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// What it is: "SLO".
    pub label: String,
    /// Where it is, in the unit of the vertical axis.
    pub value: f64,
}

/// A curve from a formula, drawn thin and dashed behind the measurements.
#[derive(Clone, Debug, PartialEq)]
pub struct Theory {
    /// The model it comes from: "M/M/16".
    pub label: String,
    /// Its points (x, y), by ascending x.
    pub points: Vec<(f64, f64)>,
}

/// An interval of simulated time: a fault, or a named window.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// What happens in it.
    pub label: String,
    /// Its start in seconds.
    pub from: f64,
    /// Its end in seconds.
    pub to: f64,
}

impl Span {
    /// A span from its start and end in seconds.
    pub fn new(label: impl Into<String>, from: f64, to: f64) -> Self {
        Self { label: label.into(), from, to }
    }
}
