//! Locks: one holder of each key, the others wait in order of coming, or give up at once.
//!
//! Gray 1978 (two-phase locking); Rosenkrantz, Stearns & Lewis, *System level concurrency control for distributed
//! database systems*, 1978 (wait-die); Harding et al., *An evaluation of distributed concurrency control*, 2017 (the
//! three beside one another).

use std::collections::{BTreeMap, VecDeque};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::time::SimDuration;

/// What becomes of one who needs a key that another holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum OnConflict {
    /// It waits, in order of coming, for at most so long: what ends a deadlock.
    Wait(SimDuration),
    /// It gives up at once, so that nobody ever waits for a circle.
    NoWait,
    /// It waits for those that began after it, and gives up before those that began earlier: no circle closes.
    WaitDie,
}

impl Default for OnConflict {
    /// MySQL's `innodb_lock_wait_timeout`.
    fn default() -> Self {
        Self::Wait(SimDuration::from_secs(50))
    }
}

/// The answer to one who needs a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// It holds it.
    Granted,
    /// It stands in line.
    Waits,
    /// It does not get it.
    Refused,
}

/// Who holds which key, and who waits. `T` tells claimants apart; `age` orders them, the oldest first.
#[derive(Clone, Debug)]
pub struct Locks<T> {
    on_conflict: OnConflict,
    /// By key: the holder, then who waits.
    lines: BTreeMap<u64, VecDeque<(T, u64)>>,
}

impl<T: PartialEq + Copy> Locks<T> {
    /// No key is held.
    pub const fn new(on_conflict: OnConflict) -> Self {
        Self { on_conflict, lines: BTreeMap::new() }
    }

    /// Somebody of that age needs a key.
    pub fn request(&mut self, key: u64, who: T, age: u64) -> Request {
        let line = self.lines.entry(key).or_default();
        let waits = match self.on_conflict {
            OnConflict::Wait(_) => true,
            OnConflict::NoWait => false,
            OnConflict::WaitDie => line.iter().all(|(_, other)| age < *other),
        };
        let answer = match (line.is_empty(), waits) {
            (true, _) => Request::Granted,
            (false, true) => Request::Waits,
            (false, false) => Request::Refused,
        };
        if answer != Request::Refused {
            line.push_back((who, age));
        }
        answer
    }

    /// How long one may wait, if that has an end.
    pub const fn patience(&self) -> Option<SimDuration> {
        match self.on_conflict {
            OnConflict::Wait(length) => Some(length),
            OnConflict::NoWait | OnConflict::WaitDie => None,
        }
    }

    /// Somebody gives a key back, or no longer waits for it; who holds it from now on, if that is another.
    pub fn release(&mut self, key: u64, who: T) -> Option<T> {
        let line = self.lines.get_mut(&key)?;
        let held = line.front().is_some_and(|(holder, _)| *holder == who);
        line.retain(|(waits, _)| *waits != who);
        let next = line.front().map(|(next, _)| *next);
        if line.is_empty() {
            self.lines.remove(&key);
        }
        next.filter(|_| held)
    }

    /// How many keys are held, and how many wait for one.
    pub fn counts(&self) -> (usize, usize) {
        let claims: usize = self.lines.values().map(VecDeque::len).sum();
        (self.lines.len(), claims - self.lines.len())
    }

    /// Who holds something.
    pub fn holders(&self) -> impl Iterator<Item = T> {
        self.lines.values().filter_map(|line| line.front().map(|(holder, _)| *holder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(on_conflict: OnConflict, ages: [u64; 4]) -> [Request; 4] {
        let mut locks = Locks::new(on_conflict);
        ages.map(|age| locks.request(7, age, age))
    }

    #[test]
    fn who_comes_second_waits_or_gives_up() {
        use Request::{Granted, Refused, Waits};
        let ages = [5, 3, 9, 1];
        assert_eq!(answers(OnConflict::default(), ages), [Granted, Waits, Waits, Waits]);
        assert_eq!(answers(OnConflict::NoWait, ages), [Granted, Refused, Refused, Refused]);
        // The older waits, the younger dies.
        assert_eq!(answers(OnConflict::WaitDie, ages), [Granted, Waits, Refused, Waits]);
    }

    #[test]
    fn a_key_goes_to_the_first_in_line() {
        let mut locks = Locks::new(OnConflict::default());
        for who in ['a', 'b', 'c'] {
            locks.request(7, who, 0);
        }
        assert_eq!(locks.counts(), (1, 2));
        assert_eq!(locks.release(7, 'b'), None, "who waits leaves");
        assert_eq!(locks.release(7, 'a'), Some('c'));
        assert_eq!((locks.holders().collect::<Vec<_>>(), locks.counts()), (vec!['c'], (1, 0)));
        assert_eq!((locks.release(7, 'c'), locks.request(7, 'd', 0)), (None, Request::Granted));
    }
}
