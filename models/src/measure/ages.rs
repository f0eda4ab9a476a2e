//! How long the oldest of those who wait has waited, looked at from time to time.

use sim_core::time::SimDuration;

use super::windows::Windows;

/// The ages seen in each window.
#[derive(Clone, Debug)]
pub struct Ages(Vec<Seen>);

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    looks: u64,
    sum: u128,
    peak: u64,
}

impl Ages {
    /// Nothing seen yet.
    pub fn new(windows: &Windows) -> Self {
        Self(vec![Seen::default(); windows.all().len()])
    }

    /// The oldest has waited for so long; zero if nobody waits.
    pub fn look(&mut self, age: SimDuration, windows: &Windows) {
        for window in windows.open() {
            let seen = &mut self.0[usize::from(*window)];
            seen.looks += 1;
            seen.sum += u128::from(age.as_nanos());
            seen.peak = seen.peak.max(age.as_nanos());
        }
    }

    /// The mean age in seconds over the looks of a window, and how many looks those were.
    pub fn mean(&self, window: usize) -> (Option<f64>, u64) {
        let Seen { looks, sum, .. } = self.0[window];
        ((looks > 0).then(|| sum as f64 / looks as f64 / 1e9), looks)
    }

    /// The greatest age seen in a window, in seconds.
    pub fn max(&self, window: usize) -> Option<f64> {
        let Seen { looks, peak, .. } = self.0[window];
        (looks > 0).then(|| peak as f64 / 1e9)
    }
}
