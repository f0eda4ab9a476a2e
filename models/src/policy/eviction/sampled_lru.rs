//! Sampled LRU: of a few objects drawn at random, the one not used for longest goes; the next best are kept in mind.
//!
//! Keeps no order, only when each object was last used, so a hit costs a write; with more samples it comes nearer to
//! LRU. Candidates of earlier draws wait in a small pool with the idleness they had then, even if used since. Redis
//! `evict.c`, `allkeys-lru`; its clock counts seconds, here requests are counted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{
    Capacity, Entries, Evict, Newcomer, Slot,
    list::PerSlot,
    sampling::{self, Sampling},
};

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
        sampling::check(self.samples, self.pool, check);
    }

    /// For static dispatch; else build the family.
    pub fn build(&self, _: Capacity) -> State {
        State { sampling: Sampling::new(self.samples, self.pool), requests: 0, last_used: PerSlot::default() }
    }
}

/// When each slot was last used, in requests.
#[derive(Clone, Debug)]
pub struct State {
    sampling: Sampling,
    requests: u64,
    last_used: PerSlot<u64>,
}

impl Evict for State {
    #[inline]
    fn on_hit(&mut self, slot: Slot, _: &mut Entries) {
        self.requests += 1;
        self.last_used[slot.0] = self.requests;
    }

    #[inline]
    fn evict(&mut self, _: &Newcomer, _: &mut Entries, random: &mut Stream) -> Option<Slot> {
        let Self { sampling, requests, last_used } = self;
        sampling.take_worst(random, |slot| *requests - last_used[slot.0])
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, _: &Newcomer, _: &mut Entries) {
        self.requests += 1;
        self.last_used.put(slot.0, self.requests);
        self.sampling.insert(slot);
    }

    fn on_remove(&mut self, slot: Slot, _: &mut Entries) {
        self.sampling.remove(slot);
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
}
