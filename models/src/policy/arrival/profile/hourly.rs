//! Hourly: a day by the factor at each full hour, straight lines between.
//!
//! For a day that was measured; [`diurnal`](super::diurnal) guesses one from its extremes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

use super::{Shape, check_factor};

/// `Hourly(factors: [0.4, 0.3, …])`: the factors at 0 h, 1 h … 23 h; the run starts at midnight.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The 24 factors. Default: all 1.
    pub factors: Vec<f64>,
    /// How long a day takes: less than 24 h plays it faster. Default `"24h"`.
    pub day: SimDuration,
}

impl Default for Spec {
    fn default() -> Self {
        Self { factors: vec![1.0; HOURS], day: SimDuration::from_secs(86_400) }
    }
}

const HOURS: usize = 24;

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(self.factors.len() == HOURS, "factors", || {
            format!("a day has {HOURS} hourly factors, got {}", self.factors.len())
        });
        check.at("factors", |check| {
            for (hour, factor) in self.factors.iter().enumerate() {
                check_factor(&hour.to_string(), *factor, check);
            }
        });
        check.require(!self.day.is_zero(), "day", || "day must be above 0s".to_owned());
    }

    pub(super) fn build(&self, start: SimTime) -> State {
        let mut factors = [0.0; HOURS];
        for (hour, factor) in factors.iter_mut().zip(&self.factors) {
            *hour = *factor;
        }
        State { factors, day: self.day.as_nanos().max(1), start }
    }
}

/// The factors, and the day in nanoseconds.
#[derive(Debug)]
pub struct State {
    factors: [f64; HOURS],
    day: u64,
    start: SimTime,
}

impl State {
    /// The factors at an hour and at the next.
    fn around(&self, hour: usize) -> (f64, f64) {
        (self.factors[hour % HOURS], self.factors[(hour + 1) % HOURS])
    }

    /// Hours since midnight.
    fn hours(&self, now: SimTime) -> f64 {
        (now.since(self.start).as_nanos() % self.day) as f64 * HOURS as f64 / self.day as f64
    }
}

impl Shape for State {
    fn factor(&self, now: SimTime) -> f64 {
        let hours = self.hours(now);
        let (before, after) = self.around(hours as usize);
        before + (after - before) * (hours - hours.trunc())
    }

    fn max_factor(&self) -> f64 {
        self.factors.iter().copied().fold(0.0, f64::max)
    }

    fn wakes(&self, now: SimTime) -> SimTime {
        let hour = self.hours(now) as usize;
        let silent = |hour: &usize| self.around(*hour) == (0.0, 0.0);
        match (hour..hour + HOURS).find(|hour| !silent(hour)) {
            Some(first) if first == hour => now,
            Some(first) => {
                let midnight = now.since(self.start).as_nanos() / self.day * self.day;
                let into = u128::from(self.day) * first as u128 / HOURS as u128;
                now.max(self.start + SimDuration::from_nanos(midnight + into as u64))
            }
            None => SimTime::NEVER,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::arrival::laws::{follows, wrong};

    const OFFICE: &str = r#"Hourly(factors: [0,0,0,0,0,0,0,1,2,4,4,4, 2,4,4,4,3,2,1,0,0,0,0,0], day: "24s")"#;

    #[test]
    fn counts_follow_the_hours() {
        let hours = [0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 4, 4, 2, 4, 4, 4, 3, 2, 1, 0, 0, 0, 0, 0].map(f64::from);
        follows(OFFICE, 48, |second| {
            let hour = second as usize;
            f64::midpoint(hours[hour % 24], hours[(hour + 1) % 24])
        });
    }

    #[test]
    fn the_night_is_passed_in_one_step() {
        let secs = |secs: u64| SimTime::from_nanos(secs * 1_000_000_000);
        let mut factors = vec![0.0; HOURS];
        factors[7] = 1.0;
        let state = Spec { factors, day: SimDuration::from_secs(24) }.build(secs(100));
        let wakes = [0, 5, 6, 7, 8, 23].map(|hour| state.wakes(secs(100 + hour)));
        assert_eq!(wakes, [6, 6, 6, 7, 30, 30].map(|hour| secs(100 + hour)));
    }

    #[test]
    fn a_short_day_is_told() {
        assert_eq!(wrong("Hourly(factors: [1, -1])"), ["Hourly.factors", "Hourly.factors.1"]);
    }
}
