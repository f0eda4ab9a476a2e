//! First: fill the first server to its slots, then the next, so that the last ones can be switched off.
//!
//! The opposite of balancing, for pools that scale in: requests keep to as few servers as can hold them. A
//! server without a limit takes everything. When all are full HAProxy queues at the proxy and serves whoever
//! frees a slot first; here the request queues at the server with the fewest requests for its slots.
//! HAProxy `lb_fas.c`; the idea is "packing" of Gandhi et al., CMU-CS-12-109.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{Ask, Backends, Balance, Endpoint, Wants};

/// `First`: nothing to set; slots are the servers' own.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {}

impl Spec {
    pub(super) fn check(&self, _: &mut Check) {}

    pub(super) fn build(&self, endpoints: &[Endpoint]) -> State {
        State { slots: slots(endpoints) }
    }
}

fn slots(endpoints: &[Endpoint]) -> Vec<u32> {
    endpoints.iter().map(|endpoint| endpoint.slots).collect()
}

/// How many requests each server is filled to, 0 for no limit.
#[derive(Debug)]
pub struct State {
    slots: Vec<u32>,
}

impl Balance for State {
    fn pick(&mut self, backends: &Backends<'_>, _: &Ask, _: &mut Stream) -> Option<usize> {
        let mut emptiest: Option<(usize, f64)> = None;
        for (index, row) in backends.rows.iter().enumerate().filter(|(_, row)| row.available) {
            let slots = self.slots.get(index).copied().unwrap_or(0);
            if slots == 0 || row.in_flight < slots {
                return Some(index);
            }
            let filled = f64::from(row.in_flight) / f64::from(slots);
            if emptiest.is_none_or(|(_, least)| filled < least) {
                emptiest = Some((index, filled));
            }
        }
        emptiest.map(|(index, _)| index)
    }

    fn on_membership(&mut self, endpoints: &[Endpoint]) {
        self.slots = slots(endpoints);
    }

    fn wants(&self) -> Wants {
        Wants::NOTHING
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::balancing::testing::{endpoints, letters, loaded};

    #[test]
    fn servers_are_filled_in_order() {
        let mut members = endpoints(&[1; 3]);
        for (member, slots) in members.iter_mut().zip([2, 4, 2]) {
            member.slots = slots;
        }
        let mut state = Spec {}.build(&members);
        for (in_flight, picked) in [
            ([0, 0, 0], "a"),
            ([1, 0, 0], "a"),
            ([2, 0, 0], "b"),
            ([2, 4, 1], "c"),
            ([1, 4, 2], "a"),
            // All full: 3/2, 5/4 and 3/2 of their slots.
            ([3, 5, 3], "b"),
            ([2, 4, 2], "a"),
        ] {
            assert_eq!(letters(&mut state, &loaded(&in_flight), 1), picked, "{in_flight:?}");
        }
        assert_eq!(letters(&mut Spec {}.build(&endpoints(&[1; 2])), &loaded(&[99, 0]), 1), "a");
    }
}
