//! LIRS: ranks objects by the time between their last two uses, not by the time since the last.
//!
//! Most of the cache holds objects whose last two uses were close (LIR); a small part lets newcomers through (HIR).
//! A stack of last uses, which also remembers some HIR objects that left, tells whether a HIR object's two uses are
//! closer than some LIR object's last one is past; if so they change places. A loop longer than the cache, where LRU
//! never hits, keeps its LIR part. Jiang & Zhang, *LIRS*, SIGMETRICS 2002; the paper's stack is unbounded, here it
//! is bounded as in libCacheSim.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{
    Capacity, Entries, Evict, Newcomer, Slot,
    list::{Links, List, PerSlot, Segment},
    share::part,
};

/// `Lirs(new: 0.01, stack: 2.0)`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The share of the capacity for HIR objects, at least one unit. Default 0.01: the paper, section 3.3.
    pub new: f64,
    /// How much the stack holds at most, as a multiple of the capacity, above 1: what is over is forgotten of what
    /// left first. Default 2: libCacheSim.
    pub stack: f64,
}

impl Default for Spec {
    fn default() -> Self {
        Self { new: 0.01, stack: 2.0 }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.fraction("new", self.new);
        check.require(self.stack.is_finite() && self.stack > 1.0, "stack", || {
            format!("a stack remembers more than the cache holds, so it is above 1, not {}", self.stack)
        });
    }

    /// For static dispatch; else build the family.
    pub fn build(&self, capacity: Capacity) -> State {
        let limit = capacity.limit();
        State {
            lir_limit: limit - part(limit, self.new).min(limit),
            stack_limit: (limit as f64 * self.stack) as u64,
            ..State::default()
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Lir,
    Hir,
    /// A HIR object that left but is still in the stack.
    Left,
}

/// What a slot holds or remembers.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    kind: Kind,
    in_stack: bool,
}

/// Slots with their places in the stack and in a queue.
#[derive(Clone, Debug, Default)]
pub struct State {
    slots: PerSlot<Standing>,
    stack_links: Links,
    /// By last use. Invariant: the oldest is LIR.
    stack: Segment,
    queue_links: Links,
    /// HIR objects that are held; the oldest goes next.
    queue: List,
    /// HIR objects that left, in the order they did.
    left: List,
    lir: u64,
    lir_limit: u64,
    stack_limit: u64,
}

impl State {
    #[inline]
    fn push_stack(&mut self, slot: u32, entries: &Entries) {
        if self.slots[slot].in_stack {
            self.stack.refresh(&mut self.stack_links, slot);
        } else {
            self.stack.push(&mut self.stack_links, slot, entries.weight(Slot(slot)));
            self.slots[slot].in_stack = true;
        }
    }

    #[inline]
    fn leave_stack(&mut self, slot: u32, entries: &Entries) {
        if self.slots[slot].in_stack {
            self.stack.unlink(&mut self.stack_links, slot, entries.weight(Slot(slot)));
            self.slots[slot].in_stack = false;
        }
    }

    /// Takes HIR objects off the bottom of the stack: no LIR object's last use is older than theirs.
    #[inline]
    fn prune(&mut self, entries: &mut Entries) {
        while let Some(oldest) = self.stack.oldest() {
            match self.slots[oldest].kind {
                Kind::Lir => return,
                Kind::Hir => self.leave_stack(oldest, entries),
                Kind::Left => self.forget(oldest, entries),
            }
        }
    }

    /// Makes a HIR object LIR, and the LIR objects used least recently HIR.
    fn promote(&mut self, slot: u32, entries: &mut Entries) {
        self.slots[slot].kind = Kind::Lir;
        self.lir += entries.weight(Slot(slot));
        self.push_stack(slot, entries);
        while self.lir > self.lir_limit
            && let Some(oldest) = self.stack.oldest()
        {
            self.demote(oldest, entries);
        }
    }

    fn demote(&mut self, oldest: u32, entries: &mut Entries) {
        self.slots[oldest].kind = Kind::Hir;
        self.lir -= entries.weight(Slot(oldest));
        self.leave_stack(oldest, entries);
        self.queue.push(&mut self.queue_links, oldest);
        self.prune(entries);
    }

    /// Takes a key that is remembered out of the memory.
    #[inline]
    fn take(&mut self, slot: u32, entries: &Entries) {
        self.leave_stack(slot, entries);
        self.left.unlink(&mut self.queue_links, slot);
    }

    #[inline]
    fn forget(&mut self, slot: u32, entries: &mut Entries) {
        self.take(slot, entries);
        entries.forget(Slot(slot));
    }

    #[inline]
    fn bound_stack(&mut self, entries: &mut Entries) {
        while self.stack.weight() > self.stack_limit
            && let Some(oldest) = self.left.oldest()
        {
            self.forget(oldest, entries);
        }
    }
}

impl Evict for State {
    #[inline]
    fn on_hit(&mut self, slot: Slot, entries: &mut Entries) {
        let Standing { kind, in_stack } = self.slots[slot.0];
        if kind == Kind::Lir {
            self.push_stack(slot.0, entries);
            self.prune(entries);
        } else if in_stack {
            self.queue.unlink(&mut self.queue_links, slot.0);
            self.promote(slot.0, entries);
        } else {
            self.queue.refresh(&mut self.queue_links, slot.0);
            self.push_stack(slot.0, entries);
            // Where nothing is LIR, the stack says nothing.
            self.prune(entries);
        }
        self.bound_stack(entries);
    }

    #[inline]
    fn on_miss(&mut self, newcomer: &Newcomer, entries: &mut Entries) {
        if let Some(slot) = newcomer.remembered {
            self.take(slot.0, entries);
        }
    }

    #[inline]
    fn evict(&mut self, _: &Newcomer, entries: &mut Entries, _: &mut Stream) -> Option<Slot> {
        if self.queue.is_empty() {
            self.demote(self.stack.oldest()?, entries);
        }
        let slot = self.queue.oldest()?;
        self.queue.unlink(&mut self.queue_links, slot);
        if self.slots[slot].in_stack {
            self.slots[slot].kind = Kind::Left;
            self.left.push(&mut self.queue_links, slot);
        }
        Some(Slot(slot))
    }

    #[inline]
    fn remembers(&self, slot: Slot) -> bool {
        self.slots[slot.0].kind == Kind::Left
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, newcomer: &Newcomer, entries: &mut Entries) {
        self.slots.put(slot.0, Standing { kind: Kind::Hir, in_stack: false });
        if newcomer.remembered.is_some() || self.lir + newcomer.weight <= self.lir_limit {
            self.promote(slot.0, entries);
        } else {
            self.queue.push(&mut self.queue_links, slot.0);
            self.push_stack(slot.0, entries);
            self.prune(entries);
        }
        self.bound_stack(entries);
    }

    fn on_remove(&mut self, slot: Slot, entries: &mut Entries) {
        if self.slots[slot.0].kind == Kind::Lir {
            self.lir -= entries.weight(slot);
        } else {
            self.queue.unlink(&mut self.queue_links, slot.0);
        }
        self.leave_stack(slot.0, entries);
        self.prune(entries);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::eviction::testing::{hits, story};

    #[test]
    fn a_loop_keeps_its_lir_part() {
        // Two LIR places, one HIR: LRU would miss every time.
        let spec = Spec { new: 0.34, stack: 2.0 };
        assert_eq!(story(&spec, 3, "a b c d a b c d"), "a b c d(-c) a! b! c(-d) d(-c)");
    }

    #[test]
    fn what_comes_back_soon_changes_places() {
        let spec = Spec { new: 0.34, stack: 2.0 };
        // c is used twice while b's only use lies before both: c becomes LIR, a, used before b, HIR, and goes.
        assert_eq!(story(&spec, 3, "a b c c d b c"), "a b c c! d(-a) b! c!");
    }

    #[test]
    fn a_long_loop_hits_in_its_lir_part_only() {
        let spec = Spec { new: 0.01, stack: 1.1 };
        let requests: Vec<u64> = (0..12_000).map(|index| index % 120).collect();
        // All but the first of a hundred rounds find the 99 LIR objects.
        assert_eq!(hits(&spec, Capacity::Entries(100), &requests), 99 * 99);
    }
}
