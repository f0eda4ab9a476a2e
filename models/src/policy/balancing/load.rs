//! What "less loaded" means to a strategy that compares a few backends.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

use super::{
    Backend, Done, Endpoint,
    peak_ewma::{Costs, DEFAULT_DECAY},
};

/// How a backend's load is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum LoadMeasure {
    /// Requests sent and not yet answered.
    #[default]
    OutstandingRequests,
    /// Outstanding requests, the one to come included, for each unit of weight that slow start leaves.
    OutstandingByWeight,
    /// Finagle's peak-sensitive average of latency times outstanding requests.
    PeakEwma {
        /// The mean lifetime of an observation. Default 10 s (Finagle).
        #[serde(default = "default_decay")]
        decay: SimDuration,
    },
}

fn default_decay() -> SimDuration {
    DEFAULT_DECAY
}

impl LoadMeasure {
    pub(super) fn check(self, check: &mut Check) {
        if let Self::PeakEwma { decay } = self {
            check.require(!decay.is_zero(), "decay", || "decay must be above 0".into());
        }
    }

    pub(super) fn build(self, endpoints: &[Endpoint]) -> Load {
        match self {
            Self::OutstandingRequests => Load::OutstandingRequests,
            Self::OutstandingByWeight => Load::OutstandingByWeight,
            Self::PeakEwma { decay } => Load::PeakEwma(Costs::new(endpoints, decay)),
        }
    }
}

/// The measure at work.
#[derive(Debug)]
pub(super) enum Load {
    OutstandingRequests,
    OutstandingByWeight,
    PeakEwma(Costs),
}

impl Load {
    /// The load of the backend at `index`. Reading a decaying measure brings it up to now.
    #[inline]
    pub(super) fn of(&mut self, index: usize, row: &Backend, now: SimTime) -> f64 {
        match self {
            Self::OutstandingRequests => f64::from(row.in_flight),
            Self::OutstandingByWeight => (f64::from(row.in_flight) + 1.0) / row.effective_weight(),
            Self::PeakEwma(costs) => costs.load(index, row.in_flight, now),
        }
    }

    pub(super) fn on_done(&mut self, now: SimTime, done: &Done) {
        match self {
            Self::OutstandingRequests | Self::OutstandingByWeight => {}
            Self::PeakEwma(costs) => costs.observe(done.backend, done.latency, now),
        }
    }

    pub(super) fn on_membership(&mut self, endpoints: &[Endpoint]) {
        match self {
            Self::OutstandingRequests | Self::OutstandingByWeight => {}
            Self::PeakEwma(costs) => costs.on_membership(endpoints),
        }
    }
}
