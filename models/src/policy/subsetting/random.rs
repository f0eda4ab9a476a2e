//! Random subsets: each client draws its own backends without putting back.
//!
//! Needs no numbering of clients, but by chance some backends are known by far more clients than others: the
//! reason the SRE book gives for not doing it. The baseline the others must beat.
//! Beyer et al., *Site Reliability Engineering*, 2016, chapter 20.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Streams};

use super::{DEFAULT_SIZE, Membership, Subset, check_size};

/// `Random`: how many backends a client knows.
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

/// The client's draw.
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
        Streams::new(membership.seed, membership.client as u64)
            .stream("subset/random")
            .shuffle(&mut backends);
        backends.truncate(self.size);
        self.chosen = backends;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cover_is_as_uneven_as_chance_makes_it() {
        // 300 clients, 300 backends: the mean least and greatest number of clients a backend has, from the order
        // statistics of 300 binomials with chance S/300. The book prints 57 for the least of S = 90, a draw four
        // deviations off.
        for (size, least, greatest) in [(90, 67.71, 113.28), (30, 16.14, 45.87), (10, 2.40, 19.99)] {
            let runs = 400;
            let (mut sum_least, mut sum_greatest) = (0, 0);
            for seed in 0..runs {
                let mut counts = [0_u32; 300];
                for client in 0..300 {
                    let membership = Membership { client, clients: 300, backends: 300, seed };
                    for backend in (Spec { size }).build(&membership).chosen() {
                        counts[*backend] += 1;
                    }
                }
                sum_least += counts.iter().min().unwrap();
                sum_greatest += counts.iter().max().unwrap();
            }
            for (sum, expected) in [(sum_least, least), (sum_greatest, greatest)] {
                let got = f64::from(sum) / runs as f64;
                assert!((got / expected - 1.0).abs() < 0.02, "S = {size}: {got}, expected {expected}");
            }
        }
    }
}
