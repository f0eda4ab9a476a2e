//! Databases: a caller's view of their shards, and what they know of these.

use sim_core::{
    random::{Luck, Stream, name_hash},
    simulation::Context,
    time::{SimDuration, SimTime},
};

use super::{
    indexing::Indexes,
    program::Program,
    replication::{NOTHING, Replicas},
    resharding::Resharding,
    transaction::Participation,
};
use crate::{
    event::Event,
    measure::{Owner, ShardBook, ShardTotals, Stored},
    policy::{
        balancing::{Ask, Backend, Backends, Balance, Balancer},
        partitioning::{KeySizes, Partition, Partitioner},
        resharding::{Custody, Knowledge, Learns, Routing},
    },
    request::{Asked, CallId},
    spec::ReadFrom,
    world::{Node, Role, World},
};

/// The choice of a shard where a caller knows nothing.
const COORDINATOR: u64 = name_hash("database/coordinator");

/// What a call wants of a database, as far as it matters who answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// The shard, if the caller knows it; else that of the request's key.
    pub shard: Option<u16>,
    /// Which replica of it, if the caller knows that too; 0 leads.
    pub replica: Option<u8>,
    /// Whether only a leader will do, since it changes something or shows what was changed.
    pub writes: bool,
}

/// The rows of a view by shard, and the rule that says which holds a key.
#[derive(Debug)]
pub struct Shards {
    map: Partitioner,
    /// The rows of each shard, its leader first.
    members: Vec<Vec<u16>>,
    read_from: ReadFrom,
    /// What this caller knows, where shards change or callers have maps of their own.
    own: Option<Knowledge>,
    routing: Routing,
    /// The rows as a balancer sees them: those that may not answer not available.
    masked: Vec<Backend>,
}

impl Shards {
    /// Rows by shard.
    pub fn new(map: Partitioner, members: Vec<Vec<u16>>, read_from: ReadFrom) -> Self {
        let (own, routing) = (None, Routing::Informed);
        Self { map, members, read_from, own, routing, masked: Vec::new() }
    }

    /// The same for a caller of a database whose shards change.
    pub fn routed(self, routing: Routing) -> Self {
        Self { own: Some(Knowledge::default()), routing, ..self }
    }

    /// The shard this caller goes to for a key, if that is not for its map to say.
    pub fn believed(
        &self,
        division: Option<&Division>,
        (key, writes): (u64, bool),
        luck: Luck,
    ) -> Option<u16> {
        let resharding = division?.resharding.as_deref()?;
        let (custody, knowledge) = (&resharding.custody, self.own.as_ref()?);
        let key = if writes { key } else { resharding.any_name(key, luck) };
        let shard = match self.routing {
            Routing::Informed => custody.by_map(key),
            Routing::Aware { .. } => knowledge.shard_of(key, custody),
            Routing::AnyNode => {
                ((u128::from(luck.at(COORDINATOR, 0)) * u128::from(custody.shards())) >> 64) as u32
            }
        };
        Some(shard as u16)
    }

    /// What this caller knows, where it has a map of its own that may be old.
    pub fn map_of_its_own(&self) -> Option<&Knowledge> {
        match self.routing {
            Routing::Aware { .. } => self.own.as_ref(),
            Routing::Informed | Routing::AnyNode => None,
        }
    }

    /// A shard has said that some of the keys asked for are elsewhere: the caller fetches the map.
    pub fn learn_all(&mut self, custody: &Custody) {
        if let (Routing::Aware { .. }, Some(knowledge)) = (self.routing, &mut self.own) {
            knowledge.learn(0, Learns::Table, custody);
        }
    }

    /// A shard has said that it holds a key no more.
    pub fn learn(&mut self, key: u64, custody: &Custody) {
        if let (Routing::Aware { learns }, Some(knowledge)) = (self.routing, &mut self.own) {
            knowledge.learn(key, learns, custody);
        }
    }

    /// How many balancers take turns of their own: one a shard where there is anything to pick.
    pub fn balancers(&self) -> usize {
        let several = self.members.iter().any(|rows| rows.len() > 1);
        if several && self.read_from != ReadFrom::Leader { self.members.len() } else { 1 }
    }

    /// Whether it matters who wrote lately.
    #[inline]
    pub const fn asks_who_wrote(&self) -> bool {
        matches!(self.read_from, ReadFrom::FollowersUnlessWrote(_))
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
        let Self { map, members, read_from, masked, .. } = self;
        let shard = query.shard.map_or_else(|| map.shard_of(ask.key) as usize, usize::from);
        let members = members.get(shard)?;
        let candidates = match query.replica.map(usize::from) {
            Some(replica) => members.get(replica..=replica)?,
            None => candidates(members, *read_from, query.writes),
        };
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
        ReadFrom::Followers | ReadFrom::FollowersUnlessWrote(_) if followers.is_empty() => leader,
        ReadFrom::Followers | ReadFrom::FollowersUnlessWrote(_) => followers,
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
    /// All that it stores, as far as it was counted.
    pub all: Stored,
    /// What of these each shard stores.
    pub stored: Vec<Stored>,
    /// Queries that reach several shards, and what was moved.
    pub book: ShardBook,
    /// What it knows of the replicas of each shard, if they may differ.
    pub replicas: Option<Box<Replicas>>,
    /// What it knows of transactions, if its shards take part in any.
    pub participation: Option<Box<Participation>>,
    /// What it knows of its indexes, if it has any.
    pub indexes: Option<Box<Indexes>>,
    /// Which figures it has.
    pub owners: Vec<Owner>,
    /// How its shards change, if they do, or if callers have maps of their own.
    pub resharding: Option<Box<Resharding>>,
}

impl Division {
    /// What of the keys below `keys` each of so many shards stores; of very many an even sample is counted.
    pub fn stored(map: &Partitioner, (keys, sizes): (u64, &KeySizes), shards: u32) -> Vec<Stored> {
        const MOST: u64 = 1_000_000;
        let mut stored = vec![Stored::default(); shards.max(map.shards()) as usize];
        let step = keys.div_ceil(MOST).max(1);
        for key in (0..keys).step_by(step as usize) {
            let (keys, bytes) = (i128::from(step), i128::from(step) * i128::from(sizes.of(key)));
            stored[map.shard_of(key) as usize] += Stored { keys, bytes };
        }
        stored
    }

    /// Whether each shard stores as many keys as the map gives it. It takes a look at every key: nothing is said of many,
    /// nor of keys that are on their way.
    pub fn is_where_it_says(&self) -> bool {
        const MOST: i128 = 10_000;
        let resharding = self.resharding.as_deref().filter(|it| it.custody.rests() && self.all.keys <= MOST);
        let Some(Resharding { custody, .. }) = resharding else { return true };
        let mut keys = vec![0; self.stored.len()];
        (0..self.all.keys as u64).for_each(|key| keys[custody.owner(key) as usize] += 1);
        self.stored.iter().map(|stored| stored.keys).eq(keys)
    }

    /// What is wrong with the numbers of hot keys, if they do not balance.
    pub fn unbalanced_hot_keys(&self) -> Option<String> {
        let resharding = self.resharding.as_deref().filter(|it| it.search.is_some())?;
        let (ShardTotals { found, cooled, uncopied, .. }, hot) =
            (self.book.totals, resharding.hot.keys().len());
        (found != cooled + uncopied + hot as u64)
            .then(|| format!("{found} hot keys found ≠ {cooled} cooled + {uncopied} not copied + {hot} hot"))
    }

    /// What is done for a call, if it is not what its class says.
    pub fn answer(&self, asked: Asked) -> Option<&Program> {
        let part = || self.participation.as_deref().map(|own| &own.programs);
        let indexes = || self.indexes.as_deref();
        match asked {
            Asked::Prepare => Some(&part()?.prepare),
            Asked::Alone => Some(&part()?.alone),
            Asked::Commit | Asked::Undo => Some(&part()?.commit),
            Asked::Abort => Some(&part()?.abort),
            Asked::Lookup => Some(&indexes()?.lookup),
            Asked::Entry => Some(&indexes()?.entry),
            Asked::Serve
            | Asked::Get
            | Asked::Put
            | Asked::Drop
            | Asked::Take
            | Asked::Accept
            | Asked::HandDown
            | Asked::Shard
            | Asked::Validate
            | Asked::Copy
            | Asked::Released => None,
            Asked::Apply | Asked::Peek => Some(&NOTHING),
        }
    }

    /// Whether a key is one of a server's shard.
    pub fn stores(&self, server: u16, key: u64) -> bool {
        self.shard_of.get(usize::from(server)).is_some_and(|shard| *shard == self.map.shard_of(key) as usize)
    }

    /// The shard of one of its servers.
    pub fn shard_at(&self, server: u16) -> u32 {
        self.shard_of.get(usize::from(server)).map_or(0, |shard| *shard as u32)
    }

    /// Which shard holds a key now.
    pub(super) fn shard_of(&self, key: u64) -> u32 {
        self.resharding.as_deref().map_or_else(|| self.map.shard_of(key), |it| it.custody.owner(key))
    }

    /// How many shards hold something now.
    pub(super) fn shards(&self) -> u32 {
        self.resharding.as_deref().map_or_else(|| self.map.shards(), |it| it.custody.shards())
    }

    /// The shards that may hold a key of a range now.
    pub(super) fn shards_of_range(&self, low: u64, high: u64) -> Vec<u32> {
        let moving = self.resharding.as_deref().map(|it| it.custody.shards_of_range(low, high));
        moving.unwrap_or_else(|| self.map.shards_of_range(low, high))
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

impl Node {
    /// Whether it is a database whose shards take part in sagas.
    pub(crate) fn has_sagas(&self) -> bool {
        let own = self.division().and_then(|division| division.participation.as_deref());
        own.is_some_and(|own| own.owners.contains(&Owner::Saga))
    }

    /// What it knows of its replicas, if they may differ.
    pub(crate) fn replicas(&self) -> Option<&Replicas> {
        self.division().and_then(|division| division.replicas.as_deref())
    }
}

impl World {
    /// A call that is asked for something of other work than its class says comes to its server.
    pub(super) fn admit_asked(&mut self, id: CallId, demand: f64, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        let demand = match call.asked {
            Asked::Validate => demand * self.part_to_do(&call),
            Asked::Apply => self.follower_work(id, demand),
            Asked::Entry => self.entry_work(id, demand),
            Asked::Copy => {
                let work = self.resharding(call.callee.node).map_or(SimDuration::ZERO, |it| it.work_of(id));
                work.as_nanos() as f64
            }
            Asked::Serve
            | Asked::Get
            | Asked::Put
            | Asked::Drop
            | Asked::Take
            | Asked::Accept
            | Asked::HandDown
            | Asked::Shard
            | Asked::Lookup
            | Asked::Peek
            | Asked::Released
            | Asked::Prepare
            | Asked::Alone
            | Asked::Commit
            | Asked::Abort
            | Asked::Undo => demand,
        };
        self.calls[id].work = SimDuration::from_nanos_f64(demand);
        if self.nodes[usize::from(call.callee.node)].holds_keys {
            return self.admit_at_shard(id, cx);
        }
        self.admit(id, cx);
    }
}
