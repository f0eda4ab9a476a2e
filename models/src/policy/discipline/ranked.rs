//! Tickets sorted by a key: the memory of every discipline that serves the smallest of something first.

use std::collections::BTreeSet;

use super::Ticket;

/// Who waits, smallest key first; equal keys first in, first out, since tickets grow.
#[derive(Debug, Default)]
pub(super) struct Ranked(BTreeSet<(u64, Ticket)>);

impl Ranked {
    pub(super) fn add(&mut self, key: u64, ticket: Ticket) {
        self.0.insert((key, ticket));
    }

    pub(super) fn remove(&mut self, key: u64, ticket: Ticket) {
        self.0.remove(&(key, ticket));
    }

    pub(super) fn first(&self) -> Option<Ticket> {
        self.0.first().map(|&(_, ticket)| ticket)
    }
}
