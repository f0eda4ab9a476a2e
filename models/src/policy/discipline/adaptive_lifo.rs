//! Adaptive LIFO: in order while the line was empty of late, the newest first while it was not, and impatient then.
//!
//! Who joins a line that was empty within the interval may wait that long; who joins a line that has stood for longer
//! may wait a few milliseconds only. Whose patience is over is thrown away when the line is next asked. So a burst is
//! served in order, and in an overload those who have just come are served at once, where plain LIFO keeps the rest
//! for ever and CoDel serves in order.
//! Maurer, *Fail at Scale*, ACM Queue 2015: `onNewRequest` and adaptive LIFO. A job that is served at once does not join.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    random::Stream,
    time::{SimDuration, SimTime},
};

use super::{Capacity, Entry, Next, Order, Room, Ticket, Waiting, WhenFull, ranked::Ranked};

/// `AdaptiveLifo`: the room of the line, and how long one may wait.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// How many may wait, those in service not counted. Default `Unbounded`.
    pub capacity: Capacity,
    /// What a full line does with one more. Default `Reject`.
    pub when_full: WhenFull,
    /// Whether a job whose deadline has passed is thrown away when its turn comes. Default false.
    pub drop_expired: bool,
    /// A line that was not empty for longer than this is overloaded; in one that is not, a job may wait as long.
    /// Default 100 ms (*Fail at Scale*, N).
    pub interval: SimDuration,
    /// How long a job may wait that joins an overloaded line. Default 5 ms (*Fail at Scale*, M).
    pub overloaded_timeout: SimDuration,
}

impl Default for Spec {
    fn default() -> Self {
        let Room { capacity, when_full, drop_expired } = Room::default();
        let (interval, overloaded_timeout) = (SimDuration::from_millis(100), SimDuration::from_millis(5));
        Self { capacity, when_full, drop_expired, interval, overloaded_timeout }
    }
}

impl Spec {
    fn room(&self) -> Room {
        Room { capacity: self.capacity, when_full: self.when_full, drop_expired: self.drop_expired }
    }

    pub(super) fn check(&self, check: &mut Check) {
        self.room().check(check);
        for (field, length) in [("interval", self.interval), ("overloaded_timeout", self.overloaded_timeout)]
        {
            check.require(!length.is_zero(), field, || format!("{field} must be above 0"));
        }
    }

    pub(super) fn build(&self, now: SimTime) -> State {
        State {
            room: self.room(),
            interval: self.interval,
            overloaded_timeout: self.overloaded_timeout,
            last_empty: now,
            limits: BTreeMap::new(),
            soonest: Ranked::default(),
        }
    }
}

/// Who waits until when.
#[derive(Debug)]
pub struct State {
    room: Room,
    interval: SimDuration,
    overloaded_timeout: SimDuration,
    /// When the line was last empty; while somebody waits.
    last_empty: SimTime,
    /// When the patience of each ends.
    limits: BTreeMap<Ticket, SimTime>,
    /// The same, soonest first.
    soonest: Ranked,
}

impl State {
    fn is_overloaded(&self, now: SimTime) -> bool {
        now.since(self.last_empty) > self.interval
    }

    fn is_over(&self, ticket: Ticket, now: SimTime) -> bool {
        self.limits.get(&ticket).is_some_and(|limit| *limit <= now)
    }
}

impl Order for State {
    fn room(&self) -> &Room {
        &self.room
    }

    fn on_push(&mut self, entry: &Entry<Ticket>) {
        let now = entry.arrived;
        if self.limits.is_empty() {
            self.last_empty = now;
        }
        let patience = if self.is_overloaded(now) { self.overloaded_timeout } else { self.interval };
        let limit = now + patience;
        self.limits.insert(entry.job, limit);
        self.soonest.add(limit.as_nanos(), entry.job);
    }

    fn next(&mut self, waiting: &Waiting, _: &mut Stream) -> Next {
        // Who is to be thrown away comes before who is to be served.
        match self.soonest.first() {
            Some(ticket) if self.is_over(ticket, waiting.now) => Next::Holder(ticket),
            Some(_) | None if self.is_overloaded(waiting.now) => Next::Newest,
            Some(_) | None => Next::Oldest,
        }
    }

    fn drops(&mut self, waiting: &Waiting, entry: &Entry<Ticket>) -> bool {
        self.is_over(entry.job, waiting.now)
    }

    fn on_leave(&mut self, entry: &Entry<Ticket>) {
        if let Some(limit) = self.limits.remove(&entry.job) {
            self.soonest.remove(limit.as_nanos(), entry.job);
        }
    }
}

#[cfg(test)]
mod tests {
    use sim_core::random::Streams;

    use super::*;
    use crate::policy::discipline::{Line, Popped, Pushed, QueueSpec, laws::entry};

    /// `name@time` joins and `@time` takes one, times in milliseconds; tells who was served and, with `?`, dropped.
    fn story(steps: &str) -> String {
        let mut line = Line::new(&QueueSpec::AdaptiveLifo(Spec::default()), SimTime::ZERO);
        let mut random = Streams::new(1, 0).stream("web/queue");
        let mut told = Vec::new();
        for step in steps.split(' ') {
            let (job, millis) = step.split_once('@').expect("a time");
            let now = SimTime::ZERO + SimDuration::from_millis(millis.parse().expect("a number"));
            if !job.is_empty() {
                assert!(matches!(line.push(Entry { arrived: now, ..entry(job) }), Pushed::Queued(_)));
                continue;
            }
            loop {
                match line.pop(now, &mut random) {
                    Popped::Expired(entry) => told.push(format!("{}?", entry.job)),
                    Popped::Next(entry) => break told.push(entry.job.to_owned()),
                    Popped::Empty => break told.push("-".to_owned()),
                }
            }
        }
        told.join(" ")
    }

    #[test]
    fn a_burst_is_served_in_order_and_an_overload_newest_first() {
        assert_eq!(story("a@0 b@0 c@0 @1 @2 @3 @4"), "a b c -");
        // Not empty since 0: at 100 ms still in order, at 101 the newest first.
        assert_eq!(story("a@0 b@50 c@60 d@70 @100 @101 @101"), "a? b d c");
    }

    #[test]
    fn who_joins_an_overload_has_five_milliseconds() {
        assert_eq!(story("a@0 b@90 c@101 d@102 @105 @106 @107"), "a? d c? b -");
        // An empty line makes it patient again.
        assert_eq!(story("a@0 b@101 @101 @200 c@300 d@301 @399 @400 @401"), "a? b - c d -");
    }

    #[test]
    fn patience_ends_when_it_is_reached() {
        assert_eq!(story("a@0 @99"), "a");
        assert_eq!(story("a@0 @100"), "a? -");
    }
}
