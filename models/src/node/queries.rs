//! Queries of a database: which shards they reach, which keys they are about.

use sim_core::simulation::Context;

use super::program::{Fork, Gather, Reach};
use crate::{
    event::Event,
    request::{CallId, Verb},
    world::World,
};

impl World {
    /// A call asks all shards that its query reaches, side by side.
    pub(super) fn gather(&mut self, id: CallId, gather: &Gather, cx: &mut Context<Event>) {
        let shards = self.seek(id, gather).unwrap_or_else(|| self.reached(id, gather));
        let starts: Vec<u16> =
            shards.iter().filter_map(|shard| gather.fork.starts.get(*shard as usize).copied()).collect();
        let database = self.database_of(id, gather.route);
        if let Some(division) = database.and_then(|node| self.nodes[usize::from(node)].division_mut()) {
            division.note_query(gather.reach, starts.len() as u64);
        }
        let needed = gather.fork.needed.min(starts.len() as u32);
        self.fork(id, &Fork { starts: starts.into(), needed, ..gather.fork }, cx);
    }

    /// A call asks for something certain by one of its routes.
    pub(super) fn query(&mut self, id: CallId, route: u16, verb: Verb, cx: &mut Context<Event>) {
        if matches!(verb, Verb::Apply { .. }) {
            self.carry(id);
        }
        let verb = self.within_shard(id, verb);
        self.call_out(id, route, verb, cx);
    }

    /// What is asked of another replica is asked of one of the same shard.
    fn within_shard(&self, id: CallId, verb: Verb) -> Verb {
        let shard = || {
            let at = self.calls.get(id)?.callee;
            let division = self.nodes[usize::from(at.node)].division()?;
            division.shard_of.get(usize::from(at.server)).map(|shard| *shard as u16)
        };
        match (verb, verb.replica().and_then(|_| shard())) {
            (Verb::Apply { replica, .. }, Some(shard)) => Verb::Apply { shard, replica },
            (Verb::Peek { replica, .. }, Some(shard)) => Verb::Peek { shard, replica },
            (verb, _) => verb,
        }
    }

    /// The component that a call's route leads to.
    pub(super) fn database_of(&self, id: CallId, route: u16) -> Option<u16> {
        let caller = self.calls.get(id)?.callee.node;
        self.nodes[usize::from(caller)].routes.get(usize::from(route)).map(|route| route.node)
    }

    /// The shards that a query reaches, each once, in ascending order.
    fn reached(&self, id: CallId, gather: &Gather) -> Vec<u32> {
        let database = self.database_of(id, gather.route);
        let Some(division) = database.and_then(|node| self.nodes[usize::from(node)].division()) else {
            return Vec::new();
        };
        let key = |nth| self.further_key(id, nth);
        let mut shards = match gather.reach {
            Reach::All | Reach::Entries => (0..division.shards()).collect(),
            Reach::Rows(index) => division.rows(index, key(0)).map(|key| division.shard_of(key)).collect(),
            Reach::Span(span) => {
                division.shards_of_range(key(0), key(0).saturating_add(span.saturating_sub(1)))
            }
            Reach::Keys(keys) => (0..keys).map(|nth| division.shard_of(key(u64::from(nth)))).collect(),
        };
        shards.sort_unstable();
        shards.dedup();
        shards
    }

    /// The `nth` key that a call's request asks for; the 0th is its own.
    pub(super) fn further_key(&self, id: CallId, nth: u64) -> u64 {
        let Some(call) = self.calls.get(id) else { return 0 };
        match self.requests.get(call.request) {
            Some(request) => self.workloads[usize::from(request.workload)].mix.key_of(request, nth),
            None => self.tasks.outliving(call.request).unwrap_or_default(),
        }
    }
}
