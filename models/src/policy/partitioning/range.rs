//! Ranges: the ordered keys are cut, and each shard holds what lies between two cuts.
//!
//! The only rule that keeps neighbours together, so a range is read from few shards; and so are hot neighbours: keys
//! that only grow all go to the last shard. A cut is metadata, only a change of holder moves anything. Bigtable (Chang
//! et al., OSDI 2006), HBase, CockroachDB, TiKV, MongoDB.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::check::Check;

use super::{Partition, Partitioner, Plan, Table};

/// `Range`: where the cuts are.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The first key of each shard but the first, ascending. Default: equal parts of all keys.
    pub boundaries: Vec<u64>,
    /// How many keys there may be, from 0, where the parts are to be equal. Default: all 2^64.
    pub keys: Option<u64>,
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(self.boundaries.is_sorted_by(|a, b| a < b), "boundaries", || {
            "boundaries must ascend, each above the one before".into()
        });
        check.require(self.boundaries.first() != Some(&0), "boundaries", || {
            "the first shard starts at key 0: leave that boundary out".into()
        });
        check.require(self.keys != Some(0), "keys", || "keys must be at least 1, got 0".into());
        check.require(self.keys.is_none() || self.boundaries.is_empty(), "keys", || {
            "keys are cut in equal parts, which boundaries contradict: leave out one of them".into()
        });
    }

    pub(super) fn least_shards(&self) -> u32 {
        self.boundaries.len() as u32 + 1
    }

    pub(super) fn build(&self, shards: u32) -> State {
        let shards = shards.max(1);
        if self.boundaries.is_empty() {
            return State { shards, table: Table::even(shards, self.keys.map_or(u64::MAX, |keys| keys - 1)) };
        }
        let starts = [0].into_iter().chain(self.boundaries.iter().copied());
        let pieces = starts.zip(0_u32..).map(|(first, range)| (first, range % shards));
        State { shards, table: Table::new(pieces.collect(), u64::MAX) }
    }
}

/// The ranges and their holders.
#[derive(Clone, Debug)]
pub struct State {
    shards: u32,
    table: Table,
}

impl State {
    /// The ranges: the first key of each and its holder.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The same keys with other ranges, cut or moved by whoever splits and rebalances them.
    pub fn with_table(&self, table: Table) -> Self {
        Self { shards: self.shards, table }
    }
}

impl Partition for State {
    #[inline]
    fn shard_of(&self, key: u64) -> u32 {
        self.table.holder(key)
    }

    fn shards(&self) -> u32 {
        self.shards
    }

    fn shards_of_range(&self, low: u64, high: u64) -> Vec<u32> {
        self.table.holders(low, high)
    }

    fn resized(&self, shards: u32) -> (Partitioner, Plan) {
        let shards = shards.max(1);
        let table = self.table.resized(self.shards, shards);
        let plan = self.table.plan(&table);
        (Partitioner::Range(Self { shards, table }), plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_in_order_and_growing_keys_all_go_to_the_last() {
        let state = Spec { boundaries: vec![100, 200, 300], keys: None }.build(4);
        assert_eq!([0, 99, 100, 299, 300, u64::MAX].map(|key| state.shard_of(key)), [0, 0, 1, 2, 3, 3]);
        assert_eq!(state.shards_of_range(150, 250), [1, 2]);
        assert!((1_000_000..1_001_000).all(|key| state.shard_of(key) == 3));
    }

    #[test]
    fn one_more_shard_takes_an_equal_part_of_each() {
        let state = Spec { boundaries: vec![], keys: Some(7_200) }.build(8);
        let (next, plan) = state.resized(9);
        assert!((plan.moved() - 1.0 / 9.0).abs() < 1e-12);
        assert!((0..7_200).all(|key| [state.shard_of(key), 8].contains(&next.shard_of(key))));
    }
}
