//! Poisson: gaps are exponential, arrivals independent of each other.
//!
//! What the requests of many independent users add up to, whatever each of them does (Palm & Khintchine). Counts
//! of any interval have the variance of their mean. The default of every formula and of this simulator.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream, time::SimTime};

use super::{Arrive, Draws, exponential, mean_gap};
use crate::units::Rate;

/// `Poisson`: nothing to set.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {}

impl Spec {
    pub(super) fn check(&self, _: &mut Check) {}

    pub(super) fn build(&self, _: &mut Stream) -> State {
        State { ahead: [0.0; AHEAD], left: 0, scale: (Rate(f64::NAN), f64::NAN) }
    }
}

/// Gaps drawn ahead: one after the other would each wait for its logarithm, together they overlap.
const AHEAD: usize = 16;

/// Gaps at rate 1 that were drawn ahead. What came needs no remembering: that is its nature.
#[derive(Debug)]
pub struct State {
    ahead: [f64; AHEAD],
    left: usize,
    /// The rate that was asked for last, and its mean gap: a division less for each arrival.
    scale: (Rate, f64),
}

impl Arrive for State {
    #[inline(always)]
    fn gap(&mut self, _: SimTime, rate: Rate, draws: &mut Draws) -> f64 {
        if self.left == 0 {
            // Taken from the end.
            for gap in self.ahead.iter_mut().rev() {
                *gap = exponential(&mut draws.gap);
            }
            self.left = AHEAD;
        }
        self.left -= 1;
        if self.scale.0 != rate {
            self.scale = (rate, mean_gap(rate));
        }
        self.ahead[self.left] * self.scale.1
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::arrival::laws::{counts, mean_and_variance, near};

    #[test]
    fn counts_have_the_variance_of_their_mean() {
        let (mean, variance) = mean_and_variance(&counts("Poisson()", "Constant()", 50.0, 1.0, 40_000));
        // Four standard errors: of the mean √(50/n), of the variance about 50 √(2/n).
        near(mean, 50.0, 4.0 * (50.0_f64 / 40_000.0).sqrt());
        near(variance, 50.0, 4.0 * 50.0 * (2.0_f64 / 40_000.0).sqrt());
    }
}
