//! Sliding windows: what the last so many calls came to, or those of the last so many seconds.
//!
//! A window by count forgets the oldest call for every new one; a window by time forgets whole seconds at once, on
//! the clock's seconds and not on the first call's: a call of second `s` is gone as soon as second `s + n` begins, so
//! that `n` seconds look back at least `n - 1`. Both keep a running sum and take it apart again as calls leave.
//! resilience4j `FixedSizeSlidingWindowMetrics`, `SlidingTimeWindowMetrics`.

use std::{
    collections::VecDeque,
    ops::{AddAssign, SubAssign},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

/// Which calls a breaker looks back on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Window {
    /// The last so many calls, at least 1.
    Count(u32),
    /// The calls of the last so many whole seconds, at least 1 s.
    Time(SimDuration),
}

const SECOND: SimDuration = SimDuration::from_secs(1);

impl Window {
    pub(super) fn check(self, check: &mut Check) {
        match self {
            Self::Count(calls) => {
                check.require(calls >= 1, "window", || "Count must be at least 1".into());
            }
            Self::Time(span) => {
                let whole = span >= SECOND && span.as_nanos().is_multiple_of(SECOND.as_nanos());
                check.require(whole, "window", || {
                    format!("Time must be whole seconds, since it has a part for each, got {span}")
                });
            }
        }
    }

    /// A window without calls yet. One that holds fewer calls than the thresholds want is judged when it is full.
    pub(super) fn build(self, mut thresholds: Thresholds) -> SlidingWindow {
        let held = match self {
            Self::Count(most) => {
                thresholds.calls = thresholds.calls.min(most);
                Held::Calls { most: most as usize, calls: VecDeque::new() }
            }
            Self::Time(span) => {
                Held::Seconds { span: span.as_nanos() / SECOND.as_nanos(), seconds: VecDeque::new() }
            }
        };
        SlidingWindow { thresholds, held, total: Tally::default() }
    }
}

/// How many calls there were, and how many of them were bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) calls: u32,
    pub(super) failures: u32,
    pub(super) slow: u32,
}

impl Tally {
    /// One call.
    pub(super) fn one(failed: bool, slow: bool) -> Self {
        Self { calls: 1, failures: failed.into(), slow: slow.into() }
    }

    /// The share of calls that failed; NaN of no calls, which is above no threshold.
    pub(super) fn failure_rate(self) -> f64 {
        f64::from(self.failures) / f64::from(self.calls)
    }

    /// The share of calls that were slow; NaN of no calls.
    pub(super) fn slow_rate(self) -> f64 {
        f64::from(self.slow) / f64::from(self.calls)
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, more: Self) {
        self.calls += more.calls;
        self.failures += more.failures;
        self.slow += more.slow;
    }
}

impl SubAssign for Tally {
    fn sub_assign(&mut self, less: Self) {
        self.calls -= less.calls;
        self.failures -= less.failures;
        self.slow -= less.slow;
    }
}

/// By what a window is judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thresholds {
    /// With fewer calls it is not judged.
    pub(super) calls: u32,
    /// It is bad from this share of failures on.
    pub(super) failure_rate: f64,
    /// It is bad from this share of slow calls on.
    pub(super) slow_rate: f64,
}

/// What the calls of a window come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    TooFew,
    Good,
    Bad,
}

impl Thresholds {
    fn judge(&self, tally: Tally) -> Verdict {
        if tally.calls < self.calls {
            return Verdict::TooFew;
        }
        let bad = tally.failure_rate() >= self.failure_rate || tally.slow_rate() >= self.slow_rate;
        if bad { Verdict::Bad } else { Verdict::Good }
    }
}

/// What is remembered, and its sum.
#[derive(Debug)]
pub(super) struct SlidingWindow {
    thresholds: Thresholds,
    held: Held,
    total: Tally,
}

/// What is remembered, oldest first.
#[derive(Debug)]
enum Held {
    Calls { most: usize, calls: VecDeque<Tally> },
    Seconds { span: u64, seconds: VecDeque<(u64, Tally)> },
}

fn second_of(now: SimTime) -> u64 {
    now.as_nanos() / SECOND.as_nanos()
}

impl SlidingWindow {
    /// Takes a call in, forgets what it pushes out and judges what remains.
    pub(super) fn record(&mut self, now: SimTime, call: Tally) -> Verdict {
        self.total += call;
        match &mut self.held {
            Held::Calls { most, calls } => {
                calls.push_back(call);
                if calls.len() > *most
                    && let Some(oldest) = calls.pop_front()
                {
                    self.total -= oldest;
                }
            }
            Held::Seconds { span, seconds } => {
                let second = second_of(now);
                while let Some((_, gone)) = seconds.pop_front_if(|(then, _)| *then + *span <= second) {
                    self.total -= gone;
                }
                match seconds.back_mut() {
                    Some((last, tally)) if *last == second => *tally += call,
                    Some(_) | None => seconds.push_back((second, call)),
                }
            }
        }
        self.thresholds.judge(self.total)
    }

    /// The share of calls that failed, once there are enough to judge by.
    pub(super) fn failure_rate(&self, now: SimTime) -> Option<f64> {
        let tally = self.tally(now);
        (self.thresholds.judge(tally) != Verdict::TooFew).then(|| tally.failure_rate())
    }

    /// What it holds now.
    fn tally(&self, now: SimTime) -> Tally {
        match &self.held {
            Held::Calls { .. } => self.total,
            Held::Seconds { span, seconds } => {
                let gone = seconds.iter().take_while(|(then, _)| then + span <= second_of(now));
                gone.fold(self.total, |mut left, (_, tally)| {
                    left -= *tally;
                    left
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::stage::testing::at;

    const FAILED: bool = true;

    const HALF: Thresholds = Thresholds { calls: 10, failure_rate: 0.5, slow_rate: 1.0 };

    #[test]
    fn a_count_forgets_call_by_call_and_is_judged_when_full() {
        let mut window = Window::Count(3).build(HALF);
        let verdicts = [FAILED, FAILED, !FAILED, !FAILED, !FAILED].map(|failed| {
            let verdict = window.record(at(0), Tally::one(failed, false));
            (verdict, window.tally(at(0)).failures)
        });
        let few = Verdict::TooFew;
        let expected = [(few, 1), (few, 2), (Verdict::Bad, 2), (Verdict::Good, 1), (Verdict::Good, 0)];
        assert_eq!(verdicts, expected);
    }

    #[test]
    fn a_time_forgets_second_by_second_of_the_clock() {
        let mut window = Window::Time(SimDuration::from_secs(5)).build(HALF);
        for millis in [900, 1_000, 1_999, 4_000] {
            let _ = window.record(at(millis), Tally::one(FAILED, FAILED));
        }
        // The call at 0.9 s is gone at 5 s, 4.1 s later; that at 1.999 s is gone at 6 s.
        let calls = [4_999, 5_000, 5_999, 6_000, 9_000].map(|millis| window.tally(at(millis)).calls);
        assert_eq!(calls, [4, 3, 3, 1, 0]);
        let _ = window.record(at(60_000), Tally::one(!FAILED, FAILED));
        assert_eq!(window.total, Tally::one(!FAILED, FAILED));
    }
}
