//! Steps: the factor jumps at given times, as when a sale opens or a link goes viral.
//!
//! The hardest test of a controller, since nothing announces the change.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

use super::{Shape, check_factor};

/// `Steps([("0s", 1.0), ("60s", 3.0), ("90s", 1.0)])`: from when on, which factor; before the first it is 1.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Spec(pub Vec<(SimDuration, f64)>);

impl Default for Spec {
    /// Three times the rate from the first to the second minute.
    fn default() -> Self {
        Self(
            [(0, 1.0), (60, 3.0), (120, 1.0)]
                .map(|(secs, factor)| (SimDuration::from_secs(secs), factor))
                .into(),
        )
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        for (index, (_, factor)) in self.0.iter().enumerate() {
            check_factor(&index.to_string(), *factor, check);
        }
        for (index, pair) in self.0.windows(2).enumerate() {
            check.require(pair[0].0 < pair[1].0, &(index + 1).to_string(), || {
                format!("steps must go forward in time, but {} follows {}", pair[1].0, pair[0].0)
            });
        }
    }

    pub(super) fn build(&self, start: SimTime) -> State {
        let steps = self.0.iter().map(|&(after, factor)| (start + after, factor)).collect();
        State { start, steps }
    }
}

/// The steps by the moment they are taken.
#[derive(Debug)]
pub struct State {
    start: SimTime,
    steps: Vec<(SimTime, f64)>,
}

impl State {
    /// How many steps have been taken.
    fn taken(&self, now: SimTime) -> usize {
        self.steps.partition_point(|(at, _)| *at <= now)
    }
}

impl Shape for State {
    fn factor(&self, now: SimTime) -> f64 {
        self.taken(now)
            .checked_sub(1)
            .and_then(|last| self.steps.get(last))
            .map_or(1.0, |(_, factor)| *factor)
    }

    fn max_factor(&self) -> f64 {
        let from_the_start = self.steps.first().is_some_and(|(at, _)| *at == self.start);
        let before = if from_the_start { 0.0 } else { 1.0 };
        self.steps.iter().map(|(_, factor)| *factor).fold(before, f64::max)
    }

    fn wakes(&self, now: SimTime) -> SimTime {
        if self.factor(now) > 0.0 {
            return now;
        }
        let later = self.steps.iter().skip(self.taken(now)).find(|(_, factor)| *factor > 0.0);
        later.map_or(SimTime::NEVER, |(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::arrival::laws::{arrivals, follows, wrong};

    #[test]
    fn a_step_counts_from_its_own_moment() {
        let secs = |secs: u64| SimTime::from_nanos(secs * 1_000_000_000);
        let state = Spec(vec![(SimDuration::from_secs(60), 3.0)]).build(secs(100));
        assert_eq!([159, 160].map(|at| state.factor(secs(at))), [1.0, 3.0]);
        // The 1 before the first step is part of the profile, unless that step is taken at once.
        let most = |after| Spec(vec![(SimDuration::from_secs(after), 0.5)]).build(secs(100)).max_factor();
        assert_eq!([60, 0].map(most), [1.0, 0.5]);
    }

    #[test]
    fn counts_follow_the_steps() {
        follows(
            r#"Steps([("0s", 1.0), ("3s", 3.0), ("5.5s", 0.0), ("8s", 0.5)])"#,
            10,
            |second| match second {
                0..3 => 1.0,
                3 | 4 => 3.0,
                5 => 1.5,
                6 | 7 => 0.0,
                _ => 0.5,
            },
        );
    }

    #[test]
    fn a_silence_is_passed_in_one_step_and_the_last_has_no_end() {
        let day = r#"Steps([("0s", 0), ("1h", 1), ("2h", 0), ("9h", 1), ("10h", 0)])"#;
        let times: Vec<_> = arrivals("Deterministic()", day, 0.001, 7).collect();
        // The first comes one gap of 1000 s after an hour of silence.
        assert_eq!(
            times.iter().map(|at| at / 1_000_000_000).collect::<Vec<_>>(),
            [4600, 5600, 6600, 33_400, 34_400, 35_400]
        );
    }

    #[test]
    fn steps_back_in_time_are_told() {
        assert_eq!(wrong(r#"Steps([("5s", 1), ("5s", 2)])"#), ["Steps.1"]);
        assert_eq!(wrong(r#"Steps([("5s", -1)])"#), ["Steps.0"]);
    }
}
