//! Runs cells in parallel, and lets nothing of that show: jobs have an order of their own, and whatever is made of
//! their results is made in that order, never in the order in which they happened to finish.

mod crash;
mod interrupt;
mod pace;
mod pending;
mod precision;
pub mod progress;
mod schedule;

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use models::report::RunReport;
use rayon::ThreadPoolBuilder;

use self::progress::Progress;
pub use self::{
    crash::{caught, quiet_panics_in_runs},
    interrupt::{Supervisor, listen_for_interrupts},
    pending::{Pending, pending},
    precision::{Goal, begin},
    schedule::{Job, Shard, schedule},
};
use crate::{clock::Stopwatch, store::StoreError};

/// The replication of each cell whose report holds some requests span by span.
pub const TRACED_REPLICATION: u64 = 0;

/// Carries out one replication of one cell.
pub trait Execute: Sync {
    /// The report of the `replication`-th run of the cell with that index.
    ///
    /// # Errors
    /// The run was stopped by the supervisor, or broke.
    fn execute(
        &self,
        cell: usize,
        replication: u64,
        supervisor: &Supervisor,
    ) -> Result<RunReport, RunFailure>;
}

impl<F> Execute for F
where
    F: Fn(usize, u64, &Supervisor) -> Result<RunReport, RunFailure> + Sync,
{
    fn execute(
        &self,
        cell: usize,
        replication: u64,
        supervisor: &Supervisor,
    ) -> Result<RunReport, RunFailure> {
        self(cell, replication, supervisor)
    }
}

/// Why a run gave no report.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RunFailure {
    /// The supervisor asked it to stop.
    #[error("interrupted")]
    Interrupted,
    /// It panicked, spent its budget, or its books did not balance; says what, with the figures.
    #[error("{0}")]
    Broken(String),
}

/// How jobs are run; never what comes out.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Threads; 0 takes one for each core.
    pub threads: usize,
    /// Whether the first broken run stops the rest.
    pub fail_fast: bool,
}

/// A run that broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crash {
    /// Index of its cell.
    pub cell: usize,
    /// Its replication.
    pub replication: u64,
    /// What went wrong.
    pub message: String,
}

/// What came of a list of jobs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// Runs computed and kept.
    pub computed: usize,
    /// Events they handled.
    pub events: u64,
    /// Requests they served.
    pub requests: u64,
    /// Real seconds it took.
    pub seconds: f64,
    /// Runs that broke, in the jobs' order.
    pub crashes: Vec<Crash>,
}

impl Tally {
    /// Adds what came of a later list.
    pub fn add(&mut self, later: Self) {
        self.computed += later.computed;
        self.events += later.events;
        self.requests += later.requests;
        self.seconds += later.seconds;
        self.crashes.extend(later.crashes);
    }
}

/// Takes what a job computed into keeping.
pub type Keep<'a> = dyn Fn(&Job, RunReport) -> Result<(), StoreError> + Sync + 'a;

/// Runs all jobs, starting them in their order, until done, interrupted, or failed as the settings say.
///
/// # Errors
/// A result could not be kept; jobs that were running finish first.
pub fn run_jobs(
    jobs: &[Job],
    settings: Settings,
    execute: &dyn Execute,
    keep: &Keep<'_>,
    supervisor: &Supervisor,
    progress: &dyn Progress,
) -> Result<Tally, StoreError> {
    let floor = Floor {
        jobs,
        settings,
        execute,
        keep,
        supervisor,
        progress,
        next: AtomicUsize::new(0),
        halted: AtomicBool::new(false),
        unkept: Mutex::new(None),
    };
    let watch = Stopwatch::start();
    let finished = floor.work();
    match floor.unkept.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(Tally { seconds: watch.seconds(), ..fold(jobs, finished) }),
    }
}

/// How one job ended.
enum Ending {
    Kept { events: u64, requests: u64 },
    Broken(String),
    Left,
}

/// Where the workers meet: the next job to start, and whether to start any.
struct Floor<'a> {
    jobs: &'a [Job],
    settings: Settings,
    execute: &'a dyn Execute,
    keep: &'a Keep<'a>,
    supervisor: &'a Supervisor,
    progress: &'a dyn Progress,
    next: AtomicUsize,
    halted: AtomicBool,
    unkept: Mutex<Option<StoreError>>,
}

impl Floor<'_> {
    /// Every worker takes the next job in order, so that partial results are balanced over the cells.
    fn work(&self) -> Vec<(usize, Ending)> {
        match ThreadPoolBuilder::new().num_threads(self.settings.threads).build() {
            Ok(pool) => pool.broadcast(|_| self.worker()).into_iter().flatten().collect(),
            // A machine that grants no more threads still has this one.
            Err(_) => self.worker(),
        }
    }

    fn worker(&self) -> Vec<(usize, Ending)> {
        let mut endings = Vec::new();
        while let Some((place, job)) = self.take() {
            endings.push((place, self.carry_out(job)));
        }
        endings
    }

    fn take(&self) -> Option<(usize, &Job)> {
        if self.supervisor.stopped() || self.halted.load(Ordering::Relaxed) {
            return None;
        }
        let place = self.next.fetch_add(1, Ordering::Relaxed);
        self.jobs.get(place).map(|job| (place, job))
    }

    fn carry_out(&self, job: &Job) -> Ending {
        let run = || self.execute.execute(job.cell, job.replication, self.supervisor);
        match caught(run).unwrap_or_else(|panic| Err(RunFailure::Broken(panic))) {
            Ok(report) => self.keep(job, report),
            Err(RunFailure::Interrupted) => Ending::Left,
            Err(RunFailure::Broken(message)) => {
                if self.settings.fail_fast {
                    self.halted.store(true, Ordering::Relaxed);
                }
                self.progress.finished(job, 0, 0);
                Ending::Broken(message)
            }
        }
    }

    fn keep(&self, job: &Job, report: RunReport) -> Ending {
        let (events, requests) = (report.events, report.requests);
        if let Err(error) = (self.keep)(job, report) {
            self.halted.store(true, Ordering::Relaxed);
            self.unkept.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            return Ending::Left;
        }
        self.progress.finished(job, events, requests);
        Ending::Kept { events, requests }
    }
}

/// Sums up in the jobs' order.
fn fold(jobs: &[Job], mut finished: Vec<(usize, Ending)>) -> Tally {
    finished.sort_by_key(|(place, _)| *place);
    let mut tally = Tally::default();
    for (job, ending) in finished.into_iter().filter_map(|(place, ending)| Some((jobs.get(place)?, ending))) {
        match ending {
            Ending::Kept { events, requests } => {
                tally.computed += 1;
                tally.events += events;
                tally.requests += requests;
            }
            Ending::Broken(message) => {
                tally.crashes.push(Crash { cell: job.cell, replication: job.replication, message });
            }
            Ending::Left => {}
        }
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::{progress::Silent, *};
    use crate::study::Cell;

    fn cells(n: usize) -> Vec<Cell> {
        let cell =
            |i: usize| Cell { hash: format!("{:016x}", i * 7919 % 31), replications: 4, ..Cell::default() };
        (0..n).map(cell).collect()
    }

    fn run(execute: &dyn Execute, settings: Settings, supervisor: &Supervisor) -> (Tally, Vec<(usize, u64)>) {
        let kept = Mutex::new(Vec::new());
        let keep = |job: &Job, _: RunReport| {
            kept.lock().unwrap().push((job.cell, job.replication));
            Ok(())
        };
        let tally = run_jobs(&schedule(&cells(5)), settings, execute, &keep, supervisor, &Silent).unwrap();
        (tally, kept.into_inner().unwrap())
    }

    fn report(cell: usize) -> RunReport {
        RunReport { events: cell as u64, requests: 1, ..RunReport::default() }
    }

    #[test]
    fn all_jobs_run_once_on_any_number_of_threads() {
        for threads in [1, 3] {
            let settings = Settings { threads, fail_fast: false };
            let (tally, mut kept) =
                run(&|cell, _, _: &Supervisor| Ok(report(cell)), settings, &Supervisor::default());
            kept.sort_unstable();
            kept.dedup();
            assert_eq!(kept.len(), 20);
            assert_eq!((tally.computed, tally.events, tally.requests), (20, 4 * (1 + 2 + 3 + 4), 20));
        }
    }

    #[test]
    fn a_panic_is_a_crashed_run_and_the_others_go_on() {
        quiet_panics_in_runs();
        let execute = |cell, replication, _: &Supervisor| {
            assert!((cell, replication) != (2, 1), "the books of web do not balance: {cell} != 3");
            Ok(report(cell))
        };
        let (tally, _) = run(&execute, Settings { threads: 2, fail_fast: false }, &Supervisor::default());
        assert_eq!(tally.computed, 19);
        let [crash] = tally.crashes.as_slice() else { panic!("one crash") };
        assert_eq!((crash.cell, crash.replication), (2, 1));
        assert!(crash.message.starts_with("the books of web do not balance: 2 != 3"), "{}", crash.message);
        assert!(crash.message.contains("runner/mod.rs"), "the place is told: {}", crash.message);
    }

    #[test]
    fn fail_fast_starts_nothing_after_the_first_crash() {
        let execute = |_, _, _: &Supervisor| Err(RunFailure::Broken("budget spent".into()));
        let (tally, _) = run(&execute, Settings { threads: 1, fail_fast: true }, &Supervisor::default());
        assert_eq!(tally.crashes.len(), 1);
    }

    #[test]
    fn an_interrupt_stops_the_start_of_jobs_and_keeps_what_is_done() {
        let execute = |cell, replication, supervisor: &Supervisor| {
            if replication == 1 {
                supervisor.stop();
            }
            if supervisor.stopped() { Err(RunFailure::Interrupted) } else { Ok(report(cell)) }
        };
        let (tally, kept) = run(&execute, Settings { threads: 1, fail_fast: false }, &Supervisor::default());
        assert_eq!((tally.computed, tally.crashes.len()), (5, 0));
        assert!(kept.iter().all(|(_, replication)| *replication == 0));
    }
}
