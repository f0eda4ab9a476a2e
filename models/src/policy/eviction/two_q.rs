//! 2Q, the full version: a line for what is new, LRU for what came back.
//!
//! Newcomers stand in the line A1in, where hits change nothing. Who falls out of it is remembered in A1out; who comes
//! back while remembered enters the LRU list Am. So what is used often in one go and never again does not reach Am,
//! as it would in a segmented LRU. Johnson & Shasha, *2Q*, VLDB 1994; shares as in libCacheSim's `TwoQ.c`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{
    Capacity, Entries, Evict, Newcomer, Slot,
    ghosts::Ghosts,
    list::{Links, PerSlot, Segment},
    share::part,
};

/// `TwoQ(new: 0.25, remembered: 0.5)`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The share of the capacity that the line of what is new may hold while the cache is full (Kin). Default 0.25:
    /// the paper, section 3.2.
    pub new: f64,
    /// How much is remembered of what fell out of that line, as a share of the capacity (Kout). Default 0.5: the
    /// paper.
    pub remembered: f64,
}

impl Default for Spec {
    fn default() -> Self {
        Self { new: 0.25, remembered: 0.5 }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.fraction("new", self.new);
        check.positive("remembered", self.remembered);
    }

    /// For static dispatch; else build the family.
    pub fn build(&self, capacity: Capacity) -> State {
        State {
            links: Links::default(),
            new: Segment::default(),
            proven: Segment::default(),
            left: Ghosts::default(),
            places: PerSlot::default(),
            limit: part(capacity.limit(), self.new),
            remembered: (capacity.limit() as f64 * self.remembered) as u64,
        }
    }
}

/// In which list a slot is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    New,
    Proven,
    Left,
}

/// A1in, Am and A1out.
#[derive(Clone, Debug)]
pub struct State {
    links: Links,
    new: Segment,
    proven: Segment,
    left: Ghosts,
    places: PerSlot<Place>,
    limit: u64,
    remembered: u64,
}

impl State {
    /// Remembers who falls out of the line, as long as one alone is not too much.
    #[inline]
    fn remember(&mut self, slot: Slot, entries: &mut Entries) {
        let weight = entries.weight(slot);
        self.left.trim(&mut self.links, entries, self.remembered.saturating_sub(weight));
        if weight <= self.remembered {
            self.left.push(&mut self.links, slot, weight);
            self.places[slot.0] = Place::Left;
        }
    }
}

impl Evict for State {
    #[inline]
    fn on_hit(&mut self, slot: Slot, _: &mut Entries) {
        if self.places[slot.0] == Place::Proven {
            self.proven.refresh(&mut self.links, slot.0);
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
        let falls_out = self.new.weight() > self.limit || self.proven.oldest().is_none();
        let slot = Slot(if falls_out { self.new.oldest()? } else { self.proven.oldest()? });
        self.on_remove(slot, entries);
        if falls_out {
            self.remember(slot, entries);
        }
        Some(slot)
    }

    #[inline]
    fn remembers(&self, slot: Slot) -> bool {
        self.places[slot.0] == Place::Left
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, newcomer: &Newcomer, _: &mut Entries) {
        let (segment, place) = match newcomer.remembered {
            Some(_) => (&mut self.proven, Place::Proven),
            None => (&mut self.new, Place::New),
        };
        segment.push(&mut self.links, slot.0, newcomer.weight);
        self.places.put(slot.0, place);
    }

    #[inline]
    fn on_remove(&mut self, slot: Slot, entries: &mut Entries) {
        let is_proven = self.places[slot.0] == Place::Proven;
        let segment = if is_proven { &mut self.proven } else { &mut self.new };
        segment.unlink(&mut self.links, slot.0, entries.weight(slot));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::eviction::testing::story;

    #[test]
    fn only_what_comes_back_after_a_while_is_proven() {
        // a's hits change nothing. It falls out, is remembered, comes back, and survives the scan.
        let told = story(&Spec::default(), 4, "a a a b c d e a f g h a");
        assert_eq!(told, "a a! a! b c d e(-a) a(-b) f(-c) g(-d) h(-e) a!");
    }
}
