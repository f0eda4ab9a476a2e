//! Finagle: retries are a share of the calls of the last seconds, and some a second on top.
//!
//! A leaky bucket over a window: what a call put in leaks out after the time to live, so nothing is saved up for long.
//! Amounts are whole units: a call puts in 1000, a retry takes 1000 ÷ share. The reserve lets callers with few calls
//! try again at all. Twitter Finagle `RetryBudget`; tower's `TpsBudget` is the same.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

use super::Allow;

/// `Finagle`: the window, the reserve, the share.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// How long a call pays for retries. Default 10 s.
    pub ttl: SimDuration,
    /// Retries a second that need no calls to pay for them. Default 10.
    pub min_per_second: u32,
    /// Retries that a call pays for. Default 0.2.
    pub ratio: f64,
}

impl Default for Spec {
    fn default() -> Self {
        Self { ttl: SimDuration::from_secs(10), min_per_second: 10, ratio: 0.2 }
    }
}

/// What a call puts in.
const DEPOSIT: i64 = 1000;
/// Parts of the window.
const SLICES: usize = 10;

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(!self.ttl.is_zero(), "ttl", || "ttl must be above 0".into());
        check.positive("ratio", self.ratio);
    }

    pub(super) fn build(&self, now: SimTime) -> State {
        let withdrawal = (DEPOSIT as f64 / self.ratio) as i64;
        let reserve =
            i64::from(self.min_per_second) * withdrawal * self.ttl.as_nanos() as i64 / 1_000_000_000;
        State {
            slice: self.ttl.as_nanos() / SLICES as u64,
            withdrawal,
            reserve,
            slices: [0; SLICES],
            current: 0,
            since: now,
        }
    }
}

/// What was put in and taken out lately.
#[derive(Debug)]
pub struct State {
    /// Nanoseconds of a slice.
    slice: u64,
    withdrawal: i64,
    reserve: i64,
    slices: [i64; SLICES],
    current: usize,
    /// When the current slice began.
    since: SimTime,
}

impl State {
    /// Lets go of what is older than the window.
    fn advance(&mut self, now: SimTime) {
        let passed = now.since(self.since).as_nanos() / self.slice.max(1);
        for _ in 0..passed.min(SLICES as u64) {
            self.current = (self.current + 1) % SLICES;
            self.slices[self.current] = 0;
        }
        self.since = self.since + SimDuration::from_nanos(passed * self.slice);
    }
}

impl Allow for State {
    fn on_call(&mut self, now: SimTime) {
        self.advance(now);
        self.slices[self.current] += DEPOSIT;
    }

    fn take(&mut self, now: SimTime) -> bool {
        self.advance(now);
        let balance = self.reserve + self.slices.iter().sum::<i64>();
        let enough = balance >= self.withdrawal;
        if enough {
            self.slices[self.current] -= self.withdrawal;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retries(ttl: u64, min_per_second: u32, ratio: f64) -> i64 {
        let mut budget =
            Spec { ttl: SimDuration::from_secs(ttl), min_per_second, ratio }.build(SimTime::ZERO);
        let mut retry = |_| {
            budget.on_call(SimTime::ZERO);
            i64::from(budget.take(SimTime::ZERO))
        };
        (0..10_000).map(&mut retry).sum()
    }

    #[test]
    fn calls_at_one_instant_pay_for_their_share_and_the_reserve_for_more() {
        // Finagle RetryBudgetTest: 10 000 calls under a frozen clock.
        for (found, expected) in
            [(retries(1, 10, 0.1), 1010), (retries(2, 5, 0.5), 5010), (retries(10, 0, 0.75), 7500)]
        {
            assert!((found - expected).abs() <= 1, "{found} for {expected}");
        }
    }

    #[test]
    fn what_a_call_paid_for_is_gone_after_its_time() {
        let mut budget =
            Spec { ttl: SimDuration::from_secs(10), min_per_second: 0, ratio: 1.0 }.build(SimTime::ZERO);
        budget.on_call(SimTime::ZERO);
        let at = |seconds| SimTime::ZERO + SimDuration::from_secs(seconds);
        assert!(!budget.take(at(10)));
        budget.on_call(at(10));
        assert!(budget.take(at(19)));
    }
}
