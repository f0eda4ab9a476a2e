//! Heartbeats with a fixed timeout: who has been silent for that long is suspected.
//!
//! From a crash to suspicion it takes the timeout less up to one interval. One timeout fits one network: where
//! heartbeats are late it suspects the living, which an accrual detector learns to tolerate.
//! Akka `DeadlineFailureDetector`, where the timeout is the interval plus an acceptable pause.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

use super::failure_detector::FailureDetector;

/// `Heartbeat`: how long a silence is tolerated.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// So long a silence is suspected. Default 13 s (Akka `cluster.multi-data-center.failure-detector`: a heartbeat each
    /// 3 s, a pause of 10 s).
    pub timeout: SimDuration,
}

impl Default for Spec {
    fn default() -> Self {
        Self { timeout: SimDuration::from_secs(13) }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(!self.timeout.is_zero(), "timeout", || "timeout must be above 0".into());
    }

    pub(super) fn build(&self, _: SimDuration) -> State {
        State { timeout: self.timeout, last: None }
    }
}

/// When it was last heard.
#[derive(Clone, Debug)]
pub struct State {
    timeout: SimDuration,
    last: Option<SimTime>,
}

impl FailureDetector for State {
    fn on_heartbeat(&mut self, now: SimTime) {
        self.last = Some(now);
    }

    /// Up to the timeout nothing is suspicious, from then on everything.
    fn phi(&self, now: SimTime) -> f64 {
        if self.is_available(now) { 0.0 } else { f64::INFINITY }
    }

    fn is_available(&self, now: SimTime) -> bool {
        self.last.is_none_or(|last| now.since(last) < self.timeout)
    }

    fn suspected_from(&self) -> SimTime {
        self.last.map_or(SimTime::NEVER, |last| last + self.timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::detection::failure_detector::testing::at;

    #[test]
    fn suspects_when_the_timeout_is_reached() {
        let mut detector = Spec { timeout: SimDuration::from_secs(3) }.build(SimDuration::from_secs(1));
        detector.on_heartbeat(at(1000));
        detector.on_heartbeat(at(2000));
        assert_eq!([4999, 5000].map(|now| detector.is_available(at(now))), [true, false]);
        assert_eq!(detector.suspected_from(), at(5000));
        assert_eq!([4999, 5000].map(|now| detector.phi(at(now))), [0.0, f64::INFINITY]);
    }
}
