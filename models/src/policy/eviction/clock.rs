//! CLOCK, also FIFO with reinsertion or second chance: oldest first, but use buys another turn.
//!
//! A hit counts up to 2^bits − 1 and moves nothing. The oldest with a count above 0 loses one and becomes the newest;
//! the first without goes. LRU moves at each hit what CLOCK moves when it looks for a victim.
//! Corbató, *A Paging Experiment with the Multics System*, 1969; counts as in libCacheSim's `Clock.c`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{
    Capacity, Entries, Evict, Newcomer, Slot,
    list::{Links, List, PerSlot},
};

/// `Clock(bits: 2)`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The width of each object's counter of uses, 1 to 8 bits. Default 1: Multics, and libCacheSim.
    pub bits: u8,
}

impl Default for Spec {
    fn default() -> Self {
        Self { bits: 1 }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require((1..=8).contains(&self.bits), "bits", || {
            format!("a counter has 1 to 8 bits, not {}", self.bits)
        });
    }

    /// For static dispatch; else build the family.
    pub fn build(&self, _: Capacity) -> State {
        let most = u8::MAX >> (8 - self.bits.clamp(1, 8));
        State { links: Links::default(), order: List::default(), counts: PerSlot::default(), most }
    }
}

/// Slots in the order they came or came round again.
#[derive(Clone, Debug)]
pub struct State {
    links: Links,
    order: List,
    counts: PerSlot<u8>,
    most: u8,
}

impl Evict for State {
    #[inline]
    fn on_hit(&mut self, slot: Slot, _: &mut Entries) {
        let count = &mut self.counts[slot.0];
        if *count < self.most {
            *count += 1;
        }
    }

    #[inline]
    fn evict(&mut self, _: &Newcomer, _: &mut Entries, _: &mut Stream) -> Option<Slot> {
        // Ends: each step takes one off a count.
        loop {
            let oldest = self.order.oldest()?;
            let count = &mut self.counts[oldest];
            if *count == 0 {
                self.order.unlink(&mut self.links, oldest);
                return Some(Slot(oldest));
            }
            *count -= 1;
            self.order.refresh(&mut self.links, oldest);
        }
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, _: &Newcomer, _: &mut Entries) {
        self.order.push(&mut self.links, slot.0);
        self.counts.put(slot.0, 0);
    }

    fn on_remove(&mut self, slot: Slot, _: &mut Entries) {
        self.order.unlink(&mut self.links, slot.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::eviction::testing::story;

    #[test]
    fn use_buys_a_turn() {
        // For d the hand passes a over, which then goes after c.
        assert_eq!(story(&Spec::default(), 3, "a a b c d e f g"), "a a! b c d(-b) e(-c) f(-a) g(-d)");
        // Two uses buy two turns.
        let two = Spec { bits: 2 };
        assert_eq!(story(&two, 3, "a a a b c d e f g h"), "a a! a! b c d(-b) e(-c) f(-d) g(-e) h(-a)");
    }
}
