//! Hyperexponential: an exponential value whose mean is itself drawn, mostly a small one, sometimes a large one.
//!
//! Varies more than [`Exponential`](super::exponential) but with an exponential tail, lighter than
//! [`LogNormal`](super::log_normal)'s or [`Pareto`](super::pareto)'s. Unlike a
//! [`Mixture`](super::mixture) of exponentials, which draws the same values in another order, it is inverted: a
//! larger uniform number never gives a smaller value.
//! Balanced means (each branch brings half of the mean): Morse, *Queues, Inventories and Maintenance*, 1958;
//! Whitt, *Approximating a Point Process by a Renewal Process*, Operations Research 30 (1982).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Quantity,
    inverse::{Inverse, Tail, Tails},
    positive,
};
use crate::{check::Check, time::SimDuration};

/// `Hyperexponential(mean: "20ms", cv: 2.0)`, two branches of balanced means, or
/// `Hyperexponential(branches: [(weight: 0.9, mean: "1ms"), (weight: 0.1, mean: "50ms")])`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "Q: Quantity")]
pub struct Spec<Q = SimDuration> {
    /// The mean, above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<Q>,
    /// The coefficient of variation, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cv: Option<f64>,
    /// The branches, if they are not to be balanced ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub branches: Vec<Branch<Q>>,
}

/// One exponential branch.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Branch<Q = SimDuration> {
    /// How often, against the other branches' weights; above 0.
    pub weight: f64,
    /// Its mean, above 0.
    pub mean: Q,
}

impl Default for Spec {
    fn default() -> Self {
        Self { mean: Some(SimDuration::from_millis(20)), cv: Some(2.0), branches: Vec::new() }
    }
}

impl<Q: Quantity> Spec<Q> {
    pub(super) fn check(&self, check: &mut Check) {
        match (&self.mean, self.cv) {
            (Some(mean), Some(cv)) if self.branches.is_empty() => {
                positive(check, "mean", mean);
                check.require(cv.is_finite() && cv >= 1.0, "cv", || {
                    format!("cv must be at least 1, got {cv}; below 1 use Gamma or Erlang")
                });
            }
            (None, None) if !self.branches.is_empty() => self.check_branches(check),
            (Some(_) | None, Some(_) | None) => {
                check.problem("E0404", "give either mean and cv, or branches");
            }
        }
    }

    fn check_branches(&self, check: &mut Check) {
        check.at("branches", |check| {
            for (index, branch) in self.branches.iter().enumerate() {
                check.at(index, |check| {
                    check.positive("weight", branch.weight);
                    positive(check, "mean", &branch.mean);
                });
            }
        });
    }

    pub(super) fn build(&self) -> State {
        let branches = match (&self.mean, self.cv) {
            (Some(mean), Some(cv)) => balanced(mean.base(), cv),
            (Some(_) | None, Some(_) | None) => {
                self.branches.iter().map(|branch| (branch.weight, branch.mean.base())).collect()
            }
        };
        State::new(&branches)
    }
}

/// Two branches that bring half of the mean each, as (weight, mean).
fn balanced(mean: f64, cv: f64) -> Vec<(f64, f64)> {
    let lean = libm::sqrt((cv * cv - 1.0) / (cv * cv + 1.0));
    [1.0 + lean, 1.0 - lean].map(|twice| (twice / 2.0, mean / twice)).into()
}

/// The table of quantiles, and the first two moments.
#[derive(Clone, Debug)]
pub struct State {
    mean: f64,
    variance: f64,
    inverse: Inverse<Branches>,
}

impl State {
    fn new(branches: &[(f64, f64)]) -> Self {
        let total: f64 = branches.iter().map(|(weight, _)| weight).sum();
        let moment = |power: fn(f64) -> f64| -> f64 {
            branches.iter().map(|(weight, mean)| weight / total * power(*mean)).sum()
        };
        let mean = moment(|mean| mean);
        let square = moment(|mean| 2.0 * mean * mean);
        let tails = branches.iter().map(|(weight, branch)| (weight / total, mean / branch)).collect();
        Self { mean, variance: square - mean * mean, inverse: Inverse::new(Branches(tails), mean) }
    }

    #[inline]
    pub(super) fn quantile(&self, u: f64) -> f64 {
        self.inverse.quantile(u)
    }

    pub(super) fn mean(&self) -> f64 {
        self.mean
    }

    pub(super) fn variance(&self) -> f64 {
        self.variance
    }
}

/// Probability and rate of each branch, of a whole whose mean is 1.
#[derive(Clone, Debug)]
struct Branches(Vec<(f64, f64)>);

impl Tails for Branches {
    fn at(&self, y: f64) -> Tail {
        let x = libm::exp(y);
        let mut tail = Tail { below: 0.0, above: 0.0, slope: 0.0 };
        for (probability, rate) in &self.0 {
            let above = probability * libm::exp(-rate * x);
            tail.below -= probability * libm::expm1(-rate * x);
            tail.above += above;
            tail.slope += above * rate * x;
        }
        tail
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn balanced_means_are_the_published_ones() {
        // Squared cv 4, mean 1: weights 0.887298 and 0.112702, rates 1.774597 and 0.225403.
        let [(p, m), (q, n)] = balanced(1.0, 2.0)[..] else { panic!("two branches") };
        for (found, expected) in [(p, 0.887_298), (q, 0.112_702), (1.0 / m, 1.774_597), (1.0 / n, 0.225_403)]
        {
            assert!((found - expected).abs() < 5e-7, "{found} {expected}");
        }
    }

    #[test]
    fn cv_1_is_exponential() {
        let state = Spec { mean: Some(3.0), cv: Some(1.0), branches: Vec::new() }.build();
        for u in [1e-9, 0.1, 0.5, 0.999, 1.0 - 1e-12] {
            assert!((state.quantile(u) / (-3.0 * libm::log1p(-u)) - 1.0).abs() < 1e-6, "{u}");
        }
    }

    #[test]
    fn branches_far_apart_are_inverted_exactly() {
        let branches = [(0.99, 1.0), (0.01, 1000.0)];
        let spec = Spec {
            mean: None,
            cv: None,
            branches: branches.map(|(weight, mean)| Branch { weight: weight * 5.0, mean }).into(),
        };
        let state = spec.build();
        for step in 1..20_000 {
            let u = f64::from(step) / 20_000.0;
            let x = state.quantile(u);
            let above: f64 = branches.iter().map(|(p, m)| p * libm::exp(-x / m)).sum();
            assert!((above - (1.0 - u)).abs() < 1e-7, "{u} {above}");
        }
        assert!((state.mean() - 10.99).abs() < 1e-12);
        // Second moment 2 (0.99 + 10000).
        assert!((state.variance() - (20_001.98 - 10.99 * 10.99)).abs() < 1e-8);
    }
}
