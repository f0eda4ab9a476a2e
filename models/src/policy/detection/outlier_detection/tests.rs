//! Envoy's documented figures, and the boundaries of its rules.

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

fn until(seconds: u64) -> Action {
    Action::Eject { until: at(seconds) }
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
    assert_eq!(bench.end(at(0), 0, Outcome::Failed, 1), Some(until(30)));
    assert_eq!(bench.returns(at(30)), [(30, 0)]);
    assert_eq!(bench.end(at(31), 0, Outcome::Failed, 5), Some(until(91)));
    assert_eq!(bench.returns(at(100)), [(100, 0)], "examined on the tick");
}

#[test]
fn a_healthy_interval_takes_one_step_back() {
    let mut bench = Bench::new(&Spec::default(), 10);
    bench.end(at(0), 0, Outcome::Failed, 5);
    assert_eq!(bench.returns(at(40)), [(30, 0)]);
    assert_eq!(bench.end(at(41), 0, Outcome::Failed, 5), Some(until(71)));
    assert_eq!(bench.returns(at(80)), [(80, 0)]);
}

#[test]
fn the_time_out_is_capped_and_so_is_its_memory() {
    let mut bench = Bench::new(&Spec::default(), 10);
    let mut now = at(5);
    for nth in 1..=13 {
        bench.end(now, 0, Outcome::Failed, 5);
        let mut tick = now;
        while bench.state.is_ejected(tick, 0) {
            tick = bench.state.next_tick();
            bench.state.on_tick(tick, &mut bench.random);
        }
        // Ejected between two ticks, so 5 s late.
        assert_eq!(tick.since(now), SimDuration::from_secs((30 * nth).min(300) + 5), "ejection {nth}");
        now = tick + SimDuration::from_secs(5);
    }
    // The multiple grew while 30 s times it was below 330 s, to 11: three healthy intervals leave 8.
    let last = now + SimDuration::from_secs(25);
    assert_eq!(bench.returns(last), []);
    let until = last + SimDuration::from_secs(270);
    assert_eq!(bench.end(last, 0, Outcome::Failed, 5), Some(Action::Eject { until }));
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
    let spec = Spec { consecutive_5xx: 0, enforcing_consecutive_gateway_failure: 1.0, ..Spec::default() };
    let mut bench = Bench::new(&spec, 10);
    assert_eq!(bench.end(at(1), 0, Outcome::TimedOut, 4), None);
    assert_eq!(bench.end(at(1), 0, Outcome::Failed, 1), None, "a 500 is no gateway failure");
    assert_eq!(bench.end(at(1), 0, Outcome::Refused, 4), None);
    assert_eq!(bench.end(at(1), 0, Outcome::Unreachable, 1), Some(until(31)));
}

#[test]
fn a_rule_enforced_half_the_time_ejects_half_the_time() {
    let spec = Spec { enforcing_consecutive_5xx: 0.5, max_ejection: 1.0, ..Spec::default() };
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
