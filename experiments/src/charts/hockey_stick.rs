//! The hockey stick: latency against load, flat until the knee and steep after it.
//!
//! It shows where each arm's knee is, and where it crosses the SLO. Differs from the goodput chart in what
//! grows without bound: here the latency of an unstable cell, drawn hollow with an arrow.

use super::data::{Axis, Heading, Limit, Line, Theory};
use super::line_chart::{LineChart, NOTHING};
use super::{Chart, Picture, table};

/// Latency against load, one line an arm.
#[derive(Clone, Debug, PartialEq)]
pub struct HockeyStick {
    /// Title and explanation.
    pub heading: Heading,
    /// Load or throughput.
    pub x: Axis,
    /// A latency, usually logarithmic.
    pub y: Axis,
    /// One line an arm; unstable cells are open points.
    pub lines: Vec<Line>,
    /// The SLO, if there is one.
    pub limit: Option<Limit>,
    /// What a formula says, if one applies.
    pub theory: Option<Theory>,
}

impl Chart for HockeyStick {
    fn draw(&self) -> Option<Picture> {
        let unstable = self.lines.iter().any(|line| line.points.iter().any(|point| point.open));
        let note = "Hollow with an arrow: unstable, the value grows for as long as the run lasts.";
        let chart = LineChart {
            heading: &self.heading,
            x: &self.x,
            y: &self.y,
            lines: &self.lines,
            limit: self.limit.as_ref(),
            theory: self.theory.as_ref(),
            from_zero: false,
            below: NOTHING,
            above: NOTHING,
            notes: if unstable { vec![note.to_owned()] } else { Vec::new() },
        };
        chart.draw()
    }

    fn csv(&self) -> String {
        table::csv(table::LINE_HEADER, table::line_rows(&self.lines))
    }
}
