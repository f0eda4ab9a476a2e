//! Envoy: so many further attempts under way at once, for what is under way in all.
//!
//! It counts what is out and not what came: a further attempt that hangs holds its place until it is over, and an
//! instant's share can never be spent later. Envoy `ResourceManagerImpl::RetryBudgetImpl`, with one difference: there a
//! call that waits for its next attempt is not among those active; here a call is, from its first attempt to its end,
//! and counts once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, time::SimTime};

use super::{Budget, Cause};

/// `Envoy`: which share, and how many at least.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Further attempts for each call under way, 0 to 1. Default 0.2 (Envoy `budget_percent` 20).
    pub ratio: f64,
    /// Further attempts granted in any case. Default 3 (Envoy `min_retry_concurrency`).
    pub min_concurrent: u32,
}

impl Default for Spec {
    fn default() -> Self {
        Self { ratio: 0.2, min_concurrent: 3 }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.fraction("ratio", self.ratio);
    }

    pub(super) fn build(&self, _: SimTime) -> State {
        State { spec: self.clone(), active: 0, retries: 0 }
    }
}

/// What is under way.
#[derive(Debug)]
pub struct State {
    spec: Spec,
    active: u32,
    retries: u64,
}

impl State {
    fn most(&self) -> u64 {
        // Whole numbers only: Envoy truncates the product.
        ((self.spec.ratio * f64::from(self.active)) as u64).max(u64::from(self.spec.min_concurrent))
    }
}

impl Budget for State {
    fn on_first(&mut self, _: SimTime) {
        self.active += 1;
    }

    fn withdraw(&mut self, _: SimTime, _: Cause) -> bool {
        let granted = self.retries < self.most();
        self.retries += u64::from(granted);
        granted
    }

    fn on_retry_end(&mut self, _: SimTime) {
        self.retries -= 1;
    }

    fn on_end(&mut self, _: SimTime) {
        self.active -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many further attempts may be out at once beside so many calls.
    fn most(spec: &Spec, active: u32) -> usize {
        let mut budget = spec.build(SimTime::ZERO);
        (0..active).for_each(|_| budget.on_first(SimTime::ZERO));
        (0..1000).take_while(|_| budget.withdraw(SimTime::ZERO, Cause::Failed)).count()
    }

    #[test]
    fn the_share_is_cut_to_whole_attempts_and_never_below_the_least() {
        // Envoy, RetryBudgetImpl::max: max(⌊0.2 × active⌋, 3); ResourceManagerImplTest, RetryBudgetOverrideGauge: 5
        // with nothing active.
        for (active, expected) in [(0, 3), (15, 3), (19, 3), (20, 4), (24, 4), (25, 5), (100, 20)] {
            assert_eq!(most(&Spec::default(), active), expected, "{active} active");
        }
        assert_eq!(most(&Spec { min_concurrent: 5, ..Spec::default() }, 0), 5);
        assert_eq!(most(&Spec { min_concurrent: 0, ..Spec::default() }, 4), 0);
    }

    #[test]
    fn an_attempt_holds_its_place_until_it_is_over() {
        let mut budget = Spec { min_concurrent: 1, ..Spec::default() }.build(SimTime::ZERO);
        budget.on_first(SimTime::ZERO);
        assert!(budget.withdraw(SimTime::ZERO, Cause::Failed));
        assert!(!budget.withdraw(SimTime::ZERO, Cause::Failed));
        budget.on_retry_end(SimTime::ZERO);
        assert!(budget.withdraw(SimTime::ZERO, Cause::Failed));
    }
}
