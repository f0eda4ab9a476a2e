//! gRPC: failures take tokens, successes give a part of one back; at half or below nothing is sent again.
//!
//! It counts outcomes, not retries: once the failing share of attempts passes ratio ÷ (1 + ratio), 9 % at the default,
//! the tokens run down whoever sends them. gRPC proposal A6, *Throttling Retry Attempts and Hedged RPCs*.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, time::SimTime};

use super::Allow;

/// `Grpc`: how many tokens there are, and what a success gives back.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The most tokens, above 0 up to 1000. Default 10 (the proposal's example).
    pub max_tokens: u32,
    /// What a success gives back, to three decimals. Default 0.1 (the proposal's example).
    pub token_ratio: f64,
}

impl Default for Spec {
    fn default() -> Self {
        Self { max_tokens: 10, token_ratio: 0.1 }
    }
}

/// Parts of a token: the proposal has three decimals.
const TOKEN: u64 = 1000;

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        let tokens = self.max_tokens;
        check.require((1..=1000).contains(&tokens), "max_tokens", || {
            format!("max_tokens must be 1 to 1000, got {tokens}")
        });
        check.positive("token_ratio", self.token_ratio);
    }

    pub(super) fn build(&self, _: SimTime) -> State {
        let most = u64::from(self.max_tokens) * TOKEN;
        State { most, gain: (self.token_ratio * TOKEN as f64 + 0.5) as u64, held: most }
    }
}

/// The tokens left.
#[derive(Debug)]
pub struct State {
    most: u64,
    gain: u64,
    held: u64,
}

impl Allow for State {
    fn take(&mut self, _: SimTime) -> bool {
        self.held > self.most / 2
    }

    fn on_success(&mut self) {
        self.held = (self.held + self.gain).min(self.most);
    }

    fn on_failure(&mut self) {
        self.held = self.held.saturating_sub(TOKEN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_stop_at_the_fifth_failure_and_come_back_after_51_successes() {
        // gRPC A6 with maxTokens 10 and tokenRatio 0.1.
        let mut budget = Spec::default().build(SimTime::ZERO);
        let mut after_failure = |_| {
            budget.on_failure();
            budget.take(SimTime::ZERO)
        };
        let allowed: Vec<bool> = (0..5).map(&mut after_failure).collect();
        assert_eq!(allowed, [true, true, true, true, false]);
        (0..5).for_each(|_| budget.on_failure());
        let needed = (1..100).find(|_| {
            budget.on_success();
            budget.take(SimTime::ZERO)
        });
        assert_eq!(needed, Some(51));
    }
}
