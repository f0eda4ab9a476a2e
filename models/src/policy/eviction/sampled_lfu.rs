//! Sampled LFU: of a few objects drawn at random, the one used least often goes, by counters of a byte.
//!
//! A counter begins at 5 and grows with a chance that falls as it grows, so that 255 stand for a million uses; with time
//! it falls by one a period. Samples and pool are those of sampled LRU. Redis `evict.c`, `allkeys-lfu`: `LFULogIncr`,
//! `LFUDecrAndReturn`; its period is a minute, here requests are counted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    random::{Luck, Stream, name_hash, unit},
};

use super::{
    Capacity, Entries, Evict, Newcomer, Slot,
    list::PerSlot,
    sampling::{self, Sampling},
};

/// What a newcomer's counter begins with: Redis `LFU_INIT_VAL`.
const INITIAL: u8 = 5;

const GROWTH: u64 = name_hash("eviction/sampled_lfu");

/// `SampledLfu(samples: 5, pool: 16, log_factor: 10, decay_every: 100000)`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// How many objects are drawn for each that goes, 1 to 64. Default 5: Redis `maxmemory-samples`.
    pub samples: u8,
    /// How many candidates are kept in mind, 1 to 64. Default 16: Redis `EVPOOL_SIZE`.
    pub pool: u8,
    /// How much more slowly counters grow as they are higher: at c with a chance of 1/((c − 5)·factor + 1). Default 10:
    /// Redis `lfu-log-factor`.
    pub log_factor: u32,
    /// After how many requests, hits and insertions together, counters fall by one. Default: never (Redis
    /// `lfu-decay-time 0`; its default is a minute).
    pub decay_every: Option<u64>,
}

impl Default for Spec {
    fn default() -> Self {
        Self { samples: 5, pool: 16, log_factor: 10, decay_every: None }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        sampling::check(self.samples, self.pool, check);
        check.require(self.decay_every != Some(0), "decay_every", || {
            "counters live for a request at least".into()
        });
    }

    /// For static dispatch; else build the family.
    pub fn build(&self, _: Capacity) -> State {
        State {
            sampling: Sampling::new(self.samples, self.pool),
            uses: Uses {
                log_factor: f64::from(self.log_factor),
                decay_every: self.decay_every.map_or(u64::MAX, |every| every.max(1)),
                requests: 0,
                counters: PerSlot::default(),
            },
        }
    }
}

/// How often a slot was used, and up to which period its counter has fallen.
#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    uses: u8,
    period: u64,
}

/// Which are held, and a counter for each.
#[derive(Clone, Debug)]
pub struct State {
    sampling: Sampling,
    uses: Uses,
}

/// A counter for each slot.
#[derive(Clone, Debug)]
struct Uses {
    log_factor: f64,
    decay_every: u64,
    requests: u64,
    counters: PerSlot<Counter>,
}

impl Uses {
    /// How high a counter stands now.
    fn of(&self, slot: Slot) -> u8 {
        let counter = self.counters[slot.0];
        let periods = self.requests / self.decay_every - counter.period;
        counter.uses.saturating_sub(u8::try_from(periods).unwrap_or(u8::MAX))
    }

    fn put(&mut self, slot: Slot, uses: u8) {
        let period = self.requests / self.decay_every;
        self.counters.put(slot.0, Counter { uses, period });
    }
}

impl Evict for State {
    #[inline]
    fn on_hit(&mut self, slot: Slot, entries: &mut Entries) {
        let Self { uses: all, .. } = self;
        all.requests += 1;
        let uses = all.of(slot);
        let chance = 1.0 / (f64::from(uses.saturating_sub(INITIAL)) * all.log_factor + 1.0);
        // A hit has no stream to draw from: its chance is the key's, at this request.
        let drawn = unit(Luck(entries.key(slot)).at(GROWTH, all.requests));
        all.put(slot, if drawn < chance { uses.saturating_add(1) } else { uses });
    }

    #[inline]
    fn evict(&mut self, _: &Newcomer, _: &mut Entries, random: &mut Stream) -> Option<Slot> {
        let Self { sampling, uses } = self;
        sampling.take_worst(random, |slot| u64::from(u8::MAX - uses.of(slot)))
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, _: &Newcomer, _: &mut Entries) {
        self.uses.requests += 1;
        self.uses.put(slot, INITIAL);
        self.sampling.insert(slot);
    }

    fn on_remove(&mut self, slot: Slot, _: &mut Entries) {
        self.sampling.remove(slot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::eviction::testing::{cache, hits, stream, zipf_trace};

    /// A state that has seen so many uses of each of some keys.
    fn used(spec: &Spec, keys: u64, uses: u64) -> State {
        let mut cache = cache(spec, keys);
        for key in 0..keys {
            cache.insert(key, 1, (), &mut stream(), |_| {});
            assert!((0..uses).all(|_| cache.lookup(key).is_some()));
        }
        cache.policy().clone()
    }

    #[test]
    fn counters_grow_as_the_table_in_redis_conf_says() {
        // redis.conf, lfu-log-factor: hits and counters after them.
        for (factor, uses, counter) in [
            (0, 100, 104.0),
            (1, 100, 18.0),
            (1, 1000, 49.0),
            (10, 100, 10.0),
            (10, 1000, 18.0),
            (100, 1000, 11.0),
        ] {
            let state = used(&Spec { log_factor: factor, ..Spec::default() }, 200, uses);
            let sum: u32 = (0..200).map(|place| u32::from(state.uses.counters[place].uses)).sum();
            let mean = f64::from(sum) / 200.0;
            assert!((mean - counter).abs() < 1.5, "{factor}, {uses}: {mean} against {counter}");
        }
    }

    #[test]
    fn counters_fall_by_one_a_period() {
        let mut state = used(&Spec { log_factor: 0, decay_every: Some(100), ..Spec::default() }, 1, 50);
        assert_eq!(state.uses.of(Slot(0)), 55);
        state.uses.requests += 1000;
        assert_eq!(state.uses.of(Slot(0)), 45);
        state.uses.requests += 100_000;
        assert_eq!(state.uses.of(Slot(0)), 0);
    }

    #[test]
    fn comes_nearer_to_lfu_the_more_are_drawn() {
        let (requests, capacity) = (zipf_trace(), Capacity::Entries(100));
        let of = |samples, pool| {
            hits(&Spec { samples, pool, log_factor: 0, ..Spec::default() }, capacity, &requests)
        };
        let few = of(1, 1);
        let random = hits(&crate::policy::eviction::random::Spec {}, capacity, &requests);
        assert!(few.abs_diff(random) < random / 100, "one at random: {few} against {random}");
        // What is kept in mind is not looked at again, so only what is drawn afresh is compared.
        assert!(of(64, 1) > of(5, 1) && of(5, 1) > few);
    }
}
