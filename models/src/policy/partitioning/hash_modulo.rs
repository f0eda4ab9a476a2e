//! Hash modulo: the hash of the key modulo the number of shards.
//!
//! Even and without a table, but from n to m shards only min(n, m) of lcm(n, m) remainders stay where they are: one
//! more shard moves n/(n+1) of all keys. What early memcached clients did, and why Karger et al. (*Consistent
//! Hashing and Random Trees*, STOC 1997) looked for something else.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::check::Check;

use super::{KeyHash, Move, Part, Partition, Partitioner, Plan};

/// `HashModulo`: what is hashed how.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// What is done to a key first. Default `XxHash64`.
    pub hash: KeyHash,
}

impl Spec {
    pub(super) fn check(&self, _: &mut Check) {}

    pub(super) fn build(&self, shards: u32) -> State {
        State { hash: self.hash, shards: shards.max(1) }
    }
}

/// The number of shards is all there is.
#[derive(Debug)]
pub struct State {
    hash: KeyHash,
    shards: u32,
}

impl Partition for State {
    #[inline]
    fn shard_of(&self, key: u64) -> u32 {
        (self.hash.of(key) % u64::from(self.shards)) as u32
    }

    fn shards(&self) -> u32 {
        self.shards
    }

    fn resized(&self, shards: u32) -> (Partitioner, Plan) {
        let next = Self { hash: self.hash, shards: shards.max(1) };
        let plan = plan(self.shards, next.shards);
        (Partitioner::HashModulo(next), plan)
    }
}

/// Of lcm(n, m) remainders in a row one falls to each pair of shards that agree modulo gcd(n, m).
fn plan(old: u32, new: u32) -> Plan {
    let divisor = common_divisor(old, new);
    let share = f64::from(divisor) / (f64::from(old) * f64::from(new));
    let pairs =
        (0..old).flat_map(|from| (from % divisor..new).step_by(divisor as usize).map(move |to| (from, to)));
    let moves = pairs.filter(|(from, to)| from != to);
    Plan { moves: moves.map(|(from, to)| Move { from, to, share, part: Part::Scattered }).collect() }
}

fn common_divisor(a: u32, b: u32) -> u32 {
    // Ends: the remainder gets smaller each time. Neither is 0.
    if b == 0 { a } else { common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn almost_all_keys_move() {
        // n/(n+1) for one more; 1 - min/lcm in general. Exact over lcm(n, m) keys in a row.
        for (old, new, keys, moved) in [
            (3, 4, 12, 0.75),
            (4, 5, 20, 0.8),
            (8, 9, 72, 8.0 / 9.0),
            (10, 11, 110, 10.0 / 11.0),
            (10, 9, 90, 0.9),
            (10, 20, 20, 0.5),
            (8, 12, 24, 2.0 / 3.0),
            (100, 101, 10_100, 100.0 / 101.0),
        ] {
            let before = Spec { hash: KeyHash::Plain }.build(old);
            let (after, plan) = before.resized(new);
            let changed = (0..keys).filter(|key| before.shard_of(*key) != after.shard_of(*key)).count();
            assert_eq!(changed as f64 / keys as f64, moved, "{old} to {new}");
            assert!((plan.moved() - moved).abs() < 1e-9, "{old} to {new}: {}", plan.moved());
        }
    }
}
