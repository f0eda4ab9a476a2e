//! How long a system takes to come back after a fault, and whether it comes back at all.
//!
//! Never is a value: a mean over the replications that did recover would flatter the arm that mostly does not,
//! so the summary is the share recovered, with its interval, and the median with never as infinity. A system that
//! stays down long after the trigger is gone is metastable (Bronson et al., HotOS 2021).

use super::{interval::Bounds, proportion::wilson, quantile::quantile_of_sorted};

/// What counts as having recovered. Lengths are in bins of the series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RecoveryRule {
    /// Bins of one running mean: 10 of a second.
    pub mean_over: usize,
    /// How long every running mean must stay high: 30 of a second.
    pub hold: usize,
    /// What share of the mean before the fault is high enough: 0.95.
    pub share: f64,
}

impl Default for RecoveryRule {
    fn default() -> Self {
        Self { mean_over: 10, hold: 30, share: 0.95 }
    }
}

impl RecoveryRule {
    /// How many bins after `fault_end` the useful rate was back and stayed: the first bin whose mean over the next
    /// `mean_over` bins, and that of each of the `hold` bins after it, is high enough. `None` if the series ends
    /// before that can be said.
    pub fn time_to_recover(&self, useful_rate: &[f64], fault_end: usize, mean_before: f64) -> Option<usize> {
        let after = useful_rate.get(fault_end..)?;
        let enough = self.share * mean_before * self.mean_over as f64;
        let mut held = 0;
        for (bin, ahead) in after.windows(self.mean_over.max(1)).enumerate() {
            held = if ahead.iter().sum::<f64>() >= enough { held + 1 } else { 0 };
            if held > self.hold {
                return Some(bin - self.hold);
            }
        }
        None
    }
}

/// Recovery over replications.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recovery {
    /// Replications that recovered.
    pub recovered: u64,
    /// Replications in all.
    pub count: u64,
    /// Wilson's interval of the chance to recover.
    pub chance: Bounds,
    /// The median time to recover; `None` if fewer than half did.
    pub median: Option<usize>,
}

impl Recovery {
    /// Sums up the replications' times, `None` being never; `None` without replications.
    pub fn of(times: &[Option<usize>], confidence: f64) -> Option<Self> {
        let (recovered, count) = (times.iter().flatten().count() as u64, times.len() as u64);
        let mut sorted: Vec<usize> = times.iter().map(|time| time.unwrap_or(usize::MAX)).collect();
        sorted.sort_unstable();
        let median = quantile_of_sorted(&sorted, 0.5).filter(|&time| time != usize::MAX);
        Some(Self { recovered, count, chance: wilson(recovered, count, confidence)?, median })
    }
}

/// Whether a system is down although nothing holds it down: the trigger has been gone for at least five of the
/// customers' own time limits, and at the same offered load the useful rate is below half of what it was before.
pub fn is_metastable(rate_before: f64, rate_late: f64, since_trigger: f64, timeout: f64) -> bool {
    since_trigger >= 5.0 * timeout && rate_late < 0.5 * rate_before
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 700 a second, but 350 from 120 s to 150 s and `dip` for `slow` seconds after.
    fn series(dip: f64, slow: usize) -> Vec<f64> {
        (0..300)
            .map(|second| match second {
                120..150 => 350.0,
                second if second >= 150 && second < 150 + slow => dip,
                _ => 700.0,
            })
            .collect()
    }

    #[test]
    fn recovery_must_last() {
        let rule = RecoveryRule::default();
        assert_eq!(rule.time_to_recover(&series(0.0, 0), 150, 700.0), Some(0));
        assert_eq!(rule.time_to_recover(&series(0.0, 17), 150, 700.0), Some(17));
        // 95 % of ten seconds allows half a second's worth to be missing: one of these four.
        assert_eq!(rule.time_to_recover(&series(400.0, 4), 150, 700.0), Some(3));
        assert_eq!(rule.time_to_recover(&series(400.0, 1), 150, 700.0), Some(0));
        // A relapse within the half minute starts the count anew.
        let mut relapse = series(0.0, 5);
        relapse[175] = 0.0;
        assert_eq!(rule.time_to_recover(&relapse, 150, 700.0), Some(26));
        // 40 bins must follow to be sure.
        assert_eq!(rule.time_to_recover(&series(0.0, 110), 150, 700.0), Some(110));
        assert_eq!(rule.time_to_recover(&series(0.0, 111), 150, 700.0), None);
        assert_eq!(rule.time_to_recover(&[1.0], 2, 700.0), None);
    }

    #[test]
    fn never_counts_as_longer_than_any() {
        let mostly = Recovery::of(&[Some(4), None, Some(9), Some(2), Some(7)], 0.95).unwrap();
        assert_eq!((mostly.recovered, mostly.count, mostly.median), (4, 5, Some(7)));
        let seldom = Recovery::of(&[Some(4), None, None], 0.95).unwrap();
        assert_eq!(seldom.median, None);
        // Wilson for 10 of 10: lower end 10/(10 + 1.96²).
        let all = Recovery::of(&[Some(1); 10], 0.95).unwrap();
        assert!((all.chance.lower - 0.722_467).abs() < 1e-6 && all.chance.upper == 1.0);
        assert_eq!(Recovery::of(&[], 0.95), None);
    }

    #[test]
    fn down_without_a_cause() {
        assert!(is_metastable(700.0, 0.0, 450.0, 1.0));
        assert!(!is_metastable(700.0, 350.0, 450.0, 1.0));
        assert!(!is_metastable(700.0, 0.0, 4.9, 1.0));
    }
}
