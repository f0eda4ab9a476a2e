//! Vegas: as many calls as leave a short line in the callee, told by how much round trips have grown.
//!
//! The line is guessed as limit × (1 − shortest round trip / this one). Nearly none, and the limit leaps; a short
//! one, and it creeps up; a long one, and it creeps down. The steps grow with the logarithm of the limit. The shortest
//! round trip is measured anew at times, since a callee that has become slower for good would look loaded for ever;
//! Gradient2 keeps a slow average instead. A drop is a step down, whatever the line.
//! Netflix concurrency-limits `VegasLimit`; Brakmo & Peterson, *TCP Vegas*, 1995.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    random::{Luck, name_hash, unit},
    time::{SimDuration, SimTime},
};

use super::limiter::{Adapt, Limiter, Sample};

const PLACE: u64 = name_hash("vegas limit");

/// `VegasLimit`: where the limit starts, its bound, and what line it aims at.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The limit at first, in calls, at least 1. Default 20 (`initialLimit`).
    pub initial_limit: u32,
    /// The most it grows to, in calls, at least 1. Default 1000 (`maxConcurrency`).
    pub max_limit: u32,
    /// A line shorter than so many times log₁₀ of the limit lets it grow. Default 3 (`alpha`).
    pub alpha: u32,
    /// A line longer than so many times log₁₀ of the limit lowers it; no line at all raises it by as much.
    /// Default 6 (`beta`).
    pub beta: u32,
    /// What a step down multiplies the limit by, above 0 and below 1. Default: it is lowered by its log₁₀ instead
    /// (`decrease`).
    pub decrease_ratio: Option<f64>,
    /// The share of a step that is taken, above 0 and up to 1. Default 1 (`smoothing`).
    pub smoothing: f64,
    /// The shortest round trip is measured anew after between half and all of so many times the limit samples,
    /// at least 1. Default 30 (`probeMultiplier`).
    pub probe_multiplier: u32,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            initial_limit: 20,
            max_limit: 1000,
            alpha: 3,
            beta: 6,
            decrease_ratio: None,
            smoothing: 1.0,
            probe_multiplier: 30,
        }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        for (field, count) in [
            ("initial_limit", self.initial_limit),
            ("max_limit", self.max_limit),
            ("probe_multiplier", self.probe_multiplier),
        ] {
            check.require(count >= 1, field, || format!("{field} must be at least 1"));
        }
        check.require(self.beta >= self.alpha, "beta", || {
            format!("beta cannot be below alpha, {}", self.alpha)
        });
        check.fraction("smoothing", self.smoothing);
        check.require(self.smoothing != 0.0, "smoothing", || "smoothing must be above 0".into());
        let ratio = self.decrease_ratio.unwrap_or(0.5);
        check.require(ratio > 0.0 && ratio < 1.0, "decrease_ratio", || {
            format!("decrease_ratio must be above 0 and below 1, got {ratio}")
        });
    }

    pub(super) fn build(&self, _: SimTime) -> State {
        Limiter::new(Vegas::new(self.clone()))
    }
}

/// What is under way, and the limit.
pub type State = Limiter<Vegas>;

/// The limit and its rule.
#[derive(Debug)]
pub struct Vegas {
    spec: Spec,
    limit: f64,
    /// The round trip of a callee without load, as far as it is known.
    shortest: Option<SimDuration>,
    /// Samples since the shortest round trip was last measured.
    samples: u32,
    /// The share of the longest pause between measurements, from ½ to 1; drawn from the luck of the first sample after
    /// a measurement.
    pause: Option<f64>,
}

/// The whole part of log₁₀ of a limit, at least 1.
fn log10(limit: f64) -> f64 {
    f64::from((limit as u32).checked_ilog10().unwrap_or(0).max(1))
}

impl Vegas {
    fn new(spec: Spec) -> Self {
        Self { limit: f64::from(spec.initial_limit), shortest: None, samples: 0, pause: None, spec }
    }

    /// Counts a sample; whether it is the one that measures the shortest round trip anew.
    fn is_probe(&mut self, luck: Luck) -> bool {
        self.samples += 1;
        let share = *self.pause.get_or_insert_with(|| 0.5 + 0.5 * unit(luck.at(PLACE, 0)));
        let due = share * f64::from(self.spec.probe_multiplier) * self.limit <= f64::from(self.samples);
        if due {
            self.samples = 0;
            self.pause = None;
        }
        due
    }

    /// The limit wanted after a sample; the old one if nothing is to change.
    fn wanted(&self, sample: &Sample, shortest: SimDuration) -> f64 {
        let step = log10(self.limit);
        if sample.dropped {
            return self.lowered(step);
        }
        // Nothing is learnt of a limit that is not in the way.
        if f64::from(sample.in_flight) * 2.0 < self.limit {
            return self.limit;
        }
        let line = libm::ceil(self.limit * (1.0 - shortest.as_nanos() as f64 / sample.nanos()));
        if line <= step {
            self.limit + f64::from(self.spec.beta) * step
        } else if line < f64::from(self.spec.alpha) * step {
            self.limit + step
        } else if line > f64::from(self.spec.beta) * step {
            self.lowered(step)
        } else {
            self.limit
        }
    }

    fn lowered(&self, step: f64) -> f64 {
        self.spec.decrease_ratio.map_or(self.limit - step, |ratio| self.limit * ratio)
    }
}

impl Adapt for Vegas {
    fn limit(&self) -> u32 {
        self.limit as u32
    }

    fn on_sample(&mut self, sample: &Sample) {
        let probe = self.is_probe(sample.luck);
        let shortest = match self.shortest {
            Some(shortest) if !probe && sample.round_trip >= shortest => shortest,
            Some(_) | None => {
                self.shortest = Some(sample.round_trip);
                return;
            }
        };
        let wanted = self.wanted(sample, shortest);
        if wanted != self.limit {
            let wanted = wanted.min(f64::from(self.spec.max_limit)).max(1.0);
            self.limit = (1.0 - self.spec.smoothing) * self.limit + self.spec.smoothing * wanted;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::stage::limiter::testing::{drop_after, limits, sample};

    fn rule(initial_limit: u32, max_limit: u32) -> Vegas {
        Vegas::new(Spec { initial_limit, max_limit, ..Spec::default() })
    }

    #[test]
    fn the_limit_follows_the_line() {
        // concurrency-limits, VegasLimitTest: increaseLimit, decreaseLimit, noChangeIfWithinThresholds,
        // largeLimitIncrease. The first sample only sets the shortest round trip.
        let rows = [
            ((10, 20), [sample(10, 10), sample(10, 11)], [10, 16]),
            ((10, 20), [sample(10, 10), sample(50, 11)], [10, 9]),
            ((10, 20), [sample(10, 10), sample(14, 14)], [10, 10]),
            ((10_000, 20_000), [sample(10_000, 5000), sample(10_000, 6000)], [10_000, 10_024]),
        ];
        for ((initial, most), samples, expected) in rows {
            assert_eq!(limits(&mut rule(initial, most), &samples), expected);
        }
    }

    #[test]
    fn smoothing_takes_part_of_a_step() {
        // concurrency-limits, VegasLimitTest: decreaseSmoothing, decreaseWithoutSmoothing.
        for (smoothing, expected) in [(0.5, [100, 75, 56]), (1.0, [100, 50, 25])] {
            let spec = Spec {
                initial_limit: 100,
                max_limit: 200,
                decrease_ratio: Some(0.5),
                smoothing,
                ..Spec::default()
            };
            let samples = [sample(10, 100), sample(20, 100), sample(20, 100)];
            assert_eq!(limits(&mut Vegas::new(spec), &samples), expected);
        }
    }

    #[test]
    fn a_drop_is_a_step_down_and_an_unused_limit_stays() {
        let mut rule = rule(20, 1000);
        assert_eq!(
            limits(&mut rule, &[sample(10, 1), drop_after(10, 1), sample(10, 9), sample(10, 10)]),
            [20, 19, 19, 25]
        );
    }

    #[test]
    fn the_shortest_round_trip_is_measured_anew() {
        // Not in use, so that the limit stays: due after 20 · 30 samples at the latest, 20 · 15 at the earliest.
        let mut rule = rule(20, 1000);
        rule.on_sample(&sample(10, 1));
        let renewed = (2..1000).find(|_| {
            rule.on_sample(&sample(50, 1));
            rule.shortest == Some(SimDuration::from_millis(50))
        });
        assert!(renewed.is_some_and(|nth| (300..=600).contains(&nth)), "{renewed:?}");
    }
}
