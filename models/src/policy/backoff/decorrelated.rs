//! Decorrelated: each pause between the base and three times the one before, by chance.
//!
//! It grows with what it really waited and not with the number of attempts: who was lucky once stays quick for a
//! while. Brooker, *Exponential Backoff And Jitter*, 2015: min(cap, U(base, 3 × last)), where last is the base at
//! first.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    random::{Luck, name_hash, unit},
    time::{SimDuration, SimTime},
};

use super::Backoff;

const PLACE: u64 = name_hash("backoff/decorrelated");

/// `Decorrelated`: the shortest and the longest pause.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The shortest pause, above 0. Default 100 ms (AWS SDK for JavaScript `DEFAULT_RETRY_DELAY_BASE`).
    pub base: SimDuration,
    /// The longest pause, at least `base`. Default 20 s (AWS SDKs `MAXIMUM_RETRY_DELAY`).
    pub max: SimDuration,
}

impl Default for Spec {
    fn default() -> Self {
        Self { base: SimDuration::from_millis(100), max: SimDuration::from_secs(20) }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(!self.base.is_zero(), "base", || "base must be above 0".into());
        check.require(self.max >= self.base, "max", || {
            format!("max must be at least base, {}, got {}", self.base, self.max)
        });
    }

    pub(super) fn build(&self, _: SimTime) -> State {
        State { spec: self.clone() }
    }
}

/// Nothing but its rule: whoever asks remembers the last pause.
#[derive(Debug)]
pub struct State {
    spec: Spec,
}

impl Backoff for State {
    fn pause(&self, retry: u32, last: SimDuration, luck: Luck) -> SimDuration {
        let Spec { base, max } = self.spec;
        let room = last.max(base).saturating_mul(3) - base;
        let chance = unit(luck.at(PLACE, u64::from(retry)));
        (base + SimDuration::from_nanos_f64(room.as_nanos() as f64 * chance)).min(max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::backoff::testing::{means, range};

    #[test]
    fn it_grows_with_what_it_waited() {
        // From E[next | last] = (base + 3 last) / 2 with a cap out of reach: 200, 350, 575 ms. The deviations are
        // at most 0.7 of the means, so five standard errors of 200 000 are 0.8 %.
        let far = Spec { max: SimDuration::from_secs(3600), ..Spec::default() }.build(SimTime::ZERO);
        for (found, expected) in means::<3>(&far, 200_000).into_iter().zip([200.0, 350.0, 575.0]) {
            assert!((found / expected - 1.0).abs() < 0.008, "{found} is not {expected}");
        }
    }

    #[test]
    fn it_stays_between_the_base_and_the_longest() {
        let near = Spec { max: SimDuration::from_millis(250), ..Spec::default() }.build(SimTime::ZERO);
        let (least, most) = range(&near, 1, 10_000);
        assert!((100.0..100.2).contains(&least) && most == 250.0, "{least} to {most}");
    }
}
