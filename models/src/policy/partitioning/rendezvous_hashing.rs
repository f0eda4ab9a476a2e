//! Rendezvous hashing: every shard bids for the key, and the highest bid wins.
//!
//! As even as jump hashing and moves as little, takes weights, and any shard may go; a look-up costs a bid of every
//! shard. Thaler & Ravishankar, 1998; weights by −w/ln u, Schindelhauer & Schomaker, 2005.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::check::Check;

use super::{KeyHash, Partition, Partitioner, Plan, check_weights, weights_of};
use crate::policy::hashing::{rendezvous_score, xx_hash};

/// `RendezvousHashing`: how much each shard bids.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Weights by shard, those that come later included; 1 for those not named.
    pub weights: Vec<u32>,
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check_weights(&self.weights, check);
    }

    pub(super) fn build(&self, shards: u32) -> State {
        let weights = weights_of(&self.weights, shards.max(1)).into_iter().map(f64::from);
        let bidder = |(shard, weight): (usize, f64)| (xx_hash(shard.to_string().as_bytes()), weight);
        State { spec: self.clone(), bidders: weights.enumerate().map(bidder).collect() }
    }
}

/// The shards' hashes and weights.
#[derive(Debug)]
pub struct State {
    spec: Spec,
    bidders: Vec<(u64, f64)>,
}

impl State {
    fn weights(&self) -> Vec<f64> {
        self.bidders.iter().map(|&(_, weight)| weight).collect()
    }
}

impl Partition for State {
    fn shard_of(&self, key: u64) -> u32 {
        let hash = KeyHash::XxHash64.of(key);
        let mut best = (0, f64::NEG_INFINITY);
        for (shard, &(member, weight)) in (0..).zip(&self.bidders) {
            let bid = rendezvous_score(hash, member, weight);
            // Of equal bids the first counts.
            if bid > best.1 {
                best = (shard, bid);
            }
        }
        best.0
    }

    fn shards(&self) -> u32 {
        self.bidders.len() as u32
    }

    fn resized(&self, shards: u32) -> (Partitioner, Plan) {
        let next = self.spec.build(shards);
        let plan = Plan::by_chance(&self.weights(), &next.weights());
        (Partitioner::RendezvousHashing(next), plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_hold_what_their_weight_is_worth() {
        let state = Spec { weights: vec![3, 1] }.build(3);
        let held = (0..50_000_u64).filter(|key| state.shard_of(*key) == 0).count();
        // Four standard deviations of Binomial(50000, 3/5).
        assert!(held.abs_diff(30_000) < 438, "{held}");
        // A fourth of weight 1 wins one key in six.
        assert!((state.resized(4).1.moved() - 1.0 / 6.0).abs() < 1e-12);
    }
}
