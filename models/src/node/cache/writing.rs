//! Writes: taken in, dropped, or passed on at regular times.

use sim_core::{
    simulation::Context,
    time::{SimDuration, SimTime},
};

use super::Keeper;
use crate::{
    event::Event,
    measure::Absence,
    node::flights::{Landing, Route as Flying},
    request::{Asked, Call, CallId, Instance},
    spec::{OnPut, OnWrite},
    world::World,
};

impl World {
    /// Takes in what was written.
    pub(super) fn store(&mut self, id: CallId, pending: u32, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        let flying = (call.callee, call.callee.node, self.key_of(&call));
        // Who was told to fetch brings it; what was changed meanwhile is not to be kept.
        let outdated = self.flights.get_mut(&flying).is_some_and(|flight| flight.outdated);
        if call.asked == Asked::Put && (outdated || self.is_older(id, &call)) {
            if let Some(keeper) = self.keeper(call.callee.node) {
                keeper.book.totals.refused_fills += 1;
            }
        } else {
            self.keep(&call, id, pending, cx);
        }
        if self.writes[usize::from(call.class)] {
            self.tell_copies(call.callee, self.key_of(&call), cx);
        }
        let version = Some(self.told_version(id, &call));
        if call.asked == Asked::Put {
            self.land_at(flying, Landing::Brought, version, cx);
        } else {
            self.outdate(flying);
        }
        self.next_step(id, cx);
    }

    /// Whether a put brings an older version than is held, to a cache that looks at that.
    fn is_older(&mut self, id: CallId, call: &Call) -> bool {
        let (key, version) = (self.key_of(call), self.told_version(id, call));
        let keeper = self.keeper(call.callee.node).filter(|keeper| keeper.on_put == OnPut::UnlessOlder);
        keeper.is_some_and(|keeper| keeper.shelves[usize::from(call.callee.server)].has_newer(key, version))
    }

    /// A key changes while it is being fetched.
    pub(super) fn outdate(&mut self, flying: Flying) {
        if let Some(flight) = self.flights.get_mut(&flying) {
            flight.outdated = true;
        }
    }

    pub(super) fn discard(&mut self, id: CallId, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        let key = self.key_of(&call);
        self.drop_key(call.callee, key, cx);
        self.tell_copies(call.callee, key, cx);
        self.next_step(id, cx);
    }

    /// A server of a cache drops a key, and what is being fetched of it.
    pub(super) fn drop_key(&mut self, at: Instance, key: u64, cx: &mut Context<Event>) {
        self.outdate((at, at.node, key));
        let Some(keeper) = self.keeper(at.node) else { return };
        let shelf = &mut keeper.shelves[usize::from(at.server)];
        // What its source does not have yet is newer than whatever the source says.
        if shelf.peek(key).is_none_or(|held| held.pending == 0) {
            shelf.take_out(key, Absence::Invalidated);
            keeper.count(cx.now());
        }
        self.drop_above(at, key, cx);
    }

    /// Takes in what is written; somebody passes it on at the next of the regular times.
    pub(super) fn store_later(&mut self, id: CallId, flush: u16, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        let key = self.key_of(&call);
        let Some(keeper) = self.keeper(call.callee.node) else { return };
        let shelf = &mut keeper.shelves[usize::from(call.callee.server)];
        let waits = shelf.add_write(key);
        keeper.book.totals.written += 1;
        let shelf = &mut keeper.shelves[usize::from(call.callee.server)];
        if !waits {
            let version = shelf.peek(key).map_or(0, |held| held.version);
            self.truth.tell(id, version);
            self.keep(&call, id, 1, cx);
            if let Some(call) = self.calls.get_mut(id) {
                let behind = std::mem::replace(&mut call.step, flush);
                self.spawn(id, behind, cx);
            }
        }
        self.outdate((call.callee, call.callee.node, key));
        self.next_step(id, cx);
    }

    pub(super) fn await_flush(&mut self, id: CallId, cx: &mut Context<Event>) {
        let now = cx.now().since(SimTime::ZERO).as_nanos();
        let Some(node) = self.calls.get(id).map(|call| call.callee.node) else { return };
        let every = match self.keeper(node).map(|keeper| keeper.on_write) {
            Some(OnWrite::WriteBack { flush_every }) => flush_every.as_nanos().max(1),
            Some(OnWrite::WriteThrough | OnWrite::WriteAround) | None => 1,
        };
        self.go_on_after(id, SimDuration::from_nanos(every - now % every), cx);
    }

    pub(super) fn flush(&mut self, id: CallId, behind: u16, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        let key = self.key_of(&call);
        let Some(keeper) = self.keeper(call.callee.node) else { return };
        if !keeper.shelves[usize::from(call.callee.server)].begin_flush(key) {
            self.calls[id].step = behind;
        }
        self.next_step(id, cx);
    }

    pub(super) fn flushed(&mut self, id: CallId, again: u16, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        let (key, version) = (self.key_of(&call), self.told_version(id, &call));
        let Some(keeper) = self.keeper(call.callee.node) else { return };
        let Keeper { shelves, book, .. } = keeper;
        if shelves[usize::from(call.callee.server)].end_flush(key, version, book) {
            self.calls[id].step = again;
        }
        self.next_step(id, cx);
    }
}
