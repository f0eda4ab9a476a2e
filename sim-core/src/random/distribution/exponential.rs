//! Exponential: as if each moment were as likely as the next to be the last.
//!
//! The gaps of a Poisson process and the service times of M/M/c; coefficient of variation 1, the yardstick:
//! [`Erlang`](super::erlang) varies less, [`Hyperexponential`](super::hyperexponential) more.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Quantity, positive};
use crate::{check::Check, time::SimDuration};

/// `Exponential(mean: "100ms")`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spec<Q = SimDuration> {
    /// The mean, above 0.
    pub mean: Q,
}

impl Default for Spec {
    fn default() -> Self {
        Self { mean: SimDuration::from_millis(100) }
    }
}

impl<Q: Quantity> Spec<Q> {
    pub(super) fn check(&self, check: &mut Check) {
        positive(check, "mean", &self.mean);
    }

    pub(super) fn build(&self) -> State {
        State { mean: self.mean.base() }
    }
}

/// The mean.
#[derive(Clone, Debug)]
pub struct State {
    mean: f64,
}

/// An exponential number of mean 1: 1 − `u` is exact for every `u` of 53 bits, so nothing is lost at either end.
#[inline]
pub(super) fn unit_exponential(u: f64) -> f64 {
    -libm::log(1.0 - u)
}

impl State {
    #[inline]
    pub(super) fn quantile(&self, u: f64) -> f64 {
        self.mean * unit_exponential(u)
    }

    pub(super) fn mean(&self) -> f64 {
        self.mean
    }

    pub(super) fn variance(&self) -> f64 {
        self.mean * self.mean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_percentiles_are_logarithms_to_both_ends() {
        let state = Spec { mean: 100.0 }.build();
        for (u, quantile) in [
            (0.5, 69.314_718_055_994_53),
            (0.99, 460.517_018_598_809_1),
            // The least and the greatest number that 64 bits give: 2^-53 and 1 - 2^-53.
            (f64::EPSILON / 2.0, 1.110_223_024_625_156_6e-14),
            (1.0 - f64::EPSILON / 2.0, 3_673.680_056_967_71),
        ] {
            assert!((state.quantile(u) / quantile - 1.0).abs() < 1e-14, "{u}: {}", state.quantile(u));
        }
    }
}
