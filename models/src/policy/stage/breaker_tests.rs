//! The laws of breakers, tried on all of them, and the caller their tests share.
//!
//! None admits a call while open before its wait is over; none has more probes at once than it may; none is stuck:
//! once all it admitted is closed, by reply or abandonment, and its wait is over, it admits again. Refused calls leave
//! no mark.

use std::fmt::Debug;

use sim_core::{
    check::Check,
    random::{Stream, Streams},
    time::{SimDuration, SimTime},
};

use super::{
    AnyStage, Down, Mode, Passage, Stage, StageSpec, Up,
    testing::{at, passage},
};
use crate::request::{Outcome, Reason};

/// Calls through one breaker, each a passage of its own.
#[derive(Debug)]
pub(super) struct Caller<S> {
    pub(super) stage: S,
    calls: u64,
}

/// A success, a failure, a timeout.
fn outcome(letter: char) -> Outcome {
    match letter {
        'S' => Outcome::Success,
        'F' => Outcome::Failure(Reason::Error),
        'T' => Outcome::Failure(Reason::TimedOut),
        other => panic!("{other} is no outcome"),
    }
}

impl<S: Stage + Debug> Caller<S> {
    pub(super) fn new(stage: S) -> Self {
        Self { stage, calls: 0 }
    }

    /// The passage, if it is admitted.
    pub(super) fn call(&mut self, millis: u64) -> Option<Passage> {
        self.calls += 1;
        let mut call = Passage { entered: at(millis), ..passage(self.calls) };
        match self.stage.on_call(at(millis), &mut call) {
            Down::Pass | Down::PassAndWake(_) => Some(call),
            Down::Refuse(reason) => {
                assert_eq!(reason, Reason::CircuitOpen);
                None
            }
            Down::Hold(_) => panic!("a breaker lets nobody wait"),
        }
    }

    /// A reply; the first letter of the mode after it.
    pub(super) fn reply(&mut self, millis: u64, mut passage: Passage, letter: char) -> char {
        let reply = outcome(letter);
        assert_eq!(self.stage.on_reply(at(millis), &mut passage, reply), Up::Deliver(reply));
        match self.stage.mode() {
            Some(Mode::Closed) => 'C',
            Some(Mode::Open) => 'O',
            Some(Mode::HalfOpen) => 'H',
            None => panic!("{:?} has no mode", self.stage),
        }
    }

    /// Calls that end at once, one after another; the mode after each, `-` for one that is refused.
    pub(super) fn feed(&mut self, millis: u64, outcomes: &str) -> String {
        let mut one = |letter| self.call(millis).map_or('-', |call| self.reply(millis, call, letter));
        outcomes.chars().map(&mut one).collect()
    }
}

/// After which of these calls, from 1, a breaker opens.
pub(super) fn tripped<S: Stage + Debug>(stage: S, outcomes: &str) -> Option<usize> {
    Caller::new(stage).feed(0, outcomes).find('O').map(|place| place + 1)
}
