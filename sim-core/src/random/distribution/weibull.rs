//! Weibull: a power of an exponential value.
//!
//! Lifetimes: below shape 1 the longer it lasted the longer it will (infant mortality; a tail between
//! [`Exponential`](super::exponential)'s and [`LogNormal`](super::log_normal)'s), above 1 it wears out.
//! Weibull, *A Statistical Distribution Function of Wide Applicability*, Journal of Applied Mechanics 18 (1951).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Quantity, exponential::unit_exponential, positive};
use crate::{check::Check, time::SimDuration};

/// `Weibull(shape: 0.7, mean: "20ms")` or `Weibull(shape: 0.7, scale: "16ms")`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "Q: Quantity")]
pub struct Spec<Q = SimDuration> {
    /// The power's inverse, 0.05 to 1000: 1 is exponential, larger is steadier.
    pub shape: f64,
    /// The mean, above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<Q>,
    /// What a share of 1 − 1/e stays below, whatever the shape; above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<Q>,
}

impl Default for Spec {
    fn default() -> Self {
        Self { shape: 0.7, mean: Some(SimDuration::from_millis(20)), scale: None }
    }
}

impl<Q: Quantity> Spec<Q> {
    pub(super) fn check(&self, check: &mut Check) {
        // Below, the mean lies 18 powers of ten above the median.
        check.require((0.05..=1000.0).contains(&self.shape), "shape", || {
            format!("shape must be between 0.05 and 1000, got {}", self.shape)
        });
        match (&self.mean, &self.scale) {
            (Some(mean), None) => positive(check, "mean", mean),
            (None, Some(scale)) => positive(check, "scale", scale),
            (Some(_), Some(_)) | (None, None) => check.problem("E0404", "give either mean or scale"),
        }
    }

    pub(super) fn build(&self) -> State {
        let inverse_shape = 1.0 / self.shape;
        let scale = match (&self.mean, &self.scale) {
            (_, Some(scale)) => scale.base(),
            (Some(mean), None) => mean.base() / libm::tgamma(1.0 + inverse_shape),
            (None, None) => f64::NAN,
        };
        State { inverse_shape, scale, log_scale: libm::log(scale) }
    }
}

/// One over the shape, and the scale.
#[derive(Clone, Debug)]
pub struct State {
    inverse_shape: f64,
    scale: f64,
    log_scale: f64,
}

impl State {
    #[inline]
    pub(super) fn quantile(&self, u: f64) -> f64 {
        libm::exp(self.log_scale + libm::log(unit_exponential(u)) * self.inverse_shape)
    }

    pub(super) fn mean(&self) -> f64 {
        self.scale * libm::tgamma(1.0 + self.inverse_shape)
    }

    pub(super) fn variance(&self) -> f64 {
        // Γ(1+2/k)/Γ(1+1/k)² − 1 without the cancellation of large shapes.
        let ratio =
            libm::lgamma(1.0 + 2.0 * self.inverse_shape) - 2.0 * libm::lgamma(1.0 + self.inverse_shape);
        self.mean() * self.mean() * libm::expm1(ratio)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_follow_the_closed_form() {
        let state = Spec { shape: 2.0, mean: None, scale: Some(10.0) }.build();
        // Rayleigh: x = scale sqrt(-ln(1-u)); mean scale sqrt(pi)/2.
        assert!((state.quantile(0.5) - 10.0 * libm::sqrt(std::f64::consts::LN_2)).abs() < 1e-13);
        assert!((state.mean() - 5.0 * libm::sqrt(std::f64::consts::PI)).abs() < 1e-13);
        assert!((state.variance() - 100.0 * (1.0 - std::f64::consts::FRAC_PI_4)).abs() < 1e-11);
        assert!((state.quantile(1.0 - libm::exp(-1.0)) - 10.0).abs() < 1e-13);
    }

    #[test]
    fn a_large_shape_keeps_its_variance() {
        // Towards the smallest-extreme-value law: variance (pi scale / shape)^2 / 6.
        let state = Spec { shape: 1000.0, mean: None, scale: Some(1.0) }.build();
        let limit = std::f64::consts::PI * std::f64::consts::PI / 6e6;
        assert!((state.variance() / limit - 1.0).abs() < 5e-3);
    }
}
