//! Constant: the same pause each time.
//!
//! With jitter it spreads who failed together, but however long the trouble lasts it does not ease off.
//! resilience4j's and Polly's default.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    random::{Luck, name_hash, unit},
    time::{SimDuration, SimTime},
};

use super::{Backoff, Jitter};

const PLACE: u64 = name_hash("backoff/constant");

/// `Constant`: how long, and how far chance moves it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The pause; 0 tries again at once. Default 500 ms (resilience4j `waitDuration`; Polly `Delay` has 2 s).
    pub pause: SimDuration,
    /// How far chance moves it. Default `None` (resilience4j; Polly `UseJitter` is about `Fraction(0.25)`).
    pub jitter: Jitter,
}

impl Default for Spec {
    fn default() -> Self {
        Self { pause: SimDuration::from_millis(500), jitter: Jitter::None }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        self.jitter.check(check);
    }

    pub(super) fn build(&self, _: SimTime) -> State {
        State { spec: self.clone() }
    }
}

/// Nothing but its rule.
#[derive(Debug)]
pub struct State {
    spec: Spec,
}

impl Backoff for State {
    fn pause(&self, retry: u32, _: SimDuration, luck: Luck) -> SimDuration {
        let chance = unit(luck.at(PLACE, u64::from(retry)));
        self.spec.jitter.spread(self.spec.pause, chance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::backoff::testing::{luck, range};

    #[test]
    fn it_does_not_ease_off() {
        let constant = Spec::default().build(SimTime::ZERO);
        let pauses = [1, 2, 30].map(|retry| constant.pause(retry, SimDuration::ZERO, luck(0)));
        assert_eq!(pauses, [SimDuration::from_millis(500); 3]);
    }

    #[test]
    fn jitter_moves_it_to_either_side() {
        // Polly, RetryHelper.ApplyJitter: 2 s ± 25 %.
        let spec = Spec { pause: SimDuration::from_secs(2), jitter: Jitter::Fraction(0.25) };
        let (least, most) = range(&spec.build(SimTime::ZERO), 1, 10_000);
        assert!((1500.0..1501.0).contains(&least) && (2499.0..2500.0).contains(&most), "{least} to {most}");
    }
}
