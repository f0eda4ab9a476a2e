//! Erlang: several exponential phases, one after another.
//!
//! A [`Gamma`](super::gamma) of whole shape, named by its number of phases: the more, the steadier, from
//! [`Exponential`](super::exponential) at 1 towards [`Constant`](super::constant).
//! Erlang, *Solution of Some Problems in the Theory of Probabilities of Significance in Automatic Telephone
//! Exchanges*, 1917.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Quantity, incomplete_gamma::StandardGamma, inverse::Inverse, positive};
use crate::{check::Check, time::SimDuration};

/// `Erlang(shape: 3, mean: "20ms")`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spec<Q = SimDuration> {
    /// The number of phases, 1 to 10000; the squared coefficient of variation is one over it.
    pub shape: u32,
    /// The mean of the sum of all phases, above 0.
    pub mean: Q,
}

impl Default for Spec {
    fn default() -> Self {
        Self { shape: 3, mean: SimDuration::from_millis(20) }
    }
}

impl<Q: Quantity> Spec<Q> {
    pub(super) fn check(&self, check: &mut Check) {
        check.require((1..=10_000).contains(&self.shape), "shape", || {
            format!("shape must be a whole number from 1 to 10000, got {}", self.shape)
        });
        positive(check, "mean", &self.mean);
    }

    pub(super) fn build(&self) -> State {
        let (shape, mean) = (f64::from(self.shape), self.mean.base());
        State { shape, mean, inverse: Inverse::new(StandardGamma::new(shape), mean) }
    }
}

/// The table of quantiles, and what it was made from.
#[derive(Clone, Debug)]
pub struct State {
    shape: f64,
    mean: f64,
    inverse: Inverse<StandardGamma>,
}

impl State {
    #[inline]
    pub(super) fn quantile(&self, u: f64) -> f64 {
        self.inverse.quantile(u)
    }

    pub(super) fn mean(&self) -> f64 {
        self.mean
    }

    pub(super) fn variance(&self) -> f64 {
        self.mean * self.mean / self.shape
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probability_of_a_quantile_is_what_was_asked() {
        for shape in [1, 2, 3, 16, 100] {
            let state = Spec { shape, mean: f64::from(shape) }.build();
            for step in 1..2_000 {
                let u = f64::from(step) / 2_000.0;
                let x = state.quantile(u);
                // Fewer than `shape` events of a Poisson process in x.
                let mut term = libm::exp(-x);
                let mut above = term;
                for phase in 1..shape {
                    term *= x / f64::from(phase);
                    above += term;
                }
                assert!((above - (1.0 - u)).abs() < 1e-6, "{shape} {u} {above}");
            }
        }
    }

    #[test]
    fn the_quantiles_are_half_those_of_chi_square() {
        // The usual table of chi-square with 2 x shape degrees of freedom.
        for (shape, u, chi_square) in
            [(1, 0.95, 5.991), (3, 0.95, 12.592), (5, 0.05, 3.940), (10, 0.99, 37.566)]
        {
            let x = Spec { shape, mean: f64::from(shape) }.build().quantile(u);
            assert!((2.0 * x - chi_square).abs() < 5e-4, "{shape} {u}: {x}");
        }
    }
}
