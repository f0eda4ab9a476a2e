//! Budgets: how many further attempts a caller may make, over all its calls.
//!
//! Attempts are limited for each call anyway; but in an outage every call uses them all, and three attempts are three
//! times the load just when there is room for less. A budget bounds the sum: by the number of calls, by their
//! successes, or by what is under way. Retries and hedges ask it alike.

use sim_core::{check::Check, time::SimTime};

mod aws;
mod envoy;
mod finagle;
mod grpc;
#[cfg(test)]
mod laws;
mod share;
mod token_bucket;
mod window;

pub use token_bucket::Deposit;

/// Why a further attempt is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The attempt before it failed.
    Failed,
    /// The attempt before it timed out.
    TimedOut,
    /// The attempt before it takes long: a hedge.
    Slow,
}

/// How many further attempts there may be. A call is [`Budget::on_first`] and, later, [`Budget::on_end`]; each further
/// attempt granted in between is ended by [`Budget::on_retry_end`].
pub trait Budget: std::fmt::Debug {
    /// A call's first attempt goes out.
    fn on_first(&mut self, _now: SimTime) {}

    /// Whether a further attempt may be made; what it costs is taken if it may.
    fn withdraw(&mut self, now: SimTime, cause: Cause) -> bool;

    /// An attempt failed for a reason worth another; told before that is asked for.
    fn on_failure(&mut self, _now: SimTime) {}

    /// A call got its answer, from a further attempt with this cause or from the first.
    fn on_success(&mut self, _now: SimTime, _last: Option<Cause>) {}

    /// A further attempt is over, whichever way; told before another is asked for.
    fn on_retry_end(&mut self, _now: SimTime) {}

    /// A call is over, whichever way.
    fn on_end(&mut self, _now: SimTime) {}
}

family! {
    /// How many further attempts a caller may make.
    pub trait Budget, spec BudgetSpec, state AnyBudget, build(now: SimTime);
    /// A bucket that calls fill by a fraction of a token, and each further attempt empties by one (Brooker).
    TokenBucket = token_bucket;
    /// A bucket that forgets, with a reserve for each second (Finagle, Linkerd, tower).
    Finagle = finagle;
    /// So many further attempts under way at once, for what is under way in all (Envoy).
    Envoy = envoy;
    /// No further attempts while failures have emptied half the bucket (gRPC).
    Grpc = grpc;
    /// A quota that further attempts take from, and give back when they succeed (AWS SDKs).
    Aws = aws;
    /// At most this share of the attempts of the last minutes (SRE book).
    Share = share;
}

impl Budget for AnyBudget {
    fn on_first(&mut self, now: SimTime) {
        on_each!(self, it => it.on_first(now));
    }

    fn withdraw(&mut self, now: SimTime, cause: Cause) -> bool {
        on_each!(self, it => it.withdraw(now, cause))
    }

    fn on_failure(&mut self, now: SimTime) {
        on_each!(self, it => it.on_failure(now));
    }

    fn on_success(&mut self, now: SimTime, last: Option<Cause>) {
        on_each!(self, it => it.on_success(now, last));
    }

    fn on_retry_end(&mut self, now: SimTime) {
        on_each!(self, it => it.on_retry_end(now));
    }

    fn on_end(&mut self, now: SimTime) {
        on_each!(self, it => it.on_end(now));
    }
}

/// What a stage asks: its budget, or none, which grants everything.
#[derive(Debug)]
pub struct Allowance(Option<AnyBudget>);

impl Allowance {
    /// Checks the budget, if there is one, at `budget`.
    pub fn check(spec: Option<&BudgetSpec>, check: &mut Check) {
        if let Some(spec) = spec {
            check.at("budget", |check| spec.check(check));
        }
    }

    /// Builds the budget, if there is one.
    pub fn new(spec: Option<&BudgetSpec>, now: SimTime) -> Self {
        Self(spec.map(|spec| spec.build(now)))
    }
}

impl Budget for Allowance {
    fn on_first(&mut self, now: SimTime) {
        if let Some(budget) = &mut self.0 {
            budget.on_first(now);
        }
    }

    fn withdraw(&mut self, now: SimTime, cause: Cause) -> bool {
        self.0.as_mut().is_none_or(|budget| budget.withdraw(now, cause))
    }

    fn on_failure(&mut self, now: SimTime) {
        if let Some(budget) = &mut self.0 {
            budget.on_failure(now);
        }
    }

    fn on_success(&mut self, now: SimTime, last: Option<Cause>) {
        if let Some(budget) = &mut self.0 {
            budget.on_success(now, last);
        }
    }

    fn on_retry_end(&mut self, now: SimTime) {
        if let Some(budget) = &mut self.0 {
            budget.on_retry_end(now);
        }
    }

    fn on_end(&mut self, now: SimTime) {
        if let Some(budget) = &mut self.0 {
            budget.on_end(now);
        }
    }
}
