//! A plot: a rectangle with two scales, its grid and its axes.

use super::canvas::{Align, Area, Canvas, Group, Place, Words, stroke, units};
use super::font::Face;
use super::palette::{GRID, RULE, SOFT};
use super::scale::{Scale, Tick};
use super::sheet::MARGIN;
use plotters::coord::cartesian::Cartesian2d;
use plotters::drawing::DrawingArea;
use plotters::element::PathElement;
use plotters::prelude::SVGBackend;

/// Height of the words under a horizontal axis: ticks, then the title.
pub(super) const TICKS_HEIGHT: f64 = 22.0;

/// A drawing area in the data's own coordinates.
pub(super) type DataArea<'a> = DrawingArea<SVGBackend<'a>, Cartesian2d<Scale, Scale>>;

/// Where a plot lies, in pixels, and its scales.
#[derive(Clone, Debug)]
pub(super) struct Plot {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
    pub(super) x: Scale,
    pub(super) y: Scale,
}

impl Plot {
    /// `area` in data coordinates.
    pub(super) fn on<'a>(&self, area: &Area<'a>) -> DataArea<'a> {
        let across = units(self.left)..units(self.right);
        let upwards = units(self.bottom)..units(self.top);
        area.apply_coord_spec(Cartesian2d::new(self.x.clone(), self.y.clone(), (across, upwards)))
    }

    /// The place of a point of data, within the plot's edges.
    pub(super) fn at(&self, x: f64, y: f64) -> Place {
        (self.across(x), self.bottom - self.y.fraction(y) * (self.bottom - self.top))
    }

    /// The horizontal place of a value.
    pub(super) fn across(&self, x: f64) -> f64 {
        self.left + self.x.fraction(x) * (self.right - self.left)
    }

    /// Grid lines, axes, ticks and their labels.
    pub(super) fn draw_axes(&self, canvas: &mut Canvas) {
        self.draw_grid(canvas);
        self.draw_rows(canvas);
        self.draw_columns(canvas);
    }

    /// Grid lines at the labelled ticks, and the two axes.
    pub(super) fn draw_grid(&self, canvas: &mut Canvas) {
        canvas.layer(&Group::class("grid"), |area| {
            let data = self.on(area);
            let grid = stroke(GRID, 1.0);
            for Tick { at, .. } in &self.x.ticks {
                data.draw(&PathElement::new([(*at, self.y.low()), (*at, self.y.high())], grid))?;
            }
            for Tick { at, .. } in &self.y.ticks {
                data.draw(&PathElement::new([(self.x.low(), *at), (self.x.high(), *at)], grid))?;
            }
            let corners = [(self.left, self.top), (self.left, self.bottom), (self.right, self.bottom)];
            let corners = corners.map(super::canvas::place);
            area.draw(&PathElement::new(corners, stroke(RULE, 1.0)))
        });
    }

    /// Labels of the vertical axis, right-aligned before it.
    pub(super) fn draw_rows(&self, canvas: &mut Canvas) {
        for tick in &self.y.ticks {
            let (_, y) = self.at(self.x.low(), tick.at);
            let words = Words::new(&tick.label, (self.left - 7.0, y), Face::SMALL, SOFT);
            canvas.words(&words.align(Align::Right));
        }
        let crowded = self.bottom - self.top < 5.0 * self.y.minor.len() as f64;
        for at in self.y.minor.iter().filter(|_| !crowded) {
            let (_, y) = self.at(self.x.low(), *at);
            canvas.path(&Group::default(), &[(self.left - 3.0, y), (self.left, y)], stroke(RULE, 1.0));
        }
    }

    /// Labels of the horizontal axis, centred below it.
    pub(super) fn draw_columns(&self, canvas: &mut Canvas) {
        for tick in &self.x.ticks {
            let (x, y) = (self.across(tick.at), self.bottom);
            canvas.path(&Group::default(), &[(x, y), (x, y + 4.0)], stroke(RULE, 1.0));
            let words = Words::new(&tick.label, (x, y + 13.0), Face::SMALL, SOFT);
            canvas.words(&words.align(Align::Centre));
        }
    }

    /// The title of the vertical axis, written above it so that it can be read without turning the head.
    pub(super) fn draw_row_title(&self, canvas: &mut Canvas, title: &str, top: f64) {
        let words = Words::new(title, (MARGIN, top - 14.0), Face::SMALL, SOFT);
        canvas.words(&words.within(self.right - MARGIN));
    }

    /// The title of the horizontal axis, centred below its labels.
    pub(super) fn draw_column_title(&self, canvas: &mut Canvas, title: &str) {
        let middle = f64::midpoint(self.left, self.right);
        let room = 2.0 * (middle.min(canvas.width - middle) - MARGIN);
        let words = Words::new(title, (middle, self.bottom + TICKS_HEIGHT + 9.0), Face::SMALL, SOFT);
        canvas.words(&words.align(Align::Centre).within(room));
    }
}

/// Pixels the labels of a vertical axis need.
pub(super) fn label_width(scale: &Scale) -> f64 {
    let widths = scale.ticks.iter().map(|tick| Face::SMALL.width(&tick.label));
    widths.fold(0.0, f64::max) + 9.0
}

/// The scale with the most ticks whose labels fit side by side into `room` pixels.
pub(super) fn widest_fit(room: f64, scale: impl Fn(usize) -> Scale) -> Scale {
    const MOST: usize = 11;
    let fits = |scale: &Scale| {
        let widest = scale.ticks.iter().map(|tick| Face::SMALL.width(&tick.label)).fold(0.0, f64::max);
        (widest + 14.0) * scale.ticks.len() as f64 <= room
    };
    (2..=MOST).rev().map(&scale).find(fits).unwrap_or_else(|| scale(2))
}
