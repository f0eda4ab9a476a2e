//! TruncatedNormal: a normal value, drawn again as long as it is negative.
//!
//! Symmetric about its hump where the hump is well above 0, unlike [`LogNormal`](super::log_normal); a light tail.
//! `mean` and `standard_deviation` are those of the normal value before truncation: what remains has a larger
//! mean, noticeably so from a standard deviation of half the mean.
//! Johnson, Kotz & Balakrishnan, *Continuous Univariate Distributions*, vol. 1, chapter 13.10.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Quantity, normal, not_negative, positive};
use crate::{check::Check, time::SimDuration};

/// `TruncatedNormal(mean: "20ms", standard_deviation: "5ms")`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spec<Q = SimDuration> {
    /// The hump, not negative: the mean before truncation.
    pub mean: Q,
    /// The standard deviation before truncation, above 0.
    pub standard_deviation: Q,
}

impl Default for Spec {
    fn default() -> Self {
        Self { mean: SimDuration::from_millis(20), standard_deviation: SimDuration::from_millis(5) }
    }
}

impl<Q: Quantity> Spec<Q> {
    pub(super) fn check(&self, check: &mut Check) {
        not_negative(check, "mean", &self.mean);
        positive(check, "standard_deviation", &self.standard_deviation);
    }

    pub(super) fn build(&self) -> State {
        let (hump, deviation) = (self.mean.base(), self.standard_deviation.base());
        State { hump, deviation, kept: normal::probability_below(hump / deviation) }
    }
}

/// The normal law, and the probability that its value is kept.
#[derive(Clone, Debug)]
pub struct State {
    hump: f64,
    deviation: f64,
    kept: f64,
}

impl State {
    #[inline]
    pub(super) fn quantile(&self, u: f64) -> f64 {
        // Counted from the upper end, where 1 - u keeps all its digits.
        let z = -normal::quantile((1.0 - u) * self.kept);
        (self.hump + self.deviation * z).max(0.0)
    }

    pub(super) fn mean(&self) -> f64 {
        self.hump + self.deviation * self.hazard()
    }

    pub(super) fn variance(&self) -> f64 {
        let (hazard, cut) = (self.hazard(), self.hump / self.deviation);
        self.deviation * self.deviation * (1.0 - cut * hazard - hazard * hazard)
    }

    /// Density at the cut over the probability kept.
    fn hazard(&self) -> f64 {
        normal::density(self.hump / self.deviation) / self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hump_at_0_is_half_a_normal() {
        let state = Spec { mean: 0.0, standard_deviation: 2.0 }.build();
        // Mean sigma sqrt(2/pi), variance sigma^2 (1 - 2/pi), median 0.674490 sigma.
        assert!((state.mean() - 1.595_769_121_605_730_7).abs() < 1e-14);
        assert!((state.variance() - 1.453_520_910_529_669_4).abs() < 1e-14);
        assert!((state.quantile(0.5) - 1.348_979_500_392_163_4).abs() < 1e-14);
        assert!(state.quantile(f64::EPSILON) >= 0.0);
    }

    #[test]
    fn a_hump_one_deviation_from_0_is_moved_by_the_inverse_mills_ratio() {
        let state = Spec { mean: 1.0, standard_deviation: 1.0 }.build();
        // The ratio at -1 is 0.2875999709; the variance 1 - 0.2875999709 - 0.2875999709^2.
        assert!((state.mean() - 1.287_599_970_9).abs() < 1e-9);
        assert!((state.variance() - 0.629_686_285_8).abs() < 1e-9, "{}", state.variance());
    }

    #[test]
    fn far_from_0_nothing_is_cut() {
        let state = Spec { mean: 100.0, standard_deviation: 5.0 }.build();
        assert!((state.quantile(0.975) - 109.799_819_922_700_27).abs() < 1e-12);
        assert!((state.quantile(0.025) - 90.200_180_077_299_73).abs() < 1e-12);
        assert_eq!((state.mean(), state.variance()), (100.0, 25.0));
    }
}
