//! The SLO matrix: who passes where, an arm a row and a sweep point a column.
//!
//! Each verdict has a symbol as well as a tint; an unstable cell is hatched, since no steady-state value exists there.

use super::canvas::{Align, Canvas, Words};
use super::data::{ArmStyle, Heading};
use super::font::Face;
use super::keys::{Key, Sample};
use super::marks::hatch;
use super::palette::{FAIL, HATCH, INK, PASS, SOFT, UNSURE};
use super::sheet::{MARGIN, Sheet};
use super::{Chart, Picture, table};
use plotters::style::RGBColor;

const ROW_HEIGHT: f64 = 30.0;
const PADDING: f64 = 9.0;
const LONGEST_NAME: f64 = 230.0;

/// What a limit says of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// ✓ the whole interval is on the good side.
    Pass,
    /// ✗ the whole interval is on the bad side, or the cell is unstable.
    Fail,
    /// ? the interval holds the limit.
    Inconclusive,
}

impl Verdict {
    /// Its symbol, which stands beside every colour.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Pass => "✓",
            Self::Fail => "✗",
            Self::Inconclusive => "?",
        }
    }

    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
        }
    }

    fn tint(self) -> RGBColor {
        match self {
            Self::Pass => PASS,
            Self::Fail => FAIL,
            Self::Inconclusive => UNSURE,
        }
    }
}

/// One arm at one sweep point.
#[derive(Clone, Debug, PartialEq)]
pub struct MatrixCell {
    /// What the limit says.
    pub verdict: Verdict,
    /// The figure with its interval: "104 ±0.5", or "+16/s" for an unstable cell.
    pub text: String,
    /// No steady state exists.
    pub unstable: bool,
    /// Best or tied with the best of its column.
    pub best: bool,
}

/// One arm.
#[derive(Clone, Debug, PartialEq)]
pub struct MatrixRow {
    /// The arm's name.
    pub label: String,
    /// The arm's look.
    pub style: ArmStyle,
    /// Whether it is the baseline.
    pub baseline: bool,
    /// One a column; `None` where the arm was not run.
    pub cells: Vec<Option<MatrixCell>>,
}

/// Verdicts by arm and sweep point.
#[derive(Clone, Debug, PartialEq)]
pub struct SloMatrix {
    /// Title (the SLO) and explanation.
    pub heading: Heading,
    /// What the columns vary: "load".
    pub sweep: String,
    /// The sweep points.
    pub columns: Vec<String>,
    /// The arms.
    pub rows: Vec<MatrixRow>,
}

impl Chart for SloMatrix {
    fn draw(&self) -> Option<Picture> {
        if !self.rows.iter().any(|row| row.cells.iter().any(Option::is_some)) {
            return None;
        }
        let grid = self.grid();
        let mut sheet = Sheet::wide(&self.heading, grid.left + grid.width() + MARGIN);
        let grid = Grid { top: sheet.top + 44.0, ..grid };
        self.draw_header(&mut sheet.canvas, &grid);
        for (row, arm) in self.rows.iter().enumerate() {
            let middle = grid.top + (row as f64 + 0.5) * ROW_HEIGHT;
            arm.key(row).draw(&mut sheet.canvas, (MARGIN, middle), grid.left - MARGIN - PADDING);
            for (column, cell) in arm.cells.iter().enumerate().take(grid.columns) {
                grid.draw_cell(&mut sheet.canvas, cell.as_ref(), grid.edges(row, column));
            }
        }
        sheet.top = grid.top + ROW_HEIGHT * self.rows.len() as f64 + 10.0;
        sheet.note(&self.legend());
        Some(sheet.finish())
    }

    fn csv(&self) -> String {
        let header = ["arm", self.sweep.as_str(), "verdict", "value", "unstable", "best"];
        let rows = self.rows.iter().flat_map(|row| {
            row.cells.iter().zip(&self.columns).filter_map(|(cell, column)| {
                let MatrixCell { verdict, text, unstable, best } = cell.as_ref()?;
                let flags = [unstable.to_string(), best.to_string()];
                let [unstable, best] = flags;
                Some([
                    row.label.clone(),
                    column.clone(),
                    verdict.word().to_owned(),
                    text.clone(),
                    unstable,
                    best,
                ])
            })
        });
        table::csv(header, rows)
    }
}

impl MatrixRow {
    fn key(&self, row: usize) -> Key {
        let mark = if self.baseline { " ◇" } else { "" };
        Key { label: format!("{}{mark}", self.label), sample: Sample::Arm(self.style), series: Some(row) }
    }
}

impl MatrixCell {
    fn marks(&self) -> String {
        format!("{}{}", self.verdict.symbol(), if self.best { " ▴" } else { "" })
    }

    fn width(&self) -> f64 {
        Face::TEXT.width(&self.text) + Face::STRONG.width(&self.marks()) + 3.0 * PADDING
    }
}

impl SloMatrix {
    fn cells(&self) -> impl Iterator<Item = &MatrixCell> {
        self.rows.iter().flat_map(|row| row.cells.iter().flatten())
    }

    /// Where the cells stand: as wide as the widest, and over the whole sheet if that is wider.
    fn grid(&self) -> Grid {
        let names = self.rows.iter().map(|row| row.key(0).width()).fold(0.0, f64::max).min(LONGEST_NAME);
        let left = MARGIN + names + PADDING;
        let heads = self.columns.iter().map(|column| Face::STRONG.width(column) + 2.0 * PADDING);
        let widest = self.cells().map(MatrixCell::width).chain(heads).fold(60.0, f64::max);
        let columns = self.columns.len().max(1);
        let spread = (super::sheet::WIDTH - MARGIN - left) / columns as f64;
        Grid { left, top: 0.0, column: widest.min(220.0).max(spread.min(150.0)), columns }
    }

    fn draw_header(&self, canvas: &mut Canvas, grid: &Grid) {
        let at = (grid.left + PADDING, grid.top - 32.0);
        canvas.words(&Words::new(&self.sweep, at, Face::SMALL, SOFT).within(grid.width()));
        for (column, label) in self.columns.iter().enumerate() {
            let [_, top, right, _] = grid.edges(0, column);
            let words = Words::new(label, (right - PADDING, top - 12.0), Face::STRONG, INK);
            canvas.words(&words.align(Align::Right).within(grid.column - 2.0 * PADDING));
        }
    }

    /// Explains the symbols that occur.
    fn legend(&self) -> String {
        let has = |of: &dyn Fn(&MatrixCell) -> bool| self.cells().any(of);
        let parts = [
            (has(&|cell| cell.verdict == Verdict::Pass), "✓ pass"),
            (has(&|cell| cell.verdict == Verdict::Fail), "✗ fail"),
            (
                has(&|cell| cell.verdict == Verdict::Inconclusive),
                "? inconclusive, more replications would decide",
            ),
            (has(&|cell| cell.best), "▴ best or tied in its column"),
            (self.rows.iter().any(|row| row.baseline), "◇ baseline"),
            (has(&|cell| cell.unstable), "hatched: unstable, what piles up each second"),
        ];
        let present: Vec<&str> =
            parts.iter().filter(|(present, _)| *present).map(|(_, text)| *text).collect();
        present.join("; ")
    }
}

/// Where the cells stand, in pixels.
#[derive(Clone, Copy, Debug)]
struct Grid {
    left: f64,
    top: f64,
    /// Width of a column.
    column: f64,
    columns: usize,
}

impl Grid {
    fn width(&self) -> f64 {
        self.column * self.columns as f64
    }

    fn edges(&self, row: usize, column: usize) -> [f64; 4] {
        let (left, top) = (self.left + self.column * column as f64, self.top + ROW_HEIGHT * row as f64);
        [left + 1.0, top + 1.0, left + self.column - 1.0, top + ROW_HEIGHT - 1.0]
    }

    fn draw_cell(&self, canvas: &mut Canvas, cell: Option<&MatrixCell>, edges: [f64; 4]) {
        let [left, top, right, bottom] = edges;
        let Some(cell) = cell else {
            let at = (right - PADDING + 2.0, f64::midpoint(top, bottom));
            return canvas.words(&Words::new("not run", at, Face::SMALL, SOFT).align(Align::Right));
        };
        canvas.block((left, top), (right, bottom), cell.verdict.tint());
        if cell.unstable {
            hatch(canvas, edges, HATCH);
        }
        let middle = f64::midpoint(top, bottom);
        let marks = cell.marks();
        let symbol = Words::new(&marks, (left + PADDING - 2.0, middle), Face::STRONG, INK);
        canvas.words(&symbol);
        let room = self.column - Face::STRONG.width(&marks) - 2.0 * PADDING;
        let words = Words::new(&cell.text, (right - PADDING + 2.0, middle), Face::TEXT, INK);
        canvas.words(&words.align(Align::Right).within(room));
    }
}
