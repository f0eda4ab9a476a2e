//! Rendezvous hashing: every backend bids for the key, the highest bid wins.
//!
//! No table to build: exact shares by weight, a backend that is away passes each key to its own next bidder,
//! and nothing else moves; for that every pick looks at every backend. Slow start lowers the bids. Thaler &
//! Ravishankar, *Using Name-Based Mappings to Increase Hit Rates*, 1998.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{Ask, Backends, Balance, Endpoint, hash_of::HashOf, ring_hash::hash};
use crate::policy::hashing::{rendezvous_score, xx_hash};

/// `Rendezvous`: what is hashed.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// What is hashed: xxHash64 of the key's decimal text, or of the address in dotted form.
    pub of: HashOf,
}

impl Spec {
    pub(super) fn check(&self, _: &mut Check) {}

    pub(super) fn build(&self, endpoints: &[Endpoint]) -> State {
        State { of: self.of, names: hashes(endpoints) }
    }
}

fn hashes(endpoints: &[Endpoint]) -> Vec<u64> {
    endpoints.iter().map(|endpoint| xx_hash(endpoint.name.as_bytes())).collect()
}

/// The hashes of the names.
#[derive(Debug)]
pub struct State {
    of: HashOf,
    names: Vec<u64>,
}

impl Balance for State {
    fn pick(&mut self, backends: &Backends<'_>, ask: &Ask, _: &mut Stream) -> Option<usize> {
        let key = hash(self.of, ask);
        let mut best: Option<(usize, f64)> = None;
        for (index, (row, &name)) in backends.rows.iter().zip(&self.names).enumerate() {
            if !row.available {
                continue;
            }
            let bid = rendezvous_score(key, name, row.effective_weight());
            if best.is_none_or(|(_, highest)| bid > highest) {
                best = Some((index, bid));
            }
        }
        best.map(|(index, _)| index)
    }

    fn on_membership(&mut self, endpoints: &[Endpoint]) {
        self.names = hashes(endpoints);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::balancing::testing::{endpoints, picks_by_key, rows, stream, view};

    #[test]
    fn shares_follow_weights_and_slow_start() {
        let weights = [1, 2, 4];
        let mut rows = rows(&weights);
        rows[2].share = 0.25;
        let picks = picks_by_key(&mut Spec::default().build(&endpoints(&weights)), &rows, 100_000);
        for (picks, expected) in picks.into_iter().zip([25_000_usize, 50_000, 25_000]) {
            assert!(picks.abs_diff(expected) < 633, "{picks} is not {expected}");
        }
    }

    #[test]
    fn only_the_keys_of_one_that_leaves_move() {
        let mut rows = rows(&[1; 5]);
        let mut state = Spec::default().build(&endpoints(&[1; 5]));
        let mut owner =
            |key, rows: &[_]| state.pick(&view(rows), &Ask { key, address: 0 }, &mut stream()).unwrap();
        for key in 0..2000 {
            rows[2].available = true;
            let was = owner(key, &rows);
            rows[2].available = false;
            assert!(was == 2 || owner(key, &rows) == was);
        }
    }
}
