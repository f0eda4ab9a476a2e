//! The parts in which keys move between two maps, each from one shard to one other.

use std::collections::BTreeMap;

use crate::policy::{
    hashing::xx_hash,
    partitioning::{KeySizes, Partition, Partitioner},
};

/// Keys are counted one by one up to so many; of more an even sample is.
const MOST_COUNTED: u64 = 1_000_000;
/// Parts there may be.
const MOST_PARTS: u64 = 65_536;
/// What sets this hash of a key apart from those that place it.
const SALT: u64 = 0x7061_7274;

/// Keys that move together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Who has them.
    pub from: u32,
    /// Who is to have them.
    pub to: u32,
    /// How many there are.
    pub keys: u64,
    /// How many bytes they take together.
    pub bytes: i128,
}

impl Part {
    /// How many bytes so many of its keys take that come after `before` others: all of it takes all of them.
    pub fn bytes_of(&self, before: u64, keys: u64) -> i128 {
        let up_to = |keys: u64| {
            (self.bytes * i128::from(keys)).checked_div(i128::from(self.keys)).unwrap_or_default()
        };
        up_to(before + keys) - up_to(before)
    }
}

/// All parts of a move, in the order in which they go.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    all: Vec<Part>,
    /// The first part of two shards and how many they have.
    pairs: BTreeMap<(u32, u32), (usize, u64)>,
}

/// Where a moving key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its part.
    pub part: usize,
    /// How far into the part, of 2^63.
    pub depth: u64,
}

impl Parts {
    /// What of the keys below `keys` moves between two maps, in parts of at most `most` keys.
    pub fn new(
        (before, after): (&Partitioner, &Partitioner),
        (keys, sizes): (u64, &KeySizes),
        most: u64,
    ) -> Self {
        let mut moving: BTreeMap<(u32, u32), Vec<u64>> = BTreeMap::new();
        let step = keys.div_ceil(MOST_COUNTED).max(1);
        for key in (0..keys).step_by(step as usize) {
            let (from, to) = (before.shard_of(key), after.shard_of(key));
            if from != to {
                moving.entry((from, to)).or_default().push(key);
            }
        }
        let most_pieces = MOST_PARTS.checked_div(moving.len() as u64).unwrap_or(1).max(1);
        let mut parts = Self::default();
        for ((from, to), found) in moving {
            let pieces = (found.len() as u64 * step).div_ceil(most.max(1)).clamp(1, most_pieces);
            parts.pairs.insert((from, to), (parts.all.len(), pieces));
            let first = parts.all.len();
            parts.all.extend((0..pieces).map(|_| Part { from, to, keys: 0, bytes: 0 }));
            for key in found {
                let part = &mut parts.all[first + piece(key, pieces).0];
                part.keys += step;
                part.bytes += i128::from(step) * i128::from(sizes.of(key));
            }
        }
        parts
    }

    /// The parts in their order.
    pub fn all(&self) -> &[Part] {
        &self.all
    }

    /// The part of a key that one map places here and the other there. Keys that were not counted, since there are more
    /// than are stored, may have none: they are moved at once when all others are.
    pub fn place(&self, from: u32, to: u32, key: u64) -> Option<Place> {
        let (first, pieces) = self.pairs.get(&(from, to))?;
        let (piece, depth) = piece(key, *pieces);
        Some(Place { part: first + piece, depth })
    }
}

/// Which of so many pieces a key is in, and how deep.
fn piece(key: u64, pieces: u64) -> (usize, u64) {
    let spread = u128::from(xx_hash(&(key ^ SALT).to_le_bytes())) * u128::from(pieces);
    // Half of it, so that whatever is below all of it has gone once all has.
    ((spread >> 64) as usize, spread as u64 >> 1)
}

#[cfg(test)]
mod tests {
    use sim_core::random::distribution::DistributionSpec;

    use super::*;
    use crate::{policy::partitioning::PartitionerSpec, units::Bytes};

    fn sizes() -> KeySizes {
        let law: DistributionSpec<Bytes> = ron::from_str(r#"Exponential((mean: "1KB"))"#).unwrap();
        KeySizes::new(law.build())
    }

    fn spec(text: &str) -> PartitionerSpec {
        ron::from_str(text).unwrap()
    }

    #[test]
    fn what_moves_is_the_plans_share_and_no_part_is_too_large() {
        // Jump hashing: 1/9 (Lamping & Veach 2014); the remainder: 8/9. Four standard deviations of a binomial number.
        for (text, share) in [("JumpHashing(())", 1.0 / 9.0), ("HashModulo(())", 8.0 / 9.0)] {
            let before = spec(text).build(8);
            let (after, plan) = before.resized(9);
            let parts = Parts::new((&before, &after), (100_000, &sizes()), 500);
            let moved: u64 = parts.all().iter().map(|part| part.keys).sum();
            let spread = (100_000.0_f64 * share * (1.0 - share)).sqrt();
            assert!((moved as f64 - 100_000.0 * share).abs() < 4.0 * spread, "{text}: {moved}");
            assert!((plan.moved() - share).abs() < 1e-9);
            assert!(parts.all().iter().all(|part| part.keys < 700), "{text}");
        }
    }

    #[test]
    fn every_key_that_moves_has_one_part_of_its_shards() {
        let before = spec("ConsistentHashing(())").build(5);
        let (after, _) = before.resized(4);
        let parts = Parts::new((&before, &after), (10_000, &sizes()), 100);
        let mut counted = vec![(0, 0); parts.all().len()];
        for key in 0..10_000 {
            let (from, to) = (before.shard_of(key), after.shard_of(key));
            if from != to {
                let place = parts.place(from, to, key).unwrap();
                assert_eq!((parts.all()[place.part].from, parts.all()[place.part].to), (from, to));
                counted[place.part].0 += 1;
                counted[place.part].1 += i128::from(sizes().of(key));
            }
        }
        assert_eq!(counted, parts.all().iter().map(|part| (part.keys, part.bytes)).collect::<Vec<_>>());
        // However a part is cut into batches, these take all its bytes.
        let part = parts.all()[0];
        let batches: i128 = (0..part.keys).map(|key| part.bytes_of(key, 1)).sum();
        assert_eq!((batches, part.bytes_of(0, part.keys)), (part.bytes, part.bytes));
    }
}
