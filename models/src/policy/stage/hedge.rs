//! Hedge: sends another copy of a call that takes long, and takes the answer that comes first.
//!
//! A retry waits until an attempt has failed; a hedge does not wait that long, and cuts the tail of the callee's
//! latency for a little more load: with the 95th percentile to wait for, at most one call in twenty is sent twice. The
//! copies that lose are abandoned. A failure waits for the copies still out, and if all fail the last failure is
//! delivered; it does not bring the next copy forward. Dean and Barroso, *The Tail at Scale*, CACM 56(2), 2013; Finagle
//! `BackupRequestFilter`, Polly's `HedgingStrategy`, gRPC's hedging policy.
//!
//! Finagle takes its percentile from every copy; here it is from the calls as this stage answers them. Copies do not
//! disturb it: none of their answers can come before the time to wait for. A call abandoned counts with the time it had
//! lasted, failures do not count, as in Finagle, which takes them for fast ones.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

mod latencies;

use self::latencies::Latencies;
use super::{Down, Passage, Stage, Up, Woken};
use crate::{
    policy::budget::{Allowance, Budget, BudgetSpec, Cause},
    request::Outcome,
};

/// `Hedge`: after which time, how many copies, and while which budget lasts.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// How long to wait for an answer before each further copy. Default `Percentile(0.95)` (Dean and Barroso).
    pub after: Patience,
    /// Copies beside the first, at least 1. Default 1 (Polly `MaxHedgedAttempts`).
    pub max_copies: u32,
    /// How many calls a percentile needs; before, no copies are sent. Default 100, of which five take longer than the
    /// 95th.
    pub min_calls: u32,
    /// How far back a percentile looks, in three slices, above 0. Default 30 s (Finagle `WindowedPercentileHistogram`).
    pub window: SimDuration,
    /// How many copies there may be over all calls. Default: no such limit (Polly; Finagle has its own budget, with the
    /// share beyond the percentile for its ratio).
    pub budget: Option<BudgetSpec>,
}

/// How long to wait for an answer before another copy is sent.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Patience {
    /// This long; 0 sends both at once. Polly `Delay` has 2 s.
    After(SimDuration),
    /// As long as this fraction of the calls took lately, 0 to 1; up to 1.6 % longer.
    Percentile(f64),
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            after: Patience::Percentile(0.95),
            max_copies: 1,
            min_calls: 100,
            window: SimDuration::from_secs(30),
            budget: None,
        }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        match self.after {
            Patience::After(_) => {}
            Patience::Percentile(fraction) => check.fraction("after", fraction),
        }
        for (field, count) in [("max_copies", self.max_copies), ("min_calls", self.min_calls)] {
            check.require(count >= 1, field, || format!("{field} must be at least 1, got 0"));
        }
        check.require(!self.window.is_zero(), "window", || "window must be above 0".into());
        Allowance::check(self.budget.as_ref(), check);
    }

    pub(super) fn build(&self, now: SimTime) -> State {
        let wait = match self.after {
            Patience::After(delay) => Wait::Fixed(delay),
            Patience::Percentile(fraction) => {
                Wait::Lately(Box::new(Latencies::new(fraction, self.min_calls, self.window, now)))
            }
        };
        State { wait, max_copies: self.max_copies, budget: Allowance::new(self.budget.as_ref(), now) }
    }
}

/// What it knows of latencies, and the budget all calls share.
#[derive(Debug)]
pub struct State {
    wait: Wait,
    max_copies: u32,
    budget: Allowance,
}

/// How long to wait before another copy.
#[derive(Debug)]
enum Wait {
    Fixed(SimDuration),
    Lately(Box<Latencies>),
}

impl Wait {
    fn until(&mut self, now: SimTime) -> Option<SimTime> {
        let delay = match self {
            Self::Fixed(delay) => Some(*delay),
            Self::Lately(latencies) => latencies.quantile(now),
        };
        delay.map(|delay| now + delay)
    }

    fn record(&mut self, now: SimTime, passage: &Passage) {
        match self {
            Self::Fixed(_) => {}
            Self::Lately(latencies) => latencies.record(now, now.since(passage.entered)),
        }
    }
}

/// The copies of a call; they fit into a passage's note.
#[derive(Clone, Copy, Debug)]
struct Copies {
    /// Still out, the first included.
    out: u32,
    /// Sent beside the first.
    further: u32,
}

impl Copies {
    const fn of(passage: &Passage) -> Self {
        Self { out: passage.note as u32, further: (passage.note >> 32) as u32 }
    }

    fn keep(self, passage: &mut Passage) {
        passage.note = u64::from(self.further) << 32 | u64::from(self.out);
    }
}

impl State {
    /// A call is over, and all its copies with it.
    fn end(&mut self, now: SimTime, copies: Copies) {
        for _ in 0..copies.further {
            self.budget.on_retry_end(now);
        }
        self.budget.on_end(now);
    }
}

impl Stage for State {
    fn on_call(&mut self, now: SimTime, passage: &mut Passage) -> Down {
        Copies { out: 1, further: 0 }.keep(passage);
        self.budget.on_first(now);
        self.wait.until(now).map_or(Down::Pass, Down::PassAndWake)
    }

    fn on_reply(&mut self, now: SimTime, passage: &mut Passage, reply: Outcome) -> Up {
        let mut copies = Copies::of(passage);
        copies.out -= 1;
        match reply {
            Outcome::Success | Outcome::Degraded => {
                self.wait.record(now, passage);
                self.budget.on_success(now, (copies.further > 0).then_some(Cause::Slow));
            }
            Outcome::Failure(reason) => {
                if !reason.is_cancellation() {
                    self.budget.on_failure(now);
                }
                if copies.out > 0 {
                    copies.keep(passage);
                    return Up::Wait;
                }
            }
        }
        self.end(now, copies);
        Up::Deliver(reply)
    }

    fn on_wake(&mut self, now: SimTime, passage: &mut Passage) -> Woken {
        if !self.budget.withdraw(now, Cause::Slow) {
            return Woken::Sleep;
        }
        let Copies { out, further } = Copies::of(passage);
        let copies = Copies { out: out + 1, further: further + 1 };
        copies.keep(passage);
        let next = if copies.further < self.max_copies { self.wait.until(now) } else { None };
        Woken::Another(next.unwrap_or(SimTime::NEVER))
    }

    fn on_abandon(&mut self, now: SimTime, passage: &Passage) {
        self.wait.record(now, passage);
        self.end(now, Copies::of(passage));
    }
}

#[cfg(test)]
mod tests {
    use ron::extensions::Extensions;
    use sim_core::random::{name_hash, unit_open};

    use super::*;
    use crate::{
        policy::stage::testing::{at, passage},
        request::Reason,
    };

    const ERROR: Outcome = Outcome::Failure(Reason::Error);
    const TIMEOUT: Outcome = Outcome::Failure(Reason::TimedOut);

    fn after(millis: u64, max_copies: u32) -> State {
        let after = Patience::After(SimDuration::from_millis(millis));
        Spec { after, max_copies, ..Spec::default() }.build(at(0))
    }

    #[test]
    fn the_first_success_wins_and_a_failure_waits_for_the_others() {
        let mut hedge = after(10, 2);
        let mut call = passage(1);
        assert_eq!(hedge.on_call(at(0), &mut call), Down::PassAndWake(at(10)));
        assert_eq!(hedge.on_wake(at(10), &mut call), Woken::Another(at(20)));
        assert_eq!(hedge.on_reply(at(12), &mut call, ERROR), Up::Wait);
        assert_eq!(hedge.on_wake(at(20), &mut call), Woken::Another(SimTime::NEVER), "two copies at most");
        let mut other = call;
        assert_eq!(hedge.on_reply(at(21), &mut call, Outcome::Success), Up::Deliver(Outcome::Success));
        assert_eq!(hedge.on_reply(at(21), &mut other, ERROR), Up::Wait);
        assert_eq!(hedge.on_reply(at(22), &mut other, TIMEOUT), Up::Deliver(TIMEOUT), "the last failure");
    }

    #[test]
    fn a_failure_with_nothing_else_out_is_delivered() {
        let mut hedge = after(10, 1);
        let mut call = passage(1);
        let _ = hedge.on_call(at(0), &mut call);
        assert_eq!(hedge.on_reply(at(5), &mut call, ERROR), Up::Deliver(ERROR));
    }

    #[test]
    fn a_spent_budget_sends_no_copy() {
        let options = ron::Options::default()
            .with_default_extension(Extensions::IMPLICIT_SOME | Extensions::UNWRAP_VARIANT_NEWTYPES);
        let text = r#"(after: After("10ms"), budget: Envoy(ratio: 0.0, min_concurrent: 1))"#;
        let mut hedge = options.from_str::<Spec>(text).unwrap().build(at(0));
        let mut calls = [1, 2, 3].map(passage);
        for call in &mut calls {
            let _ = hedge.on_call(at(0), call);
        }
        assert_eq!(hedge.on_wake(at(10), &mut calls[0]), Woken::Another(SimTime::NEVER));
        assert_eq!(hedge.on_wake(at(10), &mut calls[1]), Woken::Sleep);
        hedge.on_abandon(at(11), &calls[0]);
        assert_eq!(hedge.on_wake(at(12), &mut calls[2]), Woken::Another(SimTime::NEVER));
    }

    /// Latencies in milliseconds, sorted, and copies for each call, of calls one after the other that take an
    /// exponential time with mean 10 ms each time they are sent.
    fn exponential(spec: &Spec, calls: u64) -> (Vec<f64>, f64) {
        let mut hedge = spec.build(at(0));
        let mut latencies = Vec::new();
        let mut copies = 0_u32;
        for id in 0..calls {
            let mut call = Passage { entered: at(id * 400), ..passage(id) };
            let luck = call.luck;
            let draw = |copy| -10e6 * libm::log(unit_open(luck.at(name_hash("server"), copy)));
            let mut done = call.entered + SimDuration::from_nanos_f64(draw(0));
            if let Down::PassAndWake(wake) = hedge.on_call(call.entered, &mut call)
                && wake < done
                && hedge.on_wake(wake, &mut call) == Woken::Another(SimTime::NEVER)
            {
                copies += 1;
                done = done.min(wake + SimDuration::from_nanos_f64(draw(1)));
            }
            latencies.push(done.since(call.entered).as_secs_f64() * 1e3);
            assert_eq!(hedge.on_reply(done, &mut call, Outcome::Success), Up::Deliver(Outcome::Success));
        }
        latencies.sort_by(f64::total_cmp);
        (latencies, f64::from(copies) / calls as f64)
    }

    /// Mean, 99th and 99.9th percentile, copies for each call.
    fn summary(spec: &Spec) -> [f64; 4] {
        let (latencies, copies) = exponential(spec, 1_000_000);
        let mean = latencies.iter().sum::<f64>() / latencies.len() as f64;
        [mean, latencies[989_999], latencies[998_999], copies]
    }

    #[test]
    fn the_tail_is_that_of_the_lesser_of_two_exponentials() {
        // After d, two are out: P(T > t) = e^(−t/10) up to d, e^(−(2t − d)/10) beyond. Mean 10 − 5 e^(−d/10), 99th
        // percentile (46.05 + d) / 2, 99.9th (69.08 + d) / 2, copies e^(−d/10). Five standard errors of a million:
        // 0.05 for the mean, √(p (1 − p) / n) over the density, 2 (1 − p) / 10, for the percentiles.
        let tolerances = [0.05, 0.25, 0.8, 0.0025];
        for (delay, expected) in [
            (SimDuration::ZERO, [5.0, 23.0259, 34.5388, 1.0]),
            (SimDuration::from_millis(10), [8.1606, 28.0259, 39.5388, 0.3679]),
            (SimDuration::from_nanos(29_957_323), [9.75, 38.0045, 49.5174, 0.05]),
            (SimDuration::from_secs(1), [10.0, 46.0517, 69.0776, 0.0]),
        ] {
            let found = summary(&Spec { after: Patience::After(delay), ..Spec::default() });
            // Where nothing is doubled the density of the tail is half as high.
            let wider = if delay > SimDuration::from_millis(500) { 2.0 } else { 1.0 };
            for ((found, expected), tolerance) in found.into_iter().zip(expected).zip(tolerances) {
                assert!((found - expected).abs() < tolerance * wider, "{delay}: {found} is not {expected}");
            }
        }
    }

    #[test]
    fn a_percentile_finds_its_delay_in_spite_of_its_own_copies() {
        // 2000 s of these calls, 5000 of them: the percentile is within 0.31 of 29.96 (one standard error), and up to
        // 1.6 % too high by the histogram's grain. The summary averages over 200 such windows.
        let spec = Spec { window: SimDuration::from_secs(2000), ..Spec::default() };
        let [mean, p99, _, copies] = summary(&spec);
        assert!((mean - 9.75).abs() < 0.06 && (p99 - 38.0).abs() < 0.6, "{mean} {p99}");
        assert!((0.046..0.0515).contains(&copies), "{copies}");
    }
}
