//! Averages over time of a whole level: how many are in the system, how many are busy.
//!
//! Level times nanoseconds is a whole number, so the area under the path is exact and Little's law can be
//! checked as an identity: over any window, the area equals the summed overlaps of all stays with that window.
//! "λ·W of the arrivals inside" is not the same: it forgets who came before and counts who leaves after.

use serde::{Deserialize, Serialize};

use crate::time::{SimDuration, SimTime};

/// The part of a run that is measured: from `from`, up to but without `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The first moment inside.
    pub from: SimTime,
    /// The first moment after.
    pub until: SimTime,
}

impl Window {
    /// The whole run.
    pub const ALL: Self = Self { from: SimTime::ZERO, until: SimTime::NEVER };

    /// How long the window is.
    pub fn length(self) -> SimDuration {
        self.until.since(self.from)
    }

    /// Whether that moment lies inside.
    #[inline]
    pub fn contains(self, moment: SimTime) -> bool {
        self.from <= moment && moment < self.until
    }

    /// How much of the time from `start` to `end` lies inside.
    #[inline]
    pub fn overlap(self, start: SimTime, end: SimTime) -> SimDuration {
        end.min(self.until).since(start.max(self.from))
    }
}

/// The time average of a level that starts at 0 when the run does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeAverage {
    window: Window,
    level: u64,
    since: SimTime,
    area: u128,
    squares: u128,
    peak: u64,
}

impl TimeAverage {
    /// Measures inside `window`; the level may change before and after it.
    pub fn over(window: Window) -> Self {
        Self { window, level: 0, since: SimTime::ZERO, area: 0, squares: 0, peak: 0 }
    }

    /// From `now` on the level is `level`. Moments must not go back.
    #[inline]
    pub fn set(&mut self, now: SimTime, level: u64) {
        self.advance(now);
        self.level = level;
    }

    /// From `now` on the level is one higher.
    #[inline]
    pub fn rise(&mut self, now: SimTime) {
        self.set(now, self.level.saturating_add(1));
    }

    /// From `now` on the level is one lower, but not below 0.
    #[inline]
    pub fn fall(&mut self, now: SimTime) {
        self.set(now, self.level.saturating_sub(1));
    }

    #[inline]
    fn advance(&mut self, now: SimTime) {
        let nanos = self.window.overlap(self.since, now).as_nanos();
        if nanos > 0 {
            let area = u128::from(self.level) * u128::from(nanos);
            self.area = self.area.saturating_add(area);
            self.squares = self.squares.saturating_add(area.saturating_mul(u128::from(self.level)));
            self.peak = self.peak.max(self.level);
        }
        self.since = self.since.max(now);
    }

    /// The level at present.
    pub fn level(&self) -> u64 {
        self.level
    }

    /// Level times nanoseconds inside the window, up to `now`.
    pub fn area(&self, now: SimTime) -> u128 {
        self.at(now).area
    }

    /// The greatest level that lasted, inside the window, up to `now`.
    pub fn peak(&self, now: SimTime) -> u64 {
        self.at(now).peak
    }

    /// The mean level inside the window, up to `now`; `None` before the window opens.
    pub fn mean(&self, now: SimTime) -> Option<f64> {
        self.per_nano(self.area(now), now)
    }

    /// The variance of the level over time, inside the window, up to `now`.
    pub fn variance(&self, now: SimTime) -> Option<f64> {
        let mean = self.mean(now)?;
        let squares = self.per_nano(self.at(now).squares, now)?;
        Some((squares - mean * mean).max(0.0))
    }

    /// The same average once time has reached `now`.
    fn at(&self, now: SimTime) -> Self {
        let mut later = self.clone();
        later.advance(now);
        later
    }

    fn per_nano(&self, area: u128, now: SimTime) -> Option<f64> {
        let nanos = self.window.overlap(SimTime::ZERO, now.max(self.since)).as_nanos();
        (nanos > 0).then(|| area as f64 / nanos as f64)
    }
}

/// The summed time that stays had inside a window: the right side of Little's identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overlap {
    window: Window,
    nanos: u128,
}

impl Overlap {
    /// Measures inside `window`.
    pub fn over(window: Window) -> Self {
        Self { window, nanos: 0 }
    }

    /// Counts a stay from `entered` to `left`. Who is still there at the end counts as leaving then.
    #[inline]
    pub fn record(&mut self, entered: SimTime, left: SimTime) {
        self.nanos += u128::from(self.window.overlap(entered, left).as_nanos());
    }

    /// Nanoseconds of all stays inside the window. Equals [`TimeAverage::area`] if nobody was lost or invented.
    pub fn nanos(&self) -> u128 {
        self.nanos
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: f64) -> SimTime {
        SimTime::from_nanos(SimDuration::from_secs_f64(seconds).as_nanos())
    }

    fn window(from: f64, until: f64) -> Window {
        Window { from: at(from), until: at(until) }
    }

    /// The level's path through all stays.
    fn path(stays: &[(SimTime, SimTime)], window: Window) -> TimeAverage {
        let mut steps: Vec<(SimTime, bool)> =
            stays.iter().flat_map(|&(entered, left)| [(entered, true), (left, false)]).collect();
        steps.sort_by_key(|&(moment, enters)| (moment, !enters));
        let mut average = TimeAverage::over(window);
        for (moment, enters) in steps {
            if enters { average.rise(moment) } else { average.fall(moment) }
        }
        average
    }

    #[test]
    fn levels_weigh_by_how_long_they_last() {
        // 0 on [0,2), 1 on [2,5), 3 on [5,7), 2 on [7,10).
        for (from, mean) in [(0.0, 1.5), (4.0, 13.0 / 6.0)] {
            let mut average = TimeAverage::over(window(from, 10.0));
            average.set(at(2.0), 1);
            average.set(at(5.0), 3);
            average.set(at(7.0), 2);
            // After the window nothing counts.
            average.set(at(11.0), 1000);
            assert!((average.mean(at(12.0)).unwrap() - mean).abs() < 1e-15);
            assert_eq!(average.peak(at(12.0)), 3);
            if from == 0.0 {
                assert!((average.variance(at(12.0)).unwrap() - 1.05).abs() < 1e-12);
            }
        }
        assert_eq!(TimeAverage::over(window(4.0, 10.0)).mean(at(4.0)), None);
    }

    #[test]
    fn littles_law_is_an_identity_on_a_path() {
        // First come first served, arrivals 0 1 1.5 4 6, services 2 1 1.5 1 0.5.
        let stays = [(0.0, 2.0), (1.0, 3.0), (1.5, 4.5), (4.0, 5.5), (6.0, 6.5)];
        let stays = stays.map(|(entered, left)| (at(entered), at(left)));
        let sojourns = 2.0 + 2.0 + 3.0 + 1.5 + 0.5;
        for (window, mean) in [(window(0.0, 6.5), sojourns / 6.5), (window(2.0, 6.0), 1.25)] {
            let average = path(&stays, window);
            let mut overlap = Overlap::over(window);
            for (entered, left) in stays {
                overlap.record(entered, left);
            }
            assert_eq!(average.area(at(9.0)), overlap.nanos());
            assert!((average.mean(at(9.0)).unwrap() - mean).abs() < 1e-12);
        }
    }

    proptest! {
        #[test]
        fn area_equals_overlaps_through_any_window(
            stays in prop::collection::vec((0..1000_u64, 0..1000_u64), 0..40),
            from in 0..2000_u64,
            length in 0..2000_u64,
        ) {
            let nanos = SimTime::from_nanos;
            let window = Window { from: nanos(from), until: nanos(from + length) };
            let stays: Vec<_> = stays.iter().map(|&(start, stay)| (nanos(start), nanos(start + stay))).collect();
            let mut overlap = Overlap::over(window);
            for &(entered, left) in &stays {
                overlap.record(entered, left);
            }
            prop_assert_eq!(path(&stays, window).area(nanos(5000)), overlap.nanos());
        }
    }
}
