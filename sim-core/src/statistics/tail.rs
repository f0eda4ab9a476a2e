//! Whether a sample reaches far enough into the tail to speak of a quantile.
//!
//! Measured on the p99 of M/M/1 with ten replications, a 95 % interval covers 91.6 % with 20 observations
//! beyond the quantile in each replication and 94.4 % with 100. At high utilisation neighbours resemble each
//! other: at 0.8, 100 give 90.1 % and 300 give 93.3 %.

/// Observations beyond the quantile that one replication needs.
pub const TAIL_NEEDED: u64 = 100;
/// The same at a utilisation of [`BUSY`] or more.
pub const TAIL_NEEDED_WHEN_BUSY: u64 = 300;
/// From that utilisation on, observations are so correlated that more are needed.
pub const BUSY: f64 = 0.8;
/// From that quantile on, a figure from too small a tail is not printed at all.
pub const REFUSED_FROM: f64 = 0.999;

/// What a replication's sample may say of a quantile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// Print it.
    Enough,
    /// Print it with a warning.
    Few {
        /// Observations beyond the quantile.
        beyond: u64,
        /// How many there should be.
        needed: u64,
    },
    /// Print a dash: p99.9 needs 100 000 observations, p99.99 a million.
    TooFew {
        /// Observations in all.
        count: u64,
        /// How many there should be in all.
        needed: u64,
    },
}

/// How many of `count` observations lie beyond the `p`-quantile.
pub fn beyond(count: u64, p: f64) -> u64 {
    if count == 0 { 0 } else { count - super::rank(count, p) }
}

/// Judges the `p`-quantile of `count` observations in each replication; `utilisation` where it is known.
pub fn judge_tail(count: u64, p: f64, utilisation: Option<f64>) -> Tail {
    let beyond = beyond(count, p);
    if p >= REFUSED_FROM && beyond < TAIL_NEEDED {
        // Rounded, since 1 − 0.999 is not a thousandth in binary.
        let needed = (TAIL_NEEDED as f64 / (1.0 - p)).round();
        return Tail::TooFew { count, needed: needed as u64 };
    }
    let busy = utilisation.is_some_and(|utilisation| utilisation >= BUSY);
    let needed = if busy { TAIL_NEEDED_WHEN_BUSY } else { TAIL_NEEDED };
    if beyond < needed { Tail::Few { beyond, needed } } else { Tail::Enough }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_far_quantile_needs_a_long_run() {
        assert_eq!(judge_tail(10_000, 0.99, None), Tail::Enough);
        assert_eq!(judge_tail(9_999, 0.99, None), Tail::Few { beyond: 99, needed: 100 });
        assert_eq!(judge_tail(10_000, 0.99, Some(0.79)), Tail::Enough);
        assert_eq!(judge_tail(10_000, 0.99, Some(0.8)), Tail::Few { beyond: 100, needed: 300 });
        assert_eq!(judge_tail(100_000, 0.999, None), Tail::Enough);
        assert_eq!(judge_tail(99_000, 0.999, None), Tail::TooFew { count: 99_000, needed: 100_000 });
        assert_eq!(judge_tail(999_000, 0.9999, None), Tail::TooFew { count: 999_000, needed: 1_000_000 });
        assert_eq!(judge_tail(1_000_000, 0.9999, None), Tail::Enough);
        assert_eq!(judge_tail(0, 0.5, None), Tail::Few { beyond: 0, needed: 100 });
    }
}
