//! A system, how long it is watched, and what was seen of it: run once, however many checks ask.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{Arc, OnceLock},
};

use models::{Limit, LimitOf, RunSettings, report::RunReport, spec::SystemSpec};
use sim_core::{
    random::name_hash,
    simulation::Budget,
    time::{SimDuration, SimTime},
};

use crate::load::{self, Overrides};

/// Simulates a figure.
pub(super) type Figure = Box<dyn Fn() -> f64 + Sync + Send>;

/// What was seen, by name.
pub(super) type Figures = BTreeMap<String, f64>;

/// Where trials are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lab {
    /// What the chance of every trial starts from.
    pub seed: u64,
    /// How long trials last, 1 for as long as their tolerances need: an error grows as 1/√length.
    pub length: f64,
}

impl Default for Lab {
    fn default() -> Self {
        Self { seed: 1, length: 1.0 }
    }
}

/// A system under observation.
#[derive(Clone)]
pub(super) struct Trial {
    system: String,
    seed: u64,
    /// Seconds: when measuring begins, and when it ends with the run.
    measured: (f64, f64),
    limits: Vec<Limit>,
    found: Arc<OnceLock<Figures>>,
}

impl Lab {
    /// Watches `system`, the workloads and components of a file, for so many seconds, after a tenth of them.
    pub(super) fn trial(&self, system: impl Into<String>, seconds: f64) -> Trial {
        let system = system.into();
        // Different systems have different chance: one bad draw must not bend all checks the same way.
        let seed = self.seed ^ name_hash(&system);
        let seconds = seconds * self.length;
        Trial {
            system,
            seed,
            measured: (0.1 * seconds, 1.1 * seconds),
            limits: Vec::new(),
            found: Arc::default(),
        }
    }

    /// Poisson arrivals at one pool called `web`, whose fields are given, for so many arrivals.
    pub(super) fn station(&self, rate: f64, pool: &str, arrivals: f64) -> Trial {
        let system = format!(
            r#"workloads: {{ "clients": OpenLoop(target: "web", load: Rate("{rate}/s")) }},
            components: {{ "web": ServerPool({pool}) }},"#
        );
        self.trial(system, arrivals / rate)
    }

    /// Poisson arrivals that bring each of so many exponential servers called `web` to `load`, through a balancer
    /// called `lb`, whose fields beside its backends are given.
    pub(super) fn farm(&self, servers: u32, load: f64, balancer: &str, arrivals: f64) -> Trial {
        let rate = f64::from(servers) * load;
        let system = format!(
            r#"workloads: {{ "clients": OpenLoop(
                target: "lb", load: Rate("{rate}/s"), calls: {{ "lb": (balancer: Random) }},
            ) }},
            components: {{
                "lb": LoadBalancer(backends: "web", {balancer}),
                "web": ServerPool(servers: {servers}, service_time: Exponential(mean: "1s")),
            }},"#
        );
        self.trial(system, arrivals / rate)
    }
}

impl Trial {
    /// Measures between these seconds.
    pub(super) fn between(mut self, from: f64, to: f64) -> Self {
        self.measured = (from, to);
        self
    }

    /// Counts exactly how many of a station's times are over or at so many seconds; the shares are the figures
    /// `web.wait.over` and `web.wait.at`.
    pub(super) fn counting(mut self, station: &str, of: LimitOf, seconds: f64) -> Self {
        let limit = SimDuration::from_secs_f64(seconds);
        self.limits.push(Limit { station: station.into(), of, window: String::new(), limit });
        self
    }

    /// The figure of that name.
    pub(super) fn figure(&self, name: &str) -> Figure {
        let name = name.to_owned();
        self.derive(move |figures| figure(figures, &name))
    }

    /// A figure made of others.
    pub(super) fn derive(&self, of: impl Fn(&Figures) -> f64 + Sync + Send + 'static) -> Figure {
        let trial = self.clone();
        Box::new(move || of(trial.found.get_or_init(|| trial.run())))
    }

    /// The quotient of two figures.
    pub(super) fn ratio(&self, part: &str, whole: &str) -> Figure {
        let (part, whole) = (part.to_owned(), whole.to_owned());
        self.derive(move |figures| figure(figures, &part) / figure(figures, &whole))
    }

    fn run(&self) -> Figures {
        let (from, to) = self.measured;
        let at = |seconds: f64| SimTime::ZERO + SimDuration::from_secs_f64(seconds);
        let settings = RunSettings {
            seed: self.seed,
            replication: 0,
            measure_from: at(from),
            end: at(to),
            windows: Vec::new(),
            bin: SimDuration::from_secs_f64(to / 100.0),
            limits: self.limits.clone(),
            budget: Budget { events: u64::MAX, in_flight: 10_000_000 },
        };
        let mut traces = |id: &str| Err(format!("`{id}` has no trace"));
        let mut look = |_: &sim_core::simulation::Progress| ControlFlow::Continue(());
        match models::run(&system(&self.system), &settings, &mut traces, &mut look) {
            Ok(report) => figures(&report),
            Err(error) => panic!("{error}"),
        }
    }
}

/// The figure of that name.
pub(super) fn figure(figures: &Figures, name: &str) -> f64 {
    *figures.get(name).unwrap_or_else(|| panic!("there is no figure `{name}`"))
}

/// The system of a text, read as the loader reads a file.
fn system(text: &str) -> SystemSpec {
    let file =
        format!("( name: \"theory\", question: \"?\", {text} run: (horizon: Terminating(end: \"1s\")) )");
    match load::load_text::<SystemSpec>("theory", &file, &Overrides::default()) {
        Ok(mut plan) => plan.cells.remove(0).system,
        Err(wrong) => panic!("{}", wrong.render(false)),
    }
}

fn figures(report: &RunReport) -> Figures {
    let metrics = report.metrics.iter().filter_map(|metric| Some((metric.name.clone(), metric.value?)));
    let variances = report.histograms.iter().filter_map(|(name, times)| {
        let deviation = times.deviation()? / 1e9;
        Some((format!("{name}.variance"), deviation * deviation))
    });
    let shares = report.limits.iter().flat_map(|count| {
        let all = (count.under + count.at + count.over) as f64;
        [
            (format!("{}.over", count.name), count.over as f64 / all),
            (format!("{}.at", count.name), count.at as f64 / all),
        ]
    });
    metrics.chain(variances).chain(shares).collect()
}
