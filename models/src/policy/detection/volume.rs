//! How many requests came within a window, counted in five slices.
//!
//! A slice is forgotten whole, so the window reaches back between four and five fifths of its length.
//! Finagle's `WindowedAdder` of five slices.

use sim_core::time::SimDuration;

/// Requests in the window just past.
#[derive(Clone, Debug)]
pub(super) struct Volume {
    slice: SimDuration,
    newest: u64,
    counts: [u32; Volume::SLICES as usize],
}

impl Volume {
    const SLICES: u64 = 5;

    /// Nothing counted yet.
    pub(super) fn new(window: SimDuration) -> Self {
        let slice = SimDuration::from_nanos((window.as_nanos() / Self::SLICES).max(1));
        Self { slice, newest: 0, counts: [0; Self::SLICES as usize] }
    }

    /// Counts one request; `age` is the endpoint's, so that slices start with it.
    pub(super) fn add(&mut self, age: SimDuration) {
        let slice = age.as_nanos() / self.slice.as_nanos();
        let passed = slice.saturating_sub(self.newest).min(Self::SLICES);
        for gone in 0..passed {
            self.counts[((slice - gone) % Self::SLICES) as usize] = 0;
        }
        self.newest = self.newest.max(slice);
        self.counts[(self.newest % Self::SLICES) as usize] += 1;
    }

    /// The requests of the newest slice and the four before it, as of the last request.
    pub(super) fn sum(&self) -> u32 {
        self.counts.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_is_forgotten_five_slices_later() {
        let mut volume = Volume::new(SimDuration::from_secs(10));
        let mut sum_after = |seconds| {
            volume.add(SimDuration::from_secs(seconds));
            volume.sum()
        };
        assert_eq!([0, 1, 9, 10, 11, 12, 100].map(&mut sum_after), [1, 2, 3, 2, 3, 4, 1]);
    }
}
