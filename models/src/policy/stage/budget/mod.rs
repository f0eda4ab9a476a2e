//! Budgets: how many of a caller's calls may be sent again.
//!
//! A retry helps the call and costs the callee. What bounds the cost is not the attempts of one call but their share
//! of all: with a budget of r a callee in trouble sees 1 + r times the load, without one as many times as a call has
//! attempts. Google, *Site Reliability Engineering*, chapter 21.

use sim_core::time::SimTime;

pub mod envoy;
pub mod finagle;
pub mod grpc;
pub mod token_bucket;

/// Decides whether a caller may send another attempt.
pub trait Allow: std::fmt::Debug {
    /// A call begins: its first attempt goes out.
    fn on_call(&mut self, _now: SimTime) {}

    /// Whether one more attempt may be sent; if so it is taken off the budget.
    fn take(&mut self, now: SimTime) -> bool;

    /// An attempt was answered well.
    fn on_success(&mut self) {}

    /// An attempt failed in a way that would be tried again.
    fn on_failure(&mut self) {}

    /// A call is over, after so many attempts.
    fn on_end(&mut self, _attempts: u32) {}
}

family! {
    /// How many of a caller's calls may be sent again.
    pub trait Allow, spec BudgetSpec, state Budget, build(now: SimTime);
    /// Each call puts a share of a token in, each retry takes one out.
    TokenBucket = token_bucket;
    /// A share of the calls of the last seconds, and some more (Finagle).
    Finagle = finagle;
    /// A share of the calls under way (Envoy).
    Envoy = envoy;
    /// Tokens that failures take and successes give back in part; below half nothing is sent again (gRPC).
    Grpc = grpc;
}

impl Allow for Budget {
    fn on_call(&mut self, now: SimTime) {
        on_each!(self, it => it.on_call(now));
    }

    fn take(&mut self, now: SimTime) -> bool {
        on_each!(self, it => it.take(now))
    }

    fn on_success(&mut self) {
        on_each!(self, it => it.on_success());
    }

    fn on_failure(&mut self) {
        on_each!(self, it => it.on_failure());
    }

    fn on_end(&mut self, attempts: u32) {
        on_each!(self, it => it.on_end(attempts));
    }
}
