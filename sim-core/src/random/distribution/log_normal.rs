//! LogNormal: a value whose logarithm is normal; the product of many small factors.
//!
//! The usual shape of measured service times: a hump and a long tail. Heavier than [`Gamma`](super::gamma) of the
//! same cv far out, lighter than [`Pareto`](super::pareto). Its parameters can be read off a dashboard: mean and
//! cv, or two percentiles.
//! Johnson, Kotz & Balakrishnan, *Continuous Univariate Distributions*, vol. 1, chapter 14.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Quantity, normal, positive};
use crate::{check::Check, time::SimDuration};

/// `LogNormal(mean: "20ms", cv: 1.0)` or `LogNormal(p50: "15ms", p99: "80ms")`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "Q: Quantity")]
pub struct Spec<Q = SimDuration> {
    /// The mean, above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<Q>,
    /// The coefficient of variation, standard deviation over mean, not negative.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cv: Option<f64>,
    /// The median, above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50: Option<Q>,
    /// What 99 of 100 stay below, not less than `p50`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99: Option<Q>,
}

impl Default for Spec {
    fn default() -> Self {
        Self { mean: Some(SimDuration::from_millis(20)), cv: Some(1.0), p50: None, p99: None }
    }
}

/// The standard normal distribution's 99th percentile.
const Z_99: f64 = 2.326_347_874_040_841;

impl<Q: Quantity> Spec<Q> {
    pub(super) fn check(&self, check: &mut Check) {
        match (&self.mean, self.cv, &self.p50, &self.p99) {
            (Some(mean), Some(cv), None, None) => {
                positive(check, "mean", mean);
                check.require(cv.is_finite() && cv >= 0.0, "cv", || {
                    format!("cv must not be negative, got {cv}")
                });
            }
            (None, None, Some(p50), Some(p99)) => {
                positive(check, "p50", p50);
                check.require(p99.base().is_finite() && p99.base() >= p50.base(), "p99", || {
                    format!("p99 must not be below p50, got {p99} and {p50}")
                });
            }
            (Some(_) | None, Some(_) | None, Some(_) | None, Some(_) | None) => {
                check.problem("E0404", "give either mean and cv, or p50 and p99");
            }
        }
    }

    pub(super) fn build(&self) -> State {
        let base = |quantity: &Option<Q>| quantity.as_ref().map_or(f64::NAN, Quantity::base);
        if let Some(cv) = self.cv {
            let sigma_square = libm::log1p(cv * cv);
            return State {
                mu: libm::log(base(&self.mean)) - 0.5 * sigma_square,
                sigma: libm::sqrt(sigma_square),
            };
        }
        let mu = libm::log(base(&self.p50));
        State { mu, sigma: (libm::log(base(&self.p99)) - mu) / Z_99 }
    }
}

/// Mean and standard deviation of the logarithm.
#[derive(Clone, Debug)]
pub struct State {
    mu: f64,
    sigma: f64,
}

impl State {
    #[inline]
    pub(super) fn quantile(&self, u: f64) -> f64 {
        libm::exp(self.mu + self.sigma * normal::quantile(u))
    }

    pub(super) fn mean(&self) -> f64 {
        libm::exp(self.mu + 0.5 * self.sigma * self.sigma)
    }

    pub(super) fn variance(&self) -> f64 {
        self.mean() * self.mean() * libm::expm1(self.sigma * self.sigma)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_cv_give_the_textbook_parameters() {
        // Mean 1, squared cv 4: sigma 1.268636, mu -0.804719.
        let state = Spec { mean: Some(1.0), cv: Some(2.0), p50: None, p99: None }.build();
        assert!((state.sigma - 1.268_636).abs() < 5e-7);
        assert!((state.mu + 0.804_719).abs() < 5e-7);
        assert!((state.quantile(0.5) - 0.447_213_595_499_958).abs() < 1e-14);
        assert!((state.mean() - 1.0).abs() < 1e-14);
        assert!((state.variance() - 4.0).abs() < 1e-13);
    }

    #[test]
    fn percentiles_are_met() {
        let state = Spec { mean: None, cv: None, p50: Some(15.0), p99: Some(80.0) }.build();
        assert!((state.quantile(0.5) - 15.0).abs() < 1e-12);
        assert!((state.quantile(0.99) - 80.0).abs() < 1e-12);
    }
}
