//! Layers: which column each box stands in, and in which order, so that few arrows cross.
//!
//! The method of Sugiyama, Tagawa and Toda (*Methods for Visual Understanding of Hierarchical System Structures*,
//! 1981): turn the arrows that close cycles, put each box behind all its callers, let long arrows pass through a
//! free place in every layer between, and sort each layer by the mean place of its neighbours.

/// A place in a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// Box number so-and-so.
    Box(usize),
    /// Free for arrow number so-and-so to pass.
    Passage(usize),
}

/// An arrow between neighbouring layers: places in a layer and in the next.
pub(super) type Link = (usize, usize);

/// Boxes and passages by layer, from left to right, each from top to bottom.
#[derive(Clone, Debug)]
pub(super) struct Layers {
    pub(super) slots: Vec<Vec<Slot>>,
    /// The arrows from the left to the right end, those that close cycles turned round.
    pub(super) arrows: Vec<(usize, usize)>,
}

/// Rounds of sorting; the order hardly changes after a few.
const ROUNDS: usize = 12;

impl Layers {
    /// Layers of `count` boxes under `arrows` between different boxes.
    pub(super) fn new(count: usize, arrows: &[(usize, usize)]) -> Self {
        let arrows = without_cycles(count, arrows);
        let depth = depths(count, &arrows);
        let mut layers = Self { slots: places(count, &arrows, &depth), arrows };
        let mut best = (layers.crossings(), layers.slots.clone());
        for round in 0..ROUNDS {
            layers.sort(round % 2 == 0);
            let crossings = layers.crossings();
            if crossings < best.0 {
                best = (crossings, layers.slots.clone());
            }
        }
        Self { slots: best.1, ..layers }
    }

    /// The arrows from layer `left` to the next, as places within the two.
    pub(super) fn links(&self, left: usize) -> Vec<Link> {
        let (Some(here), Some(next)) = (self.slots.get(left), self.slots.get(left + 1)) else {
            return Vec::new();
        };
        let place = |layer: &[Slot], arrow: usize, end: usize| {
            layer.iter().position(|slot| *slot == Slot::Passage(arrow) || *slot == Slot::Box(end))
        };
        let link = |(arrow, (from, to)): (usize, &(usize, usize))| {
            Some((place(here, arrow, *from)?, place(next, arrow, *to)?))
        };
        self.arrows.iter().enumerate().filter_map(link).collect()
    }

    fn sort(&mut self, rightwards: bool) {
        let count = self.slots.len();
        for step in 1..count {
            let layer = if rightwards { step } else { count - 1 - step };
            let links = self.links(if rightwards { layer - 1 } else { layer });
            let neighbours = |place: usize| -> Vec<f64> {
                let turned = links
                    .iter()
                    .map(|(left, right)| if rightwards { (*right, *left) } else { (*left, *right) });
                turned.filter(|(own, _)| *own == place).map(|(_, other)| other as f64).collect()
            };
            let Some(slots) = self.slots.get_mut(layer) else { continue };
            // A slot without neighbours keeps its place.
            let wanted = |place: usize| mean(&neighbours(place)).unwrap_or(place as f64);
            let mut order: Vec<(f64, Slot)> =
                slots.iter().enumerate().map(|(place, slot)| (wanted(place), *slot)).collect();
            order.sort_by(|a, b| a.0.total_cmp(&b.0));
            *slots = order.into_iter().map(|(_, slot)| slot).collect();
        }
    }

    /// How many pairs of arrows cross.
    pub(super) fn crossings(&self) -> usize {
        (0..self.slots.len()).map(|left| crossings(&self.links(left))).sum()
    }
}

fn crossings(links: &[Link]) -> usize {
    let crosses = |a: &Link, b: &Link| (a.0 < b.0 && a.1 > b.1) || (a.0 > b.0 && a.1 < b.1);
    let later =
        |(index, link): (usize, &Link)| links[index..].iter().filter(|other| crosses(link, other)).count();
    links.iter().enumerate().map(later).sum()
}

/// The mean of some places, if there are any.
pub(super) fn mean(places: &[f64]) -> Option<f64> {
    (!places.is_empty()).then(|| places.iter().sum::<f64>() / places.len() as f64)
}

/// The arrows, with those turned round that lead back to a box still being visited.
fn without_cycles(count: usize, arrows: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let order = finishing_order(count, arrows);
    let turned =
        |(from, to): &(usize, usize)| if order[*from] < order[*to] { (*to, *from) } else { (*from, *to) };
    arrows.iter().map(turned).collect()
}

/// When a depth-first visit leaves each box; callers leave after those they call, but for cycles.
fn finishing_order(count: usize, arrows: &[(usize, usize)]) -> Vec<usize> {
    let called = |by: usize| arrows.iter().filter(move |arrow| arrow.0 == by).map(|arrow| arrow.1);
    let mut finished = vec![0; count];
    let mut seen = vec![false; count];
    let mut clock = 0;
    for start in sources_first(count, arrows) {
        let mut path = vec![(start, 0)];
        while let Some((node, next)) = path.pop() {
            if next == 0 && std::mem::replace(&mut seen[node], true) {
                continue;
            }
            if let Some(child) = called(node).nth(next) {
                path.push((node, next + 1));
                path.push((child, 0));
            } else {
                clock += 1;
                finished[node] = clock;
            }
        }
    }
    finished
}

/// Boxes that nobody calls, then the others.
fn sources_first(count: usize, arrows: &[(usize, usize)]) -> Vec<usize> {
    let is_called = |node: &usize| arrows.iter().any(|arrow| arrow.1 == *node);
    let (called, sources): (Vec<usize>, Vec<usize>) = (0..count).partition(is_called);
    sources.into_iter().chain(called).collect()
}

/// For each box the length of the longest way to it.
fn depths(count: usize, arrows: &[(usize, usize)]) -> Vec<usize> {
    let mut depth = vec![0; count];
    // Without cycles no way is longer than the number of boxes.
    for _ in 0..count {
        for (from, to) in arrows {
            depth[*to] = depth[*to].max(depth[*from] + 1);
        }
    }
    depth
}

/// Boxes in the order given, each arrow's passages behind them.
fn places(count: usize, arrows: &[(usize, usize)], depth: &[usize]) -> Vec<Vec<Slot>> {
    let layers = depth.iter().max().map_or(0, |deepest| deepest + 1);
    let mut slots = vec![Vec::new(); layers];
    for node in 0..count {
        slots[depth[node]].push(Slot::Box(node));
    }
    for (arrow, (from, to)) in arrows.iter().enumerate() {
        for layer in &mut slots[depth[*from] + 1..depth[*to]] {
            layer.push(Slot::Passage(arrow));
        }
    }
    slots
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn callers_stand_left_of_those_they_call() {
        let layers = Layers::new(4, &[(0, 1), (1, 2), (0, 2), (2, 3)]);
        let boxes: Vec<Vec<Slot>> = layers.slots;
        assert_eq!(boxes[0], [Slot::Box(0)]);
        assert_eq!(boxes[1], [Slot::Box(1), Slot::Passage(2)]);
        assert_eq!(boxes[2..], [vec![Slot::Box(2)], vec![Slot::Box(3)]]);
    }

    #[test]
    fn a_tangle_that_can_be_undone_is_undone() {
        // 0 calls 5, 1 calls 4, 2 calls 3: drawn in the given order all three pairs cross.
        assert_eq!(Layers::new(6, &[(0, 5), (1, 4), (2, 3)]).crossings(), 0);
    }

    proptest! {
        #[test]
        fn every_box_has_one_place_and_every_arrow_runs_to_the_right(
            count in 1..12usize, raw in prop::collection::vec((0..12usize, 0..12usize), 0..30)
        ) {
            let arrows: Vec<_> =
                raw.into_iter().map(|(a, b)| (a % count, b % count)).filter(|(a, b)| a != b).collect();
            let layers = Layers::new(count, &arrows);
            let depth = |node| layers.slots.iter().position(|slots| slots.contains(&Slot::Box(node)));
            for node in 0..count {
                prop_assert_eq!(layers.slots.iter().flatten().filter(|slot| **slot == Slot::Box(node)).count(), 1);
            }
            for (from, to) in &layers.arrows {
                prop_assert!(depth(*from) < depth(*to));
            }
            let links: usize = (0..layers.slots.len()).map(|left| layers.links(left).len()).sum();
            let lengths = layers.arrows.iter().map(|(from, to)| depth(*to).unwrap() - depth(*from).unwrap());
            prop_assert_eq!(links, lengths.sum::<usize>());
        }
    }
}
