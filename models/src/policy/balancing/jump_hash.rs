//! Jump hash: the bucket by a handful of jumps, without any table.
//!
//! Perfectly even, and a backend added at the end takes exactly its share; but backends have numbers, not
//! names, so one that leaves from the middle shifts all behind it. Weights play no part. Lamping & Veach, *A
//! Fast, Minimal Memory, Consistent Hash Algorithm*, 2014.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};
use xxhash_rust::xxh64::xxh64;

use super::{Ask, Backends, Balance, Endpoint, available, hash_of::HashOf};
use crate::policy::hashing::jump_hash;

/// How often a key whose backend is away is hashed anew before the list is walked.
const ATTEMPTS: u64 = 20;

/// `JumpHash`: what is hashed.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// What is hashed: the key or the address, as a number.
    pub of: HashOf,
}

impl Spec {
    pub(super) fn check(&self, _: &mut Check) {}

    pub(super) fn build(&self, _: &[Endpoint]) -> State {
        State { of: self.of }
    }
}

/// Nothing to remember.
#[derive(Debug)]
pub struct State {
    of: HashOf,
}

impl Balance for State {
    fn pick(&mut self, backends: &Backends<'_>, ask: &Ask, _: &mut Stream) -> Option<usize> {
        let rows = backends.rows;
        let key = self.of.number(ask);
        // The keys of a backend that is away spread over all the others, each its own way.
        let keys =
            (0..ATTEMPTS).map(|attempt| if attempt == 0 { key } else { xxh64(&key.to_le_bytes(), attempt) });
        keys.map(|key| jump_hash(key, rows.len() as u32) as usize)
            .find(|&index| available::is(rows, index))
            .or_else(|| available::nth(rows, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::balancing::testing::{picks_by_key, rows};

    #[test]
    fn the_keys_of_one_that_is_away_spread_over_the_others() {
        let mut rows = rows(&[1; 5]);
        let before = picks_by_key(&mut Spec::default().build(&[]), &rows, 100_000);
        rows[2].available = false;
        let after = picks_by_key(&mut Spec::default().build(&[]), &rows, 100_000);
        for index in [0, 1, 3, 4] {
            // A quarter of 20000 each; four standard deviations are 245, and twice that for both samples.
            assert!((after[index] - before[index]).abs_diff(5000) < 490, "{before:?} {after:?}");
        }
    }
}
