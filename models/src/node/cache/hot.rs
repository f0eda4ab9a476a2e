//! Keys that are asked for most: counted where they are looked for, and read from several servers.

use sim_core::{
    random::{name_hash, unit},
    simulation::Context,
    time::SimTime,
};

use super::Keeper;
use crate::{
    event::Event,
    node::dispatch::Dispatch,
    request::{Instance, Notice, Request},
    world::{Node, World},
};

const COPY: u64 = name_hash("cache/copy");

impl World {
    /// A key is looked for.
    pub(super) fn note_lookup(&mut self, node: u16, key: u64, now: SimTime) {
        let Some(Keeper { hot_keys: Some(hot_keys), book, .. }) = self.keeper(node) else { return };
        if hot_keys.on_lookup(now, key) {
            book.set_hot_keys(now, hot_keys.count());
        }
        book.totals.hot_lookups += u64::from(hot_keys.is_hot(key, now));
    }

    /// A key has changed at one server: those that may hold copies are told to drop them.
    pub(super) fn tell_copies(&mut self, at: Instance, key: u64, cx: &mut Context<Event>) {
        let node = at.node;
        let hot_keys = self.keeper(node).and_then(|keeper| keeper.hot_keys.as_ref());
        if hot_keys.is_none_or(|hot| !hot.may_be_copied(key)) {
            return;
        }
        for server in (0..self.nodes[usize::from(node)].servers.len() as u16).filter(|own| *own != at.server)
        {
            let to = Instance { node, server };
            if let Some(travel) = self.message(at, to, key, cx.now()) {
                let notice = self.notices.insert(Notice { to, key });
                cx.after(travel, Event::Invalidate(notice));
            }
        }
    }
}

/// Who of a view's rows answers for a request of a key that is hot: its owner or who holds a copy, by the request's luck.
/// Who goes on after its request is over keeps to the owner.
pub(in crate::node) fn row_of_copy(
    cache: &Node,
    view: &Dispatch,
    request: Option<&Request>,
    row: usize,
) -> usize {
    let hot_keys = cache.keeper().and_then(|keeper| keeper.hot_keys.as_ref());
    let (Some(hot_keys), Some(request)) = (hot_keys, request) else { return row };
    if !hot_keys.is_hot(request.key, request.intended) {
        return row;
    }
    hot_keys.row_of_copy(row, view.rows(), unit(request.luck.at(COPY ^ cache.place, 0)))
}
