//! Partitioners beside the formulas of skew: what hashing evens out, and what it cannot.

use sim_core::{
    random::{Luck, keys::KeysSpec},
    statistics::imbalance::{coefficient_of_variation, max_over_mean},
};

use super::{KeyHash, Partition, PartitionerSpec, suffixed};

/// Zipf's popularities with exponent 1.
fn zipf(items: u64) -> Vec<f64> {
    let spec: KeysSpec = ron::from_str(&format!("Zipf((items: {items}, exponent: 1.0))")).unwrap();
    let keys = spec.build();
    (0..items).map(|rank| keys.probability(rank)).collect()
}

/// The load of each of `shards` under the `nth` way to hash.
fn loads(popularity: &[f64], shards: u32, nth: u64) -> Vec<f64> {
    let map = PartitionerSpec::HashModulo(super::hash_modulo::Spec { hash: KeyHash::XxHash64 }).build(shards);
    let mut loads = vec![0.0; shards as usize];
    for (key, share) in (0..).zip(popularity) {
        loads[map.shard_of(Luck(nth).at(key, 0)) as usize] += share;
    }
    loads
}

#[test]
fn the_load_of_shards_varies_with_the_popularity_of_keys() {
    // sqrt((n-1) sum p^2) for a random hash: 10^4 keys under Zipf's law with exponent 1.
    let popularity = zipf(10_000);
    assert!((popularity[0] - 0.102_170).abs() < 1e-6);
    for (shards, expected) in [(10, 0.393_10), (100, 1.303_77)] {
        let squares: f64 = (0..300)
            .map(|nth| coefficient_of_variation(&loads(&popularity, shards, nth)).unwrap())
            .map(|variation| variation * variation)
            .sum();
        let measured = (squares / 300.0).sqrt();
        assert!((measured / expected - 1.0).abs() < 0.05, "{shards} shards: {measured}");
    }
}

/// The shards of a hot key's copies, each on another: suffixes that meet are passed over.
fn apart(map: &impl Partition, key: u64, copies: usize) -> Vec<u32> {
    let mut shards = Vec::new();
    for shard in (0..).map(|copy| map.shard_of(suffixed(key, copy))) {
        if !shards.contains(&shard) {
            shards.push(shard);
        }
        if shards.len() == copies {
            break;
        }
    }
    shards
}

#[test]
fn a_hot_key_bounds_the_throughput_and_copies_of_it_help() {
    // A shard with one of r copies holds p/r + (1-p)/n on average; the most throughput is what that leaves.
    let popularity = zipf(10_000);
    let map = PartitionerSpec::JumpHashing(super::jump_hashing::Spec::default()).build(10);
    for (copies, expected) in [(1, 0.191_953), (2, 0.140_868), (4, 0.115_325), (8, 0.102_554)] {
        let mut sum = 0.0;
        for nth in 0..300 {
            let place = |key: u64| Luck(nth).at(key, 0);
            let shard = apart(&map, place(0), copies)[copies - 1];
            let others =
                popularity.iter().zip(0..).skip(1).filter(|(_, key)| map.shard_of(place(*key)) == shard);
            sum += popularity[0] / copies as f64 + others.map(|(share, _)| share).sum::<f64>();
        }
        let measured = sum / 300.0;
        assert!((measured / expected - 1.0).abs() < 0.03, "{copies} copies: {measured}");
    }
}

#[test]
fn virtual_nodes_even_out_keys_but_no_hot_one() {
    let worst = |points: u32, popularity: &[f64]| {
        let spec: PartitionerSpec =
            ron::from_str(&format!("ConsistentHashing((virtual_nodes: {points}))")).unwrap();
        let map = spec.build(10);
        let mut loads = vec![0.0; 10];
        for (key, share) in (0..).zip(popularity) {
            loads[map.shard_of(key) as usize] += share;
        }
        max_over_mean(&loads).unwrap()
    };
    let (even, skewed) = (vec![1e-5; 100_000], zipf(1_000));
    assert!(worst(1, &even) > 1.5 && worst(1000, &even) < 1.1);
    // The hottest of a thousand keys has 0.1336 of all: its shard cannot have less.
    assert!(worst(1000, &skewed) > 1.336);
}

#[test]
fn several_keys_touch_several_shards() {
    // n (1 - (1 - 1/n)^k) shards for k keys by chance.
    for (shards, keys, expected) in [(8_u32, 4_u64, 3.310_547), (8, 10, 5.895_395), (100, 10, 9.561_792)] {
        let map = PartitionerSpec::JumpHashing(super::jump_hashing::Spec::default()).build(shards);
        let touched: usize = (0..20_000_u64)
            .map(|request| {
                let mut shards: Vec<u32> =
                    (0..keys).map(|key| map.shard_of(Luck(request).at(key, 0))).collect();
                shards.sort_unstable();
                shards.dedup();
                shards.len()
            })
            .sum();
        let measured = touched as f64 / 20_000.0;
        assert!((measured / expected - 1.0).abs() < 0.01, "{keys} keys on {shards}: {measured}");
    }
}
