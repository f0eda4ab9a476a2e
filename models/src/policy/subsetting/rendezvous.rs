//! Rendezvous subsets: each client keeps the backends whose hash with its own seed is lowest.
//!
//! As uneven as random subsets, but a new backend enters at most one place of a subset and a lost one frees
//! exactly its own, so connections survive scaling.
//! gRPC proposal A68 (random subsetting), Envoy `random_subsetting`: xxHash64 of the backend, seeded by the
//! client; Thaler and Ravishankar, *A Name-Based Mapping Scheme for Rendezvous*, 1996.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Luck};
use xxhash_rust::xxh64::xxh64;

use super::{DEFAULT_SIZE, Membership, Subset, check_size};

/// `Rendezvous`: how many backends a client knows.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Backends of a client, at least 1; 20. gRPC's `subset_size` has no default.
    pub size: usize,
}

impl Default for Spec {
    fn default() -> Self {
        Self { size: DEFAULT_SIZE }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check_size(self.size, check);
    }

    pub(super) fn build(&self, membership: &Membership) -> State {
        let mut state = State { size: self.size, chosen: Vec::new() };
        state.on_membership(membership);
        state
    }
}

/// The client's lowest.
#[derive(Debug)]
pub struct State {
    size: usize,
    chosen: Vec<usize>,
}

impl Subset for State {
    fn chosen(&self) -> &[usize] {
        &self.chosen
    }

    fn on_membership(&mut self, membership: &Membership) {
        let seed = Luck(membership.seed).at(membership.client as u64, 0);
        let hash = |backend: &usize| xxh64(&(*backend as u64).to_le_bytes(), seed);
        let mut backends: Vec<usize> = (0..membership.backends).collect();
        backends.sort_by_cached_key(|backend| (hash(backend), *backend));
        backends.truncate(self.size);
        self.chosen = backends;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn chosen(client: usize, backends: usize) -> BTreeSet<usize> {
        let membership = Membership { client, clients: 300, backends, seed: 1 };
        Spec { size: 10 }.build(&membership).chosen.into_iter().collect()
    }

    #[test]
    fn a_new_backend_takes_at_most_one_place() {
        let mut moved = 0;
        for client in 0..300 {
            let (before, after) = (chosen(client, 100), chosen(client, 101));
            let gone = before.difference(&after).count();
            assert!(gone <= 1 && (gone == 0 || after.contains(&100)), "client {client}");
            moved += gone;
        }
        // 10 of 101 clients take it in: 29.7 of 300, four standard deviations are 20.7.
        assert!((10..=50).contains(&moved), "{moved}");
    }

    #[test]
    fn every_backend_is_known_by_chance_alike() {
        let mut counts = [0_u32; 100];
        for client in 0..3_000 {
            for backend in chosen(client, 100) {
                counts[backend] += 1;
            }
        }
        // Five standard deviations of Binomial(3000, 1/10).
        assert!(counts.iter().all(|count| count.abs_diff(300) < 83), "{counts:?}");
    }
}
