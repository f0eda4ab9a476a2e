//! Sticky sessions: a table that remembers which backend a session went to.
//!
//! Unlike consistent hashing the answer does not move when backends come; it is lost only when the backend
//! goes, when the session is idle for `ttl`, or when the table is full and the session is the one unused for
//! longest. What is lost is balanced afresh.
//! HAProxy `stick-table` (a full table drops its oldest, a use renews the expiry); nginx `sticky learn`.

use std::collections::{BTreeMap, VecDeque};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

/// Which sessions are remembered, and for how long.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StickySpec {
    /// How many sessions the table holds, at least 1; 100000. HAProxy's `size`, which has no default.
    pub capacity: usize,
    /// How long an unused session is remembered; `"10min"`, nginx's `timeout` of `sticky learn`.
    pub ttl: SimDuration,
}

impl Default for StickySpec {
    fn default() -> Self {
        Self { capacity: 100_000, ttl: SimDuration::from_secs(600) }
    }
}

impl StickySpec {
    /// Reports what is wrong with the values.
    pub fn check(&self, check: &mut Check) {
        check.require(self.capacity > 0, "capacity", || "capacity must be at least 1, got 0".into());
        check.require(!self.ttl.is_zero(), "ttl", || "ttl must be above 0".into());
    }

    /// An empty table.
    pub fn build(&self) -> Sticky {
        Sticky { spec: self.clone(), sessions: BTreeMap::new(), uses: VecDeque::new(), next_use: 0 }
    }
}

/// What the table knows of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It belongs to this backend, which may be used.
    At(usize),
    /// It belonged to this backend, which is gone; the table has forgotten it.
    Lost(usize),
    /// Never seen, or forgotten for its age or for want of room.
    No,
}

/// The table of sessions.
#[derive(Debug)]
pub struct Sticky {
    spec: StickySpec,
    sessions: BTreeMap<u64, Session>,
    /// Uses in order of time; only the newest of each session counts, the others are stale.
    uses: VecDeque<(u64, u64)>,
    next_use: u64,
}

#[derive(Clone, Copy, Debug)]
struct Session {
    backend: usize,
    used: u64,
    expires: SimTime,
}

impl Sticky {
    /// Where `session` belongs; a use renews it. `usable` says whether a backend may serve it now.
    pub fn find(&mut self, now: SimTime, session: u64, usable: impl FnOnce(usize) -> bool) -> Known {
        let Some(entry) = self.sessions.get(&session).copied() else { return Known::No };
        if entry.expires <= now {
            self.sessions.remove(&session);
            return Known::No;
        }
        if !usable(entry.backend) {
            self.sessions.remove(&session);
            return Known::Lost(entry.backend);
        }
        self.bind(now, session, entry.backend);
        Known::At(entry.backend)
    }

    /// Remembers that `session` went to `backend`.
    pub fn bind(&mut self, now: SimTime, session: u64, backend: usize) {
        let used = self.next_use;
        self.next_use += 1;
        self.sessions.insert(session, Session { backend, used, expires: now + self.spec.ttl });
        self.uses.push_back((session, used));
        self.make_room(now);
    }

    /// How many sessions are remembered, expired ones that still take room included.
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Whether no session is remembered.
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// Drops the longest unused while they are expired, stale or too many.
    fn make_room(&mut self, now: SimTime) {
        while let Some(&(session, used)) = self.uses.front() {
            let newest = self.sessions.get(&session).filter(|entry| entry.used == used);
            if newest.is_some_and(|entry| entry.expires > now) && self.sessions.len() <= self.spec.capacity {
                break;
            }
            if newest.is_some() {
                self.sessions.remove(&session);
            }
            self.uses.pop_front();
        }
        // Stale uses behind a live front: swept when they outnumber the sessions, so a use costs O(1) on average.
        if self.uses.len() > 2 * self.sessions.len() + 16 {
            let sessions = &self.sessions;
            self.uses
                .retain(|(session, used)| sessions.get(session).is_some_and(|entry| entry.used == *used));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(seconds)
    }

    fn table(capacity: usize) -> Sticky {
        StickySpec { capacity, ttl: SimDuration::from_secs(10) }.build()
    }

    #[test]
    fn a_session_stays_where_it_was() {
        let mut sticky = table(10);
        assert_eq!(sticky.find(at(0), 7, |_| true), Known::No);
        sticky.bind(at(0), 7, 3);
        assert_eq!(sticky.find(at(1), 7, |_| true), Known::At(3));
    }

    #[test]
    fn a_use_renews_the_expiry_and_idleness_ends_it() {
        let mut sticky = table(10);
        sticky.bind(at(0), 7, 3);
        assert_eq!(sticky.find(at(9), 7, |_| true), Known::At(3));
        assert_eq!(sticky.find(at(18), 7, |_| true), Known::At(3));
        assert_eq!(sticky.find(at(28), 7, |_| true), Known::No, "ten seconds after the last use");
    }

    #[test]
    fn a_lost_backend_is_told_once_and_forgotten() {
        let mut sticky = table(10);
        sticky.bind(at(0), 7, 3);
        assert_eq!(sticky.find(at(1), 7, |backend| backend != 3), Known::Lost(3));
        assert_eq!(sticky.find(at(1), 7, |_| true), Known::No);
        sticky.bind(at(1), 7, 1);
        assert_eq!(sticky.find(at(2), 7, |_| true), Known::At(1), "it does not go back by itself");
    }

    #[test]
    fn a_full_table_forgets_the_longest_unused() {
        let mut sticky = table(2);
        sticky.bind(at(0), 1, 0);
        sticky.bind(at(1), 2, 0);
        sticky.find(at(2), 1, |_| true);
        sticky.bind(at(3), 3, 0);
        assert_eq!(sticky.len(), 2);
        assert_eq!(
            [1, 2, 3].map(|session| sticky.find(at(4), session, |_| true)),
            [Known::At(0), Known::No, Known::At(0)]
        );
    }

    #[test]
    fn memory_stays_bounded_however_often_one_session_is_used() {
        let mut sticky = table(100);
        for use_ in 0..100_000 {
            // Session 1 blocks the front of the line, session 2 makes it stale.
            sticky.bind(SimTime::from_nanos(use_), use_ % 50 / 49, 0);
            assert!(sticky.uses.len() <= 2 * sticky.len() + 17);
        }
    }
}
