//! Strict priority: the class of the lowest number first, first in, first out within a class.
//!
//! Non-preemptive: who has begun is not interrupted (that is `PreemptivePriority` of `concurrency`). Nothing
//! keeps the last class from starving; its wait grows with 1/((1−σ)(1−ρ)), σ the load of the classes before it.
//! Cobham, *Priority Assignment in Waiting Line Problems*, 1954.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream, time::SimTime};

use super::{Entry, Next, Order, Room, Ticket, Waiting, ranked::Ranked};

/// `Priority(capacity: 1000)`: the room of the line.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Spec(pub Room);

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        self.0.check(check);
    }

    pub(super) fn build(&self, _: SimTime) -> State {
        State { room: self.0, ranked: Ranked::default() }
    }
}

/// Who waits, by priority.
#[derive(Debug)]
pub struct State {
    room: Room,
    ranked: Ranked,
}

impl Order for State {
    fn room(&self) -> &Room {
        &self.room
    }

    fn on_push(&mut self, entry: &Entry<Ticket>) {
        self.ranked.add(u64::from(entry.priority), entry.job);
    }

    fn next(&mut self, _: &Waiting, _: &mut Stream) -> Next {
        self.ranked.first().map_or(Next::Oldest, Next::Holder)
    }

    fn on_leave(&mut self, entry: &Entry<Ticket>) {
        self.ranked.remove(u64::from(entry.priority), entry.job);
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::discipline::laws::served;

    #[test]
    fn the_lower_number_goes_first_and_equals_in_order() {
        assert_eq!(served("Priority()", "a:2 b:1 c:2 d:0 e:1"), "d b e a c");
        // Drop-head asks who is oldest, not who is least.
        assert_eq!(served("Priority(capacity: 2, when_full: DropOldest)", "a:0 b:9 c:5"), "a! c b");
    }
}
