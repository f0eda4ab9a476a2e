//! A level: how many there are of something, its mean and its peak, window by window.

use sim_core::time::SimTime;

use super::windows::{Turn, Windows};

/// How many there are.
#[derive(Clone, Debug)]
pub struct Level {
    now: u32,
    touched: SimTime,
    /// Time integral, in nanoseconds.
    area: u128,
    /// The most at once since windows opened or closed last.
    most: u32,
    seen: Vec<Seen>,
}

/// What one window saw.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    opened: u128,
    closed: u128,
    most: u32,
}

/// What a window saw of a level, or of several together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// Time integral, in nanoseconds.
    pub area: u128,
    /// The most at once.
    pub most: u32,
}

impl Level {
    /// None yet.
    pub fn new(windows: &Windows) -> Self {
        let seen = vec![Seen::default(); windows.all().len()];
        Self { now: 0, touched: SimTime::ZERO, area: 0, most: 0, seen }
    }

    /// From `now` on there are so many.
    pub fn set(&mut self, now: SimTime, count: u32) {
        self.area += u128::from(now.since(self.touched).as_nanos()) * u128::from(self.now);
        (self.touched, self.now) = (now, count);
        self.most = self.most.max(count);
    }

    /// Windows open or close.
    pub fn on_turn(&mut self, now: SimTime, turn: &Turn) {
        self.set(now, self.now);
        for window in &turn.before {
            let seen = &mut self.seen[usize::from(*window)];
            seen.most = seen.most.max(self.most);
        }
        for window in &turn.closes {
            self.seen[usize::from(*window)].closed = self.area;
        }
        for window in &turn.opens {
            self.seen[usize::from(*window)].opened = self.area;
        }
        self.most = self.now;
    }

    /// What a window saw.
    pub fn within(&self, window: usize) -> Stretch {
        let Seen { opened, closed, most } = self.seen[window];
        Stretch { area: closed - opened, most }
    }
}

impl Stretch {
    /// Several levels' together; the most at once is that of the one that had most.
    pub fn plus(self, other: Self) -> Self {
        Self { area: self.area + other.area, most: self.most.max(other.most) }
    }
}
