//! Client throttling: a caller most of whose calls are refused holds some of them back itself.
//!
//! It holds a call back with probability (requests − K × accepted) / (requests + 1), 0 at least. Calls held back count
//! as requests, so that it goes on holding back while the callee recovers; the callee sees about K times what it accepts.
//! Envoy's admission control does not count them, and tolerates a share of failures instead.
//!
//! Beyer et al., *Site Reliability Engineering*, chapter 21, "Client-Side Throttling". There a request is accepted
//! unless the callee refuses it; here every failure counts as not accepted, since to refuse is one way to fail. A call
//! given up counts as a request only.

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

const PLACE: u64 = name_hash("adaptive throttle");

/// `AdaptiveThrottle`: how generous it is and what it looks back on.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// K: how many calls are sent for each one accepted, at least 1. Default 2 (*Site Reliability Engineering*).
    pub multiplier: f64,
    /// How long it looks back. Default 2 min (*Site Reliability Engineering*).
    pub window: SimDuration,
}

impl Default for Spec {
    fn default() -> Self {
        Self { multiplier: 2.0, window: SimDuration::from_secs(120) }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        let multiplier = self.multiplier;
        check.require(multiplier.is_finite() && multiplier >= 1.0, "multiplier", || {
            format!("multiplier must be at least 1, got {multiplier}")
        });
        check.require(!self.window.is_zero(), "window", || "window must be above 0".into());
    }

    pub(super) fn build(&self, _: SimTime) -> State {
        State { multiplier: self.multiplier, recent: Recent::new(self.window) }
    }
}

/// What was asked and what was accepted of late.
#[derive(Debug)]
pub struct State {
    multiplier: f64,
    recent: Recent,
}

/// The probability that a call is held back.
fn share_held_back(counts: Counts, multiplier: f64) -> f64 {
    let requests = counts.requests as f64;
    ((requests - multiplier * counts.successes as f64) / (requests + 1.0)).max(0.0)
}

impl Stage for State {
    fn on_call(&mut self, now: SimTime, passage: &mut Passage) -> Down {
        let share = share_held_back(self.recent.counts(now), self.multiplier);
        self.recent.add(now, 1, 0);
        if unit(passage.luck.at(PLACE, 0)) < share {
            return Down::Refuse(Reason::Throttled);
        }
        Down::Pass
    }

    fn on_reply(&mut self, now: SimTime, _: &mut Passage, reply: Outcome) -> Up {
        match reply {
            Outcome::Success | Outcome::Degraded => self.recent.add(now, 0, 1),
            Outcome::Failure(_) => {}
        }
        Up::Deliver(reply)
    }

    fn level(&self, now: SimTime) -> Option<f64> {
        Some(share_held_back(self.recent.counts(now), self.multiplier))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::stage::testing::{at, passage};

    #[test]
    fn half_may_fail_before_anything_is_held_back() {
        // max(0, (requests − 2 · accepted)/(requests + 1)).
        for (requests, successes, share) in
            [(0, 0, 0.0), (100, 100, 0.0), (100, 50, 0.0), (100, 25, 50.0 / 101.0), (100, 0, 100.0 / 101.0)]
        {
            assert_eq!(share_held_back(Counts { requests, successes }, 2.0), share);
        }
    }

    /// Calls sent and calls accepted in the fifth minute of `rate` calls a second to a callee that accepts `capacity`.
    fn last_minute(rate: u64, capacity: u64) -> (u64, u64) {
        let mut throttle = Spec::default().build(at(0));
        let (mut sent, mut accepted) = (0, 0);
        for second in 0..300 {
            let mut left = capacity;
            for nth in 0..rate {
                let now = at(1000 * second + 1000 * nth / rate);
                let mut passage = passage(second * rate + nth);
                if throttle.on_call(now, &mut passage) != Down::Pass {
                    continue;
                }
                let accepts = left > 0;
                left -= u64::from(accepts);
                let reply = if accepts { Outcome::Success } else { Outcome::Failure(Reason::QueueFull) };
                let _ = throttle.on_reply(now, &mut passage, reply);
                sent += u64::from(second >= 240);
                accepted += u64::from(second >= 240 && accepts);
            }
        }
        (sent, accepted)
    }

    #[test]
    fn the_callee_sees_about_twice_what_it_accepts() {
        let (sent, accepted) = last_minute(200, 20);
        assert_eq!(accepted, 60 * 20, "what it can serve, it serves");
        let ratio = sent as f64 / accepted as f64;
        assert!((ratio - 2.0).abs() < 0.1, "{ratio}");
    }

    #[test]
    fn what_is_held_back_counts_so_that_an_outage_is_remembered_for_two_minutes() {
        let mut throttle = Spec::default().build(at(0));
        for id in 0..1000 {
            let mut passage = passage(id);
            if throttle.on_call(at(0), &mut passage) == Down::Pass {
                let _ = throttle.on_reply(at(0), &mut passage, Outcome::Failure(Reason::Crashed));
            }
        }
        assert_eq!(throttle.level(at(119_999)), Some(1000.0 / 1001.0));
        assert_eq!(throttle.level(at(120_000)), Some(0.0));
    }
}
