//! Marks: an arm's band, line, points and read-outs within a plot.

use super::canvas::{Area, Canvas, Drawn, Group, Place, place, stroke};
use super::data::{Axis, Dash, Line, Point, Quantity, Spacing};
use super::marker;
use super::number::{reading, with_interval};
use super::palette::PAPER;
use super::plot::Plot;
use super::scale::has_place;
use super::thin;
use plotters::element::{PathElement, Polygon};
use plotters::style::{Color, RGBColor};

/// Read-outs a line gets at most.
const MOST_HITS: usize = 30;
/// Distance of the lanes in which unstable points without a value stand, above the plot.
pub(super) const LANE_HEIGHT: f64 = 20.0;

/// Draws one line into one plot.
pub(super) struct Pen<'a> {
    pub(super) plot: &'a Plot,
    pub(super) x: &'a Axis,
    pub(super) y: &'a Axis,
    pub(super) line: &'a Line,
    /// The line's number in the chart.
    pub(super) series: usize,
    /// How strongly its interval is shaded.
    pub(super) shade: f64,
    /// Whether points have markers.
    pub(super) markers: bool,
    /// Which lane its unstable points stand in.
    pub(super) lane: usize,
}

impl Pen<'_> {
    /// The interval band: an area where neighbours have intervals, a bar where a point stands alone.
    pub(super) fn band(&self, canvas: &mut Canvas) {
        let points = thin::intervals(&self.line.points, self.buckets());
        let group = Group::class("series").series(self.series);
        canvas.layer(&group, |area| {
            for run in runs(&points, |point| self.interval(point)) {
                match run.as_slice() {
                    [(x, low, high)] => self.bar(area, *x, *low, *high)?,
                    several => self.area(area, several)?,
                }
            }
            Ok(())
        });
    }

    fn area(&self, area: &Area<'_>, run: &[(f64, f64, f64)]) -> Drawn {
        let upper = run.iter().map(|(x, _, high)| (*x, *high));
        let lower = run.iter().rev().map(|(x, low, _)| (*x, *low));
        let fill = self.line.style.colour.rgb().mix(self.shade).filled();
        self.plot.on(area).draw(&Polygon::new(upper.chain(lower).collect::<Vec<_>>(), fill))
    }

    fn bar(&self, area: &Area<'_>, x: f64, low: f64, high: f64) -> Drawn {
        let line = stroke(self.line.style.colour.rgb(), 1.4);
        let ends = [self.plot.at(x, low), self.plot.at(x, high)];
        area.draw(&PathElement::new(ends.map(place), line))?;
        for (x, y) in ends {
            area.draw(&PathElement::new([place((x - 4.0, y)), place((x + 4.0, y))], line))?;
        }
        Ok(())
    }

    /// One replication, thin, behind the mean.
    pub(super) fn example(&self, canvas: &mut Canvas) {
        let points = thin::extremes(&self.line.example, self.buckets());
        let group = Group::class("series").series(self.series);
        let style = self.line.style.colour.rgb().mix(0.45).stroke_width(8);
        canvas.layer(&group, |area| {
            for run in runs(&points, |point| self.value(point)) {
                self.plot.on(area).draw(&PathElement::new(run, style))?;
            }
            Ok(())
        });
    }

    /// The line itself, its points, and the dotted ways to unstable points.
    pub(super) fn line(&self, canvas: &mut Canvas) {
        let points = thin::extremes(&self.line.points, self.buckets());
        let colour = self.line.style.colour.rgb();
        let group = Group::class("series").series(self.series);
        canvas.layer(&group.clone().dash(self.line.style.dash), |area| {
            for run in runs(&points, |point| if point.open { None } else { self.value(point) }) {
                self.plot.on(area).draw(&PathElement::new(run, stroke(colour, 2.2)))?;
            }
            Ok(())
        });
        let ways = self.ways_to_unstable();
        if !ways.is_empty() {
            let group = group.clone().dash(Dash::Dotted);
            canvas.layer(&group, |area| ways.iter().try_for_each(|way| draw_way(area, *way, self)));
        }
        self.points(canvas);
    }

    /// From each point to the next, where either is unstable.
    fn ways_to_unstable(&self) -> Vec<[Place; 2]> {
        let pairs = self.line.points.windows(2).filter_map(|pair| match pair {
            [from, to] if from.open || to.open => Some([self.place(from)?, self.place(to)?]),
            _ => None,
        });
        pairs.collect()
    }

    fn points(&self, canvas: &mut Canvas) {
        let style = self.line.style;
        let alone = runs(&self.line.points, |point| self.value(point)).iter().all(|run| run.len() == 1);
        canvas.layer(&Group::class("series").series(self.series), |area| {
            for point in &self.line.points {
                match self.place(point) {
                    Some(at) if point.open => marker::unstable(area, at, style)?,
                    Some(at) if self.markers || alone => marker::filled(area, at, style)?,
                    Some(_) | None => (),
                }
            }
            Ok(())
        });
    }

    /// Invisible places that tell the values of the points they cover.
    pub(super) fn hits(&self, canvas: &mut Canvas) {
        let every = self.line.points.len().div_ceil(MOST_HITS).max(1);
        let points = self.line.points.iter().step_by(every);
        canvas.hits(self.series, points.filter_map(|point| Some((self.place(point)?, self.told(point)))));
    }

    /// What the read-out says of a point: `p2c: load 0.950, p99 latency 123 ms [122 ms, 124 ms]`.
    fn told(&self, point: &Point) -> String {
        let (label, x) = (&self.line.label, reading(self.x.quantity, point.x));
        let place = match self.x.quantity {
            Quantity::Percentile => format!("{label}: {x}"),
            Quantity::Seconds | Quantity::PerSecond | Quantity::Ratio | Quantity::Count | Quantity::Bytes => {
                format!("{label}: {} {x}", self.x.title)
            }
        };
        let figure = |value| match point.low.zip(point.high) {
            Some((low, high)) => with_interval(self.y.quantity, value, low, high),
            None => reading(self.y.quantity, value),
        };
        let value = point.y.map(|value| format!(", {} {}", self.y.title, figure(value)));
        let note = point.note.as_ref().map(|note| format!(", {note}"));
        [Some(place), value, note].into_iter().flatten().collect()
    }

    /// Where the line ends, for its label.
    pub(super) fn end(&self) -> Option<Place> {
        self.line.points.iter().rev().find_map(|point| self.place(point))
    }

    /// Where a point is drawn; an unstable one without a value stands in its lane above the plot.
    fn place(&self, point: &Point) -> Option<Place> {
        match self.value(point) {
            Some((x, y)) => Some(self.plot.at(x, y)),
            None if point.open && has_place(point.x, self.x.spacing) => {
                let lane = (self.lane as f64 + 0.5) * LANE_HEIGHT;
                Some((self.plot.across(point.x), self.plot.top - lane))
            }
            None => None,
        }
    }

    fn value(&self, point: &Point) -> Option<(f64, f64)> {
        value(point, self.x.spacing, self.y.spacing)
    }

    /// The interval of a point that has one; its lower end may lie below a logarithmic axis.
    fn interval(&self, point: &Point) -> Option<(f64, f64, f64)> {
        let (x, _) = self.value(point)?;
        let (low, high) = (point.low?, point.high?);
        (!low.is_nan() && has_place(high, self.y.spacing)).then_some((x, low.min(high), high))
    }

    /// How many buckets a line with very many points is thinned to.
    fn buckets(&self) -> usize {
        const PIXELS_A_BUCKET: f64 = 4.0;
        ((self.plot.right - self.plot.left) / PIXELS_A_BUCKET) as usize
    }
}

fn draw_way(area: &Area<'_>, way: [Place; 2], pen: &Pen<'_>) -> Drawn {
    area.draw(&PathElement::new(way.map(place), stroke(pen.line.style.colour.rgb(), 1.4)))
}

/// The coordinates of a point that both axes can show.
pub(super) fn value(point: &Point, x: Spacing, y: Spacing) -> Option<(f64, f64)> {
    let shown = point.y.filter(|value| has_place(*value, y))?;
    has_place(point.x, x).then_some((point.x, shown))
}

/// The unbroken runs of `points` for which `of` answers.
pub(super) fn runs<T>(points: &[Point], of: impl Fn(&Point) -> Option<T>) -> Vec<Vec<T>> {
    let mut runs = vec![Vec::new()];
    for point in points {
        match (of(point), runs.last_mut()) {
            (Some(value), Some(run)) => run.push(value),
            (None, Some(run)) if !run.is_empty() => runs.push(Vec::new()),
            (Some(_) | None, _) => (),
        }
    }
    runs.retain(|run| !run.is_empty());
    runs
}

/// A vertical line across the whole plot with its name at the top.
pub(super) fn upright(canvas: &mut Canvas, plot: &Plot, x: f64, dash: Dash) {
    let across = plot.across(x);
    let ends = [(across, plot.top), (across, plot.bottom)];
    canvas.path(&Group::default().dash(dash), &ends, stroke(super::palette::INK, 1.4));
}

/// A halo that keeps text legible over lines.
pub(super) fn halo() -> Group {
    let paper = super::palette::hex(PAPER);
    Group::default().with("paint-order", "stroke").with("stroke", &paper).with("stroke-width", "40")
}

/// Diagonal lines within a rectangle (left, top, right, bottom).
pub(super) fn hatch(canvas: &mut Canvas, [left, top, right, bottom]: [f64; 4], colour: RGBColor) {
    const STEP: f64 = 7.0;
    let height = bottom - top;
    let count = ((right - left + height) / STEP).ceil() as usize;
    canvas.layer(&Group::class("hatch"), |area| {
        for index in 1..count {
            // A line that meets the upper edge, prolonged, at `x` and falls to the left.
            let x = left + index as f64 * STEP;
            let from = (x.min(right), top + (x - right).max(0.0));
            let to = ((x - height).max(left), top + (x - left).min(height));
            area.draw(&PathElement::new([place(from), place(to)], stroke(colour, 1.2)))?;
        }
        Ok(())
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_break_a_line_into_runs() {
        let values = [Some(1.0), None, Some(2.0), Some(3.0), Some(f64::NAN), Some(4.0)];
        let points: Vec<Point> = values
            .iter()
            .enumerate()
            .map(|(x, y)| Point { x: x as f64, y: *y, ..Point::default() })
            .collect();
        let runs = runs(&points, |point| value(point, Spacing::Linear, Spacing::Log));
        assert_eq!(runs, [vec![(0.0, 1.0)], vec![(2.0, 2.0), (3.0, 3.0)], vec![(5.0, 4.0)]]);
    }
}
