//! Shortest job first: the smallest demand of those who wait.
//!
//! The smallest mean response of any order that does not interrupt; large jobs pay, and it needs to know the
//! demands. `ShortestRemaining` of `concurrency` interrupts too.
//! Phipps, *Machine repair as a priority waiting-line problem*, 1956.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream, time::SimTime};

use super::{Entry, Next, Order, Room, Ticket, Waiting, ranked::Ranked};

/// `ShortestJobFirst(capacity: 1000)`: the room of the line.
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

/// Who waits, by demand.
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
        self.ranked.add(entry.demand.as_nanos(), entry.job);
    }

    fn next(&mut self, _: &Waiting, _: &mut Stream) -> Next {
        self.ranked.first().map_or(Next::Oldest, Next::Holder)
    }

    fn on_leave(&mut self, entry: &Entry<Ticket>) {
        self.ranked.remove(entry.demand.as_nanos(), entry.job);
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::discipline::laws::served;

    #[test]
    fn the_smallest_demand_goes_first_and_equals_in_order() {
        assert_eq!(served("ShortestJobFirst()", "a:0,5 b:0,2 c:0,5 d:0,9 e:0,2"), "b e a c d");
    }
}
