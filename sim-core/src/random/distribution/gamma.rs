//! Gamma: positive values with any coefficient of variation.
//!
//! Between [`Constant`](super::constant) and far above [`Exponential`](super::exponential), which is its case
//! cv 1; [`Erlang`](super::erlang) is its case 1/cv² whole. Its tail is exponential: lighter than
//! [`LogNormal`](super::log_normal)'s of the same cv, but with more mass near 0.
//! Inverted through a table; see `inverse.rs`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Quantity, incomplete_gamma::StandardGamma, inverse::Inverse, positive};
use crate::{check::Check, time::SimDuration};

/// `Gamma(mean: "20ms", cv: 0.5)`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spec<Q = SimDuration> {
    /// The mean, above 0.
    pub mean: Q,
    /// The coefficient of variation, standard deviation over mean, 0.01 to 30.
    pub cv: f64,
}

impl Default for Spec {
    fn default() -> Self {
        Self { mean: SimDuration::from_millis(20), cv: 0.75 }
    }
}

impl<Q: Quantity> Spec<Q> {
    pub(super) fn check(&self, check: &mut Check) {
        positive(check, "mean", &self.mean);
        // Beyond, the incomplete gamma function takes too many terms, or nearly all values are 0.
        check.require((0.01..=30.0).contains(&self.cv), "cv", || {
            format!("cv must be between 0.01 and 30, got {}", self.cv)
        });
    }

    pub(super) fn build(&self) -> State {
        let mean = self.mean.base();
        State {
            mean,
            cv: self.cv,
            inverse: Inverse::new(StandardGamma::new(1.0 / (self.cv * self.cv)), mean),
        }
    }
}

/// The table of quantiles, and what it was made from.
#[derive(Clone, Debug)]
pub struct State {
    mean: f64,
    cv: f64,
    inverse: Inverse<StandardGamma>,
}

impl State {
    #[inline]
    pub(super) fn quantile(&self, u: f64) -> f64 {
        self.inverse.quantile(u)
    }

    pub(super) fn mean(&self) -> f64 {
        self.mean
    }

    pub(super) fn variance(&self) -> f64 {
        let deviation = self.mean * self.cv;
        deviation * deviation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_agree_with_40_digit_arithmetic() {
        // Bisection of mpmath's regularised incomplete gamma function, at u = 0.001, 0.3, 0.9, 0.999.
        for (cv, quantiles) in [
            (
                0.05,
                [
                    0.852_583_066_233_767_9,
                    0.973_188_157_872_363_1,
                    1.064_589_022_141_874,
                    1.161_661_150_433_06,
                ],
            ),
            (
                0.5,
                [
                    0.107_138_103_407_105_7,
                    0.690_927_760_653_161_9,
                    1.670_195_767_063_966,
                    3.265_560_194_797_018,
                ],
            ),
            (
                1.6,
                [
                    3.944_074_673_409_974e-8,
                    0.088_745_339_284_711_11,
                    2.836_354_070_554_768,
                    12.814_117_546_838_21,
                ],
            ),
            (
                3.0,
                [
                    5.511_239_677_496_134e-27,
                    0.000_108_478_907_330_083_9,
                    2.767_987_664_703_915,
                    31.204_360_011_054_31,
                ],
            ),
        ] {
            let state = Spec { mean: 10.0, cv }.build();
            for (u, expected) in [0.001, 0.3, 0.9, 0.999].into_iter().zip(quantiles) {
                let error = state.quantile(u) / (10.0 * expected) - 1.0;
                assert!(error.abs() < 1e-6, "cv {cv} at {u}: {error}");
            }
        }
    }
}
