//! Pareto: the tail is a power; the few largest values carry much of the total.
//!
//! Sizes of files and of batch jobs. At shape 2 or less the variance is infinite, at 1 or less the mean too: no
//! run is then long enough, and [`BoundedPareto`](super::bounded_pareto) is the honest choice.
//! Crovella & Bestavros, *Self-Similarity in World Wide Web Traffic*, IEEE/ACM Transactions on Networking 5 (1997).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Quantity, exponential::unit_exponential, positive};
use crate::{check::Check, time::SimDuration};

/// `Pareto(shape: 3.0, minimum: "1ms")`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spec<Q = SimDuration> {
    /// The tail's exponent (alpha), above 0: the smaller, the heavier.
    pub shape: f64,
    /// The smallest value, above 0.
    pub minimum: Q,
}

impl Default for Spec {
    fn default() -> Self {
        Self { shape: 3.0, minimum: SimDuration::from_millis(1) }
    }
}

impl<Q: Quantity> Spec<Q> {
    pub(super) fn check(&self, check: &mut Check) {
        check.positive("shape", self.shape);
        positive(check, "minimum", &self.minimum);
    }

    pub(super) fn build(&self) -> State {
        let minimum = self.minimum.base();
        State { shape: self.shape, inverse_shape: 1.0 / self.shape, minimum, log_minimum: libm::log(minimum) }
    }
}

/// The exponent and the smallest value, each as it is used.
#[derive(Clone, Debug)]
pub struct State {
    shape: f64,
    inverse_shape: f64,
    minimum: f64,
    log_minimum: f64,
}

impl State {
    #[inline]
    pub(super) fn quantile(&self, u: f64) -> f64 {
        // A logarithm and an exponential cost half of what a power does. The minimum goes in as a logarithm: small
        // exponents take paths of their own through `exp`, which a processor cannot foresee.
        libm::exp(self.log_minimum + unit_exponential(u) * self.inverse_shape)
    }

    pub(super) fn mean(&self) -> f64 {
        if self.shape <= 1.0 {
            return f64::INFINITY;
        }
        self.shape * self.minimum / (self.shape - 1.0)
    }

    pub(super) fn variance(&self) -> f64 {
        if self.shape <= 2.0 {
            return f64::INFINITY;
        }
        let over = self.minimum / (self.shape - 1.0);
        over * over * self.shape / (self.shape - 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_follow_the_closed_form() {
        let state = Spec { shape: 1.5, minimum: 2.0 }.build();
        // 0.992 leaves 1/125, whose power -2/3 is 25.
        assert!((state.quantile(0.992) - 50.0).abs() < 1e-11);
        assert_eq!(state.mean(), 6.0);
        assert_eq!(state.variance(), f64::INFINITY);
        assert_eq!(Spec { shape: 1.0, minimum: 2.0 }.build().mean(), f64::INFINITY);
        assert!((Spec { shape: 3.0, minimum: 2.0 }.build().variance() - 3.0).abs() < 1e-15);
    }
}
