//! S3-FIFO: a small FIFO queue filters what is used only once, a main one keeps the rest, a ghost queue remembers.
//!
//! Newcomers enter the small queue, or the main one if the ghost queue remembers them. At the end of the small queue
//! an object used often enough moves on, the others leave and are remembered; at the end of the main queue an object
//! with uses left loses one and goes round again. 2Q's second list is an LRU; here a hit only counts, up to 3.
//! Yang et al., *FIFO Queues Are All You Need for Cache Eviction*, SOSP 2023; details as in libCacheSim's `S3FIFO.c`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{
    Capacity, Entries, Evict, Newcomer, Slot,
    ghosts::Ghosts,
    list::{Links, PerSlot, Segment},
    share::part,
};

/// `S3Fifo(small: 0.1, remembered: 0.9, threshold: 2)`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The small queue's share of the capacity. Default 0.1: the paper.
    pub small: f64,
    /// How much is remembered of what left the small queue, as a share of the capacity. Default 0.9: libCacheSim.
    pub remembered: f64,
    /// How often an object must have been used in the small queue to move on, 1 to 3. Default 2: libCacheSim.
    pub threshold: u8,
}

impl Default for Spec {
    fn default() -> Self {
        Self { small: 0.1, remembered: 0.9, threshold: 2 }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.fraction("small", self.small);
        check.positive("remembered", self.remembered);
        check.require((1..=MOST).contains(&self.threshold), "threshold", || {
            format!("uses are counted up to {MOST}, so a threshold is 1 to {MOST}, not {}", self.threshold)
        });
    }

    /// For static dispatch; else build the family.
    pub fn build(&self, capacity: Capacity) -> State {
        let limit = capacity.limit();
        State {
            links: Links::default(),
            small: Segment::default(),
            main: Segment::default(),
            slots: PerSlot::default(),
            left: Ghosts::default(),
            came_back: false,
            main_limit: limit - part(limit, self.small).min(limit),
            remembered: (limit as f64 * self.remembered) as u64,
            threshold: self.threshold,
        }
    }
}

/// Two bits count uses.
const MOST: u8 = 3;

/// In which queue a slot is, and how many of its uses are left.
#[derive(Clone, Copy, Debug, Default)]
struct Use {
    in_main: bool,
    count: u8,
}

/// The queues S and M, and the ghosts G.
#[derive(Clone, Debug)]
pub struct State {
    links: Links,
    small: Segment,
    main: Segment,
    slots: PerSlot<Use>,
    left: Ghosts,
    came_back: bool,
    main_limit: u64,
    remembered: u64,
    threshold: u8,
}

impl State {
    fn evict_small(&mut self, entries: &Entries) -> Option<u32> {
        // Ends: each step takes one out of the small queue.
        loop {
            let oldest = self.small.oldest()?;
            let weight = entries.weight(Slot(oldest));
            self.small.unlink(&mut self.links, oldest, weight);
            if self.slots[oldest].count < self.threshold {
                self.left.insert(entries.key(Slot(oldest)), weight);
                self.left.trim(self.remembered);
                return Some(oldest);
            }
            self.slots[oldest] = Use { in_main: true, count: 0 };
            self.main.push(&mut self.links, oldest, weight);
        }
    }

    fn evict_main(&mut self, entries: &Entries) -> Option<u32> {
        // Ends: each step takes one off a count.
        loop {
            let oldest = self.main.oldest()?;
            let count = &mut self.slots[oldest].count;
            if *count == 0 {
                self.main.unlink(&mut self.links, oldest, entries.weight(Slot(oldest)));
                return Some(oldest);
            }
            *count -= 1;
            self.main.refresh(&mut self.links, oldest);
        }
    }
}

impl Evict for State {
    #[inline]
    fn on_hit(&mut self, slot: Slot, _: &Entries) {
        let count = &mut self.slots[slot.0].count;
        if *count < MOST {
            *count += 1;
        }
    }

    #[inline]
    fn on_miss(&mut self, newcomer: &Newcomer, _: &Entries) {
        self.came_back = self.left.take(newcomer.key);
    }

    #[inline]
    fn evict(&mut self, _: &Newcomer, entries: &Entries, _: &mut Stream) -> Option<Slot> {
        let of_small = if self.main.weight() > self.main_limit { None } else { self.evict_small(entries) };
        let place = of_small.or_else(|| self.evict_main(entries)).or_else(|| self.evict_small(entries))?;
        Some(Slot(place))
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, newcomer: &Newcomer, _: &Entries) {
        self.slots.put(slot.0, Use { in_main: self.came_back, count: 0 });
        let queue = if self.came_back { &mut self.main } else { &mut self.small };
        queue.push(&mut self.links, slot.0, newcomer.weight);
    }

    fn on_remove(&mut self, slot: Slot, entries: &Entries) {
        let queue = if self.slots[slot.0].in_main { &mut self.main } else { &mut self.small };
        queue.unlink(&mut self.links, slot.0, entries.weight(slot));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::eviction::testing::story;

    #[test]
    fn what_is_used_once_passes_through() {
        // a's two uses take it into the main queue when c comes to its end of the small one; d came back, so it
        // goes there at once and survives the scan with a.
        let told = story(&Spec::default(), 3, "a a a b c d b e f a b");
        assert_eq!(told, "a a! a! b c d(-b) b(-c) e(-d) f(-e) a! b!");
    }
}
