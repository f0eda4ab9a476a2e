//! A directory: a table says where each key or range is, and one shard holds all the rest.
//!
//! Any placement can be written down, by tenant or by heat, at the price of a look-up and of a table that grows.
//! Nothing moves unless somebody says so: a new shard is empty until something is placed there. Vitess `lookup`
//! vindexes, MongoDB zones.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::check::Check;

use super::{Partition, Partitioner, Plan, Table};

/// `Directory`: who holds what.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Keys and ranges with their shards; where they overlap the later counts.
    pub entries: Vec<Entry>,
    /// The shard of all keys that no entry names. Default 0.
    pub otherwise: u32,
}

/// A row of the directory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Entry {
    /// The first key.
    pub first: u64,
    /// The last key, included. Default: `first`, a single key.
    pub last: Option<u64>,
    /// Their shard, from 0.
    pub shard: u32,
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        for (row, entry) in self.entries.iter().enumerate() {
            check.at("entries", |check| {
                check.at(row, |check| {
                    check.require(entry.last.is_none_or(|last| last >= entry.first), "last", || {
                        format!("last must be at least first, {}", entry.first)
                    });
                });
            });
        }
    }

    pub(super) fn least_shards(&self) -> u32 {
        let named = self.entries.iter().map(|entry| entry.shard);
        named.chain([self.otherwise]).max().unwrap_or(0).saturating_add(1)
    }

    pub(super) fn build(&self, shards: u32) -> State {
        let shards = shards.max(1);
        let mut table = Table::new(vec![(0, self.otherwise % shards)], u64::MAX);
        for entry in &self.entries {
            // Neighbours at one shard stay two: each may move by itself.
            table.give(entry.first, entry.last.unwrap_or(entry.first), entry.shard % shards);
        }
        State { otherwise: self.otherwise, shards, table }
    }
}

/// The directory.
#[derive(Clone, Debug)]
pub struct State {
    otherwise: u32,
    shards: u32,
    table: Table,
}

impl State {
    /// Who holds what.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The same keys with other holders.
    pub fn with_table(&self, table: Table) -> Self {
        Self { otherwise: self.otherwise, shards: self.shards, table }
    }

    /// The directory in which the keys from `first` to `last` are at `shard`, and what moves for it.
    pub fn assigned(&self, first: u64, last: u64, shard: u32) -> (Self, Plan) {
        let mut table = self.table.clone();
        table.assign(first, last, shard % self.shards);
        let plan = self.table.plan(&table);
        (Self { otherwise: self.otherwise, shards: self.shards, table }, plan)
    }
}

impl Partition for State {
    fn shard_of(&self, key: u64) -> u32 {
        self.table.holder(key)
    }

    fn shards(&self) -> u32 {
        self.shards
    }

    fn shards_of_range(&self, low: u64, high: u64) -> Vec<u32> {
        self.table.holders(low, high)
    }

    /// What a shard that goes held joins the rest.
    fn resized(&self, shards: u32) -> (Partitioner, Plan) {
        let shards = shards.max(1);
        let rest = self.otherwise % shards;
        let kept = |&(first, holder): &(u64, u32)| (first, if holder < shards { holder } else { rest });
        let mut table = Table::new(self.table.pieces().iter().map(kept).collect(), u64::MAX);
        table.join();
        let plan = self.table.plan(&table);
        (Partitioner::Directory(Self { otherwise: self.otherwise, shards, table }), plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_where_they_were_put_and_the_rest_elsewhere() {
        let entry = |first, last, shard| Entry { first, last, shard };
        let entries = vec![entry(7, None, 1), entry(100, Some(199), 2)];
        let state = Spec { entries, otherwise: 0 }.build(3);
        assert_eq!([6, 7, 8, 100, 199, 200].map(|key| state.shard_of(key)), [0, 1, 0, 2, 2, 0]);
        assert_eq!(state.shards_of_range(0, 50), [0, 1]);
        assert_eq!(state.resized(4).1, Plan::default());
        let (moved, plan) = state.assigned(150, 159, 1);
        assert_eq!((moved.shard_of(149), moved.shard_of(150), moved.shard_of(160)), (2, 1, 2));
        assert_eq!((plan.moves.len(), plan.moves[0].from, plan.moves[0].to), (1, 2, 1));
        assert_eq!(state.resized(2).0.shard_of(150), 0);
        let entries = vec![entry(0, Some(9), 1), entry(10, Some(19), 1)];
        let apart = Spec { entries, otherwise: 0 }.build(2);
        assert_eq!(apart.table().pieces(), [(0, 1), (10, 1), (20, 0)], "two tenants of one shard");
    }
}
