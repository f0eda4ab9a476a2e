//! Exponential: each pause so many times the one before, up to a longest.
//!
//! The longest bounds the pause before full and equal jitter are applied, as Brooker writes it: chance takes its share
//! of min(max, base × factorᵏ). A fraction to either side may exceed it and is cut once more, as in Kafka's
//! `ExponentialBackoff`. Unlike decorrelated backoff it forgets how long it really waited.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    random::{Luck, name_hash, unit},
    time::{SimDuration, SimTime},
};

use super::{Backoff, Jitter};

const PLACE: u64 = name_hash("backoff/exponential");

/// `Exponential`: where it starts, how it grows, where it ends, and how far chance moves it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The first pause, above 0. Default 100 ms (AWS SDK for JavaScript `DEFAULT_RETRY_DELAY_BASE`).
    pub base: SimDuration,
    /// How many times the pause before, at least 1. Default 2 (AWS SDKs).
    pub factor: f64,
    /// The longest pause, at least `base`. Default 20 s (AWS SDKs `MAXIMUM_RETRY_DELAY`).
    pub max: SimDuration,
    /// How far chance moves a pause. Default `Full` (AWS SDKs).
    pub jitter: Jitter,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            base: SimDuration::from_millis(100),
            factor: 2.0,
            max: SimDuration::from_secs(20),
            jitter: Jitter::Full,
        }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(!self.base.is_zero(), "base", || "base must be above 0".into());
        check.require(self.factor.is_finite() && self.factor >= 1.0, "factor", || {
            format!("factor must be at least 1, got {}", self.factor)
        });
        check.require(self.max >= self.base, "max", || {
            format!("max must be at least base, {}, got {}", self.base, self.max)
        });
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

impl State {
    /// The pause before chance moves it.
    fn nominal(&self, retry: u32) -> SimDuration {
        let growth = libm::pow(self.spec.factor, f64::from(retry.saturating_sub(1)));
        SimDuration::from_nanos_f64(self.spec.base.as_nanos() as f64 * growth).min(self.spec.max)
    }
}

impl Backoff for State {
    fn pause(&self, retry: u32, _: SimDuration, luck: Luck) -> SimDuration {
        let chance = unit(luck.at(PLACE, u64::from(retry)));
        self.spec.jitter.spread(self.nominal(retry), chance).min(self.spec.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::backoff::testing::{luck, means, range};

    fn build(max_millis: u64, jitter: Jitter) -> State {
        Spec { max: SimDuration::from_millis(max_millis), jitter, ..Spec::default() }.build(SimTime::ZERO)
    }

    #[test]
    fn full_jitter_waits_half_as_long_on_average() {
        // Brooker 2015, FullJitter: U(0, min(cap, base × 2ᵏ)) with base 100 ms. A uniform's deviation is 0.577 of its
        // mean, so five standard errors of 100 000 are 0.92 %.
        let uncapped = [50.0, 100.0, 200.0, 400.0, 800.0];
        for (max, expected) in [
            (20_000, [uncapped.as_slice(), &[1600.0]].concat()),
            (2_000, [uncapped.as_slice(), &[1000.0]].concat()),
        ] {
            let found = means::<6>(&build(max, Jitter::Full), 100_000);
            for (found, expected) in found.into_iter().zip(expected) {
                assert!((found / expected - 1.0).abs() < 0.0092, "{found} is not {expected}");
            }
        }
        let sum: f64 = means::<5>(&build(20_000, Jitter::Full), 100_000).iter().sum();
        assert!((sum / 1550.0 - 1.0).abs() < 0.0092, "{sum}");
    }

    #[test]
    fn equal_jitter_keeps_half_of_every_pause() {
        // Brooker 2015, EqualJitter: ¾ of the pause on average, with a deviation of a fifth of that.
        let found = means::<4>(&build(400, Jitter::Equal), 100_000);
        for (found, expected) in found.into_iter().zip([75.0, 150.0, 300.0, 300.0]) {
            assert!((found / expected - 1.0).abs() < 0.0031, "{found} is not {expected}");
        }
        let (least, most) = range(&build(400, Jitter::Equal), 1, 10_000);
        assert!((50.0..50.1).contains(&least) && (99.9..=100.0).contains(&most), "{least} to {most}");
    }

    #[test]
    fn a_fraction_never_exceeds_the_longest() {
        // Kafka, ExponentialBackoffTest: initial 100, multiplier 2, jitter 0.2, max 1000.
        let backoff = build(1_000, Jitter::Fraction(0.2));
        for (retry, nominal) in [(1, 100.0), (2, 200.0), (3, 400.0), (4, 800.0), (5, 1000.0)] {
            let (least, most) = range(&backoff, retry, 10_000);
            let (low, high) = (nominal * 0.8, (nominal * 1.2_f64).min(1000.0));
            assert!(least >= low && least < low * 1.01, "{retry}: {least}");
            assert!(most <= high && most > high * 0.99, "{retry}: {most}");
        }
    }

    #[test]
    fn without_jitter_it_is_a_table() {
        let backoff = build(1_000, Jitter::None);
        let pauses = [1, 2, 3, 4, 5, 40].map(|retry| backoff.pause(retry, SimDuration::ZERO, luck(0)));
        assert_eq!(pauses, [100, 200, 400, 800, 1000, 1000].map(SimDuration::from_millis));
    }
}
