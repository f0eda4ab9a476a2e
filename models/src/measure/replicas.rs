//! The book of a database whose replicas differ: what was read that was old, and how far followers lag, window by window.

use sim_core::{statistics::Histogram, time::SimDuration};

use super::{
    readings::Readings,
    windowed::Windowed,
    windows::{Turn, Windows},
};

/// What was read, and what only a leader had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplicaTotals {
    /// Reads that were answered.
    pub reads: u64,
    /// Those that showed what had changed before they were sent.
    pub stale_reads: u64,
    /// Those that did not show what their own client had written.
    pub violations: u64,
    /// Changes that only a leader had as it went down.
    pub exposed_writes: u64,
}

/// The book of a database whose replicas differ.
#[derive(Clone, Debug)]
pub struct ReplicaBook {
    /// Since the run began.
    pub totals: ReplicaTotals,
    stale: Windowed,
    lag: Windowed,
    seen: Readings<ReplicaTotals>,
}

impl ReplicaBook {
    /// Nothing seen yet.
    pub fn new(windows: &Windows) -> Self {
        Self {
            totals: ReplicaTotals::default(),
            stale: Windowed::new(&Histogram::coarse(), windows),
            lag: Windowed::new(&Histogram::default(), windows),
            seen: Readings::new(windows),
        }
    }

    /// A read showed what had not been true for so long, or what was.
    pub fn on_read(&mut self, age: Option<SimDuration>, violates: bool) {
        self.totals.reads += 1;
        self.totals.violations += u64::from(violates);
        if let Some(age) = age {
            self.totals.stale_reads += 1;
            self.stale.record(age);
        }
    }

    /// A follower has a change so long after its leader.
    pub fn on_apply(&mut self, lag: SimDuration) {
        self.lag.record(lag);
    }

    /// Windows open or close.
    pub fn on_turn(&mut self, turn: &Turn) {
        self.stale.on_turn(turn);
        self.lag.on_turn(turn);
        self.seen.on_turn(turn, self.totals);
    }

    /// What happened within a window.
    pub fn within(&self, window: usize) -> ReplicaTotals {
        let (opened, closed) = self.seen.of(window);
        ReplicaTotals {
            reads: closed.reads - opened.reads,
            stale_reads: closed.stale_reads - opened.stale_reads,
            violations: closed.violations - opened.violations,
            exposed_writes: closed.exposed_writes - opened.exposed_writes,
        }
    }

    /// How long what was read had not been true, in a window.
    pub fn staleness(&self, window: usize) -> &Histogram {
        self.stale.within(window)
    }

    /// How far followers lagged, in a window.
    pub fn lag(&self, window: usize) -> &Histogram {
        self.lag.within(window)
    }
}
