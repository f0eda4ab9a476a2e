//! Uniform: any value between two ends is as likely as any other.
//!
//! Bounded on both sides, unlike [`Exponential`](super::exponential): a crude stand-in where only the range is
//! known.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Quantity, not_negative};
use crate::{check::Check, time::SimDuration};

/// `Uniform(low: "1ms", high: "3ms")`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spec<Q = SimDuration> {
    /// The lower end, not negative.
    pub low: Q,
    /// The upper end, not below `low`.
    pub high: Q,
}

impl Default for Spec {
    fn default() -> Self {
        Self { low: SimDuration::from_millis(1), high: SimDuration::from_millis(3) }
    }
}

impl<Q: Quantity> Spec<Q> {
    pub(super) fn check(&self, check: &mut Check) {
        not_negative(check, "low", &self.low);
        not_negative(check, "high", &self.high);
        check.require(self.low.base() <= self.high.base(), "high", || {
            format!("high must not be below low, got {} and {}", self.low, self.high)
        });
    }

    pub(super) fn build(&self) -> State {
        State { low: self.low.base(), width: self.high.base() - self.low.base() }
    }
}

/// The lower end and how far the upper lies above it.
#[derive(Clone, Debug)]
pub struct State {
    low: f64,
    width: f64,
}

impl State {
    #[inline]
    pub(super) fn quantile(&self, u: f64) -> f64 {
        self.low + u * self.width
    }

    pub(super) fn mean(&self) -> f64 {
        self.low + 0.5 * self.width
    }

    pub(super) fn variance(&self) -> f64 {
        self.width * self.width / 12.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_straight_from_end_to_end() {
        let state = Spec { low: 2.0, high: 10.0 }.build();
        assert_eq!([0.25, 0.5, 0.875].map(|u| state.quantile(u)), [4.0, 6.0, 9.0]);
        assert_eq!((state.mean(), state.variance()), (6.0, 64.0 / 12.0));
    }
}
