//! From keys to places: one hash map with a fixed hash, since an attacker of hashes has no place in a simulation.

use std::hash::Hasher;

use hashbrown::HashTable;
use rustc_hash::FxHasher;

/// A map from key to place. Its order is never looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct Index(HashTable<(u64, u32)>);

#[inline]
fn hash(key: u64) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write_u64(key);
    hasher.finish()
}

impl Index {
    pub(super) const fn new() -> Self {
        Self(HashTable::new())
    }

    #[inline]
    pub(super) fn find(&self, key: u64) -> Option<u32> {
        self.0.find(hash(key), |entry| entry.0 == key).map(|entry| entry.1)
    }

    /// Adds a key that is not in it.
    #[inline]
    pub(super) fn insert(&mut self, key: u64, place: u32) {
        self.0.insert_unique(hash(key), (key, place), |entry| hash(entry.0));
    }

    #[inline]
    pub(super) fn remove(&mut self, key: u64) -> Option<u32> {
        let entry = self.0.find_entry(hash(key), |entry| entry.0 == key).ok()?;
        Some(entry.remove().0.1)
    }
}
