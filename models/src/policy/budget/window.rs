//! A sum over the time just past, in slices that are forgotten whole.
//!
//! The slice under way and so many whole ones before it; a slice begins with the first that comes after the one before
//! is over, so idle time does not cut it short. twitter-util's `WindowedAdder`.

use sim_core::time::{SimDuration, SimTime};

/// The slices.
#[derive(Clone, Debug)]
pub(super) struct Window {
    slice: SimDuration,
    began: SimTime,
    current: i64,
    past: Vec<i64>,
    /// Where in `past` the current slice goes when it is over; the oldest is there.
    place: usize,
}

impl Window {
    /// Nothing in it yet; `slices`, at least 2, include the current one.
    pub(super) fn new(length: SimDuration, slices: usize, now: SimTime) -> Self {
        let slice = SimDuration::from_nanos((length.as_nanos() / slices as u64).max(1));
        Self { slice, began: now, current: 0, past: vec![0; slices - 1], place: 0 }
    }

    pub(super) fn add(&mut self, now: SimTime, amount: i64) {
        self.turn(now);
        self.current += amount;
    }

    pub(super) fn sum(&mut self, now: SimTime) -> i64 {
        self.turn(now);
        self.current + self.past.iter().sum::<i64>()
    }

    /// Puts the current slice away if it is over, and empty ones for those that passed unseen.
    fn turn(&mut self, now: SimTime) {
        let passed = now.since(self.began).as_nanos() / self.slice.as_nanos();
        if passed == 0 {
            return;
        }
        for _ in 0..passed.min(self.past.len() as u64 + 1) {
            self.past[self.place] = std::mem::take(&mut self.current);
            self.place = (self.place + 1) % self.past.len();
        }
        self.began = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Adds and sums at the seconds given, over 3 s in 3 slices.
    fn sums(steps: &[(u64, i64)]) -> Vec<i64> {
        let mut window = Window::new(SimDuration::from_secs(3), 3, SimTime::ZERO);
        let second = |seconds| SimTime::ZERO + SimDuration::from_secs(seconds);
        let mut sum_after = |&(at, amount): &(u64, i64)| {
            if amount != 0 {
                window.add(second(at), amount);
            }
            window.sum(second(at))
        };
        steps.iter().map(&mut sum_after).collect()
    }

    #[test]
    fn it_slides() {
        // twitter-util, WindowedAdderTest: "sums things up when time stands still", "maintains a sliding window",
        // "maintains a sliding window when slices are skipped", "maintains negative sums".
        assert_eq!(sums(&[(0, 1), (0, 1), (0, 3)]), [1, 2, 5]);
        assert_eq!(sums(&[(0, 1), (1, 0), (1, 2), (2, 0), (3, 0), (4, 0)]), [1, 1, 3, 3, 2, 0]);
        let skipped =
            [(0, 1), (1, 2), (2, 1), (4, 0), (104, 0), (104, 100), (105, 0), (105, 100), (106, 100)];
        assert_eq!(sums(&skipped), [1, 3, 4, 1, 0, 100, 100, 200, 300]);
        assert_eq!(sums(&[(0, 300), (100, 0)]), [300, 0]);
        let negative = [(0, -2), (0, 4), (1, -2), (1, -2), (2, -2), (3, 0), (4, 0), (5, 0), (105, 0)];
        assert_eq!(sums(&negative), [-2, 2, 0, -2, -4, -6, -2, 0, 0]);
    }
}
