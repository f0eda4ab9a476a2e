//! The book of one component's calls to another: every attempt is opened once and closed once.

use sim_core::{
    statistics::Histogram,
    time::{SimDuration, SimTime},
};

use super::{
    windowed::Windowed,
    windows::{Turn, Windows},
};
use crate::{
    node::vigilance::Finding,
    request::{Outcome, Reason},
};

/// Everything that only grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallTotals {
    /// Calls wanted: each may take several attempts, or none.
    pub wanted: u64,
    /// Of those or their attempts, refused before they were sent.
    pub refused: u64,
    /// Calls sent.
    pub attempts: u64,
    /// Of those, sent because an earlier one failed.
    pub retries: u64,
    /// Of those, sent while an earlier one was still out.
    pub copies: u64,
    /// Of those, sent to another zone or region.
    pub elsewhere: u64,
    /// Answered well.
    pub succeeded: u64,
    /// Answered with something else than was asked for.
    pub degraded: u64,
    /// Ended otherwise, by reason.
    pub failed: [u64; Reason::ALL.len()],
    /// Picks among all servers, since too few were well.
    pub panics: u64,
    /// Servers taken out for what became of their calls.
    pub ejections: u64,
    /// Failures of servers that were suspected.
    pub detections: u64,
    /// Suspicions of servers that had not failed.
    pub false_suspicions: u64,
    /// Failures that were over before anybody suspected them.
    pub missed_failures: u64,
    /// Time integral of the number of breakers that are open, in nanoseconds.
    pub open_area: u128,
}

impl CallTotals {
    /// What was added since `earlier`.
    pub fn since(&self, earlier: &Self) -> Self {
        let mut failed = self.failed;
        for (now, before) in failed.iter_mut().zip(earlier.failed) {
            *now -= before;
        }
        Self {
            wanted: self.wanted - earlier.wanted,
            refused: self.refused - earlier.refused,
            attempts: self.attempts - earlier.attempts,
            retries: self.retries - earlier.retries,
            copies: self.copies - earlier.copies,
            elsewhere: self.elsewhere - earlier.elsewhere,
            succeeded: self.succeeded - earlier.succeeded,
            degraded: self.degraded - earlier.degraded,
            failed,
            panics: self.panics - earlier.panics,
            ejections: self.ejections - earlier.ejections,
            detections: self.detections - earlier.detections,
            false_suspicions: self.false_suspicions - earlier.false_suspicions,
            missed_failures: self.missed_failures - earlier.missed_failures,
            open_area: self.open_area - earlier.open_area,
        }
    }

    /// All that ended badly.
    pub fn failures(&self) -> u64 {
        self.failed.iter().sum()
    }

    /// All that ended.
    pub fn finished(&self) -> u64 {
        self.succeeded + self.degraded + self.failures()
    }
}

/// What one caller's calls to one callee came to.
#[derive(Clone, Debug)]
pub struct CallBook {
    /// `clients.calls.lb`, as the file's paths have it.
    pub name: String,
    /// What came of them so far.
    pub totals: CallTotals,
    /// Sent and not yet answered or given up.
    pub outstanding: u64,
    /// Breakers that guard these calls, and how many of them are open.
    pub breakers: u64,
    open: u64,
    touched: SimTime,
    latency: Windowed,
    detection: Windowed,
    pages: Vec<Page>,
}

/// One window.
#[derive(Clone, Debug, Default)]
struct Page {
    opened: CallTotals,
    closed: CallTotals,
}

impl CallBook {
    /// An empty book.
    pub fn new(name: String, windows: &Windows) -> Self {
        let pages = vec![Page::default(); windows.all().len()];
        Self {
            name,
            totals: CallTotals::default(),
            outstanding: 0,
            breakers: 0,
            open: 0,
            touched: SimTime::ZERO,
            latency: Windowed::new(&Histogram::default(), windows),
            detection: Windowed::new(&Histogram::default(), windows),
            pages,
        }
    }

    /// A call is wanted.
    #[inline(always)]
    pub fn on_ask(&mut self) {
        self.totals.wanted += 1;
    }

    /// A call is refused by a stage of its caller.
    pub fn on_refuse(&mut self) {
        self.totals.refused += 1;
    }

    /// So many more breakers are open from now on, or fewer.
    pub fn on_open(&mut self, now: SimTime, more: i64) {
        self.advance(now);
        self.open = self.open.saturating_add_signed(more);
    }

    fn advance(&mut self, now: SimTime) {
        self.totals.open_area += u128::from(now.since(self.touched).as_nanos()) * u128::from(self.open);
        self.touched = now;
    }

    /// A call is sent.
    #[inline(always)]
    pub fn on_send(&mut self, retry: bool, copy: bool, elsewhere: bool) {
        self.totals.attempts += 1;
        self.totals.retries += u64::from(retry);
        self.totals.copies += u64::from(copy);
        self.totals.elsewhere += u64::from(elsewhere);
        self.outstanding += 1;
    }

    /// A call ends for its caller, `latency` after it was sent.
    #[inline(always)]
    pub fn on_end(&mut self, outcome: Outcome, latency: SimDuration) {
        self.outstanding -= 1;
        match outcome {
            Outcome::Success => self.totals.succeeded += 1,
            Outcome::Degraded => self.totals.degraded += 1,
            Outcome::Failure(reason) => self.totals.failed[reason as usize] += 1,
        }
        self.latency.record(latency);
    }

    /// A view found something out about one of its servers.
    pub fn on_finding(&mut self, finding: Finding) {
        match finding {
            Finding::Detected(after) => {
                self.totals.detections += 1;
                self.detection.record(after);
            }
            Finding::FalseSuspicion => self.totals.false_suspicions += 1,
            Finding::Missed => self.totals.missed_failures += 1,
        }
    }

    /// Windows open or close.
    pub fn on_turn(&mut self, now: SimTime, turn: &Turn) {
        self.advance(now);
        self.latency.on_turn(turn);
        self.detection.on_turn(turn);
        turn.closes.iter().for_each(|window| self.pages[usize::from(*window)].closed = self.totals);
        turn.opens.iter().for_each(|window| self.pages[usize::from(*window)].opened = self.totals);
    }

    /// What a window saw.
    pub fn within(&self, window: usize) -> CallTotals {
        self.pages[window].closed.since(&self.pages[window].opened)
    }

    /// How long it took to suspect servers that had failed, once the window is closed.
    pub fn detection(&self, window: usize) -> &Histogram {
        self.detection.within(window)
    }

    /// How long the attempts that ended in a window took, once it is closed.
    pub fn latency(&self, window: usize) -> &Histogram {
        self.latency.within(window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Window;

    #[test]
    fn a_window_sees_what_happens_in_it() {
        let at = SimTime::from_nanos;
        let mut windows = Windows::new(Window { name: String::new(), from: at(10), to: at(20) }, []);
        let mut book = CallBook::new("clients.calls.lb".into(), &windows);
        let latency = SimDuration::from_nanos;
        book.on_send(false, false, false);
        book.on_end(Outcome::Success, latency(1));
        book.on_turn(at(10), &windows.turn(at(10)));
        book.on_send(true, false, true);
        book.on_end(Outcome::Failure(Reason::TimedOut), latency(7));
        book.on_send(false, false, false);
        book.on_turn(at(20), &windows.turn(at(20)));
        book.on_end(Outcome::Success, latency(9));
        let seen = book.within(0);
        assert_eq!((seen.attempts, seen.retries, seen.elsewhere), (2, 1, 1));
        assert_eq!((seen.finished(), seen.failures(), book.outstanding), (1, 1, 0));
        assert_eq!((book.latency(0).count(), book.latency(0).max()), (1, Some(7)));
    }
}
