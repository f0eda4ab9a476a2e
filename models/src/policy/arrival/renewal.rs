//! Renewal: independent gaps of any distribution.
//!
//! Only the shape counts: gaps are divided by their mean and the rate comes from the load. A cv below 1 is more
//! regular than Poisson, above 1 burstier, but what came says nothing of what comes: for bursts that last take
//! [`mmpp`](super::mmpp).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    random::{
        Stream,
        distribution::{Distribution, DistributionSpec, hyperexponential},
    },
    time::SimTime,
};

use super::{Arrive, Draws, mean_gap};
use crate::units::Rate;

/// `Renewal(Gamma(mean: "1s", cv: 2.0))`: the distribution of a gap, its mean of no account.
/// A file it may need has to be filled in before it is built.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Spec(pub DistributionSpec);

impl Default for Spec {
    /// A hyperexponential gap of cv 2.
    fn default() -> Self {
        Self(DistributionSpec::Hyperexponential(hyperexponential::Spec::default()))
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        let mut gaps = Check::default();
        self.0.check(&mut gaps);
        self.0.check(check);
        if gaps.is_clean() && self.0.columns().is_empty() {
            let mean = self.0.build().mean();
            check.require(mean.is_finite() && mean > 0.0, self.0.name(), || {
                format!("gaps need a mean above 0 and below infinity to be scaled by, got {mean} ns")
            });
        }
    }

    pub(super) fn build(&self, _: &mut Stream) -> State {
        let gaps = self.0.build();
        State { mean: gaps.mean(), gaps }
    }
}

/// The gaps and what they are scaled by.
#[derive(Debug)]
pub struct State {
    gaps: Distribution,
    mean: f64,
}

impl Arrive for State {
    fn gap(&mut self, _: SimTime, rate: Rate, draws: &mut Draws) -> f64 {
        self.gaps.sample(draws.gap.bits()) / self.mean * mean_gap(rate)
    }
}

#[cfg(test)]
mod tests {
    use sim_core::check::Check;

    use crate::policy::arrival::{
        ArrivalSpec,
        laws::{arrivals, mean_and_variance, near, read},
    };

    #[test]
    fn the_cv_of_the_gaps_counts_and_their_mean_does_not() {
        for (process, cv) in [
            (r#"Renewal(Constant("3s"))"#, 0.0),
            (r#"Renewal(Erlang(shape: 4, mean: "20ms"))"#, 0.5),
            (r#"Renewal(Hyperexponential(mean: "7s", cv: 2))"#, 2.0),
        ] {
            let times: Vec<_> = arrivals(process, "Constant()", 100.0, 7).take(1_000_001).collect();
            let gaps: Vec<_> = times.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / 1e7).collect();
            let (mean, variance) = mean_and_variance(&gaps);
            near(mean, 1.0, 4.0 * cv / 1000.0 + 1e-6);
            near(variance, cv * cv, 0.02 * cv * cv + 1e-6);
        }
    }

    #[test]
    fn gaps_without_a_mean_are_told() {
        for wrong in
            [r#"Pareto(minimum: "1s", shape: 1)"#, r#"Constant("0s")"#, r#"Gamma(mean: "1s", cv: -1)"#]
        {
            let mut check = Check::default();
            read::<ArrivalSpec>(&format!("Renewal({wrong})")).check(&mut check);
            assert_eq!(check.into_problems().len(), 1, "{wrong}");
        }
    }
}
