//! The canvas: layers drawn by plotters, put together as one SVG with groups, tooltips and read-outs.
//!
//! plotters writes shapes but no groups. So each layer is drawn by an SVG backend of its own, and its shapes are
//! placed inside a `<g>` that carries what plotters cannot say: the arm it belongs to, its dash, its tooltip.
//! plotters counts in whole units; ten of them to a CSS pixel keep curves smooth.

use super::Picture;
use super::data::{Dash, Heading};
use super::font::{self, Face};
use super::palette::{self, PAPER};
use super::xml;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{PathElement, Polygon, Rectangle, Text};
use plotters::prelude::SVGBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, RGBAColor, RGBColor, ShapeStyle, TextStyle};
use std::fmt::Write;

/// A drawing area of one layer, in units.
pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// What a drawing step answers.
pub(super) type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;
/// A place in pixels from the upper left corner.
pub(super) type Place = (f64, f64);

/// Units in a CSS pixel.
const UNITS: f64 = 10.0;
/// Not drawn, but there for the pointer.
const INVISIBLE: &str = "fill=\"none\" pointer-events=\"all\"";
/// No chart is this high; layers need a height before the chart has one.
const TALLEST: u32 = 1_000_000;

/// Pixels in units.
pub(super) fn units(pixels: f64) -> i32 {
    (pixels * UNITS).round() as i32
}

/// A place in units.
pub(super) fn place(at: Place) -> (i32, i32) {
    (units(at.0), units(at.1))
}

/// A line of `width` pixels.
pub(super) fn stroke(colour: impl Color, width: f64) -> ShapeStyle {
    colour.stroke_width(units(width).unsigned_abs())
}

/// What a `<g>` says about its shapes.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    attributes: String,
    tooltip: Option<String>,
}

impl Group {
    /// A group of this CSS class.
    pub(super) fn class(name: &str) -> Self {
        Self::default().with("class", name)
    }

    /// With one more attribute.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        xml::attribute(&mut self.attributes, name, value);
        self
    }

    /// Belonging to line number `series` of the chart, which the reader can hide.
    pub(super) fn series(self, series: usize) -> Self {
        self.with("data-series", &series.to_string())
    }

    /// With lines broken like `dash`.
    pub(super) fn dash(self, dash: Dash) -> Self {
        let lengths: Vec<String> = dash.lengths().iter().map(|px| units(*px).to_string()).collect();
        if lengths.is_empty() { self } else { self.with("stroke-dasharray", &lengths.join(" ")) }
    }

    /// With a tooltip.
    pub(super) fn tooltip(mut self, text: &str) -> Self {
        self.tooltip = Some(text.to_owned());
        self
    }
}

/// Which end of a text stands at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Centre,
    Right,
}

/// A line of text, vertically centred at its place.
#[derive(Clone, Debug)]
pub(super) struct Words<'a> {
    pub(super) text: &'a str,
    pub(super) at: Place,
    pub(super) face: Face,
    pub(super) colour: RGBColor,
    pub(super) align: Align,
    /// The text is cut with an ellipsis, and gets a tooltip, beyond this many pixels.
    pub(super) room: f64,
}

impl<'a> Words<'a> {
    /// Left-aligned text of any length.
    pub(super) fn new(text: &'a str, at: Place, face: Face, colour: RGBColor) -> Self {
        Self { text, at, face, colour, align: Align::Left, room: f64::INFINITY }
    }

    /// The same, with another alignment.
    pub(super) fn align(self, align: Align) -> Self {
        Self { align, ..self }
    }

    /// The same, cut to fit.
    pub(super) fn within(self, room: f64) -> Self {
        Self { room, ..self }
    }
}

/// A chart in the making.
pub(super) struct Canvas {
    pub(super) width: f64,
    body: String,
}

impl Canvas {
    /// An empty canvas of this many pixels across.
    pub(super) fn new(width: f64) -> Self {
        Self { width, body: String::new() }
    }

    /// Adds one layer: what `draw` draws, in a group.
    pub(super) fn layer(&mut self, group: &Group, draw: impl FnOnce(&Area<'_>) -> Drawn) {
        let mut svg = String::new();
        {
            let size = (units(self.width).unsigned_abs(), TALLEST);
            let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            let drawn = draw(&area).and_then(|()| area.present());
            assert!(drawn.is_ok(), "writing into a string cannot fail: {drawn:?}");
        }
        let shapes = svg.split_once('\n').map_or("", |(_, rest)| rest);
        self.group(group, shapes.strip_suffix("</svg>\n").unwrap_or(shapes));
    }

    fn group(&mut self, group: &Group, shapes: &str) {
        if group.attributes.is_empty() && group.tooltip.is_none() {
            self.body.push_str(shapes);
            return;
        }
        let _ = write!(self.body, "<g{}>", group.attributes);
        if let Some(text) = &group.tooltip {
            xml::tooltip(&mut self.body, text);
        }
        let _ = writeln!(self.body, "\n{shapes}</g>");
    }

    /// Writes text; when it must be cut, the whole text is its tooltip.
    pub(super) fn words(&mut self, words: &Words<'_>) {
        self.words_in(Group::default(), words);
    }

    /// Writes text inside a group.
    pub(super) fn words_in(&mut self, group: Group, words: &Words<'_>) {
        let text = font::clean(words.text);
        let shown = words.face.fit(&text, words.room);
        let group = if shown == text { group } else { group.tooltip(&text) };
        self.layer(&group, |area| write_words(area, &shown, words));
    }

    /// A straight or broken line through `places`.
    pub(super) fn path(&mut self, group: &Group, places: &[Place], style: ShapeStyle) {
        let path = PathElement::new(places.iter().map(|at| place(*at)).collect::<Vec<_>>(), style);
        self.layer(group, |area| area.draw(&path));
    }

    /// A filled shape.
    pub(super) fn shape(&mut self, group: &Group, corners: &[Place], fill: RGBAColor) {
        let corners: Vec<_> = corners.iter().map(|at| place(*at)).collect();
        self.layer(group, |area| area.draw(&Polygon::new(corners, fill.filled())));
    }

    /// A filled rectangle between two corners.
    pub(super) fn block(&mut self, from: Place, to: Place, fill: RGBColor) {
        self.block_in(&Group::default(), from, to, fill);
    }

    /// A filled rectangle in a group.
    pub(super) fn block_in(&mut self, group: &Group, from: Place, to: Place, fill: RGBColor) {
        let block = Rectangle::new([place(from), place(to)], fill.filled());
        self.layer(group, |area| area.draw(&block));
    }

    /// Many rectangles (left, top, right, bottom) of one colour as a single path: a heat map has thousands.
    pub(super) fn tiles(&mut self, fill: RGBColor, tiles: &[[f64; 4]]) {
        let _ =
            write!(self.body, "<path fill=\"{}\" shape-rendering=\"crispEdges\" d=\"", palette::hex(fill));
        for [left, top, right, bottom] in tiles.iter().map(|tile| tile.map(units)) {
            let (width, height) = (right - left, bottom - top);
            let _ = write!(self.body, "M{left} {top}h{width}v{height}h-{width}z");
        }
        self.body.push_str("\"/>\n");
    }

    /// Invisible circles of line number `series` that tell something when pointed at; scripts use them as read-outs.
    pub(super) fn hits(&mut self, series: usize, hits: impl IntoIterator<Item = (Place, String)>) {
        let _ = write!(self.body, "<g class=\"hits\" data-series=\"{series}\" {INVISIBLE}>");
        for (at, text) in hits {
            let (x, y) = place(at);
            let _ = write!(self.body, "<circle cx=\"{x}\" cy=\"{y}\" r=\"80\">");
            xml::tooltip(&mut self.body, &text);
            self.body.push_str("</circle>\n");
        }
        self.body.push_str("</g>\n");
    }

    /// Invisible rectangles (left, top, right, bottom) that tell something when pointed at.
    pub(super) fn hit_blocks(&mut self, hits: impl IntoIterator<Item = ([f64; 4], String)>) {
        let _ = write!(self.body, "<g class=\"hits\" {INVISIBLE}>");
        for (edges, text) in hits {
            let [x, y, right, bottom] = edges.map(units);
            let (width, height) = (right - x, bottom - y);
            let _ = write!(self.body, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\">");
            xml::tooltip(&mut self.body, &text);
            self.body.push_str("</rect>\n");
        }
        self.body.push_str("</g>\n");
    }

    /// The finished picture, `height` pixels high.
    pub(super) fn finish(self, heading: &Heading, height: f64) -> Picture {
        let (width, height) = (self.width.ceil(), height.ceil());
        let ended = heading.title.is_empty() || heading.title.ends_with(['.', '?', '!']);
        let stop = if ended { "" } else { "." };
        let alt = format!("{}{stop} {}", heading.title, heading.how_to_read);
        let mut svg = String::from("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\"");
        let _ = write!(svg, " width=\"{width}\" height=\"{height}\"");
        let _ = write!(svg, " viewBox=\"0 0 {} {}\"", units(width), units(height));
        xml::attribute(&mut svg, "role", "img");
        xml::attribute(&mut svg, "aria-label", alt.trim());
        let paper = palette::hex(PAPER);
        let _ = write!(svg, ">\n<rect class=\"paper\" width=\"100%\" height=\"100%\" fill=\"{paper}\"/>\n");
        svg.push_str(&self.body);
        svg.push_str("</svg>\n");
        Picture { svg, alt: alt.trim().to_owned(), width: width as u32, height: height as u32 }
    }
}

fn write_words(area: &Area<'_>, shown: &str, words: &Words<'_>) -> Drawn {
    let side = match words.align {
        Align::Left => HPos::Left,
        Align::Centre => HPos::Center,
        Align::Right => HPos::Right,
    };
    let font = words.face.font(UNITS);
    let style = TextStyle::from(font).color(&words.colour).pos(Pos::new(side, VPos::Center));
    area.draw(&Text::new(shown, place(words.at), style))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::palette::INK;

    fn finished(draw: impl FnOnce(&mut Canvas)) -> String {
        let mut canvas = Canvas::new(100.0);
        draw(&mut canvas);
        canvas.finish(&Heading::new("A", "B"), 50.0).svg
    }

    #[test]
    fn a_layer_stands_in_its_group() {
        let group = Group::class("series").series(3).dash(Dash::Dashed).tooltip("<b>");
        let svg = finished(|canvas| canvas.path(&group, &[(0.0, 0.0), (10.0, 5.0)], stroke(INK, 2.0)));
        let opening =
            "<g class=\"series\" data-series=\"3\" stroke-dasharray=\"70 40\"><title>&lt;b&gt;</title>";
        assert!(svg.contains(opening), "{svg}");
        assert!(svg.contains("points=\"0,0 100,50 \""), "{svg}");
        assert!(svg.contains("stroke-width=\"20\""), "{svg}");
    }

    #[test]
    fn cut_text_keeps_the_whole_text_as_its_tooltip() {
        let words = Words::new("a <long> name that cannot fit", (0.0, 9.0), Face::TEXT, INK).within(60.0);
        let svg = finished(|canvas| canvas.words(&words));
        assert!(svg.contains("<title>a &lt;long&gt; name that cannot fit</title>"), "{svg}");
        assert!(svg.contains('…'), "{svg}");
        assert!(svg.contains("font-size=\"125\""), "12.5 pixels: {svg}");
    }

    #[test]
    fn the_picture_says_what_it_is() {
        let svg = finished(|_| ());
        assert!(svg.contains("width=\"100\" height=\"50\" viewBox=\"0 0 1000 500\""), "{svg}");
        assert!(svg.contains("role=\"img\" aria-label=\"A. B\""), "{svg}");
    }
}
