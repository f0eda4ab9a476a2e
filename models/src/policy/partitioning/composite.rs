//! Two levels: the first says which group of shards (a region, a tenant, a prefix), the second which of the group.
//!
//! Regions keep data at home, tenants keep neighbours apart; inside a group any other rule applies. Shards join
//! groups in turn, so that all are equally large, and a change of their number touches one group only. Cassandra's and
//! DynamoDB's partition and clustering keys, CockroachDB's `REGIONAL BY ROW`, Citus' tenants.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::check::Check;

use super::{Move, Part, Partition, Partitioner, PartitionerSpec, Plan, jump_hashing};

/// `Composite`: the two levels.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Which group a key belongs to. Default `Modulo(groups: 2)`.
    pub first: FirstLevel,
    /// Which shard of the group. Default `JumpHashing`.
    pub second: Box<PartitionerSpec>,
}

impl Default for Spec {
    fn default() -> Self {
        let second = Box::new(PartitionerSpec::JumpHashing(jump_hashing::Spec::default()));
        Self { first: FirstLevel::default(), second }
    }
}

/// What makes groups.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum FirstLevel {
    /// Ordered keys: a prefix or a region. Inside its group a key counts from the group's first.
    Ranges {
        /// The first key of each group but the first, ascending.
        boundaries: Vec<u64>,
    },
    /// The key modulo the number of groups: a tenant, whose keys are `tenant + groups * row`. Inside its group a key
    /// is its row.
    Modulo {
        /// Groups, at least 1.
        groups: u32,
    },
}

impl Default for FirstLevel {
    fn default() -> Self {
        Self::Modulo { groups: 2 }
    }
}

impl FirstLevel {
    fn groups(&self) -> u32 {
        match self {
            Self::Ranges { boundaries } => boundaries.len() as u32 + 1,
            Self::Modulo { groups } => (*groups).max(1),
        }
    }

    /// The group of a key, and the key inside it.
    fn split(&self, key: u64) -> (u32, u64) {
        match self {
            Self::Ranges { boundaries } => {
                let group = boundaries.partition_point(|first| *first <= key);
                let first = if group == 0 { 0 } else { boundaries[group - 1] };
                (group as u32, key - first)
            }
            Self::Modulo { groups } => {
                let groups = u64::from((*groups).max(1));
                ((key % groups) as u32, key / groups)
            }
        }
    }

    /// The share of all possible keys that a group has.
    fn share(&self, group: u32) -> f64 {
        match self {
            Self::Ranges { boundaries } => {
                let first = if group == 0 { 0 } else { boundaries[group as usize - 1] };
                let last = boundaries.get(group as usize).map_or(u64::MAX, |next| next - 1);
                (last - first) as f64 / u64::MAX as f64
            }
            Self::Modulo { groups } => 1.0 / f64::from((*groups).max(1)),
        }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.at("first", |check| match &self.first {
            FirstLevel::Ranges { boundaries } => {
                let ascend = boundaries.is_sorted_by(|a, b| a < b) && boundaries.first() != Some(&0);
                check.require(ascend, "boundaries", || "boundaries must ascend, the first above 0".into());
            }
            FirstLevel::Modulo { groups } => {
                check.require((1..=65_535).contains(groups), "groups", || {
                    format!("groups must be 1 to 65535, got {groups}")
                });
            }
        });
        check.at("second", |check| self.second.check(check));
        check.require(!matches!(*self.second, PartitionerSpec::Composite(_)), "second", || {
            "two levels are enough: the second cannot be a Composite".into()
        });
    }

    pub(super) fn build(&self, shards: u32) -> State {
        let shards = shards.max(1);
        let members = members(shards, self.first.groups());
        let inside = members.iter().map(|group| self.second.build(group.len() as u32)).collect();
        State { first: self.first.clone(), shards, members, inside }
    }
}

/// The shards of each group: in turn, and where there are more groups than shards some share one.
fn members(shards: u32, groups: u32) -> Vec<Vec<u32>> {
    let of = |group: u32| match (group..shards).step_by(groups as usize).collect::<Vec<_>>() {
        none if none.is_empty() => vec![group % shards],
        some => some,
    };
    (0..groups).map(of).collect()
}

/// The groups and the rule inside each.
#[derive(Debug)]
pub struct State {
    first: FirstLevel,
    shards: u32,
    members: Vec<Vec<u32>>,
    inside: Vec<Partitioner>,
}

impl State {
    fn group_plan(&self, group: u32, old: &[u32], new: &[u32], inner: &Plan) -> Vec<Move> {
        let share = self.first.share(group);
        if old[0] != new[0] {
            // It shared a shard with another group, and now has one of its own or no more.
            return vec![Move { from: old[0], to: new[0], share, part: Part::Scattered }];
        }
        let step = |step: &Move| Move {
            from: old[step.from as usize],
            to: new[step.to as usize],
            share: step.share * share,
            part: Part::Scattered,
        };
        inner.moves.iter().map(step).collect()
    }
}

impl Partition for State {
    fn shard_of(&self, key: u64) -> u32 {
        let (group, inner) = self.first.split(key);
        let members = &self.members[group as usize];
        members[self.inside[group as usize].shard_of(inner) as usize]
    }

    fn shards(&self) -> u32 {
        self.shards
    }

    fn shards_of_range(&self, low: u64, high: u64) -> Vec<u32> {
        let FirstLevel::Ranges { .. } = &self.first else { return (0..self.shards).collect() };
        let ((from, low), (to, high)) = (self.first.split(low), self.first.split(high.max(low)));
        let mut shards = Vec::new();
        for group in from..=to {
            let low = if group == from { low } else { 0 };
            let high = if group == to { high } else { u64::MAX };
            let inside = self.inside[group as usize].shards_of_range(low, high);
            shards.extend(inside.into_iter().map(|shard| self.members[group as usize][shard as usize]));
        }
        shards.sort_unstable();
        shards.dedup();
        shards
    }

    fn resized(&self, shards: u32) -> (Partitioner, Plan) {
        let shards = shards.max(1);
        let members = members(shards, self.first.groups());
        let (mut inside, mut plan) = (Vec::new(), Plan::default());
        for (group, (old, new)) in (0..).zip(self.members.iter().zip(&members)) {
            let (next, inner) = self.inside[group as usize].resized(new.len() as u32);
            plan.moves.extend(self.group_plan(group, old, new, &inner));
            inside.push(next);
        }
        (Partitioner::Composite(Self { first: self.first.clone(), shards, members, inside }), plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::partitioning::PartitionerSpec;

    #[test]
    fn regions_keep_to_their_shards_and_spread_inside() {
        let spec: PartitionerSpec =
            ron::from_str("Composite((first: Ranges(boundaries: [1000]), second: HashModulo(())))").unwrap();
        let state = spec.build(6);
        let shards = |keys: std::ops::Range<u64>| {
            keys.map(|key| state.shard_of(key)).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(shards(0..1000).into_iter().collect::<Vec<_>>(), [0, 2, 4]);
        assert_eq!(shards(1000..2000).into_iter().collect::<Vec<_>>(), [1, 3, 5]);
        assert_eq!(state.shards_of_range(10, 20), [0, 2, 4]);
        // A seventh joins the first region, whose three become four.
        let (next, plan) = state.resized(7);
        assert!((1000..2000).all(|key| state.shard_of(key) == next.shard_of(key)));
        assert!(plan.moves.iter().all(|step| step.from % 2 == 0));
    }

    #[test]
    fn tenants_share_shards_where_there_are_more_of_them() {
        let spec = Spec { first: FirstLevel::Modulo { groups: 5 }, ..Spec::default() };
        let state = spec.build(3);
        assert_eq!((0..5).map(|tenant| state.shard_of(tenant)).collect::<Vec<_>>(), [0, 1, 2, 0, 1]);
        let (next, plan) = state.resized(4);
        assert_eq!((0..5).map(|tenant| next.shard_of(tenant)).collect::<Vec<_>>(), [0, 1, 2, 3, 0]);
        assert!((plan.moved() - 0.4).abs() < 1e-12);
    }
}
