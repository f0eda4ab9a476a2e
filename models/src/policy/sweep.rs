//! Looking for objects whose lifetime is over before anybody asks for them.
//!
//! An object that nobody asks for any more would stay until it has to go for another. Redis looks at a few at random ten
//! times a second, and goes on as long as many of them are over (`expire.c`, `activeExpireCycle`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, time::SimDuration};

/// `sweep: (every: "100ms", samples: 20, again_above: 0.1)`: some objects are looked at in rounds. Takes no computing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SweepSpec {
    /// Time between two sweeps. Default 100 ms (Redis `hz 10`).
    pub every: SimDuration,
    /// Objects looked at in a round, 1 to 10000. Default 20 (Redis `ACTIVE_EXPIRE_CYCLE_KEYS_PER_LOOP`).
    pub samples: u32,
    /// Another round follows if more than this part of them was over. Default 0.1 (Redis
    /// `ACTIVE_EXPIRE_CYCLE_ACCEPTABLE_STALE`).
    pub again_above: f64,
}

/// Most rounds of a sweep: Redis stops after 25 ms of computing, enough for 20 objects so many times.
const MOST_ROUNDS: u32 = 1000;

impl Default for SweepSpec {
    fn default() -> Self {
        Self { every: SimDuration::from_millis(100), samples: 20, again_above: 0.1 }
    }
}

impl SweepSpec {
    /// Reports what is wrong with it.
    pub fn check(&self, check: &mut Check) {
        check.require(!self.every.is_zero(), "every", || "every must be above 0".into());
        check.require((1..=10_000).contains(&self.samples), "samples", || {
            format!("samples must be 1 to 10000, got {}", self.samples)
        });
        check.fraction("again_above", self.again_above);
    }

    /// Sweeps: `is_over` looks at an object drawn at random, and drops it if its lifetime is over.
    pub fn run(&self, mut is_over: impl FnMut() -> bool) {
        let tolerated = f64::from(self.samples) * self.again_above;
        for _ in 0..MOST_ROUNDS {
            let over = (0..self.samples).filter(|_| is_over()).count();
            if over as f64 <= tolerated {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many are looked at, if the first so many are over.
    fn looked_at(over: u32) -> u32 {
        let mut seen = 0;
        SweepSpec::default().run(|| {
            seen += 1;
            seen <= over
        });
        seen
    }

    #[test]
    fn goes_on_while_more_than_a_tenth_is_over() {
        assert_eq!([0, 2, 3, 20, 22, 23].map(looked_at), [20, 20, 40, 40, 40, 60]);
        assert_eq!(looked_at(u32::MAX), 20_000, "but not for ever");
    }
}
