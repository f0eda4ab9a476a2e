//! nginx's passive check: out for a fixed time after a number of failures, then one request probes.
//!
//! There is no timer and no rate. A failure less than `fail_timeout` after the last look adds to the count, a
//! success after a quiet `fail_timeout` clears it; a full count keeps the backend out for `fail_timeout`, and
//! whoever is sent there next starts that time anew. A sole backend is never taken out.
//! nginx `ngx_http_upstream_round_robin.c`, `max_fails`, `fail_timeout`, `proxy_next_upstream`. nginx counts
//! in whole seconds; here time is exact, and the comparison is its own: out while `now - checked <= fail_timeout`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    random::Stream,
    time::{SimDuration, SimTime},
};

use super::{Action, Eject, Outcome, Verdict, Why};

/// `NginxPassive`: how many failures, and for how long.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Failures that take a backend out, 0 for never; 1, nginx's default.
    pub max_fails: u32,
    /// Within which the failures must fall, and for how long the backend is out; `"10s"`, nginx's default.
    pub fail_timeout: SimDuration,
    /// Whether error replies count, as with `proxy_next_upstream … http_5xx`; false, nginx's default: only
    /// requests without a reply count.
    pub error_replies: bool,
}

impl Default for Spec {
    fn default() -> Self {
        Self { max_fails: 1, fail_timeout: SimDuration::from_secs(10), error_replies: false }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(!self.fail_timeout.is_zero(), "fail_timeout", || "fail_timeout must be above 0".into());
    }

    pub(super) fn build(&self, backends: usize) -> State {
        State { spec: self.clone(), peers: vec![Peer::default(); backends] }
    }
}

/// What nginx remembers of its peers.
#[derive(Debug)]
pub struct State {
    spec: Spec,
    peers: Vec<Peer>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Peer {
    fails: u32,
    /// When it last failed.
    accessed: SimTime,
    /// When the present `fail_timeout` began: at a failure, or at a request after a quiet one.
    checked: SimTime,
    stage: Stage,
}

/// What has been told of a peer, so that each verdict is given once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    In,
    /// Out, and its probe not yet offered.
    Out,
    /// Its probe is offered and not taken.
    Offered,
    /// Its probe is under way.
    Probing,
}

impl State {
    /// Whether the count is full; a sole peer's count never is.
    fn is_full(&self, peer: &Peer) -> bool {
        self.peers.len() > 1 && self.spec.max_fails > 0 && peer.fails >= self.spec.max_fails
    }

    fn counts(&self, outcome: Outcome) -> Option<bool> {
        let failed = !outcome.success()?;
        Some(failed && (self.spec.error_replies || !outcome.is_reply()))
    }

    fn fail(&mut self, now: SimTime, backend: usize) -> Option<Verdict> {
        let peer = self.peers.get_mut(backend)?;
        peer.fails = peer.fails.saturating_add(1);
        (peer.accessed, peer.checked) = (now, now);
        let (stage, fails) = (peer.stage, peer.fails);
        if !self.is_full(&self.peers[backend]) {
            return None;
        }
        self.peers[backend].stage = Stage::Out;
        let why = match stage {
            Stage::In => Why::Failures(fails),
            Stage::Probing => Why::ProbeFailed,
            // A straggler: the peer is out already, only for longer.
            Stage::Out | Stage::Offered => return None,
        };
        Some(Verdict { backend, action: Action::Eject { until: now + self.spec.fail_timeout }, why })
    }

    fn succeed(&mut self, backend: usize) -> Option<Verdict> {
        let peer = self.peers.get_mut(backend)?;
        if peer.accessed >= peer.checked {
            return None;
        }
        peer.fails = 0;
        let was_out = peer.stage != Stage::In;
        peer.stage = Stage::In;
        was_out.then_some(Verdict { backend, action: Action::Return, why: Why::ProbePassed })
    }

    /// The first moment at which a peer may be tried.
    fn due(&self, peer: &Peer) -> SimTime {
        peer.checked + self.spec.fail_timeout + SimDuration::from_nanos(1)
    }
}

impl Eject for State {
    fn on_send(&mut self, now: SimTime, backend: usize) {
        let fail_timeout = self.spec.fail_timeout;
        let Some(peer) = self.peers.get_mut(backend) else { return };
        if now.since(peer.checked) > fail_timeout {
            peer.checked = now;
            if peer.stage != Stage::In {
                peer.stage = Stage::Probing;
            }
        }
    }

    fn on_result(
        &mut self,
        now: SimTime,
        backend: usize,
        outcome: Outcome,
        _: &mut Stream,
    ) -> Option<Verdict> {
        if self.counts(outcome)? { self.fail(now, backend) } else { self.succeed(backend) }
    }

    fn on_tick(&mut self, now: SimTime, _: &mut Stream) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        for backend in 0..self.peers.len() {
            let peer = self.peers[backend];
            let waits = matches!(peer.stage, Stage::Out | Stage::Probing);
            if waits && self.due(&peer) <= now {
                self.peers[backend].stage = Stage::Offered;
                verdicts.push(Verdict { backend, action: Action::Probe, why: Why::TimeServed });
            }
        }
        verdicts
    }

    fn next_tick(&self) -> SimTime {
        let waiting = self.peers.iter().filter(|peer| matches!(peer.stage, Stage::Out | Stage::Probing));
        waiting.map(|peer| self.due(peer)).min().unwrap_or(SimTime::NEVER)
    }

    fn is_ejected(&self, now: SimTime, backend: usize) -> bool {
        let full = |peer: &&Peer| self.is_full(peer);
        self.peers.get(backend).filter(full).is_some_and(|peer| now < self.due(peer))
    }

    fn on_membership(&mut self, _: SimTime, backends: usize) {
        self.peers.resize(backends, Peer::default());
    }
}

#[cfg(test)]
mod tests {
    use sim_core::random::Streams;

    use super::*;

    struct Bench {
        state: State,
        random: Stream,
    }

    impl Bench {
        fn new(spec: &Spec, backends: usize) -> Self {
            Self { state: spec.build(backends), random: Streams::new(1, 0).stream("lb/eject") }
        }

        fn serve(&mut self, now: SimTime, outcome: Outcome) -> Option<Action> {
            self.state.on_send(now, 0);
            self.end(now, outcome)
        }

        fn end(&mut self, now: SimTime, outcome: Outcome) -> Option<Action> {
            self.state.on_result(now, 0, outcome, &mut self.random).map(|verdict| verdict.action)
        }
    }

    fn at(seconds: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(seconds)
    }

    #[test]
    fn one_failure_costs_ten_seconds_and_then_one_probe() {
        let mut bench = Bench::new(&Spec::default(), 2);
        let until = at(30);
        assert_eq!(bench.serve(at(20), Outcome::TimedOut), Some(Action::Eject { until }));
        assert!(bench.state.is_ejected(until, 0), "`<=` keeps it out at the very end");
        let due = bench.state.next_tick();
        assert_eq!(due.since(until).as_nanos(), 1);
        assert_eq!(bench.state.on_tick(due, &mut bench.random)[0].action, Action::Probe);
        assert!(!bench.state.is_ejected(due, 0));
        bench.state.on_send(due, 0);
        assert!(bench.state.is_ejected(due, 0), "one probe, not two");
        assert_eq!(bench.end(at(31), Outcome::Success), Some(Action::Return));
        assert!(!bench.state.is_ejected(at(31), 0));
    }

    #[test]
    fn a_failed_probe_starts_the_time_anew() {
        let mut bench = Bench::new(&Spec::default(), 2);
        bench.serve(at(20), Outcome::TimedOut);
        assert_eq!(bench.serve(at(31), Outcome::Unreachable), Some(Action::Eject { until: at(41) }));
    }

    #[test]
    fn a_probe_without_an_answer_lets_the_next_one_try_ten_seconds_later() {
        let mut bench = Bench::new(&Spec::default(), 2);
        bench.serve(at(20), Outcome::TimedOut);
        bench.state.on_send(at(31), 0);
        assert!(bench.state.is_ejected(at(41), 0));
        assert!(!bench.state.is_ejected(at(42), 0));
    }

    #[test]
    fn successes_clear_the_count_only_after_a_quiet_time() {
        let spec = Spec { max_fails: 2, ..Spec::default() };
        let mut bench = Bench::new(&spec, 2);
        bench.serve(at(20), Outcome::TimedOut);
        bench.serve(at(25), Outcome::Success);
        assert!(bench.serve(at(29), Outcome::TimedOut).is_some(), "the failure at 20 s still counts");

        let mut bench = Bench::new(&spec, 2);
        bench.serve(at(20), Outcome::TimedOut);
        bench.serve(at(30), Outcome::Success);
        assert!(bench.serve(at(30), Outcome::TimedOut).is_some(), "ten seconds are not yet over");

        let mut bench = Bench::new(&spec, 2);
        bench.serve(at(20), Outcome::TimedOut);
        bench.serve(at(31), Outcome::Success);
        assert_eq!(bench.serve(at(32), Outcome::TimedOut), None, "cleared at 31 s");
    }

    #[test]
    fn a_sole_backend_stays_whatever_it_does() {
        let mut bench = Bench::new(&Spec::default(), 1);
        assert_eq!(bench.serve(at(20), Outcome::TimedOut), None);
        assert!(!bench.state.is_ejected(at(20), 0));
    }

    #[test]
    fn error_replies_count_only_if_asked_for() {
        assert_eq!(Bench::new(&Spec::default(), 2).serve(at(20), Outcome::Failed), None);
        let mut strict = Bench::new(&Spec { error_replies: true, ..Spec::default() }, 2);
        assert!(strict.serve(at(20), Outcome::Failed).is_some());
    }
}
