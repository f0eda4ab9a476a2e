//! First in, first out: fair to everyone, and under overload late to everyone.
//!
//! Of all orders that ignore demands it has the smallest variance of the response time; a full line however
//! is as long as it can be, so every job it serves has waited for it.
//! Kingman, *The effect of queue discipline on waiting time variance*, 1962.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream, time::SimTime};

use super::{Next, Order, Room, Waiting};

/// `Fifo(capacity: 20000)`: the room of the line.
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
        Next::Oldest
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::discipline::laws::served;

    #[test]
    fn a_full_line_turns_the_newcomer_away_or_drops_its_head() {
        assert_eq!(served("Fifo()", "a b c d e"), "a b c d e");
        assert_eq!(served("Fifo(capacity: 3)", "a b c d e"), "d! e! a b c");
        assert_eq!(served("Fifo(capacity: 3, when_full: DropOldest)", "a b c d e"), "a! b! c d e");
        assert_eq!(served("Fifo(capacity: 0)", "a"), "a!");
        // The least important make room for whoever is more important, the latest of them first.
        let words = "a:2 b:1 c:2 d:0 e:1 f:2 g:0";
        assert_eq!(served("Fifo(capacity: 3, when_full: DropLowest)", words), "c! a! f! e! b d g");
    }

    #[test]
    fn a_deadline_passes_when_it_is_reached() {
        // Asked at 10 s: a deadline at 10 s leaves no time at all, one at 11 s leaves a second.
        assert_eq!(served("Fifo(drop_expired: true)", "a:0,0,9 b:0,0,10 c:0,0,11 d"), "a? b? c d");
        assert_eq!(served("Fifo()", "a:0,0,9 b:0,0,10 c:0,0,11 d"), "a b c d");
    }
}
