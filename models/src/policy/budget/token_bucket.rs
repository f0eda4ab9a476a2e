//! TokenBucket: calls put a fraction of a token in, each further attempt takes a whole one out.
//!
//! While few calls fail, every failure can be tried again; in an outage the bucket runs dry, and the load is 1 + ratio
//! times that of the first attempts. Finagle's budget forgets what was saved; this one keeps a full bucket however
//! long ago it was filled. Brooker, *Fixing retries with token buckets and circuit breakers*, 2022, who lets a success
//! pay in: then an outage grants nothing once the bucket is empty.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, time::SimTime};

use super::{Budget, Cause};

/// Tokens are counted in millionths, so that ten tenths are one.
const TOKEN: u64 = 1_000_000;

/// What pays in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Deposit {
    /// Every call, when its first attempt goes out (Finagle).
    FirstAttempt,
    /// Every call that gets its answer (Brooker).
    Success,
}

/// `TokenBucket`: how much is paid in, by what, and how much there is room for.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Tokens paid in each time, 0 to 1; counted to the millionth. Default 0.1 (Brooker).
    pub ratio: f64,
    /// Tokens a full bucket holds; it starts full. Default 100.
    pub burst: u32,
    /// What pays in. Default `FirstAttempt`.
    pub deposit: Deposit,
}

impl Default for Spec {
    fn default() -> Self {
        Self { ratio: 0.1, burst: 100, deposit: Deposit::FirstAttempt }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.fraction("ratio", self.ratio);
        check.require(self.burst >= 1, "burst", || "burst must be at least 1, got 0".into());
    }

    pub(super) fn build(&self, _: SimTime) -> State {
        let full = u64::from(self.burst) * TOKEN;
        State { paid_in: (self.ratio * TOKEN as f64 + 0.5) as u64, deposit: self.deposit, full, tokens: full }
    }
}

/// The bucket, in millionths of tokens.
#[derive(Debug)]
pub struct State {
    paid_in: u64,
    deposit: Deposit,
    full: u64,
    tokens: u64,
}

impl State {
    fn pay_in(&mut self, occasion: Deposit) {
        if self.deposit == occasion {
            self.tokens = (self.tokens + self.paid_in).min(self.full);
        }
    }
}

impl Budget for State {
    fn on_first(&mut self, _: SimTime) {
        self.pay_in(Deposit::FirstAttempt);
    }

    fn withdraw(&mut self, _: SimTime, _: Cause) -> bool {
        let granted = self.tokens >= TOKEN;
        if granted {
            self.tokens -= TOKEN;
        }
        granted
    }

    fn on_success(&mut self, _: SimTime, _: Option<Cause>) {
        self.pay_in(Deposit::Success);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of so many calls in an outage get another attempt.
    fn granted(spec: &Spec, calls: u32) -> u32 {
        let mut bucket = spec.build(SimTime::ZERO);
        let mut retry = |_: &u32| {
            bucket.on_first(SimTime::ZERO);
            bucket.withdraw(SimTime::ZERO, Cause::Failed)
        };
        (0..calls).filter(&mut retry).count() as u32
    }

    #[test]
    fn an_outage_is_granted_the_burst_and_then_the_ratio() {
        let spec = Spec { burst: 5, ..Spec::default() };
        // The first deposit finds the bucket full and is lost; the rest is 999.9 tokens.
        assert_eq!(granted(&spec, 10_000), 5 + 999);
        assert_eq!(granted(&Spec { ratio: 0.0, ..spec.clone() }, 10_000), 5);
        assert_eq!(granted(&Spec { deposit: Deposit::Success, ..spec }, 10_000), 5);
    }

    #[test]
    fn ten_tenths_are_a_token() {
        let spec = Spec { burst: 1, deposit: Deposit::Success, ..Spec::default() };
        let mut bucket = spec.build(SimTime::ZERO);
        assert!(bucket.withdraw(SimTime::ZERO, Cause::Failed));
        for success in 1..=10 {
            assert!(!bucket.withdraw(SimTime::ZERO, Cause::Failed), "before success {success}");
            bucket.on_success(SimTime::ZERO, None);
        }
        assert!(bucket.withdraw(SimTime::ZERO, Cause::Failed));
    }
}
