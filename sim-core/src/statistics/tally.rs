//! Mean and variance of numbers in one pass, without losing digits when the mean is large beside the spread.
//!
//! Recording is Welford's update (Technometrics 1962), merging is Chan, Golub & LeVeque's (1979). Merging in
//! another order may change the last digit, so fold in the order of replications, never of completion.

use serde::{Deserialize, Serialize};

/// Count, mean and variance of real numbers. For whole numbers and quantiles, see [`super::Histogram`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tally {
    count: u64,
    mean: f64,
    /// The sum of squared deviations from the mean.
    squares: f64,
}

impl Tally {
    /// The tally of a sample.
    pub fn of(sample: &[f64]) -> Self {
        sample.iter().copied().collect()
    }

    /// Takes one number in.
    #[inline]
    pub fn record(&mut self, value: f64) {
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (value - self.mean);
    }

    /// Adds all that `other` took in.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        let (ours, theirs) = (self.count as f64, other.count as f64);
        let apart = other.mean - self.mean;
        self.count += other.count;
        let all = self.count as f64;
        self.mean += apart * theirs / all;
        self.squares += other.squares + apart * apart * ours * theirs / all;
    }

    /// How many numbers were taken in.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean; `None` of nothing.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then_some(self.mean)
    }

    /// The sample variance, divided by n − 1; `None` below two numbers.
    pub fn variance(&self) -> Option<f64> {
        (self.count > 1).then(|| self.squares / (self.count - 1) as f64)
    }

    /// The sample standard deviation; `None` below two numbers.
    pub fn deviation(&self) -> Option<f64> {
        self.variance().map(f64::sqrt)
    }

    /// The standard error of the mean of independent numbers, s/√n; `None` below two numbers.
    pub fn standard_error(&self) -> Option<f64> {
        self.variance().map(|variance| (variance / self.count as f64).sqrt())
    }
}

impl FromIterator<f64> for Tally {
    fn from_iter<I: IntoIterator<Item = f64>>(numbers: I) -> Self {
        let mut tally = Self::default();
        for number in numbers {
            tally.record(number);
        }
        tally
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn two_parts_merge_into_the_whole() {
        let mut left = Tally::of(&[1.0, 2.0, 3.0, 4.0]);
        left.merge(&Tally::of(&[10.0, 20.0, 30.0]));
        // Seven numbers with mean 70/7 and squares 1430 − 7·10² over 6.
        assert_eq!((left.count(), left.mean()), (7, Some(10.0)));
        assert!((left.variance().unwrap() - 730.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn a_large_mean_leaves_the_spread_its_digits() {
        // The textbook's sum of squares minus square of sums would give 0 or nonsense here.
        let tally = Tally::of(&[1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0]);
        assert_eq!(tally.variance(), Some(30.0));
    }

    #[test]
    fn too_little_gives_no_figure() {
        let mut one = Tally::of(&[5.0]);
        assert_eq!((one.mean(), one.variance(), one.standard_error()), (Some(5.0), None, None));
        assert_eq!(Tally::default().mean(), None);
        one.merge(&Tally::default());
        assert_eq!(one, Tally::of(&[5.0]));
    }

    proptest! {
        #[test]
        fn any_split_merges_to_the_same(sample in prop::collection::vec(-1e3..1e3_f64, 2..100), at in 0..100_usize) {
            let (left, right) = sample.split_at(at.min(sample.len()));
            let mut merged = Tally::of(left);
            merged.merge(&Tally::of(right));
            let whole = Tally::of(&sample);
            prop_assert!((merged.mean().unwrap() - whole.mean().unwrap()).abs() < 1e-10);
            prop_assert!((merged.variance().unwrap() - whole.variance().unwrap()).abs() < 1e-7);
        }
    }
}
