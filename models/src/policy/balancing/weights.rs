//! Where a weighted strategy takes its weights from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::check::Check;

use super::BalancerSpec;

/// Where weights come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Weights {
    /// The weight each backend is configured with, 1 unless said otherwise.
    #[default]
    Configured,
    /// In proportion to what each backend can serve: the owner of the table puts capacities for weights.
    ByCapacity,
    /// These, in configured order; backends beyond the list weigh 1.
    Given(Vec<u32>),
}

impl Weights {
    pub(super) fn check(&self, check: &mut Check) {
        if let Self::Given(weights) = self {
            let sound = !weights.is_empty() && !weights.contains(&0);
            check.require(sound, "weights", || format!("weights must be 1 or more each, got {weights:?}"));
        }
    }

    /// The weight of the backend at `index` that the table gives `configured`.
    #[inline]
    pub(super) fn of(&self, index: usize, configured: u32) -> u32 {
        match self {
            Self::Configured | Self::ByCapacity => configured.max(1),
            Self::Given(weights) => weights.get(index).copied().unwrap_or(1).max(1),
        }
    }
}

impl BalancerSpec {
    /// Which weights the strategy wants in the table; of members it switches between, one that asks for
    /// capacities decides.
    pub fn weights(&self) -> &Weights {
        if let Self::WeightedRoundRobin(spec) = self {
            return &spec.weights;
        }
        if let Self::EarliestDeadlineFirst(spec) = self {
            return &spec.weights;
        }
        if let Self::Dynamic(spec) = self {
            let mut wishes = spec.members.iter().map(Self::weights);
            return wishes.find(|&weights| *weights == Weights::ByCapacity).unwrap_or(&Weights::Configured);
        }
        &Weights::Configured
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::balancing::{dynamic, weighted_round_robin};

    #[test]
    fn the_wish_of_a_member_is_found() {
        let weighted = |weights| {
            BalancerSpec::WeightedRoundRobin(weighted_round_robin::Spec { weights, ..Default::default() })
        };
        assert_eq!(weighted(Weights::ByCapacity).weights(), &Weights::ByCapacity);
        let members = vec![weighted(Weights::Given(vec![2])), weighted(Weights::ByCapacity)];
        let switching = BalancerSpec::Dynamic(dynamic::Spec { members, ..Default::default() });
        assert_eq!(switching.weights(), &Weights::ByCapacity);
        assert_eq!(BalancerSpec::Dynamic(dynamic::Spec::default()).weights(), &Weights::Configured);
    }

    #[test]
    fn given_weights_must_be_positive() {
        let mut check = Check::default();
        Weights::Given(vec![1, 0]).check(&mut check);
        assert_eq!(check.into_problems()[0].path, ["weights"]);
    }
}
