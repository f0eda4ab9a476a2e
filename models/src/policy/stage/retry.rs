//! Retry: sends a failed call again after a pause, so many times, while its budget lasts.
//!
//! Unlike a hedge it waits until an attempt has failed. A timeout inside it bounds each attempt, one outside it all of
//! them together. Retries of several layers multiply: three layers of four attempts are 64 at the bottom (Beyer et al.,
//! *Site Reliability Engineering*, 2016, chapter 22). When attempts or budget are spent, the failure that came last is
//! delivered. A pause that outlasts the caller's patience is begun all the same, as in gRPC. resilience4j `Retry`,
//! Polly's `RetryStrategy`, the AWS SDKs' standard mode.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

use super::{Down, Passage, Stage, Up};
use crate::{
    policy::{
        backoff::{AnyBackoff, Backoff, BackoffSpec},
        budget::{Allowance, Budget, BudgetSpec, Cause},
    },
    request::{Outcome, Reason},
};

/// `Retry`: how often, after which pauses, after which failures, and while which budget lasts.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Attempts in all, the first included, at least 1. Default 3 (resilience4j `maxAttempts`, AWS SDKs).
    pub max_attempts: u16,
    /// How long to wait before each further attempt. Default: 100 ms, doubled each time, with full jitter (AWS SDKs).
    pub backoff: BackoffSpec,
    /// The failures that are tried again. Default all but `Impatient` and `Cancelled` (resilience4j retries on every
    /// exception).
    pub on: Vec<Reason>,
    /// How many further attempts there may be over all calls. Default: no such limit (resilience4j).
    pub budget: Option<BudgetSpec>,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            backoff: BackoffSpec::default(),
            on: Reason::all_but_cancellations(),
            budget: None,
        }
    }
}

impl Spec {
    pub(crate) fn check(&self, check: &mut Check) {
        check.require(self.max_attempts >= 1, "max_attempts", || {
            "max_attempts must be at least 1, got 0".into()
        });
        check.at("backoff", |check| self.backoff.check(check));
        check.require(!self.on.is_empty(), "on", || "on must name at least one reason".into());
        Allowance::check(self.budget.as_ref(), check);
    }

    pub(super) fn build(&self, now: SimTime) -> State {
        State {
            max_attempts: self.max_attempts,
            backoff: self.backoff.build(now),
            on: self.on.clone(),
            budget: Allowance::new(self.budget.as_ref(), now),
        }
    }
}

/// The rules, and the budget all calls share.
#[derive(Debug)]
pub struct State {
    max_attempts: u16,
    backoff: AnyBackoff,
    on: Vec<Reason>,
    budget: Allowance,
}

/// How far a call has come; it fits into a passage's note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Progress {
    /// Attempts made, the one under way or waited for included.
    attempts: u16,
    /// Whether the last of them follows one that timed out.
    after_timeout: bool,
    /// The pause before the last of them, at most 39 hours, which is what is left of the note.
    pause: SimDuration,
}

impl Progress {
    const FIRST: Self = Self { attempts: 1, after_timeout: false, pause: SimDuration::ZERO };
    const LONGEST: u64 = (1 << 47) - 1;

    const fn of(passage: &Passage) -> Self {
        let note = passage.note;
        Self {
            attempts: (note >> 48) as u16,
            after_timeout: note >> 47 & 1 == 1,
            pause: SimDuration::from_nanos(note & Self::LONGEST),
        }
    }

    fn keep(self, passage: &mut Passage) {
        let pause = self.pause.as_nanos().min(Self::LONGEST);
        passage.note = u64::from(self.attempts) << 48 | u64::from(self.after_timeout) << 47 | pause;
    }

    /// Why the last attempt was made, if it is not the first.
    const fn cause(self) -> Option<Cause> {
        match (self.attempts, self.after_timeout) {
            (0 | 1, _) => None,
            (2.., false) => Some(Cause::Failed),
            (2.., true) => Some(Cause::TimedOut),
        }
    }
}

impl State {
    /// Why to try again, if the budget and the attempts allow for it.
    fn another(&mut self, now: SimTime, made: u16, reason: Reason) -> Option<Cause> {
        if !self.on.contains(&reason) {
            return None;
        }
        self.budget.on_failure(now);
        let cause = if reason == Reason::TimedOut { Cause::TimedOut } else { Cause::Failed };
        (made < self.max_attempts && self.budget.withdraw(now, cause)).then_some(cause)
    }

    /// The next attempt is on its way, after a pause.
    fn again(&self, before: Progress, cause: Cause, passage: &mut Passage) -> Up {
        let pause = self.backoff.pause(u32::from(before.attempts), before.pause, passage.luck);
        let after_timeout = cause == Cause::TimedOut;
        Progress { attempts: before.attempts + 1, after_timeout, pause }.keep(passage);
        Up::Again(pause)
    }

    /// The attempt under way is over, if it was a further one.
    fn end_attempt(&mut self, now: SimTime, progress: Progress) {
        if progress.attempts > 1 {
            self.budget.on_retry_end(now);
        }
    }
}

impl Stage for State {
    fn on_call(&mut self, now: SimTime, passage: &mut Passage) -> Down {
        Progress::FIRST.keep(passage);
        self.budget.on_first(now);
        Down::Pass
    }

    fn on_reply(&mut self, now: SimTime, passage: &mut Passage, reply: Outcome) -> Up {
        let progress = Progress::of(passage);
        self.end_attempt(now, progress);
        match reply {
            Outcome::Success | Outcome::Degraded => self.budget.on_success(now, progress.cause()),
            Outcome::Failure(reason) => {
                if let Some(cause) = self.another(now, progress.attempts, reason) {
                    return self.again(progress, cause, passage);
                }
            }
        }
        self.budget.on_end(now);
        Up::Deliver(reply)
    }

    fn on_abandon(&mut self, now: SimTime, passage: &Passage) {
        self.end_attempt(now, Progress::of(passage));
        self.budget.on_end(now);
    }
}

#[cfg(test)]
mod tests {
    use ron::extensions::Extensions;
    use sim_core::random::{name_hash, unit};

    use super::*;
    use crate::policy::stage::testing::{at, passage};

    const ERROR: Outcome = Outcome::Failure(Reason::Error);
    const TIMEOUT: Outcome = Outcome::Failure(Reason::TimedOut);

    fn read(text: &str) -> State {
        let options = ron::Options::default()
            .with_default_extension(Extensions::IMPLICIT_SOME | Extensions::UNWRAP_VARIANT_NEWTYPES);
        let spec: Spec = options.from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let mut check = Check::default();
        spec.check(&mut check);
        assert_eq!(check.into_problems(), [], "{text}");
        spec.build(at(0))
    }

    /// What the `call`-th call comes to when its attempts answer like this, and how many of them it makes.
    fn call(retry: &mut State, call: u64, mut answer: impl FnMut(u64) -> Outcome) -> (Outcome, u64) {
        let mut passage = passage(call);
        assert_eq!(retry.on_call(at(0), &mut passage), Down::Pass);
        for attempt in 1.. {
            match retry.on_reply(at(0), &mut passage, answer(attempt)) {
                Up::Deliver(outcome) => return (outcome, attempt),
                Up::Again(_) => {}
                other @ (Up::Wait | Up::Elsewhere) => panic!("a retry answers {other:?}"),
            }
        }
        unreachable!("attempts end")
    }

    /// The mean number of attempts and the share of calls served when each attempt fails with this probability.
    fn rates(text: &str, failing: f64, calls: u64) -> (f64, f64) {
        let mut retry = read(text);
        let (mut attempts, mut served) = (0, 0);
        for id in 0..calls {
            let luck = passage(id).luck;
            let answer = |attempt| {
                let fails = unit(luck.at(name_hash("server"), attempt)) < failing;
                if fails { ERROR } else { Outcome::Success }
            };
            let (outcome, made) = call(&mut retry, id, answer);
            attempts += made;
            served += u64::from(outcome.is_success());
        }
        (attempts as f64 / calls as f64, served as f64 / calls as f64)
    }

    #[test]
    fn attempts_are_a_geometric_series_cut_short() {
        // n attempts of which each fails with f: (1 − fⁿ) / (1 − f) attempts on average, and 1 − fⁿ of calls served.
        // A number of attempts deviates by at most √2, a share by ½: five standard errors of 500 000.
        for (failing, most, attempts, served) in [
            (0.1, 3, 1.11, 0.999),
            (0.1, 4, 1.111, 0.9999),
            (0.5, 3, 1.75, 0.875),
            (0.5, 4, 1.875, 0.9375),
            (0.5, 60_000, 2.0, 1.0),
            (0.9, 3, 2.71, 0.271),
            (1.0, 3, 3.0, 0.0),
        ] {
            let found = rates(&format!("(max_attempts: {most})"), failing, 500_000);
            assert!((found.0 - attempts).abs() < 0.01, "{failing} {most}: {} attempts", found.0);
            assert!((found.1 - served).abs() < 0.0036, "{failing} {most}: {} served", found.1);
        }
    }

    #[test]
    fn three_layers_of_four_attempts_are_64() {
        // Beyer et al., Site Reliability Engineering, chapter 22.
        fn ask(layers: &mut [State], bottom: &mut u32) -> Outcome {
            let Some((outer, inner)) = layers.split_first_mut() else {
                *bottom += 1;
                return ERROR;
            };
            call(outer, 1, |_| ask(inner, bottom)).0
        }
        let mut layers = ["(max_attempts: 4)"; 3].map(read);
        let mut bottom = 0;
        assert_eq!(ask(&mut layers, &mut bottom), ERROR);
        assert_eq!(bottom, 64);
    }

    #[test]
    fn only_named_failures_are_tried_again_and_the_last_one_is_delivered() {
        let mut retry = read("(on: [TimedOut, Error])");
        let refused = Outcome::Failure(Reason::QueueFull);
        assert_eq!(call(&mut retry, 1, |_| refused), (refused, 1));
        let answers = [TIMEOUT, ERROR, TIMEOUT];
        assert_eq!(call(&mut retry, 2, |attempt| answers[attempt as usize - 1]), (TIMEOUT, 3));
        let answers = [ERROR, refused];
        assert_eq!(call(&mut retry, 3, |attempt| answers[attempt as usize - 1]), (refused, 2));
        let mut every = read("()");
        for reason in Reason::ALL {
            let attempts = if reason.is_cancellation() { 1 } else { 3 };
            assert_eq!(call(&mut every, 4, |_| Outcome::Failure(reason)).1, attempts, "{reason:?}");
        }
        assert_eq!(call(&mut every, 5, |_| Outcome::Degraded), (Outcome::Degraded, 1));
    }

    #[test]
    fn pauses_follow_the_backoff() {
        let pauses = |text: &str| {
            let mut retry = read(text);
            let mut passage = passage(1);
            let _ = retry.on_call(at(0), &mut passage);
            let mut next = |_| match retry.on_reply(at(0), &mut passage, ERROR) {
                Up::Again(pause) => pause,
                other => panic!("{other:?}"),
            };
            [1, 2, 3, 4].map(&mut next)
        };
        let doubled =
            pauses(r#"(max_attempts: 5, backoff: Exponential(base: "100ms", factor: 2.0, jitter: None))"#);
        assert_eq!(doubled, [100, 200, 400, 800].map(SimDuration::from_millis));
        // The pause before is remembered: each is at most three times that.
        let chained = pauses(r#"(max_attempts: 5, backoff: Decorrelated(base: "100ms", max: "1h"))"#);
        let backoff = read(r#"(backoff: Decorrelated(base: "100ms", max: "1h"))"#).backoff;
        let mut last = SimDuration::ZERO;
        for (retry, pause) in (1..).zip(chained) {
            assert_eq!(pause, backoff.pause(retry, last, passage(1).luck));
            last = pause;
        }
    }

    #[test]
    fn a_spent_budget_delivers_the_failure() {
        let mut retry = read("(budget: TokenBucket(ratio: 0.0, burst: 3))");
        let made = [1, 2, 3].map(|id| call(&mut retry, id, |_| TIMEOUT));
        assert_eq!(made, [(TIMEOUT, 3), (TIMEOUT, 2), (TIMEOUT, 1)]);
    }

    #[test]
    fn grpc_counts_the_last_failure_of_a_call_as_well() {
        // gRPC A6: every failure takes a token, whether attempts are left or not: 9 to 7, 6 and 5, 4.
        let mut retry = read("(budget: Grpc(max_tokens: 10, token_ratio: 0.1))");
        let made = [1, 2, 3].map(|id| call(&mut retry, id, |_| ERROR).1);
        assert_eq!(made, [3, 2, 1]);
    }

    #[test]
    fn aws_gives_back_what_the_attempt_that_succeeded_cost() {
        let mut retry = read("(budget: Aws(tokens: 15, refund: 0))");
        let recover = |attempt| [TIMEOUT, ERROR, Outcome::Success][attempt as usize - 1];
        // 15 − 10 − 5 + 5, then a timeout is too dear.
        assert_eq!(call(&mut retry, 1, recover), (Outcome::Success, 3));
        assert_eq!(call(&mut retry, 2, recover), (TIMEOUT, 1));
        assert_eq!(call(&mut retry, 3, |_| ERROR), (ERROR, 2));
    }

    #[test]
    fn an_abandoned_call_gives_its_place_back() {
        let mut retry = read("(budget: Envoy(ratio: 0.0, min_concurrent: 1))");
        let mut waiting = passage(1);
        let _ = retry.on_call(at(0), &mut waiting);
        assert!(matches!(retry.on_reply(at(0), &mut waiting, ERROR), Up::Again(_)));
        assert_eq!(call(&mut retry, 2, |_| ERROR).1, 1, "one further attempt at once");
        retry.on_abandon(at(0), &waiting);
        assert_eq!(call(&mut retry, 3, |_| ERROR).1, 3, "and one after the other");
    }

    #[test]
    fn a_note_holds_what_is_needed() {
        let progress =
            Progress { attempts: u16::MAX, after_timeout: true, pause: SimDuration::from_secs(3600) };
        let mut passage = passage(1);
        progress.keep(&mut passage);
        assert_eq!(Progress::of(&passage), progress);
        Progress { pause: SimDuration::FOREVER, ..progress }.keep(&mut passage);
        let longest = SimDuration::from_nanos(Progress::LONGEST);
        assert_eq!(Progress::of(&passage), Progress { pause: longest, ..progress });
    }
}
