//! Grpc: no further attempts while failures have emptied half the bucket.
//!
//! A failure takes a token, a success puts a fraction back, a further attempt costs nothing of its own: it measures
//! failures and not attempts. Above ratio / (1 + ratio) of failures, 9.1 % for 0.1, tokens run out and further attempts
//! end altogether, where the other buckets would go on with a share. gRPC proposal A6, *Throttling Retry Attempts and
//! Hedged RPCs*; counted in thousandths as in grpc-java `RetriableStream.Throttle`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, time::SimTime};

use super::{Budget, Cause};

/// Thousandths of a token: what A6 counts to.
const TOKEN: u32 = 1000;

/// `Grpc`: how many tokens, and how much a success puts back.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Tokens at first and at most, 1 to 1000. Default 10 (the example of A6, `maxTokens`).
    pub max_tokens: u32,
    /// Tokens a success puts back, at least 0.001; decimals after the third are cut. Default 0.1 (the example of A6,
    /// `tokenRatio`).
    pub token_ratio: f64,
}

impl Default for Spec {
    fn default() -> Self {
        Self { max_tokens: 10, token_ratio: 0.1 }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require((1..=1000).contains(&self.max_tokens), "max_tokens", || {
            format!("max_tokens must be between 1 and 1000, got {}", self.max_tokens)
        });
        check.require(self.token_ratio.is_finite() && self.token_ratio >= 0.001, "token_ratio", || {
            format!("token_ratio must be at least 0.001, got {}", self.token_ratio)
        });
    }

    pub(super) fn build(&self, _: SimTime) -> State {
        let max = self.max_tokens * TOKEN;
        // A little more, so that the nearest number below a decimal is not cut to the decimal before.
        let ratio = (self.token_ratio * f64::from(TOKEN) + 1e-6) as u32;
        State { max, ratio, tokens: max }
    }
}

/// The bucket, in thousandths of tokens.
#[derive(Debug)]
pub struct State {
    max: u32,
    ratio: u32,
    tokens: u32,
}

impl Budget for State {
    fn withdraw(&mut self, _: SimTime, _: Cause) -> bool {
        self.tokens > self.max / 2
    }

    fn on_failure(&mut self, _: SimTime) {
        self.tokens = self.tokens.saturating_sub(TOKEN);
    }

    fn on_success(&mut self, _: SimTime, _: Option<Cause>) {
        self.tokens = self.tokens.saturating_add(self.ratio).min(self.max);
    }
}

#[cfg(test)]
mod tests {
    use sim_core::random::Streams;

    use super::*;

    const NOW: SimTime = SimTime::ZERO;

    #[test]
    fn five_failures_in_a_row_end_it_and_51_successes_bring_it_back() {
        // gRPC A6: maxTokens 10, tokenRatio 0.1; attempts are allowed while tokens are above maxTokens / 2.
        let mut budget = Spec::default().build(NOW);
        let mut fail = |_| {
            budget.on_failure(NOW);
            (budget.tokens / TOKEN, budget.withdraw(NOW, Cause::Failed))
        };
        let expected = [(9, true), (8, true), (7, true), (6, true), (5, false), (4, false)];
        assert_eq!([1, 2, 3, 4, 5, 6].map(&mut fail), expected);
        (0..9).for_each(|_| budget.on_failure(NOW));
        assert_eq!(budget.tokens, 0, "never below");
        let successes = (1..100).find(|_| {
            budget.on_success(NOW, None);
            budget.withdraw(NOW, Cause::Failed)
        });
        assert_eq!(successes, Some(51));
    }

    #[test]
    fn thousandths_are_kept_and_less_is_cut() {
        for (token_ratio, thousandths) in [(0.57, 570), (0.29, 290), (0.5466, 546), (1.0, 1000), (0.001, 1)] {
            assert_eq!(Spec { token_ratio, ..Spec::default() }.build(NOW).ratio, thousandths);
        }
    }

    #[test]
    fn it_tips_at_one_failure_in_eleven() {
        // Tokens drift by ratio × (1 − f) − f for each call: zero at ratio / (1 + ratio) = 1/11. A percent to either
        // side and they are full or gone most of the time.
        for (failures, open) in [(0.08, true), (0.1, false)] {
            let mut budget = Spec { max_tokens: 1000, ..Spec::default() }.build(NOW);
            let mut stream = Streams::new(1, 0).stream("budget/grpc");
            for _ in 0..1_000_000 {
                if stream.unit() < failures {
                    budget.on_failure(NOW);
                } else {
                    budget.on_success(NOW, None);
                }
            }
            assert_eq!(budget.withdraw(NOW, Cause::Failed), open, "{failures}: {}", budget.tokens);
        }
    }
}
