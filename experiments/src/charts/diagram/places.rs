//! Places: the pixels of boxes and passages, once their layers are known.

use super::layers::{Layers, Link, Slot, mean};
use crate::charts::spread;

/// Vertical distance of two boxes.
const BETWEEN: f64 = 18.0;
/// Height of a passage.
const PASSAGE: f64 = 12.0;
/// Rounds of moving boxes towards their neighbours.
const ROUNDS: usize = 10;

/// Where a slot stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Placed {
    pub(super) slot: Slot,
    pub(super) left: f64,
    pub(super) right: f64,
    /// Vertical middle.
    pub(super) middle: f64,
    pub(super) height: f64,
}

/// Every slot's place by layer, the topmost edge at zero; `gaps` are the distances from each layer to the next.
pub(super) fn place(layers: &Layers, sizes: &[(f64, f64)], gaps: &[f64]) -> Vec<Vec<Placed>> {
    let mut left = 0.0;
    let mut placed = Vec::new();
    for (layer, slots) in layers.slots.iter().enumerate() {
        let width = slots.iter().map(|slot| size(*slot, sizes).0).fold(0.0, f64::max);
        placed.push(stacked(slots, sizes, left, width));
        left += width + gaps.get(layer).copied().unwrap_or(0.0);
    }
    for round in 0..ROUNDS {
        settle(&mut placed, layers, round % 2 == 0);
    }
    let top =
        placed.iter().flatten().map(|slot| slot.middle - slot.height / 2.0).fold(f64::INFINITY, f64::min);
    placed.iter_mut().flatten().for_each(|slot| slot.middle -= top);
    placed
}

fn size(slot: Slot, sizes: &[(f64, f64)]) -> (f64, f64) {
    match slot {
        Slot::Box(node) => sizes.get(node).copied().unwrap_or_default(),
        Slot::Passage(_) => (0.0, PASSAGE),
    }
}

/// A layer, each slot right below the one before it.
fn stacked(slots: &[Slot], sizes: &[(f64, f64)], left: f64, width: f64) -> Vec<Placed> {
    let mut top = 0.0;
    let mut place = |slot: &Slot| {
        let (own, height) = size(*slot, sizes);
        let middle = top + height / 2.0;
        top += height + BETWEEN;
        // Boxes are centred in their layer; arrows pass straight through its whole width.
        let inset = if own > 0.0 { (width - own) / 2.0 } else { 0.0 };
        Placed { slot: *slot, left: left + inset, right: left + width - inset, middle, height }
    };
    slots.iter().map(&mut place).collect()
}

/// Moves every slot of each layer towards the middle of its neighbours on both sides.
fn settle(placed: &mut [Vec<Placed>], layers: &Layers, rightwards: bool) {
    let count = placed.len();
    for step in 0..count {
        let layer = if rightwards { step } else { count - 1 - step };
        let before = if layer > 0 { layers.links(layer - 1) } else { Vec::new() };
        let after = layers.links(layer);
        let wanted: Vec<f64> = (0..placed[layer].len())
            .map(|own| {
                let near = neighbours(placed, layer, own, (&before, &after));
                mean(&near).unwrap_or(placed[layer][own].middle)
            })
            .collect();
        let middles = spread::apart(&wanted, &offsets(&placed[layer]));
        for (slot, middle) in placed[layer].iter_mut().zip(middles) {
            slot.middle = middle;
        }
    }
}

fn neighbours(placed: &[Vec<Placed>], layer: usize, own: usize, links: (&[Link], &[Link])) -> Vec<f64> {
    let left = links.0.iter().filter(|link| link.1 == own).map(|link| placed[layer - 1][link.0].middle);
    let right = links.1.iter().filter(|link| link.0 == own).map(|link| placed[layer + 1][link.1].middle);
    left.chain(right).collect()
}

/// The least distances of the slots' middles from the first.
fn offsets(slots: &[Placed]) -> Vec<f64> {
    let mut offset = 0.0;
    let mut offsets = vec![0.0; slots.len().min(1)];
    for pair in slots.windows(2) {
        offset += f64::midpoint(pair[0].height, pair[1].height) + BETWEEN;
        offsets.push(offset);
    }
    offsets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_of_a_layer_do_not_overlap_and_a_caller_stands_before_its_callees() {
        let layers = Layers::new(4, &[(0, 1), (0, 2), (0, 3)]);
        let placed = place(&layers, &[(100.0, 40.0), (80.0, 30.0), (80.0, 50.0), (80.0, 30.0)], &[60.0]);
        let tops: Vec<(f64, f64)> = placed[1]
            .iter()
            .map(|slot| (slot.middle - slot.height / 2.0, slot.middle + slot.height / 2.0))
            .collect();
        assert!(tops.windows(2).all(|pair| pair[1].0 - pair[0].1 >= BETWEEN - 1e-9), "{tops:?}");
        assert_eq!((placed[0][0].left, placed[0][0].right, placed[1][0].left), (0.0, 100.0, 160.0));
        let middle = placed[1].iter().map(|slot| slot.middle).sum::<f64>() / 3.0;
        assert!((placed[0][0].middle - middle).abs() < 1.0);
    }
}
