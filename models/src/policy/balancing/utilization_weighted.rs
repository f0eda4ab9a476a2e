//! Utilisation-weighted: turns in proportion to what each server says it could serve, requests per
//! utilisation.
//!
//! Servers report rate, errors and utilisation with their replies (ORCA); rate/(utilisation + penalty ×
//! errors/rate) is what a server does with all of itself. Unlike least-loaded rules it needs no counts, so
//! any number of clients agree; unlike fixed weights it follows the servers. Turns are read from gRPC's
//! static stride schedule, which keeps its place when weights change, and where a backend without a valid
//! weight gets the mean. gRFC A58; gRPC `weighted_round_robin.cc`, `static_stride_scheduler.cc`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    random::Stream,
    time::{SimDuration, SimTime},
};

use super::{
    Ask, Backend, Backends, Balance, Done, Endpoint, LoadReport, Wants, available, per_backend::PerBackend,
};

/// `UtilizationWeighted`: when reports count.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// How long a server must have reported before its weight counts. Default 10 s (gRFC A58).
    pub blackout: SimDuration,
    /// After how long without a report its weight counts no more. Default 3 min (gRFC A58).
    pub expiry: SimDuration,
    /// How often weights are recomputed. Default 1 s (gRFC A58).
    pub update: SimDuration,
    /// By how much an error rate of 1 raises utilisation. Default 1.0 (gRFC A58).
    pub penalty: f64,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            blackout: SimDuration::from_secs(10),
            expiry: SimDuration::from_secs(180),
            update: SimDuration::from_secs(1),
            penalty: 1.0,
        }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(!self.update.is_zero(), "update", || "update must be above 0".into());
        let penalty = self.penalty;
        check.require(penalty.is_finite() && penalty >= 0.0, "penalty", || {
            format!("penalty must be 0 or more, got {penalty}")
        });
    }

    pub(super) fn build(&self, endpoints: &[Endpoint]) -> State {
        State {
            spec: self.clone(),
            hosts: PerBackend::new(endpoints),
            strides: vec![GREATEST; endpoints.len()],
            sequence: 0,
            due: SimTime::ZERO + self.update,
        }
    }
}

/// What is known of the servers, and the place in the schedule.
#[derive(Debug)]
pub struct State {
    spec: Spec,
    hosts: PerBackend<Host>,
    strides: Vec<u16>,
    sequence: u64,
    /// When weights are next recomputed; at the next pick once membership changed.
    due: SimTime,
}

#[derive(Clone, Copy, Debug, Default)]
struct Host {
    weight: f64,
    reports: Reports,
}

/// The span over which a server has reported without falling silent.
#[derive(Clone, Copy, Debug, Default)]
enum Reports {
    #[default]
    None,
    Since {
        first: SimTime,
        last: SimTime,
    },
}

impl Host {
    fn on_report(&mut self, report: &LoadReport, penalty: f64, now: SimTime) {
        let utilization = report.utilization + penalty * report.errors / report.rate;
        // NaN and what a server that served nothing would give are no weights.
        if !(report.rate > 0.0 && utilization > 0.0) {
            return;
        }
        self.weight = report.rate / utilization;
        self.reports = match self.reports {
            Reports::None => Reports::Since { first: now, last: now },
            Reports::Since { first, .. } => Reports::Since { first, last: now },
        };
    }

    /// The weight if it counts, else 0; silence starts the blackout anew.
    fn valid_weight(&mut self, spec: &Spec, now: SimTime) -> f64 {
        let Reports::Since { first, last } = self.reports else { return 0.0 };
        if now.since(last) >= spec.expiry {
            self.reports = Reports::None;
            return 0.0;
        }
        if now.since(first) < spec.blackout { 0.0 } else { self.weight }
    }
}

/// The stride of the heaviest.
const GREATEST: u16 = u16::MAX;

/// A weight above this many means counts as so many, which bounds the turns passed over.
const MOST_MEANS: f64 = 10.0;

/// A weight below this part of the mean counts as that.
const LEAST_MEANS: f64 = 0.01;

/// Weights as strides, the heaviest 65535; a weight of 0 is unknown and gets the mean of the others.
fn strides(weights: &[f64]) -> Vec<u16> {
    let known = weights.iter().filter(|&&weight| weight > 0.0).count();
    if known == 0 {
        return vec![GREATEST; weights.len()];
    }
    let mean = weights.iter().sum::<f64>() / known as f64;
    let most = weights.iter().copied().fold(0.0, f64::max).min(MOST_MEANS * mean);
    let scale = f64::from(GREATEST) / most;
    let nearest = |value: f64| (value + 0.5) as u16;
    let mean = nearest(scale * mean);
    let least = nearest(f64::from(mean) * LEAST_MEANS).max(1);
    let stride = |&weight: &f64| {
        if weight == 0.0 { mean } else { nearest(weight.min(most) * scale).max(least) }
    };
    weights.iter().map(stride).collect()
}

/// Whether `backend` has its turn in this generation: so many of 65535 generations as its stride says, spread
/// evenly, neighbours half a cycle apart.
fn has_turn(stride: u16, generation: u64, backend: u64) -> bool {
    let greatest = u64::from(GREATEST);
    let phase = (u64::from(stride) * (generation % greatest) + backend * (greatest / 2)) % greatest;
    phase >= greatest - u64::from(stride)
}

impl State {
    /// Recomputes weights as of the last due moment up to `now`.
    fn catch_up(&mut self, now: SimTime, rows: &[Backend]) {
        if now < self.due {
            return;
        }
        let period = self.spec.update.as_nanos().max(1);
        let due = SimTime::from_nanos(now.as_nanos() - now.as_nanos() % period);
        self.due = due + self.spec.update;
        let hosts = self.hosts.values_mut().iter_mut();
        let weights: Vec<f64> = hosts.map(|host| host.valid_weight(&self.spec, due)).collect();
        self.strides = strides(&weights);
        // gRPC has no slow start; Envoy's version scales the weight.
        for (stride, row) in self.strides.iter_mut().zip(rows) {
            *stride = ((f64::from(*stride) * f64::from(row.share)) as u16).max(1);
        }
    }
}

impl Balance for State {
    fn pick(&mut self, backends: &Backends<'_>, _: &Ask, _: &mut Stream) -> Option<usize> {
        let rows = backends.rows;
        self.catch_up(backends.now, rows);
        let backends = self.strides.len() as u64;
        // Strides are at least a thousandth of the greatest, so whoever is available has a turn by then.
        for _ in 0..1024 * backends {
            let (generation, backend) = (self.sequence / backends, self.sequence % backends);
            self.sequence += 1;
            let index = backend as usize;
            if available::is(rows, index) && has_turn(self.strides[index], generation, backend) {
                return Some(index);
            }
            if backend == 0 && !rows.iter().any(|row| row.available) {
                return None;
            }
        }
        available::nth(rows, 0)
    }

    fn on_done(&mut self, backends: &Backends<'_>, done: &Done) {
        // What came due before this report must not see it.
        self.catch_up(backends.now, backends.rows);
        if let (Some(report), Some(host)) = (&done.report, self.hosts.get_mut(done.backend)) {
            host.on_report(report, self.spec.penalty, backends.now);
        }
    }

    fn on_membership(&mut self, endpoints: &[Endpoint]) {
        self.hosts.on_membership(endpoints);
        self.strides = vec![GREATEST; endpoints.len()];
        self.due = SimTime::ZERO;
    }

    fn wants(&self) -> Wants {
        Wants { reports: true, ..Wants::NOTHING }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::balancing::testing::{done, endpoints, letters, rows, stream, view_at};

    /// How often each of these weights has its turn in the first picks.
    fn turns(weights: &[f64], picks: usize) -> Vec<usize> {
        let strides = strides(weights);
        let mut counts = vec![0; weights.len()];
        let n = weights.len() as u64;
        (0..)
            .filter(|sequence| has_turn(strides[(sequence % n) as usize], sequence / n, sequence % n))
            .take(picks)
            .for_each(|sequence| counts[(sequence % n) as usize] += 1);
        counts
    }

    #[test]
    fn turns_are_those_of_grpcs_tests() {
        // static_stride_scheduler_test.cc.
        assert_eq!(turns(&[1.0, 2.0, 3.0], 6), [1, 2, 3]);
        assert_eq!(turns(&[3.0, 0.0, 1.0], 6), [3, 2, 1]);
        assert_eq!(turns(&[300.0, 300.0, 0.0], 3003), [1001; 3]);
        assert_eq!(turns(&[1.0, 2.0, 3.0], 65_535 * 2)[2], 65_535);
        let mut one_great = [1.0; 20];
        one_great[0] = 81.0;
        let mut clamped = [1; 20];
        clamped[0] = 50;
        assert_eq!(turns(&one_great, 69), clamped);
        assert_eq!(turns(&[100.0, 1e-10], 201), [200, 1]);
    }

    fn report(rate: f64, errors: f64, utilization: f64) -> LoadReport {
        LoadReport { rate, errors, utilization }
    }

    #[test]
    fn the_weight_is_rate_per_utilisation_with_errors_added() {
        // Envoy's test: 1000 and 100 a second at one half with penalty 2 weigh 1428.
        let mut host = Host::default();
        host.on_report(&report(1000.0, 100.0, 0.5), 2.0, SimTime::ZERO);
        assert_eq!(host.weight as u32, 1428);
        for useless in [report(0.0, 0.0, 0.5), report(10.0, 0.0, 0.0), report(f64::NAN, 0.0, 0.5)] {
            host.on_report(&useless, 2.0, SimTime::ZERO);
            assert_eq!(host.weight as u32, 1428);
        }
    }

    #[test]
    fn a_weight_counts_after_the_blackout_and_until_it_expires() {
        let spec = Spec::default();
        let at = |secs| SimTime::ZERO + SimDuration::from_secs(secs);
        let mut host = Host::default();
        host.on_report(&report(100.0, 0.0, 0.5), 1.0, at(5));
        host.on_report(&report(100.0, 0.0, 0.5), 1.0, at(20));
        assert_eq!(host.valid_weight(&spec, at(14)), 0.0);
        assert_eq!(host.valid_weight(&spec, at(15)), 200.0);
        assert_eq!(host.valid_weight(&spec, at(199)), 200.0);
        assert_eq!(host.valid_weight(&spec, at(200)), 0.0);
        // Having fallen silent it is in blackout again.
        host.on_report(&report(100.0, 0.0, 0.5), 1.0, at(201));
        assert_eq!(host.valid_weight(&spec, at(210)), 0.0);
        assert_eq!(host.valid_weight(&spec, at(211)), 200.0);
    }

    #[test]
    fn traffic_follows_reports_from_the_next_update_on() {
        let rows = rows(&[1, 1]);
        let mut state = Spec { blackout: SimDuration::ZERO, ..Spec::default() }.build(&endpoints(&[1, 1]));
        for (backend, utilization) in [(0, 0.9), (1, 0.3)] {
            let told = Done { report: Some(report(90.0, 0.0, utilization)), ..done(backend, 1) };
            state.on_done(&view_at(&rows, 100), &told);
        }
        assert_eq!(letters(&mut state, &rows, 4), "abab");
        let mut random = stream();
        let mut picks = [0_usize; 2];
        for _ in 0..400 {
            picks[state.pick(&view_at(&rows, 1000), &Ask::default(), &mut random).unwrap()] += 1;
        }
        assert!(picks[0].abs_diff(100) <= 1, "{picks:?}");
    }
}
