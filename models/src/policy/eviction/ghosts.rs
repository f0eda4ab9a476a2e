//! Keys that left a cache, remembered for a while: what comes back soon was evicted too early.

use super::{
    index::Index,
    list::{Links, PerSlot, Segment},
};

/// Keys in the order in which they left, with what they weighed.
#[derive(Clone, Debug, Default)]
pub(super) struct Ghosts {
    index: Index,
    links: Links,
    order: Segment,
    rows: PerSlot<(u64, u64)>,
    free: Vec<u32>,
}

impl Ghosts {
    /// What all of them weighed.
    #[inline]
    pub(super) const fn weight(&self) -> u64 {
        self.order.weight()
    }

    /// Remembers a key as the newest.
    pub(super) fn insert(&mut self, key: u64, weight: u64) {
        self.take(key);
        // Places are numbered from 0 without gaps: those in use and those that are free.
        let place = self.free.pop().unwrap_or(self.index.len() as u32);
        self.rows.put(place, (key, weight));
        self.order.push(&mut self.links, place, weight);
        self.index.insert(key, place);
    }

    #[inline]
    pub(super) fn contains(&self, key: u64) -> bool {
        self.index.find(key).is_some()
    }

    /// Forgets a key; whether it was remembered.
    #[inline]
    pub(super) fn take(&mut self, key: u64) -> bool {
        let place = self.index.remove(key);
        if let Some(place) = place {
            self.unlink(place);
        }
        place.is_some()
    }

    /// Forgets the oldest keys until the others weigh no more than that.
    pub(super) fn trim(&mut self, limit: u64) {
        while self.weight() > limit
            && let Some(place) = self.order.oldest()
        {
            self.index.remove(self.rows[place].0);
            self.unlink(place);
        }
    }

    fn unlink(&mut self, place: u32) {
        self.order.unlink(&mut self.links, place, self.rows[place].1);
        self.free.push(place);
    }
}
