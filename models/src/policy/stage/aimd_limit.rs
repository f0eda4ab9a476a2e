//! AIMD: one more call at a time while all goes well, a tenth fewer at every drop.
//!
//! It learns from losses alone, so that it fills the callee's line until something times out or is refused; Vegas and
//! the gradients stop when round trips grow. The limit moves up only while at least half of it is used.
//! Netflix concurrency-limits `AIMDLimit`; Chiu & Jain, *Analysis of the increase and decrease algorithms for congestion
//! avoidance in computer networks*, 1989.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

use super::limiter::{Adapt, Limiter, Sample};

/// `AimdLimit`: where the limit starts, its bounds, and what lowers it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The limit at first, in calls. Default 20 (`initialLimit`).
    pub initial_limit: u32,
    /// The least it falls to, in calls, at least 1. Default 20 (`minLimit`).
    pub min_limit: u32,
    /// The most it grows to, in calls. Default 200 (`maxLimit`).
    pub max_limit: u32,
    /// What a drop multiplies it by, from 0.5 to below 1. Default 0.9 (`backoffRatio`).
    pub backoff_ratio: f64,
    /// A call that takes longer counts as dropped. Default 5 s (`timeout`).
    pub timeout: SimDuration,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            initial_limit: 20,
            min_limit: 20,
            max_limit: 200,
            backoff_ratio: 0.9,
            timeout: SimDuration::from_secs(5),
        }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        for (field, limit) in [("initial_limit", self.initial_limit), ("min_limit", self.min_limit)] {
            check.require(limit >= 1, field, || format!("{field} must be at least 1"));
        }
        check.require(self.max_limit >= self.min_limit, "max_limit", || {
            format!("max_limit cannot be below min_limit, {}", self.min_limit)
        });
        let ratio = self.backoff_ratio;
        check.require((0.5..1.0).contains(&ratio), "backoff_ratio", || {
            format!("backoff_ratio must be at least 0.5 and below 1, got {ratio}")
        });
        check.require(!self.timeout.is_zero(), "timeout", || "timeout must be above 0".into());
    }

    pub(super) fn build(&self, _: SimTime) -> State {
        Limiter::new(Aimd { spec: self.clone(), limit: self.initial_limit })
    }
}

/// What is under way, and the limit.
pub type State = Limiter<Aimd>;

/// The limit and its rule.
#[derive(Debug)]
pub struct Aimd {
    spec: Spec,
    limit: u32,
}

impl Adapt for Aimd {
    fn limit(&self) -> u32 {
        self.limit
    }

    fn on_sample(&mut self, sample: &Sample) {
        let used = u64::from(sample.in_flight) * 2 >= u64::from(self.limit);
        let next = if sample.dropped || sample.round_trip > self.spec.timeout {
            (f64::from(self.limit) * self.spec.backoff_ratio) as u32
        } else {
            self.limit.saturating_add(u32::from(used))
        };
        // In this order: where the bounds cross, the upper one holds.
        self.limit = next.max(self.spec.min_limit).min(self.spec.max_limit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::stage::limiter::testing::{drop_after, limits, sample};

    fn rule(initial_limit: u32) -> Aimd {
        Aimd { spec: Spec { min_limit: 1, ..Spec::default() }, limit: initial_limit }
    }

    #[test]
    fn one_more_while_half_is_used_and_a_tenth_fewer_at_a_drop() {
        // concurrency-limits, AIMDLimitTest: increaseOnSuccess, decreaseOnDrops.
        assert_eq!(limits(&mut rule(20), &[sample(1, 10)]), [21]);
        assert_eq!(limits(&mut rule(30), &[drop_after(1, 0)]), [27]);
        // ⌊10 · 0.9⌋ and so on; below half of the limit in flight nothing grows.
        assert_eq!(limits(&mut rule(10), &[drop_after(1, 9); 9]), [9, 8, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(limits(&mut rule(21), &[sample(1, 10), sample(1, 11), sample(1, 11)]), [21, 22, 23]);
    }

    #[test]
    fn only_longer_than_the_timeout_is_a_drop() {
        assert_eq!(limits(&mut rule(20), &[sample(5_000, 20), sample(5_001, 20)]), [21, 18]);
    }

    #[test]
    fn the_bounds_hold() {
        let mut low = Aimd { spec: Spec::default(), limit: 21 };
        assert_eq!(limits(&mut low, &[drop_after(1, 1), drop_after(1, 1)]), [20, 20]);
        let mut high = Aimd { spec: Spec { max_limit: 21, ..Spec::default() }, limit: 20 };
        assert_eq!(limits(&mut high, &[sample(1, 10), sample(1, 11)]), [21, 21]);
    }
}
