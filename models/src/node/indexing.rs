//! Indexes of a database: whom entries are sent to, who is asked for them, and what they do not show yet.

use std::sync::Arc;

use sim_core::{
    random::{Luck, distribution::Distribution},
    simulation::Context,
    time::SimTime,
};
use slotmap::SecondaryMap;

use super::{
    program::{Fork, Program, Reach},
    service::DEMAND,
    sharding::Division,
};
use crate::{
    event::Event,
    measure::IndexBook,
    policy::{
        indexing::{Change, Entries},
        partitioning::Partition,
    },
    request::{Call, CallId, Verb},
    world::World,
};

/// The only component that a database calls: itself.
const ITSELF: u16 = 0;

/// An action of a database with indexes, or of a service that reads by one.
#[derive(Clone, Debug)]
pub enum Indexing {
    /// Goes on when entries are written: a branch for each.
    Await(Fork),
    /// Entries of these indexes follow later, each by what stands there.
    PassOn(Arc<[(u8, u16)]>),
    /// Asks the shard of an entry of this index to write it.
    Write(u8),
    /// A shard has written an entry.
    Written,
    /// Asks the shard that has the entries of the request's value.
    Look {
        /// The route to the database.
        route: u16,
        /// The index.
        index: u8,
        /// Whether nothing else is asked for.
        alone: bool,
    },
    /// A shard shows entries.
    Shown,
}

/// An index.
#[derive(Debug)]
pub struct Index {
    /// Its name, as a number: where its entries stand.
    pub place: u64,
    /// Different values that keys have.
    pub values: u64,
    /// Computing that writing an entry takes, if not as much as a write.
    pub update: Option<Distribution>,
    /// What it does not show, if entries follow later.
    pub later: Option<Entries>,
}

/// A change on its way to the shard of its entry.
#[derive(Clone, Copy, Debug)]
struct Carried {
    index: u8,
    change: Change,
    /// Whether its task is gone.
    lost: bool,
}

/// What a database knows of its indexes.
#[derive(Debug)]
pub struct Indexes {
    keys: u64,
    each: Vec<Index>,
    /// What a shard does that is asked for entries.
    pub lookup: Program,
    /// What a shard does that is to write one.
    pub entry: Program,
    /// Its book.
    pub book: IndexBook,
    /// Which index somebody's call is about. Calls that are gone find nobody who asks for theirs.
    about: SecondaryMap<CallId, u8>,
    /// The changes that tasks carry to other shards. What a task leaves behind may arrive all the same.
    carried: SecondaryMap<CallId, Carried>,
}

impl Index {
    /// The value of a key.
    const fn value(&self, key: u64) -> u64 {
        key % self.values
    }
}

impl Indexes {
    /// Nothing written yet.
    pub fn new(keys: u64, each: Vec<Index>, (lookup, entry): (Program, Program), book: IndexBook) -> Self {
        let (about, carried) = (SecondaryMap::new(), SecondaryMap::new());
        Self { keys, each, lookup, entry, book, about, carried }
    }

    /// Entries that are still to come.
    pub fn under_way(&self) -> u64 {
        self.carriers().count() as u64
    }

    /// Who carries them.
    pub fn carriers(&self) -> impl Iterator<Item = CallId> {
        self.carried.iter().filter(|(_, carried)| !carried.lost).map(|(id, _)| id)
    }

    /// A key near which the entries of a value stand: as if by chance, and the same for ever.
    fn stands_by(&self, index: u8, key: u64) -> Option<u64> {
        let index = self.each.get(usize::from(index))?;
        let bits = Luck(index.value(key)).at(index.place, 0);
        Some(((u128::from(bits) * u128::from(self.keys)) >> 64) as u64)
    }

    /// A key was written; a task carries its entry.
    fn begin(&mut self, task: CallId, index: u8, key: u64, now: SimTime) {
        let Some(own) = self.each.get_mut(usize::from(index)) else { return };
        let value = own.value(key);
        let Some(entries) = &mut own.later else { return };
        let change = entries.write(value, key, now);
        self.carried.insert(task, Carried { index, change, lost: false });
        self.book.totals.begun += 1;
    }

    /// A task's entry is there.
    fn arrive(&mut self, task: CallId, now: SimTime) {
        // Whoever does not hear of it sends it again.
        let Some(Carried { index, change, lost }) = self.carried.remove(task) else { return };
        if let Some(entries) = self.each.get_mut(usize::from(index)).and_then(|own| own.later.as_mut()) {
            entries.apply(change);
        }
        if !lost {
            self.book.on_apply(now.since(change.since));
        }
    }

    /// Entries are shown to a call. They are stale if they miss what was acknowledged before it was sent; what changed
    /// while it was under way it may miss (Herlihy & Wing 1990).
    fn show(&mut self, call: &Call, key: u64, now: SimTime) {
        let asker = call.parent.and_then(|parent| self.about.get(parent).copied());
        let Some(own) = asker.and_then(|index| self.each.get(usize::from(index))) else { return };
        let Some(entries) = &own.later else { return };
        let since = entries.untrue_since(own.value(key));
        self.book.on_shown(since.filter(|since| *since < call.sent).map(|since| now.since(since)));
    }
}

impl Division {
    /// A query reaches so many shards.
    pub(super) fn note_query(&mut self, reach: Reach, touched: u64) {
        let (touched, by_index) = match reach {
            Reach::All | Reach::Span(_) | Reach::Keys(_) => (touched, false),
            Reach::Entries => (touched, true),
            // The one that was asked for the entries too.
            Reach::Rows(_) => (touched + 1, true),
        };
        self.book.on_query(touched);
        if let Some(indexes) = self.indexes.as_deref_mut().filter(|_| by_index) {
            indexes.book.totals.reads += 1;
        }
    }

    /// The keys that have the value of this one by an index.
    pub(super) fn rows(&self, index: u8, key: u64) -> impl Iterator<Item = u64> {
        let own = self.indexes.as_deref().and_then(|own| Some((own.keys, own.each.get(usize::from(index))?)));
        let rows = own.map(|(keys, index)| (index.value(key)..keys).step_by(index.values as usize));
        rows.into_iter().flatten()
    }

    /// The shard that has the entries of a key's value by an index.
    fn shard_of_entry(&self, index: u8, key: u64) -> u16 {
        let near = self.indexes.as_deref().and_then(|own| own.stands_by(index, key));
        near.map_or(0, |near| self.map.shard_of(near) as u16)
    }
}

impl World {
    fn indexes(&mut self, node: u16) -> Option<&mut Indexes> {
        self.nodes[usize::from(node)].division_mut()?.indexes.as_deref_mut()
    }

    /// Takes a step that concerns an index.
    pub(super) fn index(&mut self, id: CallId, what: Indexing, cx: &mut Context<Event>) {
        match what {
            Indexing::Await(fork) => self.await_entries(id, &fork, cx),
            Indexing::PassOn(starts) => self.pass_entries_on(id, &starts, cx),
            Indexing::Write(index) => {
                if let Some(call) = self.calls.get(id) {
                    let database = call.callee.node;
                    self.ask_about(id, (ITSELF, database), index, Verb::Entry, cx);
                }
            }
            Indexing::Look { route, index, alone } => self.ask_for_entries(id, route, (index, alone), cx),
            Indexing::Written => self.entry_is_written(id, cx),
            Indexing::Shown => self.show_entries(id, cx),
        }
    }

    /// A leader has the entries of what it wrote written, and gives its worker to others meanwhile.
    fn await_entries(&mut self, id: CallId, fork: &Fork, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        // Queries of several shards go to others too.
        if self.stores(call.callee, self.key_of(&call)) {
            self.release_worker(id, cx);
            return self.fork(id, fork, cx);
        }
        self.calls[id].step = fork.behind;
        self.next_step(id, cx);
    }

    /// A leader lets the entries of what it wrote follow by themselves.
    fn pass_entries_on(&mut self, id: CallId, starts: &[(u8, u16)], cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        let key = self.key_of(&call);
        let starts = if self.stores(call.callee, key) { starts } else { &[] };
        for (index, start) in starts {
            let Some(writer) = self.calls.get_mut(id) else { return };
            let behind = std::mem::replace(&mut writer.step, *start);
            let task = self.spawn(id, behind, cx);
            if let (Some(task), Some(indexes)) = (task, self.indexes(call.callee.node)) {
                indexes.begin(task, *index, key, cx.now());
            }
        }
        self.next_step(id, cx);
    }

    /// Asks the shard that has the entries of the request's value.
    fn ask_for_entries(
        &mut self,
        id: CallId,
        route: u16,
        (index, alone): (u8, bool),
        cx: &mut Context<Event>,
    ) {
        let Some(database) = self.database_of(id, route) else { return };
        if let Some(division) = self.nodes[usize::from(database)].division_mut().filter(|_| alone) {
            division.note_query(Reach::Entries, 1);
        }
        self.ask_about(id, (route, database), index, Verb::Lookup, cx);
    }

    /// Asks the shard of the request's value for something that concerns an index.
    fn ask_about(
        &mut self,
        id: CallId,
        (route, database): (u16, u16),
        index: u8,
        verb: fn(u16) -> Verb,
        cx: &mut Context<Event>,
    ) {
        let key = self.further_key(id, 0);
        if let Some(indexes) = self.indexes(database) {
            indexes.about.insert(id, index);
        }
        let division = self.nodes[usize::from(database)].division();
        let shard = division.map_or(0, |division| division.shard_of_entry(index, key));
        self.call_out(id, route, verb(shard), cx);
    }

    /// The computing of writing an entry.
    pub(super) fn entry_work(&mut self, id: CallId, demand: f64) -> f64 {
        let Some(call) = self.calls.get(id).copied() else { return demand };
        let Some(indexes) = self.indexes(call.callee.node) else { return demand };
        let index = call.parent.and_then(|parent| indexes.about.get(parent).copied());
        let update = index.and_then(|index| indexes.each.get(usize::from(index))?.update.as_ref());
        update.map_or(demand, |time| time.sample(call.need.at(DEMAND, 0)))
    }

    fn entry_is_written(&mut self, id: CallId, cx: &mut Context<Event>) {
        let now = cx.now();
        let Some(call) = self.calls.get(id).copied() else { return };
        if let (Some(task), Some(indexes)) = (call.parent, self.indexes(call.callee.node)) {
            indexes.arrive(task, now);
        }
        self.next_step(id, cx);
    }

    fn show_entries(&mut self, id: CallId, cx: &mut Context<Event>) {
        let now = cx.now();
        let Some(call) = self.calls.get(id).copied() else { return };
        let key = self.key_of(&call);
        if let Some(indexes) = self.indexes(call.callee.node) {
            indexes.show(&call, key, now);
        }
        self.next_step(id, cx);
    }

    /// A task is over: an entry that it still carries is lost, unless it is on its way already.
    pub(super) fn lose_entry(&mut self, id: CallId, node: u16) {
        let Some(indexes) = self.indexes(node) else { return };
        if let Some(carried) = indexes.carried.get_mut(id).filter(|carried| !carried.lost) {
            carried.lost = true;
            indexes.book.totals.lost += 1;
        }
    }
}
