//! Map-based hashing as HAProxy does it by default: the hash modulo the length of the server map.
//!
//! As even as weights allow and one array to read; but when a server comes or goes the modulus changes and
//! almost every key moves, n/(n + 1) of them, where a consistent hash moves 1/(n + 1). HAProxy `lb_map.c`,
//! `hash-type map-based sdbm`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{Ask, Backends, Balance, Endpoint, hash_of::HashOf, static_round_robin::Map};
use crate::policy::hashing::sdbm;

/// `MapHash`: what is hashed.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// What is hashed: SDBM of the key's decimal text, or the address as a number (`balance source`).
    pub of: HashOf,
}

impl Spec {
    pub(super) fn check(&self, _: &mut Check) {}

    pub(super) fn build(&self, endpoints: &[Endpoint]) -> State {
        State { of: self.of, map: Map::new(endpoints) }
    }
}

/// The map.
#[derive(Debug)]
pub struct State {
    of: HashOf,
    map: Map,
}

/// What HAProxy hashes of a request before any avalanche.
pub(super) fn hash(of: HashOf, ask: &Ask) -> u32 {
    match of {
        HashOf::Key => sdbm(of.text(ask).as_bytes()),
        HashOf::Address => ask.address,
    }
}

impl Balance for State {
    fn pick(&mut self, backends: &Backends<'_>, ask: &Ask, _: &mut Stream) -> Option<usize> {
        let place = (hash(self.of, ask) as usize).checked_rem(self.map.length()).unwrap_or(0);
        // A server that is away for this request only is passed over as a redispatch would: the next in the
        // map.
        self.map.from(place, backends.rows).map(|(_, picked)| picked)
    }

    fn on_change(&mut self, backends: &Backends<'_>) {
        self.map.on_change(backends.rows);
    }

    fn on_membership(&mut self, endpoints: &[Endpoint]) {
        self.map = Map::new(endpoints);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::balancing::testing::{endpoints, rows, stream, view};

    fn owners(weights: &[u32], keys: u64) -> Vec<usize> {
        let mut state = Spec::default().build(&endpoints(weights));
        let rows = rows(weights);
        (0..keys)
            .map(|key| state.pick(&view(&rows), &Ask { key, address: 0 }, &mut stream()).unwrap())
            .collect()
    }

    #[test]
    fn a_new_server_moves_almost_every_key() {
        let (before, after) = (owners(&[1; 9], 50_000), owners(&[1; 10], 50_000));
        let moved = before.iter().zip(&after).filter(|(was, is)| was != is).count();
        // n/(n + 1) = 0.9.
        assert!((moved as f64 / 50_000.0 - 0.9).abs() < 0.01, "{moved}");
    }

    #[test]
    fn the_address_is_its_own_hash() {
        let mut state = Spec { of: HashOf::Address }.build(&endpoints(&[1; 4]));
        let rows = rows(&[1; 4]);
        for address in [0, 1, 6, 0xC000_0203] {
            let picked = state.pick(&view(&rows), &Ask { key: 9, address }, &mut stream());
            assert_eq!(picked, Some(address as usize % 4));
        }
    }
}
