//! A line every 10 %, for logs and pipes.

use std::{
    io::Write,
    sync::{Mutex, PoisonError},
};

use super::{Progress, seconds_in_words};
use crate::{
    clock::Stopwatch,
    runner::{Job, Pending, pace::Pace},
    study::Study,
};

/// `[ 50%] 180/360 runs, 7 s elapsed, about 7 s left`
#[derive(Debug)]
pub struct Plain<W> {
    state: Mutex<(Pace, W)>,
    watch: Stopwatch,
}

impl<W: Write + Send> Plain<W> {
    /// Writes to `out`, which is stderr but in tests.
    pub fn new(study: &Study, pending: &Pending, out: W) -> Self {
        let pace = Pace::new(&study.cells, &pending.jobs, &pending.stored);
        Self { state: Mutex::new((pace, out)), watch: Stopwatch::start() }
    }
}

impl<W: Write + Send> Progress for Plain<W> {
    fn finished(&self, job: &Job, events: u64, requests: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (pace, out) = &mut *state;
        let before = pace.done * 10 / pace.total.max(1);
        pace.finished(job, events, requests);
        if pace.done * 10 / pace.total.max(1) > before {
            // Nobody reads a closed stderr.
            let _ = writeln!(out, "{}", line(pace, self.watch.seconds()));
        }
    }
}

fn line(pace: &Pace, elapsed: f64) -> String {
    let percent = pace.done * 100 / pace.total.max(1);
    let done =
        format!("[{percent:3}%] {}/{} runs, {} elapsed", pace.done, pace.total, seconds_in_words(elapsed));
    match pace.seconds_left(elapsed) {
        Some(left) if pace.done < pace.total => format!("{done}, about {} left", seconds_in_words(left)),
        _ => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::Cell;

    #[test]
    fn ten_lines_and_no_more() {
        let study = Study { cells: vec![Cell { replications: 37, ..Cell::default() }], ..Study::default() };
        let jobs = crate::runner::schedule(&study.cells);
        let progress = Plain::new(&study, &Pending { jobs: jobs.clone(), ..Pending::default() }, Vec::new());
        for job in &jobs {
            progress.finished(job, 10, 1);
        }
        let state = progress.state.into_inner().unwrap();
        let text = String::from_utf8(state.1).unwrap();
        assert_eq!(text.lines().count(), 10, "{text}");
        assert!(text.starts_with("[ 10%] 4/37 runs, 0 s elapsed, about 0 s left\n"), "{text}");
        assert!(text.ends_with("[100%] 37/37 runs, 0 s elapsed\n"), "{text}");
    }
}
