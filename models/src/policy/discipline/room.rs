//! How many may wait, what happens to one too many, and whether late jobs are thrown away.
//!
//! The part of a queue's specification that every discipline shares.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::check::Check;

/// The room of a line. In files its fields stand in the discipline: `Fifo(capacity: 100, when_full: DropOldest)`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Room {
    /// How many may wait, those in service not counted. Default `Unbounded`.
    pub capacity: Capacity,
    /// What a full line does with one more. Default `Reject`.
    pub when_full: WhenFull,
    /// Whether a job whose deadline has passed is thrown away when its turn comes. Default false.
    pub drop_expired: bool,
}

/// How many may wait: `Unbounded` or a number.
// Untagged, since the file writes a bare number; a misspelt word is still refused, see the test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(expecting = "a capacity is `Unbounded` or a whole number such as 20000")]
pub enum Capacity {
    /// As many as come.
    #[default]
    Unbounded,
    /// At most so many; 0 makes a loss system, where nobody waits.
    #[serde(untagged)]
    Limited(u32),
}

/// What a full line does with one more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum WhenFull {
    /// The newcomer is refused (drop-tail).
    #[default]
    Reject,
    /// The job that arrived first goes, of whatever priority; the newcomer stays (drop-head).
    /// RabbitMQ's default for a queue of limited length.
    DropOldest,
    /// The least important goes: of the highest priority number among those who wait and the newcomer, whoever came
    /// last. So nobody is refused while anybody of less importance waits (Beyer et al., *Site Reliability Engineering*,
    /// chapter 21, "Criticality").
    DropLowest,
    /// The newcomer waits outside until there is room, first come, first served, and so does whoever called: a full
    /// line holds up its callers, whose own lines fill in turn (backpressure; `BlockingQueue.put` of java.util.concurrent).
    Block,
}

impl Room {
    pub(super) fn check(&self, check: &mut Check) {
        let drops = matches!(self.when_full, WhenFull::DropOldest | WhenFull::DropLowest);
        check.require(!drops || self.capacity != Capacity::Limited(0), "when_full", || {
            format!("{:?} needs somebody who waits, but capacity is 0", self.when_full)
        });
        let never = self.capacity == Capacity::Unbounded && self.when_full != WhenFull::Reject;
        check.require(!never, "when_full", || {
            "a line without limit is never full: set its capacity, or leave when_full out".to_owned()
        });
    }

    /// Whether a line of this `length` takes no more.
    #[inline]
    pub fn is_full(&self, length: usize) -> bool {
        match self.capacity {
            Capacity::Unbounded => false,
            Capacity::Limited(most) => length >= most as usize,
        }
    }
}
