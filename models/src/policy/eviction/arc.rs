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
            left_once: Ghosts::default(),
            left_often: Ghosts::default(),
            places: PerSlot::default(),
            target: 0.0,
            memory: None,
            limit: capacity.limit(),
        }
    }
}

/// In which list a slot is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Once,
    Often,
    LeftOnce,
    LeftOften,
}

/// T1 and T2, B1 and B2, and p.
#[derive(Clone, Debug)]
pub struct State {
    links: Links,
    once: Segment,
    often: Segment,
    left_once: Ghosts,
    left_often: Ghosts,
    places: PerSlot<Place>,
    /// What T1 is to hold, 0 to the capacity.
    target: f64,
    /// Where the newcomer was remembered.
    memory: Option<Place>,
    limit: u64,
}

impl State {
    /// Whether REPLACE takes from T1.
    fn takes_once(&self) -> bool {
        let (held, target) = (self.once.weight(), self.target);
        let tie = self.memory == Some(Place::LeftOften) && held == target as u64;
        self.once.oldest().is_some() && (held as f64 > target || tie) || self.often.oldest().is_none()
    }

    /// Moves the target: a memory's key came back, which is the more telling the shorter that memory is.
    fn learn(&mut self, weight: u64) {
        let (once, often) = (self.left_once.weight() as f64, self.left_often.weight() as f64);
        let step = |own: f64, other: f64| weight as f64 * (other / own).max(1.0);
        match self.memory {
            Some(Place::LeftOnce) => self.target = (self.target + step(once, often)).min(self.limit as f64),
            Some(Place::LeftOften) => self.target = (self.target - step(often, once)).max(0.0),
            None | Some(Place::Once | Place::Often) => {}
        }
    }

    /// T1 and B1 together hold no more than the capacity, all four no more than twice that.
    #[inline]
    fn forget(&mut self, entries: &mut Entries) {
        let left_once = self.limit.saturating_sub(self.once.weight());
        self.left_once.trim(&mut self.links, entries, left_once);
        let others = self.once.weight() + self.often.weight() + self.left_once.weight();
        self.left_often.trim(&mut self.links, entries, (2 * self.limit).saturating_sub(others));
    }

    #[inline]
    fn unlink(&mut self, slot: Slot, entries: &Entries) {
        let segment = match self.places[slot.0] {
            Place::Once => &mut self.once,
            Place::Often => &mut self.often,
            Place::LeftOnce => return self.left_once.take(&mut self.links, slot, entries),
            Place::LeftOften => return self.left_often.take(&mut self.links, slot, entries),
        };
        segment.unlink(&mut self.links, slot.0, entries.weight(slot));
    }
}

impl Evict for State {
    #[inline]
    fn on_hit(&mut self, slot: Slot, entries: &mut Entries) {
        if self.places[slot.0] == Place::Often {
            return self.often.refresh(&mut self.links, slot.0);
        }
        let weight = entries.weight(slot);
        self.once.unlink(&mut self.links, slot.0, weight);
        self.often.push(&mut self.links, slot.0, weight);
        self.places[slot.0] = Place::Often;
    }

    #[inline]
    fn on_miss(&mut self, newcomer: &Newcomer, entries: &mut Entries) {
        self.memory = newcomer.remembered.map(|slot| self.places[slot.0]);
        self.learn(newcomer.weight);
        if let Some(slot) = newcomer.remembered {
            self.unlink(slot, entries);
        }
    }

    #[inline]
    fn evict(&mut self, _: &Newcomer, entries: &mut Entries, _: &mut Stream) -> Option<Slot> {
        let once = self.takes_once();
        let slot = Slot(if once { self.once.oldest()? } else { self.often.oldest()? });
        self.unlink(slot, entries);
        let (memory, place) = if once {
            (&mut self.left_once, Place::LeftOnce)
        } else {
            (&mut self.left_often, Place::LeftOften)
        };
        memory.push(&mut self.links, slot, entries.weight(slot));
        self.places[slot.0] = place;
        Some(slot)
    }

    #[inline]
    fn remembers(&self, _: Slot) -> bool {
        true
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, newcomer: &Newcomer, entries: &mut Entries) {
        let (segment, place) = match newcomer.remembered {
            Some(_) => (&mut self.often, Place::Often),
            None => (&mut self.once, Place::Once),
        };
        segment.push(&mut self.links, slot.0, newcomer.weight);
        self.places.put(slot.0, place);
        self.forget(entries);
    }

    fn on_remove(&mut self, slot: Slot, entries: &mut Entries) {
        self.unlink(slot, entries);
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
        state.memory = Some(Place::LeftOnce);
        state.left_once.push(&mut state.links, Slot(0), 1);
        for slot in 1..4 {
            state.left_often.push(&mut state.links, Slot(slot), 1);
        }
        state.learn(1);
        assert_eq!(state.target, 3.0, "one remembered on this side, three on the other");
        state.memory = Some(Place::LeftOften);
        state.learn(1);
        assert_eq!(state.target, 2.0, "three on this side, one on the other: the least step");
    }
}
