//! Ketama as nginx does it (`hash … consistent`): the first of 160 points a unit of weight.
//!
//! The ring memcached clients agree on. The number of points depends on a server's own weight alone, so a
//! change of one server moves keys to or from that one only; slow start has no effect, and neither has load.
//! nginx `ngx_http_upstream_hash_module.c`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{Ask, Backends, Balance, Endpoint, available, hash_of::HashOf};
use crate::policy::hashing::{Member, Ring, ketama_ring};

/// `KetamaHash`: what is hashed.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// What is hashed: CRC-32 of the key's decimal text, or of the address in dotted form.
    pub of: HashOf,
}

impl Spec {
    pub(super) fn check(&self, _: &mut Check) {}

    pub(super) fn build(&self, endpoints: &[Endpoint]) -> State {
        State { of: self.of, ring: ring(endpoints) }
    }
}

fn ring(endpoints: &[Endpoint]) -> Ring<u32> {
    let servers: Vec<(Member<'_>, u16)> = (0_u32..)
        .zip(endpoints)
        .map(|(index, endpoint)| {
            (Member { index, name: &endpoint.name, weight: endpoint.weight.max(1) }, endpoint.port)
        })
        .collect();
    ketama_ring(&servers)
}

/// The ring of all servers, built when membership changes; those that are away are passed over.
#[derive(Debug)]
pub struct State {
    of: HashOf,
    ring: Ring<u32>,
}

impl Balance for State {
    fn pick(&mut self, backends: &Backends<'_>, ask: &Ask, _: &mut Stream) -> Option<usize> {
        let hash = crc32fast::hash(self.of.text(ask).as_bytes());
        self.ring.walk(hash).find(|&server| available::is(backends.rows, server))
    }

    fn on_membership(&mut self, endpoints: &[Endpoint]) {
        self.ring = ring(endpoints);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::balancing::testing::{endpoints, picks_by_key, rows};

    #[test]
    fn keys_spread_as_the_points_do() {
        // The shares of 10.0.0.{1,2,3}:80 on nginx's ring.
        let picks = picks_by_key(&mut Spec::default().build(&endpoints(&[1; 3])), &rows(&[1; 3]), 200_000);
        for (picks, share) in picks.into_iter().zip([0.347_875, 0.300_181, 0.351_944]) {
            assert!((picks as f64 / 200_000.0 - share).abs() < 0.005, "{picks}");
        }
    }

    #[test]
    fn a_server_that_is_away_leaves_its_keys_to_the_next_points() {
        let mut rows = rows(&[1; 3]);
        rows[1].available = false;
        let picks = picks_by_key(&mut Spec::default().build(&endpoints(&[1; 3])), &rows, 10_000);
        assert!(picks[1] == 0 && picks[0] + picks[2] == 10_000);
    }
}
