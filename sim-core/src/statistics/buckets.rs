//! The buckets of a histogram: every power of two cut into equal steps, HdrHistogram's layout.
//!
//! Our own rather than the `hdrhistogram` crate's: a run records five times a request into histograms that are
//! cold in the cache, and a quarter of the width of a count is more than a tenth of a run (`benches/engine.rs` prints both).

use std::collections::BTreeMap;

/// How finely each power of two is cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Grain {
    /// Into 1024 steps: 0.1 %, three significant digits.
    #[default]
    Fine,
    /// Into 64 steps: 1.6 %, in a sixteenth of the room.
    Coarse,
}

impl Grain {
    /// The logarithm to base 2 of the number of steps.
    #[inline]
    const fn bits(self) -> u32 {
        match self {
            Self::Fine => 10,
            Self::Coarse => 6,
        }
    }

    /// The bucket of a value: itself while that is exact, else so many steps for each further power of two.
    #[inline]
    fn index(self, value: u64) -> usize {
        let steps = 1 << self.bits();
        if value < 2 * steps {
            return value as usize;
        }
        let shift = value.ilog2() - self.bits();
        (u64::from(shift) * steps + (value >> shift)) as usize
    }

    /// The least and greatest value of a bucket.
    fn bounds(self, index: usize) -> (u64, u64) {
        let (index, steps) = (index as u64, 1 << self.bits());
        if index < 2 * steps {
            return (index, index);
        }
        let shift = index / steps - 1;
        let low = (index - shift * steps) << shift;
        (low, low + ((1 << shift) - 1))
    }
}

/// Bits of a count that are kept where they are counted.
const WIDTH: u32 = u16::BITS;

/// Counts by bucket; grows with the greatest value.
#[derive(Clone, Debug, Default)]
pub(super) struct Buckets {
    pub(super) grain: Grain,
    counts: Vec<u16>,
    /// Multiples of 2¹⁶ that a count has passed.
    carries: BTreeMap<usize, u64>,
}

impl Buckets {
    /// No counts yet, at that grain.
    pub(super) fn of(grain: Grain) -> Self {
        Self { grain, ..Self::default() }
    }

    /// Counts one value.
    #[inline]
    pub(super) fn record(&mut self, value: u64) {
        let index = self.grain.index(value);
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
        let steps = 1 << self.grain.bits();
        self.counts.resize((index / steps + 1) * steps, 0);
    }

    #[cold]
    fn carry(&mut self, index: usize) {
        *self.carries.entry(index).or_default() += 1 << WIDTH;
    }

    /// Adds `more` to the bucket that holds `value`.
    pub(super) fn add(&mut self, value: u64, more: u64) {
        let index = self.grain.index(value);
        if index >= self.counts.len() {
            self.grow(index);
        }
        let sum = u64::from(self.counts[index]) + (more & u64::from(u16::MAX));
        self.counts[index] = sum as u16;
        let carried = (sum >> WIDTH << WIDTH) + (more >> WIDTH << WIDTH);
        if carried > 0 {
            let carry = self.carries.entry(index).or_default();
            *carry = carry.wrapping_add(carried);
        }
    }

    /// The greatest value of the bucket that holds the one of this rank, counted from 1.
    pub(super) fn ranked(&self, rank: u64) -> Option<u64> {
        let mut left = rank;
        let carried = |index| self.carries.get(&index).copied().unwrap_or(0);
        let place = self.counts.iter().enumerate().position(|(index, count)| {
            let count = u64::from(*count) + carried(index);
            let reached = left <= count;
            left = left.saturating_sub(count);
            reached
        });
        place.map(|index| self.grain.bounds(index).1)
    }

    /// The buckets that hold something, in ascending order: least value, greatest value, how many.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, u64, u64)> {
        let held = self.counts.iter().enumerate().map(|(index, count)| {
            let carried = self.carries.get(&index).copied().unwrap_or(0);
            (index, u64::from(*count) + carried)
        });
        held.filter(|(_, count)| *count > 0).map(|(index, count)| {
            let (low, high) = self.grain.bounds(index);
            (low, high, count)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_its_bucket_and_buckets_are_narrow() {
        for (grain, width) in [(Grain::Fine, 1.0 / 1024.0), (Grain::Coarse, 1.0 / 64.0)] {
            for exponent in 0..64_u32 {
                for offset in [0, 1, 511, 1023] {
                    let value = (1_u64 << exponent).saturating_add(offset << exponent.saturating_sub(10));
                    let (low, high) = grain.bounds(grain.index(value));
                    assert!(low <= value && value <= high, "{value}: {low}..={high}");
                    assert!((high - low) as f64 <= low as f64 * width, "{low}..={high}");
                }
            }
            assert_eq!(grain.bounds(grain.index(u64::MAX)).1, u64::MAX);
        }
    }

    #[test]
    fn buckets_follow_each_other_without_gaps() {
        for grain in [Grain::Fine, Grain::Coarse] {
            for bucket in 0..50 << grain.bits() {
                assert_eq!(grain.bounds(bucket).1 + 1, grain.bounds(bucket + 1).0, "{bucket}");
                assert_eq!(grain.index(grain.bounds(bucket).0), bucket);
            }
        }
    }

    #[test]
    fn counts_beyond_their_width_carry() {
        let mut buckets = Buckets::default();
        buckets.add(7, (1 << WIDTH) - 1);
        buckets.record(7);
        buckets.add(7, 5 << 32);
        buckets.record(7);
        assert_eq!(buckets.iter().collect::<Vec<_>>(), [(7, 7, (5 << 32) + (1 << WIDTH) + 1)]);
    }
}
