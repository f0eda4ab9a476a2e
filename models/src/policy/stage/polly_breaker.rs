//! PollyBreaker: judges on failures only, and lets one call at a time find out whether the callee is well again.
//!
//! A success never opens it, not even one that fills the number it asks for; the next failure does. It looks back on
//! ten parts of its sampling time, each of which begins with the first call after the one before has lasted its time,
//! not on a grid. Half-open comes at the very instant the break is over, where others wait for the next one.
//!
//! Polly v8, `CircuitStateController`, `AdvancedCircuitBehavior`, `RollingHealthMetrics`. There, any reply that comes
//! while half-open moves the state, and a probe that is cancelled keeps all others out for good; here only the probe's
//! does, and an abandoned probe lets the next call be one. A probe that never ends keeps others out here as well.

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

use super::{Down, Mode, Passage, Stage, Up, sliding_window::Tally};
use crate::request::{Outcome, Reason};

/// `PollyBreaker`: what it looks back on, when it opens and for how long.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// A failure opens it when at least this share of calls failed. Default 0.1 (Polly `FailureRatio`).
    pub failure_ratio: f64,
    /// It stays closed with fewer calls in the sampling time, at least 1. Default 100 (Polly `MinimumThroughput`).
    pub minimum_throughput: u32,
    /// How far it looks back: in ten parts, or below 200 ms in one. Default 30 s (Polly `SamplingDuration`).
    pub sampling_duration: SimDuration,
    /// How long it refuses all calls. Default 5 s (Polly `BreakDuration`).
    pub break_duration: SimDuration,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            failure_ratio: 0.1,
            minimum_throughput: 100,
            sampling_duration: SimDuration::from_secs(30),
            break_duration: SimDuration::from_secs(5),
        }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.fraction("failure_ratio", self.failure_ratio);
        check.require(self.minimum_throughput >= 1, "minimum_throughput", || {
            "minimum_throughput must be at least 1".into()
        });
        check.require(!self.sampling_duration.is_zero(), "sampling_duration", || {
            "sampling_duration must be above 0".into()
        });
        check.require(!self.break_duration.is_zero(), "break_duration", || {
            "break_duration must be above 0".into()
        });
    }

    pub(super) fn build(&self, now: SimTime) -> State {
        State {
            spec: self.clone(),
            health: Health::new(self.sampling_duration, now),
            circuit: Circuit::Closed,
        }
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
    Open {
        until: SimTime,
    },
    HalfOpen {
        /// The passage that finds out; without one the next call does.
        probe: Option<u64>,
    },
}

/// The calls of the sampling time.
#[derive(Debug)]
struct Health {
    sampling: SimDuration,
    /// How long a part lasts at least.
    part: SimDuration,
    /// When each began, and what it saw, oldest first.
    parts: VecDeque<(SimTime, Tally)>,
    total: Tally,
}

/// Below this time there is one part only: a tenth of it is Polly's `ResolutionOfCircuitTimer`.
const SHORT: SimDuration = SimDuration::from_millis(200);

const PARTS: u64 = 10;

impl Health {
    fn new(sampling: SimDuration, now: SimTime) -> Self {
        let mut parts = VecDeque::new();
        let mut part = SimDuration::from_nanos(sampling.as_nanos() / PARTS);
        if sampling < SHORT {
            // A single part has begun before its first call.
            part = sampling;
            parts.push_back((now, Tally::default()));
        }
        Self { sampling, part, parts, total: Tally::default() }
    }

    /// Takes a call in and forgets the parts that are too old; what remains.
    fn record(&mut self, now: SimTime, failed: bool) -> Tally {
        let call = Tally::one(failed, false);
        self.total += call;
        match self.parts.back_mut() {
            Some((began, tally)) if now.since(*began) < self.part => *tally += call,
            Some(_) | None => self.parts.push_back((now, call)),
        }
        let sampling = self.sampling;
        while let Some((_, gone)) = self.parts.pop_front_if(|(began, _)| now.since(*began) >= sampling) {
            self.total -= gone;
        }
        self.total
    }

    /// What it holds now.
    fn tally(&self, now: SimTime) -> Tally {
        let kept = self.parts.iter().filter(|(began, _)| now.since(*began) < self.sampling);
        kept.fold(Tally::default(), |mut sum, (_, tally)| {
            sum += *tally;
            sum
        })
    }
}

impl State {
    fn open(&mut self, now: SimTime) {
        self.circuit = Circuit::Open { until: now + self.spec.break_duration };
    }

    fn on_success(&mut self, now: SimTime, id: u64) {
        let _ = self.health.record(now, false);
        match self.circuit {
            Circuit::HalfOpen { probe } if probe == Some(id) => {
                self.health = Health::new(self.spec.sampling_duration, now);
                self.circuit = Circuit::Closed;
            }
            Circuit::Closed | Circuit::Open { .. } | Circuit::HalfOpen { .. } => {}
        }
    }

    fn on_failure(&mut self, now: SimTime, id: u64) {
        match self.circuit {
            Circuit::Closed => {
                let seen = self.health.record(now, true);
                let enough = seen.calls >= self.spec.minimum_throughput;
                if enough && seen.failure_rate() >= self.spec.failure_ratio {
                    self.open(now);
                }
            }
            Circuit::Open { .. } => {
                let _ = self.health.record(now, true);
            }
            // Half-open no failure is recorded, be it a probe's or a straggler's.
            Circuit::HalfOpen { probe } => {
                if probe == Some(id) {
                    self.open(now);
                }
            }
        }
    }
}

impl Stage for State {
    fn on_call(&mut self, now: SimTime, passage: &mut Passage) -> Down {
        match self.circuit {
            Circuit::Closed => return Down::Pass,
            Circuit::Open { until } if now < until => return Down::Refuse(Reason::CircuitOpen),
            Circuit::HalfOpen { probe: Some(_) } => return Down::Refuse(Reason::CircuitOpen),
            Circuit::Open { .. } | Circuit::HalfOpen { probe: None } => {}
        }
        self.circuit = Circuit::HalfOpen { probe: Some(passage.id) };
        Down::Pass
    }

    fn on_reply(&mut self, now: SimTime, passage: &mut Passage, reply: Outcome) -> Up {
        match reply {
            Outcome::Success | Outcome::Degraded => self.on_success(now, passage.id),
            Outcome::Failure(_) => self.on_failure(now, passage.id),
        }
        Up::Deliver(reply)
    }

    fn on_abandon(&mut self, _: SimTime, passage: &Passage) {
        if let Circuit::HalfOpen { probe } = &mut self.circuit
            && *probe == Some(passage.id)
        {
            *probe = None;
        }
    }

    fn mode(&self) -> Option<Mode> {
        Some(match self.circuit {
            Circuit::Closed => Mode::Closed,
            Circuit::Open { .. } => Mode::Open,
            Circuit::HalfOpen { .. } => Mode::HalfOpen,
        })
    }

    /// The share of calls that failed, once there are enough to judge by.
    fn level(&self, now: SimTime) -> Option<f64> {
        let seen = self.health.tally(now);
        (seen.calls >= self.spec.minimum_throughput).then(|| seen.failure_rate())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::stage::{
        breaker_tests::{Caller, tripped},
        testing::at,
    };

    fn opened() -> Caller<State> {
        let mut breaker = Caller::new(Spec { minimum_throughput: 2, ..Spec::default() }.build(at(0)));
        assert_eq!(breaker.feed(0, "FF"), "CO");
        breaker
    }

    #[test]
    fn only_a_failure_opens_it() {
        // Polly, AdvancedCircuitBehavior.OnActionFailure: 10 of 100 and then 11 of 101.
        let outcomes = "F".repeat(10) + &"S".repeat(90) + "F";
        assert_eq!(tripped(Spec::default().build(at(0)), &outcomes), Some(101));
    }

    #[test]
    fn few_calls_never_open_it() {
        // Polly's defaults in a total outage: 3 calls a second are at most 90 in 30 s.
        for (apart_us, opens) in [(333_334, None), (294_118, Some(100)), (250_000, Some(100))] {
            let mut breaker = Spec::default().build(at(0));
            let opened = (1..=2_000).find(|&number| {
                let now = SimTime::ZERO + SimDuration::from_micros(number * apart_us);
                breaker.on_failure(now, number);
                breaker.mode() == Some(Mode::Open)
            });
            assert_eq!(opened, opens, "{apart_us} us");
        }
    }

    #[test]
    fn the_break_ends_at_its_very_instant() {
        // Polly, CircuitStateController.PermitHalfOpenCircuitTest_NeedsLock: `now >= _blockedUntil`.
        let mut breaker = opened();
        assert_eq!(breaker.call(4_999), None);
        let probe = breaker.call(5_000).unwrap();
        assert_eq!(breaker.call(5_000), None, "one at a time");
        assert_eq!(breaker.call(60_000), None, "and no other, however long it takes");
        assert_eq!(breaker.reply(60_000, probe, 'F'), 'O');
        assert_eq!(breaker.call(64_999), None);
        let probe = breaker.call(65_000).unwrap();
        assert_eq!(breaker.reply(65_100, probe, 'S'), 'C');
        assert_eq!(
            breaker.feed(65_200, "FF"),
            "CO",
            "counted from nothing: the second failure is the second call"
        );
    }

    #[test]
    fn a_straggler_is_no_probe_and_an_abandoned_probe_makes_room() {
        let mut breaker = Caller::new(Spec { minimum_throughput: 2, ..Spec::default() }.build(at(0)));
        let (late, later) = (breaker.call(0).unwrap(), breaker.call(0).unwrap());
        breaker.feed(0, "FF");
        assert_eq!(breaker.reply(1_000, late, 'S'), 'O');
        assert_eq!(breaker.stage.level(at(1_000)), Some(2.0 / 3.0), "recorded while open");
        let probe = breaker.call(5_000).unwrap();
        assert_eq!(breaker.reply(5_100, later, 'S'), 'H');
        breaker.stage.on_abandon(at(5_200), &probe);
        let probe = breaker.call(5_200).unwrap();
        assert_eq!(breaker.reply(5_300, probe, 'S'), 'C');
    }

    #[test]
    fn parts_begin_with_a_call_and_leave_whole() {
        // Polly, RollingHealthMetrics and, below 200 ms, SingleHealthMetrics.
        for (sampling, first, last_held) in [(1_000, 50, 1_049), (100, 50, 99)] {
            let mut health = Health::new(SimDuration::from_millis(sampling), at(0));
            let _ = health.record(at(first), true);
            assert_eq!(health.tally(at(last_held)).calls, 1);
            assert_eq!(health.tally(at(last_held + 1)).calls, 0);
            assert_eq!(health.record(at(last_held + 1), true).calls, 1);
        }
        let mut health = Health::new(SimDuration::from_millis(1_000), at(0));
        for millis in [50, 149, 150] {
            let _ = health.record(at(millis), true);
        }
        assert_eq!(health.tally(at(1_050)).calls, 1, "the first two shared a part");
    }
}
