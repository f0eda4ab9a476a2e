//! The Welch plot: a moving average over replications, which levels off when the warm-up is over.
//!
//! Welch, *The Statistical Analysis of Simulation Results*, 1983. The vertical line is where this experiment cuts.

use super::canvas::{Canvas, Words};
use super::data::{Axis, Dash, Heading, Line};
use super::font::Face;
use super::line_chart::LineChart;
use super::marks::{halo, upright};
use super::number::plain;
use super::palette::{INK, SHADE};
use super::plot::Plot;
use super::{Chart, Picture, table};

/// Moving averages with the warm-up cut.
#[derive(Clone, Debug, PartialEq)]
pub struct Welch {
    /// Title and explanation.
    pub heading: Heading,
    /// Simulated time.
    pub x: Axis,
    /// The averaged metric.
    pub y: Axis,
    /// One an arm.
    pub lines: Vec<Line>,
    /// Where the warm-up is cut off, in the unit of `x`.
    pub cut: f64,
}

impl Chart for Welch {
    fn draw(&self) -> Option<Picture> {
        let chart = LineChart {
            heading: &self.heading,
            x: &self.x,
            y: &self.y,
            lines: &self.lines,
            limit: None,
            theory: None,
            from_zero: false,
            below: &|canvas, plot| self.shade(canvas, plot),
            above: &|canvas, plot| self.draw_cut(canvas, plot),
            notes: Vec::new(),
        };
        chart.draw()
    }

    fn csv(&self) -> String {
        table::csv(table::LINE_HEADER, table::line_rows(&self.lines))
    }
}

impl Welch {
    fn shade(&self, canvas: &mut Canvas, plot: &Plot) {
        let right = plot.across(self.cut);
        canvas.block((plot.left, plot.top), (right, plot.bottom), SHADE);
    }

    fn draw_cut(&self, canvas: &mut Canvas, plot: &Plot) {
        if !plot.x.contains(self.cut) {
            return;
        }
        upright(canvas, plot, self.cut, Dash::Dashed);
        let text = format!("warm-up ends at {}", plain(self.x.quantity, self.cut));
        let at = (plot.across(self.cut) + 6.0, plot.top + 9.0);
        canvas.words_in(halo(), &Words::new(&text, at, Face::SMALL, INK).within(plot.right - at.0));
    }
}
