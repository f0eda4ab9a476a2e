//! Consistent hashing as HAProxy does it: the nearest of weight × 16 nodes a server.
//!
//! The node nearer to the hash wins, before it or behind, where the other rings take the next one. Slow start
//! takes nodes away. With `balance_factor` a server above its bound passes the request on. Few nodes: at
//! weight 1 shares vary by a quarter. HAProxy `lb_chash.c`, `hash-type consistent sdbm avalanche`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{
    Ask, Backend, Backends, Balance, Endpoint,
    haproxy_least_connections::{SCALE, effective},
    hash_of::HashOf,
    map_hash,
};
use crate::policy::hashing::{avalanche, haproxy_weights};

/// The part of the hash's input range that belongs to one server (`SRV_EWGHT_RANGE`).
const RANGE: u32 = 4096;

/// `ConsistentHash`: what is hashed, and whether load is bounded.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// What is hashed: SDBM of the key's decimal text, or the address as a number; then an avalanche.
    pub of: HashOf,
    /// Percent of the mean load that a server may have, from 100 up (`hash-balance-factor`). Default none.
    pub balance_factor: Option<u32>,
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        if let Some(factor) = self.balance_factor {
            check_factor(check, "balance_factor", factor);
        }
    }

    pub(super) fn build(&self, endpoints: &[Endpoint]) -> State {
        State { spec: self.clone(), tree: Tree::new(endpoints.iter().map(|endpoint| endpoint.weight)) }
    }
}

/// Requires a bound that leaves room for the mean load.
pub(super) fn check_factor(check: &mut Check, field: &str, factor: u32) {
    check.require(factor >= 100, field, || {
        format!("{field} is a percentage of the mean load and must be at least 100, got {factor}")
    });
}

/// The tree of nodes.
#[derive(Debug)]
pub struct State {
    spec: Spec,
    tree: Tree,
}

impl Balance for State {
    fn pick(&mut self, backends: &Backends<'_>, ask: &Ask, _: &mut Stream) -> Option<usize> {
        self.tree.pick(backends.rows, hash(self.spec.of, ask), self.spec.balance_factor)
    }

    fn on_change(&mut self, backends: &Backends<'_>) {
        self.tree.set_weights(backends.rows.iter().map(|row| row.weight));
    }

    fn on_membership(&mut self, endpoints: &[Endpoint]) {
        self.tree = Tree::new(endpoints.iter().map(|endpoint| endpoint.weight));
    }
}

/// What HAProxy looks a request up by.
pub(super) fn hash(of: HashOf, ask: &Ask) -> u32 {
    avalanche(map_hash::hash(of, ask))
}

/// HAProxy's tree: every server's nodes at full weight; those beyond its present weight are passed over.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    weights: Vec<u32>,
    /// Ascending by key.
    nodes: Vec<Node>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    key: u32,
    server: u32,
    /// It is in the tree while the server's effective weight exceeds this.
    rank: u32,
}

impl Tree {
    pub(super) fn new(weights: impl Iterator<Item = u32>) -> Self {
        let weights: Vec<u32> = weights.map(|weight| weight.max(1)).collect();
        let scaled = haproxy_weights(weights.iter().copied());
        let nodes_of = |(server, weight): (u32, u32)| {
            // Servers are numbered from 1 in HAProxy.
            let first = (server + 1).wrapping_mul(RANGE);
            (0..weight * SCALE).map(move |rank| Node {
                key: avalanche(first.wrapping_add(rank)),
                server,
                rank,
            })
        };
        let mut nodes: Vec<Node> = (0_u32..).zip(scaled).flat_map(nodes_of).collect();
        nodes.sort_by_key(|node| node.key);
        Self { weights, nodes }
    }

    /// Builds the tree anew if the weights differ.
    pub(super) fn set_weights(&mut self, weights: impl Iterator<Item = u32> + Clone) {
        if !self.weights.iter().copied().eq(weights.clone()) {
            *self = Self::new(weights);
        }
    }

    /// The server of the node nearest to `hash`; with a bound, the next below it from there on.
    pub(super) fn pick(&self, rows: &[Backend], hash: u32, bound: Option<u32>) -> Option<usize> {
        let nearest = self.nearest(rows, hash)?;
        let found = match bound {
            None => nearest,
            Some(factor) => {
                let bounds = Bounds::of(self, rows, factor);
                let mut onward = (nearest..self.nodes.len()).chain(0..nearest);
                onward
                    .find(|&node| self.holds(node, rows) && bounds.admit(self, rows, node))
                    .unwrap_or(nearest)
            }
        };
        Some(self.nodes[found].server as usize)
    }

    /// Whether that node is in the tree now.
    fn holds(&self, node: usize, rows: &[Backend]) -> bool {
        let Node { server, rank, .. } = self.nodes[node];
        rows.get(server as usize)
            .is_some_and(|row| row.available && rank < self.effective(server as usize, row))
    }

    fn effective(&self, server: usize, row: &Backend) -> u32 {
        effective(self.weights.get(server).copied().unwrap_or(1), row.share)
    }

    fn nearest(&self, rows: &[Backend], hash: u32) -> Option<usize> {
        let start = self.nodes.partition_point(|node| node.key < hash);
        let end = self.nodes.len();
        let next = (start..end).chain(0..start).find(|&node| self.holds(node, rows))?;
        let previous = (0..start).rev().chain((start..end).rev()).find(|&node| self.holds(node, rows))?;
        let behind = hash.wrapping_sub(self.nodes[previous].key);
        let ahead = self.nodes[next].key.wrapping_sub(hash);
        Some(if behind <= ahead { previous } else { next })
    }
}

/// The bounds of one moment.
struct Bounds {
    /// Requests each unit of weight may have, and what is left over.
    per_weight: u64,
    rest: u64,
    weight: u64,
}

impl Bounds {
    fn of(tree: &Tree, rows: &[Backend], factor: u32) -> Self {
        let served: u64 = rows.iter().map(|row| u64::from(row.in_flight)).sum();
        let weight = tree.weight_before(rows, rows.len());
        let slots = total_slots(served, factor);
        Self { per_weight: slots / weight.max(1), rest: slots % weight.max(1), weight }
    }

    /// Whether the server of that node has fewer requests than its bound.
    fn admit(&self, tree: &Tree, rows: &[Backend], node: usize) -> bool {
        let server = tree.nodes[node].server as usize;
        let before = tree.weight_before(rows, server);
        let own = u64::from(tree.effective(server, &rows[server]));
        u64::from(rows[server].in_flight) < self.slots(before, own)
    }

    /// The slots of a server of weight `own` that others of weight `before` precede: the rest is shared out
    /// by cumulative weight, and nobody is left with none.
    fn slots(&self, before: u64, own: u64) -> u64 {
        let dealt = |weight: u64| weight * self.rest / self.weight.max(1);
        (own * self.per_weight + dealt(before + own) - dealt(before)).max(1)
    }
}

impl Tree {
    /// The effective weight of the available servers before `server`.
    fn weight_before(&self, rows: &[Backend], server: usize) -> u64 {
        let available = rows.iter().enumerate().take(server).filter(|(_, row)| row.available);
        available.map(|(index, row)| u64::from(self.effective(index, row))).sum()
    }
}

/// All requests, the one to come included, times the factor, rounded up.
pub(super) fn total_slots(served: u64, factor: u32) -> u64 {
    ((served + 1) * u64::from(factor)).div_ceil(100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::balancing::testing::{endpoints, loaded, picks_by_key, rows};

    fn bounds(served: u64, factor: u32, weights: &[u64]) -> Vec<u64> {
        let (slots, weight) = (total_slots(served, factor), weights.iter().sum::<u64>() * 16);
        let bounds = Bounds { per_weight: slots / weight, rest: slots % weight, weight };
        let before = |server| weights[..server].iter().sum::<u64>() * 16;
        (0..weights.len()).map(|server| bounds.slots(before(server), weights[server] * 16)).collect()
    }

    #[test]
    fn bounds_are_haproxys() {
        // chash_server_is_eligible: 9 served, factor 125 %, four servers: 13 slots.
        assert_eq!(total_slots(9, 125), 13);
        assert_eq!(bounds(9, 125, &[1; 4]), [3, 3, 3, 4]);
        assert_eq!(bounds(0, 125, &[1; 4]), [1, 1, 1, 1]);
        assert_eq!(bounds(99, 150, &[1, 2]), [50, 100]);
    }

    #[test]
    fn the_nearest_node_wins_on_either_side() {
        let mut tree = Tree::new([1, 1].into_iter());
        tree.nodes = [(1000, 0), (2000, 1), (4_000_000_000, 1)]
            .map(|(key, server)| Node { key, server, rank: 0 })
            .to_vec();
        let rows = rows(&[1, 1]);
        for (hash, server) in
            [(1400, 0), (1500, 0), (1501, 1), (900, 0), (4_294_967_200, 0), (4_100_000_000, 1)]
        {
            assert_eq!(tree.pick(&rows, hash, None), Some(server), "{hash}");
        }
    }

    #[test]
    fn a_server_that_leaves_moves_only_its_own_keys() {
        let mut rows = rows(&[4; 5]);
        let tree = Tree::new([4; 5].into_iter());
        let owners = |rows: &[Backend]| -> Vec<usize> {
            (0..20_000).map(|key| tree.pick(rows, avalanche(key), None).unwrap()).collect()
        };
        let before = owners(&rows);
        rows[2].available = false;
        for (was, is) in before.into_iter().zip(owners(&rows)) {
            assert!(if was == 2 { is != 2 } else { is == was });
        }
    }

    #[test]
    fn slow_start_takes_nodes_away() {
        let mut rows = rows(&[16, 16]);
        rows[1].share = 0.1;
        let mut state = Spec::default().build(&endpoints(&[16, 16]));
        let picks = picks_by_key(&mut state, &rows, 50_000);
        // 26 of 282 nodes; a share varies by sqrt(p(1 − p)/n), 0.017 here.
        assert!((picks[1] as f64 / 50_000.0 - 26.0 / 282.0).abs() < 0.05, "{picks:?}");
    }

    #[test]
    fn a_server_at_its_bound_passes_the_request_on() {
        let tree = Tree::new([1; 4].into_iter());
        let hash =
            (0..1000).map(avalanche).find(|&hash| tree.pick(&rows(&[1; 4]), hash, None) == Some(0)).unwrap();
        // Nine served, bounds 3, 3, 3 and 4.
        assert_eq!(tree.pick(&loaded(&[2, 3, 3, 1]), hash, Some(125)), Some(0));
        assert_ne!(tree.pick(&loaded(&[3, 2, 2, 2]), hash, Some(125)), Some(0));
    }
}
