//! Deterministic subsets: clients go in rounds, each round cuts one shuffled list into equal parts.
//!
//! A full round covers every backend exactly once, but for the remainder that does not fill a part; the next
//! round shuffles anew, so that remainders and neighbours differ. Unlike random subsets, cover is even by
//! construction; unlike rendezvous, a new backend reshuffles everything.
//! Beyer et al., *Site Reliability Engineering*, 2016, chapter 20.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Streams};

use super::{DEFAULT_SIZE, Membership, Subset, check_size};

/// `Deterministic`: how many backends a client knows.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Backends of a client, at least 1; 20, the least the SRE book names as typical.
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

/// The client's part.
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
        let mut backends: Vec<usize> = (0..membership.backends).collect();
        // Fewer than two parts: the only part is the whole, remainder included, or one part of it.
        let parts = (membership.backends / self.size.max(1)).max(1);
        let (round, part) = (membership.client / parts, membership.client % parts);
        Streams::new(membership.seed, round as u64).stream("subset/round").shuffle(&mut backends);
        self.chosen = backends.into_iter().skip(part * self.size).take(self.size).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cover(size: usize, clients: usize, backends: usize) -> Vec<usize> {
        let mut counts = vec![0; backends];
        for client in 0..clients {
            let membership = Membership { client, clients, backends, seed: 1 };
            for backend in (Spec { size }).build(&membership).chosen() {
                counts[*backend] += 1;
            }
        }
        counts
    }

    #[test]
    fn full_rounds_cover_every_backend_equally() {
        // 300 clients, 300 backends, subsets of 30: ten clients a round, thirty rounds.
        assert_eq!(cover(30, 300, 300), [30; 300]);
    }

    #[test]
    fn a_remainder_is_left_out_of_its_round_only() {
        // 10 backends, subsets of 3: three clients a round, one backend idle in each of 100 rounds.
        let counts = cover(3, 300, 10);
        assert_eq!(counts.iter().sum::<usize>(), 900);
        assert!(counts.iter().all(|count| (80..=100).contains(count)), "{counts:?}");
    }

    #[test]
    fn rounds_shuffle_differently() {
        let chosen = |client| {
            Spec { size: 10 }
                .build(&Membership { client, clients: 20, backends: 100, seed: 1 })
                .chosen()
                .to_vec()
        };
        assert_ne!(chosen(0), chosen(10));
    }

    #[test]
    fn a_subset_as_large_as_the_pool_is_the_pool() {
        let mut chosen =
            Spec { size: 10 }.build(&Membership { client: 7, clients: 20, backends: 8, seed: 1 }).chosen;
        chosen.sort_unstable();
        assert_eq!(chosen, (0..8).collect::<Vec<_>>());
    }
}
