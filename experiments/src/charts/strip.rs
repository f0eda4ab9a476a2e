//! The strip above a time axis: faults and windows as labelled bars, in as many lanes as their names need.

use super::canvas::{Canvas, Words};
use super::data::Span;
use super::font::Face;
use super::palette::{FAULT, INK, SHADE};
use super::plot::Plot;
use plotters::style::RGBColor;

const LANE_HEIGHT: f64 = 19.0;
const BAR_HEIGHT: f64 = 16.0;
const PADDING: f64 = 5.0;
/// Spans beyond this many lanes are drawn over the last.
const MOST_LANES: usize = 8;

/// A bar in the strip.
struct Bar<'a> {
    span: &'a Span,
    fill: RGBColor,
    lane: usize,
    left: f64,
    right: f64,
}

/// Faults and windows laid out for a plot's time axis.
pub(super) struct Strip<'a> {
    bars: Vec<Bar<'a>>,
}

impl<'a> Strip<'a> {
    /// Windows above, faults below, each in the first lane that is free where it starts.
    ///
    /// Only the horizontal axis of `plot` counts; spans outside it are left out.
    pub(super) fn new(plot: &Plot, windows: &'a [Span], faults: &'a [Span]) -> Self {
        let mut bars = place_bars(plot, windows, SHADE, 0);
        let first = bars.iter().map(|bar| bar.lane + 1).max().unwrap_or(0);
        bars.extend(place_bars(plot, faults, FAULT, first));
        Self { bars }
    }

    /// Pixels from the strip's upper edge to the plot.
    pub(super) fn height(&self) -> f64 {
        self.bars.iter().map(|bar| bar.lane + 1).max().unwrap_or(0) as f64 * LANE_HEIGHT
    }

    /// Draws the bars from `top` on.
    pub(super) fn draw(&self, canvas: &mut Canvas, top: f64) {
        for bar in &self.bars {
            let top = top + bar.lane as f64 * LANE_HEIGHT;
            // A hairline keeps apart what follows at once.
            let right = (bar.right - 1.0).max(bar.left + 1.0);
            canvas.block((bar.left, top), (right, top + BAR_HEIGHT), bar.fill);
            let at = (bar.left + PADDING, top + BAR_HEIGHT / 2.0);
            canvas.words(&Words::new(&bar.span.label, at, Face::SMALL, INK).within(LONGEST));
        }
    }
}

/// Longer names are cut.
const LONGEST: f64 = 260.0;

fn place_bars<'a>(plot: &Plot, spans: &'a [Span], fill: RGBColor, first: usize) -> Vec<Bar<'a>> {
    let mut free: Vec<f64> = Vec::new();
    let mut bars = Vec::new();
    for span in spans.iter().filter(|span| is_visible(plot, span)) {
        let (left, right) = (plot.across(span.from), plot.across(span.to).max(plot.across(span.from) + 2.0));
        let name = left + Face::SMALL.width(&span.label).min(LONGEST) + 2.0 * PADDING;
        let found = free.iter().position(|edge| *edge <= left + 0.5).unwrap_or(free.len());
        let lane = found.min(MOST_LANES - 1);
        free.resize(free.len().max(lane + 1), 0.0);
        free[lane] = right.max(name);
        bars.push(Bar { span, fill, lane: first + lane, left, right });
    }
    bars
}

/// Whether any part of a span lies on the plot's time axis.
fn is_visible(plot: &Plot, span: &Span) -> bool {
    span.from <= plot.x.high() && span.to >= plot.x.low() && span.from <= span.to
}

/// Shades faults through the whole plot.
pub(super) fn shade_faults(canvas: &mut Canvas, plot: &Plot, faults: &[Span]) {
    for span in faults.iter().filter(|span| is_visible(plot, span)) {
        let (left, right) = (plot.across(span.from), plot.across(span.to));
        canvas.block((left, plot.top), (right.max(left + 1.0), plot.bottom), FAULT);
    }
}
