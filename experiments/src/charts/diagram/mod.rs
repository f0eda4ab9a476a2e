//! The system diagram: who calls whom, from the clients on the left to the databases on the right.
//!
//! Boxes stand in layers, so that calls run to the right; a call that closes a cycle runs back and is marked by its
//! head. Differs from all other charts in having no axis: it shows the experiment, not a result.

mod layers;
mod places;
mod routes;

use super::canvas::{Align, Canvas, Group, Place, Words, stroke};
use super::data::{Dash, Heading};
use super::font::Face;
use super::marks::halo;
use super::palette::{INK, RULE, SHADE, SOFT};
use super::sheet::{MARGIN, Sheet};
use super::{Chart, Picture, table};
use layers::{Layers, Slot};
use places::Placed;
use plotters::style::Color;

const LINE_HEIGHT: f64 = 16.0;
const PADDING: f64 = 9.0;
/// Widest and narrowest text in a box.
const TEXT_WIDTH: (f64, f64) = (60.0, 230.0);
/// Distance of two layers, at least; labels ask for more.
const NARROWEST_GAP: f64 = 56.0;
const WIDEST_GAP: f64 = 150.0;
/// Room around a label.
const LABEL_AIR: f64 = 40.0;

/// A component.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name in the file.
    pub id: String,
    /// What it is: `LoadBalancer`.
    pub kind: String,
    /// A few short lines: "16 servers × 4 workers".
    pub details: Vec<String>,
}

/// A call, or a message, from one component to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// Id of the calling component.
    pub from: String,
    /// Id of the called component.
    pub to: String,
    /// A word or two beside the arrow, if any: "30 % misses".
    pub label: Option<String>,
    /// The caller does not wait for an answer: drawn dashed.
    pub asynchronous: bool,
}

/// The simulated system.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagram {
    /// Title and explanation.
    pub heading: Heading,
    /// The components; of two with one id the first counts.
    pub nodes: Vec<Node>,
    /// Who calls whom; those that name no node are left out.
    pub edges: Vec<Edge>,
}

impl Chart for Diagram {
    fn draw(&self) -> Option<Picture> {
        if self.nodes.is_empty() {
            return None;
        }
        let edges = self.known_edges();
        let arrows: Vec<(usize, usize)> =
            edges.iter().map(|(_, ends)| *ends).filter(|(a, b)| a != b).collect();
        let layers = Layers::new(self.nodes.len(), &arrows);
        let sizes: Vec<(f64, f64)> = self.nodes.iter().map(Node::size).collect();
        let placed = places::place(&layers, &sizes, &gaps(&layers, &edges));
        let width = placed.iter().flatten().map(|slot| slot.right).fold(0.0, f64::max);
        let mut sheet = Sheet::wide(&self.heading, width + 2.0 * MARGIN);
        let shift = ((sheet.canvas.width - width) / 2.0, sheet.top + MARGIN);
        let placed = shifted(placed, shift);
        self.draw_arrows(&mut sheet.canvas, &layers, &placed, &edges);
        self.draw_boxes(&mut sheet.canvas, &placed, &edges);
        let bottom = placed.iter().flatten().map(|slot| slot.middle + slot.height / 2.0);
        sheet.top = bottom.fold(0.0, f64::max) + MARGIN;
        if edges.iter().any(|(edge, _)| edge.asynchronous) {
            sheet.note("Dashed: the caller does not wait for an answer.");
        }
        Some(sheet.finish())
    }

    fn csv(&self) -> String {
        let row = |edge: &Edge| {
            let label = edge.label.clone().unwrap_or_default();
            [edge.from.clone(), edge.to.clone(), label, edge.asynchronous.to_string()]
        };
        table::csv(["from", "to", "label", "asynchronous"], self.edges.iter().map(row))
    }
}

impl Node {
    /// Width and height of its box.
    fn size(&self) -> (f64, f64) {
        let small = self.details.iter().chain([&self.kind]).map(|line| Face::SMALL.width(line));
        let text = small.fold(Face::STRONG.width(&self.id), f64::max).clamp(TEXT_WIDTH.0, TEXT_WIDTH.1);
        let lines = 2 + self.details.len();
        (text + 2.0 * PADDING, lines as f64 * LINE_HEIGHT + PADDING)
    }

    fn draw(&self, canvas: &mut Canvas, slot: &Placed) {
        let (top, bottom) = (slot.middle - slot.height / 2.0, slot.middle + slot.height / 2.0);
        canvas.block((slot.left, top), (slot.right, bottom), SHADE);
        let corners = [
            (slot.left, top),
            (slot.right, top),
            (slot.right, bottom),
            (slot.left, bottom),
            (slot.left, top),
        ];
        canvas.path(&Group::default(), &corners, stroke(RULE, 1.2));
        let lines = [(&self.id, Face::STRONG, INK), (&self.kind, Face::SMALL, SOFT)];
        let details = self.details.iter().map(|line| (line, Face::SMALL, INK));
        for (row, (text, face, colour)) in lines.into_iter().chain(details).enumerate() {
            let at = (slot.left + PADDING, top + PADDING / 2.0 + (row as f64 + 0.5) * LINE_HEIGHT);
            canvas.words(
                &Words::new(text, at, face, colour).within(slot.right - slot.left - 2.0 * PADDING + 1.0),
            );
        }
    }
}

impl Diagram {
    /// The edges between known nodes, with the nodes' numbers.
    fn known_edges(&self) -> Vec<(&Edge, (usize, usize))> {
        let number = |id: &str| self.nodes.iter().position(|node| node.id == id);
        let ends = |edge: &Edge| Some((number(&edge.from)?, number(&edge.to)?));
        self.edges.iter().filter_map(|edge| Some((edge, ends(edge)?))).collect()
    }

    fn draw_arrows(
        &self,
        canvas: &mut Canvas,
        layers: &Layers,
        placed: &[Vec<Placed>],
        edges: &[(&Edge, (usize, usize))],
    ) {
        let drawn = edges.iter().filter(|(_, (from, to))| from != to);
        let routes = routes::routes(layers, placed);
        for (((edge, ends), route), right) in drawn.zip(routes).zip(&layers.arrows) {
            draw_arrow(canvas, edge, &route, ends == right);
        }
    }

    fn draw_boxes(&self, canvas: &mut Canvas, placed: &[Vec<Placed>], edges: &[(&Edge, (usize, usize))]) {
        for slot in placed.iter().flatten() {
            let Slot::Box(number) = slot.slot else { continue };
            let Some(node) = self.nodes.get(number) else { continue };
            node.draw(canvas, slot);
            if edges.iter().any(|(_, ends)| *ends == (number, number)) {
                draw_loop(canvas, slot);
            }
        }
    }
}

/// The distance from each layer to the next: room for the labels of the arrows that begin there.
fn gaps(layers: &Layers, edges: &[(&Edge, (usize, usize))]) -> Vec<f64> {
    let begins = |slots: &[Slot], ends: (usize, usize)| {
        let places = [ends, (ends.1, ends.0)].map(|ends| layers.arrows.contains(&ends).then_some(ends.0));
        places.into_iter().flatten().any(|node| slots.contains(&Slot::Box(node)))
    };
    let gap = |slots: &Vec<Slot>| {
        let here = edges.iter().filter(|(_, ends)| begins(slots, *ends));
        let labels = here.filter_map(|(edge, _)| edge.label.as_ref()).map(|label| Face::SMALL.width(label));
        labels.map(|width| width + LABEL_AIR).fold(NARROWEST_GAP, f64::max).min(WIDEST_GAP)
    };
    layers.slots.iter().map(gap).collect()
}

fn shifted(mut placed: Vec<Vec<Placed>>, by: Place) -> Vec<Vec<Placed>> {
    for slot in placed.iter_mut().flatten() {
        slot.left += by.0;
        slot.right += by.0;
        slot.middle += by.1;
    }
    placed
}

fn draw_arrow(canvas: &mut Canvas, edge: &Edge, route: &[Place], rightwards: bool) {
    let (Some(first), Some(last)) = (route.first().copied(), route.last().copied()) else { return };
    let dash = if edge.asynchronous { Dash::Dashed } else { Dash::Solid };
    let told = format!("{} → {}", edge.from, edge.to);
    canvas.path(&Group::default().dash(dash).tooltip(&told), route, stroke(SOFT, 1.5));
    let tip = if rightwards { last } else { first };
    canvas.shape(&Group::default(), &routes::head(tip, rightwards), SOFT.to_rgba());
    if let Some(label) = &edge.label {
        // On the arrow itself, in its first gap, past the crowd at the box.
        let room = WIDEST_GAP - LABEL_AIR;
        let x = first.0 + LABEL_AIR * 0.6 + Face::SMALL.width(label).min(room) / 2.0;
        let words = Words::new(label, (x, route_height(route, x)), Face::SMALL, SOFT).align(Align::Centre);
        canvas.words_in(halo(), &words.within(room));
    }
}

/// How high an arrow is at `x`.
fn route_height(route: &[Place], x: f64) -> f64 {
    route.iter().find(|place| place.0 >= x).or(route.last()).map_or(0.0, |place| place.1)
}

/// An arrow from a box to itself, over its upper right corner.
fn draw_loop(canvas: &mut Canvas, slot: &Placed) {
    let top = slot.middle - slot.height / 2.0;
    let (left, right) = (slot.right - 26.0, slot.right - 12.0);
    let way = [(left, top), (left, top - 9.0), (right, top - 9.0), (right, top)];
    canvas.path(&Group::default(), &way, stroke(SOFT, 1.5));
    let head = [(right, top), (right - 3.5, top - 7.0), (right + 3.5, top - 7.0)];
    canvas.shape(&Group::default(), &head, SOFT.to_rgba());
}
