//! The pulse of an executor: its threads, how late its loops are, what they steal, window by window.

use sim_core::time::SimTime;

use super::{
    level::{Level, Stretch},
    windows::{Turn, Windows},
};
use crate::policy::execution::Vitals;

/// What has been read off an executor.
#[derive(Clone, Debug)]
pub struct Pulse {
    /// What was read last.
    last: Vitals,
    threads: Level,
    seen: Vec<Seen>,
}

/// What one window saw.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    opened: Vitals,
    closed: Vitals,
}

/// What is told of an executor, or of several together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beats {
    /// How many threads there were.
    pub threads: Stretch,
    /// Tasks that loops took up.
    pub polls: u64,
    /// How long those had been ready, in nanoseconds.
    pub lag_nanos: u64,
    /// Thefts.
    pub steals: u64,
}

impl Pulse {
    /// Nothing read yet.
    pub fn new(windows: &Windows) -> Self {
        let seen = vec![Seen::default(); windows.all().len()];
        Self { last: Vitals::default(), threads: Level::new(windows), seen }
    }

    /// Something is read.
    pub fn look(&mut self, now: SimTime, vitals: Vitals) {
        self.threads.set(now, vitals.threads);
        self.last = vitals;
    }

    /// Windows open or close; what there is now was just read.
    pub fn on_turn(&mut self, now: SimTime, turn: &Turn) {
        self.threads.on_turn(now, turn);
        for window in &turn.closes {
            self.seen[usize::from(*window)].closed = self.last;
        }
        for window in &turn.opens {
            self.seen[usize::from(*window)].opened = self.last;
        }
    }

    /// What a window saw.
    pub fn within(&self, window: usize) -> Beats {
        let Seen { opened, closed } = self.seen[window];
        Beats {
            threads: self.threads.within(window),
            polls: closed.polls - opened.polls,
            lag_nanos: closed.lag.as_nanos() - opened.lag.as_nanos(),
            steals: closed.steals - opened.steals,
        }
    }
}

impl Beats {
    /// Several executors' together.
    pub fn plus(self, other: Self) -> Self {
        Self {
            threads: self.threads.plus(other.threads),
            polls: self.polls + other.polls,
            lag_nanos: self.lag_nanos.saturating_add(other.lag_nanos),
            steals: self.steals + other.steals,
        }
    }
}
