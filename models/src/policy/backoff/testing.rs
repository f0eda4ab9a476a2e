//! What tests of backoffs share.

use sim_core::{
    random::{Luck, name_hash},
    time::SimDuration,
};

use super::Backoff;

/// The luck of the `n`-th call.
pub(super) fn luck(n: u64) -> Luck {
    Luck(name_hash("backoff/testing")).child(n, 0)
}

/// The mean pause before each further attempt, in milliseconds, over so many calls.
pub(super) fn means<const N: usize>(backoff: &impl Backoff, calls: u64) -> [f64; N] {
    let mut sums = [0.0; N];
    for call in 0..calls {
        let mut last = SimDuration::ZERO;
        for (retry, sum) in sums.iter_mut().enumerate() {
            last = backoff.pause(retry as u32 + 1, last, luck(call));
            *sum += last.as_secs_f64() * 1e3;
        }
    }
    sums.map(|sum| sum / calls as f64)
}

/// The shortest and the longest pause before a further attempt, in milliseconds, over so many calls.
pub(super) fn range(backoff: &impl Backoff, retry: u32, calls: u64) -> (f64, f64) {
    let pauses =
        (0..calls).map(|call| backoff.pause(retry, SimDuration::ZERO, luck(call)).as_secs_f64() * 1e3);
    pauses.fold((f64::MAX, 0.0), |(least, most), pause| (pause.min(least), pause.max(most)))
}
