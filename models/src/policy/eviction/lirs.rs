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
    index::Index,
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

/// An object held or remembered.
#[derive(Clone, Copy, Debug, Default)]
struct Node {
    kind: Kind,
    in_stack: bool,
    slot: u32,
    key: u64,
    weight: u64,
}

/// Nodes with their places in the stack and in a queue.
#[derive(Clone, Debug, Default)]
pub struct State {
    nodes: PerSlot<Node>,
    used: u32,
    free: Vec<u32>,
    node_of: PerSlot<u32>,
    stack_links: Links,
    /// By last use. Invariant: the oldest is LIR.
    stack: Segment,
    queue_links: Links,
    /// HIR objects that are held; the oldest goes next.
    queue: List,
    /// HIR objects that left, in the order they did.
    left: List,
    index: Index,
    lir: u64,
    lir_limit: u64,
    stack_limit: u64,
    came_back: bool,
}

impl State {
    fn push_stack(&mut self, node: u32) {
        if self.nodes[node].in_stack {
            self.stack.refresh(&mut self.stack_links, node);
        } else {
            self.stack.push(&mut self.stack_links, node, self.nodes[node].weight);
            self.nodes[node].in_stack = true;
        }
    }

    fn leave_stack(&mut self, node: u32) {
        if self.nodes[node].in_stack {
            self.stack.unlink(&mut self.stack_links, node, self.nodes[node].weight);
            self.nodes[node].in_stack = false;
        }
    }

    /// Takes HIR objects off the bottom of the stack: no LIR object's last use is older than theirs.
    fn prune(&mut self) {
        while let Some(oldest) = self.stack.oldest() {
            match self.nodes[oldest].kind {
                Kind::Lir => return,
                Kind::Hir => self.leave_stack(oldest),
                Kind::Left => self.forget(oldest),
            }
        }
    }

    /// Makes a HIR object LIR, and the LIR objects used least recently HIR.
    fn promote(&mut self, node: u32) {
        self.nodes[node].kind = Kind::Lir;
        self.lir += self.nodes[node].weight;
        self.push_stack(node);
        while self.lir > self.lir_limit
            && let Some(oldest) = self.stack.oldest()
        {
            self.demote(oldest);
        }
    }

    fn demote(&mut self, oldest: u32) {
        self.nodes[oldest].kind = Kind::Hir;
        self.lir -= self.nodes[oldest].weight;
        self.leave_stack(oldest);
        self.queue.push(&mut self.queue_links, oldest);
        self.prune();
    }

    fn forget(&mut self, node: u32) {
        let key = self.nodes[node].key;
        self.leave_stack(node);
        self.left.unlink(&mut self.queue_links, node);
        self.index.remove(key);
        self.free.push(node);
    }

    /// An object that was taken out of the queue is no longer held: it is remembered if it is in the stack.
    fn remember(&mut self, node: u32) {
        let Node { in_stack, key, .. } = self.nodes[node];
        if !in_stack {
            return self.free.push(node);
        }
        self.nodes[node].kind = Kind::Left;
        self.index.insert(key, node);
        self.left.push(&mut self.queue_links, node);
    }

    fn bound_stack(&mut self) {
        while self.stack.weight() > self.stack_limit
            && let Some(oldest) = self.left.oldest()
        {
            self.forget(oldest);
        }
    }

    fn new_node(&mut self, slot: Slot, newcomer: &Newcomer) -> u32 {
        let node = self.free.pop().unwrap_or_else(|| {
            self.used += 1;
            self.used - 1
        });
        let Newcomer { key, weight, .. } = *newcomer;
        self.nodes.put(node, Node { kind: Kind::Hir, in_stack: false, slot: slot.0, key, weight });
        self.node_of.put(slot.0, node);
        node
    }
}

impl Evict for State {
    #[inline]
    fn on_hit(&mut self, slot: Slot, _: &Entries) {
        let node = self.node_of[slot.0];
        let Node { kind, in_stack, .. } = self.nodes[node];
        if kind == Kind::Lir {
            self.push_stack(node);
            self.prune();
        } else if in_stack {
            self.queue.unlink(&mut self.queue_links, node);
            self.promote(node);
        } else {
            self.queue.refresh(&mut self.queue_links, node);
            self.push_stack(node);
            // Where nothing is LIR, the stack says nothing.
            self.prune();
        }
        self.bound_stack();
    }

    #[inline]
    fn on_miss(&mut self, newcomer: &Newcomer, _: &Entries) {
        let node = self.index.find(newcomer.key);
        self.came_back = node.is_some();
        if let Some(node) = node {
            self.forget(node);
        }
    }

    #[inline]
    fn evict(&mut self, _: &Newcomer, _: &Entries, _: &mut Stream) -> Option<Slot> {
        if self.queue.is_empty() {
            self.demote(self.stack.oldest()?);
        }
        let node = self.queue.oldest()?;
        self.queue.unlink(&mut self.queue_links, node);
        self.remember(node);
        Some(Slot(self.nodes[node].slot))
    }

    #[inline]
    fn on_insert(&mut self, slot: Slot, newcomer: &Newcomer, _: &Entries) {
        let node = self.new_node(slot, newcomer);
        if self.came_back || self.lir + newcomer.weight <= self.lir_limit {
            self.promote(node);
        } else {
            self.queue.push(&mut self.queue_links, node);
            self.push_stack(node);
            self.prune();
        }
        self.bound_stack();
    }

    fn on_remove(&mut self, slot: Slot, _: &Entries) {
        let node = self.node_of[slot.0];
        if self.nodes[node].kind == Kind::Lir {
            self.lir -= self.nodes[node].weight;
        } else {
            self.queue.unlink(&mut self.queue_links, node);
        }
        self.leave_stack(node);
        self.prune();
        self.free.push(node);
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
