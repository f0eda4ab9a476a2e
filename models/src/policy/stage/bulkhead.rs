//! Bulkhead: so many calls at once, the rest wait a little or are refused.
//!
//! A semaphore: one slow callee takes only its own share of the caller. Who waits is let in first come, first served.
//! With no wait it is Erlang's loss system: how often it refuses depends on the mean time inside and on nothing
//! else about it. resilience4j `SemaphoreBulkhead`; Hystrix's semaphore is the same with 10 and no wait.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

use super::{
    Down, Passage, Stage, Up, Woken,
    turnstile::{Entry, Turnstile},
};
use crate::request::{Outcome, Reason};

/// `Bulkhead`: how many, and how long others wait.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Most calls at once, at least 1. Default 25 (resilience4j `maxConcurrentCalls`).
    pub max_concurrent: u32,
    /// Most that wait. Default: any number.
    pub max_waiting: Option<u32>,
    /// How long a call waits for its turn. Default 0: not at all (resilience4j `maxWaitDuration`).
    pub max_wait: SimDuration,
}

impl Default for Spec {
    fn default() -> Self {
        Self { max_concurrent: 25, max_waiting: None, max_wait: SimDuration::ZERO }
    }
}

impl Spec {
    pub(crate) fn check(&self, check: &mut Check) {
        check.require(self.max_concurrent >= 1, "max_concurrent", || {
            "max_concurrent must be at least 1".into()
        });
    }

    pub(super) fn build(&self, _: SimTime) -> State {
        let waits = !self.max_wait.is_zero();
        let most_waiting = if waits { self.max_waiting.unwrap_or(u32::MAX) } else { 0 };
        State { max_wait: self.max_wait, turnstile: Turnstile::new(self.max_concurrent, most_waiting) }
    }
}

/// Who is inside and who waits.
#[derive(Debug)]
pub struct State {
    max_wait: SimDuration,
    turnstile: Turnstile,
}

impl Stage for State {
    fn on_call(&mut self, now: SimTime, passage: &mut Passage) -> Down {
        match self.turnstile.enter(passage.id) {
            Entry::Inside => Down::Pass,
            Entry::Waits => Down::Hold(now + self.max_wait),
            Entry::Full => Down::Refuse(Reason::BulkheadFull),
        }
    }

    fn on_reply(&mut self, _: SimTime, _: &mut Passage, reply: Outcome) -> Up {
        self.turnstile.go();
        Up::Deliver(reply)
    }

    fn on_wake(&mut self, _: SimTime, passage: &mut Passage) -> Woken {
        self.turnstile.leave(passage.id);
        Woken::Deliver(Outcome::Failure(Reason::BulkheadFull))
    }

    fn on_abandon(&mut self, _: SimTime, passage: &Passage) {
        self.turnstile.leave(passage.id);
    }

    fn release(&mut self, _: SimTime) -> Option<u64> {
        self.turnstile.release()
    }
}

#[cfg(test)]
mod tests {
    use std::{cmp::Reverse, collections::BinaryHeap};

    use sim_core::random::{Stream, Streams};

    use super::*;
    use crate::policy::stage::testing::{at, passage};

    #[test]
    fn who_waits_is_let_in_first_come_first_served() {
        let spec = Spec { max_concurrent: 1, max_waiting: Some(2), max_wait: SimDuration::from_millis(10) };
        let mut bulkhead = spec.build(at(0));
        assert_eq!(bulkhead.on_call(at(0), &mut passage(1)), Down::Pass);
        assert_eq!(bulkhead.on_call(at(1), &mut passage(2)), Down::Hold(at(11)));
        assert_eq!(bulkhead.on_call(at(2), &mut passage(3)), Down::Hold(at(12)));
        assert_eq!(bulkhead.on_call(at(3), &mut passage(4)), Down::Refuse(Reason::BulkheadFull));
        assert_eq!(bulkhead.release(at(3)), None, "the one inside is still there");
        let _ = bulkhead.on_reply(at(4), &mut passage(1), Outcome::Success);
        assert_eq!(bulkhead.release(at(4)), Some(2));
        assert_eq!(bulkhead.release(at(4)), None);
        let full = Outcome::Failure(Reason::BulkheadFull);
        assert_eq!(bulkhead.on_wake(at(12), &mut passage(3)), Woken::Deliver(full), "waited in vain");
        bulkhead.on_abandon(at(13), &passage(2));
        assert_eq!(bulkhead.on_call(at(13), &mut passage(5)), Down::Pass, "abandonment frees the place");
    }

    /// The share of a million Poisson arrivals refused by a bulkhead of 25 that offer so many Erlang, with times inside
    /// of mean 1 ms drawn by `inside`.
    fn refused(offered: f64, inside: fn(&mut Stream) -> f64) -> f64 {
        let streams = Streams::new(7, 0);
        let (mut gaps, mut times) = (streams.stream("gap"), streams.stream("time"));
        let millis = |length: f64| SimDuration::from_nanos_f64(length * 1e6);
        let mut bulkhead = Spec::default().build(at(0));
        let mut leaving = BinaryHeap::new();
        let (mut now, mut refused) = (at(0), 0);
        for id in 0..1_000_000 {
            now = now + millis(exponential(&mut gaps) / offered);
            while let Some(Reverse((end, gone))) = leaving.peek().copied()
                && end <= now
            {
                leaving.pop();
                let _ = bulkhead.on_reply(end, &mut passage(gone), Outcome::Success);
            }
            match bulkhead.on_call(now, &mut passage(id)) {
                Down::Pass => leaving.push(Reverse((now + millis(inside(&mut times)), id))),
                Down::Refuse(reason) => {
                    assert_eq!(reason, Reason::BulkheadFull);
                    refused += 1;
                }
                Down::PassAndWake(_) | Down::Hold(_) => unreachable!("without a wait it holds nobody"),
            }
        }
        f64::from(refused) / 1e6
    }

    fn exponential(random: &mut Stream) -> f64 {
        -libm::log(random.unit_open())
    }

    /// A tenth of the calls take 5.5 times as long as the rest take on average.
    fn hyperexponential(random: &mut Stream) -> f64 {
        let mean = if random.chance(0.1) { 5.5 } else { 0.5 };
        mean * exponential(random)
    }

    /// Erlang's B(25, a), the same for whatever takes as long on average.
    #[test]
    fn how_often_it_refuses_depends_on_the_mean_time_inside_alone() {
        let times: [fn(&mut Stream) -> f64; 4] =
            [|_| 1.0, |random| 2.0 * random.unit(), exponential, hyperexponential];
        for inside in times {
            // About four standard errors of a million arrivals; the rarer the refusal, the larger.
            for (offered, share, tolerance) in
                [(15.0, 0.005_010_9, 0.08), (20.0, 0.050_221_8, 0.03), (25.0, 0.143_823_2, 0.015)]
            {
                let error = refused(offered, inside) / share - 1.0;
                assert!(error.abs() < tolerance, "{offered}: {:+.2} %", error * 100.0);
            }
        }
    }
}
