//! LRU's hits at every size at once, from how many other keys were asked for between two uses of each.
//!
//! A use hits in an LRU cache that holds more objects than different keys came in between. Mattson, Gecsei, Slutz &
//! Traiger, *Evaluation techniques for storage hierarchies*, IBM Systems Journal 9(2), 1970; distances are counted in
//! a Fenwick tree over the times of last uses (Bennett & Kruskal, 1975), rebuilt when times run out, so that memory is
//! proportional to the number of keys.

use super::index::Index;

/// Counts reuse distances as requests come by.
#[derive(Clone, Debug, Default)]
pub struct ReuseDistances {
    /// From a key to its row in `last`.
    index: Index,
    /// The time of each key's last use, from 1.
    last: Vec<u32>,
    tree: Fenwick,
    now: u32,
    /// How many uses had this many other keys in between.
    distances: Vec<u64>,
    requests: u64,
}

impl ReuseDistances {
    /// Counts a request; how many other keys were asked for since the last one for this key, none if it is the first.
    pub fn record(&mut self, key: u64) -> Option<usize> {
        if self.now as usize == self.tree.len() {
            self.compact();
        }
        self.now += 1;
        self.requests += 1;
        let distance = self.index.find(key).map(|row| self.again(row as usize));
        if distance.is_none() {
            self.index.insert(key, self.last.len() as u32);
            self.last.push(self.now);
        }
        self.tree.add(self.now, 1);
        distance
    }

    fn again(&mut self, row: usize) -> usize {
        let before = std::mem::replace(&mut self.last[row], self.now);
        // Every key used since is counted once, at its last use.
        let distance = self.last.len() - self.tree.sum(before) as usize;
        self.tree.add(before, -1);
        if distance >= self.distances.len() {
            self.distances.resize(distance + 1, 0);
        }
        self.distances[distance] += 1;
        distance
    }

    /// Renumbers last uses without gaps, with as many times again to come.
    fn compact(&mut self) {
        let mut rows: Vec<u32> = (0..self.last.len() as u32).collect();
        rows.sort_unstable_by_key(|&row| self.last[row as usize]);
        self.tree = Fenwick::new((2 * rows.len()).max(1024));
        self.now = 0;
        for row in rows {
            self.now += 1;
            self.last[row as usize] = self.now;
            self.tree.add(self.now, 1);
        }
    }

    /// How many requests were recorded.
    pub const fn requests(&self) -> u64 {
        self.requests
    }

    /// How many different keys were asked for.
    pub const fn keys(&self) -> usize {
        self.last.len()
    }

    /// How many requests hit in an LRU cache of so many objects.
    pub fn hits(&self, capacity: usize) -> u64 {
        self.distances.iter().take(capacity).sum()
    }

    /// The share of requests that miss in an LRU cache of 0, 1, 2 … objects, up to the size at which only first uses
    /// do. Empty if nothing was recorded.
    pub fn miss_ratios(&self) -> Vec<f64> {
        if self.requests == 0 {
            return Vec::new();
        }
        let missed = self.distances.iter().scan(self.requests, |missed, &hits| {
            *missed -= hits;
            Some(*missed)
        });
        std::iter::once(self.requests)
            .chain(missed)
            .map(|missed| missed as f64 / self.requests as f64)
            .collect()
    }
}

/// Counts at times from 1, and their sums up to any of them.
#[derive(Clone, Debug, Default)]
struct Fenwick(Vec<i64>);

impl Fenwick {
    fn new(times: usize) -> Self {
        Self(vec![0; times])
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn add(&mut self, time: u32, count: i64) {
        let mut at = time as usize;
        while let Some(sum) = self.0.get_mut(at - 1) {
            *sum += count;
            at += at & at.wrapping_neg();
        }
    }

    /// The sum of the counts up to a time, that time included.
    fn sum(&self, time: u32) -> i64 {
        let (mut at, mut sum) = (time as usize, 0);
        while at > 0 {
            sum += self.0[at - 1];
            at &= at - 1;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_other_keys() {
        let mut reuse = ReuseDistances::default();
        let distances: Vec<_> = b"abcacbbdad".iter().map(|&key| reuse.record(u64::from(key))).collect();
        let (first, at) = (None, Some);
        assert_eq!(distances, [first, first, first, at(2), at(1), at(2), at(0), first, at(3), at(1)]);
        assert_eq!(reuse.miss_ratios(), [1.0, 0.9, 0.7, 0.5, 0.4]);
        assert_eq!((reuse.requests(), reuse.keys(), reuse.hits(2), reuse.hits(99)), (10, 4, 3, 6));
        assert!(ReuseDistances::default().miss_ratios().is_empty());
    }
}
