//! Peak EWMA: the least expected wait, latency averaged so that it jumps up at once and comes down slowly.
//!
//! A backend's cost is an exponentially weighted average of its latency, replaced by any latency above it;
//! its load is cost × (outstanding + 1). Unlike a count of requests it sees a slow server that answers few.
//! Reading decays the cost, so a server nobody dares to ask becomes attractive again. Finagle
//! `PeakEwma.scala`, where it always compares two backends; here all of them, and ties go by chance.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    random::Stream,
    time::{SimDuration, SimTime},
};

use super::{Ask, Backends, Balance, Done, Endpoint, Wants, per_backend::PerBackend};

/// Finagle's decay time.
pub(super) const DEFAULT_DECAY: SimDuration = SimDuration::from_secs(10);

/// The load of a backend that was asked and has not answered yet: Scala's `Long.MaxValue >> 16`.
const PENALTY: f64 = ((1_u64 << 47) - 1) as f64;

/// `PeakEwma`: how long latencies are remembered.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The mean lifetime of an observation. Default 10 s (Finagle).
    pub decay: SimDuration,
}

impl Default for Spec {
    fn default() -> Self {
        Self { decay: DEFAULT_DECAY }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(!self.decay.is_zero(), "decay", || "decay must be above 0".into());
    }

    pub(super) fn build(&self, endpoints: &[Endpoint]) -> State {
        State { costs: Costs::new(endpoints, self.decay), least: Vec::new() }
    }
}

/// The costs of all backends.
#[derive(Debug)]
pub struct State {
    costs: Costs,
    /// Those that share the least load; kept to save an allocation.
    least: Vec<usize>,
}

impl Balance for State {
    fn pick(&mut self, backends: &Backends<'_>, _: &Ask, random: &mut Stream) -> Option<usize> {
        let mut lowest = f64::INFINITY;
        self.least.clear();
        for (index, row) in backends.rows.iter().enumerate().filter(|(_, row)| row.available) {
            let load = self.costs.load(index, row.in_flight, backends.now);
            if load < lowest {
                lowest = load;
                self.least.clear();
            }
            if load <= lowest {
                self.least.push(index);
            }
        }
        if self.least.is_empty() { None } else { self.least.get(random.below(self.least.len())).copied() }
    }

    fn on_done(&mut self, backends: &Backends<'_>, done: &Done) {
        self.costs.observe(done.backend, done.latency, backends.now);
    }

    fn on_membership(&mut self, endpoints: &[Endpoint]) {
        self.costs.on_membership(endpoints);
    }

    fn wants(&self) -> Wants {
        Wants::NOTHING
    }
}

/// The peak-sensitive averages, in nanoseconds.
#[derive(Clone, Debug)]
pub(super) struct Costs {
    /// The decay time in nanoseconds.
    decay: f64,
    metrics: PerBackend<Metric>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Metric {
    cost: f64,
    /// When the cost was last brought up to date.
    stamp: SimTime,
}

impl Metric {
    /// Takes in a latency; 0 only lets the cost decay.
    fn observe(&mut self, latency: f64, decay: f64, now: SimTime) {
        let passed = now.since(self.stamp).as_nanos() as f64;
        self.stamp = now;
        if latency > self.cost {
            self.cost = latency;
        } else if passed > 0.0 {
            let weight = libm::exp(-passed / decay);
            self.cost = self.cost * weight + latency * (1.0 - weight);
        }
    }
}

impl Costs {
    pub(super) fn new(endpoints: &[Endpoint], decay: SimDuration) -> Self {
        Self { decay: decay.as_nanos() as f64, metrics: PerBackend::new(endpoints) }
    }

    /// The load of a backend with so many outstanding requests, its cost brought up to now.
    pub(super) fn load(&mut self, backend: usize, outstanding: u32, now: SimTime) -> f64 {
        let Some(metric) = self.metrics.get_mut(backend) else { return 0.0 };
        metric.observe(0.0, self.decay, now);
        if metric.cost == 0.0 && outstanding != 0 {
            PENALTY + f64::from(outstanding)
        } else {
            metric.cost * (f64::from(outstanding) + 1.0)
        }
    }

    /// A request was answered, well or badly, after `latency`.
    pub(super) fn observe(&mut self, backend: usize, latency: SimDuration, now: SimTime) {
        if let Some(metric) = self.metrics.get_mut(backend) {
            metric.observe(latency.as_nanos() as f64, self.decay, now);
        }
    }

    pub(super) fn on_membership(&mut self, endpoints: &[Endpoint]) {
        self.metrics.on_membership(endpoints);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::balancing::testing::{done, endpoints, letters, loaded, rows, stream, view_at};

    /// Costs after a latency of 100 ms at time 0.
    fn after_100_ms() -> Costs {
        let mut costs = Costs::new(&endpoints(&[1]), DEFAULT_DECAY);
        costs.observe(0, SimDuration::from_millis(100), SimTime::ZERO);
        costs
    }

    fn at(secs: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(secs)
    }

    #[test]
    fn averages_down_and_jumps_up() {
        // cost·w + rtt·(1 − w) with w = e^(−5/10); a higher latency replaces the cost.
        let mut costs = after_100_ms();
        costs.observe(0, SimDuration::from_millis(60), at(5));
        let expected = 100.0 * libm::exp(-0.5) + 60.0 * (1.0 - libm::exp(-0.5));
        assert!((expected - 84.261_2).abs() < 5e-5);
        assert!((costs.load(0, 0, at(5)) / 1e6 - expected).abs() < 1e-6);
        let mut costs = after_100_ms();
        costs.observe(0, SimDuration::from_millis(150), at(5));
        assert_eq!(costs.load(0, 0, at(5)), 150e6);
    }

    #[test]
    fn reading_decays_and_load_counts_the_request_to_come() {
        let mut costs = after_100_ms();
        assert!((costs.load(0, 2, at(10)) / 1e6 - 300.0 * libm::exp(-1.0)).abs() < 1e-6);
        // Read in two steps or one: the same.
        assert!((costs.load(0, 0, at(20)) / 1e6 - 100.0 * libm::exp(-2.0)).abs() < 1e-6);
    }

    #[test]
    fn a_backend_that_has_not_answered_yet_is_asked_once() {
        let mut costs = Costs::new(&endpoints(&[1, 1]), DEFAULT_DECAY);
        assert_eq!(costs.load(0, 0, at(0)), 0.0);
        assert_eq!(costs.load(0, 3, at(0)), 140_737_488_355_327.0 + 3.0);
        let mut state = Spec::default().build(&endpoints(&[1; 3]));
        assert_eq!(letters(&mut state, &loaded(&[1, 0, 1]), 3), "bbb");
    }

    #[test]
    fn a_slow_server_is_left_alone_until_its_cost_has_decayed() {
        let rows = rows(&[1, 1]);
        let mut state = Spec::default().build(&endpoints(&[1, 1]));
        state.on_done(&view_at(&rows, 0), &done(0, 1000));
        let mut picks = |millis: u64| {
            state.on_done(&view_at(&rows, millis), &done(1, 10));
            state.pick(&view_at(&rows, millis), &Ask::default(), &mut stream())
        };
        // 1000·e^(−t/10 s) falls below 10 at t = 46.05 s.
        assert_eq!(picks(46_000), Some(1));
        assert_eq!(picks(46_100), Some(0));
    }
}
