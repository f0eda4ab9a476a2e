//! The book of one component's calls to another: every attempt is opened once and closed once.

use sim_core::{
    statistics::{Batch, Histogram},
    time::SimDuration,
};

use super::windows::{Turn, Windows};
use crate::request::{Outcome, Reason};

/// Everything that only grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallTotals {
    /// Calls sent.
    pub attempts: u64,
    /// Of those, sent because an earlier one failed.
    pub retries: u64,
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
}

impl CallTotals {
    /// What was added since `earlier`.
    pub fn since(&self, earlier: &Self) -> Self {
        let mut failed = self.failed;
        for (now, before) in failed.iter_mut().zip(earlier.failed) {
            *now -= before;
        }
        Self {
            attempts: self.attempts - earlier.attempts,
            retries: self.retries - earlier.retries,
            elsewhere: self.elsewhere - earlier.elsewhere,
            succeeded: self.succeeded - earlier.succeeded,
            degraded: self.degraded - earlier.degraded,
            failed,
            panics: self.panics - earlier.panics,
            ejections: self.ejections - earlier.ejections,
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
    pages: Vec<Page>,
}

/// One window.
#[derive(Clone, Debug, Default)]
struct Page {
    opened: CallTotals,
    closed: CallTotals,
    latency: Batch,
}

impl CallBook {
    /// An empty book.
    pub fn new(name: String, windows: &Windows) -> Self {
        let pages = vec![Page::default(); windows.all().len()];
        Self { name, totals: CallTotals::default(), outstanding: 0, pages }
    }

    /// A call is sent.
    #[inline]
    pub fn on_send(&mut self, retry: bool, elsewhere: bool) {
        self.totals.attempts += 1;
        self.totals.retries += u64::from(retry);
        self.totals.elsewhere += u64::from(elsewhere);
        self.outstanding += 1;
    }

    /// A call ends for its caller, `latency` after it was sent.
    #[inline]
    pub fn on_end(&mut self, outcome: Outcome, latency: SimDuration, windows: &Windows) {
        self.outstanding -= 1;
        match outcome {
            Outcome::Success => self.totals.succeeded += 1,
            Outcome::Degraded => self.totals.degraded += 1,
            Outcome::Failure(reason) => self.totals.failed[reason as usize] += 1,
        }
        for window in windows.open() {
            self.pages[usize::from(*window)].latency.record(latency.as_nanos());
        }
    }

    /// Windows open or close.
    pub fn on_turn(&mut self, turns: &[Turn]) {
        for turn in turns {
            match *turn {
                Turn::Opens(window) => self.pages[usize::from(window)].opened = self.totals,
                Turn::Closes(window) => self.pages[usize::from(window)].closed = self.totals,
            }
        }
    }

    /// The run is over: nothing more comes.
    pub fn settle(&mut self) {
        self.pages.iter_mut().for_each(|page| page.latency.settle());
    }

    /// What a window saw.
    pub fn within(&self, window: usize) -> CallTotals {
        self.pages[window].closed.since(&self.pages[window].opened)
    }

    /// How long the attempts that ended in a window took, once all is settled.
    pub fn latency(&self, window: usize) -> &Histogram {
        self.pages[window].latency.settled()
    }
}

#[cfg(test)]
mod tests {
    use sim_core::time::SimTime;

    use super::*;
    use crate::measure::Window;

    #[test]
    fn a_window_sees_what_happens_in_it() {
        let at = SimTime::from_nanos;
        let mut windows = Windows::new(Window { name: String::new(), from: at(10), to: at(20) }, []);
        let mut book = CallBook::new("clients.calls.lb".into(), &windows);
        let latency = SimDuration::from_nanos;
        book.on_send(false, false);
        book.on_end(Outcome::Success, latency(1), &windows);
        book.on_turn(&windows.turn(at(10)));
        book.on_send(true, true);
        book.on_end(Outcome::Failure(Reason::TimedOut), latency(7), &windows);
        book.on_send(false, false);
        book.on_turn(&windows.turn(at(20)));
        book.on_end(Outcome::Success, latency(9), &windows);
        book.settle();
        let seen = book.within(0);
        assert_eq!((seen.attempts, seen.retries, seen.elsewhere), (2, 1, 1));
        assert_eq!((seen.finished(), seen.failures(), book.outstanding), (1, 1, 0));
        assert_eq!((book.latency(0).count(), book.latency(0).max()), (1, Some(7)));
    }
}
