//! Segmented LRU: on trial first, protected once used again.
//!
//! Newcomers stand in the lowest segment. A hit lifts an object into the next segment; who no longer fits there
//! falls back into the one below as its newest. The oldest of the lowest segment goes, so a scan of keys used once
//! flushes no other segment. Karedla, Love & Wherry, *Caching Strategies to Improve Disk System Performance*, IEEE
//! Computer, 1994.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{
    Capacity, Entries, Evict, Newcomer, Slot,
    list::{Links, PerSlot, Segment},
    share::part,
};

/// `Slru(segments: [0.2, 0.8])`, `Slru(segments: [0.25, 0.25, 0.25, 0.25])`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The segments' shares of the capacity from the lowest to the highest, above 0, 1 in all. The lowest also takes
    /// whatever room the others leave. Default `[0.2, 0.8]`: Caffeine; four equal ones are libCacheSim's.
    pub segments: Vec<f64>,
}

impl Default for Spec {
    fn default() -> Self {
        Self { segments: vec![0.2, 0.8] }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require((1..=255).contains(&self.segments.len()), "segments", || {
            format!("there are 1 to 255 segments, not {}", self.segments.len())
        });
        check.at("segments", |check| {
            for (index, &share) in self.segments.iter().enumerate() {
                check.at(index, |check| check.positive("share", share));
            }
        });
        let sum: f64 = self.segments.iter().sum();
        check.require((sum - 1.0).abs() < 1e-6, "segments", || format!("shares add up to 1, not {sum}"));
    }

    /// For static dispatch; else build the family.
    pub fn build(&self, capacity: Capacity) -> State {
        let limits: Vec<u64> = self.segments.iter().map(|&share| part(capacity.limit(), share)).collect();
        State {
            links: Links::default(),
            segments: vec![Segment::default(); limits.len().max(1)],
            limits,
            levels: PerSlot::default(),
        }
    }
}

/// Each segment by last use, and which one each slot is in.
#[derive(Clone, Debug)]
pub struct State {
    links: Links,
    segments: Vec<Segment>,
    limits: Vec<u64>,
    levels: PerSlot<u8>,
}

impl State {
    fn lift(&mut self, place: u32, level: usize, entries: &Entries) {
        let weight = entries.weight(Slot(place));
        self.segments[level].unlink(&mut self.links, place, weight);
        self.enter(place, level + 1, weight);
        for level in (1..=level + 1).rev() {
            self.overflow(level, entries);
        }
    }

    /// Lets those that no longer fit into a segment fall into the one below.
    fn overflow(&mut self, level: usize, entries: &Entries) {
        while self.segments[level].weight() > self.limits[level]
            && let Some(oldest) = self.segments[level].oldest()
        {
            let weight = entries.weight(Slot(oldest));
            self.segments[level].unlink(&mut self.links, oldest, weight);
            self.enter(oldest, level - 1, weight);
        }
    }

    fn enter(&mut self, place: u32, level: usize, weight: u64) {
        self.segments[level].push(&mut self.links, place, weight);
        self.levels.put(place, level as u8);
    }
}

impl Evict for State {
    #[inline]
    fn on_hit(&mut self, slot: Slot, entries: &mut Entries) {
        let level = usize::from(self.levels[slot.0]);
        // What is larger than the segment above would only fall back at once.
        if level + 1 < self.segments.len() && entries.weight(slot) <= self.limits[level + 1] {
            self.lift(slot.0, level, entries);
        } else {
            self.segments[level].refresh(&mut self.links, slot.0);
        }
    }

    #[inline]
    fn evict(&mut self, _: &Newcomer, entries: &mut Entries, _: &mut Stream) -> Option<Slot> {
        let oldest = Slot(self.segments.iter().find_map(Segment::oldest)?);
        self.on_remove(oldest, entries);
        Some(oldest)
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, newcomer: &Newcomer, _: &mut Entries) {
        self.enter(slot.0, 0, newcomer.weight);
    }

    #[inline]
    fn on_remove(&mut self, slot: Slot, entries: &mut Entries) {
        let level = usize::from(self.levels[slot.0]);
        self.segments[level].unlink(&mut self.links, slot.0, entries.weight(slot));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::eviction::testing::story;

    #[test]
    fn once_used_again_an_object_survives_a_scan() {
        let spec = Spec { segments: vec![0.5, 0.5] };
        assert_eq!(story(&spec, 4, "a a b b c d e f a b"), "a a! b b! c d e(-c) f(-d) a! b!");
        // A third protected one sends the oldest of them back on trial, as the newest there.
        assert_eq!(story(&spec, 4, "a b c d a b c e f g"), "a b c d a! b! c! e(-d) f(-a) g(-e)");
    }
}
