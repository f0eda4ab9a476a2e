//! What the charts with lines have in common: sheet, scales, axes, lines, limit, theory and keys.
//!
//! A chart of this kind gives its axes and lines, and what it draws below and above them.

use super::Picture;
use super::canvas::{Align, Canvas, Group, Place, Words, stroke};
use super::data::{Axis, Dash, Heading, Limit, Line, Spacing, Theory};
use super::font::Face;
use super::keys::{self, EndLabel, Key, Sample};
use super::marks::{self, Pen, value};
use super::number::plain;
use super::palette::{INK, SHADE, SOFT};
use super::plot::{self, Plot};
use super::scale::{Extent, Scale, has_place};
use super::sheet::{MARGIN, Sheet};
use plotters::element::PathElement;

const HEIGHT: f64 = 340.0;
/// With more points than this in a line the chart has no markers.
const MOST_MARKERS: usize = 40;
/// Unstable arms beyond this many share lanes.
const MOST_LANES: usize = 8;

/// Something more to draw into a finished plot.
pub(super) type Draw<'a> = &'a dyn Fn(&mut Canvas, &Plot);

/// Nothing more to draw.
pub(super) const NOTHING: Draw<'static> = &|_, _| ();

/// A chart of lines in the making.
pub(super) struct LineChart<'a> {
    pub(super) heading: &'a Heading,
    pub(super) x: &'a Axis,
    pub(super) y: &'a Axis,
    pub(super) lines: &'a [Line],
    pub(super) limit: Option<&'a Limit>,
    pub(super) theory: Option<&'a Theory>,
    /// Both axes start at zero.
    pub(super) from_zero: bool,
    /// Drawn on the grid, below the lines.
    pub(super) below: Draw<'a>,
    /// Drawn above the lines.
    pub(super) above: Draw<'a>,
    /// Small print.
    pub(super) notes: Vec<String>,
}

impl LineChart<'_> {
    /// The picture; `None` if no line has a value to show.
    pub(super) fn draw(&self) -> Option<Picture> {
        let (x, y) = (self.x_extent()?, self.y_extent()?);
        let mut sheet = Sheet::new(self.heading);
        if !self.keys_at_ends() {
            sheet.legend(&self.keys());
        }
        let plot = self.plot(&sheet, x, y);
        self.draw_plot(&mut sheet.canvas, &plot);
        sheet.top = plot.bottom + plot::TICKS_HEIGHT + 24.0;
        for note in self.notes.iter().cloned().chain(self.left_out()) {
            sheet.note(&note);
        }
        Some(sheet.finish())
    }

    fn draw_plot(&self, canvas: &mut Canvas, plot: &Plot) {
        let top = plot.top - self.lanes_height();
        plot.draw_axes(canvas);
        plot.draw_row_title(canvas, &axis_title(self.y), top);
        self.draw_lanes(canvas, plot, top);
        plot.draw_column_title(canvas, &axis_title(self.x));
        (self.below)(canvas, plot);
        self.pens(plot).for_each(|pen| pen.band(canvas));
        self.pens(plot).for_each(|pen| pen.example(canvas));
        let references = self.references(canvas, plot);
        self.pens(plot).for_each(|pen| pen.line(canvas));
        (self.above)(canvas, plot);
        self.pens(plot).for_each(|pen| pen.hits(canvas));
        keys::end_labels(canvas, self.end_labels(plot, references), plot.right, (top, plot.bottom));
    }

    /// Room above the plot for unstable points that have no value, a lane for each arm.
    fn lanes_height(&self) -> f64 {
        match self.lines.iter().filter(|line| needs_lane(line)).count().min(MOST_LANES) {
            0 => 0.0,
            lanes => (lanes as f64 + 0.3) * marks::LANE_HEIGHT,
        }
    }

    fn draw_lanes(&self, canvas: &mut Canvas, plot: &Plot, top: f64) {
        if self.lanes_height() > 0.0 {
            canvas.block((plot.left, top), (plot.right, plot.top), SHADE);
            let at = (plot.left - 7.0, f64::midpoint(top, plot.top));
            canvas.words(&Words::new("unstable", at, Face::SMALL, SOFT).align(Align::Right));
        }
    }

    fn pens<'b>(&'b self, plot: &'b Plot) -> impl Iterator<Item = Pen<'b>> {
        let shade = if self.lines.len() > 6 { 0.10 } else { 0.18 };
        let markers = self.lines.iter().all(|line| line.points.len() <= MOST_MARKERS);
        self.lines.iter().enumerate().map(move |(series, line)| {
            let lane = self.lines.iter().take(series).filter(|line| needs_lane(line)).count() % MOST_LANES;
            Pen { plot, x: self.x, y: self.y, line, series, shade, markers, lane }
        })
    }

    fn plot(&self, sheet: &Sheet<'_>, x: Extent, y: Extent) -> Plot {
        const MOST_ROWS: usize = 8;
        let y = Scale::fit(self.y, y, MOST_ROWS);
        let top = sheet.top + 26.0 + self.lanes_height();
        let unstable = if self.lanes_height() > 0.0 { Face::SMALL.width("unstable") + 9.0 } else { 0.0 };
        let left = MARGIN + plot::label_width(&y).max(unstable);
        let right = sheet.canvas.width - MARGIN - self.right_width();
        let x = plot::widest_fit(right - left, |most| Scale::fit(self.x, x, most));
        Plot { left, top, right, bottom: top + HEIGHT, x, y }
    }

    fn x_extent(&self) -> Option<Extent> {
        let points = self.lines.iter().flat_map(|line| &line.points);
        let values = points.filter(|point| point.open || point.y.is_some()).map(|point| point.x);
        let extent = Extent::of(values, self.x.spacing)?;
        Some(if self.from_zero { extent.with_zero() } else { extent })
    }

    fn y_extent(&self) -> Option<Extent> {
        let spacing = self.y.spacing;
        let points = || self.lines.iter().flat_map(|line| line.points.iter().chain(&line.example));
        let measured = points().flat_map(|point| [point.y, point.low, point.high]).flatten();
        let limit = self.limit.map(|limit| limit.value);
        let extent = Extent::of(measured.chain(limit), spacing)?;
        let shown = |point| value(point, self.x.spacing, spacing).is_some();
        let any = points().any(|point| point.open || shown(point));
        any.then(|| self.with_zero(extent))
    }

    /// Includes zero where asked for, or where it is near.
    fn with_zero(&self, extent: Extent) -> Extent {
        let near = extent.low >= 0.0 && extent.low < 0.5 * extent.high;
        let zero = self.y.spacing == Spacing::Linear && (self.from_zero || near);
        if zero { extent.with_zero() } else { extent }
    }

    fn keys_at_ends(&self) -> bool {
        self.lines.len() <= keys::MOST_DIRECT
    }

    fn keys(&self) -> Vec<Key> {
        let keys = self.lines.iter().enumerate();
        keys.map(|(series, line)| Key::arm(series, &line.label, line.style)).collect()
    }

    fn limit_key(&self) -> Option<Key> {
        let limit = self.limit?;
        let label = format!("{} {}", limit.label, plain(self.y.quantity, limit.value));
        Some(Key::other(label, Sample::Limit))
    }

    fn theory_key(&self) -> Option<Key> {
        self.theory.map(|theory| Key::other(&theory.label, Sample::Theory))
    }

    fn right_width(&self) -> f64 {
        let references = self.limit_key().into_iter().chain(self.theory_key());
        let arms = if self.keys_at_ends() { self.keys() } else { Vec::new() };
        keys::end_labels_width(&references.chain(arms).collect::<Vec<_>>())
    }

    fn end_labels(&self, plot: &Plot, references: Vec<EndLabel>) -> Vec<EndLabel> {
        let mut labels = references;
        if self.keys_at_ends() {
            let ends = self.pens(plot).zip(self.keys());
            labels.extend(ends.filter_map(|(pen, key)| Some(EndLabel { key, end: pen.end()? })));
        }
        labels
    }

    /// Draws the limit and the theory; answers their labels.
    fn references(&self, canvas: &mut Canvas, plot: &Plot) -> Vec<EndLabel> {
        let mut labels = Vec::new();
        if let (Some(limit), Some(key)) = (self.limit, self.limit_key())
            && plot.y.contains(limit.value)
        {
            let (_, y) = plot.at(plot.x.low(), limit.value);
            let ends = [(plot.left, y), (plot.right, y)];
            canvas.path(&Group::class("limit").dash(Dash::Dashed), &ends, stroke(INK, 1.4));
            labels.push(EndLabel { key, end: (plot.right, y) });
        }
        if let (Some(theory), Some(key)) = (self.theory, self.theory_key())
            && let Some(end) = draw_theory(canvas, plot, theory)
        {
            labels.push(EndLabel { key, end });
        }
        labels
    }

    /// What could not be drawn, in words: nothing is lost silently.
    fn left_out(&self) -> Vec<String> {
        let points = self.lines.iter().flat_map(|line| &line.points);
        let lost = points.filter(|point| self.is_gap(point) && point.y.is_some_and(f64::is_finite)).count();
        let empty = self.lines.iter().filter(|line| line.points.iter().all(|point| self.is_gap(point)));
        let names: Vec<&str> = empty.map(|line| line.label.as_str()).collect();
        let lost = (lost > 0)
            .then(|| format!("Values these axes cannot show, such as zero on a log scale: {lost}."));
        let empty = (!names.is_empty()).then(|| format!("Nothing to show for {}.", names.join(", ")));
        lost.into_iter().chain(empty).collect()
    }

    fn is_gap(&self, point: &super::data::Point) -> bool {
        !point.open && value(point, self.x.spacing, self.y.spacing).is_none()
    }
}

/// Whether a line has unstable points that stand nowhere on the axis.
fn needs_lane(line: &Line) -> bool {
    line.points.iter().any(|point| point.open && point.y.is_none())
}

/// The title of an axis, with the spacing where it is not the usual one.
pub(super) fn axis_title(axis: &Axis) -> String {
    match axis.spacing {
        Spacing::Linear | Spacing::Nines => axis.title.clone(),
        Spacing::Log => format!("{} (log scale)", axis.title),
    }
}

/// Draws the part of a curve that lies within the plot; answers where it ends.
fn draw_theory(canvas: &mut Canvas, plot: &Plot, theory: &Theory) -> Option<Place> {
    let within = clipped(&theory.points, plot);
    let (x, y) = *within.last()?;
    let group = Group::class("theory").dash(Dash::Dotted);
    canvas.layer(&group, |area| plot.on(area).draw(&PathElement::new(within, stroke(SOFT, 1.6))));
    Some(plot.at(x, y))
}

/// The points within the plot, and one more on its edge where the curve leaves it upwards.
fn clipped(points: &[(f64, f64)], plot: &Plot) -> Vec<(f64, f64)> {
    let inside = |(x, y): &(f64, f64)| plot.x.contains(*x) && plot.y.contains(*y);
    let mut within: Vec<(f64, f64)> = points.iter().copied().filter(inside).collect();
    let leaving = points.windows(2).find_map(|pair| match pair {
        [from, to] if inside(from) && has_place(to.1, Spacing::Linear) && to.1 > plot.y.high() => {
            Some((*from, *to))
        }
        _ => None,
    });
    if let Some((from, to)) = leaving {
        let part = (plot.y.high() - from.1) / (to.1 - from.1);
        within.push((from.0 + part * (to.0 - from.0), plot.y.high()));
    }
    within
}
