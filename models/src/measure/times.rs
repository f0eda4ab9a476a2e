//! Distributions of a station's times, by window.
//!
//! Workloads and components keep theirs within 0.1 %, single servers within 1.6 %: a hundred servers' fine
//! histograms would not fit the cache, and cost more than all else a request does.

use sim_core::{
    statistics::{Batch, Histogram},
    time::SimDuration,
};

use super::windows::Windows;

/// What one window saw.
#[derive(Clone, Debug, Default)]
pub struct Spread {
    latency: Batch,
    wait: Batch,
}

impl Spread {
    /// How long those that left were inside.
    pub fn latency(&self) -> &Histogram {
        self.latency.settled()
    }

    /// How long those that began service had waited.
    pub fn wait(&self) -> &Histogram {
        self.wait.settled()
    }
}

/// By window.
#[derive(Clone, Debug)]
pub struct Times(Vec<Spread>);

impl Times {
    /// Nothing seen yet, to be kept within 0.1 %.
    pub fn fine(windows: &Windows) -> Self {
        Self(vec![Spread::default(); windows.all().len()])
    }

    /// Nothing seen yet, to be kept within 1.6 %.
    pub fn coarse(windows: &Windows) -> Self {
        let coarse = || Batch::over(Histogram::coarse());
        Self(vec![Spread { latency: coarse(), wait: coarse() }; windows.all().len()])
    }

    /// Somebody left who was inside for so long.
    #[inline(always)]
    pub fn on_leave(&mut self, latency: SimDuration, windows: &Windows) {
        for window in windows.open() {
            self.0[usize::from(*window)].latency.record(latency.as_nanos());
        }
    }

    /// Somebody's service begins after so long.
    #[inline(always)]
    pub fn on_start(&mut self, wait: SimDuration, windows: &Windows) {
        for window in windows.open() {
            self.0[usize::from(*window)].wait.record(wait.as_nanos());
        }
    }

    /// The run is over: nothing more comes.
    pub fn settle(&mut self) {
        for spread in &mut self.0 {
            spread.latency.settle();
            spread.wait.settle();
        }
    }

    /// What a window saw, once all is settled.
    pub fn within(&self, window: usize) -> &Spread {
        &self.0[window]
    }
}
