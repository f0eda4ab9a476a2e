//! Finagle's failure accrual: a breaker on each endpoint that the balancer avoids while it is dead.
//!
//! Two rules at once: failures in a row, and a success rate that forgets exponentially. Unlike Envoy's outlier
//! detection an endpoint is judged by itself, with no look at the others and no cap; a dead one waits for
//! a growing, jittered pause and then serves a single probe whose result decides. If most are dead the
//! balancer panics and uses all.
//! Finagle `FailureAccrualFactory`, `FailureAccrualPolicy`, `Backoff.equalJittered`. Finagle's balancer meets its
//! panic by chance, after five pairs of dead endpoints; here the dead are counted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    random::Stream,
    time::{SimDuration, SimTime},
};

use super::{Action, Eject, Outcome, Verdict, Why, volume::Volume};
use crate::policy::moving_average::MovingAverage;

/// `FailureAccrual`: the two rules, the pauses, and when to panic.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Failures in a row that mark an endpoint dead, 0 for never; 5, Finagle's default.
    pub consecutive_failures: u32,
    /// The success rate, 0 to 1, below which an endpoint is marked dead; 0.8, Finagle's default.
    pub success_rate: f64,
    /// The mean age of what the success rate remembers; the rule sleeps for as long after a start or
    /// a revival; `"30s"`, Finagle's default.
    pub window: SimDuration,
    /// Requests in the window without which the success rate is not judged; 5, Finagle's default.
    pub minimum_requests: u32,
    /// The first pause; `"5s"`, Finagle's default.
    pub first_pause: SimDuration,
    /// The longest pause; `"300s"`, Finagle's default.
    pub longest_pause: SimDuration,
    /// The share of dead endpoints, 0 to 1, above which all are used; 0.5, Finagle's `MajorityUnhealthy`.
    pub panic_above: f64,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            consecutive_failures: 5,
            success_rate: 0.8,
            window: SimDuration::from_secs(30),
            minimum_requests: 5,
            first_pause: SimDuration::from_secs(5),
            longest_pause: SimDuration::from_secs(300),
            panic_above: 0.5,
        }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        for (field, length) in [("window", self.window), ("first_pause", self.first_pause)] {
            check.require(!length.is_zero(), field, || format!("{field} must be above 0"));
        }
        let first = self.first_pause;
        check.require(self.longest_pause >= first, "longest_pause", || {
            format!("longest_pause cannot be shorter than first_pause, {first}")
        });
        check.fraction("success_rate", self.success_rate);
        check.fraction("panic_above", self.panic_above);
    }

    pub(super) fn build(&self, backends: usize) -> State {
        let mut state = State { spec: self.clone(), endpoints: Vec::new() };
        state.on_membership(SimTime::ZERO, backends);
        state
    }

    /// The `nth` pause, from 0: the first exactly, then a doubling half and as much again by chance, capped.
    fn pause(&self, nth: u32, random: &mut Stream) -> SimDuration {
        if nth == 0 {
            return self.first_pause.min(self.longest_pause);
        }
        let half = self.first_pause.saturating_mul(1 << (nth - 1).min(31));
        let jitter = random.below(half.as_nanos() as usize) as u64;
        (half + SimDuration::from_nanos(jitter)).min(self.longest_pause)
    }
}

/// What Finagle remembers of its endpoints.
#[derive(Debug)]
pub struct State {
    spec: Spec,
    endpoints: Vec<Endpoint>,
}

#[derive(Clone, Debug)]
struct Endpoint {
    life: Life,
    failures: u32,
    /// The pauses each rule has used up since the last revival.
    pauses_by_count: u32,
    pauses_by_rate: u32,
    average: MovingAverage,
    volume: Volume,
    /// When it was built or last revived.
    since: SimTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    Alive,
    Dead {
        until: SimTime,
    },
    /// Its pause is over and its probe not yet sent.
    ProbeOpen,
    /// Its probe is under way; the first result decides.
    Probing,
}

impl Endpoint {
    fn new(spec: &Spec, since: SimTime) -> Self {
        Self {
            life: Life::Alive,
            failures: 0,
            pauses_by_count: 0,
            pauses_by_rate: 0,
            average: MovingAverage::new(spec.window),
            volume: Volume::new(spec.window),
            since,
        }
    }

    /// Records one request; the success rate after it.
    fn record(&mut self, now: SimTime, success: bool) -> f64 {
        self.volume.add(now.since(self.since));
        self.failures = if success { 0 } else { self.failures.saturating_add(1) };
        self.average.update(now, f64::from(u8::from(success)))
    }

    /// How long the rules want it dead after a failure, and which of them; the longer pause if both do.
    fn judge(
        &mut self,
        now: SimTime,
        rate: f64,
        spec: &Spec,
        random: &mut Stream,
    ) -> Option<(SimDuration, Why)> {
        let mut sentence = None;
        let grown = now.since(self.since) >= spec.window;
        if grown && rate < spec.success_rate && self.volume.sum() >= spec.minimum_requests {
            let why = Why::SuccessRate { rate, threshold: spec.success_rate };
            sentence = Some((spec.pause(self.pauses_by_rate, random), why));
            self.pauses_by_rate += 1;
        }
        if spec.consecutive_failures > 0 && self.failures >= spec.consecutive_failures {
            let pause = spec.pause(self.pauses_by_count, random);
            self.pauses_by_count += 1;
            if sentence.is_none_or(|(longest, _)| pause > longest) {
                sentence = Some((pause, Why::Failures(self.failures)));
            }
        }
        sentence
    }

    fn is_dead(&self, now: SimTime) -> bool {
        match self.life {
            Life::Alive | Life::ProbeOpen => false,
            Life::Dead { until } => now < until,
            Life::Probing => true,
        }
    }
}

impl State {
    fn on_success(&mut self, now: SimTime, backend: usize) -> Option<Verdict> {
        let endpoint = self.endpoints.get_mut(backend)?;
        let revived = endpoint.life == Life::Probing;
        if revived {
            *endpoint = Endpoint::new(&self.spec, now);
        }
        endpoint.record(now, true);
        revived.then_some(Verdict { backend, action: Action::Return, why: Why::ProbePassed })
    }

    fn on_failure(&mut self, now: SimTime, backend: usize, random: &mut Stream) -> Option<Verdict> {
        let endpoint = self.endpoints.get_mut(backend)?;
        let probing = match endpoint.life {
            Life::Alive => false,
            Life::Probing => true,
            // A straggler's failure says nothing new.
            Life::Dead { .. } | Life::ProbeOpen => return None,
        };
        let rate = endpoint.record(now, false);
        let Some((pause, why)) = endpoint.judge(now, rate, &self.spec, random) else {
            // A failed probe that no rule minds: probe again.
            if probing {
                endpoint.life = Life::ProbeOpen;
            }
            return probing.then_some(Verdict { backend, action: Action::Probe, why: Why::ProbeFailed });
        };
        let until = now + pause;
        endpoint.life = Life::Dead { until };
        let why = if probing { Why::ProbeFailed } else { why };
        Some(Verdict { backend, action: Action::Eject { until }, why })
    }
}

impl Eject for State {
    fn on_send(&mut self, now: SimTime, backend: usize) {
        let Some(endpoint) = self.endpoints.get_mut(backend) else { return };
        match endpoint.life {
            Life::ProbeOpen => endpoint.life = Life::Probing,
            Life::Dead { until } if until <= now => endpoint.life = Life::Probing,
            // Panic may send to the dead; that is no probe.
            Life::Alive | Life::Dead { .. } | Life::Probing => {}
        }
    }

    fn on_result(
        &mut self,
        now: SimTime,
        backend: usize,
        outcome: Outcome,
        random: &mut Stream,
    ) -> Option<Verdict> {
        match outcome.success() {
            Some(true) => self.on_success(now, backend),
            Some(false) => self.on_failure(now, backend, random),
            None => {
                // A probe without a result: the next request probes.
                let endpoint = self.endpoints.get_mut(backend)?;
                if endpoint.life != Life::Probing {
                    return None;
                }
                endpoint.life = Life::ProbeOpen;
                Some(Verdict { backend, action: Action::Probe, why: Why::TimeServed })
            }
        }
    }

    fn on_tick(&mut self, now: SimTime, _: &mut Stream) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        for (backend, endpoint) in self.endpoints.iter_mut().enumerate() {
            if let Life::Dead { until } = endpoint.life
                && until <= now
            {
                endpoint.life = Life::ProbeOpen;
                verdicts.push(Verdict { backend, action: Action::Probe, why: Why::TimeServed });
            }
        }
        verdicts
    }

    fn next_tick(&self) -> SimTime {
        let ends = self.endpoints.iter().filter_map(|endpoint| match endpoint.life {
            Life::Dead { until } => Some(until),
            Life::Alive | Life::ProbeOpen | Life::Probing => None,
        });
        ends.min().unwrap_or(SimTime::NEVER)
    }

    fn is_ejected(&self, now: SimTime, backend: usize) -> bool {
        self.endpoints.get(backend).is_some_and(|endpoint| endpoint.is_dead(now))
    }

    fn in_panic(&self) -> bool {
        let dead = self.endpoints.iter().filter(|endpoint| endpoint.life != Life::Alive).count();
        dead as f64 > self.spec.panic_above * self.endpoints.len() as f64
    }

    fn on_membership(&mut self, now: SimTime, backends: usize) {
        self.endpoints.resize_with(backends, || Endpoint::new(&self.spec, now));
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
        fn new(spec: &Spec) -> Self {
            Self { state: spec.build(4), random: Streams::new(1, 0).stream("lb/eject") }
        }

        fn end(&mut self, now: SimTime, outcome: Outcome) -> Option<Action> {
            self.state.on_result(now, 0, outcome, &mut self.random).map(|verdict| verdict.action)
        }
    }

    fn at(seconds: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(seconds)
    }

    #[test]
    fn pauses_double_between_half_and_whole_up_to_the_longest() {
        let spec = Spec::default();
        let mut random = Streams::new(1, 0).stream("lb/eject");
        for _ in 0..200 {
            assert_eq!(spec.pause(0, &mut random), SimDuration::from_secs(5));
            for (nth, low) in [(1, 5), (2, 10), (3, 20), (4, 40), (5, 80)] {
                let pause = spec.pause(nth, &mut random).as_secs_f64();
                assert!((f64::from(low)..f64::from(2 * low)).contains(&pause), "{nth}: {pause}");
            }
            assert!((160.0..=300.0).contains(&spec.pause(6, &mut random).as_secs_f64()));
            assert_eq!(spec.pause(7, &mut random), SimDuration::from_secs(300));
            assert_eq!(spec.pause(4_000, &mut random), SimDuration::from_secs(300));
        }
        let mean = (0..10_000).map(|_| spec.pause(3, &mut random).as_secs_f64()).sum::<f64>() / 1e4;
        // Uniform on 20 to 40 s: five standard errors are 0.29.
        assert!((mean - 30.0).abs() < 0.29, "{mean}");
    }

    #[test]
    fn five_failures_kill_and_one_probe_decides() {
        let mut bench = Bench::new(&Spec::default());
        for _ in 0..4 {
            assert_eq!(bench.end(at(1), Outcome::Failed), None);
        }
        assert_eq!(bench.end(at(1), Outcome::Failed), Some(Action::Eject { until: at(6) }));
        assert!(bench.state.is_ejected(at(5), 0));
        assert_eq!(bench.state.next_tick(), at(6));
        bench.state.on_tick(at(6), &mut bench.random);
        assert!(!bench.state.is_ejected(at(6), 0));
        bench.state.on_send(at(6), 0);
        assert!(bench.state.is_ejected(at(6), 0), "one probe at a time");
        let Some(Action::Eject { until }) = bench.end(at(7), Outcome::TimedOut) else { panic!() };
        assert!((5.0..10.0).contains(&until.since(at(7)).as_secs_f64()), "a longer pause: {until}");
        bench.state.on_tick(until, &mut bench.random);
        bench.state.on_send(until, 0);
        assert_eq!(bench.end(until, Outcome::Success), Some(Action::Return));
        // Revived: the count and the pauses start anew.
        for _ in 0..4 {
            assert_eq!(bench.end(until, Outcome::Failed), None);
        }
        let again = bench.end(until, Outcome::Failed);
        assert_eq!(again, Some(Action::Eject { until: until + SimDuration::from_secs(5) }));
    }

    #[test]
    fn an_endpoint_that_fails_at_once_is_found_in_a_fifth_of_the_window() {
        // Finagle: "FailureAccrual will trigger in (window) * (1 - threshold) seconds - 6 seconds"; exactly, when
        // e^(−t/30) < 0.8, at 6.694 s.
        let spec = Spec { consecutive_failures: 0, ..Spec::default() };
        let mut bench = Bench::new(&spec);
        let mut now = SimTime::ZERO;
        let step = SimDuration::from_millis(10);
        while now < at(60) {
            bench.end(now, Outcome::Success);
            now = now + step;
        }
        while bench.end(now, Outcome::Failed).is_none() {
            now = now + step;
        }
        let took = now.since(at(60)).as_secs_f64();
        assert!((took - 6.694).abs() < 0.02, "{took}");
    }

    #[test]
    fn the_rate_is_not_judged_before_a_window_or_on_too_few_requests() {
        let spec = Spec { consecutive_failures: 0, ..Spec::default() };
        let mut bench = Bench::new(&spec);
        for second in 0..30 {
            assert_eq!(bench.end(at(second), Outcome::Failed), None, "{second} s");
        }
        assert!(bench.end(at(30), Outcome::Failed).is_some());

        let mut sparse = Bench::new(&spec);
        for second in (0..600).step_by(8) {
            assert_eq!(sparse.end(at(second), Outcome::Failed), None, "four requests in 30 s");
        }

        let mut burst = Bench::new(&spec);
        let killed = (0..5).map(|_| burst.end(at(60), Outcome::Failed).is_some());
        assert_eq!(killed.collect::<Vec<_>>(), [false, false, false, false, true], "five are enough");
    }

    #[test]
    fn a_probe_given_up_lets_the_next_request_probe() {
        let mut bench = Bench::new(&Spec::default());
        for _ in 0..5 {
            bench.end(at(1), Outcome::Failed);
        }
        bench.state.on_tick(at(6), &mut bench.random);
        bench.state.on_send(at(6), 0);
        assert_eq!(bench.end(at(7), Outcome::Abandoned), Some(Action::Probe));
        assert!(!bench.state.is_ejected(at(7), 0));
    }

    #[test]
    fn a_majority_of_the_dead_is_a_panic_and_a_half_is_not() {
        let mut bench = Bench::new(&Spec::default());
        let mut panics = Vec::new();
        for backend in 0..4 {
            for _ in 0..5 {
                bench.state.on_result(at(1), backend, Outcome::Failed, &mut bench.random);
            }
            panics.push(bench.state.in_panic());
        }
        assert_eq!(panics, [false, false, true, true]);
    }
}
