//! BoundedPareto: a power law between two ends.
//!
//! The heavy tail of [`Pareto`](super::pareto) with every moment finite: the model of job sizes where less than
//! one job in a hundred makes half of the load.
//! Harchol-Balter, Crovella & Murta, *On Choosing a Task Assignment Policy for a Distributed Server System*,
//! Journal of Parallel and Distributed Computing 59 (1999).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Quantity, positive};
use crate::{check::Check, time::SimDuration};

/// `BoundedPareto(shape: 1.1, minimum: "1ms", maximum: "10s")`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spec<Q = SimDuration> {
    /// The tail's exponent (alpha), above 0: the smaller, the heavier.
    pub shape: f64,
    /// The smallest value, above 0.
    pub minimum: Q,
    /// The largest value, above `minimum`.
    pub maximum: Q,
}

impl Default for Spec {
    fn default() -> Self {
        Self { shape: 1.1, minimum: SimDuration::from_millis(1), maximum: SimDuration::from_secs(10) }
    }
}

impl<Q: Quantity> Spec<Q> {
    pub(super) fn check(&self, check: &mut Check) {
        check.positive("shape", self.shape);
        positive(check, "minimum", &self.minimum);
        let (minimum, maximum) = (self.minimum.base(), self.maximum.base());
        check.require(maximum.is_finite() && maximum > minimum, "maximum", || {
            format!("maximum must be above minimum, got {} and {}", self.maximum, self.minimum)
        });
    }

    pub(super) fn build(&self) -> State {
        let minimum = self.minimum.base();
        let log_range = libm::log(self.maximum.base() / minimum);
        State {
            shape: self.shape,
            inverse_shape: 1.0 / self.shape,
            minimum,
            log_minimum: libm::log(minimum),
            log_range,
            beyond: libm::exp(-self.shape * log_range),
        }
    }
}

/// The law, and what it was made from.
#[derive(Clone, Debug)]
pub struct State {
    shape: f64,
    inverse_shape: f64,
    minimum: f64,
    log_minimum: f64,
    /// The logarithm of maximum over minimum.
    log_range: f64,
    /// The probability that the unbounded law gives the maximum or more.
    beyond: f64,
}

impl State {
    #[inline]
    pub(super) fn quantile(&self, u: f64) -> f64 {
        // The unbounded law's tail at the value: from 1 down to `beyond`, summed without cancellation.
        let tail = (1.0 - u) + u * self.beyond;
        libm::exp(self.log_minimum - libm::log(tail) * self.inverse_shape)
    }

    pub(super) fn mean(&self) -> f64 {
        self.minimum * self.moment(1.0)
    }

    pub(super) fn variance(&self) -> f64 {
        let mean = self.moment(1.0);
        self.minimum * self.minimum * (self.moment(2.0) - mean * mean)
    }

    /// The moment of this order for minimum 1: ∫ α xʳ⁻ᵅ⁻¹ dx over 1 − `beyond`.
    fn moment(&self, order: f64) -> f64 {
        let exponent = order - self.shape;
        let integral =
            if exponent == 0.0 { self.log_range } else { libm::expm1(exponent * self.log_range) / exponent };
        self.shape * integral / -libm::expm1(-self.shape * self.log_range)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_and_the_middle_follow_the_closed_form() {
        let state = Spec { shape: 1.0, minimum: 1.0, maximum: 100.0 }.build();
        assert!((state.quantile(1e-16) - 1.0).abs() < 1e-15);
        assert!((state.quantile(1.0 - 1e-16) - 100.0).abs() < 1e-10);
        // Shape 1: 1 / (1 - u 0.99); mean ln(100) / 0.99; second moment 99 / 0.99.
        assert!((state.quantile(0.5) - 1.0 / 0.505).abs() < 1e-14);
        let mean = libm::log(100.0) / 0.99;
        assert!((state.mean() - mean).abs() < 1e-13);
        assert!((state.variance() - (100.0 - mean * mean)).abs() < 1e-12);
    }

    #[test]
    fn a_third_of_a_percent_makes_half_of_the_load() {
        // Harchol-Balter's minimum 512, maximum 10^10, shape 1.1. With r = (512 / 10^10)^0.1 the mean is
        // 11 x 512 (1 - r) / (1 - r^11), and values above 512 ((1 + r) / 2)^-10 make half of it.
        let state = Spec { shape: 1.1, minimum: 512.0, maximum: 1e10 }.build();
        assert!((state.mean() - 4_581.031_682_101_298).abs() < 1e-6, "{}", state.mean());
        let top = 0.003_206_587_583;
        let border = state.quantile(1.0 - top);
        let above = Spec { shape: 1.1, minimum: border, maximum: 1e10 }.build();
        assert!(
            (above.mean() * top / state.mean() - 0.5).abs() < 1e-8,
            "{}",
            above.mean() * top / state.mean()
        );
    }
}
