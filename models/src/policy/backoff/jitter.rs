//! Jitter: how far chance moves a pause from what the rule says.
//!
//! Full jitter spreads those who failed together the furthest and waits half as long on average; equal jitter keeps
//! at least half of every pause; a fraction moves it a little to either side. The first two are from Brooker,
//! *Exponential Backoff And Jitter*, 2015; the third is Kafka's and resilience4j's.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, time::SimDuration};

/// How far chance moves a pause.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Jitter {
    /// Not at all.
    None,
    /// Anywhere between nothing and the pause.
    Full,
    /// Anywhere in the upper half of the pause.
    Equal,
    /// Up to this fraction of the pause to either side, 0 to 1. Kafka has 0.2, resilience4j 0.5.
    Fraction(f64),
}

impl Jitter {
    pub(super) fn check(self, check: &mut Check) {
        match self {
            Self::None | Self::Full | Self::Equal => {}
            Self::Fraction(fraction) => check.fraction("jitter", fraction),
        }
    }

    /// The pause moved; `chance` is from [0, 1).
    pub(super) fn spread(self, pause: SimDuration, chance: f64) -> SimDuration {
        let share = match self {
            Self::None => return pause,
            Self::Full => chance,
            Self::Equal => 0.5 + chance / 2.0,
            Self::Fraction(fraction) => 1.0 - fraction + 2.0 * fraction * chance,
        };
        SimDuration::from_nanos_f64(pause.as_nanos() as f64 * share)
    }
}
