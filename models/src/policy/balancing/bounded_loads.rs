//! Bounded loads: consistent hashing where nobody may have more than a factor of the mean load.
//!
//! The bound makes a hot key spill over to other backends, at the price of their caches. Two systems, two
//! readings. HAProxy: a server with fewer requests than its slots may take one; else the next on the ring,
//! whose slots fill up in turn. Envoy: a host with at most its slots may take one, so it can reach one more;
//! else hosts in an order shuffled by the key, so that the neighbours of a hot host are spared; if all are
//! full, the least overloaded. Mirrokni et al., arXiv 1608.01350; Chen et al., arXiv 1908.08762; HAProxy
//! `lb_chash.c`, Envoy `thread_aware_lb_impl.cc`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{
    Ask, Backend, Backends, Balance, Endpoint, available,
    consistent_hash::{self, Tree, check_factor, total_slots},
    hash_of::HashOf,
    ring_hash::{self, Hosts},
    roster::Roster,
};
use crate::policy::hashing::Mersenne;

/// `BoundedLoads`: what is hashed, whose rules, and the bound.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// What is hashed, by the hash of the system followed.
    pub of: HashOf,
    /// Whose rules are followed.
    pub semantics: Semantics,
    /// Percent of the mean load that a backend may have, from 100 up; 120 to 200 are usual. Default 125.
    pub factor: u32,
}

/// Whose bounded loads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Semantics {
    /// HAProxy's `hash-balance-factor` on its consistent hash.
    #[default]
    Haproxy,
    /// Envoy's `hash_balance_factor` on its ring of at least 1024 points.
    Envoy,
}

impl Default for Spec {
    fn default() -> Self {
        Self { of: HashOf::default(), semantics: Semantics::default(), factor: 125 }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check_factor(check, "factor", self.factor);
    }

    pub(super) fn build(&self, endpoints: &[Endpoint]) -> State {
        let places = match self.semantics {
            Semantics::Haproxy => Places::Tree(Tree::new(endpoints.iter().map(|endpoint| endpoint.weight))),
            Semantics::Envoy => {
                let ring = ring_hash::Spec::default();
                Places::Ring(Hosts::new(endpoints, ring.minimum_ring_size, ring.maximum_ring_size))
            }
        };
        State { of: self.of, factor: self.factor, places }
    }
}

/// The ring.
#[derive(Debug)]
pub struct State {
    of: HashOf,
    factor: u32,
    places: Places,
}

#[derive(Debug)]
enum Places {
    Tree(Tree),
    Ring(Hosts),
}

impl Balance for State {
    fn pick(&mut self, backends: &Backends<'_>, ask: &Ask, _: &mut Stream) -> Option<usize> {
        let rows = backends.rows;
        match &self.places {
            Places::Tree(tree) => tree.pick(rows, consistent_hash::hash(self.of, ask), Some(self.factor)),
            Places::Ring(hosts) => {
                let hash = ring_hash::hash(self.of, ask);
                let first = hosts.pick(rows, hash)?;
                Some(Envoy::new(hosts.roster(), rows, self.factor).relieve(rows, first, hash))
            }
        }
    }

    fn on_change(&mut self, backends: &Backends<'_>) {
        match &mut self.places {
            Places::Tree(tree) => tree.set_weights(backends.rows.iter().map(|row| row.weight)),
            Places::Ring(hosts) => hosts.on_change(backends.rows),
        }
    }

    fn on_membership(&mut self, endpoints: &[Endpoint]) {
        match &mut self.places {
            Places::Tree(tree) => *tree = Tree::new(endpoints.iter().map(|endpoint| endpoint.weight)),
            Places::Ring(hosts) => hosts.on_membership(endpoints),
        }
    }
}

/// Envoy's bounds of one moment.
struct Envoy<'a> {
    roster: &'a Roster,
    /// The slots of all hosts, and their weight.
    slots: f64,
    weight: f64,
}

impl<'a> Envoy<'a> {
    fn new(roster: &'a Roster, rows: &[Backend], factor: u32) -> Self {
        let active: u64 = rows.iter().map(|row| u64::from(row.in_flight)).sum();
        Self { roster, slots: total_slots(active, factor) as f64, weight: roster.total_weight() as f64 }
    }

    /// Requests over slots: above 1 the host is overloaded.
    fn overload(&self, row: &Backend) -> f64 {
        let slots = (self.slots * (f64::from(row.weight.max(1)) / self.weight)).ceil().max(1.0);
        f64::from(row.in_flight) / slots
    }

    /// The host itself unless it is overloaded; then the first that is not in the key's own order; else the
    /// least overloaded, of equals the one met first.
    fn relieve(&self, rows: &[Backend], first: usize, hash: u64) -> usize {
        let (mut least, mut lowest) = (first, self.overload(&rows[first]));
        if lowest <= 1.0 {
            return first;
        }
        let mut hosts: Vec<usize> =
            self.roster.members().into_iter().map(|member| member.index as usize).collect();
        let mut shuffle = Mersenne::new(hash);
        for place in 0..hosts.len() {
            let other = place + shuffle.below((hosts.len() - place) as u32) as usize;
            hosts.swap(place, other);
            let host = hosts[place];
            if host == first || !available::is(rows, host) {
                continue;
            }
            let overload = self.overload(&rows[host]);
            if overload <= 1.0 {
                return host;
            }
            if overload < lowest {
                (least, lowest) = (host, overload);
            }
        }
        least
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::balancing::testing::{endpoints, loaded, rows, stream, view};

    /// Where a key with this hash ends that the ring gives to `first`.
    fn relieved(load: &[u32], factor: u32, first: usize, hash: u64) -> usize {
        let roster = Roster::new(&endpoints(&vec![1; load.len()]));
        let rows = loaded(load);
        Envoy::new(&roster, &rows, factor).relieve(&rows, first, hash)
    }

    #[test]
    fn the_shuffle_of_a_key_is_envoys() {
        // bounded_load_hlb_test.cc: of five hosts, seed 2 gives 2 1 0 4 3, seed 6 gives 4 0 2 3 1, seed 7 0 1
        // 4 3 2.
        for (seed, order) in [(2, [2, 1, 0, 4, 3]), (6, [4, 0, 2, 3, 1]), (7, [0, 1, 4, 3, 2])] {
            // Whoever stands later in the order is spared while the earlier ones are full.
            for (place, &expected) in order.iter().enumerate().skip(1) {
                let mut load = [0; 5];
                order[..place].iter().for_each(|&full| load[full] = 9);
                assert_eq!(relieved(&load, 1, order[0], seed), expected, "seed {seed}");
            }
        }
        // If all are full the least overloaded is picked.
        assert_eq!(relieved(&[5, 4, 6], 1, 2, 0), 1);
    }

    #[test]
    fn envoy_admits_one_more_than_haproxy() {
        // Nine in flight, factor 125: ceil(12.5) = 13 slots, of which Envoy gives each of four ceil(13/4) =
        // 4.
        let rows = loaded(&[4, 2, 2, 1]);
        let roster = Roster::new(&endpoints(&[1; 4]));
        let bounds = Envoy::new(&roster, &rows, 125);
        assert_eq!(rows.iter().map(|row| bounds.overload(row)).collect::<Vec<_>>(), [1.0, 0.5, 0.5, 0.25]);
        assert_eq!(bounds.relieve(&rows, 0, 7), 0);
        // Nor does a host that has just its slots, 5 here, pass a shuffled request on.
        for seed in 0..20 {
            let first_in_order = relieved(&[7, 0, 0], 100, 0, seed);
            assert_eq!(relieved(&[7, 5, 0], 100, 0, seed) == 1, first_in_order == 1, "seed {seed}");
        }
        // HAProxy's first three servers have 3 slots each and must have fewer than that.
        let tree = Tree::new([1; 4].into_iter());
        for hash in (0..1000).map(|step| step * 4_294_967) {
            let home = tree.pick(&loaded(&[0; 4]), hash, None);
            assert!(home != Some(0) || tree.pick(&rows, hash, Some(125)) != Some(0));
        }
    }

    #[test]
    fn a_hot_key_is_spread_up_to_the_bound() {
        for semantics in [Semantics::Haproxy, Semantics::Envoy] {
            let mut state = Spec { semantics, ..Spec::default() }.build(&endpoints(&[1; 4]));
            let mut rows = rows(&[1; 4]);
            for _ in 0..400 {
                let picked = state.pick(&view(&rows), &Ask { key: 7, address: 0 }, &mut stream()).unwrap();
                rows[picked].in_flight += 1;
            }
            let most = rows.iter().map(|row| row.in_flight).max();
            // 125 % of the mean of 100; Envoy's comparison lets one more in.
            let bound = match semantics {
                Semantics::Haproxy => 125,
                Semantics::Envoy => 126,
            };
            assert_eq!(most, Some(bound));
        }
    }
}
