//! A log-linear histogram of whole numbers, with exact count, sum, least and greatest.
//!
//! Every power of two is cut into 1024 equal buckets, so a bucket is never wider than 1/1024 of its values and
//! a quantile never more than 0.1 % off. Counts add, so histograms merge without loss and in any order, which
//! a t-digest does not. The buckets are HdrHistogram's at 3 significant digits: Gil Tene, <http://hdrhistogram.org>.

use std::fmt::Write;

use hdrhistogram::Histogram as Buckets;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::quantile::rank;

/// Significant decimal digits that the buckets keep.
const DIGITS: u8 = 3;
/// Buckets of the lowest, unit-wide range; each later power of two has half as many.
const LOWEST_BUCKETS: u64 = 2048;
/// Lines that a percentile table has on the way through half of what remains to 100 %: HdrHistogram's default.
const TICKS_PER_HALF_DISTANCE: u32 = 5;

/// Counts of values; quantiles within 0.1 %, everything else exact.
///
/// Takes any `u64`; an empty one holds no buckets.
#[derive(Clone, Debug)]
pub struct Histogram {
    /// Made at the first value, so that a thousand idle components cost nothing.
    buckets: Option<Buckets<u64>>,
    count: u64,
    sum: u128,
    min: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: None, count: 0, sum: 0, min: u64::MAX, max: 0 }
    }
}

impl Histogram {
    /// Counts one value.
    #[inline]
    pub fn record(&mut self, value: u64) {
        let recorded = self.buckets.get_or_insert_with(new_buckets).record(value);
        debug_assert!(recorded.is_ok(), "buckets that grow take any value");
        self.count = self.count.wrapping_add(1);
        self.sum = self.sum.wrapping_add(u128::from(value));
        self.min = self.min.min(value);
        self.max = self.max.max(value);
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
        // Half a rank back, so that the rounding of the division cannot reach the next rank.
        let quantile = (rank as f64 - 0.5) / self.count as f64;
        let value = self.buckets.as_ref()?.value_at_quantile(quantile);
        Some(value.clamp(self.min, self.max))
    }

    /// How many values lie in buckets wholly above `value`: exact up to values within 0.1 % of it.
    pub fn count_over(&self, value: u64) -> u64 {
        self.buckets().filter(|&(low, _, _)| low > value).map(|(_, _, count)| count).sum()
    }

    /// The buckets that hold something, in ascending order: least value, greatest value, how many.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64, u64)> {
        self.buckets.iter().flat_map(|buckets| {
            buckets.iter_recorded().map(|bucket| {
                let value = bucket.value_iterated_to();
                let (low, high) = (buckets.lowest_equivalent(value), buckets.highest_equivalent(value));
                (low, high, bucket.count_at_value())
            })
        })
    }

    /// Adds all that `other` counted.
    pub fn merge(&mut self, other: &Self) {
        if let Some(theirs) = &other.buckets {
            let added = self.buckets.get_or_insert_with(new_buckets).add(theirs);
            debug_assert!(added.is_ok(), "buckets that grow take any value");
        }
        self.count = self.count.wrapping_add(other.count);
        self.sum = self.sum.wrapping_add(other.sum);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// HdrHistogram's percentile table (`.hgrm`), as its plotters read it; values are divided by `divisor`,
    /// 1e6 to show nanoseconds in milliseconds.
    pub fn percentile_table(&self, divisor: f64) -> String {
        let mut table = format!(
            "{:>12} {:>14} {:>10} {:>14}\n\n",
            "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
        );
        for line in self.percentile_lines() {
            // Writing to a string cannot fail.
            let _ =
                write!(table, "{:12.3} {:2.12} {:10}", line.value as f64 / divisor, line.share, line.count);
            let _ = if line.share < 1.0 {
                writeln!(table, " {:14.2}", 1.0 / (1.0 - line.share))
            } else {
                writeln!(table)
            };
        }
        table + &self.percentile_footer(divisor)
    }

    /// The lines of the table: a step each at ever finer shares, ending at the greatest value.
    fn percentile_lines(&self) -> Vec<PercentileLine> {
        let mut lines = Vec::new();
        let mut below = 0;
        let mut shares = shares_towards_one().peekable();
        for (_, high, count) in self.buckets() {
            below += count;
            while let Some(share) = shares.next_if(|&share| rank(self.count, share) <= below) {
                lines.push(PercentileLine { value: high.min(self.max), share, count: below });
                if below == self.count {
                    lines.push(PercentileLine { value: self.max, share: 1.0, count: below });
                    return lines;
                }
            }
        }
        lines
    }

    fn percentile_footer(&self, divisor: f64) -> String {
        let mean = self.mean().unwrap_or_default() / divisor;
        let deviation = self.deviation().unwrap_or_default() / divisor;
        let (max, count) = (self.max as f64 / divisor, self.count);
        // The lowest range takes 11 bits, each bit more is one range more.
        let ranges = 54 - (self.max | (LOWEST_BUCKETS - 1)).leading_zeros();
        format!(
            "#[Mean    = {mean:12.3}, StdDeviation   = {deviation:12.3}]\n\
             #[Max     = {max:12.3}, Total count    = {count:12}]\n\
             #[Buckets = {ranges:12}, SubBuckets     = {LOWEST_BUCKETS:12}]\n"
        )
    }
}

/// One line of a percentile table.
struct PercentileLine {
    value: u64,
    share: f64,
    count: u64,
}

/// 0, 0.1 … 0.4, 0.5, 0.55 … 0.75, 0.775 …: equal steps through half of what remains, then half as long ones.
fn shares_towards_one() -> impl Iterator<Item = f64> {
    let steps_of = |rest: f64| {
        (0..TICKS_PER_HALF_DISTANCE)
            .map(move |step| 1.0 - rest * (1.0 - f64::from(step) / f64::from(2 * TICKS_PER_HALF_DISTANCE)))
    };
    // After 64 halvings the rest is below one value in any count.
    std::iter::successors(Some(1.0), |rest| Some(rest / 2.0)).take(65).flat_map(steps_of)
}

#[cold]
fn new_buckets() -> Buckets<u64> {
    Buckets::new(DIGITS).expect("three digits fit 64 bits")
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
        Stored { sum, min: self.min, max: self.max, buckets }.serialize(serializer)
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
        let mut histogram = Histogram::default();
        let mut low = 0_u64;
        for (gap, count) in self.buckets {
            low = low.checked_add(gap)?;
            histogram.count = histogram.count.checked_add(count)?;
            histogram.buckets.get_or_insert_with(new_buckets).record_n(low, count).ok()?;
        }
        let ends = match &histogram.buckets {
            None => (u64::MAX, 0) == (self.min, self.max),
            Some(buckets) => {
                self.min <= self.max
                    && buckets.count_at(self.min) > 0
                    && buckets.count_at(self.max) > 0
                    && buckets.lowest_equivalent(self.max) == low
            }
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
        let mut histogram = Histogram::default();
        for &value in values {
            histogram.record(value);
        }
        histogram
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
        // Gil Tene, "How NOT to Measure Latency": 100 requests a second for 100 s at 1 ms, then 100 s frozen.
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
    fn the_table_reads_like_hdrhistograms_own() {
        // The layout of HdrHistogram's `outputPercentileDistribution`, as wrk2 prints it with 12 decimals.
        let table = histogram_of(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 1000]).percentile_table(1.0);
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(lines[0], "       Value     Percentile TotalCount 1/(1-Percentile)");
        assert_eq!(lines[2], "       1.000 0.000000000000          1           1.00");
        assert_eq!(lines[7], "       5.000 0.500000000000          5           2.00");
        assert_eq!(lines[8], "       6.000 0.550000000000          6           2.22");
        assert_eq!(lines[lines.len() - 4], "    1000.000 1.000000000000         10");
        assert_eq!(lines[lines.len() - 3], "#[Mean    =      104.500, StdDeviation   =      298.510]");
        assert_eq!(lines[lines.len() - 2], "#[Max     =     1000.000, Total count    =           10]");
        assert_eq!(lines[lines.len() - 1], "#[Buckets =            1, SubBuckets     =         2048]");
    }

    #[test]
    fn a_file_that_contradicts_itself_is_refused() {
        let text = ron::to_string(&histogram_of(&[5, 5, 9])).unwrap();
        assert_eq!(text, "(sum:(0,19),min:5,max:9,buckets:[(5,2),(4,1)])");
        for wrong in [
            "(sum:(0,19),min:4,max:9,buckets:[(5,2),(4,1)])",
            "(sum:(0,19),min:5,max:10,buckets:[(5,2),(4,1)])",
            "(sum:(0,19),min:5,max:9,buckets:[])",
            "(sum:(0,19),min:5,max:9,buckets:[(5,2),(18446744073709551615,1)])",
            "(sum:(0,19),min:5,max:9,buckets:[(5,18446744073709551615),(4,1)])",
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
