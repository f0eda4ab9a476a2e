//! Space-Saving: the most frequent of a stream of keys, with a fixed number of counters.
//!
//! A key that is not counted takes the place of the one counted least, and its count as an error it may have. With m
//! counters no key is counted too high by more than total/m, and every key that came more often than that is among them.
//! Metwally, Agrawal & El Abbadi, *Efficient Computation of Frequent and Top-k Elements in Data Streams*, ICDT 2005.

use std::collections::{BTreeMap, BTreeSet};

/// Keys that came most, and how often.
#[derive(Clone, Debug)]
pub struct SpaceSaving {
    counters: usize,
    counted: BTreeMap<u64, Count>,
    /// The same by count; of equal counts the lowest key is the first to go.
    order: BTreeSet<(u64, u64)>,
    total: u64,
}

/// How often a key came at most, and by how much that may be too high.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// At most so often.
    pub most: u64,
    /// So much of that may be other keys'.
    pub error: u64,
}

impl SpaceSaving {
    /// Nothing seen yet; so many keys are counted at a time, at least one.
    pub fn new(counters: usize) -> Self {
        Self { counters: counters.max(1), counted: BTreeMap::new(), order: BTreeSet::new(), total: 0 }
    }

    /// A key comes.
    pub fn record(&mut self, key: u64) {
        self.total += 1;
        let before = if let Some(count) = self.counted.get(&key) {
            self.order.remove(&(count.most, key));
            *count
        } else {
            let least = self.make_room();
            Count { most: least, error: least }
        };
        let count = Count { most: before.most + 1, error: before.error };
        self.counted.insert(key, count);
        self.order.insert((count.most, key));
    }

    /// Lets the key counted least go if there is no counter left; its count, else 0.
    fn make_room(&mut self) -> u64 {
        if self.counted.len() < self.counters {
            return 0;
        }
        let Some((least, key)) = self.order.pop_first() else { return 0 };
        self.counted.remove(&key);
        least
    }

    /// How often a key came, if it is counted.
    pub fn count(&self, key: u64) -> Option<Count> {
        self.counted.get(&key).copied()
    }

    /// How many keys came in all.
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// How often the most frequent certainly came.
    pub fn most(&self) -> u64 {
        self.counted.values().map(|count| count.most - count.error).max().unwrap_or_default()
    }

    /// Keys that certainly came at least so often.
    pub fn at_least(&self, least: u64) -> impl Iterator<Item = u64> {
        let surely = move |(_, count): &(&u64, &Count)| count.most - count.error >= least;
        self.counted.iter().filter(surely).map(|(key, _)| *key)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.counted.clear();
        self.order.clear();
        self.total = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_example_of_the_paper() {
        // Metwally et al. 2005, figure 2: two counters, the stream X, Y, Y, Z: Z takes over from X with error 1.
        let mut keys = SpaceSaving::new(2);
        for key in [1, 2, 2] {
            keys.record(key);
        }
        assert_eq!(keys.count(1), Some(Count { most: 1, error: 0 }));
        assert_eq!(keys.count(2), Some(Count { most: 2, error: 0 }));
        keys.record(3);
        assert_eq!((keys.count(1), keys.count(3)), (None, Some(Count { most: 2, error: 1 })));
        assert_eq!(keys.at_least(2).collect::<Vec<_>>(), [2], "the third certainly came once only");
    }

    proptest! {
        #[test]
        fn counts_are_too_high_by_no_more_than_the_paper_says(
            keys in proptest::collection::vec(0..30_u64, 1..400), counters in 1..12_usize,
        ) {
            let mut seen = SpaceSaving::new(counters);
            for key in &keys {
                seen.record(*key);
            }
            let total = keys.len() as u64;
            prop_assert_eq!(seen.total(), total);
            let most = total / counters as u64;
            for key in 0..30 {
                let truly = keys.iter().filter(|other| **other == key).count() as u64;
                match seen.count(key) {
                    Some(count) => {
                        prop_assert!(count.most - count.error <= truly && truly <= count.most);
                        prop_assert!(count.error <= most);
                    }
                    None => prop_assert!(truly <= most, "lemma 4: whoever came more often is counted"),
                }
            }
            let sum: u64 = (0..30).filter_map(|key| seen.count(key)).map(|count| count.most).sum();
            prop_assert_eq!(sum, total, "lemma 1: the counters sum up to the stream's length");
        }
    }
}
