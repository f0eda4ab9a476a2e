//! CoDel: first in, first out, but a line that stays long drops from its head, ever faster, until waits are short again.
//!
//! A line may be long for a moment; it is bad if nobody waited less than the target for a whole interval. Then the job
//! that was taken is dropped, the next one after interval / √1, then √2, √3 and so on, until one has waited less than
//! the target. If that was not long ago, the next spell begins at the pace of the last. A fixed capacity knows no such
//! difference. With no more than one job behind it, none is dropped.
//! Nichols & Jacobson, *Controlled Delay Active Queue Management*, RFC 8289, section 5; its `maxpacket` is one job here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    random::Stream,
    time::{SimDuration, SimTime},
};

use super::{Capacity, Entry, Next, Order, Room, Ticket, Waiting, WhenFull};

/// `CoDel`: the room of the line, and which waits are too long.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// How many may wait, those in service not counted. Default `Unbounded`.
    pub capacity: Capacity,
    /// What a full line does with one more. Default `Reject`.
    pub when_full: WhenFull,
    /// Whether a job whose deadline has passed is thrown away when its turn comes. Default false.
    pub drop_expired: bool,
    /// Waits below this are short. Default 5 ms (RFC 8289 `TARGET`).
    pub target: SimDuration,
    /// For so long no wait must be short before one is dropped. Default 100 ms (RFC 8289 `INTERVAL`).
    pub interval: SimDuration,
}

impl Default for Spec {
    fn default() -> Self {
        let Room { capacity, when_full, drop_expired } = Room::default();
        let (target, interval) = (SimDuration::from_millis(5), SimDuration::from_millis(100));
        Self { capacity, when_full, drop_expired, target, interval }
    }
}

impl Spec {
    fn room(&self) -> Room {
        Room { capacity: self.capacity, when_full: self.when_full, drop_expired: self.drop_expired }
    }

    pub(super) fn check(&self, check: &mut Check) {
        self.room().check(check);
        check.require(!self.target.is_zero(), "target", || "target must be above 0".into());
        check.require(self.interval > self.target, "interval", || {
            format!("interval must be above target, {}", self.target)
        });
    }

    pub(super) fn build(&self, _: SimTime) -> State {
        State {
            room: self.room(),
            target: self.target,
            interval: self.interval,
            droppable_from: None,
            phase: Phase::Passing,
            drop_next: SimTime::ZERO,
            count: 0,
            last_count: 0,
        }
    }
}

/// Since when waits are long, and the pace of drops.
#[derive(Debug)]
pub struct State {
    room: Room,
    target: SimDuration,
    interval: SimDuration,
    /// When waits will have been long for an interval, if the last one was.
    droppable_from: Option<SimTime>,
    phase: Phase,
    /// When the next is dropped while dropping; afterwards, when it would have been.
    drop_next: SimTime,
    /// How many were dropped in this spell, or what the pace of the last one makes of it.
    count: u32,
    /// The count this spell began with.
    last_count: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Passing,
    Dropping,
    /// Dropping, and one has just been; if the one taken now has waited long too, the next drop is put down.
    Dropped,
}

impl State {
    /// Whether waits have been long for an interval, this one included.
    fn may_drop(&mut self, waiting: &Waiting, arrived: SimTime) -> bool {
        // The one taken and one behind it.
        if waiting.now.since(arrived) < self.target || waiting.length <= 2 {
            self.droppable_from = None;
            return false;
        }
        waiting.now >= *self.droppable_from.get_or_insert(waiting.now + self.interval)
    }

    /// The pace: the next drop after one at `time`.
    fn after(&self, time: SimTime) -> SimTime {
        let pause = self.interval.as_nanos() as f64 / libm::sqrt(f64::from(self.count));
        time + SimDuration::from_nanos_f64(pause)
    }

    fn begin(&mut self, now: SimTime) {
        let learnt = self.count - self.last_count;
        let recent = now.since(self.drop_next) < self.interval.saturating_mul(16);
        self.count = if learnt > 1 && recent { learnt } else { 1 };
        self.last_count = self.count;
        self.drop_next = self.after(now);
        self.phase = Phase::Dropping;
    }

    /// Whether the next drop is due.
    fn is_due(&mut self, now: SimTime) -> bool {
        let due = now >= self.drop_next;
        if due {
            self.count = self.count.saturating_add(1);
            self.phase = Phase::Dropped;
        }
        due
    }
}

impl Order for State {
    fn room(&self) -> &Room {
        &self.room
    }

    fn next(&mut self, _: &Waiting, _: &mut Stream) -> Next {
        Next::Oldest
    }

    fn drops(&mut self, waiting: &Waiting, entry: &Entry<Ticket>) -> bool {
        let may_drop = self.may_drop(waiting, entry.arrived);
        match self.phase {
            Phase::Passing if may_drop => {
                self.begin(waiting.now);
                true
            }
            Phase::Passing => false,
            Phase::Dropping | Phase::Dropped if !may_drop => {
                self.phase = Phase::Passing;
                false
            }
            Phase::Dropping => self.is_due(waiting.now),
            Phase::Dropped => {
                self.drop_next = self.after(self.drop_next);
                self.phase = Phase::Dropping;
                self.is_due(waiting.now)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use sim_core::random::Streams;

    use super::*;
    use crate::policy::discipline::{Line, Popped, Pushed, QueueSpec, laws::entry};

    fn at_micros(micros: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_micros(micros)
    }

    /// A line in which so many have waited from the start.
    fn standing(jobs: u32) -> Line<u32> {
        let mut line = Line::new(&QueueSpec::CoDel(Spec::default()), SimTime::ZERO);
        for job in 0..jobs {
            assert!(matches!(line.push(entry(job)), Pushed::Queued(_)));
        }
        line
    }

    /// Takes jobs until one is to be served; how many were dropped.
    fn drops_at(line: &mut Line<u32>, micros: u64) -> u32 {
        let mut random = Streams::new(1, 0).stream("web/queue");
        let pops = std::iter::from_fn(|| match line.pop(at_micros(micros), &mut random) {
            Popped::Expired(_) => Some(()),
            Popped::Next(_) | Popped::Empty => None,
        });
        pops.count() as u32
    }

    #[test]
    fn a_standing_line_is_dropped_from_by_the_square_root() {
        // RFC 8289, control_law: one is taken every 10 µs; the first drop comes an interval after the first long wait.
        let mut line = standing(100_000);
        let mut drops = Vec::new();
        for micros in (5_000..).step_by(10) {
            let count = drops_at(&mut line, micros);
            drops.extend((0..count).map(|_| (micros - 105_000) as f64 / 1000.0));
            if drops.len() >= 11 {
                break;
            }
        }
        let expected = [
            0.0, 100.0, 170.7107, 228.4457, 278.4457, 323.1671, 363.9919, 401.7883, 437.1437, 470.4770,
            502.0998,
        ];
        for (found, expected) in drops.iter().zip(expected) {
            assert!((0.0..=0.0101).contains(&(found - expected)), "{found} is not {expected}");
        }
    }

    #[test]
    fn a_wait_below_the_target_ends_it() {
        let mut line = standing(10);
        assert_eq!([5_000, 104_999, 105_000].map(|micros| drops_at(&mut line, micros)), [0, 0, 1]);
        // The next are due at 205 ms; a job that has waited less than 5 ms by then resets everything.
        let mut line = standing(5);
        assert_eq!([5_000, 105_000].map(|micros| drops_at(&mut line, micros)), [0, 1]);
        for job in 0..300 {
            assert!(matches!(
                line.push(Entry { arrived: at_micros(204_000), ..entry(job) }),
                Pushed::Queued(_)
            ));
        }
        assert_eq!([205_000, 205_001, 208_999].map(|micros| drops_at(&mut line, micros)), [1, 0, 0]);
        // Long again from 209 ms on: dropping begins an interval later.
        assert_eq!([209_000, 308_999, 309_000].map(|micros| drops_at(&mut line, micros)), [0, 0, 1]);
    }

    #[test]
    fn several_drops_may_be_due_at_once() {
        // Taken at 105 ms and at 305 ms: the drops of 205, 275.7 are due, that of 333.4 is not.
        let mut line = standing(100);
        assert_eq!([5_000, 105_000, 305_000].map(|micros| drops_at(&mut line, micros)), [0, 1, 2]);
        assert_eq!([333_445, 333_446].map(|micros| drops_at(&mut line, micros)), [0, 1]);
    }

    #[test]
    fn a_new_spell_begins_at_the_pace_of_the_last() {
        let begin = |count, last_count, drop_next, now| {
            let new = Spec::default().build(SimTime::ZERO);
            let mut queue = State { count, last_count, drop_next: at_micros(drop_next), ..new };
            queue.begin(at_micros(now));
            queue.count
        };
        assert_eq!(begin(9, 1, 1_000_000, 2_599_999), 8);
        assert_eq!(begin(9, 1, 1_000_000, 2_600_000), 1, "16 intervals later it is forgotten");
        assert_eq!(begin(2, 1, 1_000_000, 1_000_000), 1, "a spell of one drop teaches nothing");
        assert_eq!(begin(9, 1, 1_000_000, 900_000), 8);
    }

    #[test]
    fn the_last_two_are_never_dropped() {
        let mut line = standing(4);
        assert_eq!([5_000, 105_000, 300_000].map(|micros| drops_at(&mut line, micros)), [0, 1, 0]);
    }
}
