//! What a view's suspicions were worth: each is held against what faults really did to the server.

use sim_core::time::{SimDuration, SimTime};

/// The failures of each row, and what came of them.
#[derive(Debug)]
pub struct Vigilance {
    /// The failure of each row that lasts, if one does.
    failures: Vec<Option<Failure>>,
    /// What was found since it was last asked.
    findings: Vec<Finding>,
}

#[derive(Clone, Copy, Debug)]
struct Failure {
    since: SimTime,
    found: bool,
}

/// What a suspicion, or the lack of one, turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A failure was suspected so long after it began.
    Detected(SimDuration),
    /// A server was suspected that had not failed.
    FalseSuspicion,
    /// A failure was over before anybody suspected it.
    Missed,
}

impl Vigilance {
    /// So many rows, all well.
    pub fn new(rows: usize) -> Self {
        Self { failures: vec![None; rows], findings: Vec::new() }
    }

    /// The view takes `row` out.
    pub fn on_suspicion(&mut self, now: SimTime, row: usize) {
        match &mut self.failures[row] {
            Some(failure) if failure.found => {}
            Some(failure) => {
                failure.found = true;
                self.findings.push(Finding::Detected(now.since(failure.since)));
            }
            None => self.findings.push(Finding::FalseSuspicion),
        }
    }

    /// The server of `row` fails. One that is out already has nothing to be found, and nothing to be missed.
    pub fn on_failure(&mut self, now: SimTime, row: usize, suspected: bool) {
        self.failures[row] = Some(Failure { since: now, found: suspected });
    }

    /// The server of `row` is well again.
    pub fn on_repair(&mut self, row: usize) {
        if self.failures[row].take().is_some_and(|failure| !failure.found) {
            self.findings.push(Finding::Missed);
        }
    }

    /// What was found since this was last asked.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.findings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(seconds)
    }

    #[test]
    fn suspicions_are_right_wrong_or_missing() {
        let mut vigilance = Vigilance::new(2);
        vigilance.on_suspicion(at(1), 0);
        vigilance.on_failure(at(2), 1, false);
        vigilance.on_suspicion(at(5), 1);
        // It comes and goes; the failure is the same.
        vigilance.on_suspicion(at(6), 1);
        vigilance.on_repair(1);
        vigilance.on_failure(at(8), 1, false);
        vigilance.on_repair(1);
        vigilance.on_failure(at(9), 0, true);
        vigilance.on_repair(0);
        let detected = |seconds| Finding::Detected(SimDuration::from_secs(seconds));
        let expected = [Finding::FalseSuspicion, detected(3), Finding::Missed];
        assert_eq!(vigilance.take_findings(), expected);
        assert_eq!(vigilance.take_findings(), []);
    }
}
