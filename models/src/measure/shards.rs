//! The book of a database: queries that reach several shards, and what keys that move bring with them, window by window.

use std::{
    fmt,
    iter::Sum,
    ops::{AddAssign, SubAssign},
};

use sim_core::{
    statistics::Histogram,
    time::{SimDuration, SimTime},
};

use super::{
    Figures, Owner,
    figures::Sheet,
    level::{Level, Stretch},
    readings::Readings,
    windowed::Windowed,
    windows::{Turn, Window, Windows},
};
use crate::report::Unit;

/// What is stored somewhere. Signed, so that books can tell if more has gone than was there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Keys.
    pub keys: i128,
    /// Their bytes.
    pub bytes: i128,
}

/// What one shard did in a window, and stored at its end.
#[derive(Clone, Copy, Debug, Default)]
pub struct ShardSeen {
    /// What came to its servers.
    pub arrivals: u64,
    /// How long these worked, in nanoseconds of one worker.
    pub busy: u128,
    /// What it stored.
    pub stored: Stored,
}

impl Stored {
    /// Whether more has gone than was there.
    pub const fn is_owed(&self) -> bool {
        self.keys < 0 || self.bytes < 0
    }
}

impl AddAssign for Stored {
    fn add_assign(&mut self, other: Self) {
        self.keys += other.keys;
        self.bytes += other.bytes;
    }
}

impl SubAssign for Stored {
    fn sub_assign(&mut self, other: Self) {
        self.keys -= other.keys;
        self.bytes -= other.bytes;
    }
}

impl Sum for Stored {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |mut sum, one| {
            sum += one;
            sum
        })
    }
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} keys of {} bytes", self.keys, self.bytes)
    }
}

/// What was asked of several shards at once, and what was moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShardTotals {
    /// Queries that may reach several shards.
    pub queries: u64,
    /// Shards that they reached.
    pub touched: u64,
    /// Those that reached more than one.
    pub crossing: u64,
    /// Keys that queries of several found, where keys move.
    pub gathered: u64,
    /// Requests answered by the shard of their key, where others may be asked.
    pub answered: u64,
    /// Requests sent to the shard that holds the key now.
    pub moved: u64,
    /// Requests sent after a key out of a part that is on its way.
    pub asked: u64,
    /// Requests that a shard passed on to another.
    pub forwarded: u64,
    /// Requests that waited for a key to be handed over.
    pub held: u64,
    /// Writes that went to two shards.
    pub doubled: u64,
    /// Writes that went on to a further copy of a hot key.
    pub copied: u64,
    /// Reads answered, where hot keys are looked for.
    pub reads: u64,
    /// Of these, from a further copy of a hot key.
    pub copy_reads: u64,
    /// Reads of the windows that were judged, and those of the hottest key of each.
    pub judged: u64,
    /// See [`judged`](Self::judged).
    pub hottest: u64,
    /// Keys that were found hot.
    pub found: u64,
    /// Those that were hot no more, or not any longer before they were copied.
    pub cooled: u64,
    /// Those whose copying failed.
    pub uncopied: u64,
    /// Keys that are at another shard now.
    pub moved_keys: u64,
    /// Their bytes.
    pub moved_bytes: u64,
    /// Parts that are at another shard now.
    pub handed_over: u64,
    /// Ranges that were split.
    pub splits: u64,
    /// Ranges that were joined with the next.
    pub joints: u64,
    /// Changes of the shards that came to their end.
    pub migrations: u64,
    /// How long these took, all together.
    pub migrating: SimDuration,
}

impl ShardTotals {
    fn since(&self, before: &Self) -> Self {
        Self {
            queries: self.queries - before.queries,
            touched: self.touched - before.touched,
            crossing: self.crossing - before.crossing,
            gathered: self.gathered - before.gathered,
            answered: self.answered - before.answered,
            moved: self.moved - before.moved,
            asked: self.asked - before.asked,
            forwarded: self.forwarded - before.forwarded,
            held: self.held - before.held,
            doubled: self.doubled - before.doubled,
            copied: self.copied - before.copied,
            reads: self.reads - before.reads,
            copy_reads: self.copy_reads - before.copy_reads,
            judged: self.judged - before.judged,
            hottest: self.hottest - before.hottest,
            found: self.found - before.found,
            cooled: self.cooled - before.cooled,
            uncopied: self.uncopied - before.uncopied,
            moved_keys: self.moved_keys - before.moved_keys,
            moved_bytes: self.moved_bytes - before.moved_bytes,
            handed_over: self.handed_over - before.handed_over,
            splits: self.splits - before.splits,
            joints: self.joints - before.joints,
            migrations: self.migrations - before.migrations,
            migrating: self.migrating - before.migrating,
        }
    }
}

/// The book of a database.
#[derive(Clone, Debug)]
pub struct ShardBook {
    /// Since the run began.
    pub totals: ShardTotals,
    seen: Readings<ShardTotals>,
    /// How many shards queries reached.
    fan_out: Windowed,
    /// Hot keys that have copies.
    hot_keys: Level,
    /// What each shard stored at the end of each window.
    stored: Vec<Vec<Stored>>,
}

impl ShardBook {
    /// Nothing asked yet.
    pub fn new(windows: &Windows) -> Self {
        let (seen, stored) = (Readings::new(windows), vec![Vec::new(); windows.all().len()]);
        let fan_out = Windowed::new(&Histogram::default(), windows);
        let hot_keys = Level::new(windows);
        Self { totals: ShardTotals::default(), seen, fan_out, hot_keys, stored }
    }

    /// A query goes to so many shards.
    pub fn on_query(&mut self, touched: u64) {
        self.totals.queries += 1;
        self.totals.touched += touched;
        self.totals.crossing += u64::from(touched > 1);
        self.fan_out.record(SimDuration::from_nanos(touched));
    }

    /// So many hot keys have copies from `now` on.
    pub fn set_hot_keys(&mut self, now: SimTime, count: usize) {
        self.hot_keys.set(now, u32::try_from(count).unwrap_or(u32::MAX));
    }

    /// Windows open or close; so much is at each shard.
    pub fn on_turn(&mut self, now: SimTime, turn: &Turn, stored: &[Stored]) {
        self.hot_keys.on_turn(now, turn);
        self.fan_out.on_turn(turn);
        self.seen.on_turn(turn, self.totals);
        for window in &turn.closes {
            stored.clone_into(&mut self.stored[usize::from(*window)]);
        }
    }

    /// What was asked and moved within a window.
    pub fn within(&self, window: usize) -> ShardTotals {
        let (opened, closed) = self.seen.of(window);
        closed.since(&opened)
    }

    /// How many hot keys had copies in a window.
    pub fn hot_keys(&self, window: usize) -> Stretch {
        self.hot_keys.within(window)
    }

    /// How many shards queries reached in a window.
    pub fn fan_out(&self, window: usize) -> &Histogram {
        self.fan_out.within(window)
    }

    /// What each shard stored when a window closed.
    pub fn stored(&self, window: usize) -> &[Stored] {
        &self.stored[window]
    }
}

impl Figures {
    /// Adds what became of requests that came to another shard than their key's in one window, and what was moved, as far
    /// as a database has it that stores so many keys.
    pub fn moves(
        &mut self,
        id: &str,
        (totals, keys): (&ShardTotals, f64),
        owners: &[Owner],
        window: &Window,
    ) {
        if !owners.contains(&Owner::Rerouted) {
            return;
        }
        let mut sheet = Sheet::new(self, id, window);
        let ShardTotals { answered, moved, asked, forwarded, .. } = *totals;
        let more = moved + asked + forwarded + totals.doubled + totals.copied;
        let hops = (answered > 0).then(|| (answered + more) as f64 / answered as f64);
        sheet.add("hops.mean", Unit::Count, hops, answered);
        if owners.contains(&Owner::Redirecting) {
            sheet.flow("redirects", moved + asked, answered);
            sheet.flow("moved_redirects", moved, answered);
        }
        if owners.contains(&Owner::Asking) {
            sheet.flow("ask_redirects", asked, answered);
        }
        if owners.contains(&Owner::Coordinated) {
            sheet.flow("forwards", forwarded, answered);
        }
        if owners.contains(&Owner::Holding) {
            sheet.flow("held", totals.held, answered);
        }
        if owners.contains(&Owner::Doubling) {
            sheet.flow("double_writes", totals.doubled, answered);
        }
        if owners.contains(&Owner::Hot) {
            sheet.flow("copied_writes", totals.copied, answered);
        }
        if owners.contains(&Owner::Rebalanced) {
            sheet.count("splits", totals.splits, totals.splits);
            sheet.count("joints", totals.joints, totals.joints);
        }
        if !owners.contains(&Owner::Resharded) {
            return;
        }
        sheet.flow("gathered_keys", totals.gathered, totals.gathered);
        sheet.flow("moved_keys", totals.moved_keys, totals.moved_keys);
        sheet.flow("moved_bytes", totals.moved_bytes, totals.moved_keys);
        let share = (keys > 0.0).then(|| totals.moved_keys as f64 / keys);
        sheet.add("moved_share.mean", Unit::Ratio, share, totals.moved_keys);
        sheet.count("hand_overs", totals.handed_over, totals.handed_over);
        sheet.count("migrations", totals.migrations, totals.migrations);
        let took = totals.migrating.as_secs_f64();
        let mean = (totals.migrations > 0).then(|| took / totals.migrations as f64);
        sheet.add("migration_time.mean", Unit::Seconds, mean, totals.migrations);
    }
}
