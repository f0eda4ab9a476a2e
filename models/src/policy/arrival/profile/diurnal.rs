//! Diurnal: a day's wave between its quietest and its busiest hour, twelve hours apart.
//!
//! What is left of a service's day when only its extremes are known; [`hourly`](super::hourly) takes all 24.

use std::f64::consts::TAU;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

use super::{Shape, check_factor};

/// `Diurnal(low: 0.5, high: 1.5, peak_hour: 20)`: a cosine; the run starts at midnight.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The smallest factor. Default 0.5.
    pub low: f64,
    /// The largest factor. Default 1.5, so that the mean is 1.
    pub high: f64,
    /// The hour of the largest, 0 to 24. Default 20.
    pub peak_hour: f64,
    /// How long a day takes: less than 24 h plays it faster. Default `"24h"`.
    pub day: SimDuration,
}

impl Default for Spec {
    fn default() -> Self {
        Self { low: 0.5, high: 1.5, peak_hour: 20.0, day: SimDuration::from_secs(86_400) }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check_factor("low", self.low, check);
        check.require(self.high.is_finite() && self.high >= self.low, "high", || {
            format!("high must not be below low ({}), got {}", self.low, self.high)
        });
        check.require((0.0..=24.0).contains(&self.peak_hour), "peak_hour", || {
            format!("peak_hour must be between 0 and 24, got {}", self.peak_hour)
        });
        check.require(!self.day.is_zero(), "day", || "day must be above 0s".to_owned());
    }

    pub(super) fn build(&self, start: SimTime) -> State {
        State {
            middle: f64::midpoint(self.high, self.low),
            swing: (self.high - self.low) / 2.0,
            peak: self.peak_hour / 24.0,
            day: self.day.as_nanos().max(1),
            start,
        }
    }
}

/// The wave: its middle, how far it swings, when in the day it peaks (0 to 1), the day in nanoseconds.
#[derive(Debug)]
pub struct State {
    middle: f64,
    swing: f64,
    peak: f64,
    day: u64,
    start: SimTime,
}

impl Shape for State {
    fn factor(&self, now: SimTime) -> f64 {
        let hour = (now.since(self.start).as_nanos() % self.day) as f64 / self.day as f64;
        self.middle + self.swing * libm::cos(TAU * (hour - self.peak))
    }

    fn max_factor(&self) -> f64 {
        self.middle + self.swing
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use crate::policy::arrival::laws::{follows, wrong};

    #[test]
    fn counts_follow_the_day() {
        // A day of 12 s peaks at 20 h, its second 10; the mean of a second from the antiderivative.
        let up_to = |second: u64| libm::sin(TAU * (second as f64 - 10.0) / 12.0) * 12.0 / TAU;
        follows(r#"Diurnal(low: 0.2, high: 2, day: "12s")"#, 24, |second| {
            1.1 + 0.9 * (up_to(second + 1) - up_to(second))
        });
    }

    #[test]
    fn a_day_upside_down_is_told() {
        assert_eq!(
            wrong(r#"Diurnal(low: 2, high: 1, peak_hour: 25, day: "0s")"#),
            ["Diurnal.high", "Diurnal.peak_hour", "Diurnal.day"]
        );
    }
}
