//! Where a weighted strategy takes its weights from.

use serde::{Deserialize, Serialize};
use sim_core::check::Check;

/// Where weights come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
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
