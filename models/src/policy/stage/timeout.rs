//! Timeout: after a while, answers "timed out" in the place of whatever is inside.
//!
//! Outside a retry it bounds all attempts together, inside one each of them. It stops the waiting and not the work:
//! the callee goes on unless it listens for cancellation. A reply that comes at the very instant comes first.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

use super::{Down, Passage, Stage, Woken};
use crate::request::{Outcome, Reason};

/// `Timeout`: how long to wait.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// How long. Default 1 s (resilience4j `timeoutDuration`, Hystrix `execution.isolation.thread.timeoutInMilliseconds`).
    pub after: SimDuration,
}

impl Default for Spec {
    fn default() -> Self {
        Self { after: SimDuration::from_secs(1) }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(!self.after.is_zero(), "after", || "after must be above 0".into());
    }

    pub(super) fn build(&self, _: SimTime) -> State {
        State { after: self.after }
    }
}

/// How long to wait.
#[derive(Debug)]
pub struct State {
    after: SimDuration,
}

impl Stage for State {
    fn on_call(&mut self, now: SimTime, _: &mut Passage) -> Down {
        Down::PassAndWake(now + self.after)
    }

    fn on_wake(&mut self, _: SimTime, _: &mut Passage) -> Woken {
        Woken::Deliver(Outcome::Failure(Reason::TimedOut))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::stage::testing::{at, passage};

    #[test]
    fn answers_when_its_time_has_come() {
        let mut timeout = Spec { after: SimDuration::from_millis(200) }.build(at(0));
        assert_eq!(timeout.on_call(at(50), &mut passage(1)), Down::PassAndWake(at(250)));
        assert_eq!(
            timeout.on_wake(at(250), &mut passage(1)),
            Woken::Deliver(Outcome::Failure(Reason::TimedOut))
        );
    }
}
