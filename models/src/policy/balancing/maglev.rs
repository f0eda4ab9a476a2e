//! Maglev as Envoy does it: one look into a table of a prime number of slots.
//!
//! Shares differ by a single slot where a ring's vary by percents, and a lookup costs a modulo; in return a
//! host that leaves moves a few keys that were not its own. Eisenbud et al., *Maglev*, NSDI 2016; Envoy
//! `maglev_lb.cc`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{Ask, Backends, Balance, Endpoint, available, hash_of::HashOf, ring_hash::hash, roster::Roster};
use crate::policy::hashing::{is_prime, maglev_table};

/// The most slots Envoy accepts.
const LARGEST: u64 = 5_000_011;

/// How often a retry's hash may fall on a host that is away before the table is walked.
const ATTEMPTS: u64 = 20;

/// `Maglev`: what is hashed, and how large the table is.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// What is hashed: xxHash64 of the key's decimal text, or of the address in dotted form.
    pub of: HashOf,
    /// How many slots, a prime up to 5000011. Default 65537 (Envoy; the paper's other size is 655373).
    pub table_size: u64,
}

impl Default for Spec {
    fn default() -> Self {
        Self { of: HashOf::default(), table_size: 65_537 }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        let size = self.table_size;
        check.require(size <= LARGEST && is_prime(size), "table_size", || {
            format!("table_size must be a prime up to {LARGEST}, got {size}")
        });
    }

    pub(super) fn build(&self, endpoints: &[Endpoint]) -> State {
        let roster = Roster::new(endpoints);
        State { spec: self.clone(), table: maglev_table(&roster.members(), self.table_size), roster }
    }
}

/// The table over the healthy hosts.
#[derive(Debug)]
pub struct State {
    spec: Spec,
    roster: Roster,
    table: Vec<u32>,
}

impl State {
    fn slot(&self, hash: u64) -> Option<usize> {
        let slot = hash.checked_rem(self.table.len() as u64)?;
        self.table.get(slot as usize).map(|&host| host as usize)
    }
}

impl Balance for State {
    fn pick(&mut self, backends: &Backends<'_>, ask: &Ask, _: &mut Stream) -> Option<usize> {
        let rows = backends.rows;
        let hash = hash(self.spec.of, ask);
        // Envoy mixes the number of the attempt into the hash by its upper bits.
        let attempts =
            (0..ATTEMPTS).map(|attempt| if attempt == 0 { hash } else { hash ^ (u64::MAX - attempt + 1) });
        attempts
            .filter_map(|hash| self.slot(hash))
            .chain(self.table.iter().map(|&host| host as usize))
            .find(|&host| available::is(rows, host))
            .or_else(|| available::nth(rows, 0))
    }

    fn on_change(&mut self, backends: &Backends<'_>) {
        if self.roster.refresh(backends.rows) {
            self.table = maglev_table(&self.roster.members(), self.spec.table_size);
        }
    }

    fn on_membership(&mut self, endpoints: &[Endpoint]) {
        *self = self.spec.build(endpoints);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::balancing::testing::{endpoints, picks_by_key, rows};

    #[test]
    fn a_retry_goes_where_envoys_does() {
        // MaglevLoadBalancerTest.BasicWithRetryHostPredicate: hash 10, first 127.0.0.1:91, then 90, then 95.
        let mut members = endpoints(&[1; 6]);
        for (port, member) in (90..).zip(&mut members) {
            member.name = format!("127.0.0.1:{port}");
        }
        let state = Spec { table_size: 7, ..Spec::default() }.build(&members);
        let hash = 10_u64;
        let slots = [hash, hash ^ u64::MAX, hash ^ (u64::MAX - 1)].map(|hash| state.slot(hash));
        assert_eq!(slots, [Some(1), Some(0), Some(5)]);
    }

    #[test]
    fn keys_spread_by_weight_as_evenly_as_chance_allows() {
        let weights = [1, 2, 3, 4];
        let picks = picks_by_key(&mut Spec::default().build(&endpoints(&weights)), &rows(&weights), 100_000);
        for (picks, weight) in picks.into_iter().zip(weights) {
            let expected = 10_000 * weight as usize;
            // Four standard deviations of the binomial are at most 620.
            assert!(picks.abs_diff(expected) < 620, "{picks} is not {expected}");
        }
    }

    #[test]
    fn the_table_must_be_prime() {
        let mut check = Check::default();
        Spec { table_size: 65_536, ..Spec::default() }.check(&mut check);
        assert_eq!(check.into_problems()[0].path, ["table_size"]);
    }
}
