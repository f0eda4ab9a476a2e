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
            left: Ghosts::default(),
            slots: PerSlot::default(),
            main_limit: limit - part(limit, self.small).min(limit),
            remembered: (limit as f64 * self.remembered) as u64,
            threshold: self.threshold,
        }
    }
}

/// Two bits count uses.
const MOST: u8 = 3;

/// In which queue a slot is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Small,
    Main,
    Left,
}

/// Where a slot is, and how many of its uses are left.
#[derive(Clone, Copy, Debug, Default)]
struct Use {
    place: Place,
    count: u8,
}

/// The queues S and M, and the ghosts G.
#[derive(Clone, Debug)]
pub struct State {
    links: Links,
    small: Segment,
    main: Segment,
    left: Ghosts,
    slots: PerSlot<Use>,
    main_limit: u64,
    remembered: u64,
    threshold: u8,
}

impl State {
    #[inline]
    fn evict_small(&mut self, entries: &mut Entries) -> Option<Slot> {
        // Ends: each step takes one out of the small queue.
        loop {
            let oldest = Slot(self.small.oldest()?);
            let weight = entries.weight(oldest);
            self.small.unlink(&mut self.links, oldest.0, weight);
            if self.slots[oldest.0].count < self.threshold {
                self.remember(oldest, weight, entries);
                return Some(oldest);
            }
            self.slots[oldest.0] = Use { place: Place::Main, count: 0 };
            self.main.push(&mut self.links, oldest.0, weight);
        }
    }

    /// Remembers who leaves the small queue, as long as one alone is not too much.
    #[inline]
    fn remember(&mut self, slot: Slot, weight: u64, entries: &mut Entries) {
        self.left.trim(&mut self.links, entries, self.remembered.saturating_sub(weight));
        if weight <= self.remembered {
            self.left.push(&mut self.links, slot, weight);
            self.slots[slot.0].place = Place::Left;
        }
    }

    #[inline]
    fn evict_main(&mut self, entries: &Entries) -> Option<Slot> {
        // Ends: each step takes one off a count.
        loop {
            let oldest = self.main.oldest()?;
            let count = &mut self.slots[oldest].count;
            if *count == 0 {
                self.main.unlink(&mut self.links, oldest, entries.weight(Slot(oldest)));
                return Some(Slot(oldest));
            }
            *count -= 1;
            self.main.refresh(&mut self.links, oldest);
        }
    }
}

impl Evict for State {
    #[inline]
    fn on_hit(&mut self, slot: Slot, _: &mut Entries) {
        let count = &mut self.slots[slot.0].count;
        if *count < MOST {
            *count += 1;
        }
    }

    #[inline]
    fn on_miss(&mut self, newcomer: &Newcomer, entries: &mut Entries) {
        if let Some(slot) = newcomer.remembered {
            self.left.take(&mut self.links, slot, entries);
        }
    }

    #[inline]
    fn evict(&mut self, _: &Newcomer, entries: &mut Entries, _: &mut Stream) -> Option<Slot> {
        let of_small = if self.main.weight() > self.main_limit { None } else { self.evict_small(entries) };
        of_small.or_else(|| self.evict_main(entries)).or_else(|| self.evict_small(entries))
    }

    #[inline]
    fn remembers(&self, slot: Slot) -> bool {
        self.slots[slot.0].place == Place::Left
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, newcomer: &Newcomer, _: &mut Entries) {
        let (queue, place) = match newcomer.remembered {
            Some(_) => (&mut self.main, Place::Main),
            None => (&mut self.small, Place::Small),
        };
        queue.push(&mut self.links, slot.0, newcomer.weight);
        self.slots.put(slot.0, Use { place, count: 0 });
    }

    fn on_remove(&mut self, slot: Slot, entries: &mut Entries) {
        let in_main = self.slots[slot.0].place == Place::Main;
        let queue = if in_main { &mut self.main } else { &mut self.small };
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
