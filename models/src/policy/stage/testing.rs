//! What tests of stages share.

use sim_core::{
    random::{Luck, name_hash},
    time::{SimDuration, SimTime},
};

use super::Passage;

/// So many milliseconds after the start.
pub(super) fn at(millis: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_millis(millis)
}

/// A passage that came at the start.
pub(super) fn passage(id: u64) -> Passage {
    Passage {
        id,
        attempt: 1,
        entered: SimTime::ZERO,
        priority: 0,
        deadline: SimTime::NEVER,
        luck: Luck(name_hash("testing")).child(id, 0),
        note: 0,
    }
}
