//! Quantiles by the inverse distribution function: the smallest observation with at least that share at or below it.
//!
//! Definition 1 of Hyndman & Fan, *Sample Quantiles in Statistical Packages*, 1996. It always answers with an
//! observation; numpy's default (definition 7) interpolates between two.

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
}
