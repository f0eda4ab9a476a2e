//! Caches: lookups, fetches that somebody else may be making already, writes that go on later, and whether what is
//! served is still true.

use sim_core::{
    random::{distribution::Distribution, name_hash, unit},
    simulation::Context,
    time::{SimDuration, SimTime},
};

use super::{
    flights::{Landing, Route as Flying, Waiter},
    program::{Program, Shelving},
    shelf::{Found, Held, Shelf},
    truth::Version,
};
use crate::{
    event::Event,
    measure::{Absence, Owner, ShelfBook, Turn},
    policy::freshness::Freshness,
    request::{Call, CallId, Instance, Outcome, Reason, Verb},
    spec::{OnConcurrentMiss, OnWrite},
    world::World,
};

const LOSS: u64 = name_hash("cache/invalidation lost");
const DELAY: u64 = name_hash("cache/invalidation delay");

/// Who fetches for a service that looks into a cache by itself has so long to do it alone (Nishtala et al. 2013).
const LEASE: SimDuration = SimDuration::from_secs(10);

/// What makes a component a cache.
#[derive(Debug)]
pub struct Keeper {
    /// The component whose keys it keeps, and at which they are changed: beyond other caches, if it keeps those of one.
    pub truth: u16,
    /// What becomes of one who finds an object missing that is being fetched.
    pub on_concurrent_miss: OnConcurrentMiss,
    /// What it does with writes.
    pub on_write: OnWrite,
    /// How long a message takes that a key has changed, and what part of them is lost.
    pub invalidation: Option<(Distribution, f64)>,
    /// The part of the source's work that a confirmation costs.
    pub revalidation: Option<f64>,
    /// What is done for those who say what they want, in the order of [`Verb::Get`], [`Verb::Put`], [`Verb::Drop`].
    pub answers: [Program; 3],
    /// What each server holds.
    pub shelves: Vec<Shelf>,
    /// The book of all of them.
    pub book: ShelfBook,
}

impl Keeper {
    /// What is done for a call, if it is not what its class says.
    pub fn answer(&self, verb: Verb) -> Option<&Program> {
        match verb {
            Verb::Serve | Verb::Validate => None,
            Verb::Get => Some(&self.answers[0]),
            Verb::Put => Some(&self.answers[1]),
            Verb::Drop => Some(&self.answers[2]),
        }
    }

    /// Which figures it has beside those of all stations.
    pub const fn owners(&self) -> &'static [Owner] {
        match self.on_write {
            OnWrite::WriteThrough | OnWrite::WriteAround => &[Owner::Cache],
            OnWrite::WriteBack { .. } => &[Owner::Cache, Owner::WriteBack],
        }
    }

    /// How long one may fetch alone, where others wait for that.
    const fn lease(&self) -> Option<SimDuration> {
        match self.on_concurrent_miss {
            OnConcurrentMiss::Fetch => None,
            OnConcurrentMiss::Coalesce { lease } => Some(lease),
        }
    }

    /// Writes down how much is held now.
    fn count(&mut self, now: SimTime) {
        let fills = self.shelves.iter().map(Shelf::fill);
        let (entries, bytes) =
            fills.fold((0, 0_u64), |sum, fill| (sum.0 + fill.0, sum.1.saturating_add(fill.1)));
        let kibibytes = u32::try_from(bytes >> 10).unwrap_or(u32::MAX);
        self.book.set_size(now, u32::try_from(entries).unwrap_or(u32::MAX), kibibytes);
    }

    /// Windows open or close.
    pub fn on_turn(&mut self, now: SimTime, turn: &Turn) {
        self.book.on_turn(now, turn);
    }
}

impl World {
    fn keeper(&mut self, node: u16) -> Option<&mut Keeper> {
        self.nodes[usize::from(node)].keeper_mut()
    }

    /// Deals with a cache.
    pub(super) fn shelve(&mut self, id: CallId, what: Shelving, cx: &mut Context<Event>) {
        let now = cx.now();
        match what {
            Shelving::LookUp { found, renew, failed } => self.look_up(id, found, renew, failed, cx),
            Shelving::Fetch(route) => self.fetch(id, route, cx),
            Shelving::Fill => self.fill(id, cx),
            Shelving::Missed => self.make_do(id, cx),
            Shelving::Lapsed => {
                self.land(id, Landing::Failed, cx);
                self.next_step(id, cx);
            }
            Shelving::Store => self.store(id, 0, cx),
            Shelving::Discard => self.discard(id, cx),
            Shelving::StoreLater { flush } => self.store_later(id, flush, cx),
            Shelving::AwaitFlush => self.await_flush(id, cx),
            Shelving::Flush { behind } => self.flush(id, behind, cx),
            Shelving::Flushed { again } => self.flushed(id, again, cx),
            Shelving::Ask(route, verb) => {
                if let Some(call) = self.calls.get_mut(id) {
                    call.found = false;
                }
                self.call_out(id, route, verb, cx);
            }
            Shelving::IfFound(there) => {
                if let Some(call) = self.calls.get_mut(id).filter(|call| call.found) {
                    call.step = there;
                }
                self.next_step(id, cx);
            }
            Shelving::Join { route, there, failed, again } => {
                let Some(call) = self.calls.get(id).copied() else { return };
                let cache = self.nodes[usize::from(call.callee.node)].routes[usize::from(route)].node;
                let flying = (call.callee, cache, self.key_of(&call));
                if self.wait_for(flying, Waiter { call: id, there, failed, again }, LEASE, now) {
                    return;
                }
                self.flights.begin(flying, Some(id), now);
                self.next_step(id, cx);
            }
            Shelving::Land => {
                self.land(id, Landing::Brought, cx);
                self.next_step(id, cx);
            }
        }
    }

    /// What a call asks for; its request may be over, if it goes on by itself.
    pub(super) fn key_of(&self, call: &Call) -> u64 {
        let known = self.requests.get(call.request).map(|request| request.key);
        known.or_else(|| self.tasks.outliving(call.request)).unwrap_or(call.need.0)
    }

    /// Lets a call wait for a fetch under way, if there is one that is not too old; whether it does.
    fn wait_for(&mut self, flying: Flying, waiter: Waiter, lease: SimDuration, now: SimTime) -> bool {
        let Some(flight) = self.flights.get_mut(&flying).filter(|flight| now < flight.since + lease) else {
            return false;
        };
        flight.waiting.push(waiter);
        true
    }

    fn look_up(&mut self, id: CallId, there: u16, renew: Option<u16>, failed: u16, cx: &mut Context<Event>) {
        let now = cx.now();
        let Some(call) = self.calls.get(id).copied() else { return };
        let (at, key) = (call.callee, self.key_of(&call));
        let flying = (at, at.node, key);
        let under_way = self.flights.get_mut(&flying).is_some();
        let Some(keeper) = self.keeper(at.node) else { return };
        let lease = keeper.lease();
        let shelf = &mut keeper.shelves[usize::from(at.server)];
        let size = shelf.size_of(key);
        let why = match shelf.look_up(key, now) {
            Found::Object(_, Freshness::Failed) => {
                keeper.book.on_hit(size);
                self.calls[id].found = true;
                return self.fail(id, Reason::Error, cx);
            }
            Found::Object(held, Freshness::Fresh) => return self.serve(id, held, there, cx),
            // Whoever looks in by itself fetches by itself: the first is told to, the others get what there is.
            Found::Object(held, Freshness::Renew | Freshness::Stale) if under_way || renew.is_some() => {
                if let Some(renew) = renew.filter(|_| !under_way) {
                    self.renew(id, flying, renew, cx);
                }
                return self.serve(id, held, there, cx);
            }
            Found::Object(held, Freshness::Early) if under_way => return self.serve(id, held, there, cx),
            Found::Object(_, Freshness::Renew | Freshness::Stale | Freshness::Early) => {
                keeper.book.on_miss(Absence::Expired, size);
                self.flights.begin(flying, renew.map(|_| id), now);
                return self.next_step(id, cx);
            }
            Found::Object(_, Freshness::Expired) => Absence::Expired,
            Found::Nothing(why) => why,
        };
        keeper.book.on_miss(why, size);
        if let Some(lease) = lease {
            let again = call.step - 1;
            if self.wait_for(flying, Waiter { call: id, there, failed, again }, lease, now) {
                if let Some(keeper) = self.keeper(at.node) {
                    keeper.book.totals.coalesced += 1;
                }
                return;
            }
            self.flights.begin(flying, renew.map(|_| id), now);
        }
        self.next_step(id, cx);
    }

    /// Answers a lookup with what is held.
    fn serve(&mut self, id: CallId, held: Held, there: u16, cx: &mut Context<Event>) {
        let now = cx.now();
        let Some(call) = self.calls.get_mut(id) else { return };
        (call.found, call.step) = (true, there);
        let call = *call;
        let key = self.key_of(&call);
        let truth = self.keeper(call.callee.node).map_or(0, |keeper| keeper.truth);
        let age = self.truth.age(truth, key, held.version, now).filter(|_| held.pending == 0);
        self.truth.tell(id, held.version);
        if let Some(keeper) = self.keeper(call.callee.node) {
            let size = keeper.shelves[usize::from(call.callee.server)].size_of(key);
            keeper.book.on_hit(size);
            if let Some(age) = age {
                keeper.book.on_stale(age);
            }
        }
        self.next_step(id, cx);
    }

    /// Has what is held fetched anew in the background.
    fn renew(&mut self, id: CallId, flying: Flying, renew: u16, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get_mut(id) else { return };
        let step = std::mem::replace(&mut call.step, renew);
        let task = self.spawn(id, step, cx);
        self.flights.begin(flying, task, cx.now());
        if let Some(keeper) = self.keeper(flying.1) {
            keeper.book.totals.refreshes += 1;
        }
    }

    /// Fetches, or asks whether what has expired is still true.
    fn fetch(&mut self, id: CallId, route: u16, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        let key = self.key_of(&call);
        let Some(keeper) = self.keeper(call.callee.node) else { return };
        let held = keeper.shelves[usize::from(call.callee.server)].peek(key);
        let has = keeper.revalidation.is_some() && held.is_some_and(|held| !held.life.negative);
        self.call_out(id, route, if has { Verb::Validate } else { Verb::Serve }, cx);
    }

    /// The part of its work that a callee saves who only has to confirm what the caller has.
    pub(super) fn part_to_do(&mut self, call: &Call) -> f64 {
        let Some(asker) = call.parent.and_then(|parent| self.calls.get(parent)).copied() else { return 1.0 };
        let key = self.key_of(&asker);
        let Some(keeper) = self.keeper(asker.callee.node) else { return 1.0 };
        let (truth, part) = (keeper.truth, keeper.revalidation.unwrap_or(1.0));
        let held = keeper.shelves[usize::from(asker.callee.server)].peek(key);
        let version = self.truth.version(truth, key);
        if held.is_some_and(|held| held.version == version) { part } else { 1.0 }
    }

    /// Takes in what was fetched.
    fn fill(&mut self, id: CallId, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        let outdated = self.flights.of(id).and_then(|flying| self.flights.get_mut(&flying));
        if outdated.is_some_and(|flight| flight.outdated) {
            if let Some(keeper) = self.keeper(call.callee.node) {
                keeper.book.totals.refused_fills += 1;
            }
        } else {
            self.keep(&call, id, 0, cx.now());
        }
        self.land(id, Landing::Brought, cx);
        self.next_step(id, cx);
    }

    /// Takes in what a call brought.
    fn keep(&mut self, call: &Call, id: CallId, pending: u32, now: SimTime) {
        let (key, version) = (self.key_of(call), self.told_version(id, call));
        // A part of a call begins when it is sent.
        let cost = now.since(call.started.max(call.sent));
        let Some(keeper) = self.keeper(call.callee.node) else { return };
        let Keeper { shelves, book, .. } = keeper;
        shelves[usize::from(call.callee.server)].fill_in(key, version, cost, pending, now, book);
        keeper.count(now);
    }

    /// The version that a call brings: what it was told itself, or what whoever sends it was told.
    fn told_version(&self, id: CallId, call: &Call) -> Version {
        let told = self.truth.told(id).or_else(|| call.parent.and_then(|parent| self.truth.told(parent)));
        told.unwrap_or(0)
    }

    /// A fetch is over: those who wait go on, with it or without it.
    fn land(&mut self, id: CallId, landing: Landing, cx: &mut Context<Event>) {
        if let Some(flying) = self.flights.of(id) {
            let version = self.truth.told(id);
            self.land_at(flying, landing, version, cx);
        }
    }

    fn land_at(
        &mut self,
        flying: Flying,
        landing: Landing,
        version: Option<Version>,
        cx: &mut Context<Event>,
    ) {
        let Some(flight) = self.flights.land(&flying) else { return };
        let landing = match landing {
            Landing::Brought if flight.outdated => Landing::GivenUp,
            landing => landing,
        };
        for waiter in flight.waiting {
            let Some(call) = self.calls.get_mut(waiter.call) else { continue };
            call.step = match landing {
                Landing::Brought => waiter.there,
                Landing::Failed => waiter.failed,
                Landing::GivenUp => waiter.again,
            };
            if let (Landing::Brought, Some(version)) = (landing, version) {
                self.truth.tell(waiter.call, version);
            }
            // Not at once: who lands may be in the middle of a crash.
            self.go_on_after(waiter.call, SimDuration::ZERO, cx);
        }
    }

    /// A call that fetched ends before what it fetched is there: another may.
    pub(super) fn give_up_flight(&mut self, id: CallId, cx: &mut Context<Event>) {
        self.land(id, Landing::GivenUp, cx);
    }

    /// It could not be fetched: what has expired is served, if that is allowed.
    fn make_do(&mut self, id: CallId, cx: &mut Context<Event>) {
        let now = cx.now();
        let Some(call) = self.calls.get(id).copied() else { return };
        let key = self.key_of(&call);
        let Some(keeper) = self.keeper(call.callee.node) else { return };
        let Keeper { shelves, book, .. } = keeper;
        let shelf = &mut shelves[usize::from(call.callee.server)];
        let held = shelf.stands_in(key, now);
        if held.is_none() {
            shelf.remember_failure(key, now, book);
            keeper.count(now);
        }
        self.land(id, Landing::Failed, cx);
        let (Some(held), Some(call)) = (held, self.calls.get_mut(id)) else {
            return self.fail(id, Reason::Error, cx);
        };
        call.degraded = true;
        let there = call.step;
        self.serve(id, held, there, cx);
    }

    /// Takes in what was written.
    fn store(&mut self, id: CallId, pending: u32, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        let flying = (call.callee, call.callee.node, self.key_of(&call));
        // Who was told to fetch brings it; what was changed meanwhile is not to be kept.
        let refused =
            call.verb == Verb::Put && self.flights.get_mut(&flying).is_some_and(|flight| flight.outdated);
        if refused {
            if let Some(keeper) = self.keeper(call.callee.node) {
                keeper.book.totals.refused_fills += 1;
            }
        } else {
            self.keep(&call, id, pending, cx.now());
        }
        let version = Some(self.told_version(id, &call));
        if call.verb == Verb::Put {
            self.land_at(flying, Landing::Brought, version, cx);
        } else {
            self.outdate(flying);
        }
        self.next_step(id, cx);
    }

    /// A key changes while it is being fetched.
    fn outdate(&mut self, flying: Flying) {
        if let Some(flight) = self.flights.get_mut(&flying) {
            flight.outdated = true;
        }
    }

    fn discard(&mut self, id: CallId, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        self.drop_key(call.callee, self.key_of(&call), cx.now());
        self.next_step(id, cx);
    }

    /// A server of a cache drops a key, and what is being fetched of it.
    fn drop_key(&mut self, at: Instance, key: u64, now: SimTime) {
        self.outdate((at, at.node, key));
        let Some(keeper) = self.keeper(at.node) else { return };
        let shelf = &mut keeper.shelves[usize::from(at.server)];
        // What its source does not have yet is newer than whatever the source says.
        if shelf.peek(key).is_none_or(|held| held.pending == 0) {
            shelf.take_out(key, Absence::Invalidated);
            keeper.count(now);
        }
    }

    /// Takes in what is written; somebody passes it on at the next of the regular times.
    fn store_later(&mut self, id: CallId, flush: u16, cx: &mut Context<Event>) {
        let now = cx.now();
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
            self.keep(&call, id, 1, now);
            if let Some(call) = self.calls.get_mut(id) {
                let behind = std::mem::replace(&mut call.step, flush);
                self.spawn(id, behind, cx);
            }
        }
        self.outdate((call.callee, call.callee.node, key));
        self.next_step(id, cx);
    }

    fn await_flush(&mut self, id: CallId, cx: &mut Context<Event>) {
        let now = cx.now().since(SimTime::ZERO).as_nanos();
        let Some(node) = self.calls.get(id).map(|call| call.callee.node) else { return };
        let every = match self.keeper(node).map(|keeper| keeper.on_write) {
            Some(OnWrite::WriteBack { flush_every }) => flush_every.as_nanos().max(1),
            Some(OnWrite::WriteThrough | OnWrite::WriteAround) | None => 1,
        };
        self.go_on_after(id, SimDuration::from_nanos(every - now % every), cx);
    }

    fn flush(&mut self, id: CallId, behind: u16, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        let key = self.key_of(&call);
        let Some(keeper) = self.keeper(call.callee.node) else { return };
        if !keeper.shelves[usize::from(call.callee.server)].begin_flush(key) {
            self.calls[id].step = behind;
        }
        self.next_step(id, cx);
    }

    fn flushed(&mut self, id: CallId, again: u16, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        let (key, version) = (self.key_of(&call), self.told_version(id, &call));
        let Some(keeper) = self.keeper(call.callee.node) else { return };
        let Keeper { shelves, book, .. } = keeper;
        if shelves[usize::from(call.callee.server)].end_flush(key, version, book) {
            self.calls[id].step = again;
        }
        self.next_step(id, cx);
    }

    /// A call is over: what it changed is the truth from now on, what it was told goes on to whoever asked, and what a
    /// cache did for it is booked.
    pub(super) fn settle_truth(
        &mut self,
        id: CallId,
        call: &Call,
        outcome: Outcome,
        cx: &mut Context<Event>,
    ) {
        let now = cx.now();
        let (node, served) = (call.callee.node, outcome.reason().is_none());
        let writes = self.writes[usize::from(call.class)];
        if served && self.truth.follows(node) {
            let key = self.key_of(call);
            let version =
                if writes { self.truth.change(node, key, now) } else { self.truth.version(node, key) };
            self.truth.tell(id, version);
            if writes {
                self.invalidate(node, key, call, cx);
            }
        }
        let reads = matches!(call.verb, Verb::Get) || call.verb == Verb::Serve && !writes;
        if let Some(keeper) = self.keeper(node).filter(|_| reads && served) {
            keeper.book.on_answer(call.found, now.since(call.arrived));
        }
        if let (Verb::Get, Some(parent)) =
            (call.verb, call.parent.and_then(|parent| self.calls.get_mut(parent)))
        {
            parent.found = call.found && served;
        }
        self.truth.pass_on(id, call.parent);
    }

    /// Tells the caches that keep a component's keys, and want to be told, that one has changed.
    fn invalidate(&mut self, source: u16, key: u64, call: &Call, cx: &mut Context<Event>) {
        for node in 0..self.nodes.len() as u16 {
            let servers = self.nodes[usize::from(node)].servers.len() as u16;
            let place = self.nodes[usize::from(node)].place;
            let Some(keeper) = self.keeper(node).filter(|keeper| keeper.truth == source) else { continue };
            let Some((delay, loss)) = keeper.invalidation.clone() else { continue };
            for server in 0..servers {
                let visit = u64::from(server);
                if loss > 0.0 && unit(call.luck.at(LOSS ^ place, visit)) < loss {
                    continue;
                }
                let delay = SimDuration::from_nanos_f64(delay.sample(call.luck.at(DELAY ^ place, visit)));
                cx.after(delay, Event::Invalidate { node, server, key });
            }
        }
    }

    /// A message that a key has changed reaches a server of a cache.
    pub(crate) fn on_invalidate(&mut self, at: Instance, key: u64, now: SimTime) {
        self.drop_key(at, key, now);
    }

    /// A server of a cache goes down: all it holds is gone, and what it was fetching comes to nothing.
    pub(super) fn lose_shelf(&mut self, at: Instance, cx: &mut Context<Event>) {
        let now = cx.now();
        if let Some(keeper) = self.keeper(at.node) {
            keeper.book.totals.lost_writes += keeper.shelves[usize::from(at.server)].lose_all();
            keeper.count(now);
        }
        for flying in self.flights.at(at) {
            self.land_at(flying, Landing::GivenUp, None, cx);
        }
    }
}

/// Whether a call stands in the program of a cache rather than in that of its class.
pub(super) fn program_of<'a>(steps: &'a [Program], keeper: Option<&'a Keeper>, call: &Call) -> &'a Program {
    let own = keeper.and_then(|keeper| keeper.answer(call.verb));
    own.unwrap_or_else(|| &steps[usize::from(call.class)])
}
