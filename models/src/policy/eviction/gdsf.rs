//! GDSF, greedy dual size frequency: what is used often, costly to fetch and small is worth keeping.
//!
//! An object is worth its uses times its cost by its size, on top of what the last one to go was worth: so what is no
//! longer used sinks below what is new, and fame fades as it does not in LFU.
//! Cherkasova, *Improving WWW Proxies Performance with Greedy-Dual-Size-Frequency Caching Policy*, HP Labs, 1998.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{Capacity, Entries, Evict, Newcomer, Slot, heap::Heap, list::PerSlot};

/// `Gdsf(cost: Packets)`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// What a miss costs. Default `One`: GDSF-Hits.
    pub cost: Cost,
}

/// What a miss costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Cost {
    /// The same for every object, which makes hits most (GDSF-Hits).
    #[default]
    One,
    /// The packets it takes to fetch the object, 2 + size/536, which makes bytes hit most (GDSF-Packets).
    Packets,
}

impl Cost {
    fn of(self, size: f64) -> f64 {
        match self {
            Self::One => 1.0,
            Self::Packets => 2.0 + size / 536.0,
        }
    }
}

impl Spec {
    pub(super) fn check(&self, _: &mut Check) {}

    /// For static dispatch; else build the family.
    pub fn build(&self, _: Capacity) -> State {
        State { cost: self.cost, heap: Heap::default(), uses: PerSlot::default(), floor: 0.0 }
    }
}

/// Slots by their worth.
#[derive(Clone, Debug)]
pub struct State {
    cost: Cost,
    heap: Heap,
    uses: PerSlot<u64>,
    /// What the last one to go was worth.
    floor: f64,
}

impl State {
    fn worth(&self, uses: u64, size: u64) -> f64 {
        let size = size.max(1) as f64;
        self.floor + uses as f64 * self.cost.of(size) / size
    }
}

impl Evict for State {
    #[inline]
    fn on_hit(&mut self, slot: Slot, entries: &mut Entries) {
        let uses = self.uses[slot.0] + 1;
        self.uses[slot.0] = uses;
        self.heap.raise(slot.0, self.worth(uses, entries.size(slot)));
    }

    #[inline]
    fn evict(&mut self, _: &Newcomer, _: &mut Entries, _: &mut Stream) -> Option<Slot> {
        let (place, worth) = self.heap.least()?;
        self.floor = worth;
        self.heap.remove(place);
        Some(Slot(place))
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, newcomer: &Newcomer, _: &mut Entries) {
        self.uses.put(slot.0, 1);
        self.heap.push(slot.0, self.worth(1, newcomer.size));
    }

    fn on_remove(&mut self, slot: Slot, _: &mut Entries) {
        self.heap.remove(slot.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::eviction::testing::{sized_story, story};

    #[test]
    fn large_objects_go_first_and_use_outweighs_size() {
        let spec = Spec::default();
        // 100 bytes hold a of 50 and b of 40; c of 20 is worth more than either, and a, worth 1/50, least.
        assert_eq!(sized_story(&spec, 100, "a50 b40 c20"), "a50 b40 c20(-a)");
        // Used twice, a is worth 2/50, more than b's 1/40.
        assert_eq!(sized_story(&spec, 100, "a50 a50 b40 c20"), "a50 a50! b40 c20(-b)");
    }

    #[test]
    fn fame_fades() {
        // Equal sizes: a is worth 2, b 1, then whoever comes 1 more than the last to go: 2, 3. a goes before d.
        assert_eq!(story(&Spec::default(), 2, "a a b c d e"), "a a! b c(-b) d(-a) e(-c)");
    }

    #[test]
    fn packets_make_large_objects_dear() {
        let dear = Spec { cost: Cost::Packets };
        // (2 + 5360/536)/5360 against (2 + 536/536)/536: the large one still goes first, but two uses suffice to
        // keep it where ten would be needed if all misses cost the same.
        let requests = "a5360 a5360 a5360 b536 c536";
        assert_eq!(sized_story(&dear, 5900, requests), "a5360 a5360! a5360! b536 c536(-b)");
        assert_eq!(sized_story(&Spec::default(), 5900, requests), "a5360 a5360! a5360! b536 c536(-a)");
    }
}
