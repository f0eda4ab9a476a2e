//! SIEVE: FIFO with a moving hand and one "visited" bit for each object.
//!
//! A hit sets the bit and moves nothing. To evict, the hand walks from the oldest object to the newest, clearing
//! bits, and takes the first whose bit was clear; next time it goes on from there. CLOCK makes what it passes the
//! newest; here it keeps its place, so newcomers are looked at before what was spared.
//! Zhang et al., *SIEVE is Simpler than LRU*, NSDI 2024.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{
    Capacity, Entries, Evict, Newcomer, Slot,
    list::{Links, List, PerSlot},
};

/// `Sieve`: nothing to set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {}

impl Spec {
    pub(super) fn check(&self, _: &mut Check) {}

    /// For static dispatch; else build the family.
    pub fn build(&self, _: Capacity) -> State {
        State::default()
    }
}

/// Slots in the order they came, and the hand.
#[derive(Clone, Debug, Default)]
pub struct State {
    links: Links,
    order: List,
    visited: PerSlot<bool>,
    /// Whom the hand looks at next; the oldest if none.
    hand: Option<u32>,
}

impl Evict for State {
    #[inline]
    fn on_hit(&mut self, slot: Slot, _: &mut Entries) {
        self.visited[slot.0] = true;
    }

    #[inline]
    fn evict(&mut self, _: &Newcomer, entries: &mut Entries, _: &mut Stream) -> Option<Slot> {
        let mut place = self.hand.or(self.order.oldest())?;
        // Ends: each step clears a bit, and a full turn leaves none set.
        while self.visited[place] {
            self.visited[place] = false;
            place = self.links.newer(place).or(self.order.oldest())?;
        }
        self.hand = Some(place);
        self.on_remove(Slot(place), entries);
        Some(Slot(place))
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, _: &Newcomer, _: &mut Entries) {
        self.order.push(&mut self.links, slot.0);
        self.visited.put(slot.0, false);
    }

    #[inline]
    fn on_remove(&mut self, slot: Slot, _: &mut Entries) {
        if self.hand == Some(slot.0) {
            self.hand = self.links.newer(slot.0);
        }
        self.order.unlink(&mut self.links, slot.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::eviction::testing::story;

    #[test]
    fn what_was_spared_keeps_its_place() {
        assert_eq!(story(&Spec {}, 3, "a b c a d e a f"), "a b c a! d(-b) e(-c) a! f(-d)");
        // The paper's figure 1: A to G from the oldest, A, B and G visited; the hand spares A and B and takes C,
        // then goes on to D and, after a hit on E, past E to F.
        let told = story(&Spec {}, 7, "a b c d e f g a b g h i e j");
        assert_eq!(told, "a b c d e f g a! b! g! h(-c) i(-d) e! j(-f)");
    }

    #[test]
    fn the_hand_survives_whom_it_points_at() {
        assert_eq!(story(&Spec {}, 3, "a b c a d -c e f"), "a b c a! d(-b) -c e f(-d)");
    }
}
