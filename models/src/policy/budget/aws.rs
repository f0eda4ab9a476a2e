//! Aws: a quota that further attempts take from and, where they succeed, give back.
//!
//! Only further attempts that fail in the end cost anything, those after a timeout twice as much; a call that succeeds
//! at once puts one back. So a passing error costs nothing, and an outage ends further attempts after a hundred.
//! Unlike the other buckets it grants nothing for calls that fail. The AWS SDKs' standard mode; botocore
//! `RetryQuotaChecker`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, time::SimTime};

use super::{Budget, Cause};

/// `Aws`: how much there is, what is taken and what is put back.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Tokens at first and at most, at least 1. Default 500 (botocore `RetryQuota.INITIAL_CAPACITY`).
    pub tokens: u32,
    /// Tokens a further attempt costs. Default 5 (botocore `_RETRY_COST`).
    pub cost: u32,
    /// Tokens a further attempt after a timeout costs. Default 10 (botocore `_TIMEOUT_RETRY_REQUEST`).
    pub timeout_cost: u32,
    /// Tokens put back by a call whose first attempt succeeds; any other success puts back what its last attempt cost.
    /// Default 1 (botocore `_NO_RETRY_INCREMENT`).
    pub refund: u32,
}

impl Default for Spec {
    fn default() -> Self {
        Self { tokens: 500, cost: 5, timeout_cost: 10, refund: 1 }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(self.tokens >= 1, "tokens", || "tokens must be at least 1, got 0".into());
    }

    pub(super) fn build(&self, _: SimTime) -> State {
        State { spec: self.clone(), tokens: self.tokens }
    }

    const fn cost(&self, cause: Cause) -> u32 {
        match cause {
            Cause::TimedOut => self.timeout_cost,
            Cause::Failed | Cause::Slow => self.cost,
        }
    }
}

/// What is left of the quota.
#[derive(Debug)]
pub struct State {
    spec: Spec,
    tokens: u32,
}

impl Budget for State {
    fn withdraw(&mut self, _: SimTime, cause: Cause) -> bool {
        let left = self.tokens.checked_sub(self.spec.cost(cause));
        self.tokens = left.unwrap_or(self.tokens);
        left.is_some()
    }

    fn on_success(&mut self, _: SimTime, last: Option<Cause>) {
        let back = last.map_or(self.spec.refund, |cause| self.spec.cost(cause));
        self.tokens = self.tokens.saturating_add(back).min(self.spec.tokens);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: SimTime = SimTime::ZERO;

    fn granted(budget: &mut State, cause: Cause) -> usize {
        (0..1000).take_while(|_| budget.withdraw(NOW, cause)).count()
    }

    #[test]
    fn an_outage_ends_it_after_a_hundred() {
        assert_eq!(granted(&mut Spec::default().build(NOW), Cause::Failed), 100);
        assert_eq!(granted(&mut Spec::default().build(NOW), Cause::TimedOut), 50);
    }

    #[test]
    fn success_gives_back_what_the_last_attempt_cost() {
        // botocore, RetryQuotaChecker.release_retry_quota, with less than a full quota to see it.
        let mut budget = Spec { tokens: 20, ..Spec::default() }.build(NOW);
        let mut balances = Vec::new();
        for cause in [Cause::Failed, Cause::TimedOut] {
            assert!(budget.withdraw(NOW, cause));
            balances.push(budget.tokens);
        }
        for last in [Some(Cause::TimedOut), None, None, Some(Cause::Failed), None] {
            budget.on_success(NOW, last);
            balances.push(budget.tokens);
        }
        assert_eq!(balances, [15, 5, 15, 16, 17, 20, 20]);
        assert!(!Spec { tokens: 9, ..Spec::default() }.build(NOW).withdraw(NOW, Cause::TimedOut));
    }
}
