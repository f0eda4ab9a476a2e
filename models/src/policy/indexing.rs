//! An index that follows its keys: which changes it does not show yet.
//!
//! The newest change of a key wins: whoever hears of changes in another order than they were made keeps the last of them, so
//! that an entry which comes too late is of no use. Values that show everything take no room, so that memory follows what
//! is on its way.

use std::collections::BTreeMap;

use sim_core::time::SimTime;

/// The changes that an index does not show, by the value under which they belong.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    missing: BTreeMap<u64, Vec<Change>>,
    /// Changes so far.
    made: u64,
}

/// A change of a key whose entry is to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The value under which it belongs.
    pub value: u64,
    /// The key.
    pub key: u64,
    /// Its number among all of the index, in order of coming.
    pub number: u64,
    /// When it was acknowledged.
    pub since: SimTime,
}

impl Entries {
    /// A key that has this value is changed.
    pub fn write(&mut self, value: u64, key: u64, now: SimTime) -> Change {
        self.made += 1;
        let change = Change { value, key, number: self.made, since: now };
        self.missing.entry(value).or_default().push(change);
        change
    }

    /// The entry of a change is there, and with it all that went before it.
    pub fn apply(&mut self, change: Change) {
        let Some(missing) = self.missing.get_mut(&change.value) else { return };
        missing.retain(|other| other.key != change.key || other.number > change.number);
        if missing.is_empty() {
            self.missing.remove(&change.value);
        }
    }

    /// Since when what the index shows under a value has not been true, if it is not.
    pub fn untrue_since(&self, value: u64) -> Option<SimTime> {
        self.missing.get(&value)?.first().map(|change| change.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(secs: u64) -> SimTime {
        SimTime::from_nanos(secs * 1_000_000_000)
    }

    #[test]
    fn what_is_missing_is_missing_since_the_first_of_it() {
        let mut entries = Entries::default();
        let first = entries.write(3, 13, at(1));
        let second = entries.write(3, 23, at(2));
        let third = entries.write(3, 13, at(3));
        assert_eq!((entries.untrue_since(3), entries.untrue_since(4)), (Some(at(1)), None));
        entries.apply(third);
        assert_eq!(
            entries.untrue_since(3),
            Some(at(2)),
            "the newest of key 13 is there, the other key is not"
        );
        entries.apply(first);
        assert_eq!(entries.untrue_since(3), Some(at(2)), "too late, of no use");
        entries.apply(second);
        assert_eq!(entries.untrue_since(3), None);
        assert!(entries.missing.is_empty(), "takes no room");
    }
}
