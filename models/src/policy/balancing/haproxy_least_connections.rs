//! Least connections as HAProxy sorts them: by (requests + 1)/weight, idle servers first, equals in turn.
//!
//! Counting the request to come makes weights matter from the first one on, where nginx's rule lets idle
//! servers tie. A server goes behind its equals whenever it takes or ends a request. HAProxy `lb_fwlc.c`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{Ask, Backend, Backends, Balance, Done, Endpoint, Wants, per_backend::PerBackend};
use crate::policy::hashing::haproxy_weights;

/// Effective weights are sixteenths of a unit (`BE_WEIGHT_SCALE`).
pub(super) const SCALE: u32 = 16;

/// The greatest effective weight (`SRV_EWGHT_MAX`).
const GREATEST: u64 = 4096;

/// `HaproxyLeastConnections`: nothing to set.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {}

impl Spec {
    pub(super) fn check(&self, _: &mut Check) {}

    pub(super) fn build(&self, endpoints: &[Endpoint]) -> State {
        let weights = haproxy_weights(endpoints.iter().map(|endpoint| endpoint.weight.max(1)));
        State { weights, queued: PerBackend::new(endpoints), moves: 0 }
    }
}

/// The servers' places among their equals.
#[derive(Debug)]
pub struct State {
    weights: Vec<u32>,
    /// When each was last queued: of equal keys the one queued first is next.
    queued: PerBackend<u64>,
    moves: u64,
}

/// The sorting key: 0 for an idle server.
fn key(in_flight: u32, effective_weight: u32) -> u64 {
    if in_flight == 0 { 0 } else { (u64::from(in_flight) + 1) * GREATEST / u64::from(effective_weight) }
}

/// What slow start leaves of a weight, in sixteenths, rounded up.
pub(super) fn effective(weight: u32, share: f32) -> u32 {
    ((f64::from(weight) * f64::from(SCALE) * f64::from(share)).ceil() as u32).max(1)
}

impl State {
    fn queue_last(&mut self, backend: usize) {
        self.moves += 1;
        if let Some(queued) = self.queued.get_mut(backend) {
            *queued = self.moves;
        }
    }
}

impl Balance for State {
    fn pick(&mut self, backends: &Backends<'_>, _: &Ask, _: &mut Stream) -> Option<usize> {
        let place = |(index, row): (usize, &Backend)| {
            let weight = self.weights.get(index).copied().unwrap_or(1);
            let queued = self.queued.get(index).copied().unwrap_or(u64::MAX);
            (key(row.in_flight, effective(weight, row.share)), queued, index)
        };
        let servers = backends.rows.iter().enumerate().filter(|(_, row)| row.available);
        let (_, _, picked) = servers.map(place).min()?;
        self.queue_last(picked);
        Some(picked)
    }

    fn on_forced(&mut self, _: &Backends<'_>, backend: usize) {
        self.queue_last(backend);
    }

    fn on_done(&mut self, _: &Backends<'_>, done: &Done) {
        self.queue_last(done.backend);
    }

    fn on_change(&mut self, backends: &Backends<'_>) {
        self.weights = haproxy_weights(backends.rows.iter().map(|row| row.weight.max(1)));
    }

    fn on_membership(&mut self, endpoints: &[Endpoint]) {
        self.queued.on_membership(endpoints);
        self.weights = haproxy_weights(endpoints.iter().map(|endpoint| endpoint.weight.max(1)));
    }

    fn wants(&self) -> Wants {
        Wants::NOTHING
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::balancing::testing::{done, endpoints, letters, loaded, rows, view};

    #[test]
    fn keys_are_haproxys() {
        // (inflight + 1) * SRV_EWGHT_MAX / eweight, eweight = 16 * weight.
        assert_eq!([key(0, 16), key(1, 16), key(2, 16), key(1, 4096)], [0, 512, 768, 2]);
        assert_eq!([effective(1, 1.0), effective(1, 0.01), effective(3, 0.5)], [16, 1, 24]);
    }

    #[test]
    fn idle_servers_come_first_and_equals_take_turns() {
        let mut state = Spec {}.build(&endpoints(&[1; 3]));
        assert_eq!(letters(&mut state, &rows(&[1; 3]), 6), "abcabc");
        assert_eq!(letters(&mut state, &loaded(&[1, 0, 0]), 4), "bcbc");
        // A request that ends sends its server behind its equals.
        let idle = loaded(&[0, 0, 0]);
        state.on_done(&view(&idle), &done(0, 1));
        assert_eq!(letters(&mut state, &idle, 3), "bca");
    }

    #[test]
    fn the_request_to_come_counts() {
        // 7/4 is less than 2/1, though nginx would find 6/4 more than 1/1.
        let mut rows = rows(&[4, 1]);
        (rows[0].in_flight, rows[1].in_flight) = (6, 1);
        let mut state = Spec {}.build(&endpoints(&[4, 1]));
        assert_eq!(letters(&mut state, &rows, 1), "a");
    }
}
