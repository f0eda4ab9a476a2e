//! What is true: how often each key of a component was changed, and when, as an omniscient observer knows it.
//!
//! Nothing in the system acts on it but what really knows it: a component knows what it holds itself, and whoever it
//! answers knows what it was told. Who serves something older is found out by comparing.

use std::collections::{BTreeMap, VecDeque};

use sim_core::time::{SimDuration, SimTime};
use slotmap::SecondaryMap;

use crate::request::CallId;

pub use crate::policy::replication::Version;

/// Changes of a key that are remembered with their times.
const REMEMBERED: usize = 16;

/// What is true of the keys of those components that caches keep answers of.
#[derive(Debug, Default)]
pub struct Truth {
    /// By component.
    sources: BTreeMap<u16, BTreeMap<u64, Changes>>,
    /// Which version each call was told last.
    told: SecondaryMap<CallId, Version>,
}

/// The changes of one key.
#[derive(Debug, Default)]
struct Changes {
    version: Version,
    /// The last one that somebody has begun to make, if it took that two steps.
    begun: Version,
    /// When the latest of them were, the last one at the end.
    times: VecDeque<SimTime>,
}

impl Changes {
    fn advance(&mut self, now: SimTime) {
        self.version += 1;
        if self.times.len() == REMEMBERED {
            self.times.pop_front();
        }
        self.times.push_back(now);
    }
}

impl Truth {
    /// Follows the keys of a component.
    pub fn follow(&mut self, node: u16) {
        self.sources.entry(node).or_default();
    }

    /// Whether nothing is followed.
    pub fn is_idle(&self) -> bool {
        self.sources.is_empty()
    }

    /// Whether a component's keys are followed.
    pub fn follows(&self, node: u16) -> bool {
        self.sources.contains_key(&node)
    }

    /// A key is changed; its version from now on.
    pub fn change(&mut self, node: u16, key: u64, now: SimTime) -> Version {
        let Some(changes) = self.sources.get_mut(&node).map(|keys| keys.entry(key).or_default()) else {
            return 0;
        };
        changes.advance(now);
        changes.begun = changes.begun.max(changes.version);
        changes.version
    }

    /// Somebody begins to change a key: its version, once that is settled.
    pub fn begin(&mut self, node: u16, key: u64) -> Version {
        let Some(changes) = self.sources.get_mut(&node).map(|keys| keys.entry(key).or_default()) else {
            return 0;
        };
        changes.begun += 1;
        changes.begun
    }

    /// A change that was begun is true, and with it those before that nobody settled.
    pub fn settle(&mut self, node: u16, key: u64, version: Version, now: SimTime) {
        let Some(changes) = self.sources.get_mut(&node).and_then(|keys| keys.get_mut(&key)) else { return };
        while changes.version < version {
            changes.advance(now);
        }
    }

    /// The last version of a key that somebody has begun to make.
    pub fn begun(&self, node: u16, key: u64) -> Version {
        self.sources.get(&node).and_then(|keys| keys.get(&key)).map_or(0, |changes| changes.begun)
    }

    /// The version of a key now.
    pub fn version(&self, node: u16, key: u64) -> Version {
        self.sources.get(&node).and_then(|keys| keys.get(&key)).map_or(0, |changes| changes.version)
    }

    /// How long a version of a key has not been true, if it is not; at least so long where that was many changes ago.
    pub fn age(&self, node: u16, key: u64, version: Version, now: SimTime) -> Option<SimDuration> {
        let changes = self.sources.get(&node)?.get(&key)?;
        let behind = changes.version.checked_sub(version).filter(|behind| *behind > 0)? as usize;
        let place = changes.times.len().saturating_sub(behind);
        changes.times.get(place).map(|changed| now.since(*changed))
    }

    /// A call is told a version.
    pub fn tell(&mut self, call: CallId, version: Version) {
        self.told.insert(call, version);
    }

    /// The version a call was told last.
    pub fn told(&self, call: CallId) -> Option<Version> {
        self.told.get(call).copied()
    }

    /// A call is over: what it was told goes on to whoever asked, and is forgotten here.
    pub fn pass_on(&mut self, call: CallId, parent: Option<CallId>) {
        if let (Some(version), Some(parent)) = (self.told.remove(call), parent) {
            self.told.insert(parent, version);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(secs: u64) -> SimTime {
        SimTime::from_nanos(secs * 1_000_000_000)
    }

    #[test]
    fn an_old_version_is_as_old_as_the_change_after_it() {
        let mut truth = Truth::default();
        truth.follow(3);
        assert_eq!((truth.version(3, 7), truth.age(3, 7, 0, at(9))), (0, None));
        assert_eq!((truth.change(3, 7, at(10)), truth.change(3, 7, at(20))), (1, 2));
        assert_eq!(
            truth.age(3, 7, 0, at(25)),
            Some(SimDuration::from_secs(15)),
            "untrue since the first change"
        );
        assert_eq!(truth.age(3, 7, 1, at(25)), Some(SimDuration::from_secs(5)));
        assert_eq!(truth.age(3, 7, 2, at(25)), None);
        assert_eq!(truth.change(4, 7, at(1)), 0, "nobody follows that one");
        assert_eq!((truth.begin(3, 8), truth.begin(3, 8), truth.version(3, 8)), (1, 2, 0));
        truth.settle(3, 8, 2, at(5));
        truth.settle(3, 8, 1, at(6));
        assert_eq!((truth.version(3, 8), truth.age(3, 8, 1, at(9))), (2, Some(SimDuration::from_secs(4))));
        for second in 30..60 {
            truth.change(3, 7, at(second));
        }
        assert_eq!(truth.age(3, 7, 0, at(60)), Some(SimDuration::from_secs(16)), "at least");
    }
}
