//! Gradient2: lowers the limit while round trips are longer than they have long been.
//!
//! The limit is multiplied by long-term average / this round trip, never above 1 nor below ½, and a few more are let in,
//! so that it grows until round trips do. Vegas measures against the shortest round trip, which is a freak if calls
//! differ; an average is not, but a load that stays becomes the new normal. Drops count for nothing.
//! Netflix concurrency-limits `Gradient2Limit`, `ExpAvgMeasurement`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, time::SimTime};

use super::limiter::{Adapt, Limiter, Sample};

/// `Gradient2Limit`: where the limit starts, its bounds, and how it follows.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The limit at first, in calls, at least 1. Default 20 (`initialLimit`).
    pub initial_limit: u32,
    /// The least it falls to, in calls, at least 1. Default 20 (`minLimit`).
    pub min_limit: u32,
    /// The most it grows to, in calls. Default 200 (`maxConcurrency`).
    pub max_limit: u32,
    /// How many calls more than the gradient says are let in. Default 4 (`queueSize`).
    pub queue_size: u32,
    /// The share of a step that is taken, above 0 and up to 1. Default 0.2 (`smoothing`).
    pub smoothing: f64,
    /// How many times the long-term average a round trip may be before it lowers the limit, at least 1.
    /// Default 1.5 (`rttTolerance`).
    pub tolerance: f64,
    /// How many samples the long-term average looks back on, at least 1. Default 600 (`longWindow`).
    pub long_window: u32,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            initial_limit: 20,
            min_limit: 20,
            max_limit: 200,
            queue_size: 4,
            smoothing: 0.2,
            tolerance: 1.5,
            long_window: 600,
        }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        for (field, count) in [
            ("initial_limit", self.initial_limit),
            ("min_limit", self.min_limit),
            ("long_window", self.long_window),
        ] {
            check.require(count >= 1, field, || format!("{field} must be at least 1"));
        }
        check.require(self.max_limit >= self.min_limit, "max_limit", || {
            format!("max_limit cannot be below min_limit, {}", self.min_limit)
        });
        check.fraction("smoothing", self.smoothing);
        check.require(self.smoothing != 0.0, "smoothing", || "smoothing must be above 0".into());
        let tolerance = self.tolerance;
        check.require(tolerance.is_finite() && tolerance >= 1.0, "tolerance", || {
            format!("tolerance must be at least 1, got {tolerance}")
        });
    }

    pub(super) fn build(&self, _: SimTime) -> State {
        Limiter::new(Gradient2::new(self.clone()))
    }
}

/// What is under way, and the limit.
pub type State = Limiter<Gradient2>;

/// The limit and its rule.
#[derive(Debug)]
pub struct Gradient2 {
    limit: f64,
    long: LongAverage,
    spec: Spec,
}

impl Gradient2 {
    fn new(spec: Spec) -> Self {
        Self { limit: f64::from(spec.initial_limit), long: LongAverage::new(spec.long_window), spec }
    }

    fn step(&mut self, ratio: f64) {
        let gradient = (self.spec.tolerance * ratio).clamp(0.5, 1.0);
        let wanted = self.limit * gradient + f64::from(self.spec.queue_size);
        let smoothing = self.spec.smoothing;
        let next = self.limit * (1.0 - smoothing) + wanted * smoothing;
        self.limit = next.min(f64::from(self.spec.max_limit)).max(f64::from(self.spec.min_limit));
    }
}

impl Adapt for Gradient2 {
    fn limit(&self) -> u32 {
        self.limit as u32
    }

    fn on_sample(&mut self, sample: &Sample) {
        let ratio = self.long.add(sample.nanos()) / sample.nanos();
        if ratio > 2.0 {
            self.long.decay();
        }
        // An application that does not use its limit must not raise it.
        if f64::from(sample.in_flight) >= self.limit / 2.0 {
            self.step(ratio);
        }
    }
}

/// An average that is plain at first and then forgets exponentially, by samples.
#[derive(Debug)]
struct LongAverage {
    weight: f64,
    count: u32,
    sum: f64,
    value: f64,
}

impl LongAverage {
    /// So many samples are averaged plainly.
    const WARM_UP: u32 = 10;

    fn new(window: u32) -> Self {
        Self { weight: 2.0 / (f64::from(window) + 1.0), count: 0, sum: 0.0, value: 0.0 }
    }

    /// Takes a sample in and answers with the new average.
    fn add(&mut self, sample: f64) -> f64 {
        if self.count < Self::WARM_UP {
            self.count += 1;
            self.sum += sample;
            self.value = self.sum / f64::from(self.count);
        } else {
            self.value = self.value * (1.0 - self.weight) + sample * self.weight;
        }
        self.value
    }

    /// Falls faster after a long load, so that it is over sooner.
    fn decay(&mut self) {
        self.value *= 0.95;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::stage::limiter::testing::{drop_after, limits, sample};

    #[test]
    fn steady_round_trips_let_it_grow_and_sudden_ones_halve_the_step() {
        // L ← 0.8 L + 0.2 (g L + 4) by hand: g = 1 adds 0.8 a sample.
        let mut rule = Gradient2::new(Spec::default());
        assert_eq!(limits(&mut rule, &[sample(10, 20); 5]), [20, 21, 22, 23, 24]);
        // The sixth of (5 · 10 + 100)/6 = 25 on average: g = max(½, 1.5 · 25/100) = ½, so 24 → 19.2 + 0.2 · 16 = 22.4.
        assert_eq!(limits(&mut rule, &[sample(100, 24)]), [22]);
        assert!((rule.limit - 22.4).abs() < 1e-9);
    }

    #[test]
    fn the_fixed_point_is_the_queue_over_what_the_gradient_takes() {
        // The long-term average trails far behind: g = ½ and L = 4/(1 − ½) = 8.
        let mut rule = Gradient2::new(Spec { min_limit: 1, initial_limit: 100, ..Spec::default() });
        let samples: Vec<_> = [sample(1, 100); 10].into_iter().chain([sample(1000, 100); 60]).collect();
        assert_eq!(limits(&mut rule, &samples).last(), Some(&8));
    }

    #[test]
    fn an_unused_limit_stays_and_drops_count_for_nothing() {
        let mut rule = Gradient2::new(Spec::default());
        let samples = [sample(10, 9), drop_after(10, 9), sample(10, 10), drop_after(10, 11)];
        assert_eq!(limits(&mut rule, &samples), [20, 20, 20, 21]);
    }

    #[test]
    fn the_average_is_plain_for_ten_samples_and_falls_faster_after_a_load() {
        let mut average = LongAverage::new(600);
        assert_eq!((1..=10).map(|value| average.add(f64::from(value))).last(), Some(5.5));
        assert!((average.add(606.5) - (5.5 + 601.0 * 2.0 / 601.0)).abs() < 1e-9);
        let mut rule = Gradient2::new(Spec::default());
        limits(&mut rule, &[sample(100, 1); 10]);
        rule.on_sample(&sample(10, 1));
        // 100 − 90 · 2/601 is more than twice 10, and falls by a twentieth.
        assert!((rule.long.value / 1e6 - (100.0 - 180.0 / 601.0) * 0.95).abs() < 1e-9);
    }
}
