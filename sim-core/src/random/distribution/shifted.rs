//! Shifted: a fixed part, then a random one.
//!
//! A link's propagation before its queueing, a handshake before the work. Adds to the mean and leaves the
//! variance; a larger mean inside would scale both.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Distribution, DistributionSpec, Quantity, not_negative};
use crate::{check::Check, time::SimDuration};

/// `Shifted(by: "1ms", of: Exponential(mean: "2ms"))`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "Q: Quantity")]
pub struct Spec<Q = SimDuration> {
    /// The fixed part, not negative.
    pub by: Q,
    /// The random part.
    pub of: Box<DistributionSpec<Q>>,
}

impl Default for Spec {
    fn default() -> Self {
        let of = DistributionSpec::Exponential(super::exponential::Spec::default());
        Self { by: SimDuration::from_millis(10), of: Box::new(of) }
    }
}

impl<Q: Quantity> Spec<Q> {
    pub(super) fn check(&self, check: &mut Check) {
        not_negative(check, "by", &self.by);
        check.at("of", |check| self.of.check(check));
    }

    pub(super) fn build(&self) -> State {
        State { by: self.by.base(), of: Box::new(self.of.build()) }
    }
}

/// The fixed part and the random one.
#[derive(Clone, Debug)]
pub struct State {
    by: f64,
    of: Box<Distribution>,
}

impl State {
    #[inline]
    pub(super) fn quantile(&self, u: f64) -> f64 {
        self.by + self.of.quantile(u)
    }

    pub(super) fn mean(&self) -> f64 {
        self.by + self.of.mean()
    }

    pub(super) fn variance(&self) -> f64 {
        self.of.variance()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::distribution::uniform;

    #[test]
    fn moves_every_value_and_leaves_the_variance() {
        let of = Box::new(DistributionSpec::Uniform(uniform::Spec { low: 0.0, high: 6.0 }));
        let state = Spec { by: 10.0, of }.build();
        assert_eq!([state.quantile(0.5), state.mean(), state.variance()], [13.0, 13.0, 3.0]);
    }
}
