//! Sessions: who has a right to see what it wrote itself.
//!
//! Read your writes: a client's read shows its own earlier writes, or later ones (Terry et al., *Session guarantees for
//! weakly consistent replicated data*, 1994). Only what some replica does not have yet is remembered.

use std::collections::BTreeMap;

use sim_core::time::{SimDuration, SimTime};

use super::Version;

/// A client: its workload, and who it is there.
pub type Session = (u16, u32);

/// What clients wrote lately.
#[derive(Clone, Debug, Default)]
pub struct Sessions {
    /// By key: who wrote which version, and since when it knows that it did.
    written: BTreeMap<u64, Vec<(Session, Version, SimTime)>>,
    /// When each client wrote last, if somebody wants to know.
    last: BTreeMap<Session, SimTime>,
}

impl Sessions {
    /// A client's write is acknowledged, which may be an older one than it heard of last.
    pub fn on_write(&mut self, session: Session, key: u64, version: Version, now: SimTime) {
        let own = self.written.entry(key).or_default();
        if own.iter().any(|(who, newer, _)| *who == session && *newer > version) {
            return;
        }
        own.retain(|(who, _, _)| *who != session);
        own.push((session, version, now));
    }

    /// Whether a read that a client sent then shows less than what it wrote before.
    pub fn violates(&self, session: Session, key: u64, version: Version, sent: SimTime) -> bool {
        let own = self.written.get(&key).into_iter().flatten();
        own.into_iter().any(|(who, wrote, known)| *who == session && *known <= sent && version < *wrote)
    }

    /// Every replica has a key's changes up to this one, or all of them.
    pub fn forget(&mut self, key: u64, everywhere: Option<Version>) {
        let Some(least) = everywhere else {
            self.written.remove(&key);
            return;
        };
        if let Some(own) = self.written.get_mut(&key) {
            own.retain(|(_, version, _)| *version > least);
        }
    }

    /// Remembers that a client wrote.
    pub fn note(&mut self, session: Session, now: SimTime) {
        self.last.insert(session, now);
    }

    /// Whether a client wrote within so long.
    pub fn wrote_within(&self, session: Session, within: SimDuration, now: SimTime) -> bool {
        self.last.get(&session).is_some_and(|last| now.since(*last) < within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(secs: u64) -> SimTime {
        SimTime::from_nanos(secs * 1_000_000_000)
    }

    #[test]
    fn a_client_must_see_what_it_knows_it_wrote() {
        let mut sessions = Sessions::default();
        sessions.on_write((0, 1), 7, 3, at(10));
        assert!(sessions.violates((0, 1), 7, 2, at(10)));
        assert!(!sessions.violates((0, 1), 7, 3, at(10)), "that is what it wrote");
        assert!(!sessions.violates((0, 1), 7, 2, at(9)), "asked before it was told");
        assert!(!sessions.violates((0, 2), 7, 2, at(10)), "somebody else");
        sessions.on_write((0, 1), 7, 2, at(11));
        assert!(sessions.violates((0, 1), 7, 2, at(11)), "it has heard of the newer one before");
        sessions.forget(7, Some(2));
        assert!(sessions.violates((0, 1), 7, 2, at(10)), "some have only version 2");
        sessions.forget(7, Some(3));
        assert!(!sessions.violates((0, 1), 7, 2, at(10)));
    }

    #[test]
    fn a_client_wrote_lately_for_so_long() {
        let mut sessions = Sessions::default();
        sessions.note((0, 1), at(10));
        let within = |now| sessions.wrote_within((0, 1), SimDuration::from_secs(5), now);
        assert_eq!([at(10), at(14), at(15)].map(within), [true, true, false]);
    }
}
