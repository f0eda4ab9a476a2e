//! Databases: a caller's view of their shards, and queries that reach several of them.

use sim_core::{random::Stream, simulation::Context, time::SimTime};

use super::program::{Fork, Gather, Reach};
use crate::{
    event::Event,
    measure::ShardBook,
    policy::{
        balancing::{Ask, Backend, Backends, Balance, Balancer},
        partitioning::{Partition, Partitioner},
    },
    request::CallId,
    spec::ReadFrom,
    world::{Node, Role, World},
};

/// What a call wants of a database, as far as it matters who answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// The shard, if the caller knows it; else that of the request's key.
    pub shard: Option<u16>,
    /// Whether it changes anything.
    pub writes: bool,
}

/// The rows of a view by shard, and the rule that says which holds a key.
#[derive(Debug)]
pub struct Shards {
    map: Partitioner,
    /// The rows of each shard, its leader first.
    members: Vec<Vec<u16>>,
    read_from: ReadFrom,
    /// The rows as a balancer sees them: those that may not answer not available.
    masked: Vec<Backend>,
}

impl Shards {
    /// Rows by shard.
    pub fn new(map: Partitioner, members: Vec<Vec<u16>>, read_from: ReadFrom) -> Self {
        Self { map, members, read_from, masked: Vec::new() }
    }

    /// How many balancers take turns of their own: one a shard where there is anything to pick.
    pub fn balancers(&self) -> usize {
        let several = self.members.iter().any(|rows| rows.len() > 1);
        if several && self.read_from != ReadFrom::Leader { self.members.len() } else { 1 }
    }

    /// The row that answers: the only one that may, or whom the shard's balancer picks.
    pub fn pick(
        &mut self,
        now: SimTime,
        (ask, query): (&Ask, Query),
        rows: &[Backend],
        (first, others): (&mut Balancer, &mut [Balancer]),
        random: &mut Stream,
    ) -> Option<usize> {
        let Self { map, members, read_from, masked } = self;
        let shard = query.shard.map_or_else(|| map.shard_of(ask.key) as usize, usize::from);
        let candidates = candidates(members.get(shard)?, *read_from, query.writes);
        let balancer = shard.checked_sub(1).and_then(|index| others.get_mut(index)).unwrap_or(first);
        if let [only] = candidates {
            let row = usize::from(*only);
            balancer.on_forced(&Backends::new(now, rows), row);
            return rows[row].available.then_some(row);
        }
        masked.clear();
        masked.extend(rows.iter().map(|row| Backend { available: false, ..*row }));
        for row in candidates {
            masked[usize::from(*row)].available = rows[usize::from(*row)].available;
        }
        balancer.pick(&Backends::new(now, masked), ask, random)
    }
}

/// Which rows of a shard may answer.
fn candidates(rows: &[u16], read_from: ReadFrom, writes: bool) -> &[u16] {
    let (leader, followers) = rows.split_at(rows.len().min(1));
    if writes {
        return leader;
    }
    match read_from {
        ReadFrom::Leader => leader,
        ReadFrom::Followers if followers.is_empty() => leader,
        ReadFrom::Followers => followers,
        ReadFrom::AnyReplica => rows,
    }
}

/// What a database knows of its shards.
#[derive(Debug)]
pub struct Division {
    /// Which shard holds a key.
    pub map: Partitioner,
    /// The shard of each of its servers.
    pub shard_of: Vec<usize>,
    /// How many of its keys each shard stores, or of a sample of them.
    pub stored: Vec<f64>,
    /// Queries that reach several shards.
    pub book: ShardBook,
}

impl Division {
    /// How many of the keys below `keys` each shard stores; of very many an even sample is counted.
    pub fn stored(map: &Partitioner, keys: u64) -> Vec<f64> {
        const MOST: u64 = 1_000_000;
        let mut stored = vec![0.0; map.shards() as usize];
        let step = keys.div_ceil(MOST).max(1);
        for key in (0..keys).step_by(step as usize) {
            stored[map.shard_of(key) as usize] += 1.0;
        }
        stored
    }
}

impl Node {
    /// What it knows of its shards, if it is a database.
    pub(crate) fn division(&self) -> Option<&Division> {
        match &self.role {
            Role::Service(service) => service.division.as_deref(),
            Role::Gateway(_) => None,
        }
    }

    /// What it knows of its shards, if it is a database.
    pub(crate) fn division_mut(&mut self) -> Option<&mut Division> {
        match &mut self.role {
            Role::Service(service) => service.division.as_deref_mut(),
            Role::Gateway(_) => None,
        }
    }
}

impl World {
    /// A call asks all shards that its query reaches, side by side.
    pub(super) fn gather(&mut self, id: CallId, gather: &Gather, cx: &mut Context<Event>) {
        let shards = self.reached(id, gather);
        let starts: Vec<u16> =
            shards.iter().filter_map(|shard| gather.fork.starts.get(*shard as usize).copied()).collect();
        let database = self.database_of(id, gather.route);
        if let Some(division) = database.and_then(|node| self.nodes[usize::from(node)].division_mut()) {
            division.book.on_query(starts.len() as u64);
        }
        let needed = gather.fork.needed.min(starts.len() as u32);
        self.fork(id, &Fork { starts: starts.into(), needed, ..gather.fork }, cx);
    }

    /// The component that a call's route leads to.
    fn database_of(&self, id: CallId, route: u16) -> Option<u16> {
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
            Reach::All => (0..division.map.shards()).collect(),
            Reach::Span(span) => {
                division.map.shards_of_range(key(0), key(0).saturating_add(span.saturating_sub(1)))
            }
            Reach::Keys(keys) => (0..keys).map(|nth| division.map.shard_of(key(u64::from(nth)))).collect(),
        };
        shards.sort_unstable();
        shards.dedup();
        shards
    }

    /// The `nth` key that a call's request asks for; the 0th is its own.
    fn further_key(&self, id: CallId, nth: u64) -> u64 {
        let Some(call) = self.calls.get(id) else { return 0 };
        match self.requests.get(call.request) {
            Some(request) => self.workloads[usize::from(request.workload)].mix.key_of(request, nth),
            None => self.tasks.outliving(call.request).unwrap_or_default(),
        }
    }
}
