//! Backoff: how long to wait before a failed call is tried again.
//!
//! Waiting gives the callee room to recover; jitter keeps those whom the same failure met from coming back together.
//! The total of all attempts is not bounded by waiting, only by a budget. Brooker, *Exponential Backoff And Jitter*,
//! AWS Architecture Blog, 2015, compares the three ways of jittering that this family knows.

use sim_core::{
    random::Luck,
    time::{SimDuration, SimTime},
};

mod constant;
mod decorrelated;
mod exponential;
mod jitter;
#[cfg(test)]
mod testing;

pub use jitter::Jitter;

/// How long to wait before another attempt.
pub trait Backoff: std::fmt::Debug {
    /// The pause before the `retry`-th further attempt, counted from 1; `last` is the pause before the one before it,
    /// zero if there was none.
    fn pause(&self, retry: u32, last: SimDuration, luck: Luck) -> SimDuration;
}

family! {
    /// How long to wait before another attempt.
    pub trait Backoff, spec BackoffSpec, state AnyBackoff, build(now: SimTime);
    /// Each pause so many times the one before, up to a longest, with jitter.
    Exponential = exponential;
    /// Each pause between the base and three times the one before, by chance (AWS).
    Decorrelated = decorrelated;
    /// The same pause each time, with or without jitter.
    Constant = constant;
}

impl Default for BackoffSpec {
    fn default() -> Self {
        Self::Exponential(exponential::Spec::default())
    }
}

impl Backoff for AnyBackoff {
    fn pause(&self, retry: u32, last: SimDuration, luck: Luck) -> SimDuration {
        on_each!(self, it => it.pause(retry, last, luck))
    }
}

#[cfg(test)]
mod tests {
    use sim_core::check::Check;

    use super::{testing::luck, *};

    #[test]
    fn every_default_is_a_right_one() {
        for (name, documentation, spec) in BackoffSpec::catalog() {
            let mut check = Check::default();
            spec.check(&mut check);
            assert_eq!(check.into_problems(), [], "{name}");
            assert!(!documentation.is_empty(), "{name}");
        }
    }

    #[test]
    fn the_same_luck_waits_as_long_and_another_attempt_has_its_own() {
        for (name, _, spec) in BackoffSpec::catalog() {
            let backoff = spec.build(SimTime::ZERO);
            let pause = |retry| backoff.pause(retry, SimDuration::ZERO, luck(1));
            assert_eq!(pause(1), pause(1), "{name}");
            assert!(name == "Constant" || pause(1) != pause(2), "{name}");
        }
    }

    #[test]
    fn no_pause_is_too_long_to_add_up() {
        for (name, _, spec) in BackoffSpec::catalog() {
            let backoff = spec.build(SimTime::ZERO);
            let most = SimDuration::from_secs(20);
            for retry in [1, 64, u32::MAX] {
                assert!(backoff.pause(retry, SimDuration::from_secs(19), luck(2)) <= most, "{name} {retry}");
            }
        }
    }
}
