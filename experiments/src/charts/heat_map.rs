//! The heat map: a row a server, time to the right, brightness for utilisation.
//!
//! A hot server is a bright row, a dead one a hatched gap. The colours are viridis (van der Walt and Smith, 2015),
//! whose brightness grows evenly, so that it also prints in grey.

use super::canvas::{Align, Canvas, Words};
use super::data::{Heading, Quantity, Spacing, Span};
use super::font::Face;
use super::marks::hatch;
use super::number::reading;
use super::palette::{GRID, HATCH, SOFT};
use super::plot::{Plot, TICKS_HEIGHT, widest_fit};
use super::rows::{self, RowName};
use super::scale::{Extent, Scale, has_place};
use super::sheet::{MARGIN, Sheet};
use super::strip::Strip;
use super::{Chart, Picture, table};
use plotters::style::RGBColor;
use plotters::style::colors::colormaps::{ColorMap, ViridisRGB};

/// Steps of colour; more could not be told apart.
const SHADES: usize = 48;
/// Least height of the colour bar, for its three figures.
const SHORTEST_BAR: f64 = 90.0;
/// Tiles a map has at most, so that the file stays small.
const MOST_TILES: usize = 9_000;

/// One server over time.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatRow {
    /// The server's name.
    pub label: String,
    /// What sets it apart, if anything: "half speed", "dead from 300 s".
    pub mark: Option<String>,
    /// Utilisation 0..1 in each time bin; `None` where there is none (down, not started).
    pub values: Vec<Option<f64>>,
}

/// Utilisation of servers over time.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap {
    /// Title and explanation.
    pub heading: Heading,
    /// What brightness means: "utilisation".
    pub measure: String,
    /// Start of the first bin in seconds.
    pub start: f64,
    /// Length of a bin in seconds, above zero.
    pub bin: f64,
    /// From top to bottom.
    pub rows: Vec<HeatRow>,
    /// Faults, labelled above the map.
    pub faults: Vec<Span>,
}

impl Chart for HeatMap {
    fn draw(&self) -> Option<Picture> {
        let bins = self.rows.iter().map(|row| row.values.len()).max()?;
        let any = self.rows.iter().flat_map(|row| &row.values).any(|value| shown(*value).is_some());
        let end = self.start + self.bin * bins as f64;
        if !any
            || !has_place(self.start, Spacing::Linear)
            || !has_place(end, Spacing::Linear)
            || end <= self.start
        {
            return None;
        }
        let mut sheet = Sheet::new(&self.heading);
        let plot = self.plot(&mut sheet, end);
        self.draw_tiles(&mut sheet.canvas, &plot, bins);
        plot.draw_columns(&mut sheet.canvas);
        plot.draw_column_title(&mut sheet.canvas, "simulated time");
        self.draw_hits(&mut sheet.canvas, &plot);
        sheet.top = (plot.bottom + 2.0 * TICKS_HEIGHT).max(plot.top + SHORTEST_BAR);
        Some(sheet.finish())
    }

    fn csv(&self) -> String {
        let rows = self.rows.iter().flat_map(|row| {
            row.values.iter().enumerate().map(|(bin, value)| {
                [
                    row.label.clone(),
                    table::number(Some(self.start + self.bin * bin as f64)),
                    table::number(*value),
                ]
            })
        });
        table::csv(["server", "t", "value"], rows)
    }
}

/// Neighbouring bins of one shade; of none where there is no value.
struct Run {
    first: usize,
    count: usize,
    shade: Option<usize>,
}

impl HeatRow {
    /// The row in runs of one shade, `merged` bins to a tile, up to bin `end`.
    fn runs(&self, merged: usize, end: usize) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for first in (0..end).step_by(merged) {
            let count = merged.min(end - first);
            let known = self.values.iter().skip(first).take(count).copied().collect::<Vec<_>>();
            let shade = mean(&known).map(shade_of);
            match runs.last_mut() {
                Some(run) if run.shade == shade => run.count += count,
                Some(_) | None => runs.push(Run { first, count, shade }),
            }
        }
        runs
    }
}

/// A value a tile can show.
fn shown(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

impl HeatMap {
    /// Lays out and draws what surrounds the tiles: names, strip, colour bar.
    fn plot(&self, sheet: &mut Sheet<'_>, end: f64) -> Plot {
        let names: Vec<RowName> =
            self.rows.iter().map(|row| RowName::new(&row.label, row.mark.as_deref())).collect();
        let left = MARGIN + rows::width(&names);
        let right = sheet.canvas.width - MARGIN - 70.0;
        let row_height = rows::row_height(self.rows.len(), 380.0);
        let time = Extent { low: self.start, high: end };
        let x = widest_fit(right - left, |most| Scale::linear(Quantity::Seconds, time, most));
        let y = Scale::bare(0.0, 1.0);
        let mut plot = Plot { left, top: sheet.top + 4.0, right, bottom: 0.0, x, y };
        let strip = Strip::new(&plot, &[], &self.faults);
        strip.draw(&mut sheet.canvas, plot.top);
        plot.top += strip.height();
        plot.bottom = plot.top + row_height * self.rows.len() as f64;
        rows::draw(&mut sheet.canvas, &names, left, plot.top, row_height);
        self.draw_colour_bar(&mut sheet.canvas, &plot);
        plot
    }

    fn draw_tiles(&self, canvas: &mut Canvas, plot: &Plot, bins: usize) {
        let columns = (MOST_TILES / self.rows.len().max(1)).clamp(30, 240);
        let merged = bins.div_ceil(columns).max(1);
        let mut tiles: Vec<Vec<[f64; 4]>> = vec![Vec::new(); SHADES];
        for (row, heat) in self.rows.iter().enumerate() {
            for run in heat.runs(merged, bins) {
                let tile = self.tile(plot, row, run.first, run.count, bins);
                if let Some(of_shade) = run.shade.and_then(|shade| tiles.get_mut(shade)) {
                    of_shade.push(tile);
                } else {
                    canvas.tiles(GRID, &[tile]);
                    hatch(canvas, tile, HATCH);
                }
            }
        }
        for (shade, tiles) in tiles.iter().enumerate().filter(|(_, tiles)| !tiles.is_empty()) {
            canvas.tiles(colour_of(shade), tiles);
        }
    }

    /// Left, top, right and bottom of some bins of a row.
    fn tile(&self, plot: &Plot, row: usize, first: usize, count: usize, bins: usize) -> [f64; 4] {
        let height = (plot.bottom - plot.top) / self.rows.len() as f64;
        let column = |bin: usize| plot.left + (plot.right - plot.left) * bin as f64 / bins as f64;
        let top = plot.top + row as f64 * height;
        // A hairline between rows, unless they are too low for it.
        let gap = if height > 6.0 { 1.0 } else { 0.0 };
        [column(first), top, column(first + count), top + height - gap]
    }

    fn draw_colour_bar(&self, canvas: &mut Canvas, plot: &Plot) {
        let (left, right) = (plot.right + 18.0, plot.right + 32.0);
        let height = (plot.bottom - plot.top).max(SHORTEST_BAR);
        for shade in 0..SHADES {
            let place = |shade: usize| plot.top + height * (1.0 - shade as f64 / SHADES as f64);
            canvas.tiles(colour_of(shade), &[[left, place(shade + 1), right, place(shade)]]);
        }
        for (value, label) in [(0.0, "0"), (0.5, "0.5"), (1.0, "1")] {
            let at = (
                right + 6.0,
                (plot.top + height * (1.0 - value)).clamp(plot.top + 5.0, plot.top + height - 5.0),
            );
            canvas.words(&Words::new(label, at, Face::SMALL, SOFT));
        }
        let at = (canvas.width - MARGIN, plot.top - 10.0);
        canvas.words(&Words::new(&self.measure, at, Face::SMALL, SOFT).align(Align::Right).within(160.0));
    }

    fn draw_hits(&self, canvas: &mut Canvas, plot: &Plot) {
        let told = |(row, HeatRow { label, mark, values }): (usize, &HeatRow)| {
            let figure =
                |value: Option<f64>| value.map_or("–".to_owned(), |value| reading(Quantity::Ratio, value));
            let highest = figure(values.iter().filter_map(|value| shown(*value)).reduce(f64::max));
            let mark = mark.as_ref().map_or(String::new(), |mark| format!(" ({mark})"));
            let text =
                format!("{label}{mark}: mean {} {}, highest {highest}", self.measure, figure(mean(values)));
            (self.tile(plot, row, 0, 1, 1), text)
        };
        canvas.hit_blocks(self.rows.iter().enumerate().map(told));
    }
}

fn mean(values: &[Option<f64>]) -> Option<f64> {
    let (sum, count) = values
        .iter()
        .filter_map(|value| shown(*value))
        .fold((0.0, 0_u32), |(sum, count), value| (sum + value.clamp(-1.0, 2.0), count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

fn shade_of(value: f64) -> usize {
    ((value.clamp(0.0, 1.0) * SHADES as f64) as usize).min(SHADES - 1)
}

fn colour_of(shade: usize) -> RGBColor {
    ViridisRGB.get_color(shade as f32 / (SHADES - 1) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_colours_are_those_of_viridis() {
        // Matplotlib's viridis begins at #440154 and ends at #fde725.
        let near = |a: RGBColor, b: (u8, u8, u8)| {
            a.0.abs_diff(b.0) <= 3 && a.1.abs_diff(b.1) <= 3 && a.2.abs_diff(b.2) <= 3
        };
        assert!(near(colour_of(shade_of(0.0)), (0x44, 0x01, 0x54)));
        assert!(near(colour_of(shade_of(1.0)), (0xFD, 0xE7, 0x25)));
    }

    #[test]
    fn bins_without_a_value_do_not_count_in_the_mean() {
        assert_eq!(mean(&[Some(0.25), None, Some(0.75), Some(f64::NAN)]), Some(0.5));
        assert_eq!(mean(&[None]), None);
    }
}
