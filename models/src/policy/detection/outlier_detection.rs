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

use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    random::Stream,
    time::{SimDuration, SimTime},
};

use super::{Action, Eject, Outcome, Spared, Verdict, Why};

/// `OutlierDetection`: the rules, how often each is enforced, and the time out.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
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
        let above_zero = |length: SimDuration| !length.is_zero();
        check.require(above_zero(self.interval), "interval", || "interval must be above 0".into());
        check.require(above_zero(self.base_ejection_time), "base_ejection_time", || {
            "base_ejection_time must be above 0".into()
        });
        let base = self.base_ejection_time;
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

#[derive(Clone, Copy, Debug, Default)]
struct Host {
    standing: Standing,
    /// Ejections, less the healthy intervals since: the multiple of the base time.
    multiplier: u64,
    failures: u32,
    gateway_failures: u32,
    /// Of the present interval.
    successes: u32,
    requests: u32,
}

#[derive(Clone, Copy, Debug, Default)]
enum Standing {
    #[default]
    NeverEjected,
    Ejected {
        until: SimTime,
    },
    ReturnedAt(SimTime),
}

/// A host's last interval.
#[derive(Clone, Copy, Debug)]
struct Record {
    backend: usize,
    requests: u32,
    /// In percent: Envoy's figures are, and so round alike.
    success_rate: f64,
}

impl Host {
    fn is_ejected(&self) -> bool {
        match self.standing {
            Standing::Ejected { .. } => true,
            Standing::NeverEjected | Standing::ReturnedAt(_) => false,
        }
    }

    fn put_back(&mut self, now: SimTime) {
        self.standing = Standing::ReturnedAt(now);
        (self.failures, self.gateway_failures) = (0, 0);
    }

    /// Takes the interval's record and starts the next.
    fn close_interval(&mut self, backend: usize) -> Option<Record> {
        let (successes, requests) = (self.successes, self.requests);
        (self.successes, self.requests) = (0, 0);
        if self.is_ejected() || requests == 0 {
            return None;
        }
        let success_rate = f64::from(successes) * 100.0 / f64::from(requests);
        Some(Record { backend, requests, success_rate })
    }
}

impl State {
    fn on_success(&mut self, backend: usize) -> Option<Verdict> {
        let host = self.hosts.get_mut(backend)?;
        host.successes += 1;
        host.requests += 1;
        (host.failures, host.gateway_failures) = (0, 0);
        None
    }

    fn on_failure(&mut self, now: SimTime, backend: usize, gateway: bool, random: &mut Stream) -> Option<Verdict> {
        let host = self.hosts.get_mut(backend)?;
        host.requests += 1;
        host.failures += 1;
        host.gateway_failures = if gateway { host.gateway_failures + 1 } else { 0 };
        // Equal, not at least: a host that could not be ejected is not tried again at every failure.
        let (failures, gateway_failures) = (host.failures, host.gateway_failures);
        let spec = &self.spec;
        let (any, only_gateway) = (spec.enforcing_consecutive_5xx, spec.enforcing_consecutive_gateway_failure);
        let mut verdict = None;
        if gateway && gateway_failures == self.spec.consecutive_gateway_failure {
            let why = Why::GatewayFailures(gateway_failures);
            verdict = self.detect(now, backend, why, only_gateway, random);
        }
        if failures == self.spec.consecutive_5xx {
            // An ejected host gives no second verdict, so the later one is the graver.
            let second = self.detect(now, backend, Why::Failures(failures), any, random);
            verdict = second.or(verdict);
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
        if self.hosts[backend].is_ejected() {
            return None;
        }
        let action = if enforcing == 0.0 {
            None
        } else if !self.has_room() {
            Some(Action::Spare(Spared::TooManyEjected))
        } else if random.chance(enforcing) {
            Some(self.eject(now, backend, random))
        } else {
            Some(Action::Spare(Spared::NotEnforced))
        };
        self.start_count_anew(backend, why);
        action.map(|action| Verdict { backend, action, why })
    }

    fn eject(&mut self, now: SimTime, backend: usize, random: &mut Stream) -> Action {
        let (base, longest) = (self.spec.base_ejection_time, self.spec.longest());
        let jitter = random.below(self.spec.max_ejection_time_jitter.as_nanos() as usize + 1);
        let host = &mut self.hosts[backend];
        if base.saturating_mul(host.multiplier) < longest + base {
            host.multiplier += 1;
        }
        let lasts = base.saturating_mul(host.multiplier).min(longest);
        let until = now + lasts + SimDuration::from_nanos(jitter as u64);
        host.standing = Standing::Ejected { until };
        Action::Eject { until }
    }

    /// Also where nothing was done, so that the next detection needs a full count again.
    fn start_count_anew(&mut self, backend: usize, why: Why) {
        let host = &mut self.hosts[backend];
        match why {
            Why::Failures(_) => host.failures = 0,
            Why::GatewayFailures(_) => host.gateway_failures = 0,
            Why::SuccessRate { .. }
            | Why::FailureRate(_)
            | Why::TimeServed
            | Why::ProbePassed
            | Why::ProbeFailed
            | Why::CheckPassed => {}
        }
    }

    /// Whether one more host may be out, in ten-thousandths so that a share of 0.125 is exact.
    fn has_room(&self) -> bool {
        let ejected = self.hosts.iter().filter(|host| host.is_ejected()).count();
        let share = (self.spec.max_ejection * 1e4 + 0.5) as usize;
        let room = 10_000 * (ejected + 1) <= share * self.hosts.len();
        room || (self.spec.always_eject_one_host && ejected == 0)
    }

    fn return_those_due(&mut self, now: SimTime) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        for (backend, host) in self.hosts.iter_mut().enumerate() {
            if let Standing::Ejected { until } = host.standing
                && until <= now
            {
                host.put_back(now);
                verdicts.push(Verdict { backend, action: Action::Return, why: Why::TimeServed });
            }
        }
        verdicts
    }

    fn judge_success_rates(&mut self, now: SimTime, records: &[Record], random: &mut Stream) -> Vec<Verdict> {
        let enough = self.spec.success_rate_request_volume;
        let rates: Vec<f64> =
            records.iter().filter(|record| record.requests >= enough).map(|record| record.success_rate).collect();
        if rates.is_empty() || rates.len() < self.spec.success_rate_minimum_hosts {
            return Vec::new();
        }
        let threshold = threshold(&rates, self.spec.success_rate_stdev_factor);
        let enforcing = self.spec.enforcing_success_rate;
        let poor = |record: &&Record| record.requests >= enough && record.success_rate < threshold;
        let judge = |record: &Record| {
            let (rate, threshold) = (record.success_rate / 100.0, threshold / 100.0);
            self.detect(now, record.backend, Why::SuccessRate { rate, threshold }, enforcing, random)
        };
        records.iter().filter(poor).filter_map(judge).collect()
    }

    fn judge_failure_rates(&mut self, now: SimTime, records: &[Record], random: &mut Stream) -> Vec<Verdict> {
        let enough = self.spec.failure_rate_request_volume;
        let valid = || records.iter().filter(|record| record.requests >= enough);
        if valid().count() < self.spec.failure_rate_minimum_hosts {
            return Vec::new();
        }
        let limit = self.spec.failure_rate_threshold * 100.0;
        let enforcing = self.spec.enforcing_failure_rate;
        let judge = |record: &Record| {
            let rate = (100.0 - record.success_rate) / 100.0;
            self.detect(now, record.backend, Why::FailureRate(rate), enforcing, random)
        };
        valid().filter(|record| 100.0 - record.success_rate >= limit).filter_map(judge).collect()
    }

    /// Each healthy interval after a return takes back one step of the time out.
    fn forgive(&mut self, now: SimTime) {
        for host in &mut self.hosts {
            if let Standing::ReturnedAt(returned) = host.standing
                && now.since(returned) >= self.spec.interval
            {
                host.multiplier = host.multiplier.saturating_sub(1);
            }
        }
    }
}

/// The success rate below which a host stands out: the mean less `factor` population deviations.
fn threshold(rates: &[f64], factor: f64) -> f64 {
    let count = rates.len() as f64;
    let mean = rates.iter().sum::<f64>() / count;
    let variance = rates.iter().map(|rate| (rate - mean) * (rate - mean)).sum::<f64>() / count;
    mean - factor * variance.sqrt()
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
            Outcome::Success => self.on_success(backend),
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
        self.forgive(now);
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

#[cfg(test)]
mod tests {
    use sim_core::random::Streams;

    use super::*;

    struct Bench {
        state: State,
        random: Stream,
    }

    impl Bench {
        fn new(spec: &Spec, hosts: usize) -> Self {
            Self { state: spec.build(hosts), random: Streams::new(1, 0).stream("lb/eject") }
        }

        /// Ends `count` requests at one backend; the last verdict.
        fn end(&mut self, now: SimTime, backend: usize, outcome: Outcome, count: usize) -> Option<Action> {
            let mut verdict = None;
            for _ in 0..count {
                verdict = self.state.on_result(now, backend, outcome, &mut self.random).or(verdict);
            }
            verdict.map(|verdict| verdict.action)
        }

        /// Ticks up to `end`; who returned when, in seconds.
        fn returns(&mut self, end: SimTime) -> Vec<(u64, usize)> {
            let mut returned = Vec::new();
            while self.state.next_tick() <= end {
                let now = self.state.next_tick();
                for verdict in self.state.on_tick(now, &mut self.random) {
                    assert_eq!(verdict.action, Action::Return);
                    returned.push((now.as_nanos() / 1_000_000_000, verdict.backend));
                }
            }
            returned
        }
    }

    fn at(seconds: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(seconds)
    }

    fn until(seconds: u64) -> Option<Action> {
        Some(Action::Eject { until: at(seconds) })
    }

    #[test]
    fn the_threshold_takes_the_population_deviation() {
        // Envoy's own example in successRateEjectionThreshold, then computed with the same formula.
        let repeat = |rate, count| std::iter::repeat_n(rate, count);
        let cases: [(Vec<f64>, f64); 4] = [
            (repeat(50.0, 1).chain(repeat(100.0, 4)).collect(), 52.0),
            (repeat(100.0, 9).chain(repeat(50.0, 1)).collect(), 66.5),
            (repeat(100.0, 6).chain(repeat(50.0, 4)).collect(), 80.0 - 1.9 * 600.0_f64.sqrt()),
            (repeat(50.0, 1).chain(repeat(100.0, 3)).collect(), 87.5 - 1.9 * 468.75_f64.sqrt()),
        ];
        for (rates, expected) in cases {
            assert!((threshold(&rates, 1.9) - expected).abs() < 1e-9, "{rates:?}");
        }
        // The last two are 33.46 and 46.36: below 50, so nobody stands out.
        assert!((80.0 - 1.9 * 600.0_f64.sqrt() - 33.46).abs() < 0.005);
        assert!((87.5 - 1.9 * 468.75_f64.sqrt() - 46.36).abs() < 0.005);
    }

    #[test]
    fn one_host_of_five_at_half_the_others_rate_is_ejected_on_the_tick() {
        let spec = Spec { always_eject_one_host: true, consecutive_5xx: 0, ..Spec::default() };
        for (poor, volume, ejected) in [(1, 100, true), (1, 98, false), (2, 100, false)] {
            let mut bench = Bench::new(&spec, 5);
            for host in 0..5 {
                let failures = if host < poor { volume / 2 } else { 0 };
                bench.end(at(1), host, Outcome::Success, volume - failures);
                bench.end(at(1), host, Outcome::Failed, failures);
            }
            assert_eq!(bench.state.on_tick(at(10), &mut bench.random).len(), usize::from(ejected));
            assert_eq!(bench.state.is_ejected(at(10), 0), ejected, "{poor} poor, {volume} requests");
        }
    }

    #[test]
    fn rates_are_of_the_interval_just_past() {
        let spec = Spec { always_eject_one_host: true, consecutive_5xx: 0, ..Spec::default() };
        let mut bench = Bench::new(&spec, 5);
        bench.end(at(1), 0, Outcome::Failed, 60);
        assert_eq!(bench.returns(at(10)), []);
        for host in 0..5 {
            bench.end(at(11), host, Outcome::Success, 100);
        }
        assert_eq!(bench.returns(at(20)), [], "the failures of the first interval are forgotten");
    }

    #[test]
    fn the_time_out_grows_by_its_base_and_ends_on_a_tick() {
        let mut bench = Bench::new(&Spec::default(), 10);
        assert_eq!(bench.end(at(0), 0, Outcome::Failed, 4), None);
        assert_eq!(bench.end(at(0), 0, Outcome::Failed, 1), until(30));
        assert_eq!(bench.returns(at(30)), [(30, 0)]);
        assert_eq!(bench.end(at(31), 0, Outcome::Failed, 5), until(91));
        assert_eq!(bench.returns(at(100)), [(100, 0)], "examined on the tick");
    }

    #[test]
    fn a_healthy_interval_takes_one_step_back() {
        let mut bench = Bench::new(&Spec::default(), 10);
        bench.end(at(0), 0, Outcome::Failed, 5);
        assert_eq!(bench.returns(at(40)), [(30, 0)]);
        assert_eq!(bench.end(at(41), 0, Outcome::Failed, 5), until(71));
        assert_eq!(bench.returns(at(80)), [(80, 0)]);
    }

    #[test]
    fn the_time_out_is_capped() {
        let mut bench = Bench::new(&Spec::default(), 10);
        let mut lasted = Vec::new();
        let mut now = at(5);
        for _ in 0..13 {
            bench.end(now, 0, Outcome::Failed, 5);
            while bench.state.is_ejected(now, 0) {
                let tick = bench.state.next_tick();
                for verdict in bench.state.on_tick(tick, &mut bench.random) {
                    assert_eq!(verdict.action, Action::Return);
                    lasted.push(tick.since(now).as_secs_f64());
                }
                if !bench.state.is_ejected(tick, 0) {
                    now = tick + SimDuration::from_secs(5);
                }
            }
        }
        let expected: Vec<f64> = (1..=13).map(|nth| (30.0 * f64::from(nth)).min(300.0) + 5.0).collect();
        assert_eq!(lasted, expected);
    }

    #[test]
    fn no_more_than_the_share_is_out() {
        // Envoy ejectHost with 10 %: of 5, 10 and 100 hosts, all bad.
        for (hosts, always, ejected) in [(5, false, 0), (5, true, 1), (10, false, 1), (100, false, 10)] {
            let spec = Spec { always_eject_one_host: always, ..Spec::default() };
            let mut bench = Bench::new(&spec, hosts);
            let actions: Vec<_> =
                (0..hosts).filter_map(|host| bench.end(at(1), host, Outcome::Failed, 5)).collect();
            let spared =
                actions.iter().filter(|action| **action == Action::Spare(Spared::TooManyEjected)).count();
            assert_eq!((actions.len() - spared, spared), (ejected, hosts - ejected), "{hosts} hosts");
        }
    }

    #[test]
    fn a_spared_host_is_tried_again_after_a_full_count() {
        let mut bench = Bench::new(&Spec::default(), 5);
        let spared = Some(Action::Spare(Spared::TooManyEjected));
        assert_eq!(bench.end(at(1), 0, Outcome::Failed, 5), spared);
        assert_eq!(bench.end(at(1), 0, Outcome::Failed, 4), None);
        assert_eq!(bench.end(at(1), 0, Outcome::Failed, 1), spared);
    }

    #[test]
    fn gateway_failures_are_a_rule_of_their_own() {
        let spec = Spec {
            consecutive_5xx: 0,
            enforcing_consecutive_gateway_failure: 1.0,
            ..Spec::default()
        };
        let mut bench = Bench::new(&spec, 10);
        assert_eq!(bench.end(at(1), 0, Outcome::TimedOut, 4), None);
        assert_eq!(bench.end(at(1), 0, Outcome::Failed, 1), None, "a 500 is no gateway failure");
        assert_eq!(bench.end(at(1), 0, Outcome::Refused, 4), None);
        assert_eq!(bench.end(at(1), 0, Outcome::Unreachable, 1), until(31));
    }

    #[test]
    fn a_rule_enforced_half_the_time_ejects_half_the_time() {
        let spec = Spec {
            enforcing_consecutive_5xx: 0.5,
            max_ejection: 1.0,
            ..Spec::default()
        };
        let mut bench = Bench::new(&spec, 1_000);
        let ejected = (0..1_000)
            .filter(|host| matches!(bench.end(at(1), *host, Outcome::Failed, 5), Some(Action::Eject { .. })))
            .count();
        // Four standard deviations of Binomial(1000, ½).
        assert!(ejected.abs_diff(500) < 64, "{ejected}");
    }

    #[test]
    fn the_failure_rate_is_judged_on_its_own() {
        let spec = Spec {
            consecutive_5xx: 0,
            enforcing_success_rate: 0.0,
            enforcing_failure_rate: 1.0,
            max_ejection: 1.0,
            ..Spec::default()
        };
        let mut bench = Bench::new(&spec, 5);
        for host in 0..5 {
            // 40 to 44 failures of 50: 85 % is 42.5.
            bench.end(at(1), host, Outcome::Success, 10 - host);
            bench.end(at(1), host, Outcome::Failed, 40 + host);
        }
        let ejected: Vec<_> =
            bench.state.on_tick(at(10), &mut bench.random).iter().map(|verdict| verdict.backend).collect();
        assert_eq!(ejected, [3, 4]);
    }

    #[test]
    fn a_passed_check_brings_a_host_back() {
        let mut bench = Bench::new(&Spec::default(), 10);
        bench.end(at(1), 0, Outcome::Failed, 5);
        let verdict = bench.state.on_check_passed(at(2), 0).map(|verdict| verdict.action);
        assert_eq!(verdict, Some(Action::Return));
        assert_eq!(bench.state.on_check_passed(at(2), 0), None);
    }

    #[test]
    fn percents_are_refused() {
        let mut check = Check::default();
        Spec { max_ejection: 10.0, ..Spec::default() }.check(&mut check);
        let max_ejection_time = Some(SimDuration::from_secs(1));
        Spec { max_ejection_time, ..Spec::default() }.check(&mut check);
        let codes: Vec<_> = check.into_problems().into_iter().map(|problem| problem.code).collect();
        assert_eq!(codes, ["E0402", "E0404"]);
    }
}
