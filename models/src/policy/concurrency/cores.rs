//! How many jobs a server runs at full speed: the part of a specification that every share has.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::check::Check;

/// The cores of a server. In files the field stands in the discipline: `ProcessorSharing(cores: 4)`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Cores {
    /// How many jobs run at full speed, at least 1. Default 1.
    pub cores: u16,
}

impl Default for Cores {
    fn default() -> Self {
        Self { cores: 1 }
    }
}

impl Cores {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(self.cores > 0, "cores", || "cores must be at least 1, got 0".to_owned());
    }
}
