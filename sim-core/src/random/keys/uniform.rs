//! Uniform: every key is as popular as any other.
//!
//! No locality at all: a cache hits as often as its share of the items, whatever its policy. The opposite of
//! [`Zipf`](super::zipf).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check_items;
use crate::check::Check;

/// `Uniform(items: 1000000)`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// How many keys there are, at least 1.
    pub items: u64,
}

impl Default for Spec {
    fn default() -> Self {
        Self { items: 1_000 }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check_items(check, self.items, 1);
    }

    pub(super) fn build(&self) -> State {
        State { items: self.items }
    }
}

/// The number of keys.
#[derive(Clone, Debug)]
pub struct State {
    items: u64,
}

impl State {
    #[inline]
    pub(super) fn draw(&self, bits: u64) -> u64 {
        below(bits, self.items)
    }

    pub(super) fn probability(&self, _: u64) -> f64 {
        1.0 / self.items as f64
    }

    pub(super) fn items(&self) -> u64 {
        self.items
    }
}

/// A whole number in 0..n from 64 bits, rising with them; its bias is below n/2⁶⁴.
#[inline]
fn below(bits: u64, n: u64) -> u64 {
    ((u128::from(bits) * u128::from(n)) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_parts_of_chance_go_to_every_key() {
        let state = Spec { items: 4 }.build();
        let quarter = 1_u64 << 62;
        let found =
            [0, quarter - 1, quarter, 3 * quarter - 1, 3 * quarter, u64::MAX].map(|bits| state.draw(bits));
        assert_eq!(found, [0, 0, 1, 2, 3, 3]);
    }
}
