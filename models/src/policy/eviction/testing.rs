//! Test support: stories of a cache, and traces that independent implementations were run on.

use std::fmt::Write;

use sim_core::random::{Stream, Streams};

use super::{Cache, Capacity, Evict, Eviction, EvictionSpec};

pub(super) fn stream() -> Stream {
    Streams::new(1, 0).stream("cache/choice")
}

/// RON as the loader reads it.
fn ron() -> ron::Options {
    use ron::extensions::Extensions as On;
    ron::Options::default()
        .with_default_extension(On::IMPLICIT_SOME | On::UNWRAP_NEWTYPES | On::UNWRAP_VARIANT_NEWTYPES)
}

/// Reads a spec.
pub(super) fn read<T: serde::de::DeserializeOwned>(text: &str) -> T {
    ron().from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Writes a spec.
pub(super) fn write(spec: &EvictionSpec) -> String {
    ron().to_string(spec).unwrap()
}

/// What builds a policy: a member's spec or the family's.
pub(super) trait Build {
    type State: Evict;
    fn state(&self, capacity: Capacity) -> Self::State;
}

impl Build for EvictionSpec {
    type State = Eviction;
    fn state(&self, capacity: Capacity) -> Eviction {
        self.build(capacity)
    }
}

macro_rules! builds {
    ($($module:ident)+) => { $(
        impl Build for super::$module::Spec {
            type State = super::$module::State;
            fn state(&self, capacity: Capacity) -> Self::State {
                self.build(capacity)
            }
        }
    )+ };
}

builds! { lru fifo random sampled_lru sampled_lfu lfu clock sieve slru memcached two_q arc lirs s3_fifo tiny_lfu no_eviction gdsf }

/// An empty cache of so many objects.
pub(super) fn cache<B: Build>(spec: &B, entries: u64) -> Cache<(), B::State> {
    let capacity = Capacity::Entries(entries);
    Cache::new(capacity, spec.state(capacity))
}

/// What becomes of requests, where a miss fills the cache: `a` is a miss, `a!` a hit, `b(-a)` evicts a; `-a` takes a
/// out.
pub(super) fn story(spec: &impl Build, entries: u64, requests: &str) -> String {
    tell(cache(spec, entries), requests)
}

/// The same in a cache of bytes: `a50` is an object of 50.
pub(super) fn sized_story(spec: &impl Build, bytes: u64, requests: &str) -> String {
    let capacity = Capacity::Bytes(bytes);
    tell(Cache::new(capacity, spec.state(capacity)), requests)
}

fn tell<P: Evict>(mut cache: Cache<(), P>, requests: &str) -> String {
    let (mut random, mut told) = (stream(), String::new());
    for request in requests.split(' ') {
        write!(told, "{}{request}", if told.is_empty() { "" } else { " " }).unwrap();
        if let Some(key) = request.strip_prefix('-') {
            assert!(cache.remove(u64::from(key.as_bytes()[0])).is_some(), "{request} is not held");
            continue;
        }
        let (key, size) = (u64::from(request.as_bytes()[0]), request[1..].parse().unwrap_or(1));
        if cache.lookup(key).is_some() {
            told.push('!');
        } else {
            let tell = |gone: super::Evicted| write!(told, "(-{})", char::from(gone.key as u8)).unwrap();
            cache.insert(key, size, (), &mut random, tell);
        }
    }
    told
}

/// How many requests hit, where every miss fills the cache with an object of one byte.
pub(super) fn hits(spec: &impl Build, capacity: Capacity, requests: &[u64]) -> u64 {
    let mut cache = Cache::new(capacity, spec.state(capacity));
    let mut random = stream();
    let mut hits = 0;
    for &key in requests {
        if cache.lookup(key).is_some() {
            hits += 1;
        } else {
            cache.insert(key, 1, (), &mut random, |_| ());
        }
    }
    hits
}

/// SplitMix64 (Steele, Lea & Flood, OOPSLA 2014).
pub(super) struct SplitMix64(pub(super) u64);

impl SplitMix64 {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }
}

/// 100 000 requests for 1000 keys by Zipf's law, in whole numbers: weights are ⌊2³²/rank⌋, chance is SplitMix64 of 42.
pub(super) fn zipf_trace() -> Vec<u64> {
    let sums: Vec<u64> = (1..=1000).scan(0, |sum, rank| Some(add(sum, (1_u64 << 32) / rank))).collect();
    let mut chance = SplitMix64(42);
    let total = u128::from(sums[999]);
    let draw = |_| {
        let at = ((u128::from(chance.next()) * total) >> 64) as u64;
        sums.partition_point(|&sum| sum <= at) as u64
    };
    (0..100_000).map(draw).collect()
}

fn add(sum: &mut u64, weight: u64) -> u64 {
    *sum += weight;
    *sum
}

/// The same with 200 keys never seen before or again after every thousand requests.
pub(super) fn scanned_trace() -> Vec<u64> {
    let mut fresh = 1_000_000..;
    let rounds = zipf_trace();
    let rounds =
        rounds.chunks(1000).map(|round| [round.to_vec(), fresh.by_ref().take(200).collect()].concat());
    rounds.flatten().collect()
}

/// 120 keys round and round, 12 000 requests.
pub(super) fn loop_trace() -> Vec<u64> {
    (0..12_000).map(|index| index % 120).collect()
}

#[test]
fn traces_are_those_that_others_ran() {
    let mut chance = SplitMix64(42);
    let first = [0; 3].map(|_| chance.next());
    assert_eq!(first, [0xBDD7_3226_2FEB_6E95, 0x28EF_E333_B266_F103, 0x4752_6757_130F_9F52]);
    let requests = zipf_trace();
    assert_eq!(requests[..10], [144, 1, 4, 6, 0, 372, 2, 224, 6, 57]);
    assert_eq!(requests.iter().sum::<u64>(), 13_087_085);
    assert_eq!(requests.iter().collect::<std::collections::BTreeSet<_>>().len(), 1000);
    assert_eq!(scanned_trace().len(), 120_000);
    assert_eq!(scanned_trace()[1000..1201].last(), Some(&requests[1000]));
}
