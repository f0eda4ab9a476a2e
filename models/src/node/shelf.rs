//! A shelf: what one server of a cache holds, and what it says to those who ask for it.

use std::collections::BTreeMap;

use sim_core::{
    random::{Luck, Stream, distribution::Distribution, name_hash},
    time::{SimDuration, SimTime},
};

use super::truth::Version;
use crate::{
    measure::{Absence, ShelfBook},
    policy::{
        departed::Departed,
        eviction::{Cache, Capacity, Evicted, EvictionSpec},
        freshness::{Freshness, FreshnessSpec, Life},
        sweep::SweepSpec,
    },
};

const SIZE: u64 = name_hash("cache/size");

/// An object that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// How long it is taken to be true.
    pub life: Life,
    /// Which change made it what it is, if that is followed.
    pub version: Version,
    /// Writes to it that its source does not have yet.
    pub pending: u32,
    /// Those of them that are on their way there.
    pub flushing: u32,
}

/// What a lookup finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// An object, and what may be done with it.
    Object(Held, Freshness),
    /// Nothing.
    Nothing(Absence),
}

/// What a server of a cache holds.
#[derive(Debug)]
pub struct Shelf {
    cache: Cache<Held>,
    departed: Departed<Absence>,
    /// What had to go before its source had it: it stays until it is passed on.
    unsaved: BTreeMap<u64, Held>,
    /// What had to go since that was last asked, where other levels have to do with it.
    victims: Option<Vec<(u64, Held)>>,
    freshness: FreshnessSpec,
    sizes: Distribution,
    random: Stream,
}

impl Shelf {
    /// An empty one.
    pub fn new(
        policy: &EvictionSpec,
        capacity: Capacity,
        freshness: FreshnessSpec,
        sizes: Distribution,
        random: Stream,
    ) -> Self {
        let most = match capacity {
            Capacity::Entries(entries) => entries,
            Capacity::Bytes(bytes) => bytes / (sizes.mean() as u64).max(1),
        };
        let most = usize::try_from(most).unwrap_or(usize::MAX).clamp(1024, 1 << 22);
        Self {
            cache: Cache::new(capacity, policy.build(capacity)),
            departed: Departed::new(8 * most),
            unsaved: BTreeMap::new(),
            victims: None,
            freshness,
            sizes,
            random,
        }
    }

    /// Notes what has to go from now on.
    pub fn note_victims(&mut self) {
        self.victims = Some(Vec::new());
    }

    /// What had to go since this was last asked.
    pub fn take_victims(&mut self) -> Vec<(u64, Held)> {
        self.victims.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// How large the object of a key is, in bytes: the same at every server and in every arm.
    pub fn size_of(&self, key: u64) -> u64 {
        self.sizes.sample(Luck(key).at(SIZE, 0)) as u64
    }

    /// How many objects it holds, and how many bytes they are.
    pub fn fill(&self) -> (usize, u64) {
        (self.cache.len(), self.cache.bytes())
    }

    /// Asks for a key, which counts as a use where something is found that may be served.
    pub fn look_up(&mut self, key: u64, now: SimTime) -> Found {
        if let Some(held) = self.unsaved.get(&key) {
            return Found::Object(*held, Freshness::Fresh);
        }
        let Some(slot) = self.cache.find(key) else {
            return Found::Nothing(self.departed.why(key).unwrap_or(Absence::Cold));
        };
        let unit = self.random.unit();
        let Some(held) = self.cache.value(slot).copied() else { return Found::Nothing(Absence::Cold) };
        // What its source does not have yet is true, whatever its lifetime says.
        let freshness = match self.freshness.judge(&held.life, now, unit) {
            Freshness::Expired | Freshness::Early | Freshness::Stale if held.pending > 0 => Freshness::Fresh,
            freshness => freshness,
        };
        if freshness != Freshness::Expired
            && let Some(slot) = self.cache.lookup(key)
            && let Some(held) = self.cache.value_mut(slot)
        {
            self.freshness.on_use(&mut held.life, now, self.random.unit());
        }
        Found::Object(held, freshness)
    }

    /// The object of a key, without counting as a use.
    pub fn peek(&self, key: u64) -> Option<Held> {
        self.cache.find(key).and_then(|slot| self.cache.value(slot)).copied()
    }

    /// Takes an object in that was fetched in so long, or written.
    pub fn fill_in(
        &mut self,
        key: u64,
        version: Version,
        cost: SimDuration,
        pending: u32,
        now: SimTime,
        book: &mut ShelfBook,
    ) {
        let life = self.freshness.begin(now, cost, self.random.unit());
        self.put(key, Held { life, version, pending, flushing: 0 }, book);
    }

    /// Takes in that many of the lowest keys, as they were at the start.
    pub fn warm(&mut self, keys: u64, now: SimTime, book: &mut ShelfBook) {
        // The most popular last, so that they stay where not all have room.
        (0..keys).rev().for_each(|key| self.fill_in(key, 0, SimDuration::ZERO, 0, now, book));
        book.totals.evictions = 0;
    }

    /// Remembers that a key could not be fetched, if that is remembered.
    pub fn remember_failure(&mut self, key: u64, now: SimTime, book: &mut ShelfBook) {
        if let Some(life) = self.freshness.remember_failure(now) {
            self.put(key, Held { life, version: 0, pending: 0, flushing: 0 }, book);
        }
    }

    fn put(&mut self, key: u64, held: Held, book: &mut ShelfBook) {
        // What was written here is newer than whatever was fetched.
        if held.pending == 0 && self.unsaved_mut(key).is_some() {
            return;
        }
        let Self { cache, departed, random, unsaved, victims, .. } = self;
        let mut part_with = |key: u64, held: Held| {
            departed.leave(key, Absence::Capacity);
            if held.pending > 0 {
                unsaved.insert(key, held);
            } else if let Some(victims) = victims.as_mut().filter(|_| !held.life.negative) {
                victims.push((key, held));
            }
        };
        let size = self.sizes.sample(Luck(key).at(SIZE, 0)) as u64;
        let evicted = |gone: Evicted<Held>| {
            book.totals.evictions += 1;
            part_with(gone.key, gone.value);
        };
        if cache.insert(key, size, held, random, evicted).is_none() {
            part_with(key, held);
        }
    }

    /// Takes in what the cache above had to let go, unless it is there already.
    pub fn accept(&mut self, key: u64, held: Held, book: &mut ShelfBook) {
        if self.cache.find(key).is_none() {
            self.put(key, held, book);
        }
    }

    /// What is held and saved elsewhere too, to be given back by [`Self::restore`].
    pub fn snapshot(&self) -> Vec<(u64, Held)> {
        let saved = |held: &Held| held.pending == 0 && !held.life.negative;
        self.cache.iter().filter(|(_, _, held)| saved(held)).map(|(key, _, held)| (key, *held)).collect()
    }

    /// Takes in what was held when it was last saved.
    pub fn restore(&mut self, saved: &[(u64, Held)], book: &mut ShelfBook) {
        for (key, held) in saved {
            self.put(*key, *held, book);
        }
    }

    /// Takes in one of the lowest keys as it is now.
    pub fn preload(&mut self, key: u64, version: Version, now: SimTime, book: &mut ShelfBook) {
        self.fill_in(key, version, SimDuration::ZERO, 0, now, book);
    }

    /// Notes a write to what already waits to be passed on; whether it does.
    pub fn add_write(&mut self, key: u64) -> bool {
        let held = self.unsaved_mut(key);
        held.map(|held| held.pending += 1).is_some()
    }

    fn unsaved_mut(&mut self, key: u64) -> Option<&mut Held> {
        if self.unsaved.contains_key(&key) {
            return self.unsaved.get_mut(&key);
        }
        let slot = self.cache.find(key)?;
        self.cache.value_mut(slot).filter(|held| held.pending > 0)
    }

    /// What is to be passed on of a key is on its way; whether there is anything.
    pub fn begin_flush(&mut self, key: u64) -> bool {
        let held = self.unsaved_mut(key);
        held.map(|held| held.flushing = held.pending).is_some()
    }

    /// Its source has it now as that version; whether more was written meanwhile.
    pub fn end_flush(&mut self, key: u64, version: Version, book: &mut ShelfBook) -> bool {
        let Some(held) = self.unsaved_mut(key) else { return false };
        book.totals.passed_on += u64::from(held.flushing);
        held.pending -= held.flushing;
        (held.flushing, held.version) = (0, version);
        let more = held.pending > 0;
        if !more {
            self.unsaved.remove(&key);
        }
        more
    }

    /// Takes an object out for a reason; what it was.
    pub fn take_out(&mut self, key: u64, why: Absence) -> Option<Held> {
        let gone = self.cache.remove(key)?;
        self.departed.leave(key, why);
        Some(gone.value)
    }

    /// Looks at some objects, and drops those whose lifetime is over; their keys.
    pub fn sweep(&mut self, sweep: &SweepSpec, now: SimTime) -> Vec<u64> {
        let mut swept = Vec::new();
        sweep.run(|| {
            let over = self.any_over(now);
            over.inspect(|&key| {
                self.take_out(key, Absence::Expired);
                swept.push(key);
            })
            .is_some()
        });
        swept
    }

    /// The key of an object drawn at random, if that is of no more use.
    fn any_over(&mut self, now: SimTime) -> Option<u64> {
        let (key, held) = self.cache.any(&mut self.random)?;
        let over = self.freshness.judge(&held.life, now, 0.5) == Freshness::Expired;
        (over && held.pending == 0 && !self.freshness.stands_in(&held.life, now)).then_some(key)
    }

    /// Whether an object that expired may be served since it cannot be fetched.
    pub fn stands_in(&self, key: u64, now: SimTime) -> Option<Held> {
        self.peek(key).filter(|held| self.freshness.stands_in(&held.life, now))
    }

    /// Writes that its source does not have yet.
    pub fn pending(&self) -> u64 {
        let held = self.cache.iter().map(|(_, _, held)| held).chain(self.unsaved.values());
        held.map(|held| u64::from(held.pending)).sum()
    }

    /// All keys of which it holds something.
    pub fn keys(&self) -> Vec<u64> {
        self.cache.iter().map(|(key, ..)| key).collect()
    }

    /// Whether it holds something newer than that version of a key.
    pub fn has_newer(&self, key: u64, version: Version) -> bool {
        self.peek(key).is_some_and(|held| held.version > version && !held.life.negative)
    }

    /// Its server went down: all is gone; how many acknowledged writes went with it.
    pub fn lose_all(&mut self) -> u64 {
        let held: Vec<(u64, u32)> = self.cache.iter().map(|(key, _, held)| (key, held.pending)).collect();
        let mut lost = self.unsaved.values().map(|held| u64::from(held.pending)).sum();
        self.unsaved.clear();
        for (key, pending) in held {
            lost += u64::from(pending);
            self.take_out(key, Absence::Invalidated);
        }
        lost
    }
}
