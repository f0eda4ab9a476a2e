//! Shortest remaining processing time (SRPT): whoever is nearest to the end runs.
//!
//! Of all disciplines it has the smallest mean response, whatever comes; what it knows and others do not is the
//! demand of every job. `ShortestJobFirst` of `discipline` knows it too but does not interrupt.
//! Schrage & Miller, *The Queue M/G/1 with the Shortest Remaining Processing Time Discipline*, 1966.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::check::Check;

use super::{
    Cores,
    preemptive::{Held, Preemptive, Rank},
};

/// `ShortestRemaining(cores: 4)`.
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

/// The jobs held, those of the least remaining work running.
pub type State = Preemptive<Remaining>;

/// Ranks by least remaining work.
#[derive(Debug)]
pub struct Remaining;

impl Rank for Remaining {
    fn rank(held: &Held) -> u128 {
        held.left.units()
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::concurrency::laws::story;

    #[test]
    fn a_shorter_job_interrupts_and_a_nearly_finished_one_is_left_alone() {
        // At 4 a has 2 left, less than b's 3; c's 1 interrupts b.
        assert_eq!(story("ShortestRemaining()", "a:6@0 b:3@4 c:1@7"), "a@6 c@8 b@10");
        // A tie does not interrupt.
        assert_eq!(story("ShortestRemaining()", "a:3@0 b:2@1"), "a@3 b@5");
    }

    #[test]
    fn of_two_cores_the_longer_job_loses_its_own() {
        assert_eq!(story("ShortestRemaining(cores: 2)", "a:4@0 b:9@0 c:1@1 d:5@1"), "c@2 a@4 d@7 b@12");
    }
}
