//! The ledger: what came, what went and how long it took, at a workload, a component's server, or a caller.
//!
//! Counters and areas run from the start of the simulation; a window's figures are differences of marks set
//! when it opens and closes. Only distributions and peaks are kept for each window. Two identities are kept
//! beside the figures and must hold at the end: Little's law as an identity on the path, and work done = busy time.

use sim_core::time::{SimDuration, SimTime};

use super::windows::{Turn, Windows};
use crate::request::{Outcome, Reason};

/// Everything that only grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Came in.
    pub arrivals: u64,
    /// Served.
    pub succeeded: u64,
    /// Answered with something else than was asked for.
    pub degraded: u64,
    /// Not served, by reason.
    pub failed: [u64; Reason::ALL.len()],
    /// Worked on although nobody waited any more.
    pub wasted: u64,
    /// Time spent on those, in nanoseconds.
    pub wasted_nanos: u128,
    /// Time spent on all that left service, in nanoseconds.
    pub spent_nanos: u128,
    /// Time integral of the number inside.
    pub level_area: u128,
    /// Time integral of the number being served.
    pub busy_area: u128,
    /// Time integral of the number in line.
    pub queue_area: u128,
}

impl Totals {
    /// What was added since `earlier`.
    pub fn since(&self, earlier: &Self) -> Self {
        let mut failed = self.failed;
        for (now, before) in failed.iter_mut().zip(earlier.failed) {
            *now -= before;
        }
        Self {
            arrivals: self.arrivals - earlier.arrivals,
            succeeded: self.succeeded - earlier.succeeded,
            degraded: self.degraded - earlier.degraded,
            failed,
            wasted: self.wasted - earlier.wasted,
            wasted_nanos: self.wasted_nanos - earlier.wasted_nanos,
            spent_nanos: self.spent_nanos - earlier.spent_nanos,
            level_area: self.level_area - earlier.level_area,
            busy_area: self.busy_area - earlier.busy_area,
            queue_area: self.queue_area - earlier.queue_area,
        }
    }

    /// The sum of two stations' totals.
    pub fn plus(&self, other: &Self) -> Self {
        let mut failed = self.failed;
        for (sum, more) in failed.iter_mut().zip(other.failed) {
            *sum += more;
        }
        Self {
            arrivals: self.arrivals + other.arrivals,
            succeeded: self.succeeded + other.succeeded,
            degraded: self.degraded + other.degraded,
            failed,
            wasted: self.wasted + other.wasted,
            wasted_nanos: self.wasted_nanos + other.wasted_nanos,
            spent_nanos: self.spent_nanos + other.spent_nanos,
            level_area: self.level_area + other.level_area,
            busy_area: self.busy_area + other.busy_area,
            queue_area: self.queue_area + other.queue_area,
        }
    }

    /// All failures together.
    pub fn failures(&self) -> u64 {
        self.failed.iter().sum()
    }

    /// Failures before any work was done.
    pub fn refusals(&self) -> u64 {
        Reason::ALL
            .iter()
            .filter(|reason| reason.is_refusal())
            .map(|reason| self.failed[*reason as usize])
            .sum()
    }

    /// Those that left, however they ended.
    pub fn finished(&self) -> u64 {
        self.succeeded + self.degraded + self.failures()
    }
}

/// What is kept for each window by itself.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Totals when it opened.
    pub opened: Totals,
    /// Totals when it closed.
    pub closed: Totals,
    /// Most waiting at once.
    pub queue_peak: u32,
    /// Most inside at once.
    pub level_peak: u32,
}

/// The least-squares line through a level that is looked at from time to time, in O(1) memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trend {
    looks: f64,
    time: f64,
    level: f64,
    time_time: f64,
    time_level: f64,
}

impl Trend {
    /// The level at `seconds`.
    fn look(&mut self, seconds: f64, level: f64) {
        self.looks += 1.0;
        self.time += seconds;
        self.level += level;
        self.time_time += seconds * seconds;
        self.time_level += seconds * level;
    }

    /// By how much the level grows a second; 0 with fewer than two looks.
    pub fn slope(&self) -> f64 {
        let spread = self.looks * self.time_time - self.time * self.time;
        if spread > 0.0 { (self.looks * self.time_level - self.time * self.level) / spread } else { 0.0 }
    }
}

/// A limit that a claim asks about: exact counts of what was under, at and over it in one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// The window.
    pub window: u16,
    /// What is compared.
    pub of: Watched,
    /// The limit in nanoseconds.
    pub limit: u64,
    /// Whether the window is open.
    pub open: bool,
    /// Under, at, over.
    pub counts: [u64; 3],
}

/// Which of a station's times a limit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched {
    /// From coming to leaving.
    Latency,
    /// From coming to the beginning of service.
    Wait,
}

impl Watch {
    /// Counts one observation.
    pub fn count(&mut self, nanos: u64) {
        self.counts[match nanos.cmp(&self.limit) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Equal => 1,
            std::cmp::Ordering::Greater => 2,
        }] += 1;
    }
}

/// The ledger of one station.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// What has come and gone so far; areas up to when it was last touched.
    pub totals: Totals,
    /// By window.
    pub seen: Vec<Seen>,
    /// How the number inside moved through the measurement.
    pub backlog: Trend,
    /// Limits that claims ask about.
    pub watches: Vec<Watch>,
    /// Inside now.
    pub level: u32,
    /// Being served now.
    pub busy: u32,
    /// In line now.
    pub queued: u32,
    /// Most inside, and most in line, since windows last opened or closed.
    peaks: (u32, u32),
    touched: SimTime,
    measured: (SimTime, SimTime),
    /// Sum over those that left of the time inside, within the measurement.
    pub inside: u128,
    /// Sum over those that left service of the time in service, over the whole run.
    pub served: u128,
}

impl Ledger {
    /// An empty ledger.
    pub fn new(windows: &Windows) -> Self {
        let measurement = windows.measurement();
        Self {
            totals: Totals::default(),
            seen: vec![Seen::default(); windows.all().len()],
            backlog: Trend::default(),
            watches: Vec::new(),
            level: 0,
            busy: 0,
            queued: 0,
            peaks: (0, 0),
            touched: SimTime::ZERO,
            measured: (measurement.from, measurement.to),
            inside: 0,
            served: 0,
        }
    }

    /// Brings the areas up to `now`.
    #[inline]
    pub fn advance(&mut self, now: SimTime) {
        let elapsed = now.since(self.touched).as_nanos();
        if elapsed == 0 {
            return;
        }
        self.touched = now;
        self.totals.level_area += u128::from(elapsed) * u128::from(self.level);
        if self.busy > 0 {
            self.totals.busy_area += u128::from(elapsed) * u128::from(self.busy);
        }
        if self.queued > 0 {
            self.totals.queue_area += u128::from(elapsed) * u128::from(self.queued);
        }
    }

    /// Somebody came.
    #[inline(always)]
    pub fn on_arrival(&mut self, now: SimTime) {
        self.advance(now);
        self.totals.arrivals += 1;
        self.level += 1;
        self.peaks.0 = self.peaks.0.max(self.level);
    }

    /// So many are in line from now on.
    #[inline]
    pub fn set_queued(&mut self, now: SimTime, queued: u32) {
        self.advance(now);
        self.queued = queued;
        self.peaks.1 = self.peaks.1.max(queued);
    }

    /// Somebody's service begins after `wait`.
    #[inline(always)]
    pub fn on_start(&mut self, now: SimTime, wait: SimDuration) {
        self.advance(now);
        self.busy += 1;
        self.watch(Watched::Wait, wait.as_nanos());
    }

    /// Somebody's service, begun at `started`, ends.
    #[inline(always)]
    pub fn on_stop(&mut self, now: SimTime, started: SimTime) {
        self.advance(now);
        self.busy -= 1;
        self.served += u128::from(now.since(started).as_nanos());
    }

    /// A server that shares itself keeps so many cores busy from now on.
    pub fn set_busy(&mut self, now: SimTime, busy: u32) {
        self.advance(now);
        self.busy = busy;
    }

    /// Somebody who came at `arrived` leaves.
    #[inline(always)]
    pub fn on_leave(&mut self, now: SimTime, arrived: SimTime, outcome: Outcome) {
        self.advance(now);
        self.level -= 1;
        match outcome {
            Outcome::Success => self.totals.succeeded += 1,
            Outcome::Degraded => self.totals.degraded += 1,
            Outcome::Failure(reason) => self.totals.failed[reason as usize] += 1,
        }
        self.inside += u128::from(self.overlap(arrived, now));
        self.watch(Watched::Latency, now.since(arrived).as_nanos());
    }

    #[inline]
    fn watch(&mut self, of: Watched, nanos: u64) {
        for watch in &mut self.watches {
            if watch.of == of && watch.open {
                watch.count(nanos);
            }
        }
    }

    /// Work of that length is over; it was wasted if nobody waits for it any more.
    #[inline]
    pub fn on_work(&mut self, spent: SimDuration, wasted: bool) {
        let nanos = u128::from(spent.as_nanos());
        self.totals.spent_nanos += nanos;
        if wasted {
            self.totals.wasted += 1;
            self.totals.wasted_nanos += nanos;
        }
    }

    /// How much of `from..to` lies in the measurement, in nanoseconds.
    #[inline]
    pub fn overlap(&self, from: SimTime, to: SimTime) -> u64 {
        to.min(self.measured.1).since(from.max(self.measured.0)).as_nanos()
    }

    /// A bin of the time series ends: looks at the backlog if it is being measured.
    pub fn on_bin(&mut self, now: SimTime) {
        self.advance(now);
        if now > self.measured.0 && now <= self.measured.1 {
            self.backlog.look(now.since(self.measured.0).as_secs_f64(), f64::from(self.level));
        }
    }

    /// Windows open or close.
    pub fn on_turn(&mut self, now: SimTime, turn: &Turn) {
        self.advance(now);
        for window in &turn.before {
            let seen = &mut self.seen[usize::from(*window)];
            seen.level_peak = seen.level_peak.max(self.peaks.0);
            seen.queue_peak = seen.queue_peak.max(self.peaks.1);
        }
        self.peaks = (self.level, self.queued);
        turn.closes.iter().for_each(|window| self.seen[usize::from(*window)].closed = self.totals);
        turn.opens.iter().for_each(|window| self.seen[usize::from(*window)].opened = self.totals);
        for watch in &mut self.watches {
            watch.open &= !turn.closes.contains(&watch.window);
            watch.open |= turn.opens.contains(&watch.window);
        }
    }

    /// Inside when the measurement closed. Windows are half open: who comes at that very instant comes too late.
    pub fn left_inside(&self) -> u64 {
        let closed = &self.seen[0].closed;
        closed.arrivals - closed.finished()
    }

    /// What a window saw.
    pub fn within(&self, window: usize) -> Totals {
        self.seen[window].closed.since(&self.seen[window].opened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Window;

    fn at(nanos: u64) -> SimTime {
        SimTime::from_nanos(nanos)
    }

    #[test]
    fn littles_law_holds_on_the_path_of_a_window() {
        // FIFO, one server: arrivals 0 10 15 40 60, services 20 10 15 10 5; window [20, 60).
        let window = Window { name: String::new(), from: at(20), to: at(60) };
        let mut windows = Windows::new(window, []);
        let mut ledger = Ledger::new(&windows);
        let visits = [(0, 20), (10, 30), (15, 45), (40, 55), (60, 65)];
        let mut happenings: Vec<(u64, u8, usize)> = vec![(20, 1, 0), (60, 1, 0)];
        for (index, (arrival, departure)) in visits.iter().enumerate() {
            happenings.push((*arrival, 2, index));
            happenings.push((*departure, 0, index));
        }
        happenings.sort_unstable();
        for (time, kind, index) in happenings {
            match kind {
                0 => ledger.on_leave(at(time), at(visits[index].0), Outcome::Success),
                1 => ledger.on_turn(at(time), &windows.turn(at(time))),
                _ => ledger.on_arrival(at(time)),
            }
        }
        let area = ledger.within(0).level_area;
        assert_eq!(area, ledger.inside, "the area under the level is the sum of the overlaps");
        assert_eq!(area as f64 / 40.0, 1.25, "mean number inside");
        assert_eq!(
            ledger.within(0).succeeded,
            3,
            "those of 20, which leave before the window opens, are not in it"
        );
    }
}
