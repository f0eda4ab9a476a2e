//! Flights that land: those who waited for somebody else's fetch go on.

use sim_core::{
    simulation::Context,
    time::{SimDuration, SimTime},
};

use crate::{
    event::Event,
    node::{
        flights::{Landing, Route as Flying, Waiter},
        truth::Version,
    },
    request::{Asked, CallId, Instance},
    world::World,
};

/// Who fetches for a service that looks into a cache by itself has so long to do it alone (Nishtala et al. 2013).
const LEASE: SimDuration = SimDuration::from_secs(10);

impl World {
    /// A call fetches alone for its server, or waits for who does already.
    pub(super) fn join_flight(&mut self, route: u16, waiter: Waiter, cx: &mut Context<Event>) {
        let (id, now) = (waiter.call, cx.now());
        let Some(call) = self.calls.get(id).copied() else { return };
        let cache = self.nodes[usize::from(call.callee.node)].routes[usize::from(route)].node;
        let flying = (call.callee, cache, self.key_of(&call));
        if self.wait_for(flying, waiter, LEASE, now) {
            return;
        }
        self.flights.begin(flying, Some(id), now);
        self.next_step(id, cx);
    }

    /// Lets a call wait for a fetch under way, if there is one that is not too old; whether it does.
    pub(super) fn wait_for(
        &mut self,
        flying: Flying,
        waiter: Waiter,
        lease: SimDuration,
        now: SimTime,
    ) -> bool {
        let Some(flight) = self.flights.get_mut(&flying).filter(|flight| now < flight.since + lease) else {
            return false;
        };
        flight.waiting.push(waiter);
        true
    }

    /// A fetch is over: those who wait go on, with it or without it.
    pub(super) fn land(&mut self, id: CallId, landing: Landing, cx: &mut Context<Event>) {
        if let Some(flying) = self.flights.of(id) {
            let version = self.truth.told(id);
            self.land_at(flying, landing, version, cx);
        }
    }

    pub(super) fn land_at(
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
            // Who looks for whoever asked has it now, and says so.
            call.found |= landing == Landing::Brought && call.asked == Asked::Get;
            if let (Landing::Brought, Some(version)) = (landing, version) {
                self.truth.tell(waiter.call, version);
            }
            // Not at once: who lands may be in the middle of a crash.
            self.go_on_after(waiter.call, SimDuration::ZERO, cx);
        }
    }

    /// A call that fetched ends before what it fetched is there: another may.
    pub(in crate::node) fn give_up_flight(&mut self, id: CallId, cx: &mut Context<Event>) {
        self.land(id, Landing::GivenUp, cx);
    }

    /// A server of a cache goes down: all it holds is gone, and what it was fetching comes to nothing.
    pub(in crate::node) fn lose_shelf(&mut self, at: Instance, cx: &mut Context<Event>) {
        let now = cx.now();
        let mut lost = Vec::new();
        if let Some(keeper) = self.keeper(at.node) {
            if !keeper.above.is_empty() {
                lost = keeper.shelves[usize::from(at.server)].keys();
            }
            keeper.book.totals.lost_writes += keeper.shelves[usize::from(at.server)].lose_all();
            if let Some(disk) = keeper.disks.get_mut(usize::from(at.server)) {
                disk.restart();
            }
            keeper.count(now);
        }
        for flying in self.flights.at(at) {
            self.land_at(flying, Landing::GivenUp, None, cx);
        }
        self.lose_above(at.node, &lost, cx);
    }
}
