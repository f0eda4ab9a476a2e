//! How long calls took lately, and the quantile a hedge waits for.
//!
//! Three slices of the window, the oldest forgotten whole, each a coarse histogram: a few kilobytes however many calls.
//! The quantile is told anew when a slice is over and whenever there are twice as many calls as when it was told, so
//! that asking costs nothing. Finagle's `WindowedPercentileHistogram` has the same slices; Finagle asks it every 3 s.

use sim_core::{
    statistics::Histogram,
    time::{SimDuration, SimTime},
};

/// Slices of the window (Finagle `DefaultNumBuckets`).
const SLICES: usize = 3;

/// The slices, and the quantile as last told.
#[derive(Debug)]
pub(super) struct Latencies {
    quantile: f64,
    /// How many calls a quantile needs.
    needed: u64,
    slice: SimDuration,
    began: SimTime,
    /// Oldest first; the last is the current one.
    slices: [Histogram; SLICES],
    /// Calls in all slices.
    count: u64,
    /// With how many calls it is told anew.
    due: u64,
    told: Option<SimDuration>,
}

impl Latencies {
    pub(super) fn new(quantile: f64, needed: u32, window: SimDuration, now: SimTime) -> Self {
        Self {
            quantile,
            needed: u64::from(needed),
            slice: SimDuration::from_nanos((window.as_nanos() / SLICES as u64).max(1)),
            began: now,
            slices: std::array::from_fn(|_| Histogram::coarse()),
            count: 0,
            due: u64::from(needed),
            told: None,
        }
    }

    pub(super) fn record(&mut self, now: SimTime, latency: SimDuration) {
        self.turn(now);
        self.slices[SLICES - 1].record(latency.as_nanos());
        self.count += 1;
        if self.count >= self.due {
            self.tell();
        }
    }

    /// The quantile; `None` while there are too few calls.
    pub(super) fn quantile(&mut self, now: SimTime) -> Option<SimDuration> {
        self.turn(now);
        self.told
    }

    /// Forgets the slices that are too old.
    fn turn(&mut self, now: SimTime) {
        let passed = now.since(self.began).as_nanos() / self.slice.as_nanos();
        if passed == 0 {
            return;
        }
        for _ in 0..passed.min(SLICES as u64) {
            self.slices.rotate_left(1);
            self.slices[SLICES - 1] = Histogram::coarse();
        }
        self.began = self.began + self.slice.saturating_mul(passed);
        self.tell();
    }

    fn tell(&mut self) {
        let mut all = Histogram::coarse();
        self.slices.iter().for_each(|slice| all.merge(slice));
        self.count = all.count();
        self.due = self.count.saturating_mul(2).max(self.needed);
        let enough = self.count >= self.needed;
        self.told = all.quantile(self.quantile).filter(|_| enough).map(SimDuration::from_nanos);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::stage::testing::at;

    /// Ten calls in 30 s are needed for the median.
    fn latencies() -> Latencies {
        Latencies::new(0.5, 10, SimDuration::from_secs(30), at(0))
    }

    fn record(latencies: &mut Latencies, at_millis: u64, nanos: impl IntoIterator<Item = u64>) {
        for nanos in nanos {
            latencies.record(at(at_millis), SimDuration::from_nanos(nanos));
        }
    }

    #[test]
    fn nothing_is_told_before_there_are_enough_calls() {
        let mut latencies = latencies();
        record(&mut latencies, 0, 1..=9);
        assert_eq!(latencies.quantile(at(0)), None);
        record(&mut latencies, 0, [10]);
        assert_eq!(latencies.quantile(at(0)), Some(SimDuration::from_nanos(5)));
        record(&mut latencies, 0, 11..=19);
        assert_eq!(latencies.quantile(at(0)), Some(SimDuration::from_nanos(5)), "not told anew yet");
        record(&mut latencies, 0, [20]);
        assert_eq!(latencies.quantile(at(0)), Some(SimDuration::from_nanos(10)));
    }

    #[test]
    fn a_slice_is_forgotten_three_slices_later() {
        let mut latencies = latencies();
        record(&mut latencies, 0, [90; 10]);
        record(&mut latencies, 10_000, [20; 10]);
        for (millis, expected) in [(10_000, Some(20)), (29_999, Some(20)), (30_000, Some(20)), (40_000, None)]
        {
            assert_eq!(latencies.quantile(at(millis)), expected.map(SimDuration::from_nanos), "{millis}");
        }
    }
}
