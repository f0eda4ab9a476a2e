//! Deterministic: every gap is the mean gap, as from a timer or a load generator at a fixed rate.
//!
//! The least irregular process; a queue it feeds is about half as long as a Poisson process makes it. Under a
//! profile it is thinned like the others, which makes it irregular.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream, time::SimTime};

use super::{Arrive, Draws, mean_gap};
use crate::units::Rate;

/// `Deterministic`: nothing to set.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {}

impl Spec {
    pub(super) fn check(&self, _: &mut Check) {}

    pub(super) fn build(&self, _: &mut Stream) -> State {
        State {}
    }
}

/// Nothing to remember: the last arrival is the caller's `now`.
#[derive(Debug)]
pub struct State {}

impl Arrive for State {
    fn gap(&mut self, _: SimTime, rate: Rate, _: &mut Draws) -> f64 {
        mean_gap(rate)
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::arrival::laws::arrivals;

    #[test]
    fn comes_like_clockwork_and_never_drifts() {
        let three_a_second: Vec<_> = arrivals("Deterministic()", "Constant()", 3.0, 7).take(3).collect();
        assert_eq!(three_a_second, [333_333_333, 666_666_667, 1_000_000_000]);
        // Each rounded alone, gaps of 333 1/3 ns would drift by a thousandth.
        let fast = arrivals("Deterministic()", "Constant()", 3e6, 7).nth(2_999_999);
        assert!(fast.is_some_and(|at| at.abs_diff(1_000_000_000) <= 1), "{fast:?}");
    }
}
