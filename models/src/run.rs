//! One run: a system, a seed and a horizon in, a report out.

use std::{fmt, ops::ControlFlow};

use sim_core::{
    random::Streams,
    simulation::{Budget, Progress, Simulation, Stop},
    time::{SimDuration, SimTime},
};

use crate::{
    books::Unbalanced,
    measure::{Window, Windows},
    report::RunReport,
    spec::SystemSpec,
    trace::{Recorder, Tracing},
    wire,
};

/// What a run needs beside the system.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSettings {
    /// The experiment's seed.
    pub seed: u64,
    /// Which replication.
    pub replication: u64,
    /// When measuring begins.
    pub measure_from: SimTime,
    /// When measuring and the run end.
    pub end: SimTime,
    /// Named windows within the run.
    pub windows: Vec<Window>,
    /// Width of the bins of time series.
    pub bin: SimDuration,
    /// Limits to count exactly.
    pub limits: Vec<Limit>,
    /// What the run may cost.
    pub budget: Budget,
}

/// A limit that a claim asks about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The station's id: `clients`, `web`, `web[3]`.
    pub station: String,
    /// Which of its times.
    pub of: LimitOf,
    /// The window's name; empty for the measurement.
    pub window: String,
    /// The limit.
    pub limit: SimDuration,
}

/// Which of a station's times a limit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitOf {
    /// `latency`.
    Latency,
    /// `wait`.
    Wait,
}

impl LimitOf {
    /// Its name in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Wait => "wait",
        }
    }
}

/// Why a run has no report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunError {
    /// A budget was spent; the fullest station is named.
    Budget {
        /// Which budget.
        stop: Stop,
        /// The station with the most inside, and how much that is.
        fullest: Option<(String, u32)>,
    },
    /// The books do not balance: our mistake.
    Books(Unbalanced),
    /// A trace cannot be read.
    Trace(String),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Budget { stop, fullest: Some((station, level)) } => {
                write!(f, "{stop}; the most, {level}, are at {station}")
            }
            Self::Budget { stop, fullest: None } => write!(f, "{stop}"),
            Self::Books(unbalanced) => {
                write!(f, "the books of {} do not balance: {}", unbalanced.station, unbalanced.what)
            }
            Self::Trace(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for RunError {}

/// Runs one replication of a checked system.
///
/// # Errors
/// A budget is spent, the supervisor breaks off, a trace cannot be read, or the books do not balance.
pub fn run(
    spec: &SystemSpec,
    settings: &RunSettings,
    traces: wire::Traces<'_>,
    supervisor: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<RunReport, RunError> {
    run_traced(spec, settings, Tracing::Off, traces, supervisor)
}

/// The same, and records some requests or all of them; what else the report tells does not depend on that.
///
/// # Errors
/// As [`run`].
pub fn run_traced(
    spec: &SystemSpec,
    settings: &RunSettings,
    tracing: Tracing,
    traces: wire::Traces<'_>,
    supervisor: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<RunReport, RunError> {
    let measurement = Window { name: String::new(), from: settings.measure_from, to: settings.end };
    let windows = Windows::new(measurement, settings.windows.iter().cloned());
    let streams = Streams::new(settings.seed, settings.replication);
    let mut world = wire::build(spec, streams, windows, settings.bin, traces).map_err(RunError::Trace)?;
    world.watch_limits(&settings.limits);
    world.tracer = Recorder::new(tracing, world.workloads.len());
    let mut simulation = Simulation::new(world);
    let (world, context) = simulation.parts();
    world.begin(context);
    if let Err(stop) = simulation.run_until(settings.end, settings.budget, supervisor) {
        let fullest = simulation.model.fullest().map(|(station, level)| (station.to_owned(), level));
        return Err(RunError::Budget { stop, fullest });
    }
    let events = simulation.events();
    simulation.model.check_books(settings.end).map_err(RunError::Books)?;
    Ok(simulation.model.into_report(settings, events))
}
