//! The sheet a chart stands on: title, how to read it, legend, notes; it counts how far down they reach.

use super::Picture;
use super::canvas::{Canvas, Words};
use super::data::Heading;
use super::font::Face;
use super::keys::{self, Key};
use super::palette::{INK, SOFT};

/// Usual width of a chart in pixels.
pub(super) const WIDTH: f64 = 860.0;
/// Empty space at the sheet's edges.
pub(super) const MARGIN: f64 = 16.0;

/// A chart in the making, filled from the top.
pub(super) struct Sheet<'a> {
    pub(super) canvas: Canvas,
    /// The first free row of pixels.
    pub(super) top: f64,
    heading: &'a Heading,
}

impl<'a> Sheet<'a> {
    /// A sheet of the usual width with its heading written.
    pub(super) fn new(heading: &'a Heading) -> Self {
        Self::wide(heading, WIDTH)
    }

    /// A sheet of another width.
    pub(super) fn wide(heading: &'a Heading, width: f64) -> Self {
        let mut sheet = Self { canvas: Canvas::new(width.max(WIDTH)), top: MARGIN, heading };
        sheet.paragraph(&heading.title, Face::TITLE, 22.0);
        sheet.paragraph(&heading.how_to_read, Face::TEXT, 17.0);
        sheet.top += 6.0;
        sheet
    }

    /// Pixels between the left and the right margin.
    pub(super) fn room(&self) -> f64 {
        self.canvas.width - 2.0 * MARGIN
    }

    fn paragraph(&mut self, text: &str, face: Face, line_height: f64) {
        const MOST_LINES: usize = 4;
        let colour = if face.bold { INK } else { SOFT };
        for line in face.wrap(text, WIDTH - 2.0 * MARGIN).iter().take(MOST_LINES) {
            let at = (MARGIN, self.top + line_height / 2.0);
            self.canvas.words(&Words::new(line, at, face, colour));
            self.top += line_height;
        }
    }

    /// Writes the legend.
    pub(super) fn legend(&mut self, keys: &[Key]) {
        let room = self.room();
        self.top += keys::legend(&mut self.canvas, keys, (MARGIN, self.top), room);
    }

    /// Writes a line of small print.
    pub(super) fn note(&mut self, text: &str) {
        self.paragraph(text, Face::SMALL, 16.0);
    }

    /// The finished picture.
    pub(super) fn finish(self) -> Picture {
        let height = self.top + MARGIN / 2.0;
        self.canvas.finish(self.heading, height)
    }
}
