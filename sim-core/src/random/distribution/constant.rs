//! Constant: always the same.
//!
//! No variance at all: M/D/1 waits half as long as M/M/1. Not [`Uniform`](super::uniform), which spreads between
//! two ends, and the only distribution that ignores chance.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Quantity, check_value};
use crate::{check::Check, time::SimDuration};

/// `Constant("0.5ms")`: the value, not negative.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Spec<Q = SimDuration>(pub Q);

impl Default for Spec {
    fn default() -> Self {
        Self(SimDuration::from_millis(1))
    }
}

impl<Q: Quantity> Spec<Q> {
    pub(super) fn check(&self, check: &mut Check) {
        check_value(check, &self.0);
    }

    pub(super) fn build(&self) -> State {
        State { value: self.0.base() }
    }
}

/// The value.
#[derive(Clone, Debug)]
pub struct State {
    value: f64,
}

impl State {
    #[inline]
    pub(super) fn quantile(&self, _: f64) -> f64 {
        self.value
    }

    pub(super) fn mean(&self) -> f64 {
        self.value
    }

    pub(super) fn variance(&self) -> f64 {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_changes_nothing() {
        let state = Spec(0.5).build();
        assert_eq!([1e-16, 0.5, 1.0 - 1e-16].map(|u| state.quantile(u)), [0.5; 3]);
    }
}
