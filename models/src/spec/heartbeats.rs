//! Heartbeats: servers tell that they live, and whoever calls them judges their silence.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, time::SimDuration};

use crate::policy::detection::failure_detector::FailureDetectorSpec;

/// Heartbeats that every server sends to each of its callers; one that is suspected gets no calls until it is heard again.
///
/// They travel like messages: delayed, and lost at times. A server that is down or silent sends none; one that fails
/// every request at once still does, which is what heartbeats cannot see.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HeartbeatsSpec {
    /// Time from one to the next. Default 1 s (Akka `cluster.failure-detector.heartbeat-interval`).
    pub every: SimDuration,
    /// How silence is judged. Default `PhiAccrual` (Akka).
    pub detector: FailureDetectorSpec,
}

impl Default for HeartbeatsSpec {
    fn default() -> Self {
        Self { every: SimDuration::from_secs(1), detector: FailureDetectorSpec::default() }
    }
}

impl HeartbeatsSpec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(!self.every.is_zero(), "every", || "every must be above 0".into());
        check.at("detector", |check| self.detector.check(check));
    }
}
