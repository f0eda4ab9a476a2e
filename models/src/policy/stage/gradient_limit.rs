//! Envoy's gradient controller: a limit moved once a window by how long round trips take beside the least they can.
//!
//! Now and then it lets only a few calls through until it has seen enough of them, and takes their median as the round
//! trip without load. Between these measurements each window multiplies the limit by shortest × (1 + buffer) / median,
//! between ½ and 2, and adds its square root. Netflix's limits move at every reply and never stop to measure. At the
//! floor for long it mistrusts its measurement and takes another.
//!
//! Envoy `GradientController`, whose histogram keeps two digits of a sample; here all are kept. There is no clock but
//! the calls': what its timers would have done is made up for at the next call or reply, before it. Of two timers at
//! one moment, the window closes before the measurement begins. Failures are samples, calls given up are not, as there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    random::{Luck, name_hash, unit},
    time::{SimDuration, SimTime},
};

use super::{Down, Passage, Stage, Up};
use crate::request::{Outcome, Reason};

const PLACE: u64 = name_hash("gradient limit");

/// So many windows in a row that leave the limit at its floor call for a measurement.
const WINDOWS_AT_FLOOR: u32 = 5;

/// `GradientLimit`: how it measures and how far it goes.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The least limit, in calls, at least 1; the limit at first and while it measures. Default 3 (Envoy
    /// `min_concurrency`).
    pub min_limit: u32,
    /// The most it grows to, in calls. Default 1000 (Envoy `max_concurrency_limit`).
    pub max_limit: u32,
    /// The quantile of a window's round trips that stands for it, 0 to 1. Default 0.5 (Envoy
    /// `sample_aggregate_percentile`).
    pub quantile: f64,
    /// How long a window lasts. Default 100 ms (the example in Envoy's documentation of `concurrency_update_interval`).
    pub update_interval: SimDuration,
    /// The time between measurements. Default 60 s (the example in Envoy's documentation of `min_rtt_calc_params`).
    pub measure_interval: SimDuration,
    /// How many calls a measurement takes, at least 1. Default 50 (Envoy `request_count`).
    pub measure_requests: u32,
    /// By which share of the time between measurements chance may put them off, 0 to 1. Default 0.15 (Envoy `jitter`).
    pub jitter: f64,
    /// How much longer than measured round trips may take before they lower the limit, as a share from 0 to 1.
    /// Default 0.25 (Envoy `buffer`).
    pub buffer: f64,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            min_limit: 3,
            max_limit: 1000,
            quantile: 0.5,
            update_interval: SimDuration::from_millis(100),
            measure_interval: SimDuration::from_secs(60),
            measure_requests: 50,
            jitter: 0.15,
            buffer: 0.25,
        }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        for (field, count) in [("min_limit", self.min_limit), ("measure_requests", self.measure_requests)] {
            check.require(count >= 1, field, || format!("{field} must be at least 1"));
        }
        check.require(self.max_limit >= self.min_limit, "max_limit", || {
            format!("max_limit cannot be below min_limit, {}", self.min_limit)
        });
        for (field, interval) in
            [("update_interval", self.update_interval), ("measure_interval", self.measure_interval)]
        {
            check.require(!interval.is_zero(), field, || format!("{field} must be above 0"));
        }
        for (field, share) in [("quantile", self.quantile), ("jitter", self.jitter), ("buffer", self.buffer)]
        {
            check.fraction(field, share);
        }
    }

    pub(super) fn build(&self, now: SimTime) -> State {
        State {
            limit: self.min_limit,
            phase: Phase::Measuring { then: self.min_limit },
            since: now,
            shortest: 1,
            samples: Vec::new(),
            windows_at_floor: 0,
            in_flight: 0,
            spec: self.clone(),
        }
    }

    /// The time until the next measurement; the jitter in whole milliseconds.
    fn pause(&self, luck: Luck) -> SimDuration {
        let millis = self.measure_interval.as_nanos() as f64 / 1e6;
        let range = libm::ceil(millis * self.jitter);
        self.measure_interval + SimDuration::from_millis((unit(luck.at(PLACE, 0)) * range) as u64)
    }
}

/// The limit and what it is judged by.
#[derive(Debug)]
pub struct State {
    spec: Spec,
    limit: u32,
    phase: Phase,
    /// When the last measurement began; calls from before it are no samples.
    since: SimTime,
    /// The round trip without load, in microseconds.
    shortest: u64,
    /// Round trips in microseconds.
    samples: Vec<u64>,
    windows_at_floor: u32,
    in_flight: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Until there are enough samples; then the limit is that again.
    Measuring { then: u32 },
    /// Until the window closes, or it is time to measure again.
    Following { window_ends: SimTime, measure_at: SimTime },
}

impl State {
    /// Does what was due before `now` or is due then.
    fn catch_up(&mut self, now: SimTime) {
        while let Phase::Following { window_ends, measure_at } = self.phase {
            if window_ends <= now.min(measure_at) {
                self.close_window(window_ends, measure_at, now);
            } else if measure_at <= now {
                self.measure(measure_at);
            } else {
                return;
            }
        }
    }

    fn close_window(&mut self, ends: SimTime, mut measure_at: SimTime, now: SimTime) {
        let interval = self.spec.update_interval;
        let mut windows = 1;
        if self.samples.is_empty() {
            // Nor will those that follow up to now have samples.
            windows += now.since(ends).as_nanos() / interval.as_nanos().max(1);
        } else {
            let sample = self.take_quantile();
            self.follow(sample);
            if self.windows_at_floor >= WINDOWS_AT_FLOOR {
                measure_at = ends;
            }
        }
        let window_ends = ends + interval.saturating_mul(windows);
        self.phase = Phase::Following { window_ends, measure_at };
    }

    /// Moves the limit by a window's round trip.
    fn follow(&mut self, sample: u64) {
        let before = self.limit;
        self.limit = next_limit(&self.spec, before, self.shortest, sample);
        let stays = before == self.spec.min_limit && self.limit == before;
        self.windows_at_floor = if stays { self.windows_at_floor + 1 } else { 0 };
    }

    fn measure(&mut self, now: SimTime) {
        self.phase = Phase::Measuring { then: self.limit };
        self.limit = self.spec.min_limit;
        self.since = now;
        self.samples.clear();
        self.windows_at_floor = 0;
    }

    fn on_sample(&mut self, now: SimTime, passage: &Passage) {
        if passage.entered < self.since {
            return;
        }
        self.samples.push(now.since(passage.entered).as_nanos() / 1_000);
        if let Phase::Measuring { then } = self.phase
            && self.samples.len() >= self.spec.measure_requests as usize
        {
            self.shortest = self.take_quantile();
            self.limit = then;
            let window_ends = now + self.spec.update_interval;
            self.phase = Phase::Following { window_ends, measure_at: now + self.spec.pause(passage.luck) };
        }
    }

    /// The quantile of the samples, of which there is one at least, by nearest rank; at least a microsecond. Forgets them.
    fn take_quantile(&mut self) -> u64 {
        let last = self.samples.len() - 1;
        let rank = libm::ceil(self.samples.len() as f64 * self.spec.quantile) as usize;
        let (_, value, _) = self.samples.select_nth_unstable(rank.saturating_sub(1).min(last));
        let value = (*value).max(1);
        self.samples.clear();
        value
    }
}

/// The limit after a window.
fn next_limit(spec: &Spec, limit: u32, shortest: u64, sample: u64) -> u32 {
    let allowed = shortest as f64 + shortest as f64 * spec.buffer;
    let gradient = (allowed / sample as f64).clamp(0.5, 2.0);
    let scaled = f64::from(limit) * gradient;
    ((scaled + libm::sqrt(scaled)) as u32).min(spec.max_limit).max(spec.min_limit)
}

impl Stage for State {
    fn on_call(&mut self, now: SimTime, _: &mut Passage) -> Down {
        self.catch_up(now);
        if self.in_flight >= self.limit {
            return Down::Refuse(Reason::LimitReached);
        }
        self.in_flight += 1;
        Down::Pass
    }

    fn on_reply(&mut self, now: SimTime, passage: &mut Passage, reply: Outcome) -> Up {
        self.catch_up(now);
        self.in_flight -= 1;
        self.on_sample(now, passage);
        Up::Deliver(reply)
    }

    fn on_abandon(&mut self, now: SimTime, _: &Passage) {
        self.catch_up(now);
        self.in_flight -= 1;
    }

    /// The limit as of the last call or reply.
    fn level(&self, _: SimTime) -> Option<f64> {
        Some(f64::from(self.limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::stage::testing::{at, passage};

    /// The limit after each window of the same round trip, until it moves no more.
    fn path(from: u32, shortest: u64, sample: u64) -> Vec<u32> {
        let spec = Spec { buffer: 0.0, ..Spec::default() };
        let mut limits = vec![from];
        for _ in 0..1000 {
            let last = limits[limits.len() - 1];
            let next = next_limit(&spec, last, shortest, sample);
            if next == last {
                break;
            }
            limits.push(next);
        }
        limits
    }

    #[test]
    fn the_limit_moves_as_envoys() {
        // Envoy, GradientController::calculateNewLimit: round trips as measured, so that the buffer alone drives it.
        let growth = [3, 5, 8, 13, 20, 30, 43, 61, 84, 115, 155, 207, 274, 361, 472, 614, 795, 1000];
        assert_eq!(path(3, 125, 100), growth);
        // Fixed gradients from 100; in real numbers the fixed points are g/(1 − g)² = 2, 20, 90.
        assert_eq!(path(100, 50, 100), [100, 57, 33, 20, 13, 9, 6, 4, 3]);
        assert_eq!(path(100, 1, 10), path(100, 50, 100), "never below one half");
        for (gradient, last) in [(80, 20), (90, 90), (100, 1000), (200, 1000)] {
            assert_eq!(path(100, gradient, 100).last(), Some(&last), "{gradient} %");
        }
    }

    /// Passes one call of so many milliseconds that comes then; whether it was let in.
    fn call(limit: &mut State, comes: u64, takes: u64) -> bool {
        let mut passage = Passage { entered: at(comes), ..passage(comes) };
        let passes = limit.on_call(at(comes), &mut passage) == Down::Pass;
        if passes {
            let _ = limit.on_reply(at(comes + takes), &mut passage, Outcome::Success);
        }
        passes
    }

    /// After its first measurement, of 50 calls of 10 ms one after the other.
    fn measured(spec: &Spec) -> State {
        let mut limit = spec.build(at(0));
        for nth in 0..50 {
            assert_eq!(limit.phase, Phase::Measuring { then: 3 });
            assert!(call(&mut limit, 10 * nth, 10));
        }
        limit
    }

    #[test]
    fn a_measurement_lets_three_through_until_it_has_fifty() {
        let mut limit = measured(&Spec { jitter: 0.0, ..Spec::default() });
        assert_eq!(limit.phase, Phase::Following { window_ends: at(600), measure_at: at(60_500) });
        assert_eq!(limit.shortest, 10_000);
        // One window of 10 ms round trips: 3 → 5; empty windows leave it.
        assert!(call(&mut limit, 520, 10));
        limit.catch_up(at(599));
        assert_eq!(limit.limit, 3);
        limit.catch_up(at(600));
        assert_eq!(limit.limit, 5);
        limit.catch_up(at(60_499));
        assert_eq!(limit.phase, Phase::Following { window_ends: at(60_500), measure_at: at(60_500) });
        limit.catch_up(at(60_500));
        assert_eq!((limit.limit, limit.phase), (3, Phase::Measuring { then: 5 }));
    }

    #[test]
    fn calls_from_before_a_measurement_are_no_samples_and_the_limit_comes_back() {
        let mut limit = measured(&Spec { jitter: 0.0, ..Spec::default() });
        assert!(call(&mut limit, 520, 10));
        let mut early = Passage { entered: at(60_490), ..passage(1) };
        assert_eq!(limit.on_call(at(60_490), &mut early), Down::Pass);
        let late = [2, 3, 4].map(|id| limit.on_call(at(60_500), &mut passage(id)));
        assert_eq!(late, [Down::Pass, Down::Pass, Down::Refuse(Reason::LimitReached)]);
        let _ = limit.on_reply(at(60_510), &mut early, Outcome::Success);
        assert_eq!(limit.samples, [0; 0]);
        limit.on_abandon(at(60_510), &passage(2));
        limit.on_abandon(at(60_510), &passage(3));
        for nth in 0..50 {
            assert!(call(&mut limit, 60_600 + 20 * nth, 20));
        }
        assert_eq!((limit.limit, limit.shortest), (5, 20_000));
    }

    #[test]
    fn five_windows_at_the_floor_call_for_a_measurement() {
        let mut limit = measured(&Spec::default());
        let measuring = |limit: &State| matches!(limit.phase, Phase::Measuring { .. });
        // Round trips of 100 ms halve the limit: 1.5 + √1.5 is below 3.
        for window in 6..11 {
            assert!(!measuring(&limit), "{window}");
            assert!(call(&mut limit, 100 * window - 100, 99));
            limit.catch_up(at(100 * window));
        }
        assert!(measuring(&limit));
        assert_eq!(limit.since, at(1000));
    }

    #[test]
    fn chance_puts_measurements_off_by_up_to_a_share() {
        let spec = Spec::default();
        let pauses = (0..1000).map(|id| spec.pause(passage(id).luck).as_nanos());
        let (least, most) =
            pauses.fold((u64::MAX, 0), |(least, most), pause| (least.min(pause), most.max(pause)));
        assert!(least >= 60_000_000_000 && most < 69_000_000_000, "{least} {most}");
        assert!(least < 60_100_000_000 && most > 68_900_000_000, "{least} {most}");
    }
}
