//! MMPP: a Poisson process whose rate jumps between states, each kept for an exponential time.
//!
//! Bursts that last: unlike a renewal process of high variance, a fast stretch is followed by more of it. The
//! states follow one another in a circle; factors are scaled so that the long-run rate is the one asked for.
//! When states change is drawn from a stream of its own, so that every rate sees the same bursts.
//! Fischer & Meier-Hellstern, *The Markov-modulated Poisson process (MMPP) cookbook*, 1993.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    random::Stream,
    time::{SimDuration, SimTime},
};

use super::{Arrive, Draws, exponential, mean_gap};
use crate::units::Rate;

/// `Mmpp(states: [(rate_factor: 1.0, mean_sojourn: "9s"), (rate_factor: 5.0, mean_sojourn: "1s")])`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The states in the order they follow one another, then from the first again.
    /// Default: five times as fast for a tenth of the time, a second at a time.
    pub states: Vec<Phase>,
}

/// One state of the circle.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// How fast requests come, beside the other states; 0 for silence.
    pub rate_factor: f64,
    /// How long it lasts on average.
    pub mean_sojourn: SimDuration,
}

impl Default for Spec {
    fn default() -> Self {
        let phase = |rate_factor, secs| Phase { rate_factor, mean_sojourn: SimDuration::from_secs(secs) };
        Self { states: vec![phase(1.0, 9), phase(5.0, 1)] }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        let some = self.states.iter().any(|phase| phase.rate_factor > 0.0);
        check.require(some, "states", || "at least one state needs a rate_factor above 0".to_owned());
        check.at("states", |check| {
            for (index, phase) in self.states.iter().enumerate() {
                check.at(index, |check| phase.check(check));
            }
        });
    }

    pub(super) fn build(&self, burst: &mut Stream) -> State {
        let total = self.cycle(|_| 1.0);
        let mean = self.cycle(|phase| phase.rate_factor) / total;
        let stages = self.states.iter().map(|phase| Stage {
            factor: phase.rate_factor / mean,
            sojourn: phase.mean_sojourn.as_nanos() as f64,
        });
        let mut state = State { stages: stages.collect(), at: 0, until: SimTime::ZERO };
        // In the long run a state holds in proportion to its sojourn, and has no memory of how long it has held.
        let mut place = burst.unit() * total;
        while let Some(stage) = state.stages.get(state.at).filter(|stage| place >= stage.sojourn) {
            place -= stage.sojourn;
            state.at += 1;
        }
        state.at = state.at.min(self.states.len().saturating_sub(1));
        state.stay(burst);
        state
    }

    /// The sum over one mean turn of the circle, in nanoseconds.
    fn cycle(&self, weight: impl Fn(&Phase) -> f64) -> f64 {
        self.states.iter().map(|phase| weight(phase) * phase.mean_sojourn.as_nanos() as f64).sum()
    }
}

impl Phase {
    fn check(&self, check: &mut Check) {
        check.require(self.rate_factor.is_finite() && self.rate_factor >= 0.0, "rate_factor", || {
            format!("rate_factor must be 0 or above, got {}", self.rate_factor)
        });
        check.require(!self.mean_sojourn.is_zero(), "mean_sojourn", || {
            "mean_sojourn must be above 0s".to_owned()
        });
    }
}

/// Which state holds, and until when.
#[derive(Debug)]
pub struct State {
    stages: Vec<Stage>,
    at: usize,
    until: SimTime,
}

/// A state ready to run: its factor in units of the long-run mean, its mean sojourn in nanoseconds.
#[derive(Debug)]
struct Stage {
    factor: f64,
    sojourn: f64,
}

impl State {
    /// Draws how long the present state holds on.
    fn stay(&mut self, burst: &mut Stream) {
        self.until =
            self.until + SimDuration::from_nanos_f64(exponential(burst) * self.stages[self.at].sojourn);
    }

    /// Moves on until the state that holds at `now`.
    fn catch_up(&mut self, now: SimTime, burst: &mut Stream) {
        while self.until <= now && now < SimTime::NEVER {
            self.at = (self.at + 1) % self.stages.len();
            self.stay(burst);
        }
    }
}

impl Arrive for State {
    fn gap(&mut self, now: SimTime, rate: Rate, draws: &mut Draws) -> f64 {
        // The arrival comes when as many are due, at the rates of the states passed, as this exponential says.
        let mut due = exponential(&mut draws.gap);
        let mut from = now;
        while from < SimTime::NEVER {
            self.catch_up(from, &mut draws.burst);
            let per_nano = self.stages[self.at].factor / mean_gap(rate);
            let here = self.until.since(from).as_nanos() as f64 * per_nano;
            if due < here {
                return from.since(now).as_nanos() as f64 + due / per_nano;
            }
            due -= here;
            from = self.until;
        }
        f64::INFINITY
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::arrival::laws::{arrivals, counts, mean_and_variance, near};

    /// Fischer & Meier-Hellstern: for rates λ and leaving rates r, with r = r1 + r2, the variance of the count of
    /// a window t over its mean is 1 + 2 (λ1−λ2)² r1 r2 / (r² (λ1 r2 + λ2 r1)) · (1 − (1−e^(−rt))/(rt)).
    fn dispersion(rates: [f64; 2], leaving: [f64; 2], window: f64) -> f64 {
        let r = leaving[0] + leaving[1];
        let apart = (rates[0] - rates[1]) * (rates[0] - rates[1]) * leaving[0] * leaving[1];
        let limit = 2.0 * apart / (r * r * (rates[0] * leaving[1] + rates[1] * leaving[0]));
        1.0 + limit * (1.0 - (1.0 - libm::exp(-r * window)) / (r * window))
    }

    const BURSTS: &str =
        r#"Mmpp(states: [(rate_factor: 2, mean_sojourn: "0.5s"), (rate_factor: 14, mean_sojourn: "0.1s")])"#;

    #[test]
    fn the_dispersion_of_two_states_is_the_published_one() {
        // Mean factor (2 × 0.5 + 14 × 0.1) / 0.6 = 4: at 100/s the states come at 50/s and 350/s.
        for window in [0.1, 1.0] {
            let windows = 200_000;
            let counts = counts(BURSTS, "Constant()", 100.0, window, windows);
            let (mean, variance) = mean_and_variance(&counts);
            near(mean / window, 100.0, 1.0);
            let expected = dispersion([50.0, 350.0], [2.0, 10.0], window);
            near(variance / mean, expected, 0.02 * expected);
        }
    }

    const ON_OFF: &str =
        r#"Mmpp(states: [(rate_factor: 1, mean_sojourn: "1s"), (rate_factor: 0, mean_sojourn: "9s")])"#;

    #[test]
    fn every_rate_sees_the_same_bursts() {
        let within_500_s =
            |rate| arrivals(ON_OFF, "Constant()", rate, 7).take_while(|at| *at < 500_000_000_000);
        let often: Vec<_> = within_500_s(200.0).collect();
        for at in within_500_s(20.0) {
            // While it is on they come 2000 a second: within 20 ms there is one for sure.
            let next = often.partition_point(|other| *other < at);
            let apart = often[next.saturating_sub(1)..].iter().take(2).map(|other| other.abs_diff(at)).min();
            assert!(apart.is_some_and(|apart| apart < 20_000_000), "{at} ns: {apart:?}");
        }
    }

    #[test]
    fn a_silent_state_is_passed_over() {
        // On a tenth of the time at ten times the rate: 500 bursts of 1000 ± 1000 in 5000 s.
        let count = arrivals(ON_OFF, "Constant()", 100.0, 7).take_while(|at| *at < 5_000_000_000_000).count();
        near(count as f64, 500_000.0, 4.0 * 1000.0 * 2.0_f64.sqrt() * 500.0_f64.sqrt());
    }
}
