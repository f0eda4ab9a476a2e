//! Envoy: retries under way are at most a share of the calls under way.
//!
//! It looks at the present alone: a callee that answers slowly makes more calls wait, and so allows more retries,
//! which a budget over time would not. Envoy `RetryBudget` of a cluster's circuit breakers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, time::SimTime};

use super::Allow;

/// `Envoy`: the share, and how many are always allowed.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Retries over calls under way. Default 0.2 (`budget_percent`).
    pub ratio: f64,
    /// Retries allowed however few calls are under way. Default 3 (`min_retry_concurrency`).
    pub min_concurrent: u32,
}

impl Default for Spec {
    fn default() -> Self {
        Self { ratio: 0.2, min_concurrent: 3 }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(self.ratio >= 0.0, "ratio", || {
            format!("ratio must not be negative, got {}", self.ratio)
        });
    }

    pub(super) fn build(&self, _: SimTime) -> State {
        State { spec: self.clone(), calls: 0, retries: 0 }
    }
}

/// What is under way.
#[derive(Debug)]
pub struct State {
    spec: Spec,
    calls: u32,
    retries: u32,
}

impl Allow for State {
    fn on_call(&mut self, _: SimTime) {
        self.calls += 1;
    }

    fn take(&mut self, _: SimTime) -> bool {
        let share = (f64::from(self.calls) * self.spec.ratio) as u32;
        let allowed = self.retries < share.max(self.spec.min_concurrent);
        self.retries += u32::from(allowed);
        allowed
    }

    fn on_end(&mut self, attempts: u32) {
        self.calls -= 1;
        self.retries -= attempts.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fifth_of_what_is_under_way_and_never_fewer_than_three() {
        let mut budget = Spec::default().build(SimTime::ZERO);
        let mut taken = |calls| {
            (0..calls).for_each(|_| budget.on_call(SimTime::ZERO));
            (0..calls).filter(|_| budget.take(SimTime::ZERO)).count()
        };
        assert_eq!(taken(5), 3, "the least");
        assert_eq!(taken(95), 17, "20 of 100, of which 3 are out");
    }
}
