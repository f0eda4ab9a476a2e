//! Share: further attempts may be at most this share of all attempts of the last minutes.
//!
//! The simplest of budgets: two counts. The share is of all attempts, further ones included, so 0.1 lets an outage cost
//! 1 / 0.9 = 1.11 times the first attempts, where the buckets' 0.1 is 1.1 times. Nothing is saved up, and the first
//! failure of a quiet caller is always granted. Beyer et al., *Site Reliability Engineering*, 2016, chapter 21: "a
//! request will only be retried as long as this ratio is below 10%".

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

use super::{Budget, Cause, window::Window};

/// Slices of the window, as many as Finagle's.
const SLICES: usize = 10;

/// `Share`: which share, of which time.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The share of further attempts below which another is granted, 0 to 1. Default 0.1 (SRE book, chapter 21).
    pub ratio: f64,
    /// The time looked back on, in ten slices, above 0. Default 2 min (the SRE book's for adaptive throttling; it names
    /// none for retries).
    pub window: SimDuration,
}

impl Default for Spec {
    fn default() -> Self {
        Self { ratio: 0.1, window: SimDuration::from_secs(120) }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.fraction("ratio", self.ratio);
        check.require(!self.window.is_zero(), "window", || "window must be above 0".into());
    }

    pub(super) fn build(&self, now: SimTime) -> State {
        let window = Window::new(self.window, SLICES, now);
        State { ratio: self.ratio, attempts: window.clone(), retries: window }
    }
}

/// What was attempted lately, and how much of it anew.
#[derive(Debug)]
pub struct State {
    ratio: f64,
    attempts: Window,
    retries: Window,
}

impl Budget for State {
    fn on_first(&mut self, now: SimTime) {
        self.attempts.add(now, 1);
    }

    fn withdraw(&mut self, now: SimTime, _: Cause) -> bool {
        // At least one: the attempt that failed may be older than the window.
        let attempts = self.attempts.sum(now).max(1);
        let granted = self.retries.sum(now) as f64 / (attempts as f64) < self.ratio;
        if granted {
            self.attempts.add(now, 1);
            self.retries.add(now, 1);
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_granted_the_share_of_all_attempts() {
        let mut share = Spec::default().build(SimTime::ZERO);
        let mut granted = Vec::new();
        for call in 1..=9_000 {
            share.on_first(SimTime::ZERO);
            if share.withdraw(SimTime::ZERO, Cause::Failed) {
                granted.push(call);
            }
        }
        // The n-th further attempt needs more than 10 (n − 1) attempts before it, n − 1 of them further ones.
        assert_eq!(granted[..4], [1, 10, 19, 28]);
        assert_eq!(granted.len(), 1_000);
    }

    #[test]
    fn what_is_long_past_does_not_count() {
        let mut share = Spec { window: SimDuration::from_secs(10), ..Spec::default() }.build(SimTime::ZERO);
        (0..100).for_each(|_| share.on_first(SimTime::ZERO));
        let after = |seconds| SimTime::ZERO + SimDuration::from_secs(seconds);
        let mut granted = |at| (0..1000).take_while(|_| share.withdraw(at, Cause::Failed)).count();
        assert_eq!(granted(after(0)), 12, "12 / 112 is not below a tenth any more");
        assert_eq!(granted(after(100)), 1);
    }
}
