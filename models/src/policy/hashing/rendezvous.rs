//! Rendezvous hashing: every member bids for the key, the highest bid wins; without tables, and a member that
//! leaves gives its keys to the next highest bidders.
//!
//! Weighted by −w/ln u, so that a member wins in proportion to its weight.
//! Thaler & Ravishankar, 1998; Schindelhauer & Schomaker, 2005.

use sim_core::random::unit_open;
use xxhash_rust::xxh64::xxh64;

/// The bid of a member with this hash and weight for a key with this hash.
pub fn rendezvous_score(key: u64, member: u64, weight: f64) -> f64 {
    let uniform = unit_open(xxh64(&key.to_le_bytes(), member));
    -weight / libm::log(uniform)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_win_in_proportion_to_their_weight() {
        let wins = (0..60_000_u64)
            .filter(|&key| rendezvous_score(key, 11, 2.0) > rendezvous_score(key, 22, 1.0))
            .count();
        // Four standard deviations of Binomial(60000, 2/3).
        assert!(wins.abs_diff(40_000) < 462, "{wins}");
    }
}
