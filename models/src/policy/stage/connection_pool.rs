//! Connection pool: a call needs one of so many connections to its callee and holds it until its reply.
//!
//! Who finds none waits in line for one, and gives up after a while. A [bulkhead](super::bulkhead) refuses at once what a pool
//! lets wait for half a minute, so a slow callee fills the pool and then the callers' threads. A call that is given up
//! gives its connection back: the pool closes it and opens another. By Little's law `max` connections held for S
//! each carry at most max/S calls a second. HikariCP: `maximumPoolSize` 10, `connectionTimeout` 30 s.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

use super::{
    Down, Passage, Stage, Up, Woken,
    turnstile::{Entry, Turnstile},
};
use crate::request::{Outcome, Reason};

/// `ConnectionPool`: how many connections, and how long calls wait for one.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Connections, at least 1. Default 10 (HikariCP `maximumPoolSize`).
    pub max: u32,
    /// How long a call waits for one. Default 30 s (HikariCP `connectionTimeout`).
    pub acquire_timeout: SimDuration,
    /// Most calls that wait. Default: any number (HikariCP).
    pub max_waiting: Option<u32>,
}

impl Default for Spec {
    fn default() -> Self {
        Self { max: 10, acquire_timeout: SimDuration::from_secs(30), max_waiting: None }
    }
}

impl Spec {
    pub(crate) fn check(&self, check: &mut Check) {
        check.require(self.max >= 1, "max", || "max must be at least 1, got 0".into());
        check.require(!self.acquire_timeout.is_zero(), "acquire_timeout", || {
            "acquire_timeout must be above 0; with max_waiting: 0 nobody waits".into()
        });
    }

    pub(super) fn build(&self, _: SimTime) -> State {
        let connections = Turnstile::new(self.max, self.max_waiting.unwrap_or(u32::MAX));
        State { acquire_timeout: self.acquire_timeout, connections }
    }
}

/// Connections in use and who waits for one.
#[derive(Debug)]
pub struct State {
    acquire_timeout: SimDuration,
    connections: Turnstile,
}

impl Stage for State {
    fn on_call(&mut self, now: SimTime, passage: &mut Passage) -> Down {
        match self.connections.enter(passage.id) {
            Entry::Inside => Down::Pass,
            Entry::Waits => Down::Hold(now + self.acquire_timeout),
            Entry::Full => Down::Refuse(Reason::NoConnection),
        }
    }

    fn on_reply(&mut self, _: SimTime, _: &mut Passage, reply: Outcome) -> Up {
        self.connections.go();
        Up::Deliver(reply)
    }

    fn on_wake(&mut self, _: SimTime, passage: &mut Passage) -> Woken {
        self.connections.leave(passage.id);
        Woken::Deliver(Outcome::Failure(Reason::NoConnection))
    }

    fn on_abandon(&mut self, _: SimTime, passage: &Passage) {
        self.connections.leave(passage.id);
    }

    fn release(&mut self, _: SimTime) -> Option<u64> {
        self.connections.release()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::stage::testing::{at, passage};

    #[test]
    fn a_call_waits_for_a_connection_and_gives_up_after_the_acquire_timeout() {
        let mut pool = Spec { max: 1, max_waiting: Some(2), ..Spec::default() }.build(at(0));
        assert_eq!(pool.on_call(at(0), &mut passage(1)), Down::Pass);
        assert_eq!(pool.on_call(at(1), &mut passage(2)), Down::Hold(at(30_001)), "HikariCP waits 30 s");
        assert_eq!(pool.on_call(at(2), &mut passage(3)), Down::Hold(at(30_002)));
        let none = Reason::NoConnection;
        assert_eq!(pool.on_call(at(3), &mut passage(4)), Down::Refuse(none), "nobody else may wait");
        let failed = Outcome::Failure(Reason::Error);
        assert_eq!(pool.on_reply(at(4), &mut passage(1), failed), Up::Deliver(failed));
        assert_eq!(pool.release(at(4)), Some(2), "first come, first served");
        assert_eq!(pool.release(at(4)), None);
        assert_eq!(pool.on_wake(at(30_002), &mut passage(3)), Woken::Deliver(Outcome::Failure(none)));
    }

    #[test]
    fn ten_connections_unless_it_is_said_how_many() {
        let mut pool = Spec::default().build(at(0));
        let passing = (0..11).filter(|id| pool.on_call(at(0), &mut passage(*id)) == Down::Pass).count();
        assert_eq!(passing, 10, "HikariCP's maximumPoolSize");
        pool.on_abandon(at(1), &passage(0));
        assert_eq!(pool.release(at(1)), Some(10), "whoever gives up gives its connection back");
    }
}
