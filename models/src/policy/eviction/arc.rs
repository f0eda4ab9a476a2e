//! ARC: LRU for what was used once, LRU for what was used more, and a border that learns.
//!
//! Both lists remember as many keys that left as they hold. A key that comes back to the first list's memory says
//! that it should have been longer, one of the second's that the second should: the target moves. 2Q's border is
//! fixed. Megiddo & Modha, *ARC: A Self-Tuning, Low Overhead Replacement Cache*, FAST 2003; the target is a real
//! number here as there. In a cache of bytes, lengths are bytes and the target moves by the newcomer's size.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{
    Capacity, Entries, Evict, Newcomer, Slot,
    ghosts::Ghosts,
    list::{Links, PerSlot, Segment},
};

/// `Arc`: nothing to set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {}

impl Spec {
    pub(super) fn check(&self, _: &mut Check) {}

    /// For static dispatch; else build the family.
    pub fn build(&self, capacity: Capacity) -> State {
        State {
            links: Links::default(),
            once: Segment::default(),
            often: Segment::default(),
            is_often: PerSlot::default(),
            left_once: Ghosts::default(),
            left_often: Ghosts::default(),
            target: 0.0,
            memory: Memory::Unknown,
            limit: capacity.limit(),
        }
    }
}

/// Where a newcomer was remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Memory {
    Unknown,
    Once,
    Often,
}

/// T1 and T2, B1 and B2, and p.
#[derive(Clone, Debug)]
pub struct State {
    links: Links,
    once: Segment,
    often: Segment,
    is_often: PerSlot<bool>,
    left_once: Ghosts,
    left_often: Ghosts,
    /// What T1 is to hold, 0 to the capacity.
    target: f64,
    memory: Memory,
    limit: u64,
}

impl State {
    /// Whether REPLACE takes from T1.
    fn takes_once(&self) -> bool {
        let (held, target) = (self.once.weight(), self.target);
        let tie = self.memory == Memory::Often && held == target as u64;
        self.once.oldest().is_some() && (held as f64 > target || tie) || self.often.oldest().is_none()
    }

    /// Moves the target: a memory's key came back, which is the more telling the shorter that memory is.
    fn learn(&mut self, weight: u64) {
        let (once, often) = (self.left_once.weight() as f64, self.left_often.weight() as f64);
        let step = |own: f64, other: f64| weight as f64 * (other / own).max(1.0);
        match self.memory {
            Memory::Unknown => {}
            Memory::Once => self.target = (self.target + step(once, often)).min(self.limit as f64),
            Memory::Often => self.target = (self.target - step(often, once)).max(0.0),
        }
    }

    fn remembers(&self, key: u64) -> Memory {
        match (self.left_once.contains(key), self.left_often.contains(key)) {
            (true, _) => Memory::Once,
            (false, true) => Memory::Often,
            (false, false) => Memory::Unknown,
        }
    }

    /// T1 and B1 together hold no more than the capacity, all four no more than twice that.
    fn forget(&mut self) {
        self.left_once.trim(self.limit.saturating_sub(self.once.weight()));
        let others = self.once.weight() + self.often.weight() + self.left_once.weight();
        self.left_often.trim((2 * self.limit).saturating_sub(others));
    }
}

impl Evict for State {
    #[inline]
    fn on_hit(&mut self, slot: Slot, entries: &Entries) {
        if self.is_often[slot.0] {
            return self.often.refresh(&mut self.links, slot.0);
        }
        let weight = entries.weight(slot);
        self.once.unlink(&mut self.links, slot.0, weight);
        self.often.push(&mut self.links, slot.0, weight);
        self.is_often[slot.0] = true;
    }

    #[inline]
    fn on_miss(&mut self, newcomer: &Newcomer, _: &Entries) {
        self.memory = self.remembers(newcomer.key);
        self.learn(newcomer.weight);
        match self.memory {
            Memory::Unknown => false,
            Memory::Once => self.left_once.take(newcomer.key),
            Memory::Often => self.left_often.take(newcomer.key),
        };
    }

    #[inline]
    fn evict(&mut self, _: &Newcomer, entries: &Entries, _: &mut Stream) -> Option<Slot> {
        let once = self.takes_once();
        let slot = Slot(if once { self.once.oldest()? } else { self.often.oldest()? });
        self.on_remove(slot, entries);
        let memory = if once { &mut self.left_once } else { &mut self.left_often };
        memory.insert(entries.key(slot), entries.weight(slot));
        Some(slot)
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, newcomer: &Newcomer, _: &Entries) {
        let known = self.memory != Memory::Unknown;
        let segment = if known { &mut self.often } else { &mut self.once };
        segment.push(&mut self.links, slot.0, newcomer.weight);
        self.is_often.put(slot.0, known);
        self.forget();
    }

    fn on_remove(&mut self, slot: Slot, entries: &Entries) {
        let segment = if self.is_often[slot.0] { &mut self.often } else { &mut self.once };
        segment.unlink(&mut self.links, slot.0, entries.weight(slot));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::eviction::testing::story;

    #[test]
    fn what_comes_back_moves_the_target() {
        // a is used twice and outlives the scan of b to e; b comes back too late, so new ones may now hold 1 of 3.
        let told = story(&Spec {}, 3, "a a b c d e a c");
        assert_eq!(told, "a a! b c d(-b) e(-c) a! c(-d)");
        let mut state = Spec {}.build(Capacity::Entries(3));
        state.memory = Memory::Once;
        state.left_once.insert(1, 1);
        for key in 2..5 {
            state.left_often.insert(key, 1);
        }
        state.learn(1);
        assert_eq!(state.target, 3.0, "one remembered on this side, three on the other");
        state.memory = Memory::Often;
        state.learn(1);
        assert_eq!(state.target, 2.0, "three on this side, one on the other: the least step");
    }
}
