//! Totals as they stood when windows opened and when they closed: what happened within a window is their difference.

use super::{Turn, Windows};

/// A pair of readings for each window.
#[derive(Clone, Debug)]
pub(super) struct Readings<T>(Vec<(T, T)>);

impl<T: Copy + Default> Readings<T> {
    /// Nothing read yet.
    pub(super) fn new(windows: &Windows) -> Self {
        Self(vec![Default::default(); windows.all().len()])
    }

    /// Windows open or close at these totals.
    pub(super) fn on_turn(&mut self, turn: &Turn, totals: T) {
        for window in &turn.closes {
            self.0[usize::from(*window)].1 = totals;
        }
        for window in &turn.opens {
            self.0[usize::from(*window)].0 = totals;
        }
    }

    /// When a window opened, and when it closed.
    pub(super) fn of(&self, window: usize) -> (T, T) {
        self.0[window]
    }
}
