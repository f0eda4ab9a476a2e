//! How many replications are enough.
//!
//! Sequential stopping after Law (*Simulation Modeling and Analysis*, 9.4.1) with the look-ahead of Hoad,
//! Robinson & Davies (JORS 2010): the first few replications may lie close together by chance, so the precision
//! must hold on for some more before it is believed. Without it, and from 3 replications, a "95 %" interval
//! holds the truth 92.6 % of the time; from 10 with a look-ahead of 5, 95.1 %.

use serde::{Deserialize, Serialize};

use super::{
    interval::Interval,
    student::{normal_factor, student_factor},
    tally::Tally,
};

/// How close to the truth an interval must come.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Precision {
    /// The error stays below this share γ of the *true* mean: the half-width must be at most γ/(1+γ) of the
    /// estimate. Never reached by a mean of 0; use [`Precision::Absolute`] or the bound of a proportion there.
    Relative(f64),
    /// The half-width is at most this.
    Absolute(f64),
}

/// When to stop adding replications.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoppingRule {
    /// The precision wanted.
    pub precision: Precision,
    /// The confidence of the interval: 0.95 by custom.
    pub confidence: f64,
    /// Fewer replications are never enough: 10.
    pub minimum: u64,
    /// Through how many more replications the precision must hold, in percent of the replications but of 100 at
    /// least: 5.
    pub look_ahead: u64,
}

impl StoppingRule {
    /// The rule for this precision with the published defaults: 95 %, at least 10 replications, look-ahead 5.
    pub fn new(precision: Precision) -> Self {
        Self { precision, confidence: 0.95, minimum: 10, look_ahead: 5 }
    }

    /// After how many replications the precision was reached and held; `None` if more are needed.
    pub fn enough(&self, sample: &[f64]) -> Option<u64> {
        let mut tally = Tally::default();
        let mut reached = None;
        for &value in sample {
            tally.record(value);
            let count = tally.count();
            if count < self.minimum || !self.holds(&tally) {
                reached = None;
                continue;
            }
            let first = *reached.get_or_insert(count);
            if count - first >= self.look_ahead * first.max(100) / 100 {
                return reached;
            }
        }
        None
    }

    fn holds(&self, tally: &Tally) -> bool {
        let Some(interval) = Interval::of_tally(tally, self.confidence) else { return false };
        match self.precision {
            Precision::Absolute(half_width) => interval.half_width <= half_width,
            Precision::Relative(share) => {
                interval.relative().is_some_and(|relative| relative <= share / (1.0 + share))
            }
        }
    }
}

/// The smallest number of replications whose interval would have that half-width, if the standard deviation is
/// `deviation`: t is taken anew for each number. `None` if no number gives it.
pub fn replications_needed(deviation: f64, half_width: f64, confidence: f64) -> Option<u64> {
    if !(half_width > 0.0 && deviation.is_finite()) {
        return None;
    }
    // The normal distribution gives a lower bound, from which the answer is a few steps away.
    let bound = normal_factor(confidence) * deviation / half_width;
    let start = ((bound * bound) as u64).max(2);
    let wide = |count: u64| {
        student_factor(confidence, (count - 1) as f64) * deviation / (count as f64).sqrt() > half_width
    };
    (start..=u64::from(u32::MAX)).find(|&count| !wide(count))
}

/// The textbook's short cut R (h₀/h)²: too many, since it keeps the t of the few replications there are.
pub fn replications_by_ratio(interval: &Interval, half_width: f64) -> u64 {
    let ratio = interval.half_width / half_width;
    (interval.count as f64 * ratio * ratio).ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first three lie close together by chance.
    const SAMPLE: [f64; 30] = [
        10.0, 10.1, 10.05, 13.0, 8.0, 11.2, 9.1, 10.4, 9.8, 10.6, 10.1, 9.7, 10.3, 10.2, 9.9, 10.5, 10.0,
        10.1, 9.8, 10.4, 10.2, 10.3, 9.9, 10.1, 10.0, 10.2, 10.1, 9.9, 10.0, 10.3,
    ];

    #[test]
    fn looking_ahead_escapes_the_trap_of_the_first_three() {
        let rule = |minimum, look_ahead| StoppingRule {
            minimum,
            look_ahead,
            ..StoppingRule::new(Precision::Relative(0.05))
        };
        assert_eq!(rule(3, 0).enough(&SAMPLE), Some(3));
        assert_eq!(rule(3, 5).enough(&SAMPLE), Some(18));
        assert_eq!(rule(10, 5).enough(&SAMPLE), Some(18));
        assert_eq!(StoppingRule::new(Precision::Relative(0.05)).enough(&SAMPLE[..22]), None);
        assert_eq!(StoppingRule::new(Precision::Relative(0.05)).enough(&SAMPLE[..23]), Some(18));
        for (count, relative) in [(3, 0.0124), (4, 0.2177), (10, 0.0913), (17, 0.0502), (18, 0.0472)] {
            let found = Interval::of(&SAMPLE[..count], 0.95).unwrap().relative().unwrap();
            assert!((found - relative).abs() < 5e-5, "{count}: {found}");
        }
    }

    #[test]
    fn a_mean_of_nothing_needs_an_absolute_precision() {
        let none = [0.0; 40];
        assert_eq!(StoppingRule::new(Precision::Relative(0.05)).enough(&none), None);
        assert_eq!(StoppingRule::new(Precision::Absolute(0.01)).enough(&none), Some(10));
        // The half-width passes 0.5 between the 17th (0.507) and the 18th (0.476).
        assert_eq!(StoppingRule::new(Precision::Absolute(0.5)).enough(&SAMPLE), Some(18));
    }

    #[test]
    fn the_number_needed_takes_its_own_t() {
        let sample = [9.2, 10.1, 8.7, 11.3, 9.9, 10.4, 9.0, 10.8, 9.6, 10.2];
        let (tally, interval) = (Tally::of(&sample), Interval::of(&sample, 0.95).unwrap());
        let deviation = tally.deviation().unwrap();
        assert_eq!(replications_needed(deviation, 0.25, 0.95), Some(44));
        assert_eq!(replications_by_ratio(&interval, 0.25), 55);
        assert_eq!(replications_needed(deviation, 0.02 * 9.92, 0.95), Some(68));
        assert_eq!(replications_needed(0.0, 0.1, 0.95), Some(2));
        assert_eq!(replications_needed(deviation, 0.0, 0.95), None);
        assert_eq!(replications_needed(1e9, 1e-9, 0.95), None);
    }

    #[test]
    fn an_open_verdict_tells_how_many_more_would_close_it() {
        // 292.2 ± 20.9 and 360.0 ± 104.3 ms from 10 replications, against a limit of 300 ms.
        for (mean, half_width, needed) in [(292.2, 20.9, 72), (360.0, 104.3, 31)] {
            let interval = Interval { mean, half_width, confidence: 0.95, count: 10 };
            assert_eq!(replications_by_ratio(&interval, (mean - 300.0_f64).abs()), needed);
        }
    }
}
