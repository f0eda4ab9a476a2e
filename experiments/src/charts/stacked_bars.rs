//! Stacked bars: what a whole is made of, a bar for each row.

use super::canvas::{Canvas, Words};
use super::data::{Axis, Colour, Heading, Spacing};
use super::font::Face;
use super::keys::{Key, Sample};
use super::marks::halo;
use super::number::reading;
use super::palette::SOFT;
use super::plot::{Plot, TICKS_HEIGHT, widest_fit};
use super::rows::{self, RowName};
use super::scale::{Extent, Scale};
use super::sheet::{MARGIN, Sheet};
use super::{Chart, Picture, table};

const ROW_HEIGHT: f64 = 26.0;
const BAR_HEIGHT: f64 = 17.0;
/// Room for the total behind a bar.
const TOTAL_WIDTH: f64 = 70.0;

/// A bar and its parts, one for each of the chart's pieces.
#[derive(Clone, Debug, PartialEq)]
pub struct StackedRow {
    /// What it is a bar of.
    pub label: String,
    /// Its parts, not negative, in the unit of the axis.
    pub parts: Vec<f64>,
}

/// Bars side by side whose parts are told apart by colour, and by their order in the legend.
#[derive(Clone, Debug, PartialEq)]
pub struct StackedBars {
    /// Title and explanation.
    pub heading: Heading,
    /// What the parts add up to.
    pub axis: Axis,
    /// The parts' names, from left to right; more than there are colours begin anew.
    pub pieces: Vec<String>,
    /// From top to bottom.
    pub rows: Vec<StackedRow>,
}

impl Chart for StackedBars {
    fn draw(&self) -> Option<Picture> {
        let totals = self.rows.iter().map(|row| row.parts.iter().sum::<f64>());
        let extent = Extent::of(totals, Spacing::Linear)?.with_zero();
        let mut sheet = Sheet::new(&self.heading);
        let keys = |(piece, name): (usize, &String)| Key::other(name, Sample::Block(Colour::of(piece)));
        sheet.legend(&self.pieces.iter().enumerate().map(keys).collect::<Vec<_>>());
        let names: Vec<RowName> = self.rows.iter().map(|row| RowName::new(&row.label, None)).collect();
        let plot = self.plot(&sheet, extent, rows::width(&names));
        plot.draw_columns(&mut sheet.canvas);
        plot.draw_column_title(&mut sheet.canvas, &self.axis.title);
        rows::draw(&mut sheet.canvas, &names, plot.left, plot.top, ROW_HEIGHT);
        for (number, row) in self.rows.iter().enumerate() {
            self.draw_row(&mut sheet.canvas, &plot, number, row);
        }
        sheet.top = plot.bottom + 2.0 * TICKS_HEIGHT;
        Some(sheet.finish())
    }

    fn csv(&self) -> String {
        let rows = self.rows.iter().flat_map(|row| {
            let cell = |(piece, part): (&String, &f64)| {
                [row.label.clone(), piece.clone(), table::number(Some(*part))]
            };
            self.pieces.iter().zip(&row.parts).map(cell)
        });
        table::csv(["row", "part", "value"], rows)
    }
}

impl StackedBars {
    fn plot(&self, sheet: &Sheet<'_>, extent: Extent, names: f64) -> Plot {
        let (left, right) = (MARGIN + names, sheet.canvas.width - MARGIN - TOTAL_WIDTH);
        let top = sheet.top + 4.0;
        let x = widest_fit(right - left, |most| Scale::fit(&self.axis, extent, most));
        let bottom = top + ROW_HEIGHT * self.rows.len() as f64;
        Plot { left, top, right, bottom, x, y: Scale::bare(0.0, 1.0) }
    }

    fn draw_row(&self, canvas: &mut Canvas, plot: &Plot, number: usize, row: &StackedRow) {
        let middle = plot.top + (number as f64 + 0.5) * ROW_HEIGHT;
        let (top, bottom) = (middle - BAR_HEIGHT / 2.0, middle + BAR_HEIGHT / 2.0);
        let mut begin = 0.0;
        let mut hits = Vec::new();
        for (piece, part) in row.parts.iter().enumerate().filter(|(_, part)| **part > 0.0) {
            let (left, right) = (plot.across(begin), plot.across(begin + part));
            // A hair of paper between neighbours.
            canvas.block((left, top), ((right - 1.0).max(left + 0.5), bottom), Colour::of(piece).rgb());
            let told =
                format!("{}, {}: {}", row.label, self.pieces[piece], reading(self.axis.quantity, *part));
            hits.push(([left, top, right, bottom], told));
            begin += part;
        }
        canvas.hit_blocks(hits);
        let total = reading(self.axis.quantity, begin);
        canvas.words_in(halo(), &Words::new(&total, (plot.across(begin) + 6.0, middle), Face::SMALL, SOFT));
    }
}
