//! One run: a system, a seed and a horizon in, a report out.

use std::{fmt, ops::ControlFlow};

use sim_core::{
    random::Streams,
    simulation::{Budget, Progress, Simulation, Stop},
    time::{SimDuration, SimTime},
};

use crate::{
    books::Unbalanced,
    measure::{Figures, Station, Watch, Watched, Window, Windows},
    report::{Backlog, LimitCount, RunReport},
    spec::SystemSpec,
    wire,
    world::{Role, World},
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
    let measurement = Window { name: String::new(), from: settings.measure_from, to: settings.end };
    let windows = Windows::new(measurement, settings.windows.iter().cloned());
    let streams = Streams::new(settings.seed, settings.replication);
    let mut world = wire::build(spec, streams, windows, settings.bin, traces).map_err(RunError::Trace)?;
    world.watch_limits(&settings.limits);
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

impl World {
    /// Sets exact counters where claims ask for them.
    fn watch_limits(&mut self, limits: &[Limit]) {
        for limit in limits {
            let Some(window) = self.windows.all().iter().position(|window| window.name == limit.window)
            else {
                continue;
            };
            let of = match limit.of {
                LimitOf::Latency => Watched::Latency,
                LimitOf::Wait => Watched::Wait,
            };
            let watch = Watch { window: window as u16, of, limit: limit.limit.as_nanos(), counts: [0; 3] };
            for workload in self.workloads.iter_mut().filter(|workload| workload.name == limit.station) {
                workload.ledger.watches.push(watch);
            }
            for node in &mut self.nodes {
                let whole = node.name == limit.station;
                for server in node.servers.iter_mut().filter(|server| whole || server.name == limit.station) {
                    server.ledger.watches.push(watch);
                }
            }
        }
    }

    fn into_report(self, settings: &RunSettings, events: u64) -> RunReport {
        let digest = self.digest();
        let requests = self.workloads.iter().map(|workload| workload.ledger.totals.arrivals).sum();
        let limits = settings.limits.iter().map(|limit| self.limit_count(limit, settings.end)).collect();
        let metrics = self.metrics();
        let histograms = self.histograms();
        let backlogs = self.backlogs();
        let Self { observer, decisions, .. } = self;
        RunReport {
            events,
            requests,
            metrics,
            series: observer.into_series(),
            histograms,
            limits,
            decisions,
            backlogs,
            digest,
        }
    }

    /// What was counted about a limit. Requests that still wait at the end and are older already are over it.
    fn limit_count(&self, limit: &Limit, end: SimTime) -> LimitCount {
        let servers = self
            .nodes
            .iter()
            .flat_map(|node| node.servers.iter().map(move |server| (node.name == limit.station, server)));
        let servers = servers
            .filter(|(whole, server)| *whole || server.name == limit.station)
            .map(|(_, server)| &server.ledger);
        let workloads = self
            .workloads
            .iter()
            .filter(|workload| workload.name == limit.station)
            .map(|workload| &workload.ledger);
        let window = self.windows.all().iter().position(|window| window.name == limit.window).unwrap_or(0);
        let of = match limit.of {
            LimitOf::Latency => Watched::Latency,
            LimitOf::Wait => Watched::Wait,
        };
        let nanos = limit.limit.as_nanos();
        let mut counts = [0; 3];
        for watch in workloads.chain(servers).flat_map(|ledger| &ledger.watches) {
            if (usize::from(watch.window), watch.of, watch.limit) == (window, of, nanos) {
                for (sum, count) in counts.iter_mut().zip(watch.counts) {
                    *sum += count;
                }
            }
        }
        let metric = match limit.of {
            LimitOf::Latency => "latency",
            LimitOf::Wait => "wait",
        };
        if limit.of == LimitOf::Latency && self.windows.all()[window].to == end {
            let late = |request: &&crate::request::Request| {
                self.workloads[usize::from(request.workload)].name == limit.station
                    && end.since(request.intended).as_nanos() > nanos
            };
            counts[2] += self.requests.values().filter(late).count() as u64;
        }
        let suffix = if limit.window.is_empty() { String::new() } else { format!("@{}", limit.window) };
        LimitCount {
            name: format!("{}.{metric}{suffix}", limit.station),
            limit: nanos,
            under: counts[0],
            at: counts[1],
            over: counts[2],
        }
    }

    fn metrics(&self) -> Vec<crate::report::Metric> {
        let mut figures = Figures::default();
        for (number, window) in self.windows.all().iter().enumerate() {
            for workload in &self.workloads {
                figures.station(
                    &Station {
                        id: &workload.name,
                        ledgers: vec![&workload.ledger],
                        times: &workload.times,
                        slots: 0,
                    },
                    number,
                    window,
                );
                if number == 0 {
                    figures.at_end(&workload.name, workload.ledger.left_inside());
                }
            }
            for node in &self.nodes {
                let slots = node.servers.iter().map(|server| u64::from(server.workers)).sum();
                let ledgers = node.servers.iter().map(|server| &server.ledger).collect();
                figures.station(
                    &Station { id: &node.name, ledgers, times: &node.times, slots },
                    number,
                    window,
                );
                if number == 0 {
                    figures.at_end(
                        &node.name,
                        node.servers.iter().map(|server| server.ledger.left_inside()).sum(),
                    );
                }
                if node.servers.len() > 1 {
                    for server in &node.servers {
                        let station = Station {
                            id: &server.name,
                            ledgers: vec![&server.ledger],
                            times: &server.times,
                            slots: u64::from(server.workers),
                        };
                        figures.station(&station, number, window);
                    }
                }
            }
        }
        figures.into_metrics()
    }

    /// Distributions of latency: of every workload and component, in every window.
    fn histograms(&self) -> Vec<(String, sim_core::statistics::Histogram)> {
        let mut all = Vec::new();
        for (number, window) in self.windows.all().iter().enumerate() {
            let suffix = if window.name.is_empty() { String::new() } else { format!("@{}", window.name) };
            for workload in &self.workloads {
                all.push((
                    format!("{}.latency{suffix}", workload.name),
                    workload.times.within(number).latency.clone(),
                ));
            }
            for node in &self.nodes {
                all.push((
                    format!("{}.latency{suffix}", node.name),
                    node.times.within(number).latency.clone(),
                ));
            }
        }
        all.sort_by(|left, right| left.0.cmp(&right.0));
        all
    }

    /// How the backlog of each server moved through the measurement.
    fn backlogs(&self) -> Vec<Backlog> {
        let measurement = self.windows.measurement();
        let seconds = measurement.length().as_secs_f64();
        let services = self.nodes.iter().filter(|node| {
            matches!(node.role, Role::Service(_)) || node.servers.iter().any(|server| server.workers > 0)
        });
        let servers = services.flat_map(|node| &node.servers);
        let backlog = |server: &crate::node::server::Server| {
            let totals = server.ledger.within(0);
            Backlog {
                station: server.name.clone(),
                growth: server.ledger.backlog.slope(),
                arrivals: totals.arrivals as f64 / seconds,
                served: if totals.arrivals == 0 {
                    1.0
                } else {
                    totals.finished() as f64 / totals.arrivals as f64
                },
            }
        };
        servers.map(backlog).collect()
    }
}
