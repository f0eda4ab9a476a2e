//! A distribution for each window.
//!
//! Windows seldom open or close, and values come by the million: a value is counted once, in the stretch of time since
//! a window last opened or closed, and the whole stretch is then added to every window that was open.

use sim_core::{
    statistics::{Batch, Histogram},
    time::SimDuration,
};

use super::windows::{Turn, Windows};

/// Durations by window.
#[derive(Clone, Debug)]
pub(super) struct Windowed {
    stretch: Batch,
    windows: Vec<Histogram>,
}

impl Windowed {
    /// Nothing seen yet, to be kept as finely as `empty` does.
    pub(super) fn new(empty: &Histogram, windows: &Windows) -> Self {
        Self { stretch: Batch::over(empty.clone()), windows: vec![empty.clone(); windows.all().len()] }
    }

    /// Counts one.
    #[inline(always)]
    pub(super) fn record(&mut self, duration: SimDuration) {
        self.stretch.record(duration.as_nanos());
    }

    /// Windows open or close: what the stretch saw belongs to those that were open.
    pub(super) fn on_turn(&mut self, turn: &Turn) {
        let stretch = self.stretch.take();
        for window in &turn.before {
            let window = &mut self.windows[usize::from(*window)];
            if window.is_empty() {
                window.clone_from(&stretch);
            } else {
                window.merge(&stretch);
            }
        }
    }

    /// What a window saw, once it is closed.
    pub(super) fn within(&self, window: usize) -> &Histogram {
        &self.windows[window]
    }
}

#[cfg(test)]
mod tests {
    use sim_core::time::SimTime;

    use super::*;
    use crate::measure::Window;

    #[test]
    fn every_window_sees_what_came_while_it_was_open() {
        let at = SimTime::from_nanos;
        let window = |name: &str, from, to| Window { name: name.into(), from: at(from), to: at(to) };
        let mut windows = Windows::new(window("", 10, 40), [window("early", 10, 20), window("late", 20, 40)]);
        let mut seen = Windowed::new(&Histogram::default(), &windows);
        for (now, values) in [(0, 1..3), (10, 3..8), (20, 8..50), (40, 50..60)] {
            if windows.boundaries().contains(&at(now)) {
                seen.on_turn(&windows.turn(at(now)));
            }
            values.for_each(|value| seen.record(SimDuration::from_nanos(value)));
        }
        let counts = [0, 1, 2].map(|window| (seen.within(window).count(), seen.within(window).min()));
        assert_eq!(counts, [(47, Some(3)), (5, Some(3)), (42, Some(8))]);
    }
}
