//! Aperture: as few backends as keep the load of each within a band.
//!
//! The client keeps an average of its requests under way; if that makes too many a backend it opens the
//! aperture by one, if too few it closes by one. Unlike the fixed subsets, the size follows the client's own
//! load, so a small client warms few connections and a large one finds enough backends.
//! Finagle's `LoadBand` (band 0.875 to 1.125, smoothing 15 s). The backends stand in a random order of the
//! client's own.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    random::Streams,
    time::{SimDuration, SimTime},
};

use super::{Membership, Subset};
use crate::policy::moving_average::MovingAverage;

/// `Aperture`: the band, how smoothly load is seen, and the least size.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Requests under way a backend at or below which the aperture closes by one, above 0; 0.875, Finagle's.
    pub low_load: f64,
    /// Requests under way a backend at or above which the aperture opens by one; 1.125, Finagle's.
    pub high_load: f64,
    /// The mean age of what the average of requests under way remembers; `"15s"`, Finagle's.
    pub smoothing: SimDuration,
    /// The least number of backends, at least 1, and the first; 1, Finagle's.
    pub min_size: usize,
}

impl Default for Spec {
    fn default() -> Self {
        Self { low_load: 0.875, high_load: 1.125, smoothing: SimDuration::from_secs(15), min_size: 1 }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.positive("low_load", self.low_load);
        check.require(self.high_load.is_finite() && self.high_load > self.low_load, "high_load", || {
            format!("high_load must be above low_load, {}, got {}", self.low_load, self.high_load)
        });
        check.require(self.min_size > 0, "min_size", || "min_size must be at least 1, got 0".into());
    }

    pub(super) fn build(&self, membership: &Membership) -> State {
        let load = MovingAverage::new(self.smoothing);
        let mut state = State { spec: self.clone(), load, order: Vec::new(), size: self.min_size };
        state.on_membership(membership);
        state
    }
}

/// The client's order of backends, and how many of them it uses.
#[derive(Debug)]
pub struct State {
    spec: Spec,
    load: MovingAverage,
    order: Vec<usize>,
    size: usize,
}

impl State {
    fn resize(&mut self, size: usize) {
        // A pool smaller than the least size is used whole.
        self.size = size.max(self.spec.min_size).min(self.order.len());
    }
}

impl Subset for State {
    fn chosen(&self) -> &[usize] {
        &self.order[..self.size]
    }

    fn on_membership(&mut self, membership: &Membership) {
        self.order = (0..membership.backends).collect();
        Streams::new(membership.seed, membership.client as u64)
            .stream("subset/aperture")
            .shuffle(&mut self.order);
        self.resize(self.size);
    }

    fn on_load(&mut self, now: SimTime, in_flight: u32) -> bool {
        let average = self.load.update(now, f64::from(in_flight));
        let before = self.size;
        let each = average / before.max(1) as f64;
        if each >= self.spec.high_load {
            self.resize(before + 1);
        } else if each <= self.spec.low_load {
            self.resize(before.saturating_sub(1));
        }
        self.size != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(seconds)
    }

    /// The size after a constant load has been told once a second for an hour.
    fn settled(state: &mut State, from: u64, in_flight: u32) -> usize {
        for second in from..from + 3_600 {
            state.on_load(at(second), in_flight);
        }
        state.chosen().len()
    }

    fn aperture(backends: usize) -> State {
        Spec::default().build(&Membership { client: 0, clients: 1, backends, seed: 1 })
    }

    #[test]
    fn it_settles_where_each_backend_has_about_one_request() {
        let mut state = aperture(100);
        // Opening ends below 1.125 each: 20 / 18 is, 20 / 17 is not. Closing ends above 0.875: 9 / 10 is,
        // 9 / 11 is not.
        assert_eq!(settled(&mut state, 0, 20), 18);
        assert_eq!(settled(&mut state, 10_000, 9), 10);
        assert_eq!(settled(&mut state, 20_000, 0), 1);
        assert_eq!(settled(&mut aperture(5), 0, 20), 5, "no more than there are");
    }

    #[test]
    fn the_bands_edges_belong_to_the_moves() {
        let spec = Spec { smoothing: SimDuration::ZERO, ..Spec::default() };
        let mut state = spec.build(&Membership { client: 0, clients: 1, backends: 100, seed: 1 });
        assert_eq!(settled(&mut state, 0, 8), 8);
        state.on_load(at(10_000), 7);
        assert_eq!(state.chosen().len(), 7, "seven eighths are 0.875");
        assert_eq!(settled(&mut state, 20_000, 8), 8);
        state.on_load(at(30_000), 9);
        assert_eq!(state.chosen().len(), 9, "nine eighths are 1.125");
    }

    #[test]
    fn one_step_at_a_time_and_not_before_the_average_follows() {
        let mut state = aperture(100);
        state.on_load(at(0), 1);
        // 1 + 9 (1 − e^(−t/15)) reaches 1.125 at 0.21 s.
        let at_millis = |millis| SimTime::ZERO + SimDuration::from_millis(millis);
        assert!(!state.on_load(at_millis(200), 10));
        assert!(state.on_load(at_millis(212), 10));
        assert_eq!(state.chosen().len(), 2);
    }

    #[test]
    fn the_order_is_the_clients_own() {
        let order = |client| {
            Spec { min_size: 10, ..Spec::default() }
                .build(&Membership { client, clients: 2, backends: 100, seed: 1 })
                .chosen()
                .to_vec()
        };
        assert_ne!(order(0), order(1));
    }
}
