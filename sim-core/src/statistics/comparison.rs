//! Whether one arm is better than another, from replications that share their luck.
//!
//! With common random numbers the r-th replications of both arms saw the same customers, so their difference
//! is what counts: one interval for the mean difference, where two separate intervals may overlap and hide it.
//! Law, *Simulation Modeling and Analysis*, 10.2.1. For several comparisons at once see [`super::multiplicity`].

use serde::{Deserialize, Serialize};

use super::{
    interval::{Bounds, Interval},
    student::student_tail,
    tally::Tally,
};

/// The mean difference of two arms, replication by replication.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// Arm minus baseline, with Student's interval over the pairs.
    pub difference: Interval,
    /// The chance of a difference at least as large, to either side, if there were none.
    pub p_value: f64,
    /// The correlation of the two arms; `None` if one never varies.
    pub correlation: Option<f64>,
    /// By what factor common random numbers lowered the variance of the difference, (s²ₐ + s²ᵦ)/s²ₐ₋ᵦ;
    /// below 1 they do harm. `None` if the difference never varies.
    pub variance_reduction: Option<f64>,
}

/// Compares the arms' replications pair by pair; what has no partner is left out. `None` below two pairs.
pub fn compare(arm: &[f64], baseline: &[f64], confidence: f64) -> Option<Comparison> {
    let pairs = arm.len().min(baseline.len());
    let (arm, baseline) = (&arm[..pairs], &baseline[..pairs]);
    let differences: Tally = arm.iter().zip(baseline).map(|(a, b)| a - b).collect();
    let difference = Interval::of_tally(&differences, confidence)?;
    let (spread_a, spread_b) = (Tally::of(arm).variance()?, Tally::of(baseline).variance()?);
    let (together, apart) = (spread_a + spread_b, differences.variance()?);
    // Var(A − B) = Var A + Var B − 2 Cov.
    let covariance = (together - apart) / 2.0;
    let scale = (spread_a * spread_b).sqrt();
    Some(Comparison {
        difference,
        p_value: two_sided_p(&differences)?,
        correlation: (scale > 0.0).then(|| (covariance / scale).clamp(-1.0, 1.0)),
        variance_reduction: (apart > 0.0).then(|| together / apart),
    })
}

/// By what factor one arm exceeds another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RatioComparison {
    /// Arm over baseline: the geometric mean of the pairs' ratios. 0.9 is "10 % lower".
    pub ratio: f64,
    /// Its interval, from Student's for the logarithms.
    pub bounds: Bounds,
    /// The chance of a ratio at least as far from 1 if there were no difference.
    pub p_value: f64,
}

/// Compares by ratio, for "x % better"; `None` below two pairs or unless all numbers are above 0.
pub fn compare_by_ratio(arm: &[f64], baseline: &[f64], confidence: f64) -> Option<RatioComparison> {
    let pairs = || arm.iter().zip(baseline);
    if pairs().any(|(&a, &b)| a <= 0.0 || b <= 0.0) {
        return None;
    }
    let logarithms: Tally = pairs().map(|(a, b)| libm::log(a / b)).collect();
    let interval = Interval::of_tally(&logarithms, confidence)?;
    let bounds = Bounds { lower: libm::exp(interval.lower()), upper: libm::exp(interval.upper()) };
    Some(RatioComparison { ratio: libm::exp(interval.mean), bounds, p_value: two_sided_p(&logarithms)? })
}

/// Student's two-sided test of the mean being 0. Numbers without any spread decide it outright.
pub fn two_sided_p(tally: &Tally) -> Option<f64> {
    let (mean, error) = (tally.mean()?.abs(), tally.standard_error()?);
    if error == 0.0 {
        return Some(if mean == 0.0 { 1.0 } else { 0.0 });
    }
    Some(2.0 * student_tail(mean / error, (tally.count() - 1) as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARM: [f64; 10] = [105.0, 121.0, 98.0, 109.0, 93.0, 117.0, 103.0, 110.0, 99.0, 106.0];
    const BASELINE: [f64; 10] = [101.0, 119.0, 95.0, 112.0, 96.0, 107.0, 106.0, 103.0, 98.0, 108.0];

    fn assert_close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-8 * expected.abs().max(1.0), "{found} is not {expected}");
    }

    #[test]
    fn pairs_are_compared_by_their_differences() {
        // scipy.stats.ttest_rel, numpy.corrcoef.
        let found = compare(&ARM, &BASELINE, 0.95).unwrap();
        assert_close(found.difference.mean, 1.6);
        assert_close(found.difference.half_width, 3.238_038_273_4);
        assert_close(found.p_value, 0.292_604_577_1);
        assert_close(found.correlation.unwrap(), 0.849_948_282_2);
        assert_close(found.variance_reduction.unwrap(), 6.341_648_590_0);
    }

    #[test]
    fn a_difference_shows_where_separate_intervals_overlap() {
        let better: Vec<f64> = BASELINE.iter().map(|value| value * 0.95 - 1.0).collect();
        let (a, b) = (Interval::of(&better, 0.95).unwrap(), Interval::of(&BASELINE, 0.95).unwrap());
        assert!(a.upper() > b.lower());
        let found = compare(&better, &BASELINE, 0.95).unwrap();
        assert!(found.difference.upper() < 0.0 && found.p_value < 1e-9);
        // Opposite luck does harm.
        let opposite: Vec<f64> = BASELINE.iter().map(|value| 200.0 - value).collect();
        let found = compare(&opposite, &BASELINE, 0.95).unwrap();
        assert_close(found.correlation.unwrap(), -1.0);
        assert_close(found.variance_reduction.unwrap(), 0.5);
    }

    #[test]
    fn ratios_are_compared_by_their_logarithms() {
        // exp of scipy.stats.ttest_1samp(log(a/b), 0).
        let found = compare_by_ratio(&ARM, &BASELINE, 0.95).unwrap();
        assert_close(found.ratio, 1.014_660_871_2);
        assert_close(found.bounds.lower, 0.984_548_504_9);
        assert_close(found.bounds.upper, 1.045_694_222_6);
        assert_close(found.p_value, 0.302_838_680_6);
        assert_eq!(compare_by_ratio(&[1.0, 0.0], &[1.0, 1.0], 0.95), None);
    }

    #[test]
    fn equal_pairs_leave_nothing_to_estimate() {
        let same = compare(&ARM, &ARM, 0.95).unwrap();
        assert_eq!((same.p_value, same.variance_reduction), (1.0, None));
        let shifted = compare(&[3.0, 4.0, 5.0], &[1.0, 2.0, 3.0], 0.95).unwrap();
        assert_eq!((shifted.p_value, shifted.difference.half_width), (0.0, 0.0));
        assert_eq!(compare(&[1.0, 2.0], &[1.0], 0.95), None);
    }
}
