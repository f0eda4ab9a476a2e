//! Intervals for shares: how many of so many, where 0 of 1000 is not 0 %.
//!
//! Wilson's score interval (JASA 1927) stays inside 0..1 and has a width even where nothing or everything
//! succeeded; mean ± 1.96 √(p(1−p)/n) has neither. The exact bound is Clopper & Pearson's (Biometrika 1934).

use serde::{Deserialize, Serialize};
use statrs::distribution::{Beta, ContinuousCDF};

use super::{
    interval::{Bounds, Interval},
    student::{normal_factor, ten_digits},
};

/// Wilson's two-sided interval for the chance behind `successes` of `trials`; `None` without trials.
pub fn wilson(successes: u64, trials: u64, confidence: f64) -> Option<Bounds> {
    if trials == 0 || successes > trials {
        return None;
    }
    let (n, z) = (trials as f64, normal_factor(confidence));
    let share = successes as f64 / n;
    let shrink = 1.0 + z * z / n;
    let middle = (share + z * z / (2.0 * n)) / shrink;
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt() / shrink;
    // Rounding must not leave the ends that are certain.
    let lower = if successes == 0 { 0.0 } else { (middle - half).max(0.0) };
    let upper = if successes == trials { 1.0 } else { (middle + half).min(1.0) };
    Some(Bounds { lower, upper })
}

/// The exact one-sided upper bound of the chance behind `successes` of `trials`; `None` without trials.
///
/// After no success at all in n trials it is 1 − (1 − confidence)^(1/n), about 3/n at 95 %.
pub fn exact_upper_bound(successes: u64, trials: u64, confidence: f64) -> Option<f64> {
    if trials == 0 || successes > trials {
        return None;
    }
    if successes == trials {
        return Some(1.0);
    }
    if successes == 0 {
        return Some(-libm::expm1(libm::log(1.0 - confidence) / trials as f64));
    }
    let beta = Beta::new((successes + 1) as f64, (trials - successes) as f64).ok()?;
    Some(ten_digits(beta.inverse_cdf(confidence)))
}

/// How the interval of a share over replications was made.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Proportion {
    /// Student's interval over the replications' own shares.
    OverReplications(Interval),
    /// All trials taken together and treated as independent, since a replication had none or all.
    Pooled {
        /// The share of all trials.
        share: f64,
        /// Wilson's interval.
        bounds: Bounds,
    },
}

/// The interval of a share counted in several replications, each `(successes, trials)`.
///
/// Over replications if every one of at least two has a share strictly between 0 and 1, else pooled:
/// equal shares of 0 would pretend to a width of 0. Replications without trials say nothing and are left out.
pub fn proportion_over_replications(counts: &[(u64, u64)], confidence: f64) -> Option<Proportion> {
    let told = || counts.iter().filter(|&&(_, trials)| trials > 0);
    let shares: Vec<f64> = told().map(|&(successes, trials)| successes as f64 / trials as f64).collect();
    if shares.iter().all(|&share| share > 0.0 && share < 1.0)
        && let Some(interval) = Interval::of(&shares, confidence)
    {
        return Some(Proportion::OverReplications(interval));
    }
    let (successes, trials) = told().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    let bounds = wilson(successes, trials, confidence)?;
    Some(Proportion::Pooled { share: successes as f64 / trials as f64, bounds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_of_a_thousand_is_not_zero() {
        let bounds = wilson(0, 1000, 0.95).unwrap();
        assert_eq!(bounds.lower, 0.0);
        // statsmodels proportion_confint(0, 1000, method="wilson") and the rule of three, exactly.
        assert!((bounds.upper - 0.003_826_757).abs() < 1e-8, "{bounds:?}");
        assert!((exact_upper_bound(0, 1000, 0.95).unwrap() - 0.002_991_249).abs() < 1e-8);
    }

    #[test]
    fn intervals_agree_with_published_ones() {
        // Newcombe, Statistics in Medicine 1998, table I: 81 of 263 and 15 of 148, methods 3 and 5.
        let bounds = wilson(81, 263, 0.95).unwrap();
        assert!((bounds.lower - 0.2553).abs() < 5e-5 && (bounds.upper - 0.3662).abs() < 5e-5, "{bounds:?}");
        let bounds = wilson(15, 148, 0.95).unwrap();
        assert!((bounds.lower - 0.0624).abs() < 5e-5 && (bounds.upper - 0.1605).abs() < 5e-5, "{bounds:?}");
        assert!((exact_upper_bound(81, 263, 0.975).unwrap() - 0.3676).abs() < 5e-5);
        assert!((exact_upper_bound(15, 148, 0.975).unwrap() - 0.1617).abs() < 5e-5);
    }

    #[test]
    fn all_of_them_mirrors_none_of_them() {
        let (none, all) = (wilson(0, 40, 0.95).unwrap(), wilson(40, 40, 0.95).unwrap());
        assert!((none.upper - (1.0 - all.lower)).abs() < 1e-15 && all.upper == 1.0);
        assert_eq!((wilson(1, 0, 0.95), exact_upper_bound(5, 4, 0.95)), (None, None));
        assert_eq!(exact_upper_bound(4, 4, 0.95), Some(1.0));
    }

    #[test]
    fn a_replication_without_a_failure_pools_them_all() {
        let some = proportion_over_replications(&[(1, 10), (2, 10), (3, 10)], 0.95).unwrap();
        let Proportion::OverReplications(interval) = some else { panic!("{some:?}") };
        assert!((interval.mean - 0.2).abs() < 1e-15 && (interval.half_width - 0.248_414).abs() < 1e-6);
        let pooled = proportion_over_replications(&[(1, 10), (0, 10), (0, 0), (3, 10)], 0.95).unwrap();
        let bounds = wilson(4, 30, 0.95).unwrap();
        assert_eq!(pooled, Proportion::Pooled { share: 4.0 / 30.0, bounds });
        assert_eq!(proportion_over_replications(&[(0, 0)], 0.95), None);
    }
}
