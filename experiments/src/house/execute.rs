//! Runs: a cell and a replication in, the models' report out.

use std::{ops::ControlFlow, path::PathBuf};

use models::{
    Limit, LimitOf, RunError, RunSettings, measure,
    report::RunReport,
    spec::WorkloadSpec,
    trace::{MOST_SPANS, Tracing},
};
use sim_core::{
    random::name_hash,
    simulation::{Budget, Stop},
    time::{SimDuration, SimTime},
};

use super::{files, forecast};
use crate::{
    cli::{Experiment, Forecast},
    clock::Stopwatch,
    plan::{Cell, Plan},
    runner::{Execute, RunFailure, Supervisor, TRACED_REPLICATION},
};

/// Bins beyond this many are widened: a series is for looking at.
const MOST_BINS: u64 = 4_000;
/// A run has at least so many bins, so that a growing backlog has a slope.
const LEAST_BINS: u64 = 60;

/// A plan's cells, ready to run.
pub(super) struct Cells {
    plan: Plan,
    /// Where the experiment file stands; files it names stand beside it.
    folder: PathBuf,
}

impl Cells {
    pub(super) fn new(plan: Plan, folder: PathBuf) -> Self {
        Self { plan, folder }
    }

    fn settings(&self, cell: &Cell, replication: u64) -> RunSettings {
        let run = &self.plan.run;
        // Without common random numbers every cell has chance of its own.
        let own = if run.common_random_numbers { 0 } else { name_hash(&cell.hash) };
        let windows = self.plan.windows.iter().map(|window| measure::Window {
            name: window.name.clone(),
            from: window.start,
            to: window.end,
        });
        RunSettings {
            seed: run.seed ^ own,
            replication,
            measure_from: run.horizon.start(),
            end: run.horizon.end(),
            windows: windows.collect(),
            bin: bin(run.series_bin, run.horizon.end()),
            limits: self.plan.limits(&cell.arm).iter().filter_map(limit_of).collect(),
            budget: Budget { events: run.budget.events, in_flight: run.budget.in_flight },
        }
    }
}

/// The width of the bins of a run: as wished, within reason for its length.
fn bin(wished: SimDuration, end: SimTime) -> SimDuration {
    let end = end.as_nanos();
    let wished = wished.as_nanos().max(1);
    if end / wished > MOST_BINS {
        return SimDuration::from_nanos(wished * (end / wished).div_ceil(MOST_BINS));
    }
    SimDuration::from_nanos(wished.min((end / LEAST_BINS).max(1)))
}

/// A limit as the models count it; figures other than times of a station are decided by their values.
fn limit_of(limit: &crate::plan::Limit) -> Option<Limit> {
    let (metric, window) = limit.name.split_once('@').unwrap_or((&limit.name, ""));
    let (station, metric) = metric.rsplit_once('.')?;
    let of = match metric {
        "latency" => LimitOf::Latency,
        "wait" => LimitOf::Wait,
        _ => return None,
    };
    Some(Limit {
        station: station.into(),
        of,
        window: window.into(),
        limit: SimDuration::from_nanos(limit.limit),
    })
}

impl Execute for Cells {
    fn execute(
        &self,
        cell: usize,
        replication: u64,
        supervisor: &Supervisor,
    ) -> Result<RunReport, RunFailure> {
        // Enough to show a reader what requests go through; all replications would tell no more.
        let first = replication == TRACED_REPLICATION;
        self.run(cell, replication, if first { Tracing::Sampled } else { Tracing::Off }, supervisor)
    }
}

impl Cells {
    fn run(
        &self,
        cell: usize,
        replication: u64,
        tracing: Tracing,
        supervisor: &Supervisor,
    ) -> Result<RunReport, RunFailure> {
        let Some(cell) = self.plan.cells.get(cell) else {
            return Err(RunFailure::Broken("there is no such cell".into()));
        };
        let settings = self.settings(cell, replication);
        let mut traces = |id: &str| match cell.system.workloads.get(id) {
            Some(WorkloadSpec::Trace(spec)) => files::records(&spec.trace, &self.folder),
            Some(WorkloadSpec::OpenLoop(_) | WorkloadSpec::ClosedLoop(_)) | None => {
                Err(format!("`{id}` has no trace"))
            }
        };
        let (watch, wall_time) = (Stopwatch::start(), self.plan.run.budget.wall_time);
        let is_late = || wall_time.is_some_and(|most| watch.seconds() > most.as_secs_f64());
        let mut look = |_: &sim_core::simulation::Progress| {
            if supervisor.stopped() || is_late() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let told = models::run_traced(&cell.system, &settings, tracing, &mut traces, &mut look);
        told.map_err(|error| match error {
            RunError::Budget { stop: Stop::Supervisor, .. } if supervisor.stopped() => {
                RunFailure::Interrupted
            }
            RunError::Budget { stop: Stop::Supervisor, fullest } => {
                RunFailure::Broken(too_late(wall_time, fullest))
            }
            RunError::Budget { .. } | RunError::Books(_) | RunError::Trace(_) => {
                RunFailure::Broken(error.to_string())
            }
        })
    }
}

/// What is said of a run that took longer than its budget of real time.
fn too_late(wall_time: Option<SimDuration>, fullest: Option<(String, u32)>) -> String {
    let most = wall_time.unwrap_or_default();
    let where_ =
        fullest.map_or_else(String::new, |(station, level)| format!("; the most, {level}, are at {station}"));
    format!("the run took longer than its budget of {most} of real time{where_}")
}

impl Experiment for Cells {
    fn forecast(&self) -> Option<Forecast> {
        forecast::of(&self.plan)
    }

    fn trace(&self, cell: usize, replication: u64, supervisor: &Supervisor) -> Result<RunReport, RunFailure> {
        self.run(cell, replication, Tracing::Whole { most_spans: MOST_SPANS }, supervisor)
    }
}
