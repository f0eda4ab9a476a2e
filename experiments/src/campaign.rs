//! From a study to its results folder: run what is not stored, analyse, write everything, and say how it ended.

use std::{collections::BTreeSet, path::Path};

use models::report::RunReport;

use crate::{
    analysis::{Analysis, CellAnalysis, Kind, Verdict, analyse},
    clock,
    exit::Exit,
    output::{self, Closing},
    present,
    runner::{
        Execute, Goal, Job, Pending, Settings, Shard, Supervisor, Tally, begin, pending, progress::Progress,
        run_jobs, schedule,
    },
    store::{Found, Store, StoreError},
    study::Study,
};

/// Below that many computed runs none is run twice for the determinism check: it would cost too large a share.
const RERUN_FROM: usize = 10;

/// The texts that are kept beside the results.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    /// The experiment file as written.
    pub experiment: String,
    /// The same with every default written out.
    pub resolved: String,
}

/// What is wanted of a run, beside what the study says.
#[derive(Clone, Debug)]
pub struct Order {
    /// Threads, and whether to stop at a broken run.
    pub settings: Settings,
    /// Whether stored runs are ignored.
    pub fresh: bool,
    /// The part of the work that this process takes.
    pub shard: Option<Shard>,
    /// Sequential stopping: the goal and the most replications.
    pub precision: Option<(Goal, u64)>,
    /// Whether SLOs decide the exit code.
    pub gate: bool,
    /// The command that gives these results, without filters: `stampede run my.ron -s web.servers=32`.
    pub command: String,
}

/// Whom a campaign talks to.
pub struct Listener<'a> {
    /// Ctrl-C.
    pub supervisor: &'a Supervisor,
    /// Makes the progress display of a round.
    pub progress: &'a dyn Fn(&Study, &Pending) -> Box<dyn Progress>,
    /// Takes a sentence of narration.
    pub narrate: &'a dyn Fn(&str),
}

/// How a campaign ended.
#[derive(Debug)]
pub enum Ending {
    /// All is run, analysed and written.
    Finished(Box<Finished>),
    /// This shard is done, others are not.
    ShardDone {
        /// Runs still missing in this folder.
        missing: usize,
        /// Runs of the whole study.
        total: usize,
    },
    /// Ctrl-C; what is stored stays.
    Interrupted {
        /// Runs still missing in this folder.
        missing: usize,
        /// Runs of the whole study.
        total: usize,
    },
}

/// A finished campaign.
#[derive(Debug)]
pub struct Finished {
    /// The study, with the replications that sequential stopping settled on.
    pub study: Study,
    /// What was concluded.
    pub analysis: Analysis,
    /// What the terminal tells beside.
    pub closing: Closing,
    /// What was computed now.
    pub tally: Tally,
}

/// Runs a study into its folder under `root`.
///
/// # Errors
/// The store cannot be written.
pub fn run(
    root: &Path,
    study: Study,
    texts: &Texts,
    execute: &dyn Execute,
    order: &Order,
    listener: &Listener<'_>,
) -> Result<Ending, StoreError> {
    let store = Store::open(root, &study)?;
    store.write("experiment.ron", texts.experiment.as_bytes())?;
    store.write("resolved.ron", texts.resolved.as_bytes())?;
    let started = clock::unix_seconds();
    let mut campaign = Campaign { store, study, execute, order, listener, tally: Tally::default() };
    campaign.compute()?;
    let jobs = schedule(&campaign.study.cells);
    // A broken run is done with, though nothing of it is stored.
    let missing = campaign.missing(&jobs)?;
    let (left, total) = (missing.saturating_sub(campaign.tally.crashes.len()), jobs.len());
    if listener.supervisor.stopped() {
        return Ok(Ending::Interrupted { missing: left, total });
    }
    if order.shard.is_some() && left > 0 {
        return Ok(Ending::ShardDone { missing: left, total });
    }
    campaign.conclude(started).map(|finished| Ending::Finished(Box::new(finished)))
}

struct Campaign<'a> {
    store: Store,
    study: Study,
    execute: &'a dyn Execute,
    order: &'a Order,
    listener: &'a Listener<'a>,
    tally: Tally,
}

impl Campaign<'_> {
    /// One round, or under sequential stopping as many as it takes.
    fn compute(&mut self) -> Result<(), StoreError> {
        let Some((goal, most)) = &self.order.precision else {
            self.store.write_study(&self.study)?;
            return self.round(&BTreeSet::new());
        };
        begin(&mut self.study, goal, *most);
        let mut before = BTreeSet::new();
        loop {
            self.store.write_study(&self.study)?;
            self.round(&before)?;
            before.extend(schedule(&self.study.cells).iter().map(|job| (job.cell, job.replication)));
            if self.listener.supervisor.stopped() || !self.raise_wants(goal, *most) {
                return self.store.write_study(&self.study);
            }
        }
    }

    /// Runs the jobs that are neither stored nor of an earlier round.
    fn round(&mut self, before: &BTreeSet<(usize, u64)>) -> Result<(), StoreError> {
        let mut jobs = schedule(&self.study.cells);
        let mine = |job: &Job| self.order.shard.is_none_or(|shard| shard.takes(job));
        jobs.retain(|job| mine(job) && !before.contains(&(job.cell, job.replication)));
        let pending = if self.order.fresh {
            Pending { jobs, ..Pending::default() }
        } else {
            pending(&self.store, &self.study, &jobs)?
        };
        for note in &pending.notes {
            (self.listener.narrate)(note);
        }
        if !pending.jobs.is_empty() {
            let tally = self.run(&pending)?;
            self.tally.add(tally);
        }
        Ok(())
    }

    fn run(&self, pending: &Pending) -> Result<Tally, StoreError> {
        let progress = (self.listener.progress)(&self.study, pending);
        let (store, cells) = (&self.store, &self.study.cells);
        let keep = |job: &Job, report: RunReport| match cells.get(job.cell) {
            Some(cell) => store.save(cell, job.replication, &report),
            None => Ok(()),
        };
        let supervisor = self.listener.supervisor;
        let tally =
            run_jobs(&pending.jobs, self.order.settings, self.execute, &keep, supervisor, progress.as_ref());
        progress.end();
        tally
    }

    /// Lets cells ask for more replications; false if all have enough.
    fn raise_wants(&mut self, goal: &Goal, most: u64) -> bool {
        let analysis = self.analyse();
        if !goal.is_told(&analysis.cells) {
            (self.listener.narrate)(&format!(
                "no run tells {}; its precision cannot be reached",
                goal.figure
            ));
            return false;
        }
        let mut more = false;
        for (cell, found) in self.study.cells.iter_mut().zip(&analysis.cells) {
            let wanted = goal.wanted(found, cell.replications, most);
            more |= wanted > cell.replications;
            cell.replications = wanted;
        }
        more
    }

    fn analyse(&self) -> Analysis {
        analyse_stored(&self.store, &self.study)
    }

    fn missing(&self, jobs: &[Job]) -> Result<usize, StoreError> {
        let whole = self.order.shard.is_none() && !self.listener.supervisor.stopped();
        if whole { Ok(0) } else { Ok(pending(&self.store, &self.study, jobs)?.jobs.len()) }
    }

    /// Analyses what is stored and writes everything.
    fn conclude(self, started: u64) -> Result<Finished, StoreError> {
        let analysis = self.analyse();
        output::write_tables(&self.store, &self.study, &analysis, self.order.gate)?;
        write_report(&self.store, &self.study, &analysis)?;
        let rerun_identical = self.rerun(&analysis.cells);
        let manifest = output::manifest(&self.study, &analysis, &self.tally, started);
        self.store.write("manifest.json", output::pretty(&manifest).as_bytes())?;
        self.store.point_latest()?;
        let folder = self.store.folder();
        let closing = Closing {
            folder: folder.display().to_string(),
            command: self.order.command.clone(),
            report: output::report_path(folder).display().to_string(),
            crashes: self.tally.crashes.clone(),
            rerun_identical,
        };
        Ok(Finished { study: self.study, analysis, closing, tally: self.tally })
    }

    /// Runs the cheapest cell's first replication once more: does it tell the same?
    fn rerun(&self, cells: &[CellAnalysis]) -> Option<bool> {
        let first_stored = |cell: &CellAnalysis| cell.replications.first() == Some(&0);
        let cost = |cell: &CellAnalysis| cell.events / cell.replications.len().max(1) as u64;
        let stored = cells.iter().enumerate().filter(|(_, cell)| first_stored(cell));
        let (cheapest, _) =
            stored.min_by_key(|(_, cell)| cost(cell)).filter(|_| self.tally.computed >= RERUN_FROM)?;
        let again = self.execute.execute(cheapest, 0, self.listener.supervisor).ok()?;
        Some(load(&self.store, &self.study, cheapest, 0)? == again)
    }
}

/// Analyses what a folder holds of the wanted replications.
pub fn analyse_stored(store: &Store, study: &Study) -> Analysis {
    analyse(study, &|cell, replication| load(store, study, cell, replication))
}

/// Draws the charts and writes the report of what a folder holds.
///
/// # Errors
/// The folder cannot be written, or a chart is too large to be drawn.
pub fn write_report(store: &Store, study: &Study, analysis: &Analysis) -> Result<(), StoreError> {
    present::write(store, study, analysis, &|cell, replication| load(store, study, cell, replication))
}

fn load(store: &Store, study: &Study, cell: usize, replication: u64) -> Option<RunReport> {
    match store.load(study.cells.get(cell)?, replication) {
        Found::Valid(report) => Some(*report),
        Found::Missing | Found::Spoiled(_) => None,
    }
}

impl Finished {
    /// The exit code that the verdicts, the crashes and the determinism check call for.
    pub fn exit(&self, gate: bool) -> Exit {
        let crashed = if self.closing.crashes.is_empty() { Exit::Done } else { Exit::Crashed };
        let unsteady = if self.closing.rerun_identical == Some(false) { Exit::Internal } else { Exit::Done };
        verdict_exit(&self.analysis, gate).worse(crashed).worse(unsteady)
    }
}

/// The exit code that the verdicts call for: expectations always count, SLOs under `gate`.
pub fn verdict_exit(analysis: &Analysis, gate: bool) -> Exit {
    let counts = |verdict| {
        let slos = if gate { analysis.count(Kind::Slo, verdict) } else { 0 };
        analysis.count(Kind::Expect, verdict) + slos
    };
    match (counts(Verdict::Fail), counts(Verdict::Inconclusive)) {
        (0, 0) => Exit::Done,
        (0, _) => Exit::Inconclusive,
        _ => Exit::Failed,
    }
}
