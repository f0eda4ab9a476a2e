//! Parts of a capacity.

/// A share of a capacity in whole units, at least one of them.
pub(super) fn part(limit: u64, share: f64) -> u64 {
    ((limit as f64 * share) as u64).clamp(1, limit.max(1))
}
