//! The book of a database's indexes: what was read by them, what they did not show, and how far they lagged, window by
//! window.

use sim_core::{statistics::Histogram, time::SimDuration};

use super::{
    Figures, Owner,
    figures::Sheet,
    readings::Readings,
    windowed::Windowed,
    windows::{Turn, Window, Windows},
};
use crate::report::Unit;

/// What was read by indexes, and what became of entries that were to follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IndexTotals {
    /// Queries by an index.
    pub reads: u64,
    /// Those that an index answered which may lag.
    pub shown: u64,
    /// Those of them that missed what was acknowledged before they were sent.
    pub stale: u64,
    /// Entries that were to follow a write.
    pub begun: u64,
    /// Those that did.
    pub applied: u64,
    /// Those of which nobody heard any more.
    pub lost: u64,
}

impl IndexTotals {
    const fn since(&self, before: &Self) -> Self {
        Self {
            reads: self.reads - before.reads,
            shown: self.shown - before.shown,
            stale: self.stale - before.stale,
            begun: self.begun - before.begun,
            applied: self.applied - before.applied,
            lost: self.lost - before.lost,
        }
    }
}

/// The book of a database's indexes.
#[derive(Clone, Debug)]
pub struct IndexBook {
    /// Since the run began.
    pub totals: IndexTotals,
    stale: Windowed,
    lag: Windowed,
    seen: Readings<IndexTotals>,
}

impl IndexBook {
    /// Nothing seen yet.
    pub fn new(windows: &Windows) -> Self {
        Self {
            totals: IndexTotals::default(),
            stale: Windowed::new(&Histogram::coarse(), windows),
            lag: Windowed::new(&Histogram::default(), windows),
            seen: Readings::new(windows),
        }
    }

    /// An index that may lag showed what had not been true for so long, or what was.
    pub fn on_shown(&mut self, age: Option<SimDuration>) {
        self.totals.shown += 1;
        if let Some(age) = age {
            self.totals.stale += 1;
            self.stale.record(age);
        }
    }

    /// An entry is there so long after its write.
    pub fn on_apply(&mut self, lag: SimDuration) {
        self.totals.applied += 1;
        self.lag.record(lag);
    }

    /// Windows open or close.
    pub fn on_turn(&mut self, turn: &Turn) {
        self.stale.on_turn(turn);
        self.lag.on_turn(turn);
        self.seen.on_turn(turn, self.totals);
    }

    /// What happened within a window.
    fn within(&self, window: usize) -> IndexTotals {
        let (opened, closed) = self.seen.of(window);
        closed.since(&opened)
    }
}

impl Figures {
    /// Adds what was read by the indexes of a database, and how far they lagged, in one window.
    pub fn indexes(&mut self, id: &str, book: &IndexBook, owners: &[Owner], number: usize, window: &Window) {
        let mut sheet = Sheet::new(self, id, window);
        let totals = book.within(number);
        sheet.flow("index_reads", totals.reads, totals.reads);
        if !owners.contains(&Owner::IndexedLater) {
            return;
        }
        let share = (totals.shown > 0).then(|| totals.stale as f64 / totals.shown as f64);
        sheet.flow("stale_index_reads", totals.stale, totals.shown);
        sheet.add("stale_index_ratio.mean", Unit::Ratio, share, totals.shown);
        sheet.staleness("stale_index_age", book.stale.within(number));
        sheet.flow("index_updates", totals.begun, totals.begun);
        sheet.distribution("index_lag", book.lag.within(number));
        sheet.count("lost_index_updates", totals.lost, totals.begun);
    }

    /// Adds how many entries were still to come when the run ended.
    pub fn behind_at_end(&mut self, id: &str, under_way: u64, owners: &[Owner]) {
        if owners.contains(&Owner::IndexedLater) {
            let name = format!("{id}.index_updates_at_end.count");
            self.add(name, Unit::Count, Some(under_way as f64), under_way);
        }
    }
}
