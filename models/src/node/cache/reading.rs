//! Reads: what is held is served, what is not is fetched, by one for all if that is wished.

use sim_core::{simulation::Context, time::SimDuration};

use super::{Found, Held, Keeper};
use crate::{
    event::Event,
    measure::Absence,
    node::{
        flights::{Landing, Route as Flying, Waiter},
        truth::Version,
    },
    policy::freshness::Freshness,
    request::{Asked, Call, CallId, Reason, Verb},
    spec::Inclusion,
    world::World,
};

impl World {
    pub(super) fn look_up(
        &mut self,
        id: CallId,
        there: u16,
        renew: Option<u16>,
        failed: u16,
        cx: &mut Context<Event>,
    ) {
        let now = cx.now();
        let Some(call) = self.calls.get(id).copied() else { return };
        let (at, key) = (call.callee, self.key_of(&call));
        let flying = (at, at.node, key);
        self.note_lookup(at.node, key, now);
        // Who looks for whoever asked does not fetch by itself.
        let pilot = (call.asked != Asked::Get).then_some(id);
        let under_way = self.flights.get_mut(&flying).is_some();
        let Some(keeper) = self.keeper(at.node) else { return };
        keeper.reckon(at.server, key);
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
                self.flights.begin(flying, pilot, now);
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
            self.flights.begin(flying, pilot, now);
        }
        self.next_step(id, cx);
    }

    /// Answers a lookup with what is held.
    pub(super) fn serve(&mut self, id: CallId, held: Held, there: u16, cx: &mut Context<Event>) {
        let now = cx.now();
        let Some(at) = self.calls.get(id).map(|call| call.callee) else { return };
        let turn =
            self.keeper(at.node).map_or(Some(SimDuration::ZERO), |keeper| keeper.access(at.server, now));
        let Some(wait) = turn else { return self.fail(id, Reason::QueueFull, cx) };
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
            if call.asked == Asked::Take {
                keeper.promote(call.callee.server, key, now);
            }
        }
        if wait.is_zero() { self.next_step(id, cx) } else { self.go_on_after(id, wait, cx) }
    }

    /// Has what is held fetched anew in the background.
    pub(super) fn renew(&mut self, id: CallId, flying: Flying, renew: u16, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get_mut(id) else { return };
        let step = std::mem::replace(&mut call.step, renew);
        let task = self.spawn(id, step, cx);
        self.flights.begin(flying, task, cx.now());
        if let Some(keeper) = self.keeper(flying.1) {
            keeper.book.totals.refreshes += 1;
        }
    }

    /// Fetches, or asks whether what has expired is still true.
    pub(super) fn fetch(&mut self, id: CallId, route: u16, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        let key = self.key_of(&call);
        let Some(keeper) = self.keeper(call.callee.node) else { return };
        let held = keeper.shelves[usize::from(call.callee.server)].peek(key);
        let has = keeper.revalidation.is_some() && held.is_some_and(|held| !held.life.negative);
        let verb = match keeper.inclusion {
            Inclusion::Exclusive => Verb::Take,
            Inclusion::NonInclusive | Inclusion::Inclusive if has => Verb::Validate,
            Inclusion::NonInclusive | Inclusion::Inclusive => Verb::Serve,
        };
        self.call_out(id, route, verb, cx);
    }

    /// The part of its work that a callee saves who only has to confirm what the caller has.
    pub(in crate::node) fn part_to_do(&mut self, call: &Call) -> f64 {
        let Some(asker) = call.parent.and_then(|parent| self.calls.get(parent)).copied() else { return 1.0 };
        let key = self.key_of(&asker);
        let Some(keeper) = self.keeper(asker.callee.node) else { return 1.0 };
        let (truth, part) = (keeper.truth, keeper.revalidation.unwrap_or(1.0));
        let held = keeper.shelves[usize::from(asker.callee.server)].peek(key);
        let version = self.truth.version(truth, key);
        if held.is_some_and(|held| held.version == version) { part } else { 1.0 }
    }

    /// Takes in what was fetched.
    pub(super) fn fill(&mut self, id: CallId, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        let outdated = self.flights.of(id).and_then(|flying| self.flights.get_mut(&flying));
        if outdated.is_some_and(|flight| flight.outdated) {
            if let Some(keeper) = self.keeper(call.callee.node) {
                keeper.book.totals.refused_fills += 1;
            }
        } else {
            self.keep(&call, id, 0, cx);
        }
        self.land(id, Landing::Brought, cx);
        self.next_step(id, cx);
    }

    /// Takes in what a call brought.
    pub(super) fn keep(&mut self, call: &Call, id: CallId, pending: u32, cx: &mut Context<Event>) {
        let (now, at) = (cx.now(), call.callee);
        let (key, version) = (self.key_of(call), self.told_version(id, call));
        // A part of a call begins when it is sent.
        let cost = now.since(call.started.max(call.sent));
        let may_keep = self.may_keep(at.node, key);
        let Some(keeper) = self.keeper(at.node) else { return };
        let written = keeper.access(at.server, now).is_some();
        let Keeper { shelves, book, .. } = keeper;
        let shelf = &mut shelves[usize::from(at.server)];
        if pending > 0 || may_keep && written {
            shelf.fill_in(key, version, cost, pending, now, book);
            keeper.count(now);
            return self.part_with_victims(id, cx);
        }
        // What is there is older than what cannot be kept.
        if shelf.peek(key).is_some_and(|held| held.pending == 0) {
            shelf.take_out(key, Absence::Capacity);
            keeper.count(now);
            self.drop_above(at, key, cx);
        }
    }

    /// The version that a call brings: what it was told itself, or what whoever sends it was told.
    pub(super) fn told_version(&self, id: CallId, call: &Call) -> Version {
        let told = self.truth.told(id).or_else(|| call.parent.and_then(|parent| self.truth.told(parent)));
        told.unwrap_or(0)
    }

    /// It could not be fetched: what has expired is served, if that is allowed.
    pub(super) fn make_do(&mut self, id: CallId, cx: &mut Context<Event>) {
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
            self.part_with_victims(id, cx);
        }
        self.land(id, Landing::Failed, cx);
        let (Some(held), Some(call)) = (held, self.calls.get_mut(id)) else {
            return self.fail(id, Reason::Error, cx);
        };
        call.degraded = true;
        let there = call.step;
        self.serve(id, held, there, cx);
    }
}
