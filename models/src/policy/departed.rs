//! Why keys left a cache, as far back as is remembered.
//!
//! What comes to memory is bounded: a key that left longer ago than so many others is taken for one that never was there.

use std::collections::{BTreeMap, VecDeque};

/// Why the latest of the keys that left did so.
#[derive(Clone, Debug)]
pub struct Departed<W> {
    most: usize,
    reasons: BTreeMap<u64, (W, u64)>,
    /// Keys and the numbers of their departures, in order.
    order: VecDeque<(u64, u64)>,
    departures: u64,
}

impl<W: Copy> Departed<W> {
    /// Remembers so many at most.
    pub const fn new(most: usize) -> Self {
        Self { most, reasons: BTreeMap::new(), order: VecDeque::new(), departures: 0 }
    }

    /// A key leaves.
    pub fn leave(&mut self, key: u64, why: W) {
        self.departures += 1;
        self.reasons.insert(key, (why, self.departures));
        self.order.push_back((key, self.departures));
        while self.order.len() > self.most {
            let Some((key, departure)) = self.order.pop_front() else { return };
            if self.reasons.get(&key).is_some_and(|(_, latest)| *latest == departure) {
                self.reasons.remove(&key);
            }
        }
    }

    /// Why a key is not there; `None` if it never was, as far as is remembered.
    pub fn why(&self, key: u64) -> Option<W> {
        self.reasons.get(&key).map(|(why, _)| *why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_reason_counts_and_the_oldest_departure_is_forgotten() {
        let mut departed = Departed::new(3);
        for (key, why) in [(1, 'a'), (2, 'b'), (1, 'c'), (3, 'd')] {
            departed.leave(key, why);
        }
        assert_eq!([1, 2, 3, 4].map(|key| departed.why(key)), [Some('c'), Some('b'), Some('d'), None]);
        departed.leave(4, 'e');
        assert_eq!([1, 2, 3, 4].map(|key| departed.why(key)), [Some('c'), None, Some('d'), Some('e')]);
        assert!(departed.order.len() <= 3 && departed.reasons.len() <= 3);
    }
}
