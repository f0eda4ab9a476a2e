//! Distributions of a station's times, by window.
//!
//! Workloads and components keep theirs within 0.1 %, single servers within 1.6 %: a hundred servers' fine
//! histograms would not fit the cache, and cost more than all else a request does.

use sim_core::{statistics::Histogram, time::SimDuration};

use super::windows::Windows;

/// What one window saw.
#[derive(Clone, Debug, Default)]
pub struct Spread {
    /// How long those that left were inside.
    pub latency: Histogram,
    /// How long those that began service had waited.
    pub wait: Histogram,
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
        let spread = Spread { latency: Histogram::coarse(), wait: Histogram::coarse() };
        Self(vec![spread; windows.all().len()])
    }

    /// Somebody left who was inside for so long.
    #[inline]
    pub fn on_leave(&mut self, latency: SimDuration, windows: &Windows) {
        for window in windows.open() {
            self.0[usize::from(*window)].latency.record(latency.as_nanos());
        }
    }

    /// Somebody's service begins after so long.
    #[inline]
    pub fn on_start(&mut self, wait: SimDuration, windows: &Windows) {
        for window in windows.open() {
            self.0[usize::from(*window)].wait.record(wait.as_nanos());
        }
    }

    /// What a window saw.
    pub fn within(&self, window: usize) -> &Spread {
        &self.0[window]
    }
}
