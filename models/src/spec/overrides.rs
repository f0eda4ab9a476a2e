//! What servers have differently: single ones for good, all of them while they are new.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, time::SimDuration};

use super::PoolSpec;

/// What one server has differently.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Overrides {
    /// Its speed; 0.5 takes twice as long. Default 1.
    pub speed: Option<f64>,
    /// Its workers.
    pub workers: Option<u32>,
    /// Its weight for balancers that are told weights. Default 1.
    pub weight: Option<u32>,
}

/// A server is slow when it starts: cold caches, code not compiled yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WarmUpSpec {
    /// How long until it has its full speed.
    pub duration: SimDuration,
    /// Its speed at first, as a share; it rises linearly. Default 0.1.
    pub initial_speed: f64,
}

impl Default for WarmUpSpec {
    fn default() -> Self {
        Self { duration: SimDuration::from_secs(60), initial_speed: 0.1 }
    }
}

impl Overrides {
    pub(super) fn check(&self, check: &mut Check, server: u32, pool: &PoolSpec) {
        let servers = pool.servers;
        let works = pool.sharing.is_none() && pool.concurrency.is_none();
        check.require(works || self.workers.is_none(), "workers", || {
            "a server with sharing or concurrency has no workers".into()
        });
        if server >= servers {
            check.problem(
                "E0301",
                format!("there is no server {server}: this pool has {servers}, numbered from 0"),
            );
        }
        if let Some(speed) = self.speed {
            check.positive("speed", speed);
        }
        check.require(self.workers != Some(0), "workers", || "workers must be at least 1, got 0".into());
        check.require(self.weight != Some(0), "weight", || "weight must be at least 1, got 0".into());
    }
}
