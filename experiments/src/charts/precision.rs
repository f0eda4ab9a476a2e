//! How well a figure is known after each replication: half its interval over its mean, falling as replications grow.
//!
//! Differs from the Welch plot in what is counted: that
//! asks whether a run is long enough, this whether there are enough runs.

use super::data::{Axis, Heading, Limit, Line, Quantity};
use super::line_chart::{LineChart, NOTHING};
use super::{Chart, Picture, table};

/// An interval that wide, relative to the mean, is what most people ask for.
const USUAL_GOAL: f64 = 0.05;

/// Relative half-width against replications, one line an arm.
#[derive(Clone, Debug, PartialEq)]
pub struct Precision {
    /// Title and explanation.
    pub heading: Heading,
    /// The figure: "p99".
    pub figure: String,
    /// One an arm; x counts replications, y is half the interval's width over the mean.
    pub lines: Vec<Line>,
}

impl Chart for Precision {
    fn draw(&self) -> Option<Picture> {
        let chart = LineChart {
            heading: &self.heading,
            x: &Axis::linear("replications", Quantity::Count),
            y: &Axis::log(format!("half the interval of {} over its mean", self.figure), Quantity::Ratio),
            lines: &self.lines,
            limit: Some(&Limit { label: "goal".to_owned(), value: USUAL_GOAL }),
            theory: None,
            from_zero: false,
            below: NOTHING,
            above: NOTHING,
            notes: Vec::new(),
        };
        chart.draw()
    }

    fn csv(&self) -> String {
        table::csv(table::LINE_HEADER, table::line_rows(&self.lines))
    }
}
