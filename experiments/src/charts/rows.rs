//! Labelled rows: the servers of a heat map or a bar chart, from one to several hundred.
//!
//! When rows are too low for text, only every so many are named; marked rows (slow, dead) are always named.

use super::canvas::{Align, Canvas, Words};
use super::font::Face;
use super::palette::{INK, SOFT};

/// Least distance of two names.
const NAME_HEIGHT: f64 = 13.0;
/// Longer names are cut.
const LONGEST: f64 = 210.0;

/// A row's name, and what sets it apart.
#[derive(Clone, Debug)]
pub(super) struct RowName {
    name: String,
    marked: bool,
}

impl RowName {
    /// `web[15] ▴ half speed`, or just `web[3]`.
    pub(super) fn new(label: &str, mark: Option<&str>) -> Self {
        match mark {
            Some(mark) => Self { name: format!("▴ {label}, {mark}"), marked: true },
            None => Self { name: label.to_owned(), marked: false },
        }
    }
}

/// A row's height so that all rows together are about `height` pixels high.
pub(super) fn row_height(rows: usize, height: f64) -> f64 {
    (height / rows.max(1) as f64).clamp(3.0, 24.0)
}

/// Pixels the names need.
pub(super) fn width(names: &[RowName]) -> f64 {
    names.iter().map(|row| Face::SMALL.width(&row.name)).fold(0.0, f64::max).min(LONGEST) + 10.0
}

/// Writes the names right-aligned before `edge`.
pub(super) fn draw(canvas: &mut Canvas, names: &[RowName], edge: f64, top: f64, row_height: f64) {
    for row in named(names, row_height) {
        let Some(RowName { name, marked }) = names.get(row) else { continue };
        let at = (edge - 7.0, top + (row as f64 + 0.5) * row_height);
        let words = Words::new(name, at, Face::SMALL, if *marked { INK } else { SOFT });
        canvas.words(&words.align(Align::Right).within(LONGEST));
    }
}

/// The rows that are named: the marked ones first, then those of the others that have room.
fn named(names: &[RowName], row_height: f64) -> Vec<usize> {
    let apart = (NAME_HEIGHT / row_height).ceil().max(1.0) as usize;
    let marked = (0..names.len()).filter(|row| names[*row].marked);
    let mut chosen: Vec<usize> = Vec::new();
    for row in marked.chain((0..names.len()).step_by(apart)) {
        if chosen.iter().all(|other| other.abs_diff(row) >= apart) {
            chosen.push(row);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_rows_are_named_in_steps_and_marked_ones_always() {
        let names = |count: usize, mark: usize| -> Vec<RowName> {
            (0..count).map(|row| RowName::new("web", (row == mark).then_some("slow"))).collect()
        };
        assert_eq!(named(&names(3, 9), 20.0), [0, 1, 2]);
        // At 5 pixels a row names stand three rows apart.
        assert_eq!(named(&names(10, 4), 5.0), [4, 0, 9]);
    }
}
