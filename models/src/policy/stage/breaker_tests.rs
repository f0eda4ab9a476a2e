//! The laws of breakers, tried on all of them, and the caller their tests share.
//!
//! None admits a call while open before its wait is over; none has more probes at once than it may; none is stuck:
//! once all it admitted is closed, by reply or abandonment, and its wait is over, it admits again. Refused calls leave
//! no mark.

use std::fmt::Debug;

use sim_core::{
    check::Check,
    random::{Stream, Streams},
    time::{SimDuration, SimTime},
};

use super::{
    AnyStage, Down, Mode, Passage, Stage, StageSpec, Up,
    testing::{at, passage},
};
use crate::request::{Outcome, Reason};

/// Calls through one breaker, each a passage of its own.
#[derive(Debug)]
pub(super) struct Caller<S> {
    pub(super) stage: S,
    calls: u64,
}

/// A success, a failure, a timeout.
fn outcome(letter: char) -> Outcome {
    match letter {
        'S' => Outcome::Success,
        'F' => Outcome::Failure(Reason::Error),
        'T' => Outcome::Failure(Reason::TimedOut),
        other => panic!("{other} is no outcome"),
    }
}

impl<S: Stage + Debug> Caller<S> {
    pub(super) fn new(stage: S) -> Self {
        Self { stage, calls: 0 }
    }

    /// The passage, if it is admitted.
    pub(super) fn call(&mut self, millis: u64) -> Option<Passage> {
        self.calls += 1;
        let mut call = Passage { entered: at(millis), ..passage(self.calls) };
        match self.stage.on_call(at(millis), &mut call) {
            Down::Pass | Down::PassAndWake(_) => Some(call),
            Down::Refuse(reason) => {
                assert_eq!(reason, Reason::CircuitOpen);
                None
            }
            Down::Hold(_) => panic!("a breaker lets nobody wait"),
        }
    }

    /// A reply; the first letter of the mode after it.
    pub(super) fn reply(&mut self, millis: u64, mut passage: Passage, letter: char) -> char {
        let reply = outcome(letter);
        assert_eq!(self.stage.on_reply(at(millis), &mut passage, reply), Up::Deliver(reply));
        match self.stage.mode() {
            Some(Mode::Closed) => 'C',
            Some(Mode::Open) => 'O',
            Some(Mode::HalfOpen) => 'H',
            None => panic!("{:?} has no mode", self.stage),
        }
    }

    /// Calls that end at once, one after another; the mode after each, `-` for one that is refused.
    pub(super) fn feed(&mut self, millis: u64, outcomes: &str) -> String {
        let mut one = |letter| self.call(millis).map_or('-', |call| self.reply(millis, call, letter));
        outcomes.chars().map(&mut one).collect()
    }
}

/// After which of these calls, from 1, a breaker opens.
pub(super) fn tripped<S: Stage + Debug>(stage: S, outcomes: &str) -> Option<usize> {
    Caller::new(stage).feed(0, outcomes).find('O').map(|place| place + 1)
}

/// A breaker to try the laws on.
struct Subject {
    written: &'static str,
    /// How long it is open at least.
    wait: SimDuration,
    /// How many probes it may have at once.
    probes: usize,
}

const fn subject(written: &'static str, wait_ms: u64, probes: usize) -> Subject {
    Subject { written, wait: SimDuration::from_millis(wait_ms), probes }
}

const SUBJECTS: [Subject; 8] = [
    subject("CircuitBreaker(minimum_calls: 10, open_for: \"1s\", half_open_calls: 4)", 1_000, 4),
    subject("CircuitBreaker(window: Time(\"2s\"), minimum_calls: 5, open_for: \"500ms\")", 500, 10),
    subject(
        "CircuitBreaker(minimum_calls: 6, open_for: \"800ms\", open_growth: 1.5, open_for_most: \"2s\",
            half_open_calls: 3, ignore: [TimedOut])",
        800,
        3,
    ),
    subject(
        "CircuitBreaker(consecutive_failures: 3, open_for: \"600ms\", half_open_calls: 2, max_half_open: \"300ms\")",
        600,
        2,
    ),
    subject(
        "CircuitBreaker(minimum_calls: 5, open_for: \"700ms\", half_open_calls: 1, automatic_half_open: true,
            slow_call_duration: \"60ms\", slow_call_rate_threshold: 0.5)",
        700,
        1,
    ),
    subject("HystrixBreaker(request_volume_threshold: 10, sleep_window: \"1s\")", 1_000, 1),
    subject(
        "HystrixBreaker(request_volume_threshold: 5, error_threshold: 0.25, sleep_window: \"600ms\",
            rolling_window: \"1s\", health_snapshot_interval: \"100ms\")",
        600,
        1,
    ),
    subject(
        "PollyBreaker(minimum_throughput: 10, sampling_duration: \"3s\", break_duration: \"900ms\")",
        900,
        1,
    ),
];

fn read(text: &str) -> StageSpec {
    use ron::extensions::Extensions as On;
    let options = ron::Options::default()
        .with_default_extension(On::IMPLICIT_SOME | On::UNWRAP_NEWTYPES | On::UNWRAP_VARIANT_NEWTYPES);
    options.from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn build(subject: &Subject) -> Caller<AnyStage> {
    let spec = read(subject.written);
    let mut check = Check::default();
    spec.check(&mut check);
    assert!(check.is_clean(), "{}: {:?}", subject.written, check.into_problems());
    Caller::new(spec.build(at(0)))
}

/// A random history of one breaker, watched from outside.
struct Watch<'a> {
    subject: &'a Subject,
    caller: Caller<AnyStage>,
    random: Stream,
    millis: u64,
    /// Admitted and not closed, oldest first; whether each was admitted half-open, since it last was open.
    inside: Vec<(Passage, bool)>,
    mode: Option<Mode>,
    /// When it cannot have been open yet.
    not_open: SimTime,
    opened: u32,
}

impl<'a> Watch<'a> {
    fn new(subject: &'a Subject, seed: u64) -> Self {
        let caller = build(subject);
        let random = Streams::new(seed, 0).stream("breakers");
        let mode = caller.stage.mode();
        Self { subject, caller, random, millis: 0, inside: Vec::new(), mode, not_open: at(0), opened: 0 }
    }

    /// One call, reply or abandonment a little later. The callee is well and ill in turn.
    fn step(&mut self) {
        self.millis += 1 + self.random.below(40) as u64;
        let ill = (self.millis / 2_000).is_multiple_of(2);
        let failing = if ill { 0.9 } else { 0.05 };
        if self.random.chance(0.5) || self.inside.is_empty() {
            self.call();
        } else {
            let (passage, _) = self.inside.remove(self.random.below(self.inside.len()));
            self.end(passage, failing);
        }
        self.observe();
    }

    fn call(&mut self) {
        let before = self.caller.stage.mode();
        let Some(passage) = self.caller.call(self.millis) else { return };
        if before == Some(Mode::Open) {
            let since = at(self.millis).since(self.not_open);
            assert!(since >= self.subject.wait, "{}: open for {since} only", self.subject.written);
        }
        let probe = self.caller.stage.mode() == Some(Mode::HalfOpen);
        self.inside.push((passage, probe));
        let probes = self.inside.iter().filter(|(_, probe)| *probe).count();
        assert!(probes <= self.subject.probes, "{}: {probes} probes", self.subject.written);
    }

    fn end(&mut self, passage: Passage, failing: f64) {
        if self.random.chance(0.2) {
            return self.caller.stage.on_abandon(at(self.millis), &passage);
        }
        let ill = self.random.chance(failing);
        let letter = if !ill {
            'S'
        } else if self.random.chance(0.3) {
            'T'
        } else {
            'F'
        };
        self.caller.reply(self.millis, passage, letter);
    }

    /// Who was a probe before it opened again is one no more.
    fn observe(&mut self) {
        let mode = self.caller.stage.mode();
        if mode == Some(Mode::Open) {
            self.opened += u32::from(self.mode != mode);
            for (_, probe) in &mut self.inside {
                *probe = false;
            }
        } else {
            self.not_open = at(self.millis);
        }
        self.mode = mode;
    }
}

#[test]
fn none_admits_too_soon_or_too_many() {
    for subject in &SUBJECTS {
        let mut opened = 0;
        for seed in 0..20 {
            let mut watch = Watch::new(subject, seed);
            for _ in 0..2_000 {
                watch.step();
            }
            opened += watch.opened;
        }
        assert!(opened >= 100, "{}: opened {opened} times, which tries little", subject.written);
    }
}

#[test]
fn none_is_stuck_once_all_is_closed() {
    for subject in &SUBJECTS {
        for seed in 0..200 {
            let mut watch = Watch::new(subject, seed);
            for _ in 0..50 + seed {
                watch.step();
            }
            for (passage, _) in std::mem::take(&mut watch.inside) {
                watch.end(passage, 0.5);
            }
            let later = watch.millis + 60_000;
            assert!(watch.caller.call(later).is_some(), "{}: {:?}", subject.written, watch.caller.stage);
        }
    }
}

#[test]
fn a_refused_call_leaves_no_mark() {
    for subject in &SUBJECTS {
        let mut caller = build(subject);
        caller.feed(0, &"F".repeat(30));
        // A tick may have to pass.
        let _ = caller.call(500);
        let before = format!("{:?}", caller.stage);
        assert_eq!(caller.stage.mode(), Some(Mode::Open), "{before}");
        for _ in 0..1_000 {
            assert!(caller.call(500).is_none());
        }
        assert_eq!(format!("{:?}", caller.stage), before);
    }
}

#[test]
fn what_is_wrong_is_named() {
    for (written, field) in [
        ("CircuitBreaker(failure_rate_threshold: 50)", "failure_rate_threshold"),
        ("CircuitBreaker(slow_call_rate_threshold: 0)", "slow_call_rate_threshold"),
        ("CircuitBreaker(window: Count(0))", "window"),
        ("CircuitBreaker(window: Time(\"1500ms\"))", "window"),
        ("CircuitBreaker(minimum_calls: 0)", "minimum_calls"),
        ("CircuitBreaker(open_for: \"0s\")", "open_for"),
        ("CircuitBreaker(open_growth: 0.5)", "open_growth"),
        ("CircuitBreaker(open_for_most: \"1s\")", "open_for_most"),
        ("CircuitBreaker(half_open_calls: 0)", "half_open_calls"),
        ("CircuitBreaker(consecutive_failures: 0)", "consecutive_failures"),
        ("HystrixBreaker(request_volume_threshold: 0)", "request_volume_threshold"),
        ("HystrixBreaker(error_threshold: 0.505)", "error_threshold"),
        ("HystrixBreaker(health_snapshot_interval: \"0s\")", "health_snapshot_interval"),
        ("HystrixBreaker(rolling_window: \"100ms\")", "rolling_window"),
        ("PollyBreaker(failure_ratio: 10)", "failure_ratio"),
        ("PollyBreaker(minimum_throughput: 0)", "minimum_throughput"),
        ("PollyBreaker(sampling_duration: \"0s\")", "sampling_duration"),
        ("PollyBreaker(break_duration: \"0s\")", "break_duration"),
        ("EnvoyThresholds(max_connections: 0)", "max_connections"),
        ("EnvoyThresholds(max_requests: 0)", "max_requests"),
    ] {
        let mut check = Check::default();
        read(written).check(&mut check);
        let problems = check.into_problems();
        let fields: Vec<_> = problems.iter().filter_map(|problem| problem.path.last()).collect();
        assert_eq!(fields, [field], "{written}");
    }
}
