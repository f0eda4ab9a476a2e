//! Copies: which version of each key every replica has.
//!
//! The newest version wins: whoever hears of changes in another order than they were made keeps the last of them (last
//! writer wins, by the leader's numbers). Keys of which all replicas have the same take no room, so that memory follows
//! what is on its way.

use std::collections::BTreeMap;

use super::Version;

/// The versions that differ between replicas.
#[derive(Clone, Debug)]
pub struct Copies {
    replicas: usize,
    differing: BTreeMap<u64, Vec<Version>>,
}

impl Copies {
    /// So many replicas that all have the same.
    pub const fn new(replicas: usize) -> Self {
        Self { replicas, differing: BTreeMap::new() }
    }

    /// The leader, replica 0, changes a key: from the version before this one.
    pub fn write(&mut self, key: u64, version: Version) {
        let replicas = self.replicas;
        let before = version.saturating_sub(1);
        self.differing.entry(key).or_insert_with(|| vec![before; replicas]);
        self.apply(key, 0, version);
    }

    /// A replica hears of a version.
    pub fn apply(&mut self, key: u64, replica: usize, version: Version) {
        let Some(held) = self.differing.get_mut(&key) else { return };
        if let Some(own) = held.get_mut(replica) {
            *own = (*own).max(version);
        }
        if held.iter().all(|own| *own == held[0]) {
            self.differing.remove(&key);
        }
    }

    /// The version that a replica has of a key, unless all have the same.
    pub fn held(&self, key: u64, replica: usize) -> Option<Version> {
        self.differing.get(&key)?.get(replica).copied()
    }

    /// The version that all replicas have at least, unless all have the same.
    pub fn least(&self, key: u64) -> Option<Version> {
        self.differing.get(&key)?.iter().min().copied()
    }

    /// A replica gets all that the leader has of the keys that `of` says; those keys.
    pub fn catch_up(&mut self, replica: usize, of: impl Fn(u64) -> bool) -> Vec<u64> {
        let behind = |(key, held): (&u64, &Vec<Version>)| {
            (held.get(replica) < held.first() && of(*key)).then_some((*key, held[0]))
        };
        let missed: Vec<(u64, Version)> = self.differing.iter().filter_map(behind).collect();
        for (key, version) in &missed {
            self.apply(*key, replica, *version);
        }
        missed.into_iter().map(|(key, _)| key).collect()
    }

    /// How many changes of the keys that `of` says only the leader has.
    pub fn only_leader(&self, of: impl Fn(u64) -> bool) -> u64 {
        let ahead = |held: &Vec<Version>| {
            let next = held.iter().skip(1).max().copied().unwrap_or_default();
            u64::from(held[0].saturating_sub(next))
        };
        self.differing.iter().filter(|(key, _)| of(**key)).map(|(_, held)| ahead(held)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_wins_whatever_came_first() {
        let mut copies = Copies::new(3);
        copies.write(7, 1);
        copies.write(7, 2);
        let all = |copies: &Copies| [0, 1, 2].map(|replica| copies.held(7, replica));
        assert_eq!(all(&copies), [Some(2), Some(0), Some(0)]);
        assert_eq!(copies.only_leader(|_| true), 2);
        copies.apply(7, 1, 2);
        copies.apply(7, 1, 1);
        assert_eq!(all(&copies), [Some(2), Some(2), Some(0)], "the older one came later");
        assert_eq!((copies.only_leader(|_| true), copies.least(7)), (0, Some(0)));
        copies.apply(7, 2, 2);
        assert_eq!((all(&copies), copies.least(7)), ([None; 3], None), "all have the same");
    }

    #[test]
    fn who_was_away_gets_all_at_once() {
        let mut copies = Copies::new(2);
        for key in 0..4 {
            copies.write(key, 5);
        }
        assert_eq!(copies.held(0, 1), Some(4), "those before had come");
        assert_eq!(copies.catch_up(1, |key| key < 3), [0, 1, 2]);
        assert_eq!((copies.held(0, 1), copies.held(3, 1)), (None, Some(4)));
    }
}
