//! Every eviction policy beside an LRU written by hand on the same hash map and a slab; memory where no key comes twice.
//!
//! Prints ratios of one run: machines are noisy, so both sides are measured in turns and the best turn counts.
//! `SCALE=0.1 cargo bench -p experiments --bench caches` does a tenth of the work.

use std::{env, fs, hash::Hasher, hint::black_box};

use experiments::clock::Stopwatch;
use hashbrown::HashTable;
use models::policy::eviction::{Cache, Capacity, Evict, EvictionSpec};
use rustc_hash::FxHasher;
use sim_core::random::{Stream, Streams, keys::KeysSpec};

const REQUESTS: f64 = 1e7;
const CAPACITY: u64 = 100_000;
const TURNS: usize = 3;

/// What each policy has to reach.
fn wanted(name: &str) -> f64 {
    match name {
        "Lru" | "Fifo" | "Sieve" => 0.8,
        "S3Fifo" | "TwoQ" | "Slru" | "Clock" => 0.4,
        _ => 0.2,
    }
}

/// LRU as one writes it when there is nothing else: links and keys in one slab.
struct ByHand {
    index: HashTable<(u64, u32)>,
    nodes: Vec<Node>,
    oldest: u32,
    newest: u32,
}

#[derive(Clone, Copy)]
struct Node {
    key: u64,
    older: u32,
    newer: u32,
}

const NONE: u32 = u32::MAX;

fn hash(key: u64) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write_u64(key);
    hasher.finish()
}

impl ByHand {
    fn new() -> Self {
        Self { index: HashTable::new(), nodes: Vec::new(), oldest: NONE, newest: NONE }
    }

    fn request(&mut self, key: u64) -> bool {
        if let Some(&(_, place)) = self.index.find(hash(key), |entry| entry.0 == key) {
            if self.newest != place {
                self.unlink(place);
                self.push(place);
            }
            return true;
        }
        let place = if self.nodes.len() < CAPACITY as usize {
            self.nodes.push(Node { key, older: NONE, newer: NONE });
            self.nodes.len() as u32 - 1
        } else {
            let oldest = self.oldest;
            self.unlink(oldest);
            let gone = self.nodes[oldest as usize].key;
            if let Ok(entry) = self.index.find_entry(hash(gone), |entry| entry.0 == gone) {
                entry.remove();
            }
            self.nodes[oldest as usize].key = key;
            oldest
        };
        self.index.insert_unique(hash(key), (key, place), |entry| hash(entry.0));
        self.push(place);
        false
    }

    fn unlink(&mut self, place: u32) {
        let Node { older, newer, .. } = self.nodes[place as usize];
        if older == NONE {
            self.oldest = newer;
        } else {
            self.nodes[older as usize].newer = newer;
        }
        if newer == NONE { self.newest = older } else { self.nodes[newer as usize].older = older }
    }

    fn push(&mut self, place: u32) {
        let node = &mut self.nodes[place as usize];
        (node.older, node.newer) = (self.newest, NONE);
        if self.newest == NONE {
            self.oldest = place;
        } else {
            self.nodes[self.newest as usize].newer = place;
        }
        self.newest = place;
    }
}

/// Seconds that the requests take by hand, and their hits.
fn by_hand(keys: &[u64]) -> (f64, u64) {
    let watch = Stopwatch::start();
    let mut cache = ByHand::new();
    let hits = keys.iter().map(|&key| u64::from(cache.request(key))).sum();
    (watch.seconds(), black_box(hits))
}

/// Seconds that the requests take in a cache, and their hits.
fn time<P: Evict>(policy: P, keys: &[u64], random: &mut Stream) -> (f64, u64) {
    let watch = Stopwatch::start();
    let mut cache = Cache::new(Capacity::Entries(CAPACITY), policy);
    let mut hits = 0;
    for &key in keys {
        let held = cache.access(key, 1, (), random, |gone| {
            black_box(gone);
        });
        hits += u64::from(held);
    }
    (watch.seconds(), black_box(hits))
}

/// The same by the member's own type, as a user without the family would have it.
fn time_static(spec: &EvictionSpec, keys: &[u64], random: &mut Stream) -> (f64, u64) {
    let capacity = Capacity::Entries(CAPACITY);
    match spec {
        EvictionSpec::Lru(spec) => time(spec.build(capacity), keys, random),
        EvictionSpec::Fifo(spec) => time(spec.build(capacity), keys, random),
        EvictionSpec::Random(spec) => time(spec.build(capacity), keys, random),
        EvictionSpec::SampledLru(spec) => time(spec.build(capacity), keys, random),
        EvictionSpec::SampledLfu(spec) => time(spec.build(capacity), keys, random),
        EvictionSpec::Memcached(spec) => time(spec.build(capacity), keys, random),
        EvictionSpec::Lfu(spec) => time(spec.build(capacity), keys, random),
        EvictionSpec::Clock(spec) => time(spec.build(capacity), keys, random),
        EvictionSpec::Sieve(spec) => time(spec.build(capacity), keys, random),
        EvictionSpec::Slru(spec) => time(spec.build(capacity), keys, random),
        EvictionSpec::TwoQ(spec) => time(spec.build(capacity), keys, random),
        EvictionSpec::Arc(spec) => time(spec.build(capacity), keys, random),
        EvictionSpec::Lirs(spec) => time(spec.build(capacity), keys, random),
        EvictionSpec::S3Fifo(spec) => time(spec.build(capacity), keys, random),
        EvictionSpec::TinyLfu(spec) => time(spec.build(capacity), keys, random),
        EvictionSpec::NoEviction(spec) => time(spec.build(capacity), keys, random),
        EvictionSpec::Gdsf(spec) => time(spec.build(capacity), keys, random),
    }
}

fn speed(scale: f64, random: &mut Stream) {
    let spec = ron::from_str::<KeysSpec>("Zipf((items: 1000000, exponent: 1.0))").expect("a law of keys");
    let (law, mut chance) = (spec.build(), Streams::new(42, 0).stream("keys"));
    let keys: Vec<u64> = (0..(REQUESTS * scale) as u64).map(|_| law.draw(chance.bits())).collect();
    println!("{} Zipf(1) requests for 10⁶ keys, {CAPACITY} held, best of {TURNS} turns", keys.len());
    println!("                 hits   by its type   in the family");
    for (name, _, spec) in EvictionSpec::catalog() {
        let (mut hand, mut own, mut family, mut hits) = (f64::INFINITY, f64::INFINITY, f64::INFINITY, 0);
        for _ in 0..TURNS {
            let (seconds, hits_by_hand) = by_hand(&keys);
            hand = hand.min(seconds);
            let (seconds, found) = time_static(&spec, &keys, random);
            (own, hits) = (own.min(seconds), found);
            family = family.min(time(spec.build(Capacity::Entries(CAPACITY)), &keys, random).0);
            assert!(name != "Lru" || hits == hits_by_hand, "both are LRU");
        }
        println!(
            "  {name:10} {:9.4}  {:7.1} M/s  ratio {:.2}   ratio {:.2} (wanted: at least {})",
            hits as f64 / keys.len() as f64,
            1e-6 * keys.len() as f64 / own,
            hand / own,
            hand / family,
            wanted(name)
        );
    }
}

/// Resident kilobytes of this process.
fn resident() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(f64::NAN)
}

/// What a policy's memory does while keys come that never come again.
fn memory(scale: f64, random: &mut Stream) {
    let keys = (1e8 * scale) as u64;
    println!("memory with {keys} different keys, {CAPACITY} held (wanted: flat after the first hundredth)");
    for (name, _, spec) in EvictionSpec::catalog() {
        let capacity = Capacity::Entries(CAPACITY);
        let mut cache: Cache = Cache::new(capacity, spec.build(capacity));
        let mut early = 0.0;
        for key in 0..keys {
            cache.insert(key, 1, (), random, |_| ());
            if key == keys / 100 {
                early = resident();
            }
        }
        println!("  {name:10} {early:8.0} kB, then {:8.0} kB", resident());
        black_box(cache);
    }
}

fn main() {
    let scale = env::var("SCALE").ok().and_then(|scale| scale.parse().ok()).unwrap_or(1.0);
    let mut random = Streams::new(1, 0).stream("choice");
    speed(scale, &mut random);
    memory(scale, &mut random);
}
