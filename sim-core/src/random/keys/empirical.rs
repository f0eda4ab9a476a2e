//! Empirical: each key as popular as was measured.
//!
//! Assumes no law, unlike [`Zipf`](super::zipf), but needs a number for every key. Key r is the r-th weight as
//! written: write the popular ones first if ranks are to mean popularity.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    check::Check,
    random::{
        distribution::steps::{Steps, check_weights},
        unit_open,
    },
};

/// `Empirical(weights: [50, 30, 20])`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// How often each key, against the other weights; not negative, not all 0.
    pub weights: Vec<f64>,
}

impl Default for Spec {
    fn default() -> Self {
        Self { weights: vec![50.0, 30.0, 20.0] }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check_weights(check, &self.weights);
    }

    pub(super) fn build(&self) -> State {
        State { items: self.weights.len() as u64, steps: Steps::new(self.weights.iter().copied()) }
    }
}

/// A step for each key.
#[derive(Clone, Debug)]
pub struct State {
    items: u64,
    steps: Steps,
}

impl State {
    #[inline]
    pub(super) fn draw(&self, bits: u64) -> u64 {
        self.steps.find(unit_open(bits)) as u64
    }

    pub(super) fn probability(&self, rank: u64) -> f64 {
        self.steps.share(rank as usize)
    }

    pub(super) fn items(&self) -> u64 {
        self.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_positions_in_the_list() {
        let state = Spec { weights: vec![1.0, 0.0, 2.0, 5.0] }.build();
        let found = [0_u64, 1, 2, 3, 7].map(|eighth| state.draw(eighth << 61));
        assert_eq!(found, [0, 2, 2, 3, 3]);
        assert_eq!([0, 1, 2, 3].map(|rank| state.probability(rank)), [0.125, 0.0, 0.25, 0.625]);
    }
}
