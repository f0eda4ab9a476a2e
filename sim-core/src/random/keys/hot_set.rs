//! HotSet: a few hot keys share most of the requests, the cold ones the rest, each group evenly.
//!
//! Two popularities and a sharp border, unlike [`Zipf`](super::zipf): a cache of the hot keys' size gets all that
//! can be got, and a larger one hardly more.
//! Defaults: YCSB's hotspot distribution, 80 % of the requests to 20 % of the records
//! (`hotspotopnfraction`, `hotspotdatafraction`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check_items;
use crate::{check::Check, random::unit_open};

/// `HotSet(items: 1000000, hot_fraction: 0.2, hot_weight: 0.8)`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// How many keys there are, at least 2.
    pub items: u64,
    /// The share of the keys that are hot, between 0 and 1; at least one key is hot and one cold. Default 0.2.
    #[serde(default = "default_hot_fraction")]
    pub hot_fraction: f64,
    /// The share of the requests that go to hot keys, 0 to 1; default 0.8.
    #[serde(default = "default_hot_weight")]
    pub hot_weight: f64,
}

fn default_hot_fraction() -> f64 {
    0.2
}

fn default_hot_weight() -> f64 {
    0.8
}

impl Default for Spec {
    fn default() -> Self {
        Self { items: 1_000, hot_fraction: default_hot_fraction(), hot_weight: default_hot_weight() }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check_items(check, self.items, 2);
        check.fraction("hot_fraction", self.hot_fraction);
        check.fraction("hot_weight", self.hot_weight);
    }

    pub(super) fn build(&self) -> State {
        let hot = (self.items as f64 * self.hot_fraction + 0.5) as u64;
        State { items: self.items, hot: hot.clamp(1, self.items - 1), hot_weight: self.hot_weight }
    }
}

/// How many keys are hot, and how often one of them is asked for.
#[derive(Clone, Debug)]
pub struct State {
    items: u64,
    hot: u64,
    hot_weight: f64,
}

impl State {
    #[inline]
    pub(super) fn draw(&self, bits: u64) -> u64 {
        let u = unit_open(bits);
        // Rounding may reach the next key; the last of each group is kept in it.
        if u < self.hot_weight {
            return ((u / self.hot_weight * self.hot as f64) as u64).min(self.hot - 1);
        }
        let along = (u - self.hot_weight) / (1.0 - self.hot_weight);
        (self.hot + (along * (self.items - self.hot) as f64) as u64).min(self.items - 1)
    }

    pub(super) fn probability(&self, rank: u64) -> f64 {
        if rank < self.hot {
            self.hot_weight / self.hot as f64
        } else {
            (1.0 - self.hot_weight) / (self.items - self.hot) as f64
        }
    }

    pub(super) fn items(&self) -> u64 {
        self.items
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hot_fifth_gets_four_fifths() {
        let state = Spec { items: 1_000, ..Spec::default() }.build();
        assert_eq!([state.probability(0), state.probability(199)], [0.8 / 200.0; 2]);
        assert!((state.probability(200) - 0.2 / 800.0).abs() < 1e-18);
        let drawn = [0.799_999, 0.800_001].map(|u| state.draw((u * libm::ldexp(1.0, 64)) as u64));
        assert_eq!(drawn, [199, 200]);
    }

    #[test]
    fn one_key_at_least_is_hot_and_one_cold() {
        let none = Spec { items: 10, hot_fraction: 0.0, hot_weight: 0.5 }.build();
        let all = Spec { items: 10, hot_fraction: 1.0, hot_weight: 0.5 }.build();
        assert_eq!((none.probability(0), all.probability(9)), (0.5, 0.5));
    }
}
