//! What a cache of limited size or limited time holds, if requests do not depend on those before.
//!
//! The policies are run as they are, without services around them: what they hold does not depend on time.

use std::{collections::BTreeMap, sync::Arc};

use models::policy::eviction::{Cache, Capacity, EvictionSpec};
use sim_core::{
    random::{Streams, keys::KeysSpec},
    statistics::theory::{
        reference_model::{Replacement, hit_ratio, zipf},
        time_to_live::{self, CountedFrom},
    },
};

use super::{
    suite::Suite,
    trial::{Figure, Lab},
};
use crate::cli::Depth::{self, Full, Quick, Usual};

/// Requests for so many keys by Zipf's law.
#[derive(Clone, Copy)]
struct Requests {
    seed: u64,
    items: u32,
    exponent: f64,
    count: u64,
}

impl Requests {
    fn new(lab: &Lab, items: u32, exponent: f64, count: u64) -> Self {
        Self { seed: lab.seed, items, exponent, count: (count as f64 * lab.length) as u64 }
    }

    fn keys(self) -> impl Iterator<Item = u64> {
        let Self { seed, items, exponent, count } = self;
        let text = format!("Zipf((items: {items}, exponent: {exponent:?}))");
        let keys = ron::from_str::<KeysSpec>(&text).expect("a law of keys").build();
        let mut random = Streams::new(seed, 0).stream("keys");
        (0..count).map(move |_| keys.draw(random.bits()))
    }

    /// The share of hits after the first tenth, if every miss fills a cache of so many objects.
    fn hit_ratio(self, policy: &'static str, capacity: u64) -> Figure {
        Box::new(move || {
            let capacity = Capacity::Entries(capacity);
            let spec: EvictionSpec = ron::from_str(policy).expect("a policy");
            let mut cache = Cache::new(capacity, spec.build(capacity));
            let mut random = Streams::new(self.seed, 0).stream("choice");
            let (warm, mut hits) = (self.count / 10, 0_u64);
            for (number, key) in (0..self.count).zip(self.keys()) {
                let hit = cache.lookup(key).is_some();
                hits += u64::from(hit && number >= warm);
                if !hit {
                    cache.insert(key, 1, (), &mut random, |_| ());
                }
            }
            hits as f64 / (self.count - warm) as f64
        })
    }

    /// The share of hits, if there is room for everything but objects are held for `time` units, of which each has a
    /// hundred requests (Poisson).
    fn hit_ratio_in_time(self, time: f64, from: CountedFrom) -> Figure {
        Box::new(move || {
            let capacity = Capacity::Entries(u64::from(self.items));
            let mut cache = Cache::new(capacity, EvictionSpec::default().build(capacity));
            let streams = Streams::new(self.seed, 0);
            let (mut gaps, mut random) = (streams.stream("gaps"), streams.stream("choice"));
            let (mut now, mut hits) = (0.0, 0_u64);
            for key in self.keys() {
                now -= libm::log(gaps.unit_open()) / 100.0;
                let until = cache.lookup(key).and_then(|slot| cache.value(slot).copied());
                let hit = until.is_some_and(|until: f64| now < until);
                hits += u64::from(hit);
                if !hit || from == CountedFrom::LastUse {
                    cache.insert(key, 1, now + time, &mut random, |_| ());
                }
            }
            hits as f64 / self.count as f64
        })
    }
}

/// King 1971, Gelenbe 1973: the chain of a small cache's contents, solved exactly; CLOCK and SIEVE likewise.
pub(super) fn small_caches(lab: &Lab) -> Suite {
    let mut suite = Suite::new("small caches");
    for (items, capacity, expected) in [
        (4, 2, [0.603_845, 0.588_571, 0.588_571, 0.601_246, 0.601_246]),
        (5, 3, [0.715_588, 0.690_854, 0.690_854, 0.711_263, 0.721_630]),
        (6, 3, [0.637_815, 0.611_273, 0.611_273, 0.636_760, 0.651_542]),
    ] {
        let requests = Requests::new(lab, items, 1.0, 4_000_000);
        for (policy, expected) in
            ["Lru(())", "Fifo(())", "Random(())", "Clock(())", "Sieve(())"].into_iter().zip(expected)
        {
            let name = format!("{} of {items} keys: {}", capacity, policy.trim_end_matches("(())"));
            suite.agrees(Quick, name, expected, 0.002, requests.hit_ratio(policy, capacity));
        }
    }
    let requests = Requests::new(lab, 5, 1.0, 4_000_000);
    suite.notices(Quick, "FIFO for LRU", 0.715_588, 0.002, requests.hit_ratio("Fifo(())", 3));
    suite.notices(
        Quick,
        "two bits for CLOCK's one",
        0.711_263,
        0.002,
        requests.hit_ratio("Clock((bits: 2))", 3),
    );
    suite
}

/// Che, Tung & Wang 2002; Fagin 1977 and Gelenbe 1973 for FIFO and random replacement.
pub(super) fn characteristic_times(lab: &Lab) -> Suite {
    let mut suite = Suite::new("characteristic times");
    let popularity: BTreeMap<_, _> =
        [6, 8, 12].map(|tenths| (tenths, zipf(10_000, f64::from(tenths) / 10.0))).into();
    let popularity = Arc::new(popularity);
    for (depth, tenths, capacity, count, within) in sizes() {
        let exponent = f64::from(tenths) / 10.0;
        let requests = Requests::new(lab, 10_000, exponent, count);
        for (policy, replacement) in [
            ("Lru(())", Replacement::LeastRecentlyUsed),
            ("Fifo(())", Replacement::FirstInFirstOut),
            ("Random(())", Replacement::FirstInFirstOut),
        ] {
            let expected = hit_ratio(&popularity[&tenths], capacity, replacement);
            let name = format!("{} of {capacity} at {exponent}", policy.trim_end_matches("(())"));
            suite.agrees(depth, name, expected, within, requests.hit_ratio(policy, capacity as u64));
        }
    }
    let requests = Requests::new(lab, 10_000, 0.8, 2_000_000);
    let expected = hit_ratio(&popularity[&8], 1000, Replacement::LeastRecentlyUsed);
    suite.notices(Usual, "a cache 5 % too large", expected, 0.008, requests.hit_ratio("Lru(())", 1050));
    suite.notices(Usual, "SIEVE for LRU", expected, 0.008, requests.hit_ratio("Sieve(())", 1000));
    suite
}

/// Depth, tenths of the exponent, size, requests, tolerance.
fn sizes() -> impl Iterator<Item = (Depth, u32, usize, u64, f64)> {
    let usual = [8, 12].into_iter().flat_map(|tenths| {
        [100, 500, 1000, 2000].map(|capacity| (Usual, tenths, capacity, 2_000_000, 0.015))
    });
    let full = [6, 8, 12].map(|tenths| (Full, tenths, 1000, 30_000_000, 0.003));
    usual.chain(full)
}

/// Jung, Berger & Balakrishnan, INFOCOM 2003.
pub(super) fn times_to_live(lab: &Lab) -> Suite {
    let mut suite = Suite::new("times to live");
    let popularity = zipf(1000, 1.0);
    let requests = Requests::new(lab, 1000, 1.0, 2_000_000);
    for time in [1.0, 10.0, 60.0] {
        for (from, name) in
            [(CountedFrom::Fetch, "from the fetch"), (CountedFrom::LastUse, "from the last use")]
        {
            let expected = time_to_live::hit_ratio_of_all(&popularity, 100.0, time, from);
            let figure = requests.hit_ratio_in_time(time, from);
            suite.agrees(Quick, format!("{time} s {name}"), expected, 0.005, figure);
        }
    }
    let expected = time_to_live::hit_ratio_of_all(&popularity, 100.0, 10.0, CountedFrom::Fetch);
    let longer = requests.hit_ratio_in_time(11.0, CountedFrom::Fetch);
    suite.notices(Quick, "11 s for 10 s", expected, 0.005, longer);
    let renewed = requests.hit_ratio_in_time(10.0, CountedFrom::LastUse);
    suite.notices(Quick, "renewed by each use", expected, 0.005, renewed);
    suite
}
