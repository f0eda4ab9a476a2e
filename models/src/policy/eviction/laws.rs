//! What every policy must obey, checked over the whole catalogue: a newcomer is tested before it has a test.
//!
//! The laws: a cache never holds more than its capacity; whoever came in and was neither evicted nor taken out is
//! held, with its own value, and nobody else; whoever fits comes in, where nobody is evicted into what is left; what
//! was taken out leaves no trace; the same seed and history tell the same story; what is written reads back.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sim_core::{check::Check, random::Stream};

use super::{
    Cache, Capacity, EvictionSpec,
    testing::{hits, read, stream, write, zipf_trace},
};

/// What a file may say beyond the defaults.
const WRITTEN: [&str; 15] = [
    "SampledLru(samples: 3, pool: 2)",
    "SampledLfu(log_factor: 0, decay_every: 5)",
    "Memcached(hot: 0.5, warm: 0.1)",
    "Clock(bits: 2)",
    "Clock(bits: 8)",
    "Lfu(halve_every: 7)",
    "Slru(segments: [0.25, 0.25, 0.25, 0.25])",
    "Slru(segments: [1])",
    "TwoQ(new: 0.5, remembered: 2)",
    "Lirs(new: 0.3, stack: 1.2)",
    "S3Fifo(small: 0.5, remembered: 0.1, threshold: 1)",
    "S3Fifo(small: 1)",
    "TinyLfu(window: 0.5, protected: 0, adaptive: false)",
    "TinyLfu(window: 0.2)",
    "Gdsf(cost: Packets)",
];

fn specs() -> Vec<EvictionSpec> {
    let catalog = EvictionSpec::catalog().into_iter().map(|(_, _, spec)| spec);
    catalog.chain(WRITTEN.map(read)).collect()
}

#[test]
fn the_catalogue_names_and_describes_every_policy() {
    for (name, documentation, spec) in EvictionSpec::catalog() {
        assert_eq!(name, spec.name());
        assert!(documentation.ends_with('.'), "{name}: {documentation}");
        assert_eq!(read::<EvictionSpec>(&format!("{name}()")), spec);
    }
}

#[test]
fn what_is_written_reads_back_and_is_right() {
    for spec in specs() {
        let text = write(&spec);
        assert_eq!(read::<EvictionSpec>(&text), spec, "{text}");
        let mut check = Check::default();
        spec.check(&mut check);
        assert!(check.is_clean(), "{text}: {:?}", check.into_problems());
    }
}

#[test]
fn what_is_wrong_is_named() {
    for (text, path) in [
        ("SampledLru(samples: 0)", "SampledLru.samples"),
        ("SampledLru(pool: 65)", "SampledLru.pool"),
        ("SampledLfu(decay_every: 0)", "SampledLfu.decay_every"),
        ("Memcached(hot: 0)", "Memcached.hot"),
        ("Memcached(hot: 0.6, warm: 0.4)", "Memcached.warm"),
        ("Clock(bits: 0)", "Clock.bits"),
        ("Clock(bits: 9)", "Clock.bits"),
        ("Lfu(halve_every: 0)", "Lfu.halve_every"),
        ("Slru(segments: [])", "Slru.segments"),
        ("Slru(segments: [0.5, 0.4])", "Slru.segments"),
        ("TwoQ(new: 25)", "TwoQ.new"),
        ("TwoQ(remembered: 0)", "TwoQ.remembered"),
        ("Lirs(new: -0.1)", "Lirs.new"),
        ("Lirs(stack: 1)", "Lirs.stack"),
        ("S3Fifo(threshold: 4)", "S3Fifo.threshold"),
        ("TinyLfu(window: 1.5)", "TinyLfu.window"),
        ("TinyLfu(protected: 2)", "TinyLfu.protected"),
    ] {
        let mut check = Check::default();
        read::<EvictionSpec>(text).check(&mut check);
        let problems = check.into_problems();
        assert_eq!(problems[0].path.join("."), path, "{text}: {problems:?}");
        // Wrong as it is, it breaks nothing.
        let mut run = Run::new(&read(text), Capacity::Entries(5));
        (0..50).for_each(|key| run.ask(key % 9, 1));
    }
}

/// One thing that happens to a cache.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Ask { key: u64, size: u64 },
    Store { key: u64, size: u64 },
    Remove { key: u64 },
}

/// Keys of which small ones are popular, sizes of which most are small.
fn happening() -> impl Strategy<Value = Happening> {
    let key = || prop_oneof![3 => 0..6_u64, 2 => 0..40_u64, 1 => any::<u64>()];
    let size = || prop_oneof![6 => 0..10_u64, 1 => 0..60_u64, 1 => Just(u64::MAX)];
    prop_oneof![
        12 => (key(), size()).prop_map(|(key, size)| Happening::Ask { key, size }),
        2 => (key(), size()).prop_map(|(key, size)| Happening::Store { key, size }),
        1 => key().prop_map(|key| Happening::Remove { key }),
    ]
}

fn capacity() -> impl Strategy<Value = Capacity> {
    prop_oneof![(0..12_u64).prop_map(Capacity::Entries), (0..80_u64).prop_map(Capacity::Bytes)]
}

/// A cache beside a plain map of what it should hold.
struct Run {
    cache: Cache<u64>,
    held: BTreeMap<u64, (u64, u64)>,
    random: Stream,
    values: u64,
    told: Vec<(u64, bool)>,
    /// Whether somebody goes for whoever comes.
    evicts: bool,
}

impl Run {
    fn new(spec: &EvictionSpec, capacity: Capacity) -> Self {
        let cache = Cache::new(capacity, spec.build(capacity));
        let evicts = spec.name() != "NoEviction";
        Self { cache, held: BTreeMap::new(), random: stream(), values: 0, told: Vec::new(), evicts }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Ask { key, size } => self.ask(key, size),
            Happening::Store { key, size } => self.store(key, size),
            Happening::Remove { key } => {
                let removed = self.cache.remove(key).map(|gone| (gone.size, gone.value));
                assert_eq!(removed, self.held.remove(&key));
                assert_eq!(self.cache.find(key), None);
            }
        }
        self.compare();
    }

    fn ask(&mut self, key: u64, size: u64) {
        let slot = self.cache.lookup(key);
        assert_eq!(slot.is_some(), self.held.contains_key(&key));
        self.told.push((key, slot.is_some()));
        match slot {
            Some(slot) => assert_eq!(self.cache.value(slot), self.held.get(&key).map(|(_, value)| value)),
            None => self.store(key, size),
        }
    }

    fn ask_all(&mut self, keys: &[u64]) {
        for &key in keys {
            self.ask(key, 1);
        }
    }

    fn store(&mut self, key: u64, size: u64) {
        self.values += 1;
        let held = &mut self.held;
        if held.get(&key).is_some_and(|(old, _)| *old != size) {
            held.remove(&key);
        }
        let capacity = self.cache.capacity();
        let others = held.iter().filter(|(other, _)| **other != key);
        let taken: u64 = others.map(|(_, (size, _))| capacity.weight(*size)).sum();
        let most = if self.evicts { capacity.limit() } else { capacity.limit() - taken };
        let fits = capacity.weight(size) <= most;
        let slot = self.cache.insert(key, size, self.values, &mut self.random, |gone| {
            assert_eq!(held.remove(&gone.key), Some((gone.size, gone.value)), "evicted, but not held");
            assert_ne!(gone.key, key, "evicted for itself");
        });
        assert_eq!(slot.is_some(), fits, "whoever fits comes in");
        if slot.is_some() {
            held.insert(key, (size, self.values));
        }
    }

    fn compare(&self) {
        let weigh = |size: &u64| self.cache.capacity().weight(*size);
        let weight: u64 = self.held.values().map(|(size, _)| weigh(size)).sum();
        assert_eq!((self.cache.len(), self.cache.weight()), (self.held.len(), weight));
        let bytes: u128 = self.held.values().map(|(size, _)| u128::from(*size)).sum();
        assert_eq!(u128::from(self.cache.bytes()), bytes.min(u64::MAX.into()));
        assert!(weight <= self.cache.capacity().limit());
        let mut found: Vec<_> = self.cache.iter().map(|(key, size, value)| (key, (size, *value))).collect();
        found.sort_unstable();
        assert!(found.into_iter().eq(self.held.iter().map(|(key, entry)| (*key, *entry))));
        assert!(self.held.keys().all(|key| self.cache.find(*key).is_some()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn a_cache_holds_what_it_should(
        capacity in capacity(),
        happenings in prop::collection::vec(happening(), 0..300),
    ) {
        for spec in specs() {
            let mut run = Run::new(&spec, capacity);
            for &happening in &happenings {
                run.happen(happening);
            }
        }
    }

    #[test]
    fn what_was_taken_out_leaves_a_cache_like_new(keys in prop::collection::vec(0..20_u64, 0..100)) {
        for spec in specs() {
            let mut run = Run::new(&spec, Capacity::Entries(8));
            for key in 0..6 {
                run.ask(key, 1);
            }
            for key in 0..6 {
                run.happen(Happening::Remove { key });
            }
            prop_assert!(run.cache.is_empty());
            run.ask_all(&keys);
            run.compare();
        }
    }

    #[test]
    fn the_same_history_tells_the_same_story(keys in prop::collection::vec(0..30_u64, 0..300)) {
        for spec in specs() {
            let told = [(); 2].map(|()| {
                let mut run = Run::new(&spec, Capacity::Entries(7));
                run.ask_all(&keys);
                run.told
            });
            prop_assert_eq!(&told[0], &told[1]);
        }
    }

    #[test]
    fn a_larger_lru_holds_what_a_smaller_one_holds(keys in prop::collection::vec(0..30_u64, 0..300)) {
        let mut runs = [3, 4, 8].map(|entries| Run::new(&read("Lru()"), Capacity::Entries(entries)));
        for key in keys {
            for run in &mut runs {
                run.ask(key, 1);
            }
            let [smallest, middle, largest] = [0, 1, 2].map(|index| &runs[index].held);
            prop_assert!(smallest.keys().all(|key| middle.contains_key(key)));
            prop_assert!(middle.keys().all(|key| largest.contains_key(key)));
        }
    }

    #[test]
    fn a_cache_of_bytes_with_equal_sizes_is_a_cache_of_objects(keys in prop::collection::vec(0..60_u64, 0..400)) {
        // Where shares of the capacity come out alike.
        for spec in specs() {
            let mut objects = Run::new(&spec, Capacity::Entries(20));
            let mut bytes = Run::new(&spec, Capacity::Bytes(20));
            for &key in &keys {
                objects.ask(key, 1);
                bytes.ask(key, 1);
            }
            // The sketch of a cache of bytes grows as objects come, and forgets then.
            if spec.name() != "TinyLfu" {
                prop_assert_eq!(&objects.told, &bytes.told, "{:?}", &spec);
            }
        }
    }
}

#[test]
fn memory_is_bounded_by_capacity_not_by_keys() {
    for spec in specs() {
        let sizes = [10_000_u64, 100_000].map(|keys| {
            let mut run = Run::new(&spec, Capacity::Entries(100));
            (0..keys).for_each(|key| run.ask(key * 7919, 1));
            // What a policy remembers is written out by its debug text.
            format!("{:?}", run.cache.policy()).len()
        });
        assert!(sizes[1] < sizes[0] * 3 / 2, "{spec:?}: {sizes:?}");
    }
}

#[test]
fn a_policy_from_outside_may_keep_newcomers_out_but_breaks_nothing() {
    #[derive(Debug)]
    struct Stubborn(Option<super::Slot>);
    impl super::Evict for Stubborn {
        fn on_hit(&mut self, _: super::Slot, _: &mut super::Entries) {}
        fn evict(
            &mut self,
            _: &super::Newcomer,
            _: &mut super::Entries,
            _: &mut Stream,
        ) -> Option<super::Slot> {
            self.0
        }
        fn on_insert(&mut self, slot: super::Slot, _: &super::Newcomer, _: &mut super::Entries) {
            self.0 = self.0.map(|_| slot);
        }
        fn on_remove(&mut self, _: super::Slot, _: &mut super::Entries) {}
    }
    let keeps_all = super::Eviction::Custom(Box::new(Stubborn(None)));
    let mut cache = Cache::new(Capacity::Entries(2), keeps_all);
    let mut random = stream();
    let mut insert = |key| cache.insert(key, 1, (), &mut random, |_| panic!("nobody goes")).is_some();
    assert_eq!([1, 2, 3, 2].map(&mut insert), [true, true, false, true]);
    assert_eq!(cache.len(), 2);
}

#[test]
fn access_is_a_lookup_and_an_insertion() {
    for (name, _, spec) in EvictionSpec::catalog() {
        let requests = zipf_trace();
        let capacity = Capacity::Entries(300);
        let mut cache = Cache::new(capacity, spec.build(capacity));
        let mut random = stream();
        let held = requests.iter().filter(|key| cache.access(**key, 1, (), &mut random, |_| ())).count();
        assert_eq!(held as u64, hits(&spec, capacity, &requests), "{name}");
    }
}
