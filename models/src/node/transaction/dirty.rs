//! Dirty reads: who saw what a saga had written before it was known whether that holds.

use super::TransactionId;
use crate::{
    policy::transaction::Protocol,
    request::{Asked, Call},
    world::World,
};

impl World {
    /// A step of a saga has committed: others see it from now on.
    pub(super) fn expose(&mut self, id: TransactionId, number: usize) {
        let Some((database, keys)) = self.written_by_saga(id, number) else { return };
        if let Some(own) = self.participation(database) {
            for key in keys {
                own.exposed.write(key, id);
            }
        }
    }

    /// A step of a saga is undone: whoever saw it saw what never was.
    pub(super) fn take_from_sight(&mut self, id: TransactionId, number: usize) {
        let Some((database, keys)) = self.written_by_saga(id, number) else { return };
        if let Some(own) = self.participation(database) {
            let reads: u64 = keys.into_iter().map(|key| own.exposed.settle(key, id)).sum();
            own.book.totals.dirty_reads += reads;
        }
    }

    /// All that a saga wrote holds.
    pub(super) fn keep_exposed(&mut self, id: TransactionId) {
        let parties = self.transactions.all.get(id).map_or(0, |known| known.parties.len());
        for number in 0..parties {
            let Some((database, keys)) = self.written_by_saga(id, number) else { return };
            if let Some(own) = self.participation(database) {
                for key in keys {
                    own.exposed.settle(key, id);
                }
            }
        }
    }

    /// The database of a saga, and what a participant of it writes.
    fn written_by_saga(&self, id: TransactionId, number: usize) -> Option<(u16, Vec<u64>)> {
        let known = self.transactions.all.get(id).filter(|known| known.deed.protocol == Protocol::Saga)?;
        Some((known.database, known.parties.get(number)?.claims.keys.clone()))
    }

    /// A read of a key was answered by the shard that stores it.
    pub(in crate::node) fn see_key(&mut self, call: &Call, key: u64) {
        let reads =
            matches!(call.asked, Asked::Serve | Asked::Shard) && !self.writes[usize::from(call.class)];
        if reads
            && self.stores(call.callee, key)
            && let Some(own) = self.participation(call.callee.node)
        {
            own.exposed.read(key);
        }
    }
}
