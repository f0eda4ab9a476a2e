//! Intervals for a quantile of one long run, from the quantiles of its parts.
//!
//! Batching centres on the mean of the parts' quantiles, which lies too low for a high quantile of a small
//! part; sectioning centres on the quantile of the whole and is to be preferred. Asmussen & Glynn, *Stochastic
//! Simulation*, III.5a; Nakayama, *Confidence Intervals for Quantiles Using Sectioning*, TOMACS 2014.

use super::{interval::Interval, quantile::quantile_of_sorted, student::student_factor};

/// The interval around the quantile of the whole series, from the parts' deviations from it.
///
/// `None` below two parts or if a part would be empty. What does not fill the last part counts for the centre only.
pub fn sectioning(series: &[f64], p: f64, parts: usize, confidence: f64) -> Option<Interval> {
    let quantiles = part_quantiles(series, p, parts)?;
    let mean = quantile_of(series, p)?;
    let freedom = (parts - 1) as f64;
    let squares: f64 = quantiles.iter().map(|quantile| (quantile - mean) * (quantile - mean)).sum();
    let half_width = student_factor(confidence, freedom) * (squares / freedom / parts as f64).sqrt();
    Some(Interval { mean, half_width, confidence, count: parts as u64 })
}

/// The interval around the mean of the parts' quantiles.
pub fn batch_quantiles(series: &[f64], p: f64, parts: usize, confidence: f64) -> Option<Interval> {
    Interval::of(&part_quantiles(series, p, parts)?, confidence)
}

fn part_quantiles(series: &[f64], p: f64, parts: usize) -> Option<Vec<f64>> {
    let length = series.len().checked_div(parts)?;
    if parts < 2 || length == 0 {
        return None;
    }
    series.chunks_exact(length).take(parts).map(|part| quantile_of(part, p)).collect()
}

fn quantile_of(numbers: &[f64], p: f64) -> Option<f64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    quantile_of_sorted(&sorted, p)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::batch_means::tests::autoregressive;

    #[test]
    fn sectioning_centres_on_the_whole_batching_too_low() {
        // numpy.quantile(…, method="inverted_cdf") over 20 parts of 500, scipy's t.
        let series = autoregressive();
        for (p, whole, half, batched, batched_half) in [
            (0.9, 0.826_089_855_7, 0.063_882_044_9, 0.806_074_366_3, 0.063_154_939_9),
            (0.99, 1.510_736_503_5, 0.107_521_421_4, 1.441_840_075_0, 0.102_305_549_2),
        ] {
            let sections = sectioning(&series, p, 20, 0.95).unwrap();
            let batches = batch_quantiles(&series, p, 20, 0.95).unwrap();
            let found = [sections.mean, sections.half_width, batches.mean, batches.half_width];
            for (found, expected) in found.into_iter().zip([whole, half, batched, batched_half]) {
                assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
            }
        }
    }

    #[test]
    fn one_part_tells_no_spread() {
        assert_eq!(sectioning(&[1.0, 2.0, 3.0], 0.5, 1, 0.95), None);
        assert_eq!(sectioning(&[1.0, 2.0, 3.0], 0.5, 4, 0.95), None);
        assert_eq!(batch_quantiles(&[1.0, 2.0, 3.0], 0.5, 0, 0.95), None);
    }
}
