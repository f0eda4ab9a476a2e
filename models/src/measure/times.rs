//! Distributions of a station's times, by window.
//!
//! Workloads and components keep theirs within 0.1 %, single servers within 1.6 %: a hundred servers' fine
//! histograms would not fit the cache, and cost more than all else a request does.

use sim_core::{statistics::Histogram, time::SimDuration};

use super::{
    windowed::Windowed,
    windows::{Turn, Windows},
};

/// How long those that left were inside, and how long those that began service had waited.
#[derive(Clone, Debug)]
pub struct Times {
    latency: Windowed,
    wait: Windowed,
}

impl Times {
    /// Nothing seen yet, to be kept within 0.1 %.
    pub fn fine(windows: &Windows) -> Self {
        Self::over(&Histogram::default(), windows)
    }

    /// Nothing seen yet, to be kept within 1.6 %.
    pub fn coarse(windows: &Windows) -> Self {
        Self::over(&Histogram::coarse(), windows)
    }

    fn over(empty: &Histogram, windows: &Windows) -> Self {
        Self { latency: Windowed::new(empty, windows), wait: Windowed::new(empty, windows) }
    }

    /// Somebody left who was inside for so long.
    #[inline(always)]
    pub fn on_leave(&mut self, latency: SimDuration) {
        self.latency.record(latency);
    }

    /// Somebody's service begins after so long.
    #[inline(always)]
    pub fn on_start(&mut self, wait: SimDuration) {
        self.wait.record(wait);
    }

    /// Windows open or close.
    pub fn on_turn(&mut self, turn: &Turn) {
        self.latency.on_turn(turn);
        self.wait.on_turn(turn);
    }

    /// How long those that left within a window were inside, once it is closed.
    pub fn latency(&self, window: usize) -> &Histogram {
        self.latency.within(window)
    }

    /// How long those that began service within a window had waited, once it is closed.
    pub fn wait(&self, window: usize) -> &Histogram {
        self.wait.within(window)
    }
}
