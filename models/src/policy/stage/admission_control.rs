//! Admission control: holds calls back when fewer succeed than should.
//!
//! The probability is ((requests − successes / threshold) / (requests + 1)) to the power of 1 / aggression, 0 at least
//! and a cap at most. Only calls that were let through and answered are requests, so that it sees the callee and not
//! itself; client throttling counts all. The cap keeps some calls coming, which notice that the callee is back.
//! Envoy's admission control filter (`shouldRejectRequest`), where a chance has four digits; here it has all. A call
//! given up is not counted, as there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    random::{name_hash, unit},
    time::{SimDuration, SimTime},
};

use super::{
    Down, Passage, Stage, Up,
    recent::{Counts, Recent},
};
use crate::request::{Outcome, Reason};

const PLACE: u64 = name_hash("admission control");

/// `AdmissionControl`: what should succeed, and how hard it holds back.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// How long it looks back. Default 30 s (Envoy `sampling_window`).
    pub sampling_window: SimDuration,
    /// The share of calls that should succeed, 0.01 to 1. Default 0.95 (Envoy `sr_threshold`).
    pub success_threshold: f64,
    /// At 1 the probability grows evenly below the threshold; more, and it leaps; at least 1. Default 1 (Envoy
    /// `aggression`).
    pub aggression: f64,
    /// With fewer calls a second than this nothing is held back. Default 0 (Envoy `rps_threshold`).
    pub rate_threshold: u32,
    /// The most that is held back, as a share of calls from 0 to 1. Default 0.8 (Envoy `max_rejection_probability`).
    pub max_rejection: f64,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            sampling_window: SimDuration::from_secs(30),
            success_threshold: 0.95,
            aggression: 1.0,
            rate_threshold: 0,
            max_rejection: 0.8,
        }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(!self.sampling_window.is_zero(), "sampling_window", || {
            "sampling_window must be above 0".into()
        });
        check.fraction("success_threshold", self.success_threshold);
        // What is out of the range altogether was told above.
        check.require(!(0.0..0.01).contains(&self.success_threshold), "success_threshold", || {
            format!("success_threshold must be at least 0.01, got {}", self.success_threshold)
        });
        let aggression = self.aggression;
        check.require(aggression.is_finite() && aggression >= 1.0, "aggression", || {
            format!("aggression must be at least 1, got {aggression}")
        });
        check.fraction("max_rejection", self.max_rejection);
    }

    pub(super) fn build(&self, _: SimTime) -> State {
        State { spec: self.clone(), recent: Recent::new(self.sampling_window) }
    }

    /// The probability that a call is held back.
    fn rejection(&self, counts: Counts) -> f64 {
        let requests = counts.requests as f64;
        let missing = requests - counts.successes as f64 / self.success_threshold;
        let even = (missing / (requests + 1.0)).max(0.0);
        libm::pow(even, 1.0 / self.aggression).min(self.max_rejection)
    }
}

/// What was answered of late.
#[derive(Debug)]
pub struct State {
    spec: Spec,
    recent: Recent,
}

impl State {
    fn share_held_back(&self, now: SimTime) -> f64 {
        if self.recent.rate(now) < u64::from(self.spec.rate_threshold) {
            return 0.0;
        }
        self.spec.rejection(self.recent.counts(now))
    }
}

impl Stage for State {
    fn on_call(&mut self, now: SimTime, passage: &mut Passage) -> Down {
        let share = self.share_held_back(now);
        self.recent.roll(now);
        if unit(passage.luck.at(PLACE, 0)) < share { Down::Refuse(Reason::Throttled) } else { Down::Pass }
    }

    fn on_reply(&mut self, now: SimTime, _: &mut Passage, reply: Outcome) -> Up {
        let successes = match reply {
            Outcome::Success | Outcome::Degraded => 1,
            Outcome::Failure(_) => 0,
        };
        self.recent.add(now, 1, successes);
        Up::Deliver(reply)
    }

    fn level(&self, now: SimTime) -> Option<f64> {
        Some(self.share_held_back(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::stage::testing::{at, passage};

    #[test]
    fn the_probability_is_envoys() {
        // Envoy, admission_control.proto: the formula and its defaults.
        for (aggression, requests, successes, expected) in [
            (1.0, 100, 95, 0.0),
            (1.0, 100, 90, 0.052_110_5),
            (1.0, 100, 50, 0.468_994_3),
            (1.0, 100, 10, 0.8),
            (2.0, 100, 50, 0.684_831_6),
            (2.0, 100, 100, 0.0),
        ] {
            let spec = Spec { aggression, ..Spec::default() };
            let found = spec.rejection(Counts { requests, successes });
            assert!((found - expected).abs() < 1e-6, "{requests} {successes}: {found}");
        }
    }

    /// A hundred calls in the first second, all passed and failed.
    fn failing(spec: &Spec) -> State {
        let mut control = spec.build(at(0));
        for id in 0..100 {
            let _ = control.on_reply(at(10 * id), &mut passage(id), Outcome::Failure(Reason::Error));
        }
        control
    }

    #[test]
    fn four_in_five_are_held_back_and_do_not_count() {
        let mut control = failing(&Spec::default());
        let refused = (0..10_000)
            .filter(|id| control.on_call(at(2000), &mut passage(*id)) == Down::Refuse(Reason::Throttled))
            .count();
        // Four standard errors of Binomial(10000, 0.8) are 160.
        assert!(refused.abs_diff(8000) < 160, "{refused}");
        assert_eq!(control.recent.counts(at(2000)), Counts { requests: 100, successes: 0 });
        control.on_abandon(at(2000), &passage(1));
        assert_eq!(control.level(at(29_999)), Some(0.8));
        assert_eq!(control.level(at(30_000)), Some(0.0), "the window is over");
    }

    #[test]
    fn few_calls_are_let_through() {
        // 100 in 30 s are 3 a second.
        for (rate_threshold, level) in [(3, 0.8), (4, 0.0)] {
            let control = failing(&Spec { rate_threshold, ..Spec::default() });
            assert_eq!(control.level(at(1000)), Some(level));
        }
    }
}
