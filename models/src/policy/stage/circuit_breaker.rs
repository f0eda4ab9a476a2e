//! CircuitBreaker: stops calling a callee whose recent calls failed or were slow, and tries it again after a while.
//!
//! Closed, it judges its sliding window after every outcome, a success as well as a failure, once it has seen enough.
//! Open, it refuses. The first call after the wait makes it half-open, and no call leaves it open: so many probes pass,
//! and when enough have answered they alone decide. Hystrix judges on a tick and Polly on failures only. Its own timers
//! come before calls and replies of the same instant; what they changed is seen when the next of these comes.
//!
//! resilience4j `CircuitBreakerStateMachine`. There, any reply that comes while half-open counts as a probe's; here a
//! probe is known by its passage, and who was admitted before the breaker opened is recorded while it is open or closed
//! again, and forgotten while it is half-open.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

use super::{
    Down, Mode, Passage, Stage, Up, Woken,
    sliding_window::{SlidingWindow, Tally, Thresholds, Verdict, Window},
};
use crate::request::{Outcome, Reason};

/// `CircuitBreaker`: what it looks back on, when it opens and how it closes again.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// It opens when at least this share of calls failed, above 0. Default 0.5 (resilience4j `failureRateThreshold`).
    pub failure_rate_threshold: f64,
    /// It opens when at least this share of calls was slow, above 0. Default 1 (resilience4j `slowCallRateThreshold`).
    pub slow_call_rate_threshold: f64,
    /// A call that takes longer is slow. Default 60 s (resilience4j `slowCallDurationThreshold`).
    pub slow_call_duration: SimDuration,
    /// Which calls it looks back on. Default the last 100 (resilience4j `slidingWindowType`, `slidingWindowSize`).
    pub window: Window,
    /// How many outcomes it needs before it judges, at least 1; as many as the window or the probes hold if they hold
    /// fewer. Default 100 (resilience4j `minimumNumberOfCalls`).
    pub minimum_calls: u32,
    /// How long it refuses all calls. Default 60 s (resilience4j `waitDurationInOpenState`).
    pub open_for: SimDuration,
    /// By which factor it waits longer each time probes fail, at least 1. Default: the same each time; 1.5 is
    /// resilience4j's `IntervalFunction.ofExponentialBackoff`.
    pub open_growth: Option<f64>,
    /// The longest wait, at least `open_for`. Default: no limit.
    pub open_for_most: Option<SimDuration>,
    /// How many probes pass, at least 1. Default 10 (resilience4j `permittedNumberOfCallsInHalfOpenState`).
    pub half_open_calls: u32,
    /// Half-open for so long it opens again. Default 0: never (resilience4j `maxWaitDurationInHalfOpenState`).
    pub max_half_open: SimDuration,
    /// Whether it becomes half-open when the wait is over, rather than at the first call after it. Default false
    /// (resilience4j `automaticTransitionFromOpenToHalfOpenEnabled`).
    pub automatic_half_open: bool,
    /// So many failures in a row open it as well, however few calls there were, at least 1. Default: no such rule,
    /// like resilience4j; finagle's `FailureAccrualFactory` has 5.
    pub consecutive_failures: Option<u32>,
    /// Failures that count as if the call had not been made. Default none (resilience4j `ignoreExceptions`).
    pub ignore: Vec<Reason>,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            failure_rate_threshold: 0.5,
            slow_call_rate_threshold: 1.0,
            slow_call_duration: SimDuration::from_secs(60),
            window: Window::Count(100),
            minimum_calls: 100,
            open_for: SimDuration::from_secs(60),
            open_growth: None,
            open_for_most: None,
            half_open_calls: 10,
            max_half_open: SimDuration::ZERO,
            automatic_half_open: false,
            consecutive_failures: None,
            ignore: Vec::new(),
        }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        for (field, share) in [
            ("failure_rate_threshold", self.failure_rate_threshold),
            ("slow_call_rate_threshold", self.slow_call_rate_threshold),
        ] {
            check.fraction(field, share);
            check.require(share != 0.0, field, || format!("{field} must be above 0"));
        }
        for (field, count) in [
            ("minimum_calls", Some(self.minimum_calls)),
            ("half_open_calls", Some(self.half_open_calls)),
            ("consecutive_failures", self.consecutive_failures),
        ] {
            check.require(count != Some(0), field, || format!("{field} must be at least 1"));
        }
        self.window.check(check);
        check.require(!self.open_for.is_zero(), "open_for", || "open_for must be above 0".into());
        let growth = self.open_growth.unwrap_or(1.0);
        check.require(growth.is_finite() && growth >= 1.0, "open_growth", || {
            format!("open_growth must be at least 1, got {growth}")
        });
        check.require(self.open_for_most.is_none_or(|most| most >= self.open_for), "open_for_most", || {
            "open_for_most must be at least open_for".into()
        });
    }

    pub(super) fn build(&self, _: SimTime) -> State {
        let window = self.look_back_on(self.window);
        State { spec: self.clone(), window, circuit: Circuit::Closed { failures_in_row: 0 } }
    }

    /// A window without calls yet, judged by the thresholds.
    fn look_back_on(&self, window: Window) -> SlidingWindow {
        window.build(Thresholds {
            calls: self.minimum_calls,
            failure_rate: self.failure_rate_threshold,
            slow_rate: self.slow_call_rate_threshold,
        })
    }

    /// The next wait if probes fail.
    fn longer(&self, wait: SimDuration) -> SimDuration {
        let most = self.open_for_most.unwrap_or(SimDuration::FOREVER);
        let grown = self
            .open_growth
            .map_or(wait, |growth| SimDuration::from_nanos_f64(wait.as_nanos() as f64 * growth));
        grown.min(most)
    }

    /// Whether a reply is a failure; `None` if it is no outcome.
    fn is_failure(&self, reply: Outcome) -> Option<bool> {
        match reply {
            Outcome::Success | Outcome::Degraded => Some(false),
            Outcome::Failure(reason) => (!self.ignore.contains(&reason)).then_some(true),
        }
    }
}

/// The rule in force and what it has recorded.
#[derive(Debug)]
pub struct State {
    spec: Spec,
    /// The outcomes since it last closed or became half-open.
    window: SlidingWindow,
    circuit: Circuit,
}

#[derive(Debug)]
enum Circuit {
    Closed {
        failures_in_row: u32,
    },
    Open {
        until: SimTime,
        wait: SimDuration,
    },
    HalfOpen {
        /// How many more probes may pass.
        permits: u32,
        /// Probes without an answer, by their passage.
        probes: BTreeSet<u64>,
        /// When it opens again if they do not decide; `NEVER` if it waits for them.
        lapses: SimTime,
        /// How long it was open.
        wait: SimDuration,
    },
}

impl State {
    fn open(&mut self, at: SimTime, wait: SimDuration) {
        self.circuit = Circuit::Open { until: at + wait, wait };
    }

    fn half_open(&mut self, at: SimTime, wait: SimDuration) {
        let Spec { half_open_calls: permits, max_half_open: most, .. } = self.spec;
        let lapses = if most.is_zero() { SimTime::NEVER } else { at + most };
        self.window = self.spec.look_back_on(Window::Count(permits));
        self.circuit = Circuit::HalfOpen { permits, probes: BTreeSet::new(), lapses, wait };
    }

    fn close(&mut self) {
        self.window = self.spec.look_back_on(self.spec.window);
        self.circuit = Circuit::Closed { failures_in_row: 0 };
    }

    /// Catches up with the timers that ran out since the last call or reply.
    fn settle(&mut self, now: SimTime) {
        // Ends: each turn moves on to a later time, since neither wait is zero where it counts.
        loop {
            match self.circuit {
                Circuit::Open { until, wait } if self.spec.automatic_half_open && now >= until => {
                    self.half_open(until, wait);
                }
                Circuit::HalfOpen { lapses, wait, .. } if now >= lapses => {
                    self.open(lapses, self.spec.longer(wait));
                }
                Circuit::Closed { .. } | Circuit::Open { .. } | Circuit::HalfOpen { .. } => return,
            }
        }
    }

    /// Takes the outcome of a passage in.
    fn record(&mut self, now: SimTime, id: u64, call: Tally) {
        match &mut self.circuit {
            Circuit::Closed { failures_in_row } => {
                *failures_in_row = if call.failures > 0 { *failures_in_row + 1 } else { 0 };
                let in_row = self.spec.consecutive_failures.is_some_and(|most| *failures_in_row >= most);
                let verdict = self.window.record(now, call);
                if in_row || verdict == Verdict::Bad {
                    self.open(now, self.spec.open_for);
                }
            }
            Circuit::Open { .. } => {
                let _ = self.window.record(now, call);
            }
            Circuit::HalfOpen { probes, wait, .. } => {
                let wait = *wait;
                if !probes.remove(&id) {
                    return;
                }
                match self.window.record(now, call) {
                    Verdict::TooFew => {}
                    Verdict::Good => self.close(),
                    Verdict::Bad => self.open(now, self.spec.longer(wait)),
                }
            }
        }
    }

    /// A probe ends without an outcome: another may pass in its place.
    fn give_back(&mut self, id: u64) {
        if let Circuit::HalfOpen { permits, probes, .. } = &mut self.circuit
            && probes.remove(&id)
        {
            *permits += 1;
        }
    }
}

impl Stage for State {
    fn on_call(&mut self, now: SimTime, passage: &mut Passage) -> Down {
        self.settle(now);
        if let Circuit::Open { until, wait } = self.circuit
            && now > until
        {
            self.half_open(now, wait);
        }
        match &mut self.circuit {
            Circuit::Closed { .. } => Down::Pass,
            Circuit::Open { .. } | Circuit::HalfOpen { permits: 0, .. } => Down::Refuse(Reason::CircuitOpen),
            Circuit::HalfOpen { permits, probes, lapses, .. } => {
                *permits -= 1;
                probes.insert(passage.id);
                if *lapses == SimTime::NEVER { Down::Pass } else { Down::PassAndWake(*lapses) }
            }
        }
    }

    fn on_reply(&mut self, now: SimTime, passage: &mut Passage, reply: Outcome) -> Up {
        self.settle(now);
        match self.spec.is_failure(reply) {
            Some(failed) => {
                let slow = now.since(passage.entered) > self.spec.slow_call_duration;
                self.record(now, passage.id, Tally::one(failed, slow));
            }
            None => self.give_back(passage.id),
        }
        Up::Deliver(reply)
    }

    /// Only lets the lapse of the probes be seen in time: the probe itself goes on.
    fn on_wake(&mut self, now: SimTime, _: &mut Passage) -> Woken {
        self.settle(now);
        Woken::Sleep
    }

    fn on_abandon(&mut self, now: SimTime, passage: &Passage) {
        self.settle(now);
        self.give_back(passage.id);
    }

    fn mode(&self) -> Option<Mode> {
        Some(match self.circuit {
            Circuit::Closed { .. } => Mode::Closed,
            Circuit::Open { .. } => Mode::Open,
            Circuit::HalfOpen { .. } => Mode::HalfOpen,
        })
    }

    /// The share of calls that failed, once there are enough to judge by.
    fn level(&self, now: SimTime) -> Option<f64> {
        self.window.failure_rate(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::stage::{
        breaker_tests::{Caller, tripped},
        testing::{at, passage},
    };

    const SECONDS: fn(u64) -> SimDuration = SimDuration::from_secs;

    /// The configuration most of resilience4j's tests share.
    fn twenty_seconds() -> Spec {
        let half = Spec { window: Window::Time(SECONDS(20)), minimum_calls: 5, ..Spec::default() };
        Spec { open_for: SECONDS(5), half_open_calls: 4, ..half }
    }

    #[test]
    fn judges_after_every_outcome_a_success_too() {
        // resilience4j, shouldOpenAfterFailureRateThresholdExceeded2.
        let mut breaker = Caller::new(twenty_seconds().build(at(0)));
        let modes: Vec<String> =
            (0..).zip("SSSFFF".chars()).map(|(s, c)| breaker.feed(s * 1_000, &c.to_string())).collect();
        assert_eq!(modes.concat(), "CCCCCO", "2 of 5 are 40 %, 3 of 6 are 50 %");

        // resilience4j, shouldOpenAfterFailureRateThresholdExceeded.
        let mut breaker = Caller::new(twenty_seconds().build(at(0)));
        assert_eq!(breaker.feed(0, "FFFS"), "CCCC");
        assert_eq!(breaker.stage.level(at(0)), None, "too few to judge by");
        assert_eq!(breaker.feed(0, "S"), "O");
        assert_eq!(breaker.stage.level(at(0)), Some(0.6));
        assert_eq!(breaker.feed(0, "S"), "-", "not permitted");
    }

    #[test]
    fn opens_by_the_window_it_is_given() {
        // resilience4j, CircuitBreakerConfig's defaults: 100 calls, 50 %, judged after every outcome.
        let default = Spec::default();
        let tenth = Spec { failure_rate_threshold: 0.1, ..Spec::default() };
        let (f, s) = (|n| "F".repeat(n), |n| "S".repeat(n));
        for (spec, outcomes, opens) in [
            (&tenth, f(10) + &s(90), Some(100)),
            (&default, f(50) + &s(50), Some(100)),
            (&default, f(49) + &s(151), None),
            (&default, s(100) + &f(60), Some(150)),
        ] {
            assert_eq!(tripped(spec.build(at(0)), &outcomes), opens, "{outcomes}");
        }
    }

    #[test]
    fn the_first_call_after_the_wait_is_a_probe() {
        // resilience4j, OpenState.tryAcquirePermission: `isAfter`.
        let mut breaker = Caller::new(twenty_seconds().build(at(0)));
        breaker.feed(0, "FFFFF");
        let admitted = [0, 3_000, 5_000, 5_001].map(|millis| breaker.call(millis).is_some());
        assert_eq!(admitted, [false, false, false, true]);
        assert_eq!(breaker.stage.mode(), Some(Mode::HalfOpen));
        assert_eq!(breaker.stage.level(at(6_000)), None, "recorded anew");
    }

    #[test]
    fn probes_decide_once_enough_have_answered() {
        // resilience4j, CircuitBreakerStateMachineTest: half-open with four permits.
        let spec = Spec { ignore: vec![Reason::TimedOut], ..twenty_seconds() };
        for (outcomes, modes) in [("FFSF", "HHHO"), ("FSSS", "HHHC"), ("SSSTF", "HHHHC")] {
            let mut breaker = Caller::new(spec.build(at(0)));
            breaker.feed(0, "FFFFF");
            let mut probes: Vec<Passage> = (0..6).filter_map(|_| breaker.call(6_000)).collect();
            assert_eq!(probes.len(), 4);
            let mut seen = String::new();
            for outcome in outcomes.chars() {
                let probe = probes.pop().or_else(|| breaker.call(6_500));
                seen.push(breaker.reply(7_000, probe.unwrap(), outcome));
            }
            assert_eq!(seen, modes, "{outcomes}");
        }
    }

    #[test]
    fn a_failed_probe_makes_the_next_wait_longer() {
        // resilience4j, IntervalFunction.ofExponentialBackoff(5000, 1.5).
        let spec = Spec { open_growth: Some(1.5), consecutive_failures: Some(1), ..twenty_seconds() };
        let spec = Spec { half_open_calls: 1, ..spec };
        for (most, waits) in [
            (None, [5_000.0, 7_500.0, 11_250.0, 16_875.0, 25_312.5, 37_968.75]),
            (Some(SECONDS(10)), [5_000.0, 7_500.0, 10_000.0, 10_000.0, 10_000.0, 10_000.0]),
        ] {
            let mut breaker = Spec { open_for_most: most, ..spec.clone() }.build(at(0));
            let mut now = at(0);
            for (id, wait) in (1..).zip(waits) {
                let call = &mut Passage { entered: now, ..passage(id) };
                assert_eq!(breaker.on_call(now, call), Down::Pass);
                let _ = breaker.on_reply(now, call, Outcome::Failure(Reason::Error));
                now = now + SimDuration::from_nanos_f64(wait * 1e6);
                assert_eq!(breaker.on_call(now, &mut passage(0)), Down::Refuse(Reason::CircuitOpen));
                now = now + SimDuration::from_nanos(1);
            }
            assert_eq!(breaker.on_call(now, &mut passage(9)), Down::Pass);
            let _ = breaker.on_reply(now, &mut Passage { entered: now, ..passage(9) }, Outcome::Success);
            assert_eq!(breaker.mode(), Some(Mode::Closed));
        }
    }

    #[test]
    fn a_slow_call_is_one_that_takes_longer() {
        let spec = Spec { slow_call_duration: SECONDS(1), minimum_calls: 2, ..Spec::default() };
        for (took, mode) in [(1_000, Mode::Closed), (1_001, Mode::Open)] {
            let mut breaker = Caller::new(spec.build(at(0)));
            for _ in 0..2 {
                let call = breaker.call(0).unwrap();
                breaker.reply(took, call, 'S');
            }
            assert_eq!(breaker.stage.mode(), Some(mode));
        }
    }

    #[test]
    fn a_straggler_is_no_probe() {
        let mut breaker = Caller::new(Spec { half_open_calls: 1, ..twenty_seconds() }.build(at(0)));
        let stragglers: Vec<Passage> = (0..4).filter_map(|_| breaker.call(0)).collect();
        breaker.feed(0, "FFFFF");
        assert_eq!(breaker.reply(1_000, stragglers[0], 'S'), 'O');
        assert_eq!(breaker.stage.level(at(1_000)), Some(5.0 / 6.0), "recorded while open");
        let probe = breaker.call(6_000).unwrap();
        assert_eq!(breaker.reply(7_000, stragglers[1], 'S'), 'H');
        assert_eq!(breaker.reply(7_000, stragglers[2], 'F'), 'H');
        assert_eq!(breaker.call(7_000), None, "nor does it give a permit back");
        assert_eq!(breaker.reply(7_000, probe, 'S'), 'C');
        breaker.reply(8_000, stragglers[3], 'F');
        assert_eq!(breaker.feed(8_000, "FFFF"), "CCCO", "closed again, every outcome counts");
    }

    #[test]
    fn timers_move_it_without_calls() {
        // resilience4j, automaticTransitionFromOpenToHalfOpenEnabled and maxWaitDurationInHalfOpenState.
        let spec = Spec { automatic_half_open: true, max_half_open: SECONDS(1), ..twenty_seconds() };
        let mut breaker = Caller::new(spec.build(at(0)));
        breaker.feed(0, "FFFFF");
        assert_eq!(breaker.call(4_999), None);
        let lost = breaker.call(5_000).unwrap();
        assert_eq!(breaker.stage.on_call(at(5_500), &mut passage(77)), Down::PassAndWake(at(6_000)));
        assert_eq!(breaker.reply(6_000, lost, 'S'), 'O', "its timer comes first");
        // Open from 6 to 11, half-open to 12, open to 17, half-open to 18.
        let admitted = [10_999, 11_999, 12_000, 17_000].map(|millis| breaker.call(millis).is_some());
        assert_eq!(admitted, [false, true, false, true]);
    }

    #[test]
    fn failures_in_a_row_are_a_second_rule() {
        let mut breaker = Caller::new(Spec { consecutive_failures: Some(3), ..Spec::default() }.build(at(0)));
        assert_eq!(breaker.feed(0, "FFSFFF"), "CCCCCO");
    }

    #[test]
    fn opens_by_chance_as_often_as_the_binomial_says() {
        // The chance of 50 or more failures among 100 calls that fail independently.
        let mut random = sim_core::random::Streams::new(6, 7).stream("calls");
        for (failing, opens) in [(0.40, 0.027_099), (0.45, 0.182_728), (0.50, 0.539_795), (0.60, 0.983_238)] {
            let runs = 30_000;
            let mut opened = 0;
            for _ in 0..runs {
                let mut breaker = Spec::default().build(at(0));
                for id in 0..100 {
                    let failed = random.chance(failing);
                    breaker.record(at(0), id, Tally::one(failed, false));
                }
                opened += u32::from(breaker.mode() == Some(Mode::Open));
            }
            let share = f64::from(opened) / f64::from(runs);
            // Four standard errors are at most 0.0116.
            assert!((share - opens).abs() < 0.0116, "{failing}: {share} instead of {opens}");
        }
    }
}
