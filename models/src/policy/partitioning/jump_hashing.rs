//! Jump hashing: the bucket by jumps, without a table; exactly 1/(n+1) of the keys move when a shard is added.
//!
//! The most even of all for keys alike, in no memory; but shards are numbers and only the last can go. The key itself
//! feeds the generator, as in the listing. Lamping & Veach, *A Fast, Minimal Memory, Consistent Hash Algorithm*, 2014.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::check::Check;

use super::{Partition, Partitioner, Plan};
use crate::policy::hashing::jump_hash;

/// `JumpHashing`: nothing to say.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {}

impl Spec {
    pub(super) fn check(&self, _: &mut Check) {}

    pub(super) fn build(&self, shards: u32) -> State {
        State { shards: shards.max(1) }
    }
}

/// The number of shards is all there is.
#[derive(Debug)]
pub struct State {
    shards: u32,
}

impl Partition for State {
    #[inline]
    fn shard_of(&self, key: u64) -> u32 {
        jump_hash(key, self.shards)
    }

    fn shards(&self) -> u32 {
        self.shards
    }

    fn resized(&self, shards: u32) -> (Partitioner, Plan) {
        let shards = shards.max(1);
        let plan = Plan::by_chance(&vec![1.0; self.shards as usize], &vec![1.0; shards as usize]);
        (Partitioner::JumpHashing(State { shards }), plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_keys_where_the_published_function_does() {
        for (key, shards, shard) in [(42, 57, 43), (0xDEAD_10CC, 666, 361), (256, 1024, 520), (10, 100, 73)] {
            assert_eq!(Spec {}.build(shards).shard_of(key), shard);
        }
        assert!((Spec {}.build(8).resized(9).1.moved() - 1.0 / 9.0).abs() < 1e-12);
    }
}
