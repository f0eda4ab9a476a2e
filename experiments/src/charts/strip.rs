//! The strip above a time axis: faults and windows as labelled bars, in as many lanes as their names need.

use super::canvas::{Canvas, Group, Words};
use super::data::{Quantity, Span};
use super::font::Face;
use super::number::plain;
use super::palette::{FAULT, INK, SHADE};
use super::plot::Plot;
use plotters::style::RGBColor;

const LANE_HEIGHT: f64 = 19.0;
const BAR_HEIGHT: f64 = 16.0;
const PADDING: f64 = 5.0;
/// Spans beyond this many lanes are drawn over the last, their names only as tooltips.
const MOST_LANES: usize = 8;

/// A bar in the strip.
struct Bar<'a> {
    span: &'a Span,
    fill: RGBColor,
    lane: usize,
    left: f64,
    right: f64,
    /// Where its name begins, if there is a lane for it.
    name: Option<f64>,
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
            let tooltip = Group::default().tooltip(&told(bar.span));
            canvas.block_in(&tooltip, (bar.left, top), (right, top + BAR_HEIGHT), bar.fill);
            if let Some(name) = bar.name {
                let at = (name, top + BAR_HEIGHT / 2.0);
                canvas.words(&Words::new(&bar.span.label, at, Face::SMALL, INK).within(LONGEST));
            }
        }
    }
}

fn told(span: &Span) -> String {
    format!(
        "{}: {} to {}",
        span.label,
        plain(Quantity::Seconds, span.from),
        plain(Quantity::Seconds, span.to)
    )
}

/// Longer names are cut.
const LONGEST: f64 = 260.0;

fn place_bars<'a>(plot: &Plot, spans: &'a [Span], fill: RGBColor, first: usize) -> Vec<Bar<'a>> {
    let mut taken: Vec<Vec<(f64, f64)>> = vec![Vec::new(); MOST_LANES];
    let mut bars = Vec::new();
    for span in spans.iter().filter(|span| is_visible(plot, span)) {
        let (left, right) = (plot.across(span.from), plot.across(span.to).max(plot.across(span.from) + 2.0));
        let width = Face::SMALL.width(&span.label).min(LONGEST);
        // A name that would leave the paper ends at the plot's edge.
        let name = (left + PADDING).min(plot.right - width);
        let needed = (left.min(name - PADDING), right.max(name + width + PADDING));
        let free = taken.iter().position(|lane| lane.iter().all(|other| apart(*other, needed)));
        let lane = free.unwrap_or(MOST_LANES - 1);
        if let Some(taken) = taken.get_mut(lane) {
            taken.push(needed);
        }
        bars.push(Bar { span, fill, lane: first + lane, left, right, name: free.map(|_| name) });
    }
    bars
}

/// Whether two stretches have nothing in common but an end.
fn apart(a: (f64, f64), b: (f64, f64)) -> bool {
    a.1 <= b.0 + 0.5 || b.1 <= a.0 + 0.5
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
