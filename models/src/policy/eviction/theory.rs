//! Hits beside other implementations, exact chains and closed forms.

use sim_core::{
    random::keys::KeysSpec,
    statistics::theory::reference_model::{Replacement, hit_ratio, zipf},
};

use super::{
    Admission, Capacity, EvictionSpec, ReuseDistances, clock, lfu, optimal_hits, slru,
    testing::{hits, loop_trace, read, scanned_trace, stream, zipf_trace},
    tiny_lfu,
};

/// The member of that name, with its defaults.
fn named(name: &str) -> EvictionSpec {
    let mut catalog = EvictionSpec::catalog().into_iter();
    catalog.find(|(known, _, _)| *known == name).unwrap_or_else(|| panic!("no {name}")).2
}

fn clock(bits: u8) -> EvictionSpec {
    EvictionSpec::Clock(clock::Spec { bits })
}

/// Hits of LRU, FIFO, CLOCK with one bit and with two, SIEVE, ARC, 2Q and LFU.
fn exact_hits(requests: &[u64], capacity: u64) -> [u64; 8] {
    let specs = [
        named("Lru"),
        named("Fifo"),
        clock(1),
        clock(2),
        named("Sieve"),
        named("Arc"),
        named("TwoQ"),
        named("Lfu"),
    ];
    specs.map(|spec| hits(&spec, Capacity::Entries(capacity), requests))
}

/// libCacheSim 0.3.5 and an independent implementation agree on each of them.
#[test]
fn exactly_as_often_as_libcachesim() {
    let zipf = zipf_trace();
    assert_eq!(exact_hits(&zipf, 100), [57_785, 52_301, 59_206, 60_847, 67_138, 64_558, 63_789, 66_273]);
    assert_eq!(exact_hits(&zipf, 20), [31_715, 27_115, 33_369, 35_333, 44_533, 42_887, 41_704, 45_018]);
    assert_eq!(exact_hits(&loop_trace(), 100), [0, 0, 0, 0, 0, 0, 8278, 0]);
}

#[test]
fn exactly_as_often_as_the_best() {
    let zipf = zipf_trace();
    for (requests, capacity, forced, bypass) in
        [(&zipf, 100, 75_773, 75_855), (&zipf, 20, 53_603, 54_171), (&loop_trace(), 100, 9900, 9900)]
    {
        assert_eq!(optimal_hits(requests, capacity, Admission::Forced), forced);
        let found = optimal_hits(requests, capacity, Admission::Bypass);
        assert!(found == bypass || forced == bypass && found >= forced, "{found}");
    }
}

/// libCacheSim's S3-FIFO, LIRS, W-TinyLFU and SLRU; variants of these differ by small fractions.
#[test]
fn nearly_as_often_as_variants_elsewhere() {
    let fixed = EvictionSpec::TinyLfu(tiny_lfu::Spec { adaptive: false, ..Default::default() });
    for (spec, expected, within) in [
        (named("S3Fifo"), 66_132.0, 0.000_1),
        (named("Lirs"), 65_010.0, 0.000_1),
        (named("TinyLfu"), 66_724.0, 0.005),
        (fixed, 66_724.0, 0.01),
        (named("Slru"), 65_611.0, 0.0),
    ] {
        let found = hits(&spec, Capacity::Entries(100), &zipf_trace()) as f64;
        assert!((found / expected - 1.0).abs() <= within, "{spec:?}: {found}");
    }
}

/// Faults of Belady, Nelson & Shedler's string of 1969, and of the string of the textbooks (Silberschatz et al.).
#[test]
fn a_larger_fifo_may_miss_more() {
    let faults = |requests: &[u64], spec: &EvictionSpec, capacity| {
        requests.len() as u64 - hits(spec, Capacity::Entries(capacity), requests)
    };
    let best = |requests: &[u64], capacity| {
        requests.len() as u64 - optimal_hits(requests, capacity, Admission::Forced)
    };
    let anomaly = [1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5];
    for (capacity, fifo, lru, optimal) in [(3, 9, 10, 7), (4, 10, 8, 6)] {
        assert_eq!(faults(&anomaly, &named("Fifo"), capacity), fifo);
        assert_eq!(faults(&anomaly, &named("Lru"), capacity), lru);
        assert_eq!(best(&anomaly, capacity as usize), optimal);
    }
    let textbook = [7, 0, 1, 2, 0, 3, 0, 4, 2, 3, 0, 3, 2, 1, 2, 0, 1, 7, 0, 1];
    let found = ["Fifo", "Lru", "Clock", "Sieve"].map(|name| faults(&textbook, &named(name), 3));
    assert_eq!(found, [15, 12, 11, 11]);
    assert_eq!(best(&textbook, 3), 9);
}

/// Requests for keys that do not depend on those before.
fn independent(items: u32, exponent: f64, requests: usize) -> Vec<u64> {
    let text = format!("Zipf(items: {items}, exponent: {exponent:?})");
    let keys = read::<KeysSpec>(&text).build();
    let mut random = stream();
    (0..requests).map(|_| keys.draw(random.bits())).collect()
}

/// The hit ratio after the first tenth.
fn steady_ratio(spec: &EvictionSpec, capacity: u64, requests: &[u64]) -> f64 {
    let warm = requests.len() / 10;
    let capacity = Capacity::Entries(capacity);
    let counted = hits(spec, capacity, requests) - hits(spec, capacity, &requests[..warm]);
    counted as f64 / (requests.len() - warm) as f64
}

/// The steady state of the Markov chain of contents, solved exactly; King 1971 for LRU and FIFO, Gelenbe 1973 for random
/// replacement. The standard error of each is 0.0003.
#[test]
fn small_caches_hit_as_often_as_their_chains() {
    for (items, capacity, expected) in [
        (4, 2, [0.603_845, 0.588_571, 0.588_571, 0.601_246, 0.601_246]),
        (5, 3, [0.715_588, 0.690_854, 0.690_854, 0.711_263, 0.721_630]),
        (6, 3, [0.637_815, 0.611_273, 0.611_273, 0.636_760, 0.651_542]),
    ] {
        let requests = independent(items, 1.0, 3_000_000);
        for (name, expected) in ["Lru", "Fifo", "Random", "Clock", "Sieve"].into_iter().zip(expected) {
            let found = steady_ratio(&named(name), capacity, &requests);
            assert!(
                (found / expected - 1.0).abs() < 0.002,
                "{name} {items} {capacity}: {found}, not {expected}"
            );
        }
    }
}

/// Che, Tung & Wang's approximation, which is nearly exact for so many keys; the standard error is 0.0004.
#[test]
fn large_caches_hit_as_often_as_their_characteristic_time_says() {
    for exponent in [0.8, 1.2] {
        let requests = independent(10_000, exponent, 2_000_000);
        let popularity = zipf(10_000, exponent);
        for capacity in [100, 500, 1000, 2000] {
            for (name, replacement) in [
                ("Lru", Replacement::LeastRecentlyUsed),
                ("Fifo", Replacement::FirstInFirstOut),
                ("Random", Replacement::FirstInFirstOut),
            ] {
                let expected = hit_ratio(&popularity, capacity, replacement);
                let found = steady_ratio(&named(name), capacity as u64, &requests);
                assert!(
                    (found - expected).abs() < 0.002,
                    "{name} {exponent} {capacity}: {found}, not {expected}"
                );
            }
        }
    }
}

/// If references are independent, no policy that cannot see ahead does better than to hold the most popular.
#[test]
fn nobody_beats_the_most_popular() {
    let requests = independent(10_000, 0.8, 1_000_000);
    let best = hit_ratio(&zipf(10_000, 0.8), 500, Replacement::LeastPopular);
    let mut found: Vec<(f64, &str)> = EvictionSpec::catalog()
        .into_iter()
        .map(|(name, _, spec)| (steady_ratio(&spec, 500, &requests), name))
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    assert!(found[0].0 < best + 0.002, "{found:?}, best {best}");
    let fifo = hit_ratio(&zipf(10_000, 0.8), 500, Replacement::FirstInFirstOut);
    assert!(found.last().unwrap().0 > fifo - 0.002, "{found:?}");
}

#[test]
fn nobody_beats_the_future() {
    for requests in [zipf_trace(), scanned_trace(), loop_trace()] {
        for capacity in [20, 100] {
            let best = optimal_hits(&requests, capacity, Admission::Bypass);
            for (name, _, spec) in EvictionSpec::catalog() {
                let found = hits(&spec, Capacity::Entries(capacity as u64), &requests);
                assert!(found <= best, "{name} {capacity}: {found} above {best}");
            }
        }
    }
}

/// What filters keys used once loses little by them; LRU loses much.
#[test]
fn scans_hurt_lru_most() {
    let lost = |name: &str| {
        let found = |requests: &[u64]| hits(&named(name), Capacity::Entries(100), requests) as f64;
        1.0 - found(&scanned_trace()) / found(&zipf_trace())
    };
    let lru = lost("Lru");
    for name in ["Slru", "TwoQ", "Arc", "Lirs", "S3Fifo", "TinyLfu", "Sieve"] {
        assert!(lost(name) < 0.5 * lru, "{name} loses {}, LRU {lru}", lost(name));
    }
}

#[test]
fn reuse_distances_tell_the_hits_of_every_lru() {
    for requests in [scanned_trace(), loop_trace()] {
        let mut reuse = ReuseDistances::default();
        for &key in &requests {
            reuse.record(key);
        }
        for capacity in [1, 2, 3, 10, 20, 99, 100, 119, 120, 121, 500, 1000, 5000, 30_000] {
            let found = hits(&named("Lru"), Capacity::Entries(capacity), &requests);
            assert_eq!(reuse.hits(capacity as usize), found, "{capacity}");
        }
        let ratios = reuse.miss_ratios();
        assert!(ratios.is_sorted_by(|a, b| a >= b));
        let first_uses = reuse.keys() as f64 / reuse.requests() as f64;
        assert!((ratios.last().unwrap() - first_uses).abs() < 1e-12);
    }
    let mut reuse = ReuseDistances::default();
    for &key in &zipf_trace() {
        reuse.record(key);
    }
    assert_eq!((reuse.hits(20), reuse.hits(100)), (31_715, 57_785), "libCacheSim 0.3.5");
}

#[test]
fn four_equal_segments_and_ageing_change_what_is_held() {
    let requests = zipf_trace();
    let equal = EvictionSpec::Slru(slru::Spec { segments: vec![0.25; 4] });
    let ageing = EvictionSpec::Lfu(lfu::Spec { halve_every: Some(1000) });
    for (spec, default) in [(equal, named("Slru")), (ageing, named("Lfu"))] {
        let found = [&spec, &default].map(|spec| hits(spec, Capacity::Entries(100), &requests));
        assert_ne!(found[0], found[1]);
        assert!(found[0] > 57_785, "better than LRU: {found:?}");
    }
}
