//! Requests and successes of a while just past, in slices of a second.
//!
//! A slice begins with the first event after the one before it has lasted a second, and is forgotten whole once its
//! beginning is as old as the window. Envoy admission control's `ThreadLocalControllerImpl`.

use std::collections::VecDeque;

use sim_core::time::{SimDuration, SimTime};

/// How long a slice takes events in.
const SLICE: SimDuration = SimDuration::from_secs(1);

/// How many requests, and how many of them succeeded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) requests: u64,
    pub(super) successes: u64,
}

/// The counts of a window.
#[derive(Debug)]
pub(super) struct Recent {
    window: SimDuration,
    /// By when they began, oldest first.
    slices: VecDeque<(SimTime, Counts)>,
    /// The sum of the slices.
    total: Counts,
}

impl Recent {
    pub(super) fn new(window: SimDuration) -> Self {
        Self { window, slices: VecDeque::new(), total: Counts::default() }
    }

    /// The counts of the window that ends `now`.
    pub(super) fn counts(&self, now: SimTime) -> Counts {
        let mut counts = self.total;
        for (_, gone) in self.slices.iter().take_while(|(start, _)| self.is_over(*start, now)) {
            counts.requests -= gone.requests;
            counts.successes -= gone.successes;
        }
        counts
    }

    /// Requests a second over the window or the age of the oldest slice, if that is longer; in whole seconds and
    /// requests, of what has not been forgotten yet.
    pub(super) fn rate(&self, now: SimTime) -> u64 {
        let age = self.slices.front().map_or(SimDuration::ZERO, |(start, _)| now.since(*start));
        let whole = SimDuration::from_secs(age.as_nanos() / SLICE.as_nanos());
        let requests = u128::from(self.total.requests) * u128::from(SLICE.as_nanos());
        (requests / u128::from(self.window.max(whole).as_nanos().max(1))) as u64
    }

    /// Counts so many requests and so many successes.
    pub(super) fn add(&mut self, now: SimTime, requests: u64, successes: u64) {
        self.roll(now);
        if let Some((_, newest)) = self.slices.back_mut() {
            newest.requests += requests;
            newest.successes += successes;
        }
        self.total.requests += requests;
        self.total.successes += successes;
    }

    /// Forgets slices that are over and begins a new one if it is time.
    pub(super) fn roll(&mut self, now: SimTime) {
        self.total = self.counts(now);
        while self.slices.front().is_some_and(|(start, _)| self.is_over(*start, now)) {
            self.slices.pop_front();
        }
        if self.slices.back().is_none_or(|(start, _)| now.since(*start) >= SLICE) {
            self.slices.push_back((now, Counts::default()));
        }
    }

    fn is_over(&self, start: SimTime, now: SimTime) -> bool {
        now.since(start) >= self.window
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::stage::testing::at;

    #[test]
    fn a_slice_is_forgotten_when_its_beginning_is_as_old_as_the_window() {
        let mut recent = Recent::new(SimDuration::from_secs(5));
        recent.add(at(500), 1, 1);
        recent.add(at(1_499), 1, 0);
        recent.add(at(1_500), 1, 1);
        let counts = |recent: &Recent, millis| {
            let Counts { requests, successes } = recent.counts(at(millis));
            (requests, successes)
        };
        assert_eq!(
            [1_500, 5_499, 5_500, 6_500].map(|now| counts(&recent, now)),
            [(3, 2), (3, 2), (1, 1), (0, 0)]
        );
        recent.add(at(6_499), 1, 0);
        assert_eq!(counts(&recent, 6_499), (2, 1));
    }

    #[test]
    fn the_rate_is_in_whole_requests_over_the_window_at_least() {
        let mut recent = Recent::new(SimDuration::from_secs(4));
        recent.add(at(0), 11, 11);
        assert_eq!([0, 3_000, 5_999, 6_000].map(|now| recent.rate(at(now))), [2, 2, 2, 1]);
    }
}
