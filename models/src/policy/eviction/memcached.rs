//! memcached's segmented LRU: newcomers are hot, what is used twice is warm, what is used no more is cold and goes.
//!
//! Use moves nothing but marks: the first one an object as fetched, every further one as active. When the hot or the warm
//! segment's oldest is active, it moves to the newest of the warm ones and is active no more; if its segment is too large
//! and it is not, it grows cold. What is used while it is cold, and was before, is warm again. The oldest cold one goes,
//! active or not. Differs from segmented LRU, where each hit lifts. memcached 1.6 `items.c`: `do_item_bump`,
//! `lru_pull_tail`. Not modelled: the limits of age, and slab classes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{
    Capacity, Entries, Evict, Newcomer, Slot,
    list::{Links, PerSlot, Segment},
};

/// `Memcached(hot: 0.2, warm: 0.4)`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The part of what is held that may be hot, above 0. Default 0.2 (`hot_lru_pct`).
    pub hot: f64,
    /// The part that may be warm, above 0; with `hot` below 1. Default 0.4 (`warm_lru_pct`).
    pub warm: f64,
}

impl Default for Spec {
    fn default() -> Self {
        Self { hot: 0.2, warm: 0.4 }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.positive("hot", self.hot);
        check.positive("warm", self.warm);
        check.require(self.hot + self.warm < 1.0, "warm", || {
            format!("hot and warm leave something cold: {} + {} is not below 1", self.hot, self.warm)
        });
    }

    /// For static dispatch; else build the family.
    pub fn build(&self, _: Capacity) -> State {
        State {
            shares: [self.hot, self.warm],
            links: Links::default(),
            segments: [Segment::default(); 3],
            items: PerSlot::default(),
        }
    }
}

const HOT: usize = 0;
const WARM: usize = 1;
const COLD: usize = 2;

/// Where a slot stands and what was seen of its use.
#[derive(Clone, Copy, Debug, Default)]
struct Item {
    segment: u8,
    fetched: bool,
    active: bool,
}

/// The three segments.
#[derive(Clone, Debug)]
pub struct State {
    shares: [f64; 2],
    links: Links,
    segments: [Segment; 3],
    items: PerSlot<Item>,
}

impl State {
    /// Moves a slot to the newest of a segment; it has to show that it is used again.
    fn shift(&mut self, place: u32, to: usize, entries: &Entries) {
        let weight = entries.weight(Slot(place));
        let item = &mut self.items[place];
        self.segments[usize::from(item.segment)].unlink(&mut self.links, place, weight);
        (item.segment, item.active) = (to as u8, false);
        self.segments[to].push(&mut self.links, place, weight);
    }

    /// Deals with the oldest of a segment that may weigh so much; whether it moved.
    fn pull(&mut self, segment: usize, limit: u64, entries: &Entries) -> bool {
        let Some(oldest) = self.segments[segment].oldest() else { return false };
        if self.items[oldest].active {
            self.shift(oldest, WARM, entries);
        } else if self.segments[segment].weight() > limit {
            self.shift(oldest, COLD, entries);
        } else {
            return false;
        }
        true
    }

    /// Lets hot and warm ones move on until each segment has its part.
    fn settle(&mut self, entries: &Entries) {
        let total: u64 = self.segments.iter().map(Segment::weight).sum();
        for segment in [HOT, WARM] {
            let limit = (total as f64 * self.shares[segment]) as u64;
            // Ends: each step takes a mark off or lets the segment shrink.
            while self.pull(segment, limit, entries) {}
        }
    }
}

impl Evict for State {
    #[inline]
    fn on_hit(&mut self, slot: Slot, entries: &mut Entries) {
        let item = &mut self.items[slot.0];
        if !item.fetched {
            item.fetched = true;
        } else if usize::from(item.segment) == COLD {
            self.shift(slot.0, WARM, entries);
            self.settle(entries);
        } else {
            item.active = true;
        }
    }

    #[inline]
    fn evict(&mut self, _: &Newcomer, entries: &mut Entries, _: &mut Stream) -> Option<Slot> {
        // Where nothing is cold, the oldest hot one grows cold, else the oldest warm one.
        while self.segments[COLD].oldest().is_none() {
            if !self.pull(HOT, 0, entries) && !self.pull(WARM, 0, entries) {
                return None;
            }
        }
        let oldest = Slot(self.segments[COLD].oldest()?);
        self.on_remove(oldest, entries);
        Some(oldest)
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, newcomer: &Newcomer, entries: &mut Entries) {
        self.items.put(slot.0, Item::default());
        self.segments[HOT].push(&mut self.links, slot.0, newcomer.weight);
        self.settle(entries);
    }

    #[inline]
    fn on_remove(&mut self, slot: Slot, entries: &mut Entries) {
        let segment = usize::from(self.items[slot.0].segment);
        self.segments[segment].unlink(&mut self.links, slot.0, entries.weight(slot));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::eviction::testing::story;

    #[test]
    fn what_is_used_twice_outlives_what_is_not() {
        // By hand, five objects: one hot, two warm. b, d and e are used twice while they are cold and grow warm; with three
        // of them b is the oldest and not active, so it is cold again and the one after f.
        let told = story(&Spec::default(), 5, "a b c d e f b b g d d e e h i");
        assert_eq!(told, "a b c d e f(-a) b! b! g(-c) d! d! e! e! h(-f) i(-b)");
    }

    #[test]
    fn a_warm_one_that_is_used_stays_warm() {
        // The same, but b is used once more while it is warm: it takes a second turn, and d is cold instead.
        let told = story(&Spec::default(), 5, "a b c d e f b b g d d b e e h i");
        assert_eq!(told, "a b c d e f(-a) b! b! g(-c) d! d! b! e! e! h(-f) i(-d)");
    }

    #[test]
    fn once_is_not_enough() {
        let told = story(&Spec::default(), 5, "a b c d e a f");
        assert_eq!(told, "a b c d e a! f(-a)", "fetched, but not active");
    }
}
