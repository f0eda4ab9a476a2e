//! The book of a cache: what was found, what was not and why, what went, what was no longer true, window by window.

use sim_core::{
    statistics::Histogram,
    time::{SimDuration, SimTime},
};

use super::{
    level::{Level, Stretch},
    readings::Readings,
    windowed::Windowed,
    windows::{Turn, Windows},
};

/// Why a key is not held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// It never was, as far as is remembered.
    Cold,
    /// It had to go for another.
    Capacity,
    /// Its lifetime was over.
    Expired,
    /// It was no longer true, or went with a server that went down.
    Invalidated,
    /// It moved up to the cache above.
    Promoted,
}

impl Absence {
    /// Those that every cache knows.
    pub const COMMON: [Self; 4] = [Self::Cold, Self::Capacity, Self::Expired, Self::Invalidated];

    /// In one word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cold => "cold",
            Self::Capacity => "capacity",
            Self::Expired => "expired",
            Self::Invalidated => "invalidated",
            Self::Promoted => "promoted",
        }
    }
}

/// Sizes that are reckoned with beside a cache's own: what they are called, and how many times as much they hold.
pub const SIZES: [(&str, f64); 7] = [
    ("eighth", 0.125),
    ("quarter", 0.25),
    ("half", 0.5),
    ("same", 1.0),
    ("double", 2.0),
    ("fourfold", 4.0),
    ("eightfold", 8.0),
];

/// What happened at a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShelfTotals {
    /// Lookups that were answered from it.
    pub hits: u64,
    /// Bytes of those.
    pub hit_bytes: u64,
    /// Lookups that were not, by why.
    pub misses: [u64; 5],
    /// Bytes of those.
    pub missed_bytes: u64,
    /// Lookups that waited for somebody else's fetch.
    pub coalesced: u64,
    /// Fetches in the background.
    pub refreshes: u64,
    /// Objects that had to go for others.
    pub evictions: u64,
    /// Hits on what was no longer true.
    pub stale_reads: u64,
    /// How long that had not been true, in nanoseconds.
    pub stale_nanos: u64,
    /// Writes acknowledged before the source had them.
    pub written: u64,
    /// Those of them that it has.
    pub passed_on: u64,
    /// Acknowledged writes that went with a server before the source had them.
    pub lost_writes: u64,
    /// Objects that were not taken in, since their key was changed after they were read.
    pub refused_fills: u64,
    /// Objects that moved up to the cache above.
    pub promotions: u64,
    /// Objects that had to go and were sent down to the cache below.
    pub demotions: u64,
    /// Those of them that arrived there.
    pub landed: u64,
    /// Those of them that did not.
    pub lost_demotions: u64,
    /// Objects that were dropped since the cache below dropped them.
    pub back_invalidations: u64,
    /// Objects dropped since their lifetime was found to be over before anybody asked for them.
    pub swept: u64,
    /// Lookups that were reckoned with, and those of them that each of [`SIZES`] would have answered.
    pub reckoned: (u64, [u64; SIZES.len()]),
    /// Lookups of keys that were hot.
    pub hot_lookups: u64,
    /// Accesses that a disk took on.
    pub accesses: u64,
    /// How long those waited for their turn, in nanoseconds.
    pub access_nanos: u64,
    /// Accesses that found a disk's line full.
    pub refused_accesses: u64,
}

/// The book of a cache.
#[derive(Clone, Debug)]
pub struct ShelfBook {
    /// Since the run began.
    pub totals: ShelfTotals,
    entries: Level,
    bytes: Level,
    hot_keys: Level,
    hit: Windowed,
    miss: Windowed,
    stale: Windowed,
    seen: Readings<ShelfTotals>,
}

impl ShelfTotals {
    /// Lookups that found nothing.
    pub fn missed(&self) -> u64 {
        self.misses.iter().sum()
    }

    fn since(&self, before: &Self) -> Self {
        let mut misses = self.misses;
        misses.iter_mut().zip(before.misses).for_each(|(own, before)| *own -= before);
        let (lookups, mut found) = self.reckoned;
        found.iter_mut().zip(before.reckoned.1).for_each(|(own, before)| *own -= before);
        Self {
            hits: self.hits - before.hits,
            hit_bytes: self.hit_bytes - before.hit_bytes,
            misses,
            missed_bytes: self.missed_bytes - before.missed_bytes,
            coalesced: self.coalesced - before.coalesced,
            refreshes: self.refreshes - before.refreshes,
            evictions: self.evictions - before.evictions,
            stale_reads: self.stale_reads - before.stale_reads,
            stale_nanos: self.stale_nanos - before.stale_nanos,
            written: self.written - before.written,
            passed_on: self.passed_on - before.passed_on,
            lost_writes: self.lost_writes - before.lost_writes,
            refused_fills: self.refused_fills - before.refused_fills,
            promotions: self.promotions - before.promotions,
            demotions: self.demotions - before.demotions,
            landed: self.landed - before.landed,
            lost_demotions: self.lost_demotions - before.lost_demotions,
            back_invalidations: self.back_invalidations - before.back_invalidations,
            swept: self.swept - before.swept,
            reckoned: (lookups - before.reckoned.0, found),
            hot_lookups: self.hot_lookups - before.hot_lookups,
            accesses: self.accesses - before.accesses,
            access_nanos: self.access_nanos - before.access_nanos,
            refused_accesses: self.refused_accesses - before.refused_accesses,
        }
    }
}

impl ShelfBook {
    /// Nothing seen yet.
    pub fn new(windows: &Windows) -> Self {
        let times = || Windowed::new(&Histogram::coarse(), windows);
        Self {
            totals: ShelfTotals::default(),
            entries: Level::new(windows),
            bytes: Level::new(windows),
            hot_keys: Level::new(windows),
            hit: times(),
            miss: times(),
            stale: times(),
            seen: Readings::new(windows),
        }
    }

    /// So much is held now, in KiB so that a terabyte fits.
    pub fn set_size(&mut self, now: SimTime, entries: u32, kibibytes: u32) {
        self.entries.set(now, entries);
        self.bytes.set(now, kibibytes);
    }

    /// So many keys are hot now.
    pub fn set_hot_keys(&mut self, now: SimTime, keys: usize) {
        self.hot_keys.set(now, u32::try_from(keys).unwrap_or(u32::MAX));
    }

    /// A disk took an access on after so long in its line, or did not.
    pub fn on_access(&mut self, wait: Option<SimDuration>) {
        match wait {
            Some(wait) => {
                self.totals.accesses += 1;
                self.totals.access_nanos = self.totals.access_nanos.saturating_add(wait.as_nanos());
            }
            None => self.totals.refused_accesses += 1,
        }
    }

    /// A lookup found an object of so many bytes.
    pub fn on_hit(&mut self, bytes: u64) {
        self.totals.hits += 1;
        self.totals.hit_bytes = self.totals.hit_bytes.saturating_add(bytes);
    }

    /// A lookup found nothing, for this reason.
    pub fn on_miss(&mut self, why: Absence, bytes: u64) {
        self.totals.misses[why as usize] += 1;
        self.totals.missed_bytes = self.totals.missed_bytes.saturating_add(bytes);
    }

    /// A lookup would be answered by caches of which sizes.
    pub fn on_reckoned(&mut self, found: [bool; SIZES.len()]) {
        let (lookups, hits) = &mut self.totals.reckoned;
        *lookups += 1;
        hits.iter_mut().zip(found).for_each(|(hits, found)| *hits += u64::from(found));
    }

    /// A hit was on what had not been true for so long.
    pub fn on_stale(&mut self, age: SimDuration) {
        self.totals.stale_reads += 1;
        self.totals.stale_nanos = self.totals.stale_nanos.saturating_add(age.as_nanos());
        self.stale.record(age);
    }

    /// A lookup was answered after so long.
    pub fn on_answer(&mut self, found: bool, latency: SimDuration) {
        if found { &mut self.hit } else { &mut self.miss }.record(latency);
    }

    /// Windows open or close.
    pub fn on_turn(&mut self, now: SimTime, turn: &Turn) {
        self.entries.on_turn(now, turn);
        self.bytes.on_turn(now, turn);
        self.hot_keys.on_turn(now, turn);
        for times in [&mut self.hit, &mut self.miss, &mut self.stale] {
            times.on_turn(turn);
        }
        self.seen.on_turn(turn, self.totals);
    }

    /// What happened within a window.
    pub fn within(&self, window: usize) -> ShelfTotals {
        let (opened, closed) = self.seen.of(window);
        closed.since(&opened)
    }

    /// How many objects, and how many KiB, were held in a window.
    pub fn size(&self, window: usize) -> (Stretch, Stretch) {
        (self.entries.within(window), self.bytes.within(window))
    }

    /// How many keys were hot in a window.
    pub fn hot_keys(&self, window: usize) -> Stretch {
        self.hot_keys.within(window)
    }

    /// How long lookups that found something, and those that did not, took in a window.
    pub fn latency(&self, window: usize) -> (&Histogram, &Histogram) {
        (self.hit.within(window), self.miss.within(window))
    }

    /// How long what was served had not been true, in a window.
    pub fn staleness(&self, window: usize) -> &Histogram {
        self.stale.within(window)
    }
}
