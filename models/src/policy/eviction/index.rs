//! From keys to places and back: one hash table with a fixed hash, since an attacker of hashes has no place in a
//! simulation.

use std::hash::Hasher;

use hashbrown::HashTable;
use rustc_hash::FxHasher;

/// A key for each place that is taken. The table holds places alone, which makes it a quarter as large as one of keys and
/// places: it is what a large cache waits for. Its order is never looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    table: HashTable<u32>,
    keys: Vec<u64>,
}

#[inline]
fn hash(key: u64) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write_u64(key);
    hasher.finish()
}

impl Index {
    pub(super) const fn new() -> Self {
        Self { table: HashTable::new(), keys: Vec::new() }
    }

    /// The place of a key.
    #[inline]
    pub(super) fn find(&self, key: u64) -> Option<u32> {
        self.table.find(hash(key), |&place| self.keys[place as usize] == key).copied()
    }

    /// The key that was last put in a place.
    #[inline]
    pub(super) fn key(&self, place: u32) -> u64 {
        self.keys[place as usize]
    }

    /// How many keys are in it.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// Puts a key that is not in it in a place that is free, or the next new one.
    #[inline]
    pub(super) fn insert(&mut self, key: u64, place: u32) {
        if place as usize == self.keys.len() {
            self.keys.push(key);
        } else {
            self.keys[place as usize] = key;
        }
        let keys = &self.keys;
        self.table.insert_unique(hash(key), place, |&place| hash(keys[place as usize]));
    }

    /// Frees a place that is taken.
    #[inline]
    pub(super) fn remove(&mut self, place: u32) {
        if let Ok(entry) = self.table.find_entry(hash(self.key(place)), |&other| other == place) {
            entry.remove();
        }
    }
}
