//! LFU: whoever was used least often since it came in goes; of equals, whoever was not used for longest.
//!
//! Best of all if popularity never changes, but what was popular once stays for ever: ageing halves all counts from
//! time to time. Counts stand in ascending buckets, so every step takes constant time.
//! Shah, Mitra & Matani, *An O(1) algorithm for implementing the LFU cache eviction scheme*, 2010; ageing as in
//! Robinson & Devarakonda, *Data Cache Management Using Frequency-Based Replacement*, SIGMETRICS 1990.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{
    Capacity, Entries, Evict, Newcomer, Slot,
    list::{Links, List, PerSlot},
};

/// `Lfu(halve_every: 100000)`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// After so many requests, hits and insertions together, every count is halved, rounded down. Default: never.
    pub halve_every: Option<u64>,
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(self.halve_every != Some(0), "halve_every", || {
            "counts live for a request at least".into()
        });
    }

    /// For static dispatch; else build the family.
    pub fn build(&self, _: Capacity) -> State {
        State { halve_every: self.halve_every.map(|every| every.max(1)), ..State::default() }
    }
}

/// Slots used equally often, by their last use.
#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    count: u64,
    slots: List,
}

/// Buckets in ascending order of counts.
#[derive(Clone, Debug, Default)]
pub struct State {
    links: Links,
    buckets: PerSlot<Bucket>,
    bucket_links: Links,
    order: List,
    used: u32,
    free: Vec<u32>,
    bucket_of: PerSlot<u32>,
    /// When each slot was last used, in requests; kept only if counts age.
    last_used: PerSlot<u64>,
    halve_every: Option<u64>,
    requests: u64,
}

impl State {
    /// The bucket of this count, which belongs right above another, or lowest.
    fn bucket_above(&mut self, below: Option<u32>, count: u64) -> u32 {
        let above = below.map_or(self.order.oldest(), |below| self.bucket_links.newer(below));
        if let Some(above) = above
            && self.buckets[above].count == count
        {
            return above;
        }
        let bucket = self.free.pop().unwrap_or_else(|| {
            self.used += 1;
            self.used - 1
        });
        self.buckets.put(bucket, Bucket { count, slots: List::default() });
        self.order.push_above(&mut self.bucket_links, below, bucket);
        bucket
    }

    fn enter(&mut self, place: u32, bucket: u32) {
        self.buckets[bucket].slots.push(&mut self.links, place);
        self.bucket_of.put(place, bucket);
    }

    fn leave(&mut self, place: u32) {
        let bucket = self.bucket_of[place];
        self.buckets[bucket].slots.unlink(&mut self.links, place);
        self.drop_if_empty(bucket);
    }

    fn drop_if_empty(&mut self, bucket: u32) {
        if self.buckets[bucket].slots.is_empty() {
            self.order.unlink(&mut self.bucket_links, bucket);
            self.free.push(bucket);
        }
    }

    fn on_use(&mut self, place: u32) {
        let Some(every) = self.halve_every else { return };
        self.requests += 1;
        self.last_used.put(place, self.requests);
        if self.requests.is_multiple_of(every) {
            self.halve();
        }
    }

    /// Halves all counts; equals among the halves go by their last use.
    fn halve(&mut self) {
        let mut slots = Vec::new();
        let mut bucket = self.order.oldest();
        while let Some(of) = bucket {
            let mut place = self.buckets[of].slots.oldest();
            while let Some(slot) = place {
                slots.push((self.buckets[of].count / 2, self.last_used[slot], slot));
                place = self.links.newer(slot);
            }
            bucket = self.bucket_links.newer(of);
        }
        slots.sort_unstable();
        (self.order, self.used) = (List::default(), 0);
        self.free.clear();
        for (count, _, slot) in slots {
            // Counts come in ascending order, so a new bucket is always the highest.
            let below = self.order.newest().filter(|&newest| self.buckets[newest].count != count);
            let bucket = match self.order.newest() {
                Some(newest) if below.is_none() => newest,
                Some(_) | None => self.bucket_above(below, count),
            };
            self.enter(slot, bucket);
        }
    }
}

impl Evict for State {
    #[inline]
    fn on_hit(&mut self, slot: Slot, _: &mut Entries) {
        let bucket = self.bucket_of[slot.0];
        let next = self.bucket_above(Some(bucket), self.buckets[bucket].count + 1);
        self.buckets[bucket].slots.unlink(&mut self.links, slot.0);
        self.enter(slot.0, next);
        self.drop_if_empty(bucket);
        self.on_use(slot.0);
    }

    #[inline]
    fn evict(&mut self, _: &Newcomer, _: &mut Entries, _: &mut Stream) -> Option<Slot> {
        let lowest = self.order.oldest()?;
        let oldest = self.buckets[lowest].slots.oldest()?;
        self.leave(oldest);
        Some(Slot(oldest))
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, _: &Newcomer, _: &mut Entries) {
        // Counts halved to 0 stand below the newcomers' 1.
        let below = self.order.oldest().filter(|&lowest| self.buckets[lowest].count == 0);
        let bucket = self.bucket_above(below, 1);
        self.enter(slot.0, bucket);
        self.on_use(slot.0);
    }

    fn on_remove(&mut self, slot: Slot, _: &mut Entries) {
        self.leave(slot.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::eviction::testing::story;

    #[test]
    fn the_least_often_used_goes_and_of_equals_the_least_recently_used() {
        let told = story(&Spec::default(), 3, "a b c a b c a b d e c f");
        assert_eq!(told, "a b c a! b! c! a! b! d(-c) e(-d) c(-e) f(-c)");
        assert_eq!(story(&Spec::default(), 2, "a b b a c"), "a b b! a! c(-b)");
    }

    #[test]
    fn halved_counts_let_old_fame_fade() {
        // a was used four times: for ever the others fight over the two places that are left.
        let requests = "a a a a b b c c d d e e f f g g h";
        let told = story(&Spec::default(), 3, requests);
        assert_eq!(told, "a a! a! a! b b! c c! d(-b) d! e(-c) e! f(-d) f! g(-e) g! h(-f)");
        // After eight requests its count is 2, as d's and e's soon are, and it was not used for longest.
        let told = story(&Spec { halve_every: Some(8) }, 3, requests);
        assert_eq!(told, "a a! a! a! b b! c c! d(-b) d! e(-c) e! f(-a) f! g(-d) g! h(-e)");
    }

    #[test]
    fn equals_among_halves_go_by_last_use() {
        // Counts 2, 3 and 3 become 1; a was used last, so b goes.
        let halving = Spec { halve_every: Some(8) };
        assert_eq!(story(&halving, 3, "b b b c c c a a d"), "b b! b! c c! c! a a! d(-b)");
    }
}
