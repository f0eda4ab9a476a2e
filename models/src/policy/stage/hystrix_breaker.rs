//! HystrixBreaker: judges on a tick, and lets one call at a time find out whether the callee is well again.
//!
//! Every half second it closes a bucket and looks at those of the last ten seconds; between two ticks nothing that
//! fails opens it. Half-open it admits a single probe, whose success closes it and begins the buckets and their grid
//! anew. Ticks come before calls and replies of the same instant; that one has opened it is seen when the next of
//! these comes, at the latest by the call it is to refuse.
//!
//! Netflix, `HystrixCircuitBreaker`, `HealthCountsStream`. There, any reply that comes while half-open moves the state;
//! here only the probe's does. As there, an abandoned probe opens it again, and no abandoned call is counted.

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

use super::{Down, Mode, Passage, Stage, Up, sliding_window::Tally};
use crate::request::{Outcome, Reason};

/// `HystrixBreaker`: what it looks back on, when it opens and for how long.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// It stays closed with fewer calls in the window, at least 1. Default 20 (Hystrix
    /// `circuitBreaker.requestVolumeThreshold`).
    pub request_volume_threshold: u32,
    /// It opens when at least this share of calls failed, in whole percents; the share that failed is cut to whole
    /// percents as well. Default 0.5 (Hystrix `circuitBreaker.errorThresholdPercentage`).
    pub error_threshold: f64,
    /// How long it refuses all calls. Default 5 s (Hystrix `circuitBreaker.sleepWindowInMilliseconds`).
    pub sleep_window: SimDuration,
    /// How far it looks back: as many whole ticks as fit, at least 1. Default 10 s (Hystrix
    /// `metrics.rollingStats.timeInMilliseconds`).
    pub rolling_window: SimDuration,
    /// How often it judges. Default 500 ms (Hystrix `metrics.healthSnapshot.intervalInMilliseconds`).
    pub health_snapshot_interval: SimDuration,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            request_volume_threshold: 20,
            error_threshold: 0.5,
            sleep_window: SimDuration::from_secs(5),
            rolling_window: SimDuration::from_secs(10),
            health_snapshot_interval: SimDuration::from_millis(500),
        }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        let Self { request_volume_threshold, error_threshold, health_snapshot_interval: interval, .. } =
            *self;
        check.require(request_volume_threshold >= 1, "request_volume_threshold", || {
            "request_volume_threshold must be at least 1".into()
        });
        check.fraction("error_threshold", error_threshold);
        let rounding = error_threshold * 100.0 - f64::from(self.percent());
        check.require(rounding.abs() < 1e-6, "error_threshold", || {
            format!("error_threshold must be whole percents such as 0.25, got {error_threshold}")
        });
        check.require(!interval.is_zero(), "health_snapshot_interval", || {
            "health_snapshot_interval must be above 0".into()
        });
        check.require(self.rolling_window >= interval, "rolling_window", || {
            "rolling_window must be at least health_snapshot_interval".into()
        });
    }

    pub(super) fn build(&self, now: SimTime) -> State {
        State { spec: self.clone(), health: Health::new(self, now), circuit: Circuit::Closed }
    }

    fn percent(&self) -> u32 {
        libm::round(self.error_threshold * 100.0) as u32
    }
}

/// The rule in force and the calls it judges by.
#[derive(Debug)]
pub struct State {
    spec: Spec,
    health: Health,
    circuit: Circuit,
}

#[derive(Debug)]
enum Circuit {
    Closed,
    Open { until: SimTime },
    HalfOpen { probe: u64 },
}

/// The calls of the last ticks.
#[derive(Debug)]
struct Health {
    interval: SimDuration,
    /// How many buckets it looks back on.
    most: usize,
    next_tick: SimTime,
    /// Since the last tick: not looked at before the next.
    filling: Tally,
    full: VecDeque<Tally>,
    /// The sum of the full ones.
    total: Tally,
}

impl Health {
    fn new(spec: &Spec, now: SimTime) -> Self {
        let interval = spec.health_snapshot_interval;
        let most = (spec.rolling_window.as_nanos() / interval.as_nanos()) as usize;
        let (filling, total) = (Tally::default(), Tally::default());
        Self { interval, most, next_tick: now + interval, filling, full: VecDeque::new(), total }
    }

    /// Closes the bucket of the tick that is due by `now`; its time and the sum it shows.
    fn tick(&mut self, now: SimTime) -> Option<(SimTime, Tally)> {
        let at = self.next_tick;
        if at > now {
            return None;
        }
        self.total += self.filling;
        self.full.push_back(std::mem::take(&mut self.filling));
        if self.full.len() > self.most
            && let Some(gone) = self.full.pop_front()
        {
            self.total -= gone;
        }
        self.next_tick = at + self.interval;
        if self.total.calls == 0 {
            self.pass_over_idle_ticks(now);
        }
        Some((at, self.total))
    }

    fn pass_over_idle_ticks(&mut self, now: SimTime) {
        self.full.clear();
        let idle = now.since(self.next_tick).as_nanos() / self.interval.as_nanos();
        self.next_tick = self.next_tick + self.interval.saturating_mul(idle);
    }
}

impl State {
    /// Catches up with the ticks since the last call or reply.
    fn settle(&mut self, now: SimTime) {
        while let Some((at, seen)) = self.health.tick(now) {
            if matches!(self.circuit, Circuit::Closed) && self.is_bad(seen) {
                self.open(at);
            }
        }
    }

    fn is_bad(&self, seen: Tally) -> bool {
        seen.calls >= self.spec.request_volume_threshold
            && (seen.failure_rate() * 100.0) as u32 >= self.spec.percent()
    }

    fn open(&mut self, at: SimTime) {
        self.circuit = Circuit::Open { until: at + self.spec.sleep_window };
    }

    fn is_probe(&self, passage: &Passage) -> bool {
        matches!(self.circuit, Circuit::HalfOpen { probe } if probe == passage.id)
    }
}

impl Stage for State {
    fn on_call(&mut self, now: SimTime, passage: &mut Passage) -> Down {
        self.settle(now);
        match self.circuit {
            Circuit::Closed => Down::Pass,
            Circuit::Open { until } if now > until => {
                self.circuit = Circuit::HalfOpen { probe: passage.id };
                Down::Pass
            }
            Circuit::Open { .. } | Circuit::HalfOpen { .. } => Down::Refuse(Reason::CircuitOpen),
        }
    }

    fn on_reply(&mut self, now: SimTime, passage: &mut Passage, reply: Outcome) -> Up {
        self.settle(now);
        let failed = reply.reason().is_some();
        if self.is_probe(passage) {
            if failed {
                self.open(now);
            } else {
                self.health = Health::new(&self.spec, now);
                self.circuit = Circuit::Closed;
            }
        }
        // After the state has moved, so that the probe that closes it is the first of the new buckets.
        self.health.filling += Tally::one(failed, false);
        Up::Deliver(reply)
    }

    fn on_abandon(&mut self, now: SimTime, passage: &Passage) {
        self.settle(now);
        if self.is_probe(passage) {
            self.open(now);
        }
    }

    fn mode(&self) -> Option<Mode> {
        Some(match self.circuit {
            Circuit::Closed => Mode::Closed,
            Circuit::Open { .. } => Mode::Open,
            Circuit::HalfOpen { .. } => Mode::HalfOpen,
        })
    }

    /// The share of calls that failed, as the last tick that was looked at saw it.
    fn level(&self, _: SimTime) -> Option<f64> {
        let enough = self.health.total.calls >= self.spec.request_volume_threshold;
        enough.then(|| self.health.total.failure_rate())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::stage::{breaker_tests::Caller, testing::at};

    /// When the first call is refused, if calls come so many microseconds apart and end at once, as they say in turn.
    fn first_refused_ms(apart_us: u64, outcomes: &str) -> Option<u64> {
        let mut breaker = Spec::default().build(at(0));
        let mut outcomes = outcomes.chars().cycle();
        (0..600).find_map(|number| {
            let now = SimTime::ZERO + SimDuration::from_micros(number * apart_us);
            let call = &mut crate::policy::stage::testing::passage(number);
            if breaker.on_call(now, call) != Down::Pass {
                return Some(number * apart_us / 1_000);
            }
            let reply =
                if outcomes.next() == Some('F') { Outcome::Failure(Reason::Error) } else { Outcome::Success };
            let _ = breaker.on_reply(now, call, reply);
            None
        })
    }

    #[test]
    fn opens_on_the_tick_that_sees_enough_calls() {
        // Hystrix, `HystrixCircuitBreakerImpl.onNext` on its health snapshots: 20 calls in 10 s, of which 50 % failed.
        for (apart_us, outcomes, opens) in [
            (100_000, "F", Some(2_000)),
            (500_000, "F", Some(10_000)),
            (526_316, "F", None),
            (100_000, "SF", Some(2_000)),
            (100_000, "SSSF", None),
        ] {
            assert_eq!(first_refused_ms(apart_us, outcomes), opens, "{apart_us} us, {outcomes}");
        }
    }

    #[test]
    fn percents_are_cut_to_whole_ones() {
        // 10 of 21 are 47.6 %.
        let outcomes = "SF".repeat(10) + "S";
        for (error_threshold, mode) in [(0.47, Mode::Open), (0.48, Mode::Closed)] {
            let mut breaker = Caller::new(Spec { error_threshold, ..Spec::default() }.build(at(0)));
            breaker.feed(0, &outcomes);
            assert_eq!(breaker.stage.mode(), Some(Mode::Closed), "no tick yet");
            let _ = breaker.call(500);
            assert_eq!(breaker.stage.mode(), Some(mode));
        }
    }

    #[test]
    fn one_probe_at_a_time_decides() {
        // Hystrix, HystrixCircuitBreakerTest.testSingleTestOnOpenCircuitAfterTimeWindow.
        let mut breaker = Caller::new(Spec::default().build(at(0)));
        let straggler = breaker.call(0).unwrap();
        breaker.feed(0, &"F".repeat(20));
        assert_eq!(breaker.call(5_500), None, "open from the tick at 0.5 s, and the wait is strict");
        let probe = breaker.call(5_501).unwrap();
        assert_eq!(breaker.call(5_501), None, "one at a time");
        assert_eq!(breaker.reply(5_600, straggler, 'S'), 'H');
        assert_eq!(breaker.reply(6_000, probe, 'F'), 'O');
        assert_eq!(breaker.call(11_000), None);
        let probe = breaker.call(11_001).unwrap();
        assert_eq!(breaker.reply(11_100, probe, 'S'), 'C');
        // The grid begins anew at 11.1 s, with the probe's success in it: 19 failures more are 95 %.
        breaker.feed(11_200, &"F".repeat(19));
        assert!(breaker.call(11_599).is_some());
        assert!(breaker.call(11_600).is_none());
    }

    #[test]
    fn an_abandoned_probe_opens_it_again() {
        // Hystrix, `unsubscribeCommandCleanup` calls `markNonSuccess`.
        let mut breaker = Caller::new(Spec::default().build(at(0)));
        breaker.feed(0, &"F".repeat(20));
        let probe = breaker.call(6_000).unwrap();
        breaker.stage.on_abandon(at(7_000), &probe);
        let admitted = [7_001, 12_000, 12_001].map(|millis| breaker.call(millis).is_some());
        assert_eq!(admitted, [false, false, true]);
    }

    #[test]
    fn idle_ticks_are_passed_over_on_the_grid() {
        let mut breaker = Caller::new(Spec::default().build(at(0)));
        breaker.feed(100, &"F".repeat(19));
        breaker.feed(86_400_250, &"F".repeat(20));
        assert!(breaker.call(86_400_499).is_some());
        assert!(breaker.call(86_400_500).is_none());
    }
}
