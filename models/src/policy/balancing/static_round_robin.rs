//! Static round robin: turns read from a map drawn up in advance, as HAProxy's `static-rr`.
//!
//! The map holds every server as often as its weight. It is drawn up anew when servers come or go, not when a
//! weight changes: slow start has no effect. HAProxy `lb_map.c`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{Ask, Backend, Backends, Balance, Endpoint, Wants, available, roster::Roster};
use crate::policy::hashing::{haproxy_weights, server_map};

/// `StaticRoundRobin`: nothing to set.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {}

impl Spec {
    pub(super) fn check(&self, _: &mut Check) {}

    pub(super) fn build(&self, endpoints: &[Endpoint]) -> State {
        State { map: Map::new(endpoints), next: 0 }
    }
}

/// The map and the place in it.
#[derive(Debug)]
pub struct State {
    map: Map,
    next: usize,
}

impl Balance for State {
    fn pick(&mut self, backends: &Backends<'_>, _: &Ask, _: &mut Stream) -> Option<usize> {
        let (place, picked) = self.map.from(self.next, backends.rows)?;
        self.next = place + 1;
        Some(picked)
    }

    fn on_change(&mut self, backends: &Backends<'_>) {
        self.map.on_change(backends.rows);
    }

    fn on_membership(&mut self, endpoints: &[Endpoint]) {
        self.map = Map::new(endpoints);
    }

    fn wants(&self) -> Wants {
        Wants::NOTHING
    }
}

/// HAProxy's server map over those available.
#[derive(Debug)]
pub(super) struct Map {
    roster: Roster,
    servers: Vec<u32>,
}

impl Map {
    pub(super) fn new(endpoints: &[Endpoint]) -> Self {
        let roster = Roster::new(endpoints);
        Self { servers: draw_up(&roster), roster }
    }

    pub(super) fn on_change(&mut self, rows: &[Backend]) {
        if self.roster.refresh(rows) {
            self.servers = draw_up(&self.roster);
        }
    }

    /// How many entries the map has.
    pub(super) fn length(&self) -> usize {
        self.servers.len()
    }

    /// The first available server at or after `place`, and where it stands; any other if none of the map is.
    pub(super) fn from(&self, place: usize, rows: &[Backend]) -> Option<(usize, usize)> {
        let start = if place < self.servers.len() { place } else { 0 };
        let mut places = (start..self.servers.len()).chain(0..start);
        let found = places.find(|&place| available::is(rows, self.servers[place] as usize));
        match found {
            Some(place) => Some((place, self.servers[place] as usize)),
            None => available::nth(rows, 0).map(|server| (start, server)),
        }
    }
}

fn draw_up(roster: &Roster) -> Vec<u32> {
    let members = roster.members();
    let weights = haproxy_weights(members.iter().map(|member| member.weight));
    server_map(&weights).into_iter().map(|place| members[place as usize].index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::balancing::testing::{endpoints, letters, rows, view};

    #[test]
    fn the_map_is_drawn_up_anew_when_a_server_goes_down() {
        let weights = [3, 2, 1];
        let mut rows = rows(&weights);
        let mut state = Spec {}.build(&endpoints(&weights));
        let picks = letters(&mut state, &rows, 12);
        assert_eq!(["a", "b", "c"].map(|name| picks.matches(name).count()), [6, 4, 2]);
        assert_eq!(picks[..6], picks[6..]);
        rows[0].available = false;
        state.on_change(&view(&rows));
        let picks = letters(&mut state, &rows, 6);
        assert_eq!(["b", "c"].map(|name| picks.matches(name).count()), [4, 2]);
    }

    #[test]
    fn slow_start_changes_nothing() {
        let mut rows = rows(&[1, 1]);
        rows[1].share = 0.1;
        let mut state = Spec {}.build(&endpoints(&[1, 1]));
        state.on_change(&view(&rows));
        assert_eq!(letters(&mut state, &rows, 4), "abab");
    }
}
