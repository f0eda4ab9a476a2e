//! The book of a database: queries that reach several shards, window by window.

use super::windows::{Turn, Windows};

/// What was asked of several shards at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShardTotals {
    /// Queries that may reach several shards.
    pub queries: u64,
    /// Shards that they reached.
    pub touched: u64,
    /// Those that reached more than one.
    pub crossing: u64,
}

/// The book of a database.
#[derive(Clone, Debug)]
pub struct ShardBook {
    /// Since the run began.
    totals: ShardTotals,
    seen: Vec<(ShardTotals, ShardTotals)>,
}

impl ShardBook {
    /// Nothing asked yet.
    pub fn new(windows: &Windows) -> Self {
        Self { totals: ShardTotals::default(), seen: vec![Default::default(); windows.all().len()] }
    }

    /// A query goes to so many shards.
    pub fn on_query(&mut self, touched: u64) {
        self.totals.queries += 1;
        self.totals.touched += touched;
        self.totals.crossing += u64::from(touched > 1);
    }

    /// Windows open or close.
    pub fn on_turn(&mut self, turn: &Turn) {
        for window in &turn.closes {
            self.seen[usize::from(*window)].1 = self.totals;
        }
        for window in &turn.opens {
            self.seen[usize::from(*window)].0 = self.totals;
        }
    }

    /// What was asked within a window.
    pub fn within(&self, window: usize) -> ShardTotals {
        let (opened, closed) = self.seen[window];
        ShardTotals {
            queries: closed.queries - opened.queries,
            touched: closed.touched - opened.touched,
            crossing: closed.crossing - opened.crossing,
        }
    }
}
