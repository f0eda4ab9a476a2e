//! Retry: sends a failed call again, after a pause, up to a number of attempts and within a budget.
//!
//! It helps where failures are few and independent. Where the callee is overloaded each attempt adds to the load that
//! failed it, and layers multiply: 4 attempts at 3 layers are 64. A timeout inside it bounds each attempt, outside it
//! all of them; a breaker outside it sees calls, inside it attempts. Google, *Site Reliability Engineering*, chapter 22.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    random::{name_hash, unit},
    time::{SimDuration, SimTime},
};

use super::{
    Down, Passage, Stage, Up,
    backoff::Backoff,
    budget::{Allow, Budget, BudgetSpec},
};
use crate::request::{Outcome, Reason};

/// `Retry`: how often, after what pauses, within what budget.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Attempts in all, the first included, 1 to 1000. Default 3 (AWS SDKs and resilience4j).
    pub max_attempts: u32,
    /// How long to wait before each. Default `Exponential`.
    pub backoff: Backoff,
    /// Failures that are tried again. Default: every one but those of a caller that gave up and of calls nested too
    /// deep (resilience4j retries on every exception).
    pub on: Option<Vec<Reason>>,
    /// How many of the caller's calls may be sent again. Default: any number.
    pub budget: Option<BudgetSpec>,
}

impl Default for Spec {
    fn default() -> Self {
        Self { max_attempts: 3, backoff: Backoff::default(), on: None, budget: None }
    }
}

impl Spec {
    pub(crate) fn check(&self, check: &mut Check) {
        let attempts = self.max_attempts;
        check.require((1..=1000).contains(&attempts), "max_attempts", || {
            format!("max_attempts must be 1 to 1000, got {attempts}")
        });
        check.at("backoff", |check| self.backoff.check(check));
        if let Some(budget) = &self.budget {
            check.at("budget", |check| budget.check(check));
        }
    }

    pub(super) fn build(&self, now: SimTime) -> State {
        State { spec: self.clone(), budget: self.budget.as_ref().map(|budget| budget.build(now)) }
    }

    fn tries_again(&self, reason: Reason) -> bool {
        match &self.on {
            Some(reasons) => reasons.contains(&reason),
            None => !matches!(reason, Reason::Cancelled | Reason::Impatient | Reason::TooDeep),
        }
    }
}

/// What is left of the budget.
#[derive(Debug)]
pub struct State {
    spec: Spec,
    budget: Option<Budget>,
}

/// What a retry knows of a call: its attempts so far and the last pause, in one note.
#[derive(Clone, Copy)]
struct Progress {
    attempts: u32,
    pause: SimDuration,
}

/// Bits of a note for the attempts.
const ATTEMPTS: u32 = 10;
const JITTER: u64 = name_hash("retry/jitter");

impl Progress {
    fn of(passage: &Passage) -> Self {
        let attempts = (passage.note & ((1 << ATTEMPTS) - 1)) as u32 + 1;
        Self { attempts, pause: SimDuration::from_nanos(passage.note >> ATTEMPTS) }
    }

    fn note(self) -> u64 {
        let longest = u64::MAX >> ATTEMPTS;
        u64::from(self.attempts - 1) | (self.pause.as_nanos().min(longest) << ATTEMPTS)
    }
}

impl State {
    /// The pause before the next attempt, if there is to be one.
    fn next(&mut self, now: SimTime, passage: &Passage, reason: Reason) -> Option<Progress> {
        if !self.spec.tries_again(reason) {
            return None;
        }
        if let Some(budget) = &mut self.budget {
            budget.on_failure();
        }
        let Progress { attempts, pause } = Progress::of(passage);
        if attempts >= self.spec.max_attempts {
            return None;
        }
        if self.budget.as_mut().is_some_and(|budget| !budget.take(now)) {
            return None;
        }
        let chance = unit(passage.luck.at(JITTER, u64::from(attempts)));
        Some(Progress { attempts: attempts + 1, pause: self.spec.backoff.pause(attempts, pause, chance) })
    }

    fn end(&mut self, passage: &Passage) {
        if let Some(budget) = &mut self.budget {
            budget.on_end(Progress::of(passage).attempts);
        }
    }
}

impl Stage for State {
    fn on_call(&mut self, now: SimTime, _: &mut Passage) -> Down {
        if let Some(budget) = &mut self.budget {
            budget.on_call(now);
        }
        Down::Pass
    }

    fn on_reply(&mut self, now: SimTime, passage: &mut Passage, reply: Outcome) -> Up {
        if let Some(reason) = reply.reason()
            && let Some(progress) = self.next(now, passage, reason)
        {
            passage.note = progress.note();
            return Up::Again(progress.pause);
        }
        if let (Some(budget), true) = (&mut self.budget, reply.reason().is_none()) {
            budget.on_success();
        }
        self.end(passage);
        Up::Deliver(reply)
    }

    fn on_abandon(&mut self, _: SimTime, passage: &Passage) {
        self.end(passage);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::stage::testing::{at, passage};

    const FAILED: Outcome = Outcome::Failure(Reason::Error);

    /// Attempts, and whether it ended well, of a call whose attempts fail with that probability.
    fn attempts(retry: &mut State, id: u64, failing: f64) -> (u32, bool) {
        let mut passage = passage(id);
        assert_eq!(retry.on_call(at(0), &mut passage), Down::Pass);
        for attempt in 1.. {
            let fails = unit(passage.luck.at(name_hash("fails"), attempt)) < failing;
            let reply = if fails { FAILED } else { Outcome::Success };
            if let Up::Deliver(reply) = retry.on_reply(at(0), &mut passage, reply) {
                return (attempt as u32, reply.is_success());
            }
        }
        unreachable!("attempts are bounded")
    }

    #[test]
    fn attempts_and_successes_are_those_of_the_geometric_law() {
        // (1 − fⁿ)/(1 − f) attempts, success 1 − fⁿ; four standard errors of 200 000 calls.
        for (failing, most, mean, success) in [
            (0.1, 3, 1.11, 0.999),
            (0.5, 3, 1.75, 0.875),
            (0.5, 4, 1.875, 0.9375),
            (0.9, 3, 2.71, 0.271),
            (1.0, 3, 3.0, 0.0),
        ] {
            let mut retry = Spec { max_attempts: most, ..Spec::default() }.build(at(0));
            let calls = 200_000;
            let (mut sent, mut well) = (0, 0);
            for id in 0..calls {
                let (attempts, success) = attempts(&mut retry, id, failing);
                sent += attempts;
                well += u32::from(success);
            }
            assert!((f64::from(sent) / calls as f64 - mean).abs() < 0.01, "{failing} {most}: {sent}");
            assert!((f64::from(well) / calls as f64 - success).abs() < 0.005, "{failing} {most}: {well}");
        }
    }

    #[test]
    fn a_spent_budget_delivers_the_failure() {
        let budget = Some(BudgetSpec::TokenBucket(super::super::budget::token_bucket::Spec {
            ratio: 0.1,
            burst: 2.0,
        }));
        let mut retry = Spec { budget, ..Spec::default() }.build(at(0));
        let sent: u32 = (0..1000).map(|id| attempts(&mut retry, id, 1.0).0).sum();
        // Two saved up, then one for every ten calls.
        assert_eq!(sent, 1000 + 2 + 99);
    }

    #[test]
    fn only_named_failures_are_tried_again() {
        let mut retry = Spec { on: Some(vec![Reason::TimedOut]), ..Spec::default() }.build(at(0));
        assert_eq!(retry.on_reply(at(0), &mut passage(1), FAILED), Up::Deliver(FAILED));
        let timed_out = Outcome::Failure(Reason::TimedOut);
        assert!(matches!(retry.on_reply(at(0), &mut passage(1), timed_out), Up::Again(_)));
    }
}
