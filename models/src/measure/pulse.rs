//! The pulse of an executor: its threads, how late its loops are, what they steal, window by window.

use sim_core::time::SimTime;

use super::windows::{Turn, Windows};
use crate::policy::execution::Vitals;

/// What has been read off an executor.
#[derive(Clone, Debug)]
pub struct Pulse {
    /// What was read last.
    last: Vitals,
    touched: SimTime,
    /// Time integral of the number of threads.
    thread_area: u128,
    /// Most threads at once since windows opened or closed last.
    most_threads: u32,
    seen: Vec<Seen>,
}

/// What one window saw.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    opened: Mark,
    closed: Mark,
    most_threads: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    vitals: Vitals,
    thread_area: u128,
}

/// What is told of an executor, or of several together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beats {
    /// Time integral of the number of threads, in nanoseconds.
    pub thread_area: u128,
    /// Most threads at once.
    pub most_threads: u32,
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
        Self { last: Vitals::default(), touched: SimTime::ZERO, thread_area: 0, most_threads: 0, seen }
    }

    /// Something is read.
    pub fn look(&mut self, now: SimTime, vitals: Vitals) {
        self.thread_area += u128::from(now.since(self.touched).as_nanos()) * u128::from(self.last.threads);
        (self.touched, self.last) = (now, vitals);
        self.most_threads = self.most_threads.max(vitals.threads);
    }

    /// Windows open or close; what there is now was just read.
    pub fn on_turn(&mut self, turn: &Turn) {
        let mark = Mark { vitals: self.last, thread_area: self.thread_area };
        for window in &turn.before {
            let seen = &mut self.seen[usize::from(*window)];
            seen.most_threads = seen.most_threads.max(self.most_threads);
        }
        for window in &turn.closes {
            self.seen[usize::from(*window)].closed = mark;
        }
        for window in &turn.opens {
            self.seen[usize::from(*window)].opened = mark;
        }
        self.most_threads = self.last.threads;
    }

    /// What a window saw.
    pub fn within(&self, window: usize) -> Beats {
        let Seen { opened, closed, most_threads } = self.seen[window];
        Beats {
            thread_area: closed.thread_area - opened.thread_area,
            most_threads,
            polls: closed.vitals.polls - opened.vitals.polls,
            lag_nanos: closed.vitals.lag.as_nanos() - opened.vitals.lag.as_nanos(),
            steals: closed.vitals.steals - opened.vitals.steals,
        }
    }
}

impl Beats {
    /// Several executors' together; the most threads are those of the one that had most.
    pub fn plus(self, other: Self) -> Self {
        Self {
            thread_area: self.thread_area + other.thread_area,
            most_threads: self.most_threads.max(other.most_threads),
            polls: self.polls + other.polls,
            lag_nanos: self.lag_nanos.saturating_add(other.lag_nanos),
            steals: self.steals + other.steals,
        }
    }
}
