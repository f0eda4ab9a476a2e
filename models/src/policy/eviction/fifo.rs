//! FIFO: whoever came first goes first.
//!
//! Unlike with LRU a hit changes nothing, so hits cost nothing, and a larger cache may hit less (Belady's anomaly).
//! Belady, Nelson & Shedler, CACM 12(6), 1969.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{
    Capacity, Entries, Evict, Newcomer, Slot,
    list::{Links, List},
};

/// `Fifo`: nothing to set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {}

impl Spec {
    pub(super) fn check(&self, _: &mut Check) {}

    /// For static dispatch; else build the family.
    pub fn build(&self, _: Capacity) -> State {
        State::default()
    }
}

/// Slots in the order they came.
#[derive(Clone, Debug, Default)]
pub struct State {
    links: Links,
    order: List,
}

impl Evict for State {
    #[inline]
    fn on_hit(&mut self, _: Slot, _: &mut Entries) {}

    #[inline]
    fn evict(&mut self, _: &Newcomer, _: &mut Entries, _: &mut Stream) -> Option<Slot> {
        let oldest = self.order.oldest()?;
        self.order.unlink(&mut self.links, oldest);
        Some(Slot(oldest))
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, _: &Newcomer, _: &mut Entries) {
        self.order.push(&mut self.links, slot.0);
    }

    fn on_remove(&mut self, slot: Slot, _: &mut Entries) {
        self.order.unlink(&mut self.links, slot.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::eviction::testing::story;

    #[test]
    fn use_changes_nothing() {
        assert_eq!(story(&Spec {}, 3, "a b c a d e a f"), "a b c a! d(-a) e(-b) a(-c) f(-d)");
    }
}
