//! A limit that moves: counts what is under way, refuses what is too much, and shows each reply to a rule.
//!
//! The part that limits learning from round trips share: [`AimdLimit`](super::aimd_limit),
//! [`VegasLimit`](super::vegas_limit) and [`Gradient2Limit`](super::gradient2_limit) are the rules. A call that was
//! rejected beyond this stage or ran into a timeout is a sample that says "dropped"; one that failed for a reason of its
//! own, or that nobody waits for any more, is no sample at all.
//! Netflix concurrency-limits `AbstractLimiter`, `SimpleLimiter`, `Limiter.Listener`.

use sim_core::{
    random::Luck,
    time::{SimDuration, SimTime},
};

use super::{Down, Passage, Stage, Up};
use crate::request::{Outcome, Reason};

/// What a rule learns from a call that came back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// How long the call took.
    pub round_trip: SimDuration,
    /// How many calls were under way when it left, itself included.
    pub in_flight: u32,
    /// Whether it was rejected beyond this stage or ran into a timeout.
    pub dropped: bool,
    /// The call's chance.
    pub luck: Luck,
}

impl Sample {
    /// The round trip in nanoseconds, at least 1: rules divide by it.
    pub(super) fn nanos(&self) -> f64 {
        self.round_trip.as_nanos().max(1) as f64
    }
}

/// A rule that moves a limit.
pub trait Adapt: std::fmt::Debug {
    /// How many calls may be under way now.
    fn limit(&self) -> u32;

    /// A call came back.
    fn on_sample(&mut self, sample: &Sample);
}

/// The stage around a rule.
#[derive(Debug)]
pub struct Limiter<A> {
    rule: A,
    in_flight: u32,
}

impl<A: Adapt> Limiter<A> {
    pub(super) fn new(rule: A) -> Self {
        Self { rule, in_flight: 0 }
    }
}

impl<A: Adapt> Stage for Limiter<A> {
    fn on_call(&mut self, _: SimTime, passage: &mut Passage) -> Down {
        if self.in_flight >= self.rule.limit() {
            return Down::Refuse(Reason::LimitReached);
        }
        self.in_flight += 1;
        passage.note = u64::from(self.in_flight);
        Down::Pass
    }

    fn on_reply(&mut self, now: SimTime, passage: &mut Passage, reply: Outcome) -> Up {
        self.in_flight -= 1;
        if let Some(dropped) = was_dropped(reply) {
            let round_trip = now.since(passage.entered);
            // The note is the count that `on_call` wrote there.
            let in_flight = passage.note as u32;
            self.rule.on_sample(&Sample { round_trip, in_flight, dropped, luck: passage.luck });
        }
        Up::Deliver(reply)
    }

    fn on_abandon(&mut self, _: SimTime, _: &Passage) {
        self.in_flight -= 1;
    }

    fn level(&self, _: SimTime) -> Option<f64> {
        Some(f64::from(self.rule.limit()))
    }
}

/// Whether a reply counts as dropped; `None` if it says nothing of the load.
fn was_dropped(reply: Outcome) -> Option<bool> {
    match reply {
        Outcome::Success | Outcome::Degraded => Some(false),
        Outcome::Failure(reason) => match reason {
            Reason::QueueFull
            | Reason::Displaced
            | Reason::Expired
            | Reason::Crashed
            | Reason::NoBackend
            | Reason::TimedOut
            | Reason::CircuitOpen
            | Reason::BulkheadFull
            | Reason::LimitReached
            | Reason::Throttled
            | Reason::NoConnection
            | Reason::NoMemory
            | Reason::NoDescriptor => Some(true),
            Reason::Error | Reason::Impatient | Reason::TooDeep | Reason::Cancelled => None,
        },
    }
}

#[cfg(test)]
pub(super) mod testing {
    use sim_core::random::name_hash;

    use super::*;

    /// A sample of so many milliseconds that did well.
    pub(in super::super) fn sample(millis: u64, in_flight: u32) -> Sample {
        let round_trip = SimDuration::from_millis(millis);
        Sample { round_trip, in_flight, dropped: false, luck: Luck(name_hash("testing")) }
    }

    /// A sample of a call that was dropped.
    pub(in super::super) fn drop_after(millis: u64, in_flight: u32) -> Sample {
        Sample { dropped: true, ..sample(millis, in_flight) }
    }

    /// The limit after each sample.
    pub(in super::super) fn limits(rule: &mut impl Adapt, samples: &[Sample]) -> Vec<u32> {
        samples
            .iter()
            .map(|sample| {
                rule.on_sample(sample);
                rule.limit()
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::stage::testing::{at, passage};

    /// Two at once, and keeps what it is told.
    #[derive(Debug, Default)]
    struct Spy(Vec<(u64, u32, bool)>);

    impl Adapt for Spy {
        fn limit(&self) -> u32 {
            2
        }

        fn on_sample(&mut self, sample: &Sample) {
            let millis = sample.round_trip.as_nanos() / 1_000_000;
            self.0.push((millis, sample.in_flight, sample.dropped));
        }
    }

    #[test]
    fn samples_tell_how_many_were_under_way_when_the_call_left() {
        let mut limiter = Limiter::new(Spy::default());
        let mut passages = [1, 2, 3].map(|id| Passage { entered: at(10 * id), ..passage(id) });
        let answers = passages.each_mut().map(|passage| limiter.on_call(passage.entered, passage));
        assert_eq!(answers, [Down::Pass, Down::Pass, Down::Refuse(Reason::LimitReached)]);
        let _ = limiter.on_reply(at(70), &mut passages[1], Outcome::Success);
        let _ = limiter.on_reply(at(80), &mut passages[0], Outcome::Failure(Reason::TimedOut));
        assert_eq!(limiter.rule.0, [(50, 2, false), (70, 1, true)]);
    }

    #[test]
    fn errors_and_abandoned_calls_free_their_place_and_are_no_samples() {
        let mut limiter = Limiter::new(Spy::default());
        let mut passages = [1, 2].map(passage);
        for passage in &mut passages {
            assert_eq!(limiter.on_call(at(0), passage), Down::Pass);
        }
        let _ = limiter.on_reply(at(5), &mut passages[0], Outcome::Failure(Reason::Error));
        limiter.on_abandon(at(6), &passages[1]);
        assert_eq!((limiter.in_flight, limiter.rule.0.len()), (0, 0));
    }
}
