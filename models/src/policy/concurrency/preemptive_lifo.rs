//! Last come, first served, preemptive: a newcomer interrupts at once, and who was interrupted goes on later.
//!
//! A job is served as if alone but for those who come during it, so its mean response is x/(1−ρ), as under
//! processor sharing, whatever the demands; the variance is far larger. What nested interrupts do.
//! Kleinrock, *Queueing Systems* II, 1976, section 4.3.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::check::Check;

use super::{
    Cores,
    preemptive::{Held, Preemptive, Rank},
};

/// `PreemptiveLifo(cores: 4)`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Spec(pub Cores);

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        self.0.check(check);
    }

    pub(super) fn build(&self, speed: f64) -> State {
        State::new(self.0.cores, speed)
    }
}

/// The jobs held, those who came last running.
pub type State = Preemptive<Latest>;

/// Ranks by latest coming.
#[derive(Debug)]
pub struct Latest;

impl Rank for Latest {
    fn rank(held: &Held) -> u128 {
        u128::from(u64::MAX - held.sequence)
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::concurrency::laws::story;

    #[test]
    fn the_latest_interrupts_everyone() {
        // b runs 2 to 3, c 3 to 5, b again to 6, and a has its last 2 from 6.
        assert_eq!(story("PreemptiveLifo()", "a:4@0 b:2@2 c:2@3"), "c@5 b@6 a@8");
        assert_eq!(story("PreemptiveLifo()", "a:4@0 b:2@0"), "b@2 a@6");
    }

    #[test]
    fn of_two_cores_the_earlier_job_loses_its_own() {
        // c takes a's core at 1 until 2; a has 3 left then.
        assert_eq!(story("PreemptiveLifo(cores: 2)", "a:4@0 b:4@0 c:1@1"), "c@2 b@4 a@5");
    }
}
