//! The time series stack: small panels on one time axis, with faults shaded through all of them.
//!
//! It shows what a fault did, in which order, and for how long: offered load above goodput above latency above
//! queues. Lines are means over replications with their band; the thin line is one replication.

use super::canvas::{Align, Canvas, Group, Words, stroke};
use super::data::{ArmStyle, Axis, Dash, Heading, Limit, Line, Quantity, Spacing, Span};
use super::font::Face;
use super::keys::Key;
use super::line_chart::axis_title;
use super::marks::{Pen, halo, value};
use super::number::plain;
use super::palette::INK;
use super::plot::{self, Plot, TICKS_HEIGHT, widest_fit};
use super::scale::{Extent, Scale};
use super::sheet::{MARGIN, Sheet};
use super::strip::{self, Strip};
use super::{Chart, Picture, table};

const PANEL_TITLE: f64 = 29.0;

/// One metric over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// The metric.
    pub y: Axis,
    /// One line an arm; x in seconds.
    pub lines: Vec<Line>,
    /// A limit of this metric, if there is one.
    pub limit: Option<Limit>,
}

/// Panels on one time axis.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeSeries {
    /// Title and explanation.
    pub heading: Heading,
    /// From top to bottom: offered, goodput, latency, queue, errors.
    pub panels: Vec<Panel>,
    /// When something was broken on purpose.
    pub faults: Vec<Span>,
    /// The experiment's named windows.
    pub windows: Vec<Span>,
}

impl Chart for TimeSeries {
    fn draw(&self) -> Option<Picture> {
        let panels: Vec<(&Panel, Extent)> =
            self.panels.iter().filter_map(|panel| Some((panel, panel.extent()?))).collect();
        let time = Extent::of(self.times(), Spacing::Linear)?;
        if panels.is_empty() {
            return None;
        }
        let mut sheet = Sheet::new(&self.heading);
        let arms = self.arms();
        let keys: Vec<Key> = arms
            .iter()
            .enumerate()
            .map(|(series, (label, style))| Key::arm(series, *label, *style))
            .collect();
        sheet.legend(&keys);
        let plots = self.plots(&sheet, &panels, time);
        self.draw_strip(&mut sheet.canvas, &plots);
        for ((panel, _), plot) in panels.iter().zip(&plots) {
            self.draw_panel(&mut sheet.canvas, panel, plot, &arms);
        }
        if let Some(last) = plots.last() {
            last.draw_columns(&mut sheet.canvas);
            last.draw_column_title(&mut sheet.canvas, "simulated time");
            sheet.top = last.bottom + 2.0 * TICKS_HEIGHT;
        }
        Some(sheet.finish())
    }

    fn csv(&self) -> String {
        let header = ["metric", "arm", "t", "value", "low", "high", "unstable", "note"];
        let rows = self.panels.iter().flat_map(|panel| {
            table::line_rows(&panel.lines).map(|[arm, x, y, low, high, open, note]| {
                [panel.y.title.clone(), arm, x, y, low, high, open, note]
            })
        });
        table::csv(header, rows)
    }
}

impl Panel {
    fn extent(&self) -> Option<Extent> {
        let points = || self.lines.iter().flat_map(|line| line.points.iter().chain(&line.example));
        points().find_map(|point| value(point, Spacing::Linear, self.y.spacing))?;
        let measured = points().flat_map(|point| [point.y, point.low, point.high]).flatten();
        let limit = self.limit.as_ref().map(|limit| limit.value);
        let extent = Extent::of(measured.chain(limit), self.y.spacing)?;
        Some(if self.y.spacing == Spacing::Linear { extent.with_zero() } else { extent })
    }

    fn draw_limit(&self, canvas: &mut Canvas, plot: &Plot) {
        let Some(limit) = &self.limit else { return };
        let (_, y) = plot.at(plot.x.low(), limit.value);
        let ends = [(plot.left, y), (plot.right, y)];
        canvas.path(&Group::class("limit").dash(Dash::Dashed), &ends, stroke(INK, 1.2));
        let text = format!("{} {}", limit.label, plain(self.y.quantity, limit.value));
        // Below the line when there is no room above it.
        let y = if y - plot.top > 16.0 { y - 8.0 } else { y + 9.0 };
        let words = Words::new(&text, (plot.right - 4.0, y), Face::SMALL, INK).align(Align::Right);
        canvas.words_in(halo(), &words);
    }
}

impl TimeSeries {
    fn times(&self) -> impl Iterator<Item = f64> {
        let lines = self.panels.iter().flat_map(|panel| &panel.lines);
        lines.flat_map(|line| line.points.iter().chain(&line.example)).map(|point| point.x)
    }

    /// Every arm once, in the order of its first panel; its place is its number in all panels.
    fn arms(&self) -> Vec<(&str, ArmStyle)> {
        let mut arms: Vec<(&str, ArmStyle)> = Vec::new();
        for line in self.panels.iter().flat_map(|panel| &panel.lines) {
            if !arms.iter().any(|(label, _)| *label == line.label) {
                arms.push((&line.label, line.style));
            }
        }
        arms
    }

    fn plots(&self, sheet: &Sheet<'_>, panels: &[(&Panel, Extent)], time: Extent) -> Vec<Plot> {
        const MOST_ROWS: usize = 4;
        let height = if panels.len() <= 2 { 150.0 } else { 92.0 };
        let scales: Vec<Scale> =
            panels.iter().map(|(panel, extent)| Scale::fit(&panel.y, *extent, MOST_ROWS)).collect();
        let left = MARGIN + scales.iter().map(plot::label_width).fold(0.0, f64::max);
        let right = sheet.canvas.width - MARGIN - 14.0;
        let exact = |most| Scale::linear(Quantity::Seconds, time.widened(), most);
        let x = widest_fit(right - left, exact);
        let plot = |(index, y): (usize, Scale)| {
            let top = sheet.top + PANEL_TITLE + index as f64 * (height + PANEL_TITLE);
            Plot { left, top, right, bottom: top + height, x: x.clone(), y }
        };
        let mut plots: Vec<Plot> = scales.into_iter().enumerate().map(plot).collect();
        let strip = plots.first().map_or(0.0, |first| self.strip(first).height());
        for plot in &mut plots {
            plot.top += strip;
            plot.bottom += strip;
        }
        plots
    }

    fn strip(&self, plot: &Plot) -> Strip<'_> {
        Strip::new(plot, &self.windows, &self.faults)
    }

    fn draw_strip(&self, canvas: &mut Canvas, plots: &[Plot]) {
        if let Some(first) = plots.first() {
            let strip = self.strip(first);
            strip.draw(canvas, first.top - PANEL_TITLE - strip.height());
        }
    }

    fn draw_panel(&self, canvas: &mut Canvas, panel: &Panel, plot: &Plot, arms: &[(&str, ArmStyle)]) {
        strip::shade_faults(canvas, plot, &self.faults);
        plot.draw_grid(canvas);
        plot.draw_rows(canvas);
        plot.draw_row_title(canvas, &axis_title(&panel.y), plot.top - 1.0);
        let time = Axis::linear("t", Quantity::Seconds);
        let pen = |line| {
            let series = arms.iter().position(|(label, _)| *label == line_label(line)).unwrap_or(0);
            Pen { plot, x: &time, y: &panel.y, line, series, shade: 0.18, markers: false, lane: 0 }
        };
        panel.lines.iter().map(pen).for_each(|pen| pen.band(canvas));
        panel.lines.iter().map(pen).for_each(|pen| pen.example(canvas));
        panel.lines.iter().map(pen).for_each(|pen| pen.line(canvas));
        panel.draw_limit(canvas, plot);
        panel.lines.iter().map(pen).for_each(|pen| pen.hits(canvas));
    }
}

fn line_label(line: &Line) -> &str {
    &line.label
}
