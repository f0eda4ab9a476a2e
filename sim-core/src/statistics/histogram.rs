//! A log-linear histogram of whole numbers, with exact count, sum, least and greatest.
//!
//! Every power of two is cut into 1024 equal buckets, so a bucket is never wider than 1/1024 of its values and
//! a quantile never more than 0.1 % off. Counts add, so histograms merge without loss and in any order, which
//! a t-digest does not. The buckets are HdrHistogram's at 3 significant digits: Gil Tene, <http://hdrhistogram.org>.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{
    buckets::{Buckets, Grain},
    quantile::rank,
};

/// Counts of values; quantiles within 0.1 %, everything else exact.
///
/// Takes any `u64`; an empty one holds no buckets.
#[derive(Clone, Debug)]
pub struct Histogram {
    /// Empty until the first value, so that a thousand idle components cost nothing.
    buckets: Buckets,
    count: u64,
    sum: u128,
    min: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: Buckets::default(), count: 0, sum: 0, min: u64::MAX, max: 0 }
    }
}

impl Histogram {
    /// An empty one whose quantiles are within 1.6 % only, for many of them at once: a sixteenth of the room.
    pub fn coarse() -> Self {
        Self { buckets: Buckets::of(Grain::Coarse), ..Self::default() }
    }

    /// An empty one just as fine.
    pub fn emptied(&self) -> Self {
        Self { buckets: Buckets::of(self.buckets.grain), ..Self::default() }
    }

    /// Counts one value.
    #[inline(always)]
    pub fn record(&mut self, value: u64) {
        self.buckets.record(value);
        self.count = self.count.wrapping_add(1);
        self.sum = self.sum.wrapping_add(u128::from(value));
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// Counts several values: as [`Self::record`] for each, but the buckets' places in memory are asked for together.
    pub fn record_all(&mut self, values: &[u64]) {
        let (mut sum, mut min, mut max) = (0_u128, self.min, self.max);
        for value in values {
            self.buckets.record(*value);
            sum += u128::from(*value);
            min = min.min(*value);
            max = max.max(*value);
        }
        self.count = self.count.wrapping_add(values.len() as u64);
        self.sum = self.sum.wrapping_add(sum);
        (self.min, self.max) = (min, max);
    }

    /// Counts one value and those that a stalled measurer would have missed, one every `interval`:
    /// `value - interval`, `value - 2 interval` … down to `interval`.
    ///
    /// HdrHistogram's correction for coordinated omission. An open loop in simulated time needs none; this
    /// serves to show what a closed loop hides. An `interval` of 0 corrects nothing.
    pub fn record_with_expected_interval(&mut self, value: u64, interval: u64) {
        self.record(value);
        let mut missed = value;
        while interval > 0 && missed >= interval.saturating_mul(2) {
            missed -= interval;
            self.record(missed);
        }
    }

    /// How many values were counted.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether no value was counted.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The exact sum of all values.
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// The least value, exact.
    pub fn min(&self) -> Option<u64> {
        (!self.is_empty()).then_some(self.min)
    }

    /// The greatest value, exact.
    pub fn max(&self) -> Option<u64> {
        (!self.is_empty()).then_some(self.max)
    }

    /// The mean, from the exact sum.
    pub fn mean(&self) -> Option<f64> {
        (!self.is_empty()).then(|| self.sum as f64 / self.count as f64)
    }

    /// The standard deviation of the values (not of a larger population), each taken at its bucket's middle.
    pub fn deviation(&self) -> Option<f64> {
        let mean = self.mean()?;
        let squares: f64 = self
            .buckets()
            .map(|(low, high, count)| {
                let off = low as f64 + (high - low) as f64 / 2.0 - mean;
                off * off * count as f64
            })
            .sum();
        Some((squares / self.count as f64).sqrt())
    }

    /// The `p`-quantile by the inverse distribution function (x₍⌈np⌉₎), told as the greatest value of its bucket:
    /// at most 0.1 % too high, never too low.
    pub fn quantile(&self, p: f64) -> Option<u64> {
        let rank = rank(self.count, p);
        // The ends are known exactly.
        if rank == self.count {
            return self.max();
        }
        if rank == 1 {
            return self.min();
        }
        self.buckets.ranked(rank).map(|high| high.clamp(self.min, self.max))
    }

    /// How many values lie in buckets wholly above `value`: exact up to values within 0.1 % of it.
    pub fn count_over(&self, value: u64) -> u64 {
        self.buckets().filter(|&(low, _, _)| low > value).map(|(_, _, count)| count).sum()
    }

    /// The buckets that hold something, in ascending order: least value, greatest value, how many.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64, u64)> {
        self.buckets.iter()
    }

    /// Adds all that `other` counted; the result is as fine as the coarser of the two.
    pub fn merge(&mut self, other: &Self) {
        for (low, _, count) in other.buckets() {
            self.buckets.add(low, count);
        }
        self.count = self.count.wrapping_add(other.count);
        self.sum = self.sum.wrapping_add(other.sum);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}

impl FromIterator<u64> for Histogram {
    fn from_iter<I: IntoIterator<Item = u64>>(values: I) -> Self {
        let mut histogram = Self::default();
        for value in values {
            histogram.record(value);
        }
        histogram
    }
}

impl PartialEq for Histogram {
    /// Whether both hold the same counts, however much room each has made.
    fn eq(&self, other: &Self) -> bool {
        (self.count, self.sum, self.min, self.max) == (other.count, other.sum, other.min, other.max)
            && self.buckets().eq(other.buckets())
    }
}

/// What a file holds of a histogram: the same bytes for the same contents, whatever the order of recording.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    coarse: bool,
    /// Upper and lower half: not every format knows 128 bits.
    sum: (u64, u64),
    min: u64,
    max: u64,
    /// How far the bucket's least value lies above the bucket before, and its count.
    buckets: Vec<(u64, u64)>,
}

impl Serialize for Histogram {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut before = 0;
        let buckets = self
            .buckets()
            .map(|(low, _, count)| {
                let gap = low - before;
                before = low;
                (gap, count)
            })
            .collect();
        let sum = ((self.sum >> 64) as u64, self.sum as u64);
        Stored { coarse: self.buckets.grain == Grain::Coarse, sum, min: self.min, max: self.max, buckets }
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Histogram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = Stored::deserialize(deserializer)?;
        stored.restore().ok_or_else(|| de::Error::custom("the histogram's buckets contradict its totals"))
    }
}

impl Stored {
    /// The histogram stored, unless its parts cannot belong together.
    fn restore(self) -> Option<Histogram> {
        let mut histogram = if self.coarse { Histogram::coarse() } else { Histogram::default() };
        let mut low = 0_u64;
        for (gap, count) in self.buckets {
            low = low.checked_add(gap)?;
            histogram.count = histogram.count.checked_add(count)?;
            histogram.buckets.add(low, count);
        }
        let holds = |value: u64| move |(low, high, _): (u64, u64, u64)| low <= value && value <= high;
        let ends = match (histogram.buckets().next(), histogram.buckets().last()) {
            (Some(first), Some(last)) => {
                self.min <= self.max && holds(self.min)(first) && holds(self.max)(last)
            }
            (None, _) | (_, None) => (u64::MAX, 0) == (self.min, self.max),
        };
        histogram.sum = (u128::from(self.sum.0) << 64) | u128::from(self.sum.1);
        (histogram.min, histogram.max) = (self.min, self.max);
        ends.then_some(histogram)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        random::Streams,
        statistics::quantile::{quantile_of_sorted, rank},
    };

    fn histogram_of(values: &[u64]) -> Histogram {
        values.iter().copied().collect()
    }

    /// Values of every size.
    fn values() -> impl Strategy<Value = Vec<u64>> {
        prop::collection::vec((any::<u64>(), 0..64_u32).prop_map(|(bits, shift)| bits >> shift), 0..200)
    }

    #[test]
    fn quantiles_lie_within_a_thousandth_of_an_exact_sort() {
        let mut stream = Streams::new(1, 0).stream("histogram/test");
        // A log-uniform sample over nine decades, nanoseconds to seconds.
        let mut sample: Vec<u64> = (0..100_000).map(|_| libm::exp(stream.unit() * 20.7) as u64).collect();
        let histogram = histogram_of(&sample);
        sample.sort_unstable();
        for p in [0.0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 1.0] {
            let exact = quantile_of_sorted(&sample, p).unwrap() as f64;
            let found = histogram.quantile(p).unwrap() as f64;
            assert!(found >= exact && found <= exact * 1.001, "p {p}: {found} for {exact}");
        }
        let sum: u128 = sample.iter().copied().map(u128::from).sum();
        assert_eq!((histogram.sum(), histogram.count()), (sum, 100_000));
    }

    #[test]
    fn small_values_are_exact() {
        let ten = histogram_of(&(1..=10).collect::<Vec<u64>>());
        // numpy.quantile(…, method="inverted_cdf").
        let found = [0.25, 0.5, 0.9, 0.95, 0.99].map(|p| ten.quantile(p).unwrap());
        assert_eq!(found, [3, 5, 9, 10, 10]);
        assert_eq!((ten.mean(), ten.min(), ten.max(), ten.sum()), (Some(5.5), Some(1), Some(10), 55));
        assert_eq!((ten.count_over(7), ten.count_over(10), ten.count_over(0)), (3, 0, 10));
        // The population deviation of 1..=10 is √8.25.
        assert!((ten.deviation().unwrap() - 8.25_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn every_value_is_taken() {
        let all = histogram_of(&[u64::MAX, 0, u64::MAX - 1, 1 << 63, u64::MAX]);
        assert_eq!((all.min(), all.max(), all.count()), (Some(0), Some(u64::MAX), 5));
        assert_eq!((all.quantile(0.0), all.quantile(1.0)), (Some(0), Some(u64::MAX)));
        assert_eq!(all.count_over(1 << 62), 4);
        assert!(all.percentile_table(1.0).contains("Total count    =            5"));
        let empty = Histogram::default();
        assert_eq!((empty.quantile(0.5), empty.mean(), empty.min(), empty.max()), (None, None, None, None));
    }

    #[test]
    fn the_correction_fills_in_what_a_stalled_measurer_missed() {
        // Gil Tene, "How NOT to Measure Latency": 100 calls a second for 100 s at 1 ms, then 100 s frozen.
        let (mut naive, mut corrected) = (Histogram::default(), Histogram::default());
        for _ in 0..10_000 {
            naive.record(1_000);
            corrected.record_with_expected_interval(1_000, 10_000);
        }
        naive.record(100_000_000);
        corrected.record_with_expected_interval(100_000_000, 10_000);
        assert!((naive.mean().unwrap() / 10_999.0 - 1.0).abs() < 1e-4);
        assert_eq!(naive.quantile(0.9999), Some(1_000));
        assert_eq!(corrected.count(), 20_000);
        assert!((corrected.mean().unwrap() / 25_000_500.0 - 1.0).abs() < 2e-4);
        let p75 = corrected.quantile(0.75).unwrap();
        assert!((49_990_000..=50_060_000).contains(&p75), "{p75}");
    }

    #[test]
    fn a_file_that_contradicts_itself_is_refused() {
        let text = ron::to_string(&histogram_of(&[5, 5, 9])).unwrap();
        assert_eq!(text, "(coarse:false,sum:(0,19),min:5,max:9,buckets:[(5,2),(4,1)])");
        for wrong in [
            "(coarse:false,sum:(0,19),min:4,max:9,buckets:[(5,2),(4,1)])",
            "(coarse:false,sum:(0,19),min:5,max:10,buckets:[(5,2),(4,1)])",
            "(coarse:false,sum:(0,19),min:5,max:9,buckets:[])",
            "(coarse:false,sum:(0,19),min:5,max:9,buckets:[(5,2),(18446744073709551615,1)])",
            "(coarse:false,sum:(0,19),min:5,max:9,buckets:[(5,18446744073709551615),(4,1)])",
        ] {
            assert!(ron::from_str::<Histogram>(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn merging_is_recording_everything(ours in values(), theirs in values()) {
            let mut merged = histogram_of(&ours);
            merged.merge(&histogram_of(&theirs));
            let mut swapped = histogram_of(&theirs);
            swapped.merge(&histogram_of(&ours));
            let mut together = [ours, theirs].concat();
            prop_assert_eq!(&merged, &histogram_of(&together));
            prop_assert_eq!(&merged, &swapped);
            // Neither does the order of recording matter, down to the bytes.
            together.reverse();
            prop_assert_eq!(ron::to_string(&merged), ron::to_string(&histogram_of(&together)));
        }

        #[test]
        fn what_is_stored_is_restored(values in values()) {
            let histogram = histogram_of(&values);
            let back: Histogram = ron::from_str(&ron::to_string(&histogram).unwrap()).unwrap();
            prop_assert_eq!(&back, &histogram);
            prop_assert_eq!(back.percentile_table(1e6), histogram.percentile_table(1e6));
        }

        #[test]
        fn quantiles_err_upwards_by_a_thousandth_at_most(mut values in values(), p in 0.0..=1.0_f64) {
            prop_assume!(!values.is_empty());
            let found = histogram_of(&values).quantile(p).unwrap();
            values.sort_unstable();
            let exact = values[rank(values.len() as u64, p) as usize - 1];
            prop_assert!(found >= exact.min(u64::MAX - 1) && (found - exact.min(found)) as f64 <= exact as f64 / 1000.0);
        }
    }
}
