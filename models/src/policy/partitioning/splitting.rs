//! When a range is split in two or joined with its neighbour: by size and by load.
//!
//! CockroachDB splits a range above `range_max_bytes` (512 MiB) or above `kv.range_split.load_qps_threshold` (2500
//! a second), and joins one below `range_min_bytes` (128 MiB) with its right neighbour where both together would not be
//! split again. A split is metadata: both halves stay where they are until the balance is looked after.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::check::Check;

use crate::units::{Bytes, Rate};

/// Bounds of a range.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// A larger range is split. Default 512 MiB (CockroachDB `range_max_bytes`).
    pub largest: Bytes,
    /// A smaller range is joined with its neighbour. Default 128 MiB (CockroachDB `range_min_bytes`).
    pub smallest: Bytes,
    /// A range with more load is split. Default 2500/s (CockroachDB `kv.range_split.load_qps_threshold`).
    pub busiest: Rate,
}

impl Default for Spec {
    fn default() -> Self {
        Self { largest: Bytes(512 << 20), smallest: Bytes(128 << 20), busiest: Rate(2_500.0) }
    }
}

/// What is known of a range.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Held {
    /// Its keys, both ends included.
    pub first: u64,
    /// The last of them.
    pub last: u64,
    /// What it holds.
    pub bytes: Bytes,
    /// How often it is asked.
    pub load: Rate,
    /// The key that halves its load, if it was sampled; else the middle is taken.
    pub median: Option<u64>,
}

/// What to do with a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing.
    Keep,
    /// Two of it, the second from this key on.
    Split(u64),
    /// One of it and its right neighbour.
    Join,
}

impl Spec {
    /// Reports what is wrong with the values.
    pub fn check(&self, check: &mut Check) {
        check.positive("busiest", self.busiest.0);
        check.require(self.smallest.0 <= self.largest.0 / 2, "smallest", || {
            format!("smallest must be at most half of largest, {}", self.largest)
        });
    }

    /// What becomes of a range with this neighbour to the right.
    pub fn decide(&self, range: &Held, right: Option<&Held>) -> Change {
        if self.is_too_much(range.bytes.0, range.load.0) {
            // A range of one key cannot be split, however hot it is.
            return if range.first < range.last { Change::Split(cut(range)) } else { Change::Keep };
        }
        let joined = right.is_some_and(|right| {
            range.bytes < self.smallest
                && !self.is_too_much(range.bytes.0.saturating_add(right.bytes.0), range.load.0 + right.load.0)
        });
        if joined { Change::Join } else { Change::Keep }
    }

    fn is_too_much(&self, bytes: u64, load: f64) -> bool {
        bytes > self.largest.0 || load > self.busiest.0
    }
}

/// Where a range of at least two keys is cut: both halves have at least one.
fn cut(range: &Held) -> u64 {
    let middle = range.first + (range.last - range.first) / 2 + 1;
    range.median.unwrap_or(middle).clamp(range.first + 1, range.last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(mebibytes: u64, load: f64) -> Held {
        Held { first: 100, last: 199, bytes: Bytes(mebibytes << 20), load: Rate(load), median: None }
    }

    #[test]
    fn ranges_split_above_and_join_below_cockroachs_bounds() {
        let spec = Spec::default();
        assert_eq!(spec.decide(&held(512, 2_500.0), None), Change::Keep);
        assert_eq!(spec.decide(&held(513, 0.0), None), Change::Split(150));
        assert_eq!(spec.decide(&held(1, 2_501.0), None), Change::Split(150));
        let sampled = Held { median: Some(120), ..held(1, 9_000.0) };
        assert_eq!(spec.decide(&sampled, None), Change::Split(120));
        assert_eq!(spec.decide(&held(127, 10.0), Some(&held(300, 10.0))), Change::Join);
        assert_eq!(spec.decide(&held(128, 10.0), Some(&held(300, 10.0))), Change::Keep);
        assert_eq!(spec.decide(&held(127, 10.0), Some(&held(386, 10.0))), Change::Keep);
        assert_eq!(spec.decide(&held(127, 2_000.0), Some(&held(1, 501.0))), Change::Keep);
        let endless = Held { bytes: Bytes(u64::MAX), ..held(1, 0.0) };
        assert_eq!(spec.decide(&held(1, 0.0), Some(&endless)), Change::Keep);
    }

    #[test]
    fn a_single_hot_key_cannot_be_split() {
        let hot = Held { first: 7, last: 7, ..held(1, 1e6) };
        assert_eq!(Spec::default().decide(&hot, None), Change::Keep);
    }
}
