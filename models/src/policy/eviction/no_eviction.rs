//! No eviction: what is held stays, what is new is not let in once the cache is full.
//!
//! Objects leave only as their owner takes them out, when they expire or are dropped. Redis `maxmemory-policy noeviction`,
//! its default, which answers writes with an error then; here whoever fetched the object has it, but it is not kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{Capacity, Entries, Evict, Newcomer, Slot};

/// `NoEviction`: nothing to set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {}

impl Spec {
    pub(super) fn check(&self, _: &mut Check) {}

    /// For static dispatch; else build the family.
    pub fn build(&self, _: Capacity) -> State {
        State {}
    }
}

/// Nothing to know.
#[derive(Clone, Debug, Default)]
pub struct State {}

impl Evict for State {
    #[inline]
    fn on_hit(&mut self, _: Slot, _: &mut Entries) {}

    #[inline]
    fn evict(&mut self, _: &Newcomer, _: &mut Entries, _: &mut Stream) -> Option<Slot> {
        None
    }

    #[inline]
    fn on_insert(&mut self, _: Slot, _: &Newcomer, _: &mut Entries) {}

    fn on_remove(&mut self, _: Slot, _: &mut Entries) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::eviction::testing::story;

    #[test]
    fn what_is_new_waits_for_room() {
        assert_eq!(story(&Spec {}, 2, "a b c a c -a c c"), "a b c a! c -a c c!");
    }
}
