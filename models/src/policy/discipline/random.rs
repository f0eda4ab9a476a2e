//! Service in random order (SIRO): anyone who waits, with equal chance.
//!
//! What a crowd of waiters on one lock comes to when wake-ups have no order. The mean is FIFO's, the variance
//! lies between FIFO's and LIFO's.
//! Takács, *Delay distributions for one line with Poisson input …*, Bell System Technical Journal 1963.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream, time::SimTime};

use super::{Entry, Next, Order, Room, Ticket, Waiting};

/// `Random(capacity: 1000)`: the room of the line.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Spec(pub Room);

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        self.0.check(check);
    }

    pub(super) fn build(&self, _: SimTime) -> State {
        State { room: self.0, bag: Vec::new(), places: BTreeMap::new() }
    }
}

/// Everyone who waits, in a bag one can reach into.
#[derive(Debug)]
pub struct State {
    room: Room,
    bag: Vec<Ticket>,
    /// Where in the bag a ticket lies.
    places: BTreeMap<Ticket, usize>,
}

impl Order for State {
    fn room(&self) -> &Room {
        &self.room
    }

    fn on_push(&mut self, entry: &Entry<Ticket>) {
        self.places.insert(entry.job, self.bag.len());
        self.bag.push(entry.job);
    }

    fn next(&mut self, _: &Waiting, random: &mut Stream) -> Next {
        // One draw even if one waits, so that the number of draws is the number of questions.
        Next::Holder(self.bag[random.below(self.bag.len())])
    }

    fn on_leave(&mut self, entry: &Entry<Ticket>) {
        let Some(place) = self.places.remove(&entry.job) else { return };
        self.bag.swap_remove(place);
        if let Some(&moved) = self.bag.get(place) {
            self.places.insert(moved, place);
        }
    }
}

#[cfg(test)]
mod tests {
    use sim_core::random::Streams;

    use super::*;
    use crate::policy::discipline::{Line, Popped, QueueSpec, laws::entry};

    #[test]
    fn everyone_who_waits_has_the_same_chance() {
        let mut random = Streams::new(1, 0).stream("web/queue");
        let mut firsts = [0_u32; 5];
        for _ in 0..30_000 {
            let mut line = Line::new(&QueueSpec::Random(Spec::default()), SimTime::ZERO);
            let tickets: Vec<_> = (0..5).map(|job| line.push(entry(job))).collect();
            let crate::policy::discipline::Pushed::Queued(second) = tickets[1] else { panic!("refused") };
            line.remove(second, SimTime::ZERO);
            let Popped::Next(entry) = line.pop(SimTime::ZERO, &mut random) else { panic!("nobody") };
            firsts[entry.job] += 1;
        }
        assert_eq!(firsts[1], 0);
        for job in [0, 2, 3, 4] {
            // Four standard deviations of Binomial(30000, 1/4).
            assert!(firsts[job].abs_diff(7_500) < 300, "{firsts:?}");
        }
    }
}
