//! Ring hash as Envoy does it: the first point at or after the hash, on a ring of at least 1024 points.
//!
//! The lightest host gets a whole number of points and the rest in proportion, so how many each has depends
//! on who else is there: the ring is built anew when health or weights change. A change of one host moves
//! about its own share of the keys; shares vary by 1/sqrt(points a host). Envoy `ring_hash_lb.cc`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{Ask, Backend, Backends, Balance, Endpoint, available, hash_of::HashOf, roster::Roster};
use crate::policy::hashing::{Ring, ring_of, xx_hash};

/// The most points Envoy accepts.
const LARGEST: u64 = 8_388_608;

/// `RingHash`: what is hashed, and how large the ring is.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// What is hashed: xxHash64 of the key's decimal text, or of the address in dotted form.
    pub of: HashOf,
    /// The fewest points on the ring. Default 1024 (Envoy).
    pub minimum_ring_size: u64,
    /// The most points on the ring. Default and limit 8388608 (Envoy).
    pub maximum_ring_size: u64,
}

impl Default for Spec {
    fn default() -> Self {
        Self { of: HashOf::default(), minimum_ring_size: 1024, maximum_ring_size: LARGEST }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        let (least, most) = (self.minimum_ring_size, self.maximum_ring_size);
        check.require((1..=most).contains(&least), "minimum_ring_size", || {
            format!("minimum_ring_size must be between 1 and maximum_ring_size ({most}), got {least}")
        });
        check.require(most <= LARGEST, "maximum_ring_size", || {
            format!("maximum_ring_size must be at most {LARGEST}, got {most}")
        });
    }

    pub(super) fn build(&self, endpoints: &[Endpoint]) -> State {
        State { of: self.of, hosts: Hosts::new(endpoints, self.minimum_ring_size, self.maximum_ring_size) }
    }
}

/// The ring.
#[derive(Debug)]
pub struct State {
    of: HashOf,
    hosts: Hosts,
}

impl Balance for State {
    fn pick(&mut self, backends: &Backends<'_>, ask: &Ask, _: &mut Stream) -> Option<usize> {
        self.hosts.pick(backends.rows, hash(self.of, ask))
    }

    fn on_change(&mut self, backends: &Backends<'_>) {
        self.hosts.on_change(backends.rows);
    }

    fn on_membership(&mut self, endpoints: &[Endpoint]) {
        self.hosts.on_membership(endpoints);
    }
}

/// What Envoy looks a request up by.
pub(super) fn hash(of: HashOf, ask: &Ask) -> u64 {
    xx_hash(of.text(ask).as_bytes())
}

/// Envoy's ring over the healthy hosts.
#[derive(Clone, Debug)]
pub(super) struct Hosts {
    minimum: u64,
    maximum: u64,
    roster: Roster,
    ring: Ring<u64>,
}

impl Hosts {
    pub(super) fn new(endpoints: &[Endpoint], minimum: u64, maximum: u64) -> Self {
        let roster = Roster::new(endpoints);
        Self { ring: ring_of(&roster.members(), minimum, maximum), minimum, maximum, roster }
    }

    /// The first available host from the hash on; any other if none on the ring is.
    pub(super) fn pick(&self, rows: &[Backend], hash: u64) -> Option<usize> {
        let mut hosts = self.ring.walk(hash);
        hosts.find(|&host| available::is(rows, host)).or_else(|| available::nth(rows, 0))
    }

    pub(super) fn roster(&self) -> &Roster {
        &self.roster
    }

    pub(super) fn on_change(&mut self, rows: &[Backend]) {
        if self.roster.refresh(rows) {
            self.ring = ring_of(&self.roster.members(), self.minimum, self.maximum);
        }
    }

    pub(super) fn on_membership(&mut self, endpoints: &[Endpoint]) {
        *self = Self::new(endpoints, self.minimum, self.maximum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::balancing::testing::{endpoints, rows, view};

    #[test]
    fn fewer_hosts_get_more_points() {
        let mut rows = rows(&[1; 10]);
        let mut state = Spec::default().build(&endpoints(&[1; 10]));
        // ceil(1024/10) points each, then ceil(1024/9).
        assert_eq!(state.hosts.ring.points().len(), 1030);
        rows[3].available = false;
        state.on_change(&view(&rows));
        assert_eq!(state.hosts.ring.points().len(), 1026);
        // With nobody left, the ring stays as it is.
        for row in &mut rows {
            row.available = false;
        }
        state.on_change(&view(&rows));
        assert_eq!(state.hosts.ring.points().len(), 1026);
    }

    #[test]
    fn a_host_away_for_this_request_passes_it_to_the_next_point() {
        let mut rows = rows(&[1; 4]);
        let state = Spec::default().build(&endpoints(&[1; 4]));
        for hash in (0..64).map(|step| step << 58) {
            let mut order = state.hosts.ring.walk(hash);
            let first = order.next().unwrap();
            let next = order.find(|&host| host != first);
            rows[first].available = false;
            assert_eq!(state.hosts.pick(&rows, hash), next);
            rows[first].available = true;
        }
    }
}
