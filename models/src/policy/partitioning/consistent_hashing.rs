//! Consistent hashing: shards have points on a ring of hashes, and a key belongs to the first point at or after it.
//!
//! A new shard takes its part from all others, and nothing else moves. With V points each the shares of n shards
//! vary by √((n−1)/(nV+1)); more points cure that, but no hot key. Karger et al., STOC 1997; DeCandia et al.,
//! *Dynamo*, SOSP 2007; Cassandra's `num_tokens` is 16 (256 before 4.0). Points are xxHash64 of `shard_0`,
//! `shard_1` and so on, as Envoy's ring names them; Cassandra's are random.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::check::Check;

use super::{KeyHash, Partition, Partitioner, Plan, Table, check_weights, weights_of};
use crate::policy::hashing::{Ring, xx_hash};

/// `ConsistentHashing`: how many points.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Points of a shard of weight 1, 1 to 10000. Default 16 (Cassandra's `num_tokens` since 4.0).
    pub virtual_nodes: u32,
    /// Weights by shard, those that come later included; 1 for those not named.
    pub weights: Vec<u32>,
}

impl Default for Spec {
    fn default() -> Self {
        Self { virtual_nodes: 16, weights: Vec::new() }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require((1..=10_000).contains(&self.virtual_nodes), "virtual_nodes", || {
            format!("virtual_nodes must be 1 to 10000, got {}", self.virtual_nodes)
        });
        check_weights(&self.weights, check);
    }

    pub(super) fn build(&self, shards: u32) -> State {
        let weights = weights_of(&self.weights, shards.max(1));
        let arcs = arcs(&self.ring(&weights));
        State { spec: self.clone(), shards: shards.max(1), arcs }
    }

    fn ring(&self, weights: &[u32]) -> Ring<u64> {
        let points = weights.iter().enumerate().flat_map(|(shard, weight)| {
            (0..self.virtual_nodes.saturating_mul(*weight))
                .map(move |nth| (xx_hash(format!("{shard}_{nth}").as_bytes()), shard as u32))
        });
        Ring::new(points.collect())
    }
}

/// The arcs of a ring: each ends at its point.
fn arcs(ring: &Ring<u64>) -> Table {
    let points = ring.points();
    let beyond = points.last().map_or(u64::MAX, |&(last, _)| last);
    let starts = [0].into_iter().chain(points.iter().map(|&(hash, _)| hash.saturating_add(1)));
    let owners = points.iter().chain(points.first()).map(|&(_, owner)| owner);
    let mut pieces: Vec<(u64, u32)> = starts.zip(owners).collect();
    if beyond == u64::MAX {
        // Nothing lies beyond the last point, so the first has no arc there.
        pieces.pop();
    }
    // Of points with the same hash the first owns it.
    pieces.reverse();
    Table::new(pieces, u64::MAX)
}

/// The ring, as a table of arcs.
#[derive(Debug)]
pub struct State {
    spec: Spec,
    shards: u32,
    arcs: Table,
}

impl State {
    /// The share of all hashes that each shard owns.
    pub fn shares(&self) -> Vec<f64> {
        self.arcs.shares(self.shards)
    }
}

impl Partition for State {
    #[inline]
    fn shard_of(&self, key: u64) -> u32 {
        self.arcs.holder(KeyHash::XxHash64.of(key))
    }

    fn shards(&self) -> u32 {
        self.shards
    }

    fn resized(&self, shards: u32) -> (Partitioner, Plan) {
        let next = self.spec.build(shards);
        let plan = self.arcs.plan(&next.arcs);
        (Partitioner::ConsistentHashing(next), plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_belongs_to_the_first_point_at_or_after_it() {
        let spec = Spec { virtual_nodes: 7, weights: vec![2] };
        let (state, ring) = (spec.build(5), spec.ring(&[2, 1, 1, 1, 1]));
        assert_eq!(ring.points().len(), 6 * 7);
        for key in 0..10_000_u64 {
            let owner = ring.walk(xx_hash(&key.to_le_bytes())).next();
            assert_eq!(owner, Some(state.shard_of(key) as usize), "{key}");
        }
        for (share, expected) in state.shares().iter().zip(ring.shares(5)) {
            assert!((share - expected).abs() < 1e-9);
        }
    }

    #[test]
    fn a_new_shard_takes_its_part_and_nothing_else_moves() {
        let before = Spec { virtual_nodes: 100, weights: vec![] }.build(10);
        let (_, plan) = before.resized(11);
        assert!(plan.moves.iter().all(|step| step.to == 10));
        // Beta(100, 1000): 1/11 with standard deviation 0.0087; three of them.
        assert!((plan.moved() - 1.0 / 11.0).abs() < 3.0 * 0.0087, "{}", plan.moved());
    }

    #[test]
    fn the_default_is_cassandras() {
        assert_eq!(Spec::default().virtual_nodes, 16);
    }
}
