//! Finagle: a bucket that forgets after a while, with a reserve for callers that call seldom.
//!
//! Each call pays 1000 in, a further attempt takes 1000 / ratio out, and both are forgotten after the time to live:
//! unlike a plain bucket, a quiet day saves up for no storm. The reserve, so many attempts for each second of that
//! time, comes back as what was taken is forgotten. Finagle `RetryBudget` over twitter-util's `TokenBucket`; Linkerd's
//! and tower's budgets are the same.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

use super::{Budget, Cause, window::Window};

/// What a call pays in: Finagle's `ScaleFactor`, so that amounts are whole numbers.
const PAID_IN: i64 = 1000;
/// Slices of the window (twitter-util `newLeakyBucket`).
const SLICES: usize = 10;

/// `Finagle`: for how long, how many at least, and for which share of calls.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// After which time a payment is forgotten, 1 s to 60 s; for the reserve whole seconds count. Default 10 s (Finagle
    /// `DefaultTtl`).
    pub ttl: SimDuration,
    /// Further attempts granted in any case, each second on average. Default 10 (Finagle `DefaultMinRetriesPerSec`).
    pub min_per_second: u32,
    /// Further attempts granted for each call, 0 to 1000. Default 0.2 (Finagle `DefaultPercentCanRetry`).
    pub ratio: f64,
}

impl Default for Spec {
    fn default() -> Self {
        Self { ttl: SimDuration::from_secs(10), min_per_second: 10, ratio: 0.2 }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        let seconds = SimDuration::from_secs;
        check.require((seconds(1)..=seconds(60)).contains(&self.ttl), "ttl", || {
            format!("ttl must be between 1s and 60s, got {}", self.ttl)
        });
        check.require((0.0..=1000.0).contains(&self.ratio), "ratio", || {
            format!("ratio must be between 0 and 1000, got {}", self.ratio)
        });
    }

    pub(super) fn build(&self, now: SimTime) -> State {
        let (paid_in, cost) =
            if self.ratio == 0.0 { (0, 1) } else { (PAID_IN, (PAID_IN as f64 / self.ratio) as i64) };
        let seconds = self.ttl.as_nanos() / SimDuration::from_secs(1).as_nanos();
        State {
            paid_in,
            cost,
            reserve: i64::from(self.min_per_second)
                .saturating_mul(seconds.cast_signed())
                .saturating_mul(cost),
            balance: Window::new(self.ttl, SLICES, now),
        }
    }
}

/// What was paid in and taken out lately.
#[derive(Debug)]
pub struct State {
    paid_in: i64,
    cost: i64,
    reserve: i64,
    balance: Window,
}

impl Budget for State {
    fn on_first(&mut self, now: SimTime) {
        self.balance.add(now, self.paid_in);
    }

    fn withdraw(&mut self, now: SimTime, _: Cause) -> bool {
        let granted = self.balance.sum(now).saturating_add(self.reserve) >= self.cost;
        if granted {
            self.balance.add(now, -self.cost);
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(seconds: u64, min_per_second: u32, ratio: f64) -> Spec {
        Spec { ttl: SimDuration::from_secs(seconds), min_per_second, ratio }
    }

    /// How many of 10 000 calls get another attempt while time stands still.
    fn granted(spec: &Spec) -> u32 {
        let mut budget = spec.build(SimTime::ZERO);
        let mut retry = |_: &u32| {
            budget.on_first(SimTime::ZERO);
            budget.withdraw(SimTime::ZERO, Cause::Failed)
        };
        (0..10_000).filter(&mut retry).count() as u32
    }

    #[test]
    fn it_grants_the_reserve_and_the_ratio() {
        // Finagle, RetryBudgetTest: "apply minRetriesPerSec=0", "apply with minRetries and maxPercentOver=0", "apply
        // with minRetries and maxPercentOver"; one more or less, since costs are whole numbers.
        for (seconds, min_per_second, ratio, expected) in [
            (60, 0, 0.1, 1000),
            (60, 0, 0.25, 2500),
            (60, 0, 0.5, 5000),
            (60, 0, 0.75, 7500),
            (60, 0, 0.99, 9900),
            (60, 0, 0.0001, 1),
            (1, 10, 0.0, 10),
            (2, 5, 0.0, 10),
            (1, 10, 0.1, 1010),
            (2, 5, 0.5, 5010),
            (10, 0, 0.0, 0),
        ] {
            let found = granted(&spec(seconds, min_per_second, ratio));
            assert!(found.abs_diff(expected) <= 1, "{seconds} {min_per_second} {ratio}: {found}");
        }
        // Finagle, RetryBudgetTest: "apply minRetries=0 maxPercentOver greater than 1.0".
        let mut budget = spec(60, 0, 2.0).build(SimTime::ZERO);
        assert!(!budget.withdraw(SimTime::ZERO, Cause::Failed));
        (0..10_000).for_each(|_| budget.on_first(SimTime::ZERO));
        let granted = (0..30_000).filter(|_| budget.withdraw(SimTime::ZERO, Cause::Failed)).count();
        assert_eq!(granted, 20_000);
    }

    #[test]
    fn what_was_saved_is_forgotten() {
        let mut budget = spec(10, 0, 1.0).build(SimTime::ZERO);
        budget.on_first(SimTime::ZERO);
        budget.on_first(SimTime::ZERO);
        let after = |seconds| SimTime::ZERO + SimDuration::from_secs(seconds);
        assert!(budget.withdraw(after(9), Cause::Failed));
        assert!(!budget.withdraw(after(30), Cause::Failed));
    }
}
