//! Preemptive priority, resume: a class of a lower number interrupts, and who was interrupted goes on later.
//!
//! To the first class the others do not exist; `Priority` of `discipline` makes it wait for the job in service.
//! Within a class first in, first out.
//! Conway, Maxwell & Miller, *Theory of Scheduling*, 1967, section 8.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::check::Check;

use super::{
    Cores,
    preemptive::{Held, Preemptive, Rank},
};

/// `PreemptivePriority(cores: 4)`.
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

/// The jobs held, those of the lowest priority number running.
pub type State = Preemptive<Priority>;

/// Ranks by lowest priority number.
#[derive(Debug)]
pub struct Priority;

impl Rank for Priority {
    fn rank(held: &Held) -> u128 {
        u128::from(held.priority)
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::concurrency::laws::story;

    #[test]
    fn the_lower_number_interrupts_and_an_equal_one_does_not() {
        // b interrupts a at 1; c, b's equal, waits for it; a has its last 3 from 5.
        assert_eq!(story("PreemptivePriority()", "a:4:1@0 b:2:0@1 c:2:0@2"), "b@3 c@5 a@8");
    }

    #[test]
    fn who_was_interrupted_goes_on_before_later_ones_of_his_class() {
        assert_eq!(story("PreemptivePriority()", "a:4:1@0 b:1:1@1 c:2:0@2"), "c@4 a@6 b@7");
    }
}
