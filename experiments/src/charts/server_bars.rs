//! Bars by server, sorted, with the mean: is the load balanced, is the partitioning fair?

use super::canvas::{Align, Canvas, Group, Words, stroke};
use super::data::{Axis, Colour, Dash, Heading, Spacing};
use super::font::Face;
use super::marks::{halo, hatch};
use super::number::reading;
use super::palette::{INK, PAPER, SOFT};
use super::plot::{Plot, TICKS_HEIGHT, widest_fit};
use super::rows::{self, RowName};
use super::scale::{Extent, Scale, has_place};
use super::sheet::{MARGIN, Sheet};
use super::{Chart, Picture, table};

/// One server's load.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// The server's or shard's name.
    pub label: String,
    /// What sets it apart, if anything: "half speed".
    pub mark: Option<String>,
    /// Its load, in the unit of the axis; not negative.
    pub value: f64,
}

/// Load by server, highest first.
#[derive(Clone, Debug, PartialEq)]
pub struct ServerBars {
    /// Title and explanation; the figures of imbalance are added to the title.
    pub heading: Heading,
    /// What is shared out.
    pub axis: Axis,
    /// The colour of the arm whose servers these are.
    pub colour: Colour,
    /// In any order; marked ones are hatched.
    pub bars: Vec<Bar>,
}

/// How unevenly something is shared out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Imbalance {
    /// The mean share.
    pub mean: f64,
    /// The largest share over the mean; 1 is even.
    pub max_over_mean: f64,
    /// Standard deviation over the mean; 0 is even.
    pub variation: f64,
    /// Jain's index: 1 is even, 1/n is all on one (Jain, Chiu and Hawe, DEC-TR-301, 1984).
    pub jain: f64,
}

impl Imbalance {
    /// The figures of these shares; `None` if there is nothing to share.
    pub fn of(shares: &[f64]) -> Option<Self> {
        let count = shares.len() as f64;
        let sum: f64 = shares.iter().sum();
        let squares: f64 = shares.iter().map(|share| share * share).sum();
        let (mean, largest) = (sum / count, shares.iter().copied().reduce(f64::max)?);
        let jain = sum * sum / (count * squares);
        // Jain's index is 1 / (1 + variation²); rounding may put it a hair above 1.
        let variation = (1.0 / jain - 1.0).max(0.0).sqrt();
        let figures = Self { mean, max_over_mean: largest / mean, variation, jain };
        (sum > 0.0 && jain.is_finite()).then_some(figures)
    }
}

impl std::fmt::Display for Imbalance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "max/mean {:.2}, CV {:.2}, Jain {:.3}", self.max_over_mean, self.variation, self.jain)
    }
}

impl Chart for ServerBars {
    fn draw(&self) -> Option<Picture> {
        let bars = self.sorted();
        let extent = Extent::of(bars.iter().map(|bar| bar.value), Spacing::Linear)?.with_zero();
        let imbalance = Imbalance::of(&bars.iter().map(|bar| bar.value).collect::<Vec<_>>());
        let heading = self.heading_with(imbalance);
        let mut sheet = Sheet::new(&heading);
        let names: Vec<RowName> =
            bars.iter().map(|bar| RowName::new(&bar.label, bar.mark.as_deref())).collect();
        let row_height = rows::row_height(bars.len(), 420.0);
        let plot = self.plot(&sheet, extent, rows::width(&names), row_height * bars.len() as f64);
        plot.draw_grid(&mut sheet.canvas);
        plot.draw_columns(&mut sheet.canvas);
        plot.draw_column_title(&mut sheet.canvas, &self.axis.title);
        rows::draw(&mut sheet.canvas, &names, plot.left, plot.top, row_height);
        self.draw_bars(&mut sheet.canvas, &plot, &bars, row_height);
        if let Some(Imbalance { mean, .. }) = imbalance {
            self.draw_mean(&mut sheet.canvas, &plot, mean);
        }
        self.draw_values(&mut sheet.canvas, &plot, &bars, row_height);
        sheet.top = plot.bottom + 2.0 * TICKS_HEIGHT;
        Some(sheet.finish())
    }

    fn csv(&self) -> String {
        let row = |bar: &Bar| {
            [bar.label.clone(), table::number(Some(bar.value)), bar.mark.clone().unwrap_or_default()]
        };
        table::csv(["server", "value", "mark"], self.bars.iter().map(row))
    }
}

impl ServerBars {
    /// The bars that can be drawn, highest first, equal ones in their given order.
    fn sorted(&self) -> Vec<&Bar> {
        let drawable = |bar: &&Bar| has_place(bar.value, Spacing::Linear) && bar.value >= 0.0;
        let mut bars: Vec<&Bar> = self.bars.iter().filter(drawable).collect();
        bars.sort_by(|a, b| b.value.total_cmp(&a.value));
        bars
    }

    fn heading_with(&self, imbalance: Option<Imbalance>) -> Heading {
        // Name and figure stay on one line.
        let figures = imbalance.map_or(String::new(), |figures| {
            format!(": {}", figures.to_string().replace(' ', "\u{a0}").replace(",\u{a0}", ", "))
        });
        Heading { title: format!("{}{figures}", self.heading.title), ..self.heading.clone() }
    }

    fn plot(&self, sheet: &Sheet<'_>, extent: Extent, names: f64, height: f64) -> Plot {
        let (left, right) = (MARGIN + names, sheet.canvas.width - MARGIN - 60.0);
        let top = sheet.top + 20.0;
        let x = widest_fit(right - left, |most| Scale::fit(&self.axis, extent, most));
        Plot { left, top, right, bottom: top + height, x, y: Scale::bare(0.0, 1.0) }
    }

    fn draw_bars(&self, canvas: &mut Canvas, plot: &Plot, bars: &[&Bar], row_height: f64) {
        let thickness = (row_height - 1.0).max(0.75 * row_height).min(row_height * 0.8 + 1.0);
        for (row, bar) in bars.iter().enumerate() {
            let top = plot.top + row as f64 * row_height + (row_height - thickness) / 2.0;
            let (left, right) = (plot.across(0.0), plot.across(bar.value));
            canvas.block((left, top), (right, top + thickness), self.colour.rgb());
            if bar.mark.is_some() {
                hatch(canvas, [left, top, right, top + thickness], PAPER);
            }
        }
    }

    fn draw_values(&self, canvas: &mut Canvas, plot: &Plot, bars: &[&Bar], row_height: f64) {
        let told = |(row, bar): (usize, &&Bar)| {
            let top = plot.top + row as f64 * row_height;
            let value = reading(self.axis.quantity, bar.value);
            ([plot.left, top, plot.right, top + row_height], format!("{}: {value}", bar.label))
        };
        canvas.hit_blocks(bars.iter().enumerate().map(told));
        for (row, bar) in bars.iter().enumerate().filter(|_| row_height >= 12.0) {
            let at = (plot.across(bar.value) + 6.0, plot.top + (row as f64 + 0.5) * row_height);
            let value = reading(self.axis.quantity, bar.value);
            canvas.words_in(halo(), &Words::new(&value, at, Face::SMALL, SOFT));
        }
    }

    fn draw_mean(&self, canvas: &mut Canvas, plot: &Plot, mean: f64) {
        let x = plot.across(mean);
        let ends = [(x, plot.top - 5.0), (x, plot.bottom)];
        canvas.path(&Group::default().dash(Dash::Dashed), &ends, stroke(INK, 1.4));
        let text = format!("mean {}", reading(self.axis.quantity, mean));
        let words = Words::new(&text, (x, plot.top - 13.0), Face::SMALL, INK);
        canvas.words(&words.align(Align::Centre));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imbalance_agrees_with_its_definitions() {
        // One of four takes all: Jain 1/4; CV = sqrt(n - 1).
        let all_on_one = Imbalance::of(&[8.0, 0.0, 0.0, 0.0]).unwrap();
        assert!((all_on_one.jain - 0.25).abs() < 1e-12);
        assert!((all_on_one.variation - 3.0_f64.sqrt()).abs() < 1e-12);
        assert_eq!(all_on_one.max_over_mean, 4.0);
        // 1, 2, 3: mean 2, population deviation sqrt(2/3).
        let uneven = Imbalance::of(&[1.0, 2.0, 3.0]).unwrap();
        assert!((uneven.variation - (2.0_f64 / 3.0).sqrt() / 2.0).abs() < 1e-12);
        assert_eq!(uneven.to_string(), "max/mean 1.50, CV 0.41, Jain 0.857");
        assert_eq!(Imbalance::of(&[0.0, 0.0]), None);
        assert_eq!(Imbalance::of(&[]), None);
    }
}
