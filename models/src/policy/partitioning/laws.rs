//! What every partitioner must obey, whatever its rule.

use sim_core::{check::Check, random::Luck};

use super::{Partition, PartitionerSpec};

/// Keys from all over.
fn keys(count: u64) -> impl Iterator<Item = u64> {
    (0..count).map(|key| Luck(key).at(1, 0))
}

#[test]
fn every_default_is_a_right_one() {
    for (name, _, spec) in PartitionerSpec::catalog() {
        let mut check = Check::default();
        spec.check(&mut check);
        assert_eq!(check.into_problems(), [], "{name}");
        assert_eq!(spec.least_shards(), 1, "{name}");
    }
}

#[test]
fn every_key_has_a_shard_and_its_range_knows_it() {
    for (name, _, spec) in PartitionerSpec::catalog() {
        for shards in [1, 2, 7, 64] {
            let map = spec.build(shards);
            assert_eq!(map.shards(), shards, "{name}");
            for key in keys(500).chain(0..500).chain([u64::MAX]) {
                let shard = map.shard_of(key);
                assert!(shard < shards, "{name}: {shard} of {shards}");
                let around = map.shards_of_range(key.saturating_sub(3), key.saturating_add(1_000));
                assert!(around.contains(&shard) && around.is_sorted_by(|a, b| a < b), "{name}: {around:?}");
            }
        }
    }
}

#[test]
fn what_moves_is_what_the_plan_says() {
    const KEYS: u64 = 40_000;
    for (name, _, spec) in PartitionerSpec::catalog() {
        for (old, new) in [(1, 2), (8, 9), (9, 8), (4, 8), (12, 8), (5, 5)] {
            let before = spec.build(old);
            let (after, plan) = before.resized(new);
            assert_eq!(after.shards(), new, "{name}");
            let mut moved = 0;
            for (from, to) in keys(KEYS).map(|key| (before.shard_of(key), after.shard_of(key))) {
                if from != to {
                    moved += 1;
                    let planned = plan.moves.iter().any(|step| (step.from, step.to) == (from, to));
                    assert!(planned, "{name} {old} to {new}: {from} to {to}");
                }
            }
            let planned = plan.moved();
            let spread = (planned * (1.0 - planned).max(0.0) / KEYS as f64).sqrt();
            let measured = f64::from(moved) / KEYS as f64;
            assert!(
                (measured - planned).abs() <= 5.0 * spread,
                "{name} {old} to {new}: {measured}, {planned}"
            );
        }
    }
}

#[test]
fn all_but_hash_modulo_move_no_more_than_they_must() {
    for (name, _, spec) in PartitionerSpec::catalog().into_iter().filter(|(name, ..)| *name != "HashModulo") {
        let plan = spec.build(8).resized(9).1;
        assert!(plan.moves.iter().all(|step| step.to == 8), "{name}");
        // 1/9 where keys are even; a ring of 16 points a shard has Beta(16, 128): four standard deviations.
        assert!(plan.moved() <= 1.0 / 9.0 + 4.0 * 0.026, "{name}: {}", plan.moved());
    }
}

#[test]
fn growing_by_steps_is_growing_at_once_except_for_tables_that_remember() {
    for (name, _, spec) in PartitionerSpec::catalog() {
        let twice = spec.build(5).resized(6).0.resized(7).0;
        let once = spec.build(5).resized(7).0;
        assert!(keys(2_000).all(|key| twice.shard_of(key) == once.shard_of(key)), "{name}");
    }
}
