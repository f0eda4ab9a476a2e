//! The percentile table that HdrHistogram's plotters read (`.hgrm`).
//!
//! Lines lie closer together the nearer they come to 100 %, so that the tail is drawn as finely as the body.
//! The layout is `outputPercentileDistribution`'s of the Java original.

use std::fmt::Write;

use super::{histogram::Histogram, quantile::rank};

/// Buckets of the lowest, unit-wide range; each later power of two has half as many.
const LOWEST_BUCKETS: u64 = 2048;
/// Lines on the way through half of what remains to 100 %: HdrHistogram's default.
const TICKS_PER_HALF_DISTANCE: u32 = 5;

impl Histogram {
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
        let (mut lines, mut below) = (Vec::new(), 0);
        let max = self.max().unwrap_or_default();
        let mut shares = shares_towards_one().peekable();
        for (_, high, count) in self.buckets() {
            below += count;
            while let Some(share) = shares.next_if(|&share| rank(self.count(), share) <= below) {
                lines.push(PercentileLine { value: high.min(max), share, count: below });
                if below == self.count() {
                    lines.push(PercentileLine { value: max, share: 1.0, count: below });
                    return lines;
                }
            }
        }
        lines
    }

    fn percentile_footer(&self, divisor: f64) -> String {
        let mean = self.mean().unwrap_or_default() / divisor;
        let deviation = self.deviation().unwrap_or_default() / divisor;
        let (max, count) = (self.max().unwrap_or_default(), self.count());
        // The lowest range takes 11 bits, each bit more is one range more.
        let ranges = 54 - (max | (LOWEST_BUCKETS - 1)).leading_zeros();
        let max = max as f64 / divisor;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_reads_like_hdrhistograms_own() {
        // The layout of HdrHistogram's `outputPercentileDistribution`, as wrk2 prints it with 12 decimals.
        let values: Histogram = [1, 2, 3, 4, 5, 6, 7, 8, 9, 1000].into_iter().collect();
        let table = values.percentile_table(1.0);
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
}
