//! Active checks: a probe every so often, and a count of failures before a backend is taken out.
//!
//! Unlike passive ejection it needs no traffic to notice, costs requests of its own, and is as late as its
//! interval times its patience. One state machine serves three habits: HAProxy counts its pause from the end of
//! a check and checks faster while in doubt; Envoy starts with every host out and lets the first success in;
//! cloud balancers start a check on a fixed beat.
//! HAProxy `inter`, `fastinter`, `downinter`, `fall`, `rise`, `spread-checks` (`set_server_check_status`,
//! `srv_getinter`); Envoy `HealthCheckerImplBase`.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::time::{SimDuration, SimTime};

mod spec;

pub use spec::{ActiveCheckSpec, Flavor};

/// A backend changed its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// It may serve again, after so many successes in a row.
    Up {
        /// Successes in a row.
        after: u32,
    },
    /// It must not serve, after so many failures in a row.
    Down {
        /// Failures in a row.
        after: u32,
    },
}

impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (state, after, what) = match self {
            Self::Up { after } => ("up", after, "passed"),
            Self::Down { after } => ("down", after, "failed"),
        };
        write!(f, "{state} after {after} {what} check{}", if *after == 1 { "" } else { "s" })
    }
}

/// What an observer of traffic asks of the checker when it has seen too many errors: HAProxy's `on-error`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum OnError {
    /// Check sooner, nothing else.
    FastCheck,
    /// Count as one failed check; HAProxy's default.
    #[default]
    FailCheck,
    /// Count as a failed check, and let the next failure take the backend out.
    SuddenDeath,
    /// Take the backend out.
    MarkDown,
}

/// The check of one backend by one checker.
#[derive(Clone, Debug)]
pub struct ActiveCheck {
    spec: ActiveCheckSpec,
    /// 0 to rise + fall − 1: up from rise on, at its end whenever no change is pending.
    health: u32,
    last: Last,
    /// Results in a row that were like the last one.
    streak: u32,
    /// Whether an observer asked for the next check to come sooner.
    hurried: bool,
    /// When the last check of a fixed beat was due.
    beat: SimTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    None,
    Passed,
    Failed,
}

impl ActiveCheck {
    fn new(spec: ActiveCheckSpec, health: u32) -> Self {
        Self { spec, health, last: Last::None, streak: 0, hurried: false, beat: SimTime::ZERO }
    }

    /// Whether the backend may serve.
    pub fn is_up(&self) -> bool {
        self.health >= self.spec.healthy_after
    }

    /// Whether no check has ended yet, so that its state is a guess.
    pub fn is_fresh(&self) -> bool {
        self.last == Last::None
    }

    /// When to start the first check, if the checker starts at `now` and draws `unit` from [0, 1).
    ///
    /// HAProxy and the fixed beat spread first checks over one interval; Envoy checks at once, its jitter apart.
    pub fn first_check(&mut self, now: SimTime, unit: f64) -> SimTime {
        let share = match self.spec.flavor {
            Flavor::Haproxy | Flavor::Fixed => unit,
            Flavor::Envoy => unit * self.spec.jitter,
        };
        self.beat = now + part(self.spec.interval, share);
        self.beat
    }

    /// When a check started at `now` counts as failed if no answer has come.
    pub fn deadline(&self, now: SimTime) -> SimTime {
        now + self.spec.timeout()
    }

    /// A check passed or failed.
    pub fn on_result(&mut self, passed: bool) -> Option<Transition> {
        let was_up = self.is_up();
        let first = self.last == Last::None;
        let last = if passed { Last::Passed } else { Last::Failed };
        self.streak = if self.last == last { self.streak + 1 } else { 1 };
        self.last = last;
        if passed {
            self.pass(first);
        } else {
            self.fail();
        }
        match (was_up, self.is_up()) {
            (false, true) => Some(Transition::Up { after: self.streak }),
            (true, false) => Some(Transition::Down { after: self.streak }),
            (true, true) | (false, false) => None,
        }
    }

    /// An observer of traffic saw too many errors: acts as asked, and makes the next check a fast one.
    pub fn on_observed(&mut self, on_error: OnError) -> Option<Transition> {
        self.hurried = true;
        let rise = self.spec.healthy_after;
        match on_error {
            OnError::FastCheck => return None,
            OnError::FailCheck => {}
            OnError::SuddenDeath => self.health = self.health.min(rise.saturating_add(1)),
            // The least a backend that is up can have; one on its way up keeps its less.
            OnError::MarkDown => self.health = self.health.min(rise),
        }
        self.on_result(false)
    }

    /// By when a check must start after [`on_observed`](Self::on_observed), if sooner than already planned.
    pub fn hurried_check(&self, now: SimTime) -> Option<SimTime> {
        self.spec.fast_interval.filter(|_| self.hurried).map(|pause| now + pause)
    }

    /// When to start the next check, the last having ended at `now`: `traffic` tells whether any request was
    /// ever sent to the pool (only Envoy asks), `unit` is drawn from [0, 1).
    pub fn next_check(&mut self, now: SimTime, traffic: bool, unit: f64) -> SimTime {
        let jitter = self.spec.jitter;
        let next = match self.spec.flavor {
            Flavor::Haproxy => now + part(self.haproxy_pause(), 1.0 + jitter * (1.0 - 2.0 * unit)),
            Flavor::Envoy => now + part(self.envoy_pause(traffic), 1.0 + jitter * unit),
            Flavor::Fixed => self.next_beat(now) + part(self.spec.interval, jitter * unit),
        };
        self.hurried = false;
        next
    }

    fn pass(&mut self, first: bool) {
        let at_once = first && self.spec.flavor == Flavor::Envoy;
        self.health = self.health.saturating_add(1);
        if at_once || self.is_up() {
            self.health = self.spec.full();
        }
    }

    fn fail(&mut self) {
        self.health = self.health.saturating_sub(1);
        if !self.is_up() {
            self.health = 0;
        }
    }

    fn haproxy_pause(&self) -> SimDuration {
        let interval = self.spec.interval;
        if self.health == self.spec.full() && !self.hurried {
            interval
        } else if self.health == 0 {
            self.spec.down_interval.unwrap_or(interval)
        } else {
            self.spec.fast_interval.unwrap_or(interval)
        }
    }

    fn envoy_pause(&self, traffic: bool) -> SimDuration {
        let interval = self.spec.interval;
        let (fast, down) = (self.spec.fast_interval, self.spec.down_interval);
        if !traffic {
            return self.spec.no_traffic_interval.unwrap_or(SimDuration::from_secs(60));
        }
        match (self.last, self.is_up()) {
            (Last::Passed, true) => interval,
            (Last::Passed, false) => fast.unwrap_or(interval),
            (Last::Failed | Last::None, true) => fast.or(down).unwrap_or(interval),
            (Last::Failed | Last::None, false) => down.unwrap_or(interval),
        }
    }

    /// The first beat after `now`.
    fn next_beat(&mut self, now: SimTime) -> SimTime {
        let interval = self.spec.interval.as_nanos().max(1);
        let passed = now.since(self.beat).as_nanos() / interval + 1;
        self.beat = self.beat + self.spec.interval.saturating_mul(passed);
        self.beat
    }
}

fn part(length: SimDuration, share: f64) -> SimDuration {
    SimDuration::from_nanos_f64(length.as_nanos() as f64 * share)
}

#[cfg(test)]
mod tests {
    use sim_core::check::Check;

    use super::*;

    fn secs(seconds: u64) -> SimDuration {
        SimDuration::from_secs(seconds)
    }

    fn at(seconds: u64) -> SimTime {
        SimTime::ZERO + secs(seconds)
    }

    /// `.` passes, `x` fails; answers with `U` and `D` where the state changed.
    fn replay(spec: &ActiveCheckSpec, results: &str) -> String {
        let mut check = spec.build();
        let tell = |passed| match check.on_result(passed) {
            Some(Transition::Up { .. }) => 'U',
            Some(Transition::Down { .. }) => 'D',
            None if passed => '.',
            None => 'x',
        };
        results.chars().map(|result| result == '.').map(tell).collect()
    }

    /// From a failure at a share `unit` of an interval after a passed check to the transition, in seconds.
    fn detection(spec: &ActiveCheckSpec, check_takes: SimDuration, unit: f64) -> f64 {
        let mut check = spec.build();
        let mut start = check.first_check(at(0), 0.0);
        let failure = at(100) + part(spec.interval, unit);
        for _ in 0..1_000 {
            let fails = start > failure;
            let end = if fails { start + check_takes } else { start };
            let transition = check.on_result(!fails);
            if transition.is_some() {
                return end.since(failure).as_secs_f64();
            }
            start = check.next_check(end, true, 0.0);
        }
        f64::INFINITY
    }

    #[test]
    fn polling_detects_between_n_minus_one_and_n_intervals() {
        // Uniform on [(n − 1) I + τ, n I + τ], mean (n − ½) I + τ: HAProxy 2 s × 3 refused at once, an AWS target
        // group 30 s × 2 with a 5 s timeout, 10 s × 3.
        for (flavor, interval, count, timeout, range, mean) in [
            (Flavor::Haproxy, 2, 3, 0, (4.0, 6.0), 5.0),
            (Flavor::Fixed, 30, 2, 5, (35.0, 65.0), 50.0),
            (Flavor::Fixed, 10, 3, 0, (20.0, 30.0), 25.0),
        ] {
            let spec = ActiveCheckSpec {
                interval: secs(interval),
                unhealthy_after: count,
                flavor,
                ..ActiveCheckSpec::default()
            };
            let phases = 1_000;
            let mut sum = 0.0;
            for phase in 0..phases {
                let delay = detection(&spec, secs(timeout), f64::from(phase) / f64::from(phases));
                assert!(delay > range.0 && delay <= range.1, "{flavor:?}: {delay} outside {range:?}");
                sum += delay;
            }
            let got = sum / f64::from(phases);
            assert!((got / mean - 1.0).abs() < 0.002, "{flavor:?}: mean {got}, expected {mean}");
        }
    }

    #[test]
    fn fall_and_rise_count_in_a_row() {
        let spec = ActiveCheckSpec::default();
        assert_eq!(replay(&spec, "..xx.xxx.x.."), "..xx.xxD.x.U");
    }

    #[test]
    fn before_its_first_success_haproxys_server_falls_at_once() {
        assert_eq!(replay(&ActiveCheckSpec::default(), "x.."), "D.U");
    }

    #[test]
    fn envoy_lets_the_first_success_in_and_no_later_one() {
        let spec = ActiveCheckSpec { flavor: Flavor::Envoy, healthy_after: 3, ..ActiveCheckSpec::default() };
        assert!(!spec.build().is_up());
        assert_eq!(replay(&spec, ".xxx..."), "UxxD..U");
        assert_eq!(replay(&spec, "x..."), "x..U", "the first check failed");
    }

    #[test]
    fn the_pace_follows_the_state() {
        let haproxy = ActiveCheckSpec {
            fast_interval: Some(secs(1)),
            down_interval: Some(secs(5)),
            ..ActiveCheckSpec::default()
        };
        let envoy = ActiveCheckSpec { flavor: Flavor::Envoy, ..haproxy.clone() };
        let pauses = |spec: &ActiveCheckSpec| {
            let mut check = spec.build();
            ".xxx.x.."
                .chars()
                .map(|result| {
                    check.on_result(result == '.');
                    check.next_check(at(0), true, 0.0).as_secs_f64()
                })
                .collect::<Vec<_>>()
        };
        // inter, fastinter twice, downinter, fastinter, downinter, fastinter, inter.
        assert_eq!(pauses(&haproxy), [2., 1., 1., 5., 1., 5., 1., 2.]);
        assert_eq!(pauses(&envoy), [2., 1., 1., 5., 1., 5., 1., 2.]);
    }

    #[test]
    fn envoy_is_slow_while_nobody_calls() {
        let spec = ActiveCheckSpec { flavor: Flavor::Envoy, ..ActiveCheckSpec::default() };
        assert_eq!(spec.build().next_check(at(0), false, 0.0), at(60));
    }

    #[test]
    fn jitter_goes_both_ways_for_haproxy_and_one_way_for_envoy() {
        let spec = |flavor| ActiveCheckSpec { flavor, jitter: 0.5, ..ActiveCheckSpec::default() };
        let next = |flavor, unit| spec(flavor).build().next_check(at(0), true, unit).as_secs_f64();
        assert_eq!([0.0, 0.5, 1.0].map(|unit| next(Flavor::Haproxy, unit)), [3.0, 2.0, 1.0]);
        assert_eq!([0.0, 0.5, 1.0].map(|unit| next(Flavor::Envoy, unit)), [2.0, 2.5, 3.0]);
    }

    #[test]
    fn a_fixed_beat_is_kept_through_slow_checks() {
        let spec = ActiveCheckSpec { flavor: Flavor::Fixed, ..ActiveCheckSpec::default() };
        let mut check = spec.build();
        let first = check.first_check(at(0), 0.5);
        assert_eq!(first, at(1));
        assert_eq!(check.next_check(first + SimDuration::from_millis(1_900), true, 0.0), at(3));
        assert_eq!(check.next_check(at(3) + SimDuration::from_millis(2_500), true, 0.0), at(7));
    }

    #[test]
    fn an_observer_can_fail_hurry_or_end_a_backend() {
        let spec = ActiveCheckSpec { fast_interval: Some(secs(1)), ..ActiveCheckSpec::default() };
        let up = || {
            let mut check = spec.build();
            check.on_result(true);
            check
        };
        let mut check = up();
        assert_eq!(check.on_observed(OnError::FastCheck), None);
        assert_eq!(check.hurried_check(at(0)), Some(at(1)));
        assert_eq!(check.next_check(at(0), true, 0.0), at(1), "one fast check");
        assert_eq!(check.next_check(at(0), true, 0.0), at(2), "then the old pace");

        let mut check = up();
        assert_eq!(check.on_observed(OnError::FailCheck), None);
        assert_eq!(check.on_observed(OnError::FailCheck), None);
        assert_eq!(check.on_observed(OnError::FailCheck), Some(Transition::Down { after: 3 }));

        let mut check = up();
        assert_eq!(check.on_observed(OnError::SuddenDeath), None);
        assert_eq!(check.on_result(false), Some(Transition::Down { after: 2 }));

        assert_eq!(up().on_observed(OnError::MarkDown), Some(Transition::Down { after: 1 }));
    }

    #[test]
    fn settings_nobody_reads_are_refused() {
        let mut check = Check::default();
        let no_traffic_interval = Some(secs(60));
        ActiveCheckSpec { no_traffic_interval, ..ActiveCheckSpec::default() }.check(&mut check);
        let down_interval = Some(secs(5));
        ActiveCheckSpec { down_interval, flavor: Flavor::Fixed, ..ActiveCheckSpec::default() }
            .check(&mut check);
        let paths: Vec<_> = check.into_problems().into_iter().map(|problem| problem.path).collect();
        assert_eq!(paths, [["no_traffic_interval"], ["flavor"]]);
    }
}
