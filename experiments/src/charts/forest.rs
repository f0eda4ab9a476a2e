//! The forest plot: paired differences to a baseline, each with its interval, around a line at zero.
//!
//! What Holm's test of all rows calls a difference is filled; what these data cannot show is hollow. The last column tells how much common random numbers have saved.

use super::canvas::{Align, Canvas, Group, Words, place, stroke};
use super::data::{ArmStyle, Axis, Heading, Spacing};
use super::font::Face;
use super::keys::Key;
use super::number::{self, p_value, reading};
use super::palette::{INK, SOFT};
use super::plot::{Plot, TICKS_HEIGHT, widest_fit};
use super::scale::{Extent, Scale};
use super::sheet::{MARGIN, Sheet};
use super::{Chart, Picture, marker, table};
use plotters::element::PathElement;

const ROW_HEIGHT: f64 = 26.0;
const COLUMN_GAP: f64 = 18.0;
/// The risk of calling any row different that is not.
const RISK: f64 = 0.05;

/// The difference of one arm to the baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The arm's name.
    pub label: String,
    /// The arm's look.
    pub style: ArmStyle,
    /// Mean of the arm minus mean of the baseline.
    pub difference: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Holm-adjusted p-value, if tested.
    pub p_holm: Option<f64>,
    /// Variance reduction factor of pairing, if known.
    pub variance_reduction: Option<f64>,
}

/// Which side of zero is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// Less is better: latency, errors.
    Lower,
    /// More is better: goodput.
    Higher,
}

/// Paired differences to one baseline.
#[derive(Clone, Debug, PartialEq)]
pub struct Forest {
    /// Title and explanation.
    pub heading: Heading,
    /// What is compared, for example "p99 latency minus least_outstanding"; linear.
    pub axis: Axis,
    /// Which side is good.
    pub better: Better,
    /// One row an arm, in the order shown.
    pub rows: Vec<Difference>,
}

impl Chart for Forest {
    fn draw(&self) -> Option<Picture> {
        let ends = self.rows.iter().flat_map(|row| [row.difference, row.low, row.high]);
        let extent = Extent::of(ends, Spacing::Linear)?.with_zero();
        let mut sheet = Sheet::new(&self.heading);
        let columns = self.columns();
        let plot = self.plot(&sheet, extent, &columns);
        plot.draw_grid(&mut sheet.canvas);
        plot.draw_columns(&mut sheet.canvas);
        self.draw_axis(&mut sheet.canvas, &plot);
        self.draw_rows(&mut sheet.canvas, &plot);
        draw_text_columns(&mut sheet.canvas, &plot, &columns);
        sheet.top = plot.bottom + 2.0 * TICKS_HEIGHT + 4.0;
        sheet.note("Filled: a difference at the 5 % level, Holm-adjusted. Hollow: these data show none.");
        Some(sheet.finish())
    }

    fn csv(&self) -> String {
        let header = ["arm", "difference", "low", "high", "p_holm", "variance_reduction"];
        table::csv(header, self.rows.iter().map(Difference::row))
    }
}

/// A column of text right of the plot: its header and a cell for each row.
type Column = (&'static str, Vec<String>);

impl Forest {
    fn columns(&self) -> Vec<Column> {
        let column = |of: &dyn Fn(&Difference) -> String| self.rows.iter().map(of).collect::<Vec<_>>();
        let quantity = self.axis.quantity;
        let difference = |row: &Difference| number::difference(quantity, row.difference, row.low, row.high);
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
        vec![
            ("difference [interval]", column(&difference)),
            ("Holm p", column(&|row| or_none(row.p_holm.map(p_value)))),
            ("CRN saved", column(&|row| or_none(row.variance_reduction.map(times)))),
        ]
    }

    fn plot(&self, sheet: &Sheet<'_>, extent: Extent, columns: &[Column]) -> Plot {
        const NARROWEST: f64 = 160.0;
        let left = MARGIN + self.keys().map(|key| key.width()).fold(0.0, f64::max) + COLUMN_GAP;
        let text: f64 = columns.iter().map(column_width).sum();
        let right = (sheet.canvas.width - MARGIN - text).max(left + NARROWEST);
        let top = sheet.top + 22.0;
        let bottom = top + ROW_HEIGHT * self.rows.len() as f64 + 8.0;
        let x = widest_fit(right - left, |most| Scale::fit(&self.axis, extent, most));
        Plot { left, top, right, bottom, x, y: self.row_scale() }
    }

    /// Rows count downwards from zero.
    fn row_scale(&self) -> Scale {
        Scale::bare(-(self.rows.len() as f64), 0.0)
    }

    fn keys(&self) -> impl Iterator<Item = Key> {
        self.rows.iter().enumerate().map(|(series, row)| Key::arm(series, &row.label, row.style))
    }

    fn draw_axis(&self, canvas: &mut Canvas, plot: &Plot) {
        let zero = plot.across(0.0);
        canvas.path(&Group::default(), &[(zero, plot.top), (zero, plot.bottom)], stroke(INK, 1.6));
        plot.draw_column_title(canvas, &self.axis.title);
        let (left, right) = match self.better {
            Better::Lower => ("← better", "worse →"),
            Better::Higher => ("← worse", "better →"),
        };
        let y = plot.top - 11.0;
        canvas.words(&Words::new(left, (zero - 8.0, y), Face::SMALL, SOFT).align(Align::Right));
        canvas.words(&Words::new(right, (zero + 8.0, y), Face::SMALL, SOFT));
    }

    fn draw_rows(&self, canvas: &mut Canvas, plot: &Plot) {
        for (series, (row, key)) in self.rows.iter().zip(self.keys()).enumerate() {
            let y = row_middle(plot, series);
            key.draw(canvas, (MARGIN, y), plot.left - MARGIN - COLUMN_GAP);
            self.draw_interval(canvas, plot, row, series);
        }
    }

    fn draw_interval(&self, canvas: &mut Canvas, plot: &Plot, row: &Difference, series: usize) {
        let y = row_middle(plot, series);
        let line = stroke(row.style.colour.rgb(), 2.0);
        let at = (plot.across(row.difference), y);
        canvas.layer(&Group::class("series").series(series), |area| {
            if !row.low.is_nan() && !row.high.is_nan() {
                let ends = [row.low, row.high].map(|end| plot.across(end));
                area.draw(&PathElement::new(ends.map(|x| place((x, y))), line))?;
                for x in ends {
                    area.draw(&PathElement::new([place((x, y - 5.0)), place((x, y + 5.0))], line))?;
                }
            }
            match row.is_shown() {
                _ if !row.difference.is_finite() => Ok(()),
                true => marker::filled(area, at, row.style),
                false => marker::hollow(area, at, row.style),
            }
        });
        let told = number::difference(self.axis.quantity, row.difference, row.low, row.high);
        canvas.hits(series, [(at, format!("{}: {told}", row.label))]);
    }
}

impl Difference {
    /// Whether these data show a difference: by Holm's p-value if there is one, else by the interval.
    fn is_shown(&self) -> bool {
        match self.p_holm {
            Some(p) => p <= RISK,
            None => self.low > 0.0 || self.high < 0.0,
        }
    }

    fn row(&self) -> [String; 6] {
        [
            self.label.clone(),
            table::number(Some(self.difference)),
            table::number(Some(self.low)),
            table::number(Some(self.high)),
            table::number(self.p_holm),
            table::number(self.variance_reduction),
        ]
    }
}

/// A factor: `8.40×`.
fn times(factor: f64) -> String {
    format!("{}×", reading(super::data::Quantity::Ratio, factor))
}

fn row_middle(plot: &Plot, row: usize) -> f64 {
    plot.top + 4.0 + ROW_HEIGHT * (row as f64 + 0.5)
}

fn column_width((header, cells): &Column) -> f64 {
    let cells = cells.iter().map(|cell| Face::TEXT.width(cell));
    cells.fold(Face::SMALL.width(header), f64::max) + COLUMN_GAP
}

fn draw_text_columns(canvas: &mut Canvas, plot: &Plot, columns: &[Column]) {
    let mut right = plot.right;
    for column in columns {
        right += column_width(column);
        let (header, cells) = column;
        let head = Words::new(header, (right, plot.top - 11.0), Face::SMALL, SOFT);
        canvas.words(&head.align(Align::Right));
        for (row, cell) in cells.iter().enumerate() {
            let words = Words::new(cell, (right, row_middle(plot, row)), Face::TEXT, INK);
            canvas.words(&words.align(Align::Right));
        }
    }
}
