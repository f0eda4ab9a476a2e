//! Envoy's outlier detection: out for failures in a row, or for a rate that stands out among the others'.
//!
//! Failures in a row act at once; the rates are judged on a tick, over the interval just past, against the mean
//! and the *population* deviation of the hosts with enough requests. The time out grows with each ejection and
//! is examined on the tick alone; each healthy interval after a return takes one step of growth back. Never
//! more than `max_ejection` of the hosts are out, so a pool cannot eject itself.
//! Envoy `outlier_detection_impl.cc`, `outlier_detection.proto`; gRPC A50 is the same family. Shares are
//! written 0 to 1 where Envoy writes percents, the deviation's factor as 1.9 where it writes 1900. Hosts are
//! judged in order of index. The errors a caller finds itself (no connection, no reply) count as gateway
//! failures, as without `split_external_local_origin_errors`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    random::Stream,
    time::{SimDuration, SimTime},
};

use host::{Host, Record, threshold};

use super::{Action, Eject, Outcome, Spared, Verdict, Why};

mod host;
#[cfg(test)]
mod tests;

/// `OutlierDetection`: the rules, how often each is enforced, and the time out.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Failures in a row that eject, 0 for never; 5, Envoy's default.
    pub consecutive_5xx: u32,
    /// Gateway failures in a row (502, 503, 504, no connection, no reply) that eject, 0 for never; 5.
    pub consecutive_gateway_failure: u32,
    /// Between ticks: rates are judged and hosts return; `"10s"`.
    pub interval: SimDuration,
    /// The first time out; the n-th lasts n times as long; `"30s"`.
    pub base_ejection_time: SimDuration,
    /// The longest time out; 300 s or `base_ejection_time`, whichever is longer.
    pub max_ejection_time: Option<SimDuration>,
    /// Up to which a time out is prolonged at random; `"0s"`.
    pub max_ejection_time_jitter: SimDuration,
    /// The share of hosts that may be out at once, 0 to 1; 0.10, `max_ejection_percent` of 10 %. A pool of fewer
    /// than ten hosts ejects none unless `always_eject_one_host`.
    pub max_ejection: f64,
    /// Whether one host may be out whatever `max_ejection` says; false.
    pub always_eject_one_host: bool,
    /// How often failures in a row eject when detected, 0 to 1; 1.0.
    pub enforcing_consecutive_5xx: f64,
    /// How often gateway failures in a row eject when detected, 0 to 1; 0.0, that is off.
    pub enforcing_consecutive_gateway_failure: f64,
    /// How often a poor success rate ejects when detected, 0 to 1; 1.0.
    pub enforcing_success_rate: f64,
    /// Hosts with enough requests that are needed to judge success rates; 5.
    pub success_rate_minimum_hosts: usize,
    /// Requests in an interval that are enough to judge a success rate; 100.
    pub success_rate_request_volume: u32,
    /// How many deviations below the mean a success rate may lie; 1.9, `success_rate_stdev_factor` of 1900.
    pub success_rate_stdev_factor: f64,
    /// How often a high failure rate ejects when detected, 0 to 1; 0.0, that is off.
    pub enforcing_failure_rate: f64,
    /// The failure rate that ejects, 0 to 1; 0.85, `failure_percentage_threshold` of 85 %.
    pub failure_rate_threshold: f64,
    /// Hosts with enough requests that are needed to judge failure rates; 5.
    pub failure_rate_minimum_hosts: usize,
    /// Requests in an interval that are enough to judge a failure rate; 50.
    pub failure_rate_request_volume: u32,
    /// Whether a passed active check brings an ejected host back at once; true,
    /// `successful_active_health_check_uneject_host`.
    pub return_on_check: bool,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            consecutive_5xx: 5,
            consecutive_gateway_failure: 5,
            interval: SimDuration::from_secs(10),
            base_ejection_time: SimDuration::from_secs(30),
            max_ejection_time: None,
            max_ejection_time_jitter: SimDuration::ZERO,
            max_ejection: 0.10,
            always_eject_one_host: false,
            enforcing_consecutive_5xx: 1.0,
            enforcing_consecutive_gateway_failure: 0.0,
            enforcing_success_rate: 1.0,
            success_rate_minimum_hosts: 5,
            success_rate_request_volume: 100,
            success_rate_stdev_factor: 1.9,
            enforcing_failure_rate: 0.0,
            failure_rate_threshold: 0.85,
            failure_rate_minimum_hosts: 5,
            failure_rate_request_volume: 50,
            return_on_check: true,
        }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        let base = self.base_ejection_time;
        for (field, length) in [("interval", self.interval), ("base_ejection_time", base)] {
            check.require(!length.is_zero(), field, || format!("{field} must be above 0"));
        }
        check.require(self.longest() >= base, "max_ejection_time", || {
            format!("max_ejection_time cannot be shorter than base_ejection_time, {base}")
        });
        let factor = self.success_rate_stdev_factor;
        check.require(factor.is_finite() && factor >= 0.0, "success_rate_stdev_factor", || {
            format!("success_rate_stdev_factor must be 0 or more, got {factor}")
        });
        for (field, share) in [
            ("max_ejection", self.max_ejection),
            ("enforcing_consecutive_5xx", self.enforcing_consecutive_5xx),
            ("enforcing_consecutive_gateway_failure", self.enforcing_consecutive_gateway_failure),
            ("enforcing_success_rate", self.enforcing_success_rate),
            ("enforcing_failure_rate", self.enforcing_failure_rate),
            ("failure_rate_threshold", self.failure_rate_threshold),
        ] {
            check.fraction(field, share);
        }
    }

    pub(super) fn build(&self, backends: usize) -> State {
        let next_tick = SimTime::ZERO + self.interval;
        State { spec: self.clone(), hosts: vec![Host::default(); backends], next_tick }
    }

    fn longest(&self) -> SimDuration {
        let longest = SimDuration::from_secs(300).max(self.base_ejection_time);
        self.max_ejection_time.unwrap_or(longest)
    }
}

/// What Envoy remembers of its hosts.
#[derive(Debug)]
pub struct State {
    spec: Spec,
    hosts: Vec<Host>,
    next_tick: SimTime,
}

impl State {
    fn on_failure(
        &mut self,
        now: SimTime,
        backend: usize,
        gateway: bool,
        random: &mut Stream,
    ) -> Option<Verdict> {
        let host = self.hosts.get_mut(backend)?;
        host.fail(gateway);
        let (failures, gateway_failures) = (host.failures, host.gateway_failures);
        let mut verdict = None;
        // Equal, not at least: a host that could not be ejected is not tried again at every failure.
        if gateway && gateway_failures == self.spec.consecutive_gateway_failure {
            let why = Why::GatewayFailures(gateway_failures);
            let enforcing = self.spec.enforcing_consecutive_gateway_failure;
            verdict = self.detect(now, backend, why, enforcing, random);
            self.hosts[backend].gateway_failures = 0;
        }
        if failures == self.spec.consecutive_5xx {
            let enforcing = self.spec.enforcing_consecutive_5xx;
            // An ejected host gives no second verdict, so the later one is the graver.
            verdict = self.detect(now, backend, Why::Failures(failures), enforcing, random).or(verdict);
            self.hosts[backend].failures = 0;
        }
        verdict
    }

    /// A rule found `backend` out: ejects it if there is room and the rule is enforced this time.
    fn detect(
        &mut self,
        now: SimTime,
        backend: usize,
        why: Why,
        enforcing: f64,
        random: &mut Stream,
    ) -> Option<Verdict> {
        if enforcing == 0.0 || self.hosts[backend].is_ejected() {
            return None;
        }
        let action = if !self.has_room() {
            Action::Spare(Spared::TooManyEjected)
        } else if random.chance(enforcing) {
            let longest_jitter = self.spec.max_ejection_time_jitter.as_nanos() as usize;
            let jitter = SimDuration::from_nanos(random.below(longest_jitter.saturating_add(1)) as u64);
            let (base, longest) = (self.spec.base_ejection_time, self.spec.longest());
            Action::Eject { until: self.hosts[backend].eject(now, base, longest, jitter) }
        } else {
            Action::Spare(Spared::NotEnforced)
        };
        Some(Verdict { backend, action, why })
    }

    /// Whether one more host may be out.
    fn has_room(&self) -> bool {
        let ejected = self.hosts.iter().filter(|host| host.is_ejected()).count() as u64;
        let room =
            10_000 * (ejected + 1) <= of_ten_thousand(self.spec.max_ejection) * self.hosts.len() as u64;
        room || (self.spec.always_eject_one_host && ejected == 0)
    }

    fn return_those_due(&mut self, now: SimTime) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        for (backend, host) in self.hosts.iter_mut().enumerate().filter(|(_, host)| host.is_due(now)) {
            host.put_back(now);
            verdicts.push(Verdict { backend, action: Action::Return, why: Why::TimeServed });
        }
        verdicts
    }

    fn judge_success_rates(&mut self, now: SimTime, records: &[Record], random: &mut Stream) -> Vec<Verdict> {
        let enough = self.spec.success_rate_request_volume;
        let valid = || records.iter().filter(|record| record.requests >= enough);
        let rates: Vec<f64> = valid().map(Record::success_rate).collect();
        if rates.is_empty() || rates.len() < self.spec.success_rate_minimum_hosts {
            return Vec::new();
        }
        let threshold = threshold(&rates, self.spec.success_rate_stdev_factor);
        let enforcing = self.spec.enforcing_success_rate;
        let judge = |record: &Record| {
            let why = Why::SuccessRate { rate: record.success_rate() / 100.0, threshold: threshold / 100.0 };
            self.detect(now, record.backend, why, enforcing, random)
        };
        valid().filter(|record| record.success_rate() < threshold).filter_map(judge).collect()
    }

    fn judge_failure_rates(&mut self, now: SimTime, records: &[Record], random: &mut Stream) -> Vec<Verdict> {
        let enough = self.spec.failure_rate_request_volume;
        let valid = || records.iter().filter(|record| record.requests >= enough);
        if valid().count() < self.spec.failure_rate_minimum_hosts {
            return Vec::new();
        }
        let limit = of_ten_thousand(self.spec.failure_rate_threshold);
        let enforcing = self.spec.enforcing_failure_rate;
        let judge = |record: &Record| {
            self.detect(now, record.backend, Why::FailureRate(record.failure_rate()), enforcing, random)
        };
        valid().filter(|record| record.fails_at_least(limit)).filter_map(judge).collect()
    }
}

/// A share of 0 to 1 in ten-thousandths, so that boundaries such as 0.125 are exact.
fn of_ten_thousand(share: f64) -> u64 {
    (share * 1e4 + 0.5) as u64
}

impl Eject for State {
    fn on_result(
        &mut self,
        now: SimTime,
        backend: usize,
        outcome: Outcome,
        random: &mut Stream,
    ) -> Option<Verdict> {
        match outcome {
            Outcome::Success => {
                self.hosts.get_mut(backend)?.succeed();
                None
            }
            Outcome::Failed => self.on_failure(now, backend, false, random),
            Outcome::Refused | Outcome::Unreachable | Outcome::TimedOut => {
                self.on_failure(now, backend, true, random)
            }
            Outcome::Abandoned => None,
        }
    }

    fn on_tick(&mut self, now: SimTime, random: &mut Stream) -> Vec<Verdict> {
        let mut verdicts = self.return_those_due(now);
        let close = |(backend, host): (usize, &mut Host)| host.close_interval(backend);
        let records: Vec<Record> = self.hosts.iter_mut().enumerate().filter_map(close).collect();
        verdicts.extend(self.judge_success_rates(now, &records, random));
        verdicts.extend(self.judge_failure_rates(now, &records, random));
        for host in &mut self.hosts {
            host.forgive(now, self.spec.interval);
        }
        self.next_tick = now + self.spec.interval;
        verdicts
    }

    fn next_tick(&self) -> SimTime {
        self.next_tick
    }

    fn is_ejected(&self, _: SimTime, backend: usize) -> bool {
        self.hosts.get(backend).is_some_and(Host::is_ejected)
    }

    fn on_check_passed(&mut self, now: SimTime, backend: usize) -> Option<Verdict> {
        let host = self.hosts.get_mut(backend)?;
        if !self.spec.return_on_check || !host.is_ejected() {
            return None;
        }
        host.put_back(now);
        Some(Verdict { backend, action: Action::Return, why: Why::CheckPassed })
    }

    fn on_membership(&mut self, _: SimTime, backends: usize) {
        self.hosts.resize(backends, Host::default());
    }
}
