//! Stages of a call: what stands between a caller and the wire.
//!
//! A pipeline lists stages outermost first. A call goes *down* through them, its reply comes back *up*. A stage never
//! sends or schedules anything; it answers what it wants done, and whoever walks the pipeline does it. The walker
//! keeps the law of the family: every passage opened is closed exactly once, by reply, own wake or abandonment, and
//! a wake reaches only the passage that asked for it.

use sim_core::{
    random::Luck,
    time::{SimDuration, SimTime},
};

use crate::request::{Outcome, Reason};

#[cfg(test)]
mod breaker_tests;
#[cfg(test)]
mod testing;

pub mod adaptive_throttle;
pub mod admission_control;
pub mod aimd_limit;
pub mod bulkhead;
pub mod circuit_breaker;
pub mod connection_pool;
pub mod envoy_thresholds;
pub mod fallback;
pub mod gradient2_limit;
pub mod gradient_limit;
pub mod hedge;
pub mod hystrix_breaker;
pub mod limiter;
pub mod polly_breaker;
mod recent;
pub mod retry;
pub mod sliding_window;
pub mod timeout;
mod turnstile;
pub mod vegas_limit;

/// One passage of a call through one stage, as the stage sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passage {
    /// Given once, never again: a breaker knows its probe by it, and a straggler from its probe.
    pub id: u64,
    /// Which attempt of the stages outside it is, from 1: more than 1 below a retry that tried again.
    pub attempt: u32,
    /// When the call came to the stage; the same for all attempts at a retry.
    pub entered: SimTime,
    /// The request's priority: lower is more important.
    pub priority: u8,
    /// When the first of those outside stops waiting; `NEVER` if nobody does.
    pub deadline: SimTime,
    /// What chance decides about this passage is mixed from it.
    pub luck: Luck,
    /// What the stage wants to know of this passage later; 0 at first.
    pub note: u64,
}

/// What a stage does with a call on its way down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Down {
    /// Lets it through.
    Pass,
    /// Lets it through, and wants [`Stage::on_wake`] at this time unless the passage closed before.
    PassAndWake(SimTime),
    /// Answers in its place; the passage never opens.
    Refuse(Reason),
    /// Lets it wait here until [`Stage::release`] names it. At the time given it is woken, if it waits still.
    Hold(SimTime),
}

/// What a stage does with a reply on its way up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Up {
    /// Hands it on, this one or another in its place; the passage closes, and copies still out are abandoned.
    Deliver(Outcome),
    /// Drops it and sends the call down again from here after a pause; the passage stays open.
    Again(SimDuration),
    /// Drops it and waits for the copies that are still out.
    Wait,
    /// Drops it and asks the fallback service in its place; the passage stays open for its reply.
    Elsewhere,
}

/// What a stage does when it is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Woken {
    /// Answers in place of whatever is inside; the passage closes, and all inside it is abandoned.
    Deliver(Outcome),
    /// Sends another copy down, and wants to be woken again at this time, unless it is `NEVER`.
    Another(SimTime),
    /// Does nothing.
    Sleep,
}

/// What stands between a caller and the wire.
pub trait Stage: std::fmt::Debug {
    /// A call comes down.
    fn on_call(&mut self, _now: SimTime, _passage: &mut Passage) -> Down {
        Down::Pass
    }

    /// A reply comes up to an open passage: from inside, or from the stage's own refusal of another attempt.
    fn on_reply(&mut self, _now: SimTime, _passage: &mut Passage, reply: Outcome) -> Up {
        Up::Deliver(reply)
    }

    /// The time a passage asked for has come.
    fn on_wake(&mut self, _now: SimTime, _passage: &mut Passage) -> Woken {
        Woken::Sleep
    }

    /// A passage closes without a reply: a stage further out answered first, or the caller gave up.
    fn on_abandon(&mut self, _now: SimTime, _passage: &Passage) {}

    /// The passage that waits here and may go on now, by its id; asked again until there is none, whenever a passage
    /// of this stage closed. It is open from then on.
    fn release(&mut self, _now: SimTime) -> Option<u64> {
        None
    }

    /// The rule in force, for stages that switch: what a chart of states over time shows.
    fn mode(&self) -> Option<Mode> {
        None
    }

    /// What a chart over time shows of it, for stages that adapt a number: a limit, a share.
    fn level(&self, _now: SimTime) -> Option<f64> {
        None
    }
}

family! {
    /// What stands between a caller and the wire.
    pub trait Stage, spec StageSpec, state AnyStage, build(now: SimTime);
    /// Answers in the callee's place when it takes too long.
    Timeout = timeout;
    /// So many calls at once, the rest wait a little or are refused.
    Bulkhead = bulkhead;
    /// So many connections to the callee; a call waits for one and holds it until its reply (HikariCP).
    ConnectionPool = connection_pool;
    /// Stops calling a callee whose recent calls failed or were slow, and tries it again later (resilience4j).
    CircuitBreaker = circuit_breaker;
    /// A breaker that judges every half second and tries again with one call (Hystrix).
    HystrixBreaker = hystrix_breaker;
    /// A breaker that judges on failures only and tries again with one call (Polly).
    PollyBreaker = polly_breaker;
    /// Limits on what is under way, retries apart; the rest waits for a connection or is refused (Envoy).
    EnvoyThresholds = envoy_thresholds;
    /// Sends a failed call again after a pause, so many times, while its budget lasts.
    Retry = retry;
    /// Sends another copy of a call that takes long, and takes the answer that comes first.
    Hedge = hedge;
    /// Answers a failed call with something else: a default, a stale copy, another service's answer.
    Fallback = fallback;
    /// A limit on calls in flight that grows by one and shrinks by a tenth at a drop (Netflix).
    AimdLimit = aimd_limit;
    /// A limit on calls in flight that aims at a short line in the callee (Netflix).
    VegasLimit = vegas_limit;
    /// A limit on calls in flight that shrinks while round trips exceed their long-term average (Netflix).
    Gradient2Limit = gradient2_limit;
    /// A limit on calls in flight that stops at times to measure the round trip without load (Envoy).
    GradientLimit = gradient_limit;
    /// Holds calls back by chance when the callee accepts too few (Google).
    AdaptiveThrottle = adaptive_throttle;
    /// Holds calls back by chance when fewer succeed than should (Envoy).
    AdmissionControl = admission_control;
}

impl StageSpec {
    /// Whether it is a breaker: opens, refuses, probes.
    pub fn is_breaker(&self) -> bool {
        match self {
            Self::CircuitBreaker(_) | Self::HystrixBreaker(_) | Self::PollyBreaker(_) => true,
            Self::Timeout(_)
            | Self::Retry(_)
            | Self::Hedge(_)
            | Self::Fallback(_)
            | Self::Bulkhead(_)
            | Self::ConnectionPool(_)
            | Self::EnvoyThresholds(_)
            | Self::AimdLimit(_)
            | Self::VegasLimit(_)
            | Self::Gradient2Limit(_)
            | Self::GradientLimit(_)
            | Self::AdaptiveThrottle(_)
            | Self::AdmissionControl(_) => false,
        }
    }

    /// The service that answers in the callee's place, if this stage asks one.
    pub fn fallback_service(&self) -> Option<&str> {
        match self {
            Self::Fallback(spec) => spec.service(),
            Self::Timeout(_)
            | Self::Retry(_)
            | Self::Hedge(_)
            | Self::Bulkhead(_)
            | Self::ConnectionPool(_)
            | Self::CircuitBreaker(_)
            | Self::HystrixBreaker(_)
            | Self::PollyBreaker(_)
            | Self::EnvoyThresholds(_)
            | Self::AimdLimit(_)
            | Self::VegasLimit(_)
            | Self::Gradient2Limit(_)
            | Self::GradientLimit(_)
            | Self::AdaptiveThrottle(_)
            | Self::AdmissionControl(_) => None,
        }
    }
}

impl Stage for AnyStage {
    fn on_call(&mut self, now: SimTime, passage: &mut Passage) -> Down {
        on_each!(self, it => it.on_call(now, passage))
    }

    fn on_reply(&mut self, now: SimTime, passage: &mut Passage, reply: Outcome) -> Up {
        on_each!(self, it => it.on_reply(now, passage, reply))
    }

    fn on_wake(&mut self, now: SimTime, passage: &mut Passage) -> Woken {
        on_each!(self, it => it.on_wake(now, passage))
    }

    fn on_abandon(&mut self, now: SimTime, passage: &Passage) {
        on_each!(self, it => it.on_abandon(now, passage));
    }

    fn release(&mut self, now: SimTime) -> Option<u64> {
        on_each!(self, it => it.release(now))
    }

    fn mode(&self) -> Option<Mode> {
        on_each!(self, it => it.mode())
    }

    fn level(&self, now: SimTime) -> Option<f64> {
        on_each!(self, it => it.level(now))
    }
}

/// The states of a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Calls pass.
    Closed,
    /// Calls are refused.
    Open,
    /// Probes pass.
    HalfOpen,
}
