//! Earliest deadline first: who is nearest to being late.
//!
//! Optimal for one server as long as every deadline can be met; under overload it works on jobs about to be
//! late, and all become late, unless `drop_expired` throws those away. Without deadlines it is FIFO.
//! Liu & Layland, *Scheduling Algorithms for Multiprogramming in a Hard-Real-Time Environment*, 1973.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream, time::SimTime};

use super::{Entry, Next, Order, Room, Ticket, Waiting, ranked::Ranked};

/// `EarliestDeadline(capacity: 1000)`: the room of the line.
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

/// Who waits, by deadline.
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
        self.ranked.add(entry.deadline.as_nanos(), entry.job);
    }

    fn next(&mut self, _: &Waiting, _: &mut Stream) -> Next {
        self.ranked.first().map_or(Next::Oldest, Next::Holder)
    }

    fn on_leave(&mut self, entry: &Entry<Ticket>) {
        self.ranked.remove(entry.deadline.as_nanos(), entry.job);
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::discipline::laws::served;

    #[test]
    fn the_earliest_deadline_goes_first_and_none_goes_last() {
        assert_eq!(served("EarliestDeadline()", "a b:0,0,20 c:0,0,15 d e:0,0,20"), "c b e a d");
        assert_eq!(served("EarliestDeadline(drop_expired: true)", "a b:0,0,20 c:0,0,5"), "c? b a");
    }
}
