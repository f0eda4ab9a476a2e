//! Goodput against offered load: graceful degradation levels off, collapse falls.
//!
//! On the diagonal everything offered is served. A ring marks each arm's peak.

use super::canvas::{Align, Canvas, Group, Words, stroke};
use super::data::{Axis, Dash, Heading, Line, Point, Spacing};
use super::font::Face;
use super::line_chart::LineChart;
use super::marks::{halo, value};
use super::number::reading;
use super::palette::{RULE, SOFT};
use super::plot::Plot;
use super::{Chart, Picture, keys, marker, table};
use plotters::element::PathElement;

/// Goodput against offered load, one line an arm.
#[derive(Clone, Debug, PartialEq)]
pub struct Goodput {
    /// Title and explanation.
    pub heading: Heading,
    /// What is offered; linear, in the same unit as `y`.
    pub x: Axis,
    /// What succeeds in time; linear.
    pub y: Axis,
    /// One line an arm.
    pub lines: Vec<Line>,
    /// What it means to lie on the diagonal: "everything offered is served".
    pub diagonal: String,
}

impl Chart for Goodput {
    fn draw(&self) -> Option<Picture> {
        let chart = LineChart {
            heading: &self.heading,
            x: &self.x,
            y: &self.y,
            lines: &self.with_peaks(),
            limit: None,
            theory: None,
            from_zero: true,
            below: &|canvas, plot| draw_diagonal(canvas, plot, &self.diagonal),
            above: &|canvas, plot| self.draw_rings(canvas, plot),
            notes: Vec::new(),
        };
        chart.draw()
    }

    fn csv(&self) -> String {
        table::csv(table::LINE_HEADER, table::line_rows(&self.lines))
    }
}

impl Goodput {
    /// The lines, their names with the peak behind them where all of these can be read.
    fn with_peaks(&self) -> Vec<Line> {
        let named = |line: &Line| match peak(line) {
            Some((_, y)) => format!("{}, peak {}", line.label, reading(self.y.quantity, y)),
            None => line.label.clone(),
        };
        let names: Vec<String> = self.lines.iter().map(named).collect();
        if names.iter().any(|name| Face::TEXT.width(name) > keys::LONGEST) {
            return self.lines.clone();
        }
        self.lines.iter().zip(names).map(|(line, label)| Line { label, ..line.clone() }).collect()
    }

    fn draw_rings(&self, canvas: &mut Canvas, plot: &Plot) {
        for (series, line) in self.lines.iter().enumerate() {
            if let Some((x, y)) = peak(line) {
                let group = Group::class("series").series(series);
                canvas.layer(&group, |area| marker::ring(area, plot.at(x, y), line.style.colour.rgb()));
            }
        }
    }
}

/// The highest point of a line; the first of equals.
fn peak(line: &Line) -> Option<(f64, f64)> {
    let shown = |point: &Point| value(point, Spacing::Linear, Spacing::Linear);
    let higher = |best: (f64, f64), next: (f64, f64)| if next.1 > best.1 { next } else { best };
    line.points.iter().filter_map(shown).reduce(higher)
}

/// A diagonal lower than this many pixels has no room for its name.
const FLATTEST: f64 = 60.0;

/// The line on which everything offered is served, as far as the plot reaches.
fn draw_diagonal(canvas: &mut Canvas, plot: &Plot, meaning: &str) {
    let end = plot.x.high().min(plot.y.high());
    let line = PathElement::new([(0.0, 0.0), (end, end)], stroke(RULE, 1.4));
    canvas.layer(&Group::default().dash(Dash::LongDash), |area| plot.on(area).draw(&line));
    // Nothing is ever drawn above the diagonal, so that its name stands there alone.
    let (x, y) = plot.at(0.94 * end, 0.94 * end);
    if plot.bottom - y < FLATTEST {
        return;
    }
    let words = Words::new(meaning, (x - 10.0, y), Face::SMALL, SOFT);
    canvas.words_in(halo(), &words.align(Align::Right).within(x - plot.left - 10.0));
}
