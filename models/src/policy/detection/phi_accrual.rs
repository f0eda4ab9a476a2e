//! The φ accrual detector: suspects when the silence is too unlikely by the intervals seen before.
//!
//! The intervals of the past are taken as normal, and φ is −log₁₀ of the chance of a silence as long as this. Unlike
//! a fixed timeout it waits longer where heartbeats are irregular. The tail is Akka's logistic approximation, which for
//! φ above 4 is well above the exact one and so suspects sooner. An interval after which it was suspected is not
//! learnt. Times are in whole milliseconds, as Akka's clock.
//! Hayashibara et al., *The φ Accrual Failure Detector*, 2004; Akka `PhiAccrualFailureDetector`.

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

use super::failure_detector::FailureDetector;

/// `PhiAccrual`: how sure it is to be, and what it remembers.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The φ from which on a silence is suspected, above 0. Default 8 (Akka `cluster.failure-detector.threshold`).
    pub threshold: f64,
    /// How many intervals it remembers, at least 1. Default 1000 (Akka `max-sample-size`).
    pub max_samples: u32,
    /// The least standard deviation of intervals it believes in. Default 100 ms (Akka `min-std-deviation`).
    pub min_deviation: SimDuration,
    /// How much longer than usual a silence may be before it looks suspicious at all. Default 3 s (Akka
    /// `acceptable-heartbeat-pause`).
    pub acceptable_pause: SimDuration,
    /// The interval expected at first. Default: that of the heartbeats (Akka `heartbeat-interval`).
    pub first_estimate: Option<SimDuration>,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            threshold: 8.0,
            max_samples: 1000,
            min_deviation: SimDuration::from_millis(100),
            acceptable_pause: SimDuration::from_secs(3),
            first_estimate: None,
        }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.positive("threshold", self.threshold);
        check.require(self.max_samples >= 1, "max_samples", || "max_samples must be at least 1".into());
        let first = self.first_estimate.unwrap_or(SimDuration::FOREVER);
        for (field, length) in [("min_deviation", self.min_deviation), ("first_estimate", first)] {
            check.require(millis(length) >= 1, field, || format!("{field} must be at least 1ms"));
        }
    }

    pub(super) fn build(&self, interval: SimDuration) -> State {
        // Two intervals far apart: little is known yet.
        let mean = millis(self.first_estimate.unwrap_or(interval));
        let mut history = History::new(self.max_samples as usize);
        history.add(mean - mean / 4);
        history.add(mean + mean / 4);
        State { spec: self.clone(), history, last: None }
    }
}

fn millis(length: SimDuration) -> u64 {
    length.as_nanos() / 1_000_000
}

/// What was heard so far.
#[derive(Clone, Debug)]
pub struct State {
    spec: Spec,
    history: History,
    /// When it was last heard, in whole milliseconds since the start.
    last: Option<u64>,
}

impl FailureDetector for State {
    fn on_heartbeat(&mut self, now: SimTime) {
        let stamp = millis(now.since(SimTime::ZERO));
        if let Some(last) = self.last
            && self.is_available(now)
        {
            self.history.add(stamp.saturating_sub(last));
        }
        self.last = Some(stamp);
    }

    fn phi(&self, now: SimTime) -> f64 {
        self.last.map_or(0.0, |last| self.phi_of(millis(now.since(SimTime::ZERO)).saturating_sub(last)))
    }

    fn is_available(&self, now: SimTime) -> bool {
        self.phi(now) < self.spec.threshold
    }

    fn suspected_from(&self) -> SimTime {
        let Some(last) = self.last else { return SimTime::NEVER };
        let suspicious = |silence: u64| self.phi_of(silence) >= self.spec.threshold;
        let Some(enough) = (0..44).map(|power| 1 << power).find(|silence| suspicious(*silence)) else {
            return SimTime::NEVER;
        };
        // φ only grows with the silence: the first millisecond that is enough lies behind the half.
        let (mut too_short, mut enough) = (enough / 2, enough);
        while enough - too_short > 1 {
            let middle = too_short + (enough - too_short) / 2;
            if suspicious(middle) { enough = middle } else { too_short = middle }
        }
        SimTime::ZERO + SimDuration::from_millis(last) + SimDuration::from_millis(enough)
    }
}

impl State {
    /// φ of a silence of so many milliseconds.
    fn phi_of(&self, silence: u64) -> f64 {
        let mean = self.history.mean() + millis(self.spec.acceptable_pause) as f64;
        let deviation = self.history.deviation().max(millis(self.spec.min_deviation) as f64);
        phi(silence as f64, mean, deviation)
    }
}

/// −log₁₀ of the chance that a normal interval is longer than `silence`, by the logistic approximation.
fn phi(silence: f64, mean: f64, deviation: f64) -> f64 {
    let y = (silence - mean) / deviation;
    let e = libm::exp(-y * (1.5976 + 0.070_566 * y * y));
    // Two ways to write 1 − 1/(1 + e), each exact where the other cancels.
    if silence > mean { -libm::log10(e / (1.0 + e)) } else { -libm::log10(1.0 - 1.0 / (1.0 + e)) }
}

/// The last intervals, in milliseconds, and their sums.
#[derive(Clone, Debug)]
struct History {
    most: usize,
    intervals: VecDeque<u64>,
    sum: u128,
    sum_of_squares: u128,
}

impl History {
    fn new(most: usize) -> Self {
        Self { most, intervals: VecDeque::new(), sum: 0, sum_of_squares: 0 }
    }

    fn add(&mut self, interval: u64) {
        if self.intervals.len() == self.most
            && let Some(oldest) = self.intervals.pop_front()
        {
            self.sum -= u128::from(oldest);
            self.sum_of_squares -= u128::from(oldest) * u128::from(oldest);
        }
        self.intervals.push_back(interval);
        self.sum += u128::from(interval);
        self.sum_of_squares += u128::from(interval) * u128::from(interval);
    }

    fn mean(&self) -> f64 {
        self.sum as f64 / self.intervals.len() as f64
    }

    fn variance(&self) -> f64 {
        self.sum_of_squares as f64 / self.intervals.len() as f64 - self.mean() * self.mean()
    }

    /// 0 at least, where rounding left a variance below 0.
    fn deviation(&self) -> f64 {
        libm::sqrt(self.variance().max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::LOG10_2;

    use super::*;
    use crate::policy::detection::failure_detector::testing::at;

    const SECOND: SimDuration = SimDuration::from_secs(1);

    fn without_pause() -> Spec {
        Spec { acceptable_pause: SimDuration::ZERO, ..Spec::default() }
    }

    #[track_caller]
    fn close(found: f64, expected: f64, tolerance: f64) {
        assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
    }

    #[test]
    fn phi_is_akkas() {
        // PhiAccrualFailureDetector.phi at mean 1000 and deviation 100; AccrualFailureDetectorSpec, "return realistic
        // phi values", has them to a tenth.
        for (silence, expected) in [
            (500.0, 0.0),
            (900.0, 0.075_033),
            (1000.0, LOG10_2),
            (1100.0, 0.799_508),
            (1200.0, 1.642_828),
            (1300.0, 2.909_475),
            (1400.0, 4.736_695),
            (1500.0, 7.299_947),
            (1600.0, 10.782_601),
            (1700.0, 15.368_526),
        ] {
            close(phi(silence, 1000.0, 100.0), expected, 1e-5);
        }
    }

    #[test]
    fn the_time_of_suspicion_is_the_first_at_which_it_is_suspected() {
        for spec in [Spec::default(), without_pause(), Spec { threshold: 1.0, ..without_pause() }] {
            let mut detector = spec.build(SECOND);
            assert_eq!(detector.suspected_from(), SimTime::NEVER, "nothing was heard");
            for heartbeat in [0, 1000, 2010, 2990, 4020] {
                detector.on_heartbeat(at(heartbeat));
            }
            let from = detector.suspected_from();
            let before = SimTime::from_nanos(from.as_nanos() - 1);
            assert_eq!([before, from].map(|now| detector.is_available(now)), [true, false]);
        }
    }

    #[test]
    fn phi_approximates_the_normal_tail_up_to_four() {
        // Akka, AccrualFailureDetectorSpec, "use good enough cumulative distribution function".
        for (silence, below) in
            [(0.0, 0.5), (6.0, 0.7257), (15.0, 0.9332), (20.0, 0.977_25), (25.0, 0.993_79)]
        {
            close(1.0 - libm::pow(10.0, -phi(silence, 0.0, 10.0)), below, 0.001);
        }
        // −log₁₀ of the exact tail of the normal distribution at 3, 4 and 5 deviations, and where this differs.
        for (silence, exact, excess) in
            [(1300.0, 2.869_699, 0.05), (1400.0, 4.499_335, 0.25), (1500.0, 6.542_646, 0.76)]
        {
            close(phi(silence, 1000.0, 100.0) - exact, excess, 0.02);
        }
        // "handle outliers without losing precision or hitting exceptions".
        close(phi(10.0, 0.0, 1.0), 38.0, 1.0);
        assert_eq!(phi(-25.0, 0.0, 1.0), 0.0);
    }

    #[test]
    fn the_first_heartbeat_is_judged_by_a_guess() {
        // Akka, AccrualFailureDetectorSpec, "return phi based on guess when only one heartbeat".
        let mut detector = without_pause().build(SECOND);
        detector.on_heartbeat(at(0));
        for (millis, expected) in [(1000, LOG10_2), (2000, 4.736_695), (3000, 21.241_6)] {
            close(detector.phi(at(millis)), expected, 1e-4);
        }
    }

    #[test]
    fn the_history_is_akkas() {
        // Akka, AccrualFailureDetectorSpec, "calculate correct mean and variance" and "be capped by the specified
        // maxSampleSize": what is added, and mean and variance after it.
        let rows: [(usize, &[u64], f64, f64); 4] = [
            (20, &[100, 200, 125, 340, 130], 179.0, 7584.0),
            (3, &[100, 110, 90], 100.0, 66.666_7),
            (3, &[100, 110, 90, 140], 113.333_3, 422.222_2),
            (3, &[100, 110, 90, 140, 80], 103.333_3, 688.888_9),
        ];
        for (most, intervals, mean, variance) in rows {
            let mut history = History::new(most);
            for interval in intervals {
                history.add(*interval);
            }
            close(history.mean(), mean, 1e-4);
            close(history.variance(), variance, 1e-4);
        }
    }

    /// Heartbeats after each of these pauses; whether it was available at the end of each just before.
    fn beats(detector: &mut State, pauses: &[u64]) -> Vec<bool> {
        let mut now = detector.last.unwrap_or(0);
        let beat = |pause: &u64| {
            now += pause;
            let available = detector.is_available(at(now));
            detector.on_heartbeat(at(now));
            available
        };
        pauses.iter().map(beat).collect()
    }

    #[test]
    fn a_pause_that_was_suspected_is_not_learnt() {
        // Akka, AccrualFailureDetectorSpec, "mark node as available if it starts heartbeat again after being marked dead
        // due to detection of failure": a thousand regular beats, five minutes, then 7 s are still too long.
        let mut detector = Spec::default().build(SECOND);
        assert!(beats(&mut detector, &[1000; 1000]).iter().all(|available| *available));
        assert_eq!(beats(&mut detector, &[300_000, 1000, 7100, 1000]), [false, true, false, true]);
    }

    #[test]
    fn missing_heartbeats_are_accepted_for_a_while() {
        // Akka, AccrualFailureDetectorSpec, "accept some configured missing heartbeats" and "fail after configured
        // acceptable missing heartbeats".
        let mut patient = Spec::default().build(SECOND);
        beats(&mut patient, &[0, 1000, 1000, 1000]);
        assert!(patient.is_available(at(7000)));
        beats(&mut patient, &[5000]);
        assert!(patient.is_available(at(9000)));
        let mut patient = Spec::default().build(SECOND);
        beats(&mut patient, &[0, 1000, 1000, 1000, 1000, 1000, 1000]);
        assert!(!patient.is_available(at(11_000)));
        // "mark node as dead if heartbeat are missed".
        let mut strict = Spec { threshold: 3.0, ..without_pause() }.build(SECOND);
        assert_eq!(beats(&mut strict, &[0, 1000, 100, 7100]), [true, true, true, false]);
    }

    #[test]
    fn old_intervals_are_forgotten() {
        // Akka, AccrualFailureDetectorSpec, "use maxSampleSize heartbeats".
        let mut detector = Spec { max_samples: 3, ..without_pause() }.build(SECOND);
        beats(&mut detector, &[0, 100, 100, 100]);
        let before = detector.phi(at(400));
        beats(&mut detector, &[700, 500, 500, 500]);
        close(detector.phi(at(2_500 + 500)), before, 0.001);
    }
}
