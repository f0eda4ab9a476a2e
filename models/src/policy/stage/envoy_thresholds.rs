//! EnvoyThresholds: limits on what a caller has under way, which Envoy calls circuit breaking.
//!
//! No state and no wait: it refuses what is too much now and judges no outcome. A call holds a connection; who finds
//! none free waits in a line, and who finds that full is refused. A limit on calls binds before connections run out
//! only if it is lower. Attempts beyond the first count against a limit of their own, which stops a retry storm.
//!
//! Envoy `cluster.CircuitBreakers.Thresholds`, with HTTP/1.1 upstreams: one call at a time on a connection. There a
//! retry too many is not made and the first failure stands; here it is refused, and a retry outside may see that.

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, time::SimTime};

use super::{Down, Passage, Stage, Up};
use crate::request::{Outcome, Reason};

/// `EnvoyThresholds`: how much may be under way.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Most calls with a connection at once, at least 1; more wait. Default 1024 (Envoy `max_connections`).
    pub max_connections: u32,
    /// Most calls that wait for a connection. Default 1024 (Envoy `max_pending_requests`).
    pub max_pending_requests: u32,
    /// Most calls at once, at least 1; more are refused while connections are free. Default 1024 (Envoy
    /// `max_requests`).
    pub max_requests: u32,
    /// Most attempts beyond the first at once, waiting or not. Default 3 (Envoy `max_retries`).
    pub max_retries: u32,
}

impl Default for Spec {
    fn default() -> Self {
        Self { max_connections: 1024, max_pending_requests: 1024, max_requests: 1024, max_retries: 3 }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(self.max_connections >= 1, "max_connections", || {
            "max_connections must be at least 1".into()
        });
        check.require(self.max_requests >= 1, "max_requests", || "max_requests must be at least 1".into());
    }

    pub(super) fn build(&self, _: SimTime) -> State {
        State { spec: self.clone(), in_flight: 0, retries: 0, pending: VecDeque::new() }
    }
}

/// What is under way.
#[derive(Debug)]
pub struct State {
    spec: Spec,
    /// Calls with a connection.
    in_flight: u32,
    /// Attempts beyond the first, waiting or not.
    retries: u32,
    /// Passages that wait for a connection, in the order they came.
    pending: VecDeque<u64>,
}

fn is_retry(passage: &Passage) -> bool {
    passage.attempt > 1
}

impl State {
    /// Where a call goes that no limit on retries holds back.
    fn place(&mut self, id: u64) -> Down {
        if self.in_flight >= self.spec.max_connections {
            if self.pending.len() >= self.spec.max_pending_requests as usize {
                return Down::Refuse(Reason::LimitReached);
            }
            self.pending.push_back(id);
            return Down::Hold(SimTime::NEVER);
        }
        if self.in_flight >= self.spec.max_requests {
            return Down::Refuse(Reason::LimitReached);
        }
        self.in_flight += 1;
        Down::Pass
    }

    fn leave(&mut self, passage: &Passage) {
        if is_retry(passage) {
            self.retries -= 1;
        }
        match self.pending.iter().position(|waiting| *waiting == passage.id) {
            Some(place) => {
                self.pending.remove(place);
            }
            None => self.in_flight -= 1,
        }
    }
}

impl Stage for State {
    fn on_call(&mut self, _: SimTime, passage: &mut Passage) -> Down {
        let retry = is_retry(passage);
        if retry && self.retries >= self.spec.max_retries {
            return Down::Refuse(Reason::LimitReached);
        }
        let placed = self.place(passage.id);
        if retry && !matches!(placed, Down::Refuse(_)) {
            self.retries += 1;
        }
        placed
    }

    fn on_reply(&mut self, _: SimTime, passage: &mut Passage, reply: Outcome) -> Up {
        self.leave(passage);
        Up::Deliver(reply)
    }

    fn on_abandon(&mut self, _: SimTime, passage: &Passage) {
        self.leave(passage);
    }

    fn release(&mut self, _: SimTime) -> Option<u64> {
        if self.in_flight >= self.spec.max_connections {
            return None;
        }
        let next = self.pending.pop_front()?;
        self.in_flight += 1;
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::stage::testing::{at, passage};

    const REFUSED: Down = Down::Refuse(Reason::LimitReached);
    const HELD: Down = Down::Hold(SimTime::NEVER);

    #[test]
    fn a_call_takes_a_connection_or_a_place_in_line_or_is_refused() {
        let spec = Spec { max_connections: 2, max_pending_requests: 1, ..Spec::default() };
        let mut limits = spec.build(at(0));
        let answers = [1, 2, 3, 4].map(|id| limits.on_call(at(0), &mut passage(id)));
        assert_eq!(answers, [Down::Pass, Down::Pass, HELD, REFUSED]);
        assert_eq!(limits.release(at(0)), None);
        let _ = limits.on_reply(at(1), &mut passage(2), Outcome::Success);
        assert_eq!(limits.release(at(1)), Some(3));
        assert_eq!(limits.release(at(1)), None);
        assert_eq!(limits.on_call(at(2), &mut passage(5)), HELD);
        limits.on_abandon(at(3), &passage(5));
        limits.on_abandon(at(3), &passage(1));
        assert_eq!(limits.release(at(3)), None, "who gave up is not let in");
        assert_eq!(limits.on_call(at(3), &mut passage(6)), Down::Pass);
    }

    #[test]
    fn a_lower_limit_on_calls_refuses_without_a_line() {
        let mut limits = Spec { max_requests: 1, ..Spec::default() }.build(at(0));
        assert_eq!([1, 2].map(|id| limits.on_call(at(0), &mut passage(id))), [Down::Pass, REFUSED]);
    }

    #[test]
    fn retries_have_a_limit_of_their_own() {
        let retry = |id| Passage { attempt: 2, ..passage(id) };
        let mut limits = Spec::default().build(at(0));
        let answers = [1, 2, 3, 4].map(|id| limits.on_call(at(0), &mut retry(id)));
        assert_eq!(answers, [Down::Pass, Down::Pass, Down::Pass, REFUSED]);
        assert_eq!(limits.on_call(at(0), &mut passage(5)), Down::Pass, "a first attempt is none of them");
        let _ = limits.on_reply(at(1), &mut passage(5), Outcome::Success);
        assert_eq!(limits.on_call(at(1), &mut retry(6)), REFUSED);
        limits.on_abandon(at(2), &retry(1));
        assert_eq!(limits.on_call(at(2), &mut retry(7)), Down::Pass);
    }
}
