//! Work and the clock that measures it, in whole 2⁻³² nanoseconds.
//!
//! The clock runs at the pace of one job that is being served: what it shows is what every job served since the
//! start would have been given. A job that begins at reading r and needs w is done at reading r + w, so nothing
//! is counted per job, and equal readings are equal: order never hangs on a rounding.

use sim_core::time::{SimDuration, SimTime};

/// An amount of work, in 2⁻³² nanoseconds at speed 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Work(u128);

/// Work units in a nanosecond, and speed units in speed 1.
const ONE: u64 = 1 << 32;

/// Beyond any server; keeps speed × time × cores within 128 bits.
const FASTEST: f64 = 4096.0;

impl Work {
    pub(super) fn new(demand: SimDuration) -> Self {
        Self(u128::from(demand.as_nanos()) * u128::from(ONE))
    }

    pub(super) fn plus(self, more: Self) -> Self {
        Self(self.0.saturating_add(more.0))
    }

    /// What is left up to here from `done`.
    pub(super) fn minus(self, done: Self) -> Self {
        Self(self.0.saturating_sub(done.0))
    }

    /// The amount in 2⁻³² nanoseconds.
    pub(super) fn units(self) -> u128 {
        self.0
    }

    /// To the nearest nanosecond at speed 1.
    pub(super) fn as_duration(self) -> SimDuration {
        let nanos = (self.0 + u128::from(ONE / 2)) / u128::from(ONE);
        SimDuration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

/// What part of a core each job served gets: `cores` among `jobs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Portion {
    cores: u16,
    jobs: u64,
}

impl Portion {
    /// A core for each.
    pub(super) const WHOLE: Self = Self { cores: 1, jobs: 1 };

    /// Equal parts of the cores, at most one core each.
    pub(super) fn of(cores: u16, jobs: usize) -> Self {
        if jobs <= usize::from(cores) { Self::WHOLE } else { Self { cores, jobs: jobs as u64 } }
    }
}

/// Shows the work that every job in service has been given.
#[derive(Debug)]
pub(super) struct Clock {
    at: SimTime,
    given: Work,
    /// In 2⁻³² of speed 1.
    speed: u64,
}

impl Clock {
    pub(super) fn new(speed: f64) -> Self {
        Self { at: SimTime::ZERO, given: Work::default(), speed: in_units(speed) }
    }

    pub(super) fn given(&self) -> Work {
        self.given
    }

    /// Lets every job in service be served up to `now`.
    pub(super) fn advance(&mut self, now: SimTime, portion: Portion) {
        let product =
            u128::from(now.since(self.at).as_nanos()) * u128::from(self.speed) * u128::from(portion.cores);
        self.given.0 += product / u128::from(portion.jobs);
        self.at = self.at.max(now);
    }

    pub(super) fn set_speed(&mut self, speed: f64) {
        self.speed = in_units(speed);
    }

    /// The first whole nanosecond at which the clock shows `reading`; `None` if it stands still before.
    pub(super) fn when(&self, reading: Work, portion: Portion) -> Option<SimTime> {
        let missing = reading.minus(self.given).0.saturating_mul(u128::from(portion.jobs));
        let pace = u128::from(self.speed) * u128::from(portion.cores);
        if pace == 0 && missing > 0 {
            return None;
        }
        let nanos = missing.div_ceil(pace.max(1));
        Some(self.at + SimDuration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
    }
}

/// The speed in 2⁻³²; negative and NaN stand still.
fn in_units(speed: f64) -> u64 {
    (speed.clamp(0.0, FASTEST) * ONE as f64 + 0.5) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_shows_a_reading_at_the_nanosecond_it_promised_and_not_before() {
        for speed in [0.3, 1.0, 1.7] {
            for (cores, jobs) in [(1, 1), (1, 3), (2, 7), (8, 3)] {
                let portion = Portion::of(cores, jobs);
                let reading = Work::new(SimDuration::from_nanos(1_000_003));
                let when = Clock::new(speed).when(reading, portion).unwrap();
                for (nanos, shown) in [(when.as_nanos() - 1, false), (when.as_nanos(), true)] {
                    let mut clock = Clock::new(speed);
                    clock.advance(SimTime::from_nanos(nanos), portion);
                    assert_eq!(clock.given() >= reading, shown, "{speed} {cores} {jobs}");
                }
                let part = (f64::from(cores) / jobs as f64).min(1.0);
                assert!((when.as_nanos() as f64 - 1_000_003.0 / speed / part).abs() < 1.01);
            }
        }
    }

    #[test]
    fn extremes_neither_wrap_nor_run_backwards() {
        let mut clock = Clock::new(f64::INFINITY);
        clock.advance(SimTime::from_nanos(u64::MAX / 2), Portion::of(u16::MAX, usize::from(u16::MAX) + 1));
        let shown = clock.given();
        clock.advance(SimTime::ZERO, Portion::WHOLE);
        assert_eq!(clock.given(), shown);
        for standing in [0.0, -1.0, f64::NAN] {
            assert_eq!(Clock::new(standing).when(Work(1), Portion::WHOLE), None);
        }
        assert_eq!(Clock::new(1e-9).when(Work(u128::MAX), Portion::WHOLE), Some(SimTime::NEVER));
    }
}
