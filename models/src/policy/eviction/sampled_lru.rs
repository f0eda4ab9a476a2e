//! Sampled LRU: of a few objects drawn at random, the one not used for longest goes; the next best are kept in mind.
//!
//! Keeps no order, only when each object was last used, so a hit costs a write; with more samples it comes nearer to
//! LRU. Candidates of earlier draws wait in a small pool with the idleness they had then, even if used since. Redis
//! `evict.c`, `allkeys-lru`; its clock counts seconds, here requests are counted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{Capacity, Entries, Evict, Newcomer, Slot, list::PerSlot};

/// `SampledLru(samples: 5, pool: 16)`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// How many objects are drawn for each that goes, 1 to 64. Default 5: Redis `maxmemory-samples`.
    pub samples: u8,
    /// How many candidates are kept in mind, 1 to 64. Default 16: Redis `EVPOOL_SIZE`.
    pub pool: u8,
}

impl Default for Spec {
    fn default() -> Self {
        Self { samples: 5, pool: 16 }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        for (field, value) in [("samples", self.samples), ("pool", self.pool)] {
            check.require((1..=64).contains(&value), field, || format!("{field} is 1 to 64, not {value}"));
        }
    }

    /// For static dispatch; else build the family.
    pub fn build(&self, _: Capacity) -> State {
        State {
            samples: self.samples.max(1),
            most: usize::from(self.pool.max(1)),
            requests: 0,
            held: Vec::new(),
            slots: PerSlot::default(),
            pool: Vec::new(),
        }
    }
}

/// What is known of a slot.
#[derive(Clone, Copy, Debug, Default)]
struct Use {
    last: u64,
    position: u32,
    pooled: bool,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    idle: u64,
    slot: Slot,
}

/// Slots without gaps, their last uses, and the candidates by idleness, the idlest last.
#[derive(Clone, Debug)]
pub struct State {
    samples: u8,
    most: usize,
    requests: u64,
    held: Vec<Slot>,
    slots: PerSlot<Use>,
    pool: Vec<Candidate>,
}

impl State {
    fn sample(&mut self, random: &mut Stream) {
        for _ in 0..self.samples {
            let slot = self.held[random.below(self.held.len())];
            let Use { last, pooled, .. } = self.slots[slot.0];
            if !pooled {
                self.consider(Candidate { idle: self.requests - last, slot });
            }
        }
    }

    /// Keeps a candidate in mind, instead of the least idle one if the pool is full.
    fn consider(&mut self, candidate: Candidate) {
        let place = self.pool.partition_point(|other| other.idle < candidate.idle);
        if self.pool.len() < self.most {
            self.pool.insert(place, candidate);
        } else if place > 0 {
            self.slots[self.pool[0].slot.0].pooled = false;
            self.pool.copy_within(1..place, 0);
            self.pool[place - 1] = candidate;
        } else {
            return;
        }
        self.slots[candidate.slot.0].pooled = true;
    }

    fn forget(&mut self, slot: Slot) {
        let position = self.slots[slot.0].position;
        self.held.swap_remove(position as usize);
        if let Some(moved) = self.held.get(position as usize) {
            self.slots[moved.0].position = position;
        }
    }
}

impl Evict for State {
    #[inline]
    fn on_hit(&mut self, slot: Slot, _: &Entries) {
        self.requests += 1;
        self.slots[slot.0].last = self.requests;
    }

    #[inline]
    fn evict(&mut self, _: &Newcomer, _: &Entries, random: &mut Stream) -> Option<Slot> {
        if self.held.is_empty() {
            return None;
        }
        self.sample(random);
        let idlest = self.pool.pop()?.slot;
        self.forget(idlest);
        Some(idlest)
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, _: &Newcomer, _: &Entries) {
        self.requests += 1;
        let position = self.held.len() as u32;
        self.slots.put(slot.0, Use { last: self.requests, position, pooled: false });
        self.held.push(slot);
    }

    fn on_remove(&mut self, slot: Slot, _: &Entries) {
        self.pool.retain(|candidate| candidate.slot != slot);
        self.forget(slot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::eviction::{
        lru, random,
        testing::{hits, zipf_trace},
    };

    #[test]
    fn lies_between_random_replacement_and_lru() {
        let requests = zipf_trace();
        let capacity = Capacity::Entries(100);
        let of = |samples, pool| hits(&Spec { samples, pool }, capacity, &requests) as f64;
        let lru = hits(&lru::Spec {}, capacity, &requests) as f64;
        let random = hits(&random::Spec {}, capacity, &requests) as f64;
        assert!((of(1, 1) / random - 1.0).abs() < 0.005, "one sample, kept nowhere, is one at random");
        assert!(of(5, 16) > random + 0.8 * (lru - random), "Redis' documentation: 5 samples come near");
        assert!((of(64, 1) / lru - 1.0).abs() < 0.005, "the idlest of many");
    }

    #[test]
    fn the_pool_keeps_the_idlest() {
        let mut state = Spec { samples: 1, pool: 2 }.build(Capacity::Entries(9));
        for place in 0..4 {
            state.slots.put(place, Use::default());
        }
        for (place, idle) in [(0, 5), (1, 3), (2, 4), (3, 2)] {
            state.consider(Candidate { idle, slot: Slot(place) });
        }
        let kept: Vec<_> = state.pool.iter().map(|candidate| candidate.slot.0).collect();
        assert_eq!(kept, [2, 0]);
        assert_eq!([0, 1, 2, 3].map(|place| state.slots[place].pooled), [true, false, true, false]);
    }
}
