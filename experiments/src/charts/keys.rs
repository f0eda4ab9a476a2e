//! Keys: which line is which, written at the lines' ends or, when they are many, in a legend.
//!
//! A key shows the line's colour, dash and marker beside its name in plain ink, since light colours make poor text.

use super::canvas::{Canvas, Group, Place, Words, stroke};
use super::data::{ArmStyle, Colour, Dash};
use super::font::Face;
use super::marker;
use super::palette::{INK, RULE, SOFT};
use super::spread;

/// More lines than this get a legend.
pub(super) const MOST_DIRECT: usize = 10;
/// Least distance of two labels beside each other's lines.
const LABEL_HEIGHT: f64 = 17.0;
/// The drawn sample before a name.
const SAMPLE_WIDTH: f64 = 34.0;
const GAP: f64 = 6.0;
/// Longer names are cut.
pub(super) const LONGEST: f64 = 200.0;

/// What is drawn before a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sample {
    /// An arm's line and marker.
    Arm(ArmStyle),
    /// A limit: a dashed line in ink.
    Limit,
    /// A curve from a formula.
    Theory,
    /// A part of a bar.
    Block(Colour),
}

/// One entry of a legend.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Key {
    pub(super) label: String,
    pub(super) sample: Sample,
    /// The line it can hide.
    pub(super) series: Option<usize>,
}

impl Key {
    /// The key of line number `series`.
    pub(super) fn arm(series: usize, label: impl Into<String>, style: ArmStyle) -> Self {
        Self { label: label.into(), sample: Sample::Arm(style), series: Some(series) }
    }

    /// The key of something that is no arm.
    pub(super) fn other(label: impl Into<String>, sample: Sample) -> Self {
        Self { label: label.into(), sample, series: None }
    }

    /// Pixels it needs; long names are cut.
    pub(super) fn width(&self) -> f64 {
        SAMPLE_WIDTH + GAP + Face::TEXT.width(&self.label).min(LONGEST)
    }

    fn group(&self) -> Group {
        match self.series {
            Some(series) => Group::class("key").series(series).with("data-label", &self.label),
            None => Group::default(),
        }
    }

    /// Draws the key from the middle of its left edge on.
    pub(super) fn draw(&self, canvas: &mut Canvas, (x, y): Place, room: f64) {
        self.draw_sample(canvas, (x, y));
        let words = Words::new(&self.label, (x + SAMPLE_WIDTH + GAP, y), Face::TEXT, INK);
        canvas.words_in(self.group(), &words.within(room - SAMPLE_WIDTH - GAP));
    }

    fn draw_sample(&self, canvas: &mut Canvas, (x, y): Place) {
        let ends = [(x, y), (x + SAMPLE_WIDTH, y)];
        match self.sample {
            Sample::Arm(style) => {
                canvas.path(&self.group().dash(style.dash), &ends, stroke(style.colour.rgb(), 2.2));
                let middle = (x + SAMPLE_WIDTH / 2.0, y);
                canvas.layer(&self.group(), |area| marker::filled(area, middle, style));
            }
            Sample::Limit => canvas.path(&Group::default().dash(Dash::Dashed), &ends, stroke(INK, 1.4)),
            Sample::Block(colour) => {
                canvas.block((x + SAMPLE_WIDTH - 14.0, y - 6.0), (x + SAMPLE_WIDTH, y + 6.0), colour.rgb());
            }
            Sample::Theory => canvas.path(&Group::default().dash(Dash::Dotted), &ends, stroke(SOFT, 1.6)),
        }
    }
}

/// Writes keys in columns from `at`, at most `room` pixels wide; answers the height used.
pub(super) fn legend(canvas: &mut Canvas, keys: &[Key], at: Place, room: f64) -> f64 {
    if keys.is_empty() {
        return 0.0;
    }
    let column = keys.iter().map(Key::width).fold(0.0, f64::max) + 3.0 * GAP;
    let columns = ((room / column).floor() as usize).max(1);
    for (index, key) in keys.iter().enumerate() {
        let (row, place) = (index / columns, index % columns);
        let corner = (at.0 + place as f64 * column, at.1 + (row as f64 + 0.5) * LABEL_HEIGHT);
        key.draw(canvas, corner, column - 2.0 * GAP);
    }
    keys.len().div_ceil(columns) as f64 * LABEL_HEIGHT + GAP
}

/// A key that wants to stand beside the end of its line.
#[derive(Clone, Debug)]
pub(super) struct EndLabel {
    pub(super) key: Key,
    /// Where the line ends.
    pub(super) end: Place,
}

/// Distance of the labels from the plot.
const AWAY: f64 = 16.0;

/// Pixels right of the plot that labels with these keys need.
pub(super) fn end_labels_width<'a>(keys: impl IntoIterator<Item = &'a Key>) -> f64 {
    keys.into_iter().map(Key::width).fold(0.0, f64::max) + AWAY
}

/// Writes labels right of `edge`, each as near to its line's end as the others allow.
pub(super) fn end_labels(canvas: &mut Canvas, mut labels: Vec<EndLabel>, edge: f64, rows: (f64, f64)) {
    labels.sort_by(|a, b| a.end.1.total_cmp(&b.end.1));
    let wanted: Vec<f64> = labels.iter().map(|label| label.end.1).collect();
    for (label, y) in labels.iter().zip(spread::within(&wanted, LABEL_HEIGHT, rows)) {
        let x = edge + AWAY;
        if (label.end.1 - y).abs() > 2.0 || label.end.0 < edge - 12.0 {
            let start = (label.end.0 + 7.0, label.end.1);
            let group = label.key.group().dash(Dash::Dotted);
            canvas.path(&group, &[start, (edge.max(start.0), label.end.1), (x - 3.0, y)], stroke(RULE, 1.0));
        }
        label.key.draw(canvas, (x, y), SAMPLE_WIDTH + GAP + LONGEST);
    }
}
