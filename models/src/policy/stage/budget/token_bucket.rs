//! Token bucket: each call puts a share of a token in, each retry takes one out.
//!
//! It starts full, so that a lone failure after a quiet time is tried again at once. What was saved up is spent in a
//! burst when trouble begins; after that retries are a fixed share of the calls.
//! Brooker, *Fixing retries with token buckets and circuit breakers*, 2022.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, time::SimTime};

use super::Allow;

/// `TokenBucket`: how much a call puts in, and how much fits.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Retries that a call pays for. Default 0.1 (Brooker; the SRE book's 10 %).
    pub ratio: f64,
    /// The most that is saved up. Default 10 retries.
    pub burst: f64,
}

impl Default for Spec {
    fn default() -> Self {
        Self { ratio: 0.1, burst: 10.0 }
    }
}

/// Parts of a token: whole numbers do not drift.
const TOKEN: u64 = 1_000_000;

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(self.ratio >= 0.0, "ratio", || {
            format!("ratio must not be negative, got {}", self.ratio)
        });
        check.require(self.burst >= 1.0, "burst", || format!("burst must be at least 1, got {}", self.burst));
    }

    pub(super) fn build(&self, _: SimTime) -> State {
        let parts = |tokens: f64| (tokens * TOKEN as f64 + 0.5) as u64;
        State { deposit: parts(self.ratio), most: parts(self.burst), held: parts(self.burst) }
    }
}

/// What is saved up.
#[derive(Debug)]
pub struct State {
    deposit: u64,
    most: u64,
    held: u64,
}

impl Allow for State {
    fn on_call(&mut self, _: SimTime) {
        self.held = self.held.saturating_add(self.deposit).min(self.most);
    }

    fn take(&mut self, _: SimTime) -> bool {
        let enough = self.held >= TOKEN;
        if enough {
            self.held -= TOKEN;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_are_a_share_of_calls_once_the_savings_are_spent() {
        let mut budget = Spec { ratio: 0.1, burst: 5.0 }.build(SimTime::ZERO);
        let mut retries = 0;
        for _ in 0..1000 {
            budget.on_call(SimTime::ZERO);
            retries += u32::from(budget.take(SimTime::ZERO));
        }
        // 5 saved up and a tenth of 1000 calls; the first deposit finds the bucket full.
        assert_eq!(retries, 104);
    }
}
