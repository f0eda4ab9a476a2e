//! Eviction: which object goes when a cache is full.
//!
//! A [`Cache`] keeps the objects, one hash map from key to slot, and asks a policy who has to go. The policy knows
//! slots, and what [`Entries`] tells of them; it keeps its own order and counters. One that remembers keys leaves them
//! their slots in the same map.

use sim_core::random::Stream;

mod arc;
mod cache;
mod climber;
mod clock;
mod entries;
mod fifo;
mod gdsf;
mod ghosts;
mod heap;
mod index;
#[cfg(test)]
mod laws;
mod lfu;
mod lirs;
mod list;
mod lru;
mod memcached;
mod no_eviction;
mod optimal;
mod random;
mod reuse;
mod s3_fifo;
mod sampled_lfu;
mod sampled_lru;
mod sampling;
mod share;
mod sieve;
mod sketch;
mod slru;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod theory;
mod tiny_lfu;
mod two_q;

pub use cache::{Cache, Evicted};
pub use entries::{Capacity, Entries, Newcomer, Slot};
pub use gdsf::Cost;
pub use optimal::{Admission, optimal_hits};
pub use reuse::ReuseDistances;

/// Chooses who has to go.
pub trait Evict: std::fmt::Debug {
    /// The object in this slot was asked for.
    fn on_hit(&mut self, slot: Slot, entries: &mut Entries);

    /// A key that is not held is to come in; room is made afterwards. If the key is remembered, its slot is the
    /// newcomer's from now on.
    fn on_miss(&mut self, _newcomer: &Newcomer, _entries: &mut Entries) {}

    /// Who has to go so that the newcomer fits, forgotten here from now on; `None` if it is the newcomer itself.
    /// Asked until there is room.
    fn evict(&mut self, newcomer: &Newcomer, entries: &mut Entries, random: &mut Stream) -> Option<Slot>;

    /// Whether the key of the object that it has just evicted stays in its slot, until the policy [forgets](Entries::forget)
    /// it or it comes back.
    fn remembers(&self, _slot: Slot) -> bool {
        false
    }

    /// The newcomer stands in this slot.
    fn on_insert(&mut self, slot: Slot, newcomer: &Newcomer, entries: &mut Entries);

    /// The owner takes the object in this slot out: it expired, or is no longer true.
    fn on_remove(&mut self, slot: Slot, entries: &mut Entries);
}

family! {
    /// Which object goes when a cache is full.
    pub trait Evict, spec EvictionSpec, state Eviction, build(capacity: Capacity);
    /// The object that was not used for longest.
    Lru = lru;
    /// The oldest object; use changes nothing.
    Fifo = fifo;
    /// Any object with equal chance.
    Random = random;
    /// Of a few drawn at random, the object that was not used for longest (Redis).
    SampledLru = sampled_lru;
    /// Of a few drawn at random, the object least often used, by counters that grow ever more slowly (Redis).
    SampledLfu = sampled_lfu;
    /// The object least often used since it came in, of equals the one not used for longest.
    Lfu = lfu;
    /// The oldest object that was not used since it was last passed over: second chance.
    Clock = clock;
    /// Oldest first, by a hand that moves on: what was used stays where it is.
    Sieve = sieve;
    /// On trial first, protected once used again (segmented LRU).
    Slru = slru;
    /// Hot, warm and cold: what is used twice stays, what is not grows cold and goes (memcached).
    Memcached = memcached;
    /// A line for what is new, LRU for what comes back soon after it left that line.
    TwoQ = two_q;
    /// LRU for what was used once and for what was used more, shares adapted by what came back too late (IBM ARC).
    Arc = arc;
    /// By the time between the last two uses rather than since the last one.
    Lirs = lirs;
    /// A small line filters what is used only once, a memory of keys calls back what it filtered wrongly.
    S3Fifo = s3_fifo;
    /// A window in front of a segmented LRU that only the more popular enter (W-TinyLFU, Caffeine).
    TinyLfu = tiny_lfu;
    /// Nobody: what is new is not let in while there is no room (Redis' default).
    NoEviction = no_eviction;
    /// Uses times cost by size, on top of what the last one to go was worth (greedy dual size frequency).
    Gdsf = gdsf;
}

impl Default for EvictionSpec {
    /// What most caches do or imitate.
    fn default() -> Self {
        Self::Lru(lru::Spec::default())
    }
}

impl Evict for Eviction {
    #[inline]
    fn on_hit(&mut self, slot: Slot, entries: &mut Entries) {
        on_each!(self, it => it.on_hit(slot, entries));
    }

    #[inline]
    fn on_miss(&mut self, newcomer: &Newcomer, entries: &mut Entries) {
        on_each!(self, it => it.on_miss(newcomer, entries));
    }

    #[inline]
    fn evict(&mut self, newcomer: &Newcomer, entries: &mut Entries, random: &mut Stream) -> Option<Slot> {
        on_each!(self, it => it.evict(newcomer, entries, random))
    }

    #[inline]
    fn remembers(&self, slot: Slot) -> bool {
        on_each!(self, it => it.remembers(slot))
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, newcomer: &Newcomer, entries: &mut Entries) {
        on_each!(self, it => it.on_insert(slot, newcomer, entries));
    }

    fn on_remove(&mut self, slot: Slot, entries: &mut Entries) {
        on_each!(self, it => it.on_remove(slot, entries));
    }
}
