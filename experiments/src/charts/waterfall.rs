//! A waterfall: one request over time, a row each for it, for every attempt and every pause.
//!
//! Rows are indented under what made them. A thin line is how long whoever asked waited; blocks on it say what for.

use super::canvas::{Align, Canvas, Group, Words, stroke};
use super::data::{Colour, Heading, Quantity, Spacing};
use super::font::Face;
use super::keys::{Key, Sample};
use super::marks::hatch;
use super::number::reading;
use super::palette::{INK, PAPER, RULE, SOFT};
use super::plot::{Plot, TICKS_HEIGHT, widest_fit};
use super::scale::{Extent, Scale, has_place};
use super::sheet::{MARGIN, Sheet};
use super::{Chart, Picture, table};

const ROW_HEIGHT: f64 = 22.0;
const BLOCK_HEIGHT: f64 = 13.0;
/// Service that holds other blocks: they shall be seen on it.
const HOLDER_HEIGHT: f64 = 5.0;
/// Pixels a block is wide at least.
const NARROWEST: f64 = 1.0;
/// Pixels a row's name is moved right for each row above it that it is a part of.
const INDENT: f64 = 12.0;
/// Deeper rows are not moved further.
const DEEPEST: usize = 8;
/// Longer names are cut.
const LONGEST: f64 = 230.0;
/// Room for how a row ended.
const ENDING_WIDTH: f64 = 150.0;
/// Rows a picture has at most.
const MOST_ROWS: usize = 40;

/// What time went on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Passing {
    /// On the way there or back, or lost.
    Network,
    /// Waiting for a worker, a turn or a permit.
    Queue,
    /// At the component, in whatever way.
    Service,
    /// Computing.
    Compute,
    /// Waiting there for something that is no call.
    Wait,
    /// Pausing between attempts, or held back.
    Pause,
}

/// A block of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// When it begins, in seconds since the request was meant to be sent.
    pub from: f64,
    /// When it ends.
    pub to: f64,
    /// What time went on.
    pub passing: Passing,
    /// Whether nobody waited for it any more.
    pub orphaned: bool,
    /// In words, for the read-out.
    pub label: String,
}

/// The request, an attempt, a pause.
#[derive(Clone, Debug, PartialEq)]
pub struct WaterfallRow {
    /// What it is.
    pub label: String,
    /// How many rows it is a part of.
    pub depth: usize,
    /// When it begins, in seconds since the request was meant to be sent.
    pub from: f64,
    /// When it ends for whoever asked.
    pub to: f64,
    /// How it ended, in a few words.
    pub ending: String,
    /// Outer blocks before those on them.
    pub blocks: Vec<Block>,
}

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub struct Waterfall {
    /// Title and explanation.
    pub heading: Heading,
    /// Where the axis ends, in seconds; what lasts longer is cut and says so.
    pub end: f64,
    /// From top to bottom.
    pub rows: Vec<WaterfallRow>,
}

impl Passing {
    /// Every one, in the order of the legend.
    pub const ALL: [Self; 6] =
        [Self::Network, Self::Queue, Self::Compute, Self::Wait, Self::Service, Self::Pause];

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Queue => "queue, turn or permit",
            Self::Service => "in service",
            Self::Compute => "computing",
            Self::Wait => "waiting inside",
            Self::Pause => "backoff or held back",
        }
    }

    const fn colour(self) -> Colour {
        match self {
            Self::Network => Colour::Sky,
            Self::Queue => Colour::Orange,
            Self::Service => Colour::Black,
            Self::Compute => Colour::Blue,
            Self::Wait => Colour::Purple,
            Self::Pause => Colour::Green,
        }
    }

    const fn height(self) -> f64 {
        match self {
            Self::Service => HOLDER_HEIGHT,
            Self::Network | Self::Queue | Self::Compute | Self::Wait | Self::Pause => BLOCK_HEIGHT,
        }
    }
}

impl Chart for Waterfall {
    fn draw(&self) -> Option<Picture> {
        let sound = has_place(self.end, Spacing::Linear) && self.end > 0.0;
        if self.rows.is_empty() || !sound {
            return None;
        }
        let mut sheet = Sheet::new(&self.heading);
        sheet.legend(&self.keys());
        let plot = self.plot(&sheet);
        plot.draw_grid(&mut sheet.canvas);
        plot.draw_columns(&mut sheet.canvas);
        plot.draw_column_title(&mut sheet.canvas, "time since the request was meant to be sent");
        for (number, row) in self.shown() {
            self.draw_row(&mut sheet.canvas, &plot, number, row);
        }
        sheet.top = plot.bottom + 2.0 * TICKS_HEIGHT;
        if let Some(last) = self.goes_on() {
            let last = reading(Quantity::Seconds, last);
            sheet.note(&format!("Beyond the axis work goes on until {last}."));
        }
        if self.rows.len() > MOST_ROWS {
            sheet.note(&format!("Shown are the first {MOST_ROWS} of {} rows.", self.rows.len()));
        }
        Some(sheet.finish())
    }

    fn csv(&self) -> String {
        let rows = self.rows.iter().flat_map(|row| {
            let of = |what: &str, from: f64, to: f64, orphaned: bool| {
                [
                    row.label.clone(),
                    row.depth.to_string(),
                    what.to_owned(),
                    table::number(Some(from)),
                    table::number(Some(to)),
                    orphaned.to_string(),
                    row.ending.clone(),
                ]
            };
            let blocks =
                row.blocks.iter().map(|block| of(&block.label, block.from, block.to, block.orphaned));
            std::iter::once(of("all", row.from, row.to, false)).chain(blocks.collect::<Vec<_>>())
        });
        table::csv(["row", "depth", "what", "from", "to", "for nobody", "ending"], rows)
    }
}

impl Waterfall {
    fn shown(&self) -> impl Iterator<Item = (usize, &WaterfallRow)> {
        self.rows.iter().take(MOST_ROWS).enumerate()
    }

    /// Blocks that begin before the axis ends.
    fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.shown().flat_map(|(_, row)| &row.blocks).filter(|block| block.from < self.end)
    }

    /// When the last work that is shown ends, if that is cut.
    fn goes_on(&self) -> Option<f64> {
        let last = self.shown().flat_map(|(_, row)| &row.blocks).map(|block| block.to).fold(0.0, f64::max);
        (last > self.end && last.is_finite()).then_some(last)
    }

    /// Only what occurs.
    fn keys(&self) -> Vec<Key> {
        let occurs = |passing: &Passing| self.blocks().any(|block| block.passing == *passing);
        let key = |passing: Passing| Key::other(passing.name(), Sample::Block(passing.colour()));
        Passing::ALL.into_iter().filter(occurs).map(key).collect()
    }

    fn plot(&self, sheet: &Sheet<'_>) -> Plot {
        let width = |(_, row): (usize, &WaterfallRow)| indent(row) + Face::SMALL.width(&row.label);
        let names = self.shown().map(width).fold(0.0, f64::max).min(LONGEST) + 10.0;
        let (left, right) = (MARGIN + names, sheet.canvas.width - MARGIN - ENDING_WIDTH);
        let extent = Extent { low: 0.0, high: self.end };
        let x = widest_fit(right - left, |most| Scale::linear(Quantity::Seconds, extent, most));
        let top = sheet.top + 4.0;
        let bottom = top + ROW_HEIGHT * self.rows.len().min(MOST_ROWS) as f64;
        Plot { left, top, right, bottom, x, y: Scale::bare(0.0, 1.0) }
    }

    fn draw_row(&self, canvas: &mut Canvas, plot: &Plot, number: usize, row: &WaterfallRow) {
        let middle = plot.top + (number as f64 + 0.5) * ROW_HEIGHT;
        let across = |at: f64| plot.across(at.max(0.0).min(self.end));
        let name = Words::new(&row.label, (MARGIN + indent(row), middle), Face::SMALL, INK);
        canvas.words(&name.within(plot.left - MARGIN - 8.0 - indent(row)));
        let ends = [(across(row.from), middle), (across(row.to).max(across(row.from) + NARROWEST), middle)];
        canvas.path(&Group::default(), &ends, stroke(RULE, 1.4));
        let mut hits = Vec::new();
        for block in row.blocks.iter().filter(|block| block.from < self.end) {
            let half = block.passing.height() / 2.0;
            let left = across(block.from);
            let edges = [left, middle - half, across(block.to).max(left + NARROWEST), middle + half];
            let [left, top, right, bottom] = edges;
            canvas.block((left, top), (right, bottom), block.passing.colour().rgb());
            if block.orphaned {
                hatch(canvas, edges, PAPER);
            }
            let told = format!("{}: {} {}", row.label, block.label, length(block.from, block.to));
            hits.push((edges, told));
        }
        canvas.hit_blocks(hits);
        let words = Words::new(&row.ending, (canvas.width - MARGIN, middle), Face::SMALL, SOFT);
        canvas.words(&words.align(Align::Right).within(ENDING_WIDTH - 12.0));
    }
}

fn indent(row: &WaterfallRow) -> f64 {
    INDENT * row.depth.min(DEEPEST) as f64
}

fn length(from: f64, to: f64) -> String {
    reading(Quantity::Seconds, to - from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_holds_every_block() {
        let block =
            Block { from: 0.5, to: 2.0, passing: Passing::Compute, orphaned: true, label: "compute".into() };
        let row = WaterfallRow {
            label: "attempt 1 → web".into(),
            depth: 1,
            from: 0.25,
            to: 1.0,
            ending: "timed out".into(),
            blocks: vec![block],
        };
        let chart = Waterfall { heading: Heading::default(), end: 2.0, rows: vec![row] };
        let expected = "row,depth,what,from,to,for nobody,ending\n\
            attempt 1 → web,1,all,0.25,1,false,timed out\n\
            attempt 1 → web,1,compute,0.5,2,true,timed out\n";
        assert_eq!(chart.csv(), expected);
        assert_eq!((chart.keys().len(), chart.goes_on()), (1, None));
        // What lies beyond the axis needs no key, and is told.
        let cut = Waterfall { end: 0.5, ..chart };
        assert_eq!((cut.keys().len(), cut.goes_on()), (0, Some(2.0)));
    }
}
