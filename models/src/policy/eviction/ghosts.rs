//! Keys that left a cache, remembered for a while: what comes back soon was evicted too early.

use super::{
    Entries, Slot,
    list::{Links, Segment},
};

/// Slots whose objects left, in that order, with what they weighed; linked as the policy's other lists are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ghosts {
    order: Segment,
}

impl Ghosts {
    /// What all of them weighed.
    #[inline]
    pub(super) const fn weight(&self) -> u64 {
        self.order.weight()
    }

    /// Remembers the key in a slot as the newest.
    #[inline]
    pub(super) fn push(&mut self, links: &mut Links, slot: Slot, weight: u64) {
        self.order.push(links, slot.0, weight);
    }

    /// Lets go of a key that comes back.
    #[inline]
    pub(super) fn take(&mut self, links: &mut Links, slot: Slot, entries: &Entries) {
        self.order.unlink(links, slot.0, entries.weight(slot));
    }

    /// Forgets the oldest keys until the others weigh no more than that.
    #[inline]
    pub(super) fn trim(&mut self, links: &mut Links, entries: &mut Entries, limit: u64) {
        while self.weight() > limit
            && let Some(oldest) = self.order.oldest().map(Slot)
        {
            self.take(links, oldest, entries);
            entries.forget(oldest);
        }
    }
}
