//! Random replacement: anyone may go.
//!
//! Remembers nothing, and with independent references hits exactly as often as FIFO.
//! Gelenbe, *A Unified Approach to the Evaluation of a Class of Replacement Algorithms*, IEEE Trans. Computers, 1973.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{Capacity, Entries, Evict, Newcomer, Slot, list::PerSlot};

/// `Random`: nothing to set.
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

/// Slots without gaps, and where each stands among them.
#[derive(Clone, Debug, Default)]
pub struct State {
    held: Vec<Slot>,
    positions: PerSlot<u32>,
}

impl State {
    fn take(&mut self, position: usize) -> Slot {
        let slot = self.held.swap_remove(position);
        if let Some(moved) = self.held.get(position) {
            self.positions[moved.0] = position as u32;
        }
        slot
    }
}

impl Evict for State {
    #[inline]
    fn on_hit(&mut self, _: Slot, _: &mut Entries) {}

    #[inline]
    fn evict(&mut self, _: &Newcomer, _: &mut Entries, random: &mut Stream) -> Option<Slot> {
        if self.held.is_empty() {
            return None;
        }
        let position = random.below(self.held.len());
        Some(self.take(position))
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, _: &Newcomer, _: &mut Entries) {
        self.positions.put(slot.0, self.held.len() as u32);
        self.held.push(slot);
    }

    fn on_remove(&mut self, slot: Slot, _: &mut Entries) {
        self.take(self.positions[slot.0] as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::eviction::testing::{cache, stream};

    #[test]
    fn everyone_may_go_with_equal_chance() {
        let mut left = [0_u32; 4];
        let mut random = stream();
        for _ in 0..4000 {
            let mut cache = cache(&Spec {}, 4);
            for key in 0..4 {
                cache.insert(key, 1, (), &mut random, |_| panic!("there is room"));
            }
            cache.insert(4, 1, (), &mut random, |gone| left[gone.key as usize] += 1);
        }
        // Mean 1000, standard deviation 27.
        assert!(left.iter().all(|&times| (880..1120).contains(&times)), "{left:?}");
    }
}
