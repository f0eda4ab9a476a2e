//! Last in, first out: those served were not kept waiting, the rest are given up.
//!
//! The mean response is FIFO's, the variance 1/(1−ρ) times as large and more; yet under overload with
//! deadlines it serves who still waits for the answer, where FIFO serves only who has left.
//! Maurer, *Fail at Scale*, ACM Queue 2015 (there as adaptive LIFO).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream, time::SimTime};

use super::{Next, Order, Room, Waiting};

/// `Lifo(capacity: 1000)`: the room of the line.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Spec(pub Room);

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        self.0.check(check);
    }

    pub(super) fn build(&self, _: SimTime) -> State {
        State { room: self.0 }
    }
}

/// Nothing to remember but the room.
#[derive(Debug)]
pub struct State {
    room: Room,
}

impl Order for State {
    #[inline]
    fn room(&self) -> &Room {
        &self.room
    }

    #[inline]
    fn next(&mut self, _: &Waiting, _: &mut Stream) -> Next {
        Next::Newest
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::discipline::laws::served;

    #[test]
    fn serves_the_latest_and_drops_the_oldest() {
        assert_eq!(served("Lifo()", "a b c"), "c b a");
        assert_eq!(served("Lifo(capacity: 2, when_full: DropOldest)", "a b c d"), "a! b! d c");
    }
}
