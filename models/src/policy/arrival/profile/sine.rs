//! Sine: a wave around the stated rate, for how a controller follows slow and fast changes.
//!
//! The mean factor over a period is 1. A day with a quiet night is better a [`diurnal`](super::diurnal) wave.

use std::f64::consts::TAU;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

use super::Shape;

/// `Sine(period: "10min", amplitude: 0.5)`: 1 + amplitude × sin(2π (t + phase) / period).
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// From peak to peak. Default `"10min"`.
    pub period: SimDuration,
    /// How far the factor leaves 1, 0 to 1. Default 0.5.
    pub amplitude: f64,
    /// How much of the period has passed at the start; a quarter starts at the peak. Default `"0s"`.
    pub phase: SimDuration,
}

impl Default for Spec {
    fn default() -> Self {
        Self { period: SimDuration::from_secs(600), amplitude: 0.5, phase: SimDuration::ZERO }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(!self.period.is_zero(), "period", || "period must be above 0s".to_owned());
        check.fraction("amplitude", self.amplitude);
    }

    pub(super) fn build(&self, start: SimTime) -> State {
        State { period: self.period.as_nanos().max(1), amplitude: self.amplitude, phase: self.phase, start }
    }
}

/// The wave in the run's time, its period in nanoseconds.
#[derive(Debug)]
pub struct State {
    period: u64,
    amplitude: f64,
    phase: SimDuration,
    start: SimTime,
}

impl Shape for State {
    fn factor(&self, now: SimTime) -> f64 {
        // Whole periods go in integers, so that a long run keeps its precision.
        let into = (now.since(self.start) + self.phase).as_nanos() % self.period;
        1.0 + self.amplitude * libm::sin(TAU * into as f64 / self.period as f64)
    }

    fn max_factor(&self) -> f64 {
        1.0 + self.amplitude
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use crate::policy::arrival::laws::{follows, wrong};

    #[test]
    fn counts_follow_the_wave() {
        // The mean of a second: 1 + a P/2π (cos at its start − cos at its end), here a quarter of the period in.
        let at = |second: u64| libm::cos(TAU * (second as f64 + 2.0) / 8.0);
        follows(r#"Sine(period: "8s", amplitude: 0.9, phase: "2s")"#, 16, |second| {
            1.0 + 0.9 * 8.0 / TAU * (at(second) - at(second + 1))
        });
    }

    #[test]
    fn a_wave_below_zero_is_told() {
        assert_eq!(wrong(r#"Sine(period: "0s", amplitude: 1.1)"#), ["Sine.period", "Sine.amplitude"]);
    }
}
