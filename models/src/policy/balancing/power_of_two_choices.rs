//! Two random choices as Finagle makes them: two different backends, the healthier, then the less loaded.
//!
//! One comparison takes nearly all the advantage of the full table, and few views of the same staleness herd
//! onto the same server. Draws from all backends, so one that is away is met and passed over; Envoy and
//! `PowerOfChoices` draw from those available. Finagle `P2CPick.scala`, `Balancer.scala`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{
    Ask, Backend, Backends, Balance, Done, Endpoint, Wants, available,
    load::{Load, LoadMeasure},
};

/// How often two are drawn in the hope that one is available (Finagle's `maxEffort`).
const EFFORT: u32 = 5;

/// `PowerOfTwoChoices`: by which load.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// What the two are compared by.
    pub by: LoadMeasure,
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.at("by", |check| self.by.check(check));
    }

    pub(super) fn build(&self, endpoints: &[Endpoint]) -> State {
        State { load: self.by.build(endpoints) }
    }
}

/// The loads.
#[derive(Debug)]
pub struct State {
    load: Load,
}

/// Two different numbers in 0..n, any pair with equal chance; `n` must be at least 2.
#[inline]
pub(super) fn two_of(n: usize, random: &mut Stream) -> (usize, usize) {
    let first = random.below(n);
    // The second draw has a hole where the first fell; what lies behind it moves up by one.
    let second = random.below(n - 1);
    (first, second + usize::from(second >= first))
}

impl State {
    #[inline]
    fn better(&mut self, backends: &Backends<'_>, (a, b): (usize, usize)) -> Option<usize> {
        let (first, second): (&Backend, &Backend) = (backends.rows.get(a)?, backends.rows.get(b)?);
        match (first.available, second.available) {
            (true, true) => {
                let first = self.load.of(a, first, backends.now);
                Some(if first <= self.load.of(b, second, backends.now) { a } else { b })
            }
            (true, false) => Some(a),
            (false, true) => Some(b),
            (false, false) => None,
        }
    }
}

impl Balance for State {
    #[inline]
    fn pick(&mut self, backends: &Backends<'_>, _: &Ask, random: &mut Stream) -> Option<usize> {
        let n = backends.rows.len();
        if n < 2 {
            return available::nth(backends.rows, 0);
        }
        for _ in 0..EFFORT {
            let pair = two_of(n, random);
            if let Some(picked) = self.better(backends, pair) {
                return Some(picked);
            }
        }
        available::any(backends.rows, random)
    }

    fn on_done(&mut self, backends: &Backends<'_>, done: &Done) {
        self.load.on_done(backends.now, done);
    }

    fn on_membership(&mut self, endpoints: &[Endpoint]) {
        self.load.on_membership(endpoints);
    }

    fn wants(&self) -> Wants {
        Wants::NOTHING
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::balancing::testing::{endpoints, letters, loaded, rows, stream};

    #[test]
    fn pairs_are_different_and_all_as_likely() {
        let mut random = stream();
        let mut pairs = [[0_u32; 4]; 4];
        for _ in 0..120_000 {
            let (a, b) = two_of(4, &mut random);
            pairs[a][b] += 1;
        }
        for (a, row) in pairs.iter().enumerate() {
            for (b, &count) in row.iter().enumerate() {
                // Four standard deviations of Binomial(120000, 1/12).
                let expected = if a == b { 0 } else { 10_000 };
                assert!(count.abs_diff(expected) <= if a == b { 0 } else { 383 }, "{a} {b}: {count}");
            }
        }
    }

    #[test]
    fn the_worst_is_never_picked_and_the_best_whenever_drawn() {
        let picks = letters(&mut Spec::default().build(&[]), &loaded(&[3, 0, 1, 2]), 60_000);
        // Of 6 pairs: b wins 3, c 2, d 1.
        for (name, expected) in [("a", 0), ("b", 30_000), ("c", 20_000), ("d", 10_000)] {
            assert!(picks.matches(name).count().abs_diff(expected) < 490, "{name}");
        }
    }

    #[test]
    fn the_healthier_of_the_two_wins_whatever_its_load() {
        let mut rows = loaded(&[9, 0, 0]);
        rows[1].available = false;
        let picks = letters(&mut Spec::default().build(&[]), &rows, 30_000);
        // a wins its pair with b, c both of its own: 1 to 2.
        assert!(picks.matches('a').count().abs_diff(10_000) < 327);
        assert_eq!(picks.matches('b').count(), 0);
    }

    #[test]
    fn load_may_count_weight() {
        let mut rows = rows(&[4, 1]);
        (rows[0].in_flight, rows[1].in_flight) = (6, 1);
        let mut state = Spec { by: LoadMeasure::OutstandingByWeight }.build(&endpoints(&[4, 1]));
        assert_eq!(letters(&mut state, &rows, 5), "aaaaa");
    }
}
