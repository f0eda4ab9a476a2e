//! The ribbon: a row a breaker, time to the right, height for how much is refused.
//!
//! Open is full height, half open a little more than half, closed a thin band, so that the states can be told apart without colour.
//! Faults are lines at their edges, not shades: nothing lies over the states.

use super::canvas::{Align, Canvas, Group, Words, stroke};
use super::data::{Dash, Heading, Quantity, Span};
use super::font::Face;
use super::number::reading;
use super::palette::{Colour, INK, SOFT};
use super::plot::{Plot, TICKS_HEIGHT, widest_fit};
use super::rows::{self, RowName};
use super::scale::{Extent, Scale, has_place};
use super::sheet::{MARGIN, Sheet};
use super::strip::Strip;
use super::{Chart, Picture, table};
use plotters::style::RGBColor;

/// Pixels right of the ribbons for the share of time a breaker is open.
const SHARES_WIDTH: f64 = 70.0;
/// Pixels a state is wide at least: half-open often lasts milliseconds.
const NARROWEST: f64 = 1.2;
/// Rows a picture has at most.
const MOST_ROWS: usize = 64;

/// The rule of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BreakerState {
    /// Calls pass.
    Closed,
    /// Calls are refused.
    Open,
    /// Probes pass.
    HalfOpen,
}

/// What a ribbon's rows are, and so what their states are called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RibbonOf {
    /// Breakers, which are closed, open or half open.
    #[default]
    Breakers,
    /// Servers, which are in rotation or out of it.
    Servers,
}

/// One breaker, or one server in the eyes of a caller, over time.
#[derive(Clone, Debug, PartialEq)]
pub struct RibbonRow {
    /// Whose it is.
    pub label: String,
    /// From when on it has which state, by ascending time; each lasts until the next.
    pub states: Vec<(f64, BreakerState)>,
}

/// The states of breakers over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Ribbon {
    /// Title and explanation.
    pub heading: Heading,
    /// What the rows are.
    pub of: RibbonOf,
    /// The end of the run in seconds.
    pub end: f64,
    /// From top to bottom.
    pub rows: Vec<RibbonRow>,
    /// When something was broken on purpose.
    pub faults: Vec<Span>,
    /// The experiment's named windows.
    pub windows: Vec<Span>,
}

impl Chart for Ribbon {
    fn draw(&self) -> Option<Picture> {
        if self.rows.iter().all(|row| row.states.is_empty())
            || !has_place(self.end, super::data::Spacing::Linear)
            || self.end <= 0.0
        {
            return None;
        }
        let mut sheet = Sheet::new(&self.heading);
        self.of.draw_keys(&mut sheet);
        let plot = self.plot(&mut sheet);
        self.draw_fault_edges(&mut sheet.canvas, &plot);
        self.draw_states(&mut sheet.canvas, &plot);
        self.draw_shares(&mut sheet.canvas, &plot);
        plot.draw_columns(&mut sheet.canvas);
        plot.draw_column_title(&mut sheet.canvas, "simulated time");
        self.draw_hits(&mut sheet.canvas, &plot);
        sheet.top = plot.bottom + 2.0 * TICKS_HEIGHT;
        if self.rows.len() > MOST_ROWS {
            let all = self.rows.len();
            sheet.note(&format!("Shown are the first {MOST_ROWS} of {all} {}s.", self.of.noun()));
        }
        Some(sheet.finish())
    }

    fn csv(&self) -> String {
        let rows = self.rows.iter().flat_map(|row| {
            row.stretches(self.end).map(|(from, to, state)| {
                [
                    row.label.clone(),
                    table::number(Some(from)),
                    table::number(Some(to)),
                    self.of.word(state).to_owned(),
                ]
            })
        });
        table::csv([self.of.noun(), "from", "to", "state"], rows)
    }
}

impl BreakerState {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half open",
        }
    }

    fn colour(self) -> RGBColor {
        match self {
            Self::Closed => Colour::Green.rgb(),
            Self::Open => Colour::Vermillion.rgb(),
            Self::HalfOpen => Colour::Orange.rgb(),
        }
    }

    /// The part of a row it fills from below.
    const fn height(self) -> f64 {
        match self {
            Self::Closed => 0.22,
            Self::Open => 1.0,
            Self::HalfOpen => 0.6,
        }
    }
}

impl RibbonRow {
    /// Each state with its beginning and end.
    fn stretches(&self, end: f64) -> impl Iterator<Item = (f64, f64, BreakerState)> {
        let ends = self.states.iter().skip(1).map(|(from, _)| *from).chain([end]);
        self.states.iter().zip(ends).map(move |((from, state), to)| (*from, to.min(end), *state))
    }

    /// The share of the run it is open.
    pub fn open_share(&self, end: f64) -> f64 {
        let open = self.stretches(end).filter(|(_, _, state)| *state == BreakerState::Open);
        open.map(|(from, to, _)| (to - from).max(0.0)).sum::<f64>() / end
    }

    /// How often it opens.
    pub fn openings(&self) -> usize {
        self.states.iter().filter(|(_, state)| *state == BreakerState::Open).count()
    }
}

impl RibbonOf {
    const fn noun(self) -> &'static str {
        match self {
            Self::Breakers => "breaker",
            Self::Servers => "server",
        }
    }

    const fn word(self, state: BreakerState) -> &'static str {
        match (self, state) {
            (Self::Breakers, state) => state.name(),
            (Self::Servers, BreakerState::Closed) => "in",
            (Self::Servers, BreakerState::HalfOpen) => "on probation",
            (Self::Servers, BreakerState::Open) => "out",
        }
    }

    const fn states(self) -> &'static [BreakerState] {
        match self {
            Self::Breakers => &[BreakerState::Closed, BreakerState::HalfOpen, BreakerState::Open],
            Self::Servers => &[BreakerState::Closed, BreakerState::Open],
        }
    }

    /// Writes what heights and colours mean.
    fn draw_keys(self, sheet: &mut Sheet<'_>) {
        const BLOCK: (f64, f64) = (22.0, 14.0);
        let mut left = MARGIN;
        for state in self.states() {
            let bottom = sheet.top + BLOCK.1;
            let top = bottom - BLOCK.1 * state.height();
            sheet.canvas.block((left, top), (left + BLOCK.0, bottom), state.colour());
            let at = (left + BLOCK.0 + 6.0, sheet.top + BLOCK.1 / 2.0);
            sheet.canvas.words(&Words::new(self.word(*state), at, Face::TEXT, INK));
            left += BLOCK.0 + 6.0 + Face::TEXT.width(self.word(*state)) + 20.0;
        }
        sheet.top += BLOCK.1 + 10.0;
    }
}

impl Ribbon {
    fn shown(&self) -> impl Iterator<Item = (usize, &RibbonRow)> {
        self.rows.iter().take(MOST_ROWS).enumerate()
    }

    fn plot(&self, sheet: &mut Sheet<'_>) -> Plot {
        let names: Vec<RowName> = self.shown().map(|(_, row)| RowName::new(&row.label, None)).collect();
        let left = MARGIN + rows::width(&names);
        let right = sheet.canvas.width - MARGIN - SHARES_WIDTH;
        let row_height = rows::row_height(names.len(), 420.0);
        let time = Extent { low: 0.0, high: self.end };
        let x = widest_fit(right - left, |most| Scale::linear(Quantity::Seconds, time, most));
        let mut plot = Plot { left, top: sheet.top + 4.0, right, bottom: 0.0, x, y: Scale::bare(0.0, 1.0) };
        let strip = Strip::new(&plot, &self.windows, &self.faults);
        strip.draw(&mut sheet.canvas, plot.top);
        plot.top += strip.height();
        plot.bottom = plot.top + row_height * names.len() as f64;
        rows::draw(&mut sheet.canvas, &names, left, plot.top, row_height);
        plot
    }

    fn row_height(&self, plot: &Plot) -> f64 {
        (plot.bottom - plot.top) / self.rows.len().clamp(1, MOST_ROWS) as f64
    }

    fn draw_states(&self, canvas: &mut Canvas, plot: &Plot) {
        let height = self.row_height(plot);
        let gap = if height > 8.0 { 4.0 } else { 1.0 };
        // What is rare lies on top of what is not.
        for state in [BreakerState::Closed, BreakerState::Open, BreakerState::HalfOpen] {
            let of_row = |(number, row): (usize, &RibbonRow)| -> Vec<[f64; 4]> {
                let bottom = plot.top + (number + 1) as f64 * height - gap / 2.0;
                let top = bottom - (height - gap) * state.height();
                let mine = row.stretches(self.end).filter(|(_, _, other)| *other == state);
                let tile = |(from, to, _)| {
                    let left = plot.across(from).min(plot.right - NARROWEST);
                    [left, top, plot.across(to).max(left + NARROWEST), bottom]
                };
                mine.map(tile).collect()
            };
            let tiles: Vec<[f64; 4]> = self.shown().flat_map(of_row).collect();
            if !tiles.is_empty() {
                canvas.tiles(state.colour(), &tiles);
            }
        }
    }

    fn draw_fault_edges(&self, canvas: &mut Canvas, plot: &Plot) {
        let edges = self.faults.iter().flat_map(|fault| [fault.from, fault.to]);
        for edge in edges.filter(|edge| plot.x.contains(*edge)) {
            let x = plot.across(edge);
            let ends = [(x, plot.top), (x, plot.bottom)];
            canvas.path(&Group::default().dash(Dash::Dotted), &ends, stroke(SOFT, 1.2));
        }
    }

    /// The share of time each breaker is open, right of its ribbon where there is room for it.
    fn draw_shares(&self, canvas: &mut Canvas, plot: &Plot) {
        let height = self.row_height(plot);
        let open = self.of.word(BreakerState::Open);
        let words = Words::new(open, (canvas.width - MARGIN, plot.top - 9.0), Face::SMALL, SOFT);
        canvas.words(&words.align(Align::Right));
        for (number, row) in self.shown().filter(|_| height >= 13.0) {
            let share = reading(Quantity::Ratio, row.open_share(self.end));
            let at = (canvas.width - MARGIN, plot.top + (number as f64 + 0.5) * height);
            canvas.words(&Words::new(&share, at, Face::SMALL, INK).align(Align::Right).within(SHARES_WIDTH));
        }
    }

    fn draw_hits(&self, canvas: &mut Canvas, plot: &Plot) {
        let height = self.row_height(plot);
        let told = |(number, row): (usize, &RibbonRow)| {
            let top = plot.top + number as f64 * height;
            let share = reading(Quantity::Ratio, row.open_share(self.end));
            let open = self.of.word(BreakerState::Open);
            let text = format!("{}: {open} {} times, {share} of the time", row.label, row.openings());
            ([plot.left, top, plot.right, top + height], text)
        };
        canvas.hit_blocks(self.shown().map(told));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_lasts_until_the_next() {
        let row = RibbonRow {
            label: "b".into(),
            states: vec![
                (0.0, BreakerState::Closed),
                (40.0, BreakerState::Open),
                (50.0, BreakerState::HalfOpen),
            ],
        };
        assert_eq!((row.open_share(100.0), row.openings()), (0.1, 1));
        let ribbon = Ribbon {
            heading: Heading::default(),
            of: RibbonOf::Breakers,
            end: 100.0,
            rows: vec![row],
            faults: Vec::new(),
            windows: Vec::new(),
        };
        assert_eq!(ribbon.csv(), "breaker,from,to,state\nb,0,40,closed\nb,40,50,open\nb,50,100,half open\n");
    }
}
