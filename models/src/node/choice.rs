//! The choice of a server for a call: by the caller's view, or the only one, or any that is near.

use sim_core::{
    random::{Luck, name_hash},
    simulation::Context,
    time::SimTime,
};

use super::{
    cache::row_of_copy,
    sharding::{Query, Shards},
    tasks::Tasks,
};
use crate::{
    event::Event,
    policy::balancing::Ask,
    request::{Instance, Picked, RequestId, Requests, Site, Verb},
    world::World,
};

const INSTANCE: u64 = name_hash("instance");

/// A server and, if a view picked it, which row of which.
pub(crate) type Chosen = (Instance, Option<Picked>);

/// What is wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    /// The caller's view, if it has one.
    pub(crate) dispatch: Option<u32>,
    /// The component.
    pub(crate) node: u16,
    /// For whom.
    pub(crate) request: RequestId,
    /// Its luck.
    pub(crate) luck: Luck,
    /// From where.
    pub(crate) from: Site,
    /// Of which class.
    pub(crate) class: u16,
    /// What is asked for.
    pub(crate) verb: Verb,
}

impl World {
    /// Chooses a server that is not in one of the rows `tried`; `None` if none is available.
    #[inline(always)]
    pub(crate) fn choose(&mut self, wish: &Wish, tried: &[u16], cx: &Context<Event>) -> Option<Chosen> {
        let Some(dispatch) = wish.dispatch else { return Some((self.nearby(wish), None)) };
        let view = &mut self.dispatches[dispatch as usize];
        let row = if view.is_plain() && tried.is_empty() {
            view.pick_plainly(cx.now())?
        } else {
            let whose = (wish.request, wish.luck);
            self.pick_for(dispatch, whose, (wish.class, wish.verb), tried, cx.now())?
        };
        let view = &mut self.dispatches[dispatch as usize];
        view.on_send(cx.now(), row);
        Some((view.targets[row], Some(Picked { dispatch, row: row as u16 })))
    }

    /// Picks where it matters who asks, for what, or whom it tried before.
    #[inline(never)]
    fn pick_for(
        &mut self,
        dispatch: u32,
        (request, luck): (RequestId, Luck),
        (class, verb): (u16, Verb),
        tried: &[u16],
        now: SimTime,
    ) -> Option<usize> {
        let view = &self.dispatches[dispatch as usize];
        let ask = if view.asks_who() { ask(&self.requests, &self.tasks, request) } else { Ask::default() };
        let query = match &view.shards {
            Some(shards) => {
                let database = view.targets.first()?.node;
                let lately = self.wrote_lately_if_asked(shards, database, request, now);
                let division = self.nodes[usize::from(database)].division();
                let writes = self.writes[usize::from(class)];
                let believed = || shards.believed(division, (ask.key, writes), luck);
                let shard = verb.shard().or_else(believed);
                Query { shard, replica: verb.replica(), writes: writes || lately }
            }
            None => Query::default(),
        };
        let view = &mut self.dispatches[dispatch as usize];
        let row = view.pick(now, (&ask, query), tried)?;
        if !view.copies {
            return Some(row);
        }
        let cache = &self.nodes[usize::from(view.targets[row].node)];
        Some(row_of_copy(cache, view, self.requests.get(request), row))
    }

    /// Whether whoever asks wrote lately, where that matters to whom it reads from.
    fn wrote_lately_if_asked(
        &self,
        shards: &Shards,
        database: u16,
        request: RequestId,
        now: SimTime,
    ) -> bool {
        shards.asks_who_wrote() && self.wrote_lately(database, request, now)
    }

    /// The only server, or any of those in the caller's region: a name that resolves to several addresses.
    #[inline(always)]
    fn nearby(&self, wish: &Wish) -> Instance {
        let node = &self.nodes[usize::from(wish.node)];
        if node.servers.len() == 1 {
            return Instance { node: wish.node, server: 0 };
        }
        let near = &node.regional[usize::from(self.region(wish.from))];
        let among = if near.is_empty() { node.servers.len() } else { near.len() };
        let drawn = match among {
            1 => 0,
            _ => ((u128::from(wish.luck.at(INSTANCE, 0)) * among as u128) >> 64) as usize,
        };
        Instance { node: wish.node, server: near.get(drawn).copied().unwrap_or(drawn as u16) }
    }
}

/// What a balancer may know of a request.
fn ask(requests: &Requests, tasks: &Tasks, id: RequestId) -> Ask {
    match requests.get(id) {
        Some(request) => Ask { key: request.key, address: request.address },
        None => Ask { key: tasks.outliving(id).unwrap_or_default(), ..Ask::default() },
    }
}
