//! The choice of a server for a call: by the caller's view, or the only one, or any that is near.

use sim_core::{
    random::{Luck, name_hash},
    simulation::Context,
};

use super::{sharding::Query, tasks::Tasks};
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
        let ask =
            if view.asks_who() { ask(&self.requests, &self.tasks, wish.request) } else { Ask::default() };
        let query = match &view.shards {
            Some(shards) => {
                let division = self.nodes[usize::from(wish.node)].division();
                let writes = self.writes[usize::from(wish.class)];
                let believed = || shards.believed(division, (ask.key, writes), wish.luck);
                Query { shard: wish.verb.shard().or_else(believed), writes }
            }
            None => Query::default(),
        };
        let row = view.pick(cx.now(), (&ask, query), tried)?;
        view.on_send(cx.now(), row);
        Some((view.targets[row], Some(Picked { dispatch, row: row as u16 })))
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
