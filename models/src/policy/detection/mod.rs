//! Who is well: active checks, passive ejection and the silence of heartbeats.
//!
//! An active check ([`active_check`]) asks each backend itself. Passive ejection, the family [`Eject`], judges
//! backends by what became of the requests sent to them. The family [`failure_detector`] judges who sends heartbeats
//! by their absence. All only answer; the node that owns them sends the checks, keeps the backends' availability
//! and writes the [`Verdict`]s into the log.

use std::fmt;

use sim_core::{random::Stream, time::SimTime};

pub mod active_check;
mod failure_accrual;
pub mod failure_detector;
mod haproxy_observe;
pub mod heartbeat;
mod nginx_passive;
mod outlier_detection;
pub mod phi_accrual;
mod volume;

use active_check::OnError;

/// What became of a request, as far as its backend is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A good reply.
    Success,
    /// An error reply after work: HTTP 500.
    Failed,
    /// An error reply before work, from the backend or something in front of it: HTTP 502, 503, 504.
    Refused,
    /// No connection, or one that broke.
    Unreachable,
    /// No reply in time.
    TimedOut,
    /// Given up by the caller for reasons of its own, as the loser of a hedge: says nothing of the backend.
    Abandoned,
}

impl Outcome {
    /// Whether a reply came at all.
    fn is_reply(self) -> bool {
        match self {
            Self::Success | Self::Failed | Self::Refused => true,
            Self::Unreachable | Self::TimedOut | Self::Abandoned => false,
        }
    }

    /// Whether the request was served; `None` if the outcome says nothing.
    fn success(self) -> Option<bool> {
        match self {
            Self::Success => Some(true),
            Self::Failed | Self::Refused | Self::Unreachable | Self::TimedOut => Some(false),
            Self::Abandoned => None,
        }
    }
}

/// A decision about one backend, for the log.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// Whom it concerns.
    pub backend: usize,
    /// What was decided.
    pub action: Action,
    /// What was seen.
    pub why: Why,
}

/// What was decided about a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Out, at least until then: some strategies look only on their tick.
    Eject {
        /// The earliest time of its return or probe.
        until: SimTime,
    },
    /// Found out but left in.
    Spare(Spared),
    /// One request may try it.
    Probe,
    /// Back in.
    Return,
    /// Not for this family to decide: tell the active check.
    Check(OnError),
}

/// Why a backend that was found out stays in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spared {
    /// Too many are out already.
    TooManyEjected,
    /// The rule is enforced only at times.
    NotEnforced,
}

/// What was seen of a backend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Why {
    /// So many failures.
    Failures(u32),
    /// So many gateway failures in a row.
    GatewayFailures(u32),
    /// Its success rate fell below a threshold, both 0 to 1.
    SuccessRate {
        /// Its own.
        rate: f64,
        /// What it had to reach.
        threshold: f64,
    },
    /// Its failure rate, 0 to 1, reached the limit.
    FailureRate(f64),
    /// Its time was over.
    TimeServed,
    /// The probe succeeded.
    ProbePassed,
    /// The probe failed.
    ProbeFailed,
    /// An active check passed.
    CheckPassed,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.action, self.why)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Eject { until } => write!(f, "ejected until {until}"),
            Self::Spare(Spared::TooManyEjected) => f.write_str("spared, too many are ejected"),
            Self::Spare(Spared::NotEnforced) => f.write_str("spared, not enforced"),
            Self::Probe => f.write_str("one request may try it"),
            Self::Return => f.write_str("returned"),
            Self::Check(OnError::FastCheck) => f.write_str("to be checked sooner"),
            Self::Check(OnError::FailCheck) => f.write_str("counted as a failed check"),
            Self::Check(OnError::SuddenDeath) => f.write_str("down at the next failure"),
            Self::Check(OnError::MarkDown) => f.write_str("marked down"),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failures(count) => write!(f, "{count} failed request(s)"),
            Self::GatewayFailures(count) => write!(f, "{count} gateway failures in a row"),
            Self::SuccessRate { rate, threshold } => {
                write!(f, "success rate {rate:.4} below {threshold:.4}")
            }
            Self::FailureRate(rate) => write!(f, "failure rate {rate:.4}"),
            Self::TimeServed => f.write_str("its time is over"),
            Self::ProbePassed => f.write_str("the probe succeeded"),
            Self::ProbeFailed => f.write_str("the probe failed"),
            Self::CheckPassed => f.write_str("an active check passed"),
        }
    }
}

/// Takes backends out by what became of their requests.
///
/// The owner asks [`is_ejected`](Self::is_ejected) after every call that answered with a verdict, after every
/// tick, and after `on_send` to a backend on probe: nothing else changes an answer.
pub trait Eject: fmt::Debug {
    /// A request goes to `backend`: this may be its probe.
    fn on_send(&mut self, _now: SimTime, _backend: usize) {}

    /// A request to `backend` ended.
    fn on_result(
        &mut self,
        now: SimTime,
        backend: usize,
        outcome: Outcome,
        random: &mut Stream,
    ) -> Option<Verdict>;

    /// The time told by [`next_tick`](Self::next_tick) has come. Verdicts stand in the order they were reached,
    /// those of one rule in order of backends.
    fn on_tick(&mut self, _now: SimTime, _random: &mut Stream) -> Vec<Verdict> {
        Vec::new()
    }

    /// When to tick next, [`SimTime::NEVER`] for never; it may change with every verdict and every probe.
    fn next_tick(&self) -> SimTime {
        SimTime::NEVER
    }

    /// Whether `backend` must not be sent to now.
    fn is_ejected(&self, now: SimTime, backend: usize) -> bool;

    /// An active check of `backend` passed, and it counts as up.
    fn on_check_passed(&mut self, _now: SimTime, _backend: usize) -> Option<Verdict> {
        None
    }

    /// Whether so many are out that the owner should send to all alike.
    fn in_panic(&self) -> bool {
        false
    }

    /// Backends were added at the end of the list or removed from its end.
    fn on_membership(&mut self, now: SimTime, backends: usize);
}

family! {
    /// Which backends are taken out for what became of their requests.
    pub trait Eject, spec EjectSpec, state Ejector, build(backends: usize);
    /// Out for a fixed time after a number of failures, then one probe (nginx `max_fails`).
    NginxPassive = nginx_passive;
    /// Errors in a row count as a failed active check (HAProxy `observe`).
    HaproxyObserve = haproxy_observe;
    /// Out for failures in a row or a rate unlike the others', longer each time (Envoy).
    OutlierDetection = outlier_detection;
    /// Out for failures in a row or a poor rate of its own, with growing pauses and probes (Finagle).
    FailureAccrual = failure_accrual;
}

impl Eject for Ejector {
    #[inline]
    fn on_send(&mut self, now: SimTime, backend: usize) {
        on_each!(self, it => it.on_send(now, backend));
    }

    #[inline]
    fn on_result(
        &mut self,
        now: SimTime,
        backend: usize,
        outcome: Outcome,
        random: &mut Stream,
    ) -> Option<Verdict> {
        on_each!(self, it => it.on_result(now, backend, outcome, random))
    }

    fn on_tick(&mut self, now: SimTime, random: &mut Stream) -> Vec<Verdict> {
        on_each!(self, it => it.on_tick(now, random))
    }

    fn next_tick(&self) -> SimTime {
        on_each!(self, it => it.next_tick())
    }

    #[inline]
    fn is_ejected(&self, now: SimTime, backend: usize) -> bool {
        on_each!(self, it => it.is_ejected(now, backend))
    }

    fn on_check_passed(&mut self, now: SimTime, backend: usize) -> Option<Verdict> {
        on_each!(self, it => it.on_check_passed(now, backend))
    }

    fn in_panic(&self) -> bool {
        on_each!(self, it => it.in_panic())
    }

    fn on_membership(&mut self, now: SimTime, backends: usize) {
        on_each!(self, it => it.on_membership(now, backends));
    }
}

#[cfg(test)]
mod tests {
    use sim_core::{check::Check, random::Streams, time::SimDuration};

    use super::*;

    /// A pool served in turn, one request each 10 ms of its life; `outcome` says what becomes of them.
    fn run(
        spec: &EjectSpec,
        backends: usize,
        until: SimTime,
        outcome: impl Fn(SimTime, usize, &mut Stream) -> Outcome,
    ) -> Vec<(SimTime, Verdict)> {
        let mut ejector = spec.build(backends);
        let mut random = Streams::new(7, 0).stream("lb/eject");
        let mut fate = Streams::new(7, 0).stream("lb/fate");
        let mut log = Vec::new();
        let mut now = SimTime::ZERO;
        let mut turn = 0;
        while now < until {
            while ejector.next_tick() <= now {
                let tick = ejector.next_tick();
                log.extend(ejector.on_tick(tick, &mut random).into_iter().map(|verdict| (tick, verdict)));
                assert!(ejector.next_tick() > tick, "{}: time must go on", spec.name());
            }
            turn = (turn + 1) % backends;
            if !ejector.is_ejected(now, turn) {
                ejector.on_send(now, turn);
                let verdict = ejector.on_result(now, turn, outcome(now, turn, &mut fate), &mut random);
                log.extend(verdict.map(|verdict| (now, verdict)));
            }
            now = now + SimDuration::from_millis(10);
        }
        log
    }

    fn at(seconds: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(seconds)
    }

    #[test]
    fn no_strategy_ejects_a_backend_that_only_succeeds() {
        for (name, _, spec) in EjectSpec::catalog() {
            assert_eq!(run(&spec, 10, at(60), |_, _, _| Outcome::Success), [], "{name}");
            assert_eq!(run(&spec, 10, at(60), |_, _, _| Outcome::Abandoned), [], "{name}");
        }
    }

    #[test]
    fn every_strategy_finds_the_one_that_never_answers_and_only_that_one() {
        for (name, _, spec) in EjectSpec::catalog() {
            let log =
                run(
                    &spec,
                    10,
                    at(120),
                    |_, backend, _| {
                        if backend == 3 { Outcome::TimedOut } else { Outcome::Success }
                    },
                );
            assert!(!log.is_empty(), "{name}");
            assert!(log.iter().all(|(_, verdict)| verdict.backend == 3), "{name}: {log:?}");
        }
    }

    #[test]
    fn a_backend_that_recovers_comes_back() {
        for (name, _, spec) in EjectSpec::catalog() {
            let log = run(&spec, 10, at(600), |now, backend, _| {
                if backend == 3 && now < at(60) { Outcome::Unreachable } else { Outcome::Success }
            });
            let last = log.last().unwrap().1.action;
            assert!(matches!(last, Action::Return | Action::Check(_)), "{name}: {last:?}");
        }
    }

    #[test]
    fn the_same_seed_tells_the_same_story() {
        for (name, _, spec) in EjectSpec::catalog() {
            let fate = |_, _, random: &mut Stream| {
                if random.chance(0.3) { Outcome::Refused } else { Outcome::Success }
            };
            assert_eq!(run(&spec, 12, at(300), fate), run(&spec, 12, at(300), fate), "{name}");
        }
    }

    #[test]
    fn every_default_is_a_right_one() {
        for (name, _, spec) in EjectSpec::catalog() {
            let mut check = Check::default();
            spec.check(&mut check);
            assert_eq!(check.into_problems(), [], "{name}");
        }
    }

    #[test]
    fn backends_may_come_and_go() {
        for (name, _, spec) in EjectSpec::catalog() {
            let mut ejector = spec.build(2);
            let mut random = Streams::new(1, 0).stream("lb/eject");
            ejector.on_membership(at(1), 5);
            assert!(!ejector.is_ejected(at(1), 4), "{name}");
            ejector.on_membership(at(2), 1);
            // A reply of one that has left.
            assert_eq!(ejector.on_result(at(2), 4, Outcome::TimedOut, &mut random), None, "{name}");
        }
    }

    #[test]
    fn verdicts_read_as_sentences() {
        let verdict = Verdict { backend: 3, action: Action::Eject { until: at(40) }, why: Why::Failures(5) };
        assert_eq!(verdict.to_string(), "ejected until 40s: 5 failed request(s)");
    }
}
