//! Ramp: the factor grows or falls steadily between two times, as in a load test that looks for the limit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

use super::{Shape, check_factor};

/// `Ramp(from: 1.0, to: 3.0, start: "60s", end: "120s")`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The factor up to `start`. Default 1.
    pub from: f64,
    /// The factor from `end` on. Default 2.
    pub to: f64,
    /// When it begins to change. Default `"0s"`.
    pub start: SimDuration,
    /// When it has changed. Default `"10min"`.
    pub end: SimDuration,
}

impl Default for Spec {
    fn default() -> Self {
        Self { from: 1.0, to: 2.0, start: SimDuration::ZERO, end: SimDuration::from_secs(600) }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check_factor("from", self.from, check);
        check_factor("to", self.to, check);
        check.require(self.start < self.end, "end", || {
            format!("end must come after start, but {} does not come after {}", self.end, self.start)
        });
    }

    pub(super) fn build(&self, start: SimTime) -> State {
        State { from: self.from, to: self.to, start: start + self.start, end: start + self.end }
    }
}

/// The two ends in the run's time.
#[derive(Debug)]
pub struct State {
    from: f64,
    to: f64,
    start: SimTime,
    end: SimTime,
}

impl Shape for State {
    fn factor(&self, now: SimTime) -> f64 {
        if now >= self.end {
            return self.to;
        }
        let done = now.since(self.start).as_nanos() as f64 / self.end.since(self.start).as_nanos() as f64;
        self.from + (self.to - self.from) * done
    }

    fn max_factor(&self) -> f64 {
        self.from.max(self.to)
    }

    fn wakes(&self, now: SimTime) -> SimTime {
        if now >= self.end && self.to == 0.0 {
            SimTime::NEVER
        } else if self.from == 0.0 {
            now.max(self.start)
        } else {
            now
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::arrival::laws::{arrivals, follows, wrong};

    #[test]
    fn counts_follow_the_ramp() {
        follows(r#"Ramp(from: 0, to: 2, start: "2s", end: "6s")"#, 8, |second| match second {
            0 | 1 => 0.0,
            2..6 => (second as f64 - 1.5) * 0.5,
            _ => 2.0,
        });
    }

    #[test]
    fn a_ramp_to_nothing_ends_the_arrivals() {
        let down = r#"Ramp(from: 1, to: 0, start: "0s", end: "10s")"#;
        let times: Vec<_> = arrivals("Poisson()", down, 1000.0, 7).collect();
        // 5000 are due, give or take four standard deviations.
        assert!(
            times.len().abs_diff(5000) < 283 && times.iter().all(|at| *at < 10_000_000_000),
            "{}",
            times.len()
        );
    }

    #[test]
    fn a_ramp_back_in_time_is_told() {
        assert_eq!(wrong(r#"Ramp(start: "9s", end: "9s", to: -1)"#), ["Ramp.to", "Ramp.end"]);
    }
}
