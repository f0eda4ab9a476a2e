//! Backoff: how long to wait before a failed call is sent again.
//!
//! Without jitter all who failed together come back together, again and again; full jitter spreads them over the
//! whole pause and costs half of it on average. Brooker, *Exponential Backoff and Jitter*, AWS Architecture Blog 2015.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, time::SimDuration};

/// How long to wait before a failed call is sent again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Backoff {
    /// Always the same pause.
    Constant(Constant),
    /// Pauses that grow by a factor.
    Exponential(Exponential),
    /// Anything from the base to three times the last pause: grows like an exponential, never in step with others.
    Decorrelated(Decorrelated),
}

/// `Constant`: always the same pause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Constant {
    /// The pause. Default 500 ms (resilience4j `waitDuration`).
    pub pause: SimDuration,
    /// How it varies. Default `None`.
    pub jitter: Jitter,
}

/// `Exponential`: base, base × factor, base × factor² and so on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Exponential {
    /// The first pause. Default 100 ms (gRPC's example of a retry policy, proposal A6).
    pub base: SimDuration,
    /// By how much each is longer than the one before. Default 2.
    pub factor: f64,
    /// The longest. Default 20 s (AWS SDKs, standard mode).
    pub max: SimDuration,
    /// How they vary. Default `Full` (AWS SDKs).
    pub jitter: Jitter,
}

/// `Decorrelated`: each pause is anything from the base to three times the last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Decorrelated {
    /// The shortest. Default 100 ms.
    pub base: SimDuration,
    /// The longest. Default 20 s.
    pub max: SimDuration,
}

/// How a pause varies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Jitter {
    /// Not at all.
    #[default]
    None,
    /// Anything from 0 to the pause.
    Full,
    /// Anything from half the pause to the pause.
    Equal,
    /// Within such a share of the pause on both sides, as `Fraction(0.25)`.
    Fraction(f64),
}

impl Default for Constant {
    fn default() -> Self {
        Self { pause: SimDuration::from_millis(500), jitter: Jitter::None }
    }
}

impl Default for Exponential {
    fn default() -> Self {
        let (base, max) = (SimDuration::from_millis(100), SimDuration::from_secs(20));
        Self { base, factor: 2.0, max, jitter: Jitter::Full }
    }
}

impl Default for Decorrelated {
    fn default() -> Self {
        Self { base: SimDuration::from_millis(100), max: SimDuration::from_secs(20) }
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::Exponential(Exponential::default())
    }
}

impl Backoff {
    pub(super) fn check(&self, check: &mut Check) {
        match self {
            Self::Constant(constant) => constant.jitter.check(check),
            Self::Exponential(exponential) => {
                let factor = exponential.factor;
                check.require(factor >= 1.0, "factor", || format!("factor must be at least 1, got {factor}"));
                exponential.jitter.check(check);
            }
            Self::Decorrelated(decorrelated) => {
                check.require(decorrelated.base <= decorrelated.max, "base", || {
                    "base must not exceed max".into()
                });
            }
        }
    }

    /// The pause after so many failures, from 1, when the last one was `last`; `unit` is what chance says, in [0, 1).
    pub fn pause(&self, failures: u32, last: SimDuration, unit: f64) -> SimDuration {
        match self {
            Self::Constant(constant) => constant.jitter.apply(constant.pause, unit),
            Self::Exponential(exponential) => {
                let grown = libm::pow(exponential.factor, f64::from(failures.saturating_sub(1)));
                let pause = SimDuration::from_nanos_f64(exponential.base.as_nanos() as f64 * grown);
                exponential.jitter.apply(pause.min(exponential.max), unit)
            }
            Self::Decorrelated(Decorrelated { base, max }) => {
                let (low, high) = (base.as_nanos() as f64, 3.0 * last.max(*base).as_nanos() as f64);
                SimDuration::from_nanos_f64(low + unit * (high - low)).min(*max)
            }
        }
    }
}

impl Jitter {
    fn check(self, check: &mut Check) {
        if let Self::Fraction(share) = self {
            check.at("jitter", |check| check.fraction("Fraction", share));
        }
    }

    fn apply(self, pause: SimDuration, unit: f64) -> SimDuration {
        let share = match self {
            Self::None => return pause,
            Self::Full => unit,
            Self::Equal => 0.5 + 0.5 * unit,
            Self::Fraction(share) => 1.0 + share * (2.0 * unit - 1.0),
        };
        SimDuration::from_nanos_f64(pause.as_nanos() as f64 * share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(backoff: &Backoff, unit: f64) -> Vec<u64> {
        let mut last = SimDuration::ZERO;
        let mut next = |failures| {
            last = backoff.pause(failures, last, unit);
            last.as_nanos() / 1_000_000
        };
        (1..=6).map(&mut next).collect()
    }

    #[test]
    fn pauses_double_up_to_their_cap() {
        // Brooker: sleep = random(0, min(cap, base · 2^attempt)); its mean and its bounds.
        let capped = Exponential { max: SimDuration::from_secs(2), ..Exponential::default() };
        let backoff = Backoff::Exponential(capped.clone());
        assert_eq!(millis(&backoff, 0.5), [50, 100, 200, 400, 800, 1000]);
        assert_eq!(millis(&backoff, 0.0), [0; 6]);
        let equal = Backoff::Exponential(Exponential { jitter: Jitter::Equal, ..capped.clone() });
        assert_eq!(millis(&equal, 0.0), [50, 100, 200, 400, 800, 1000]);
        let none = Backoff::Exponential(Exponential { jitter: Jitter::None, ..capped });
        assert_eq!(millis(&none, 0.9), [100, 200, 400, 800, 1600, 2000]);
    }

    #[test]
    fn decorrelated_pauses_grow_from_the_last_one() {
        // Brooker: sleep = min(cap, random(base, sleep · 3)).
        let backoff =
            Backoff::Decorrelated(Decorrelated { max: SimDuration::from_secs(1), ..Decorrelated::default() });
        assert_eq!(millis(&backoff, 0.0), [100; 6]);
        assert_eq!(millis(&backoff, 0.5), [200, 350, 575, 912, 1000, 1000]);
    }

    #[test]
    fn a_fraction_lies_on_both_sides() {
        let jitter = Jitter::Fraction(0.25);
        let around = |unit| jitter.apply(SimDuration::from_millis(100), unit).as_nanos();
        assert_eq!([around(0.0), around(0.5)], [75_000_000, 100_000_000]);
    }
}
