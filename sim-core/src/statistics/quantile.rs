//! Quantiles by the inverse distribution function: the smallest observation with at least that share at or below it.
//!
//! Definition 1 of Hyndman & Fan, *Sample Quantiles in Statistical Packages*, 1996. It always answers with an
//! observation; numpy's default (definition 7) interpolates between two.
//!
//! The interval from order statistics is exact for independent numbers of any distribution (David & Nagaraja,
//! *Order Statistics*, 7.1). It must never be given the raw waiting times of one run: those follow each other
//! so closely that a "95 %" interval holds the truth one time in five. For those, see [`super::sectioning`].

use statrs::distribution::{Binomial, DiscreteCDF};

use super::interval::Bounds;

/// The 1-based rank of the `p`-quantile of `count` observations: ⌈`count`·`p`⌉, within 1..=`count`.
///
/// A product that misses a whole number by no more than its own rounding counts as that whole number:
/// 0.07 of 100 observations is the 7th, though 0.07 × 100 is 7.000000000000001 in binary.
pub fn rank(count: u64, p: f64) -> u64 {
    let exact = count as f64 * p;
    let nearest = exact.round();
    let whole = (exact - nearest).abs() <= nearest * (4.0 * f64::EPSILON);
    let rank = if whole { nearest } else { exact.ceil() };
    (rank as u64).clamp(1, count.max(1))
}

/// The `p`-quantile of observations sorted in ascending order; `None` if there are none.
pub fn quantile_of_sorted<T: Copy>(sorted: &[T], p: f64) -> Option<T> {
    let index = rank(sorted.len() as u64, p) as usize - 1;
    sorted.get(index).copied()
}

/// The ranks of the two order statistics between which a quantile lies, 1-based.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RankInterval {
    /// The lower rank; `None` if even the least observation may lie above the quantile.
    pub lower: Option<u64>,
    /// The upper rank; `None` if even the greatest observation may lie below the quantile.
    pub upper: Option<u64>,
}

/// The ranks that hold the `p`-quantile between them in at least `confidence` of all samples of `count`
/// independent numbers, at most half of the rest on each side. `None` if `p` is no probability.
pub fn quantile_ranks(count: u64, p: f64, confidence: f64) -> Option<RankInterval> {
    let below = Binomial::new(p, count).ok()?;
    let rest = (1.0 - confidence) / 2.0;
    // Ranks l and u enclose the quantile when at least l but fewer than u observations lie below it.
    let lower = first(count, |k| below.cdf(k) > rest);
    let upper = first(count, |k| below.cdf(k) >= 1.0 - rest) + 1;
    Some(RankInterval { lower: (lower > 0).then_some(lower), upper: (upper <= count).then_some(upper) })
}

/// The interval of the `p`-quantile from independent numbers in ascending order; an end that the sample is too
/// small to know is infinite.
pub fn quantile_interval(sorted: &[f64], p: f64, confidence: f64) -> Option<Bounds> {
    let ranks = quantile_ranks(sorted.len() as u64, p, confidence)?;
    let at = |rank: Option<u64>| sorted.get(rank? as usize - 1).copied();
    Some(Bounds {
        lower: at(ranks.lower).unwrap_or(f64::NEG_INFINITY),
        upper: at(ranks.upper).unwrap_or(f64::INFINITY),
    })
}

/// The smallest sample whose greatest value lies above the `p`-quantile but for a chance of `risk`:
/// ⌈ln `risk` / ln `p`⌉. For a two-sided 95 % interval `risk` is 0.025.
pub fn smallest_bounding_sample(p: f64, risk: f64) -> u64 {
    (libm::log(risk) / libm::log(p)).ceil() as u64
}

/// The first of 0..=`last` for which `holds`, which must not turn false again; `last` if none before it.
fn first(last: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, last);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_observations_not_interpolations() {
        // numpy.quantile(…, method="inverted_cdf").
        let ten: Vec<u32> = (1..=10).collect();
        let found = [0.25, 0.5, 0.9, 0.95, 0.99].map(|p| quantile_of_sorted(&ten, p));
        assert_eq!(found, [Some(3), Some(5), Some(9), Some(10), Some(10)]);
        let five = [15, 20, 35, 40, 50];
        let found = [0.25, 0.5, 0.9, 0.95, 0.99].map(|p| quantile_of_sorted(&five, p));
        assert_eq!(found, [Some(20), Some(35), Some(50), Some(50), Some(50)]);
        assert_eq!(quantile_of_sorted::<u8>(&[], 0.5), None);
    }

    #[test]
    fn a_rank_does_not_slip_by_rounding() {
        // Every whole percent of 100 and of a million, and every per mille of 1000, is exact.
        for percent in 1..=100_u64 {
            assert_eq!(rank(100, percent as f64 / 100.0), percent);
            assert_eq!(rank(1_000_000, percent as f64 / 100.0), percent * 10_000);
        }
        for mille in 1..=1000_u64 {
            assert_eq!(rank(1000, mille as f64 / 1000.0), mille);
        }
        assert_eq!((rank(10, 0.0), rank(10, 1.0), rank(10, 0.901)), (1, 10, 10));
    }

    #[test]
    fn order_statistics_enclose_a_quantile() {
        // Ranks and exact coverage from the binomial distribution (scipy.stats.binom).
        let table = [
            (10, 0.5, 2, 9, 0.978_516),
            (20, 0.5, 6, 15, 0.958_611),
            (100, 0.5, 40, 61, 0.964_800),
            (100, 0.95, 90, 100, 0.982_607),
            (1000, 0.5, 469, 532, 0.953_709),
            (1000, 0.9, 881, 919, 0.954_907),
            (1000, 0.95, 936, 964, 0.958_095),
            (1000, 0.99, 983, 997, 0.976_095),
            (10_000, 0.99, 9880, 9920, 0.955_755),
            (10_000, 0.999, 9983, 9997, 0.975_457),
        ];
        for (count, p, lower, upper, coverage) in table {
            let ranks = quantile_ranks(count, p, 0.95).unwrap();
            assert_eq!((ranks.lower, ranks.upper), (Some(lower), Some(upper)), "{count} {p}");
            let below = Binomial::new(p, count).unwrap();
            assert!((below.cdf(upper - 1) - below.cdf(lower - 1) - coverage).abs() < 1e-6);
        }
        assert_eq!(quantile_ranks(200, 0.99, 0.95), Some(RankInterval { lower: Some(195), upper: None }));
        assert_eq!(quantile_ranks(5, 0.5, 0.95), Some(RankInterval { lower: None, upper: None }));
        assert_eq!(quantile_ranks(5, 1.5, 0.95), None);
    }

    #[test]
    fn a_sample_too_small_has_an_open_end() {
        let sorted: Vec<f64> = (1..=200).map(f64::from).collect();
        let bounds = quantile_interval(&sorted, 0.99, 0.95).unwrap();
        assert_eq!((bounds.lower, bounds.upper), (195.0, f64::INFINITY));
        let sizes = [0.95, 0.99, 0.999, 0.9999].map(|p| smallest_bounding_sample(p, 0.025));
        assert_eq!(sizes, [72, 368, 3688, 36_887]);
        assert_eq!([0.99, 0.999].map(|p| smallest_bounding_sample(p, 0.05)), [299, 2995]);
        for (count, bounded) in [(367, false), (368, true)] {
            assert_eq!(quantile_ranks(count, 0.99, 0.95).unwrap().upper.is_some(), bounded);
        }
    }
}
