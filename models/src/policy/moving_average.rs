//! An average that forgets exponentially with time, not with the number of observations.
//!
//! An observation `t` after the one before it weighs 1 − e^(−t/window): two at the same instant change nothing,
//! a silence of several windows leaves only the newest. Unlike a sliding window it keeps one number.
//! Finagle's `Ema`.

use sim_core::time::{SimDuration, SimTime};

/// The running average; empty until the first observation, which sets it.
#[derive(Clone, Debug)]
pub(crate) struct MovingAverage {
    window: SimDuration,
    last: Option<(SimTime, f64)>,
}

impl MovingAverage {
    /// Nothing seen yet; `window` is the mean age of what the average remembers, zero to remember only the newest.
    pub(crate) fn new(window: SimDuration) -> Self {
        Self { window, last: None }
    }

    /// Adds `value` and answers with the new average.
    pub(crate) fn update(&mut self, now: SimTime, value: f64) -> f64 {
        let average = match self.last {
            Some((then, average)) => {
                let kept = self.kept(now.since(then));
                value * (1.0 - kept) + average * kept
            }
            None => value,
        };
        self.last = Some((now, average));
        average
    }

    fn kept(&self, age: SimDuration) -> f64 {
        if self.window.is_zero() {
            return 0.0;
        }
        libm::exp(-(age.as_nanos() as f64) / self.window.as_nanos() as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_observation_weighs_what_the_time_before_it_leaves() {
        let at = |seconds| SimTime::ZERO + SimDuration::from_secs(seconds);
        let mut average = MovingAverage::new(SimDuration::from_secs(15));
        assert_eq!(average.update(at(0), 8.0), 8.0);
        assert_eq!(average.update(at(0), 100.0), 8.0, "no time has passed");
        // 8 e^(−1).
        assert!((average.update(at(15), 0.0) - 2.943_035_529_371_54).abs() < 1e-12);
    }

    #[test]
    fn without_a_window_only_the_newest_counts() {
        let mut average = MovingAverage::new(SimDuration::ZERO);
        average.update(SimTime::ZERO, 8.0);
        assert_eq!(average.update(SimTime::ZERO, 3.0), 3.0);
    }
}
