//! Databases whose shards change: keys are copied by calls of their own, which take workers like all others.

mod copying;
mod hot;
mod pursuing;

pub use hot::HotSearch;
pub use pursuing::Sought;

use sim_core::{
    random::{Luck, name_hash},
    time::{SimDuration, SimTime},
};

use crate::{
    policy::{
        partitioning::{CopiedKeys, KeyCopy},
        resharding::{
            Batch, Command, Custody, Extent, Loads, RebalanceSpec, ReshardSpec, Routing, Transfers,
        },
    },
    request::{CallId, Instance},
};

/// The choice among the copies of a key.
const WHICH: u64 = name_hash("database/hot");

/// What a database knows of its shards' changes.
#[derive(Debug)]
pub struct Resharding {
    /// Who holds what.
    pub custody: Custody,
    /// How callers find that out.
    pub routing: Routing,
    /// How long it takes a server to see that it does not hold a key.
    pub look: SimDuration,
    /// Keys that are stored several times.
    pub hot: CopiedKeys,
    /// How it finds these, if it does.
    pub search: Option<Box<HotSearch>>,
    /// Changes in order of time, and how many have begun.
    timeline: Vec<ReshardSpec>,
    begun: usize,
    /// What is under way, if anything is.
    under_way: Option<UnderWay>,
    /// How ranges are moved by load, and what was asked of them, if they are.
    pub balancing: Option<(RebalanceSpec, Loads)>,
    /// What each stream has on its way.
    sending: Vec<Option<Sending>>,
    /// Calls that wait until a key is handed over.
    pub(in crate::node) held: Vec<CallId>,
    /// Calls that copied, so far.
    sent: u64,
    stores: Stores,
}

/// A change under way.
#[derive(Debug)]
struct UnderWay {
    since: SimTime,
    transfers: Transfers,
    /// How long a key takes at either side.
    copy_time: SimDuration,
}

/// What a database stores, and by whom it is copied.
#[derive(Clone, Copy, Debug)]
pub struct Stores {
    /// Keys.
    pub keys: u64,
    /// Bytes of each on average.
    pub bytes_per_key: u64,
    /// Servers of a shard, its leader first.
    pub replicas: u16,
    /// Servers that hold all shards together; each region may have as many.
    pub servers: u16,
    /// The book of the calls that copy.
    pub book: u16,
    /// Their line of deadlines.
    pub line: u16,
}

/// A batch on its way.
#[derive(Clone, Copy, Debug)]
struct Sending {
    batch: Batch,
    call: CallId,
    /// Whether it was read, and is being written.
    read: bool,
    work: SimDuration,
}

/// What a stream has come to.
enum Turn {
    Copy(Batch),
    Wait(SimTime),
    HandedOver(usize),
    Rest,
}

impl Resharding {
    /// Nothing has changed yet.
    pub fn new(
        custody: Custody,
        routing: Routing,
        look: SimDuration,
        hot: CopiedKeys,
        mut timeline: Vec<ReshardSpec>,
        stores: Stores,
    ) -> Self {
        timeline.sort_by_key(|change| change.at);
        Self {
            custody,
            routing,
            look,
            hot,
            search: None,
            timeline,
            begun: 0,
            under_way: None,
            balancing: None,
            sending: Vec::new(),
            held: Vec::new(),
            sent: 0,
            stores,
        }
    }

    /// Whether keys ever go from shard to shard.
    pub(in crate::node) fn moves(&self) -> bool {
        !self.timeline.is_empty() || self.balancing.is_some()
    }

    /// The leader of a shard among the servers that hold all shards together, of which this is one.
    pub(in crate::node) fn leader(&self, at: Instance, shard: u32) -> Instance {
        let Stores { replicas, servers, .. } = self.stores;
        let first = at.server / servers.max(1) * servers;
        Instance { node: at.node, server: first + (shard as u16).saturating_mul(replicas) }
    }

    /// The copies of a key, by the map.
    pub(in crate::node) fn copies(&self, key: u64) -> Vec<KeyCopy> {
        self.hot.copies(key, self.custody.shards(), |name| self.custody.by_map(name))
    }

    /// The name of any copy of a key that answers, by chance.
    pub(in crate::node) fn any_name(&self, key: u64, luck: Luck) -> u64 {
        if !self.hot.answer(key) {
            return key;
        }
        let copies = self.copies(key);
        let drawn = (u128::from(luck.at(WHICH, 0)) * copies.len() as u128) >> 64;
        copies.get(drawn as usize).map_or(key, |(name, _)| *name)
    }

    /// The shard that a request goes on to which came to one without the key: of a key with copies, one of them for reads.
    pub(in crate::node) fn onward(&self, key: u64, writes: bool, owner: u32, luck: Luck) -> u32 {
        if writes || !self.hot.answer(key) { owner } else { self.custody.by_map(self.any_name(key, luck)) }
    }

    /// The name under which a shard has a key, if it may and is written or may answer.
    pub(in crate::node) fn name_at(&self, shard: u32, key: u64, writes: bool) -> u64 {
        if !(self.hot.answer(key) || writes && self.hot.has(key)) {
            return key;
        }
        let copy = self.copies(key).into_iter().find(|(_, holder)| *holder == shard);
        copy.map_or(key, |(name, _)| name)
    }

    /// The shard with the next copy of a key, which writes go to after this.
    pub(in crate::node) fn next_copy(&self, shard: u32, key: u64) -> Option<u32> {
        if !self.hot.has(key) {
            return None;
        }
        let copies = self.copies(key);
        let place = copies.iter().position(|(_, holder)| *holder == shard)?;
        copies.get(place + 1).map(|(_, holder)| *holder)
    }

    /// Begins the next change, if it is time for it and none is under way; how many shards there will be.
    fn begin(&mut self, now: SimTime) -> Option<u32> {
        let change = self.timeline.get(self.begun).filter(|change| SimTime::ZERO + change.at <= now)?;
        if self.under_way.is_some() {
            return None;
        }
        let change = change.clone();
        self.begun += 1;
        self.custody.begin(change.shards, self.stores.keys, change.keys_per_part, change.cut_over);
        self.copy(&change, now);
        Some(change.shards)
    }

    fn copy(&mut self, change: &ReshardSpec, now: SimTime) {
        let transfers = Transfers::new(change);
        self.sending = vec![None; transfers.streams()];
        self.under_way = Some(UnderWay { since: now, transfers, copy_time: change.copy_time });
    }

    /// A key was asked for.
    pub(in crate::node) fn on_request(&mut self, key: u64) {
        if let (Some((_, loads)), Some(table)) = (&mut self.balancing, self.custody.table()) {
            loads.on_request(table, key);
        }
    }

    /// Looks at what was asked of the ranges: how many were split and joined, and what goes where.
    fn rebalance(&mut self, now: SimTime) -> (u64, u64, Option<(u64, u64, u32)>) {
        let Stores { keys, bytes_per_key, .. } = self.stores;
        let (shards, cuts) = (self.custody.shards(), self.custody.cuts());
        let extent = Extent { shards, keys, bytes_per_key, cuts };
        let (Some((spec, loads)), Some(table)) = (&mut self.balancing, self.custody.table()) else {
            return (0, 0, None);
        };
        let look = loads.look(spec, table, extent);
        if self.under_way.is_some() {
            return (0, 0, None);
        }
        let copying = spec.copying();
        self.custody.cut(look.table);
        let custody = &mut self.custody;
        let goes = look.goes.filter(|range| custody.begin_range(*range, keys, copying.cut_over));
        if goes.is_some() {
            self.copy(&copying, now);
        }
        (look.splits, look.joints, goes)
    }

    /// Ends the change under way, if all is copied; when it began.
    fn end(&mut self) -> Option<SimTime> {
        let UnderWay { since, transfers, .. } = self.under_way.as_ref()?;
        let begun = transfers.are_done(self.custody.parts()).then_some(*since)?;
        self.custody.finish();
        self.under_way = None;
        Some(begun)
    }

    /// A stream goes on, as far as it can by itself.
    fn go_on(&mut self, stream: usize, now: SimTime) -> Turn {
        let Some(UnderWay { transfers, .. }) = &mut self.under_way else { return Turn::Rest };
        // Ends: a part starts once, is blocked once and handed over once, and everything else is an answer.
        loop {
            match transfers.next(stream, now, self.custody.parts()) {
                Command::Start(part) => self.custody.start(part),
                Command::Block(part) => self.custody.block(part),
                Command::Wait(until) => return Turn::Wait(until),
                Command::Rest => return Turn::Rest,
                Command::Copy(batch) => {
                    if let Some(going) = batch.going {
                        self.custody.lift(batch.part, going);
                    }
                    return Turn::Copy(batch);
                }
                Command::HandOver(part) => {
                    self.custody.hand_over(part);
                    return Turn::HandedOver(part);
                }
            }
        }
    }

    /// What a stream had on its way has arrived, or has not; of which part how many keys were there before, and how many
    /// are now beside those.
    fn on_arrived(&mut self, stream: usize, arrived: bool) -> (usize, (u64, u64)) {
        let Some(sending) = self.sending[stream].take() else { return (0, (0, 0)) };
        let Some(UnderWay { transfers, .. }) = &mut self.under_way else { return (0, (0, 0)) };
        let moved = transfers.on_arrived(stream, arrived);
        if sending.batch.going.is_some() {
            self.custody.land(sending.batch.part, arrived);
        }
        (sending.batch.part, moved)
    }

    /// A write was made that has to be copied too.
    pub(in crate::node) fn on_write(&mut self, part: usize) {
        if let Some(UnderWay { transfers, .. }) = &mut self.under_way {
            transfers.on_write(part);
        }
    }

    /// Calls that wait until a key is handed over.
    pub fn held(&self) -> &[CallId] {
        &self.held
    }

    /// How much a call has to do that copies.
    pub(in crate::node) fn work_of(&self, call: CallId) -> SimDuration {
        if let Some(work) = self.search.as_deref().and_then(|search| search.work_of(call)) {
            return work;
        }
        let mut sending = self.sending.iter().flatten();
        sending.find(|sending| sending.call == call).map_or(SimDuration::ZERO, |sending| sending.work)
    }
}
