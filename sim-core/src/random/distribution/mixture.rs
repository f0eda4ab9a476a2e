//! Mixture: one of several distributions, drawn anew each time.
//!
//! A fast path and a slow one: cache hits and misses, small queries and reports. One uniform number picks the
//! branch and, stretched to its share, is inverted there. So a draw is monotone only if the branches are written
//! in ascending order and do not overlap; [`Hyperexponential`](super::hyperexponential) inverts a mixture of
//! exponentials as a whole.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Distribution, DistributionSpec, Quantity,
    steps::{Steps, check_total, check_weight},
};
use crate::{check::Check, time::SimDuration};

/// `Mixture([(weight: 0.9, of: Exponential(mean: "1ms")), (weight: 0.1, of: Constant("50ms"))])`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(transparent, bound = "Q: Quantity")]
pub struct Spec<Q = SimDuration>(pub Vec<Branch<Q>>);

/// One branch of a mixture.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, bound = "Q: Quantity")]
pub struct Branch<Q = SimDuration> {
    /// How often, against the other branches' weights; not negative.
    pub weight: f64,
    /// What is drawn then.
    pub of: DistributionSpec<Q>,
}

impl Default for Spec {
    fn default() -> Self {
        let slow = super::constant::Spec(SimDuration::from_millis(50));
        Self(vec![
            Branch { weight: 0.9, of: DistributionSpec::Exponential(super::exponential::Spec::default()) },
            Branch { weight: 0.1, of: DistributionSpec::Constant(slow) },
        ])
    }
}

impl<Q: Quantity> Spec<Q> {
    pub(super) fn check(&self, check: &mut Check) {
        for (index, branch) in self.0.iter().enumerate() {
            check.at(index, |check| {
                check.at("weight", |check| check_weight(check, branch.weight));
                check.at("of", |check| branch.of.check(check));
            });
        }
        check_total(check, self.0.iter().map(|branch| branch.weight).sum());
    }

    pub(super) fn build(&self) -> State {
        State {
            steps: Steps::new(self.0.iter().map(|branch| branch.weight)),
            branches: self.0.iter().map(|branch| branch.of.build()).collect(),
        }
    }
}

/// The branches, with a step each.
#[derive(Clone, Debug)]
pub struct State {
    steps: Steps,
    branches: Arc<[Distribution]>,
}

impl State {
    #[inline]
    pub(super) fn quantile(&self, u: f64) -> f64 {
        let (branch, along) = self.steps.split(u);
        self.branches[branch].quantile(along)
    }

    pub(super) fn mean(&self) -> f64 {
        self.expect(Distribution::mean)
    }

    pub(super) fn variance(&self) -> f64 {
        let mean = self.mean();
        if mean.is_infinite() {
            return f64::INFINITY;
        }
        // Within the branches and between them.
        self.expect(|branch| branch.variance() + (branch.mean() - mean) * (branch.mean() - mean))
    }

    fn expect(&self, of: impl Fn(&Distribution) -> f64) -> f64 {
        let shares =
            self.branches.iter().enumerate().map(|(index, branch)| (self.steps.share(index), branch));
        // A branch that is never drawn has no say, even if its mean is infinite.
        shares.filter(|(share, _)| *share > 0.0).map(|(share, branch)| share * of(branch)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::distribution::{constant, uniform};

    #[test]
    fn each_branch_is_inverted_over_its_share() {
        let spec = Spec(vec![
            Branch { weight: 3.0, of: DistributionSpec::Uniform(uniform::Spec { low: 0.0, high: 3.0 }) },
            Branch { weight: 0.0, of: DistributionSpec::Constant(constant::Spec(4.0)) },
            Branch { weight: 1.0, of: DistributionSpec::Uniform(uniform::Spec { low: 5.0, high: 9.0 }) },
        ]);
        let state = spec.build();
        // In ascending order and apart: monotone, like a single distribution.
        assert_eq!([0.25, 0.5, 0.75, 0.875].map(|u| state.quantile(u)), [1.0, 2.0, 5.0, 7.0]);
        // Means 1.5 and 7, variances 9/12 and 16/12.
        assert!((state.mean() - 2.875).abs() < 1e-15);
        let second = 0.75 * (0.75 + 2.25) + 0.25 * (16.0 / 12.0 + 49.0);
        assert!((state.variance() - (second - 2.875 * 2.875)).abs() < 1e-13);
    }
}
