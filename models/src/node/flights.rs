//! Flights: fetches under way, by who makes them and what for, and who waits for them to land.

use std::collections::BTreeMap;

use sim_core::time::SimTime;
use slotmap::SecondaryMap;

use crate::request::{CallId, Instance};

/// Which fetch: where it is made, of which cache, for which key.
pub type Route = (Instance, u16, u64);

/// Fetches under way.
#[derive(Debug, Default)]
pub struct Flights {
    all: BTreeMap<Route, Flight>,
    /// What each call fetches.
    pilots: SecondaryMap<CallId, Route>,
}

/// A fetch under way.
#[derive(Debug)]
pub struct Flight {
    /// Since when.
    pub since: SimTime,
    /// Which call makes it, where that is known.
    pilot: Option<CallId>,
    /// Whether its key was changed meanwhile, so that what it brings is not to be kept.
    pub outdated: bool,
    /// Who waits for it, in the order of coming.
    pub waiting: Vec<Waiter>,
}

/// A call that waits for somebody else's fetch.
#[derive(Clone, Copy, Debug)]
pub struct Waiter {
    /// The call.
    pub call: CallId,
    /// Where it goes on once what was fetched is there.
    pub there: u16,
    /// Where it goes on if it could not be fetched.
    pub failed: u16,
    /// Where it looks again if whoever fetched has given up.
    pub again: u16,
}

/// How a flight ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landing {
    /// It brought what was wanted.
    Brought,
    /// It could not be fetched.
    Failed,
    /// Nobody fetches it any more, or what was fetched is no longer true.
    GivenUp,
}

impl Flights {
    /// Whether there is none.
    #[inline]
    pub fn are_none(&self) -> bool {
        self.all.is_empty()
    }

    /// The flight on a route, if there is one.
    pub fn get_mut(&mut self, route: &Route) -> Option<&mut Flight> {
        self.all.get_mut(route)
    }

    /// A flight begins; by which call, unless whoever makes it cannot be known. Whoever waited for an earlier one on the route
    /// waits for this one.
    pub fn begin(&mut self, route: Route, pilot: Option<CallId>, now: SimTime) {
        let waiting = self.land(&route).map_or_else(Vec::new, |flight| flight.waiting);
        self.all.insert(route, Flight { since: now, pilot, outdated: false, waiting });
        if let Some(pilot) = pilot {
            self.pilots.insert(pilot, route);
        }
    }

    /// The flight on a route is over.
    pub fn land(&mut self, route: &Route) -> Option<Flight> {
        let flight = self.all.remove(route)?;
        flight.pilot.map(|pilot| self.pilots.remove(pilot));
        Some(flight)
    }

    /// What a call fetches.
    pub fn of(&self, pilot: CallId) -> Option<Route> {
        self.pilots.get(pilot).copied()
    }

    /// Every route that begins at a server, which goes down.
    pub fn at(&self, place: Instance) -> Vec<Route> {
        self.all.keys().filter(|(at, ..)| *at == place).copied().collect()
    }
}
