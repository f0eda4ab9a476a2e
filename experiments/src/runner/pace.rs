//! How much is done and how long the rest will take, by what runs cost and not by how many they are.

use super::Job;
use crate::study::Cell;

/// The cost of cells in events, learnt from the runs that are done.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    cells: Vec<Cost>,
    /// Events that this process has handled.
    spent: f64,
    pub(super) requests: u64,
    pub(super) done: usize,
    pub(super) total: usize,
}

#[derive(Clone, Debug, Default)]
struct Cost {
    expected: f64,
    measured: f64,
    runs: u64,
    left: u64,
}

impl Pace {
    /// The pace of `jobs` still to be run; `stored` tells what runs of earlier commands cost, by cell.
    pub(super) fn new(cells: &[Cell], jobs: &[Job], stored: &[(usize, u64)]) -> Self {
        let cost = |cell: &Cell| Cost { expected: cell.expected_events, ..Cost::default() };
        let mut pace = Self {
            cells: cells.iter().map(cost).collect(),
            spent: 0.0,
            requests: 0,
            done: stored.len(),
            total: stored.len() + jobs.len(),
        };
        for job in jobs {
            pace.cell(job.cell).left += 1;
        }
        for (cell, events) in stored {
            pace.cell(*cell).learn(*events);
        }
        pace
    }

    pub(super) fn finished(&mut self, job: &Job, events: u64, requests: u64) {
        let cell = self.cell(job.cell);
        cell.left = cell.left.saturating_sub(1);
        cell.learn(events);
        self.spent += events as f64;
        self.requests += requests;
        self.done += 1;
    }

    /// Seconds left after `elapsed` ones; unknown until every cell has run once or its cost can be told from others'.
    pub(super) fn seconds_left(&self, elapsed: f64) -> Option<f64> {
        let scale = self.scale();
        let mut left = 0.0;
        for cell in self.cells.iter().filter(|cell| cell.left > 0) {
            left += cell.left as f64 * cell.each(scale)?;
        }
        (self.spent > 0.0).then(|| elapsed * left / self.spent)
    }

    /// How far measured costs lie from the expected ones.
    fn scale(&self) -> f64 {
        let known = || self.cells.iter().filter(|cell| cell.runs > 0 && cell.expected > 0.0);
        let expected: f64 = known().map(|cell| cell.expected * cell.runs as f64).sum();
        let measured: f64 = known().map(|cell| cell.measured).sum();
        if expected > 0.0 { measured / expected } else { 0.0 }
    }

    fn cell(&mut self, index: usize) -> &mut Cost {
        if self.cells.len() <= index {
            self.cells.resize(index + 1, Cost::default());
        }
        &mut self.cells[index]
    }
}

impl Cost {
    fn learn(&mut self, events: u64) {
        self.measured += events as f64;
        self.runs += 1;
    }

    fn each(&self, scale: f64) -> Option<f64> {
        if self.runs > 0 {
            return Some(self.measured / self.runs as f64);
        }
        (self.expected > 0.0 && scale > 0.0).then_some(self.expected * scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(cell: usize) -> Job {
        Job { index: 0, cell, replication: 0 }
    }

    #[test]
    fn time_left_counts_events_and_not_runs() {
        let jobs = [job(0), job(0), job(1), job(1)];
        let mut pace = Pace::new(&[Cell::default(), Cell::default()], &jobs, &[]);
        pace.finished(&job(0), 100, 1);
        assert_eq!(pace.seconds_left(1.0), None, "nothing is known of the second cell");
        pace.finished(&job(1), 900, 1);
        // 1000 events took 10 s, and another 1000 are left.
        assert_eq!(pace.seconds_left(10.0), Some(10.0));
        pace.finished(&job(1), 900, 1);
        assert_eq!(pace.seconds_left(19.0), Some(1.0));
    }

    #[test]
    fn expected_costs_are_scaled_by_what_was_measured() {
        let cell = |expected_events| Cell { expected_events, ..Cell::default() };
        let mut pace = Pace::new(&[cell(10.0), cell(40.0)], &[job(0), job(1)], &[]);
        pace.finished(&job(0), 20, 1);
        assert_eq!(pace.seconds_left(1.0), Some(4.0));
    }
}
