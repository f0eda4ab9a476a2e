//! A histogram that takes its values a handful at a time.
//!
//! The buckets of a fine histogram lie cold in memory, and one value at a time waits for each of them. Values kept
//! until there are sixteen find their buckets together, and the waits overlap: a tenth of a run.

use super::Histogram;

/// Values kept back before they are counted.
const KEPT: usize = 16;

/// A histogram with a few values still to be counted.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    histogram: Histogram,
    kept: [u64; KEPT],
    held: usize,
}

impl Batch {
    /// An empty one, over a histogram of some grain.
    pub fn over(histogram: Histogram) -> Self {
        Self { histogram, ..Self::default() }
    }

    /// Takes one value.
    #[inline]
    pub fn record(&mut self, value: u64) {
        self.kept[self.held] = value;
        self.held += 1;
        if self.held == KEPT {
            self.settle();
        }
    }

    /// Takes out all that was counted; an empty histogram as fine as it was stays behind.
    pub fn take(&mut self) -> Histogram {
        self.settle();
        let empty = self.histogram.emptied();
        std::mem::replace(&mut self.histogram, empty)
    }

    /// Counts what was kept back.
    fn settle(&mut self) {
        self.histogram.record_all(&self.kept[..self.held]);
        self.held = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_counts_what_a_histogram_counts() {
        for count in [0, 1, 15, 16, 17, 1000] {
            let mut batch = Batch::over(Histogram::coarse());
            let mut one_by_one = Histogram::coarse();
            for value in (0..count).map(|number| number * number) {
                batch.record(value);
                one_by_one.record(value);
            }
            assert_eq!(batch.take(), one_by_one, "{count} values");
            assert_eq!(batch.take(), Histogram::coarse(), "nothing is left");
        }
    }
}
