//! Routes: the way of each arrow, from its port at one box through its passages to its port at another.

use super::layers::{Layers, Slot};
use super::places::Placed;
use crate::charts::canvas::Place;

/// Steps a curve is drawn in.
const STEPS: u32 = 14;
/// Length of an arrow's head.
const HEAD: f64 = 9.0;
/// Distance of two ports, at most.
const PORTS_APART: f64 = 14.0;

/// The slots an arrow visits, from left to right.
struct Way {
    arrow: usize,
    stops: Vec<Placed>,
}

/// An end of a way.
#[derive(Clone, Copy)]
enum End {
    Left,
    Right,
}

/// The way of every arrow from its left to its right end.
pub(super) fn routes(layers: &Layers, placed: &[Vec<Placed>]) -> Vec<Vec<Place>> {
    let way = |(arrow, (from, to)): (usize, &(usize, usize))| {
        let visited = [Slot::Box(*from), Slot::Passage(arrow), Slot::Box(*to)];
        let stops = placed.iter().flatten().filter(|placed| visited.contains(&placed.slot)).copied();
        Way { arrow, stops: stops.collect() }
    };
    let ways: Vec<Way> = layers.arrows.iter().enumerate().map(way).collect();
    ways.iter().map(|way| way.route(&ways).unwrap_or_default()).collect()
}

impl Way {
    fn route(&self, all: &[Self]) -> Option<Vec<Place>> {
        let leaves = (self.end(End::Left)?.0.right, self.port(End::Left, all)?);
        let arrives = (self.end(End::Right)?.0.left, self.port(End::Right, all)?);
        let mut corners = vec![leaves];
        for passage in self.stops.iter().filter(|stop| matches!(stop.slot, Slot::Passage(_))) {
            corners.extend([(passage.left, passage.middle), (passage.right, passage.middle)]);
        }
        corners.push(arrives);
        let pairs = corners.iter().zip(corners.iter().skip(1));
        Some(pairs.flat_map(|(from, to)| curve(*from, *to)).chain([arrives]).collect())
    }

    /// The box at an end, and the stop beside it.
    fn end(&self, end: End) -> Option<(&Placed, &Placed)> {
        let mut stops = self.stops.iter();
        match end {
            End::Left => Some((stops.next()?, stops.next()?)),
            End::Right => Some((stops.next_back()?, stops.next_back()?)),
        }
    }

    /// The height at which it meets the box at an end: ways from above meet it above, equal ones in their order.
    fn port(&self, end: End, all: &[Self]) -> Option<f64> {
        let (node, _) = self.end(end)?;
        let order = |way: &Self| {
            let (other, beside) = way.end(end)?;
            (other.slot == node.slot).then_some((beside.middle, way.arrow))
        };
        let mut here: Vec<(f64, usize)> = all.iter().filter_map(order).collect();
        here.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let rank = here.iter().position(|(_, arrow)| *arrow == self.arrow)?;
        let apart = (node.height / (here.len() + 1) as f64).min(PORTS_APART);
        Some(node.middle + apart * (rank as f64 - (here.len() - 1) as f64 / 2.0))
    }
}

/// A curve that leaves and arrives horizontally, without its last point.
fn curve(from: Place, to: Place) -> impl Iterator<Item = Place> {
    (0..STEPS).map(move |step| {
        let part = f64::from(step) / f64::from(STEPS);
        let eased = part * part * (3.0 - 2.0 * part);
        (from.0 + part * (to.0 - from.0), from.1 + eased * (to.1 - from.1))
    })
}

/// The corners of a head at the end of a way.
pub(super) fn head(tip: Place, rightwards: bool) -> [Place; 3] {
    let back = if rightwards { tip.0 - HEAD } else { tip.0 + HEAD };
    [tip, (back, tip.1 - HEAD * 0.45), (back, tip.1 + HEAD * 0.45)]
}
