//! The book of a database whose shards take part in transactions: how those ended, and how long keys were held.

use sim_core::{statistics::Histogram, time::SimDuration};

use super::{
    readings::Readings,
    windowed::Windowed,
    windows::{Turn, Windows},
};

/// Why a transaction came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A participant refused.
    Refused,
    /// A key was held by another, for too long or at all.
    Locked,
    /// A participant failed, or did not answer in time.
    Failed,
    /// Its coordinator went down, or whoever wanted it gave up.
    Deserted,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Refused, Self::Locked, Self::Failed, Self::Deserted];

    /// In one word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Locked => "locked",
            Self::Failed => "failed",
            Self::Deserted => "deserted",
        }
    }
}

/// What became of transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransactionTotals {
    /// Those that began.
    pub begun: u64,
    /// Those that hold.
    pub committed: u64,
    /// Those that do not, by why.
    pub aborted: [u64; 4],
    /// Those of which every participant knows.
    pub over: u64,
    /// Messages of those.
    pub messages: u64,
    /// Steps of sagas that were undone.
    pub compensated: u64,
    /// Reads of what sagas undid later.
    pub dirty_reads: u64,
    /// Claims of a key that another held.
    pub lock_waits: u64,
    /// Claims of a key.
    pub claims: u64,
}

/// The book of a database whose shards take part in transactions.
#[derive(Clone, Debug)]
pub struct TransactionBook {
    /// Since the run began.
    pub totals: TransactionTotals,
    held: Windowed,
    doubt: Windowed,
    seen: Readings<TransactionTotals>,
}

impl TransactionTotals {
    /// Those that came to nothing.
    pub fn failed(&self) -> u64 {
        self.aborted.iter().sum()
    }

    fn since(&self, before: &Self) -> Self {
        let mut aborted = self.aborted;
        aborted.iter_mut().zip(before.aborted).for_each(|(own, before)| *own -= before);
        Self {
            begun: self.begun - before.begun,
            committed: self.committed - before.committed,
            aborted,
            over: self.over - before.over,
            messages: self.messages - before.messages,
            compensated: self.compensated - before.compensated,
            dirty_reads: self.dirty_reads - before.dirty_reads,
            lock_waits: self.lock_waits - before.lock_waits,
            claims: self.claims - before.claims,
        }
    }
}

impl TransactionBook {
    /// Nothing seen yet.
    pub fn new(windows: &Windows) -> Self {
        let times = || Windowed::new(&Histogram::coarse(), windows);
        let seen = Readings::new(windows);
        Self { totals: TransactionTotals::default(), held: times(), doubt: times(), seen }
    }

    /// A transaction is decided.
    pub fn on_decision(&mut self, cause: Option<Cause>) {
        match cause {
            None => self.totals.committed += 1,
            Some(cause) => self.totals.aborted[cause as usize] += 1,
        }
    }

    /// A key was held for so long.
    pub fn on_release(&mut self, held: SimDuration) {
        self.held.record(held);
    }

    /// A participant was in doubt for so long.
    pub fn on_certainty(&mut self, doubt: SimDuration) {
        self.doubt.record(doubt);
    }

    /// Windows open or close.
    pub fn on_turn(&mut self, turn: &Turn) {
        self.held.on_turn(turn);
        self.doubt.on_turn(turn);
        self.seen.on_turn(turn, self.totals);
    }

    /// What happened within a window.
    pub fn within(&self, window: usize) -> TransactionTotals {
        let (opened, closed) = self.seen.of(window);
        closed.since(&opened)
    }

    /// How long keys were held, and participants were in doubt, in a window.
    pub fn times(&self, window: usize) -> (&Histogram, &Histogram) {
        (self.held.within(window), self.doubt.within(window))
    }
}
