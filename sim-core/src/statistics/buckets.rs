//! The buckets of a histogram: every power of two cut into 1024, HdrHistogram's layout at 3 significant digits.
//!
//! Our own rather than the `hdrhistogram` crate's: a run records five times a request into histograms that are
//! cold in the cache, and half the width of a count is a tenth of a run (`benches/engine.rs` prints both).

use std::collections::BTreeMap;

/// Buckets for each power of two, and half of those below the first.
const STEPS: u64 = 1024;

/// Counts by bucket; grows with the greatest value.
#[derive(Clone, Debug, Default)]
pub(super) struct Buckets {
    counts: Vec<u32>,
    /// Multiples of 2³² that a count has passed.
    carries: BTreeMap<usize, u64>,
}

impl Buckets {
    /// Counts one value.
    #[inline]
    pub(super) fn record(&mut self, value: u64) {
        let index = index(value);
        if index >= self.counts.len() {
            self.grow(index);
        }
        let count = &mut self.counts[index];
        *count = count.wrapping_add(1);
        if *count == 0 {
            self.carry(index);
        }
    }

    /// Makes room for the whole power of two, so that this is rare.
    #[cold]
    fn grow(&mut self, index: usize) {
        let steps = STEPS as usize;
        self.counts.resize((index / steps + 1) * steps, 0);
    }

    #[cold]
    fn carry(&mut self, index: usize) {
        *self.carries.entry(index).or_default() += 1 << 32;
    }

    /// Adds `more` to the bucket that holds `value`.
    pub(super) fn add(&mut self, value: u64, more: u64) {
        let index = index(value);
        if index >= self.counts.len() {
            self.grow(index);
        }
        let sum = u64::from(self.counts[index]) + (more & u64::from(u32::MAX));
        self.counts[index] = sum as u32;
        let carried = (sum >> 32 << 32) + (more >> 32 << 32);
        if carried > 0 {
            let carry = self.carries.entry(index).or_default();
            *carry = carry.wrapping_add(carried);
        }
    }

    /// The buckets that hold something, in ascending order: least value, greatest value, how many.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, u64, u64)> {
        let held = self.counts.iter().enumerate().map(|(index, count)| {
            let carried = self.carries.get(&index).copied().unwrap_or(0);
            (index, u64::from(*count) + carried)
        });
        held.filter(|(_, count)| *count > 0).map(|(index, count)| {
            let (low, high) = bounds(index);
            (low, high, count)
        })
    }
}

/// The bucket of a value: itself below 2048, else 1024 steps for each further power of two.
#[inline]
fn index(value: u64) -> usize {
    if value < 2 * STEPS {
        return value as usize;
    }
    let shift = value.ilog2() - STEPS.ilog2();
    (u64::from(shift) * STEPS + (value >> shift)) as usize
}

/// The least and greatest value of a bucket.
fn bounds(index: usize) -> (u64, u64) {
    let index = index as u64;
    if index < 2 * STEPS {
        return (index, index);
    }
    let shift = index / STEPS - 1;
    let low = (index - shift * STEPS) << shift;
    (low, low + ((1 << shift) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_bucket_and_buckets_are_narrow() {
        for exponent in 0..64_u32 {
            for offset in [0, 1, 511, 1023] {
                let value = (1_u64 << exponent).saturating_add(offset << exponent.saturating_sub(10));
                let (low, high) = bounds(index(value));
                assert!(low <= value && value <= high, "{value}: {low}..={high}");
                assert!((high - low) as f64 <= low as f64 / 1024.0, "{low}..={high}");
            }
        }
        assert_eq!(bounds(index(u64::MAX)).1, u64::MAX);
    }

    #[test]
    fn buckets_follow_each_other_without_gaps() {
        for bucket in 0..50 * STEPS as usize {
            assert_eq!(bounds(bucket).1 + 1, bounds(bucket + 1).0, "{bucket}");
            assert_eq!(index(bounds(bucket).0), bucket);
        }
    }

    #[test]
    fn counts_beyond_32_bits_carry() {
        let mut buckets = Buckets::default();
        buckets.add(7, (1 << 32) - 1);
        buckets.record(7);
        buckets.add(7, 5 << 32);
        buckets.record(7);
        assert_eq!(buckets.iter().collect::<Vec<_>>(), [(7, 7, 6 * (1 << 32) + 1)]);
    }
}
