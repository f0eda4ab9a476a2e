//! What the commands are given by the rest of the house: experiments, their forecasts, the catalogue, theory.

use std::path::Path;

use models::report::RunReport;

use super::Overrides;
use crate::{
    campaign::Texts,
    runner::{Execute, RunFailure, Supervisor},
    study::Study,
};

/// The house, as the commands see it.
pub trait Sources: Sync {
    /// Loads an experiment file with the command line's changes.
    ///
    /// # Errors
    /// The file cannot be read, is wrong, or nothing of it is left by the filters.
    fn load(&self, file: &Path, overrides: &Overrides) -> Result<Loaded, LoadFailure>;

    /// All entries of one kind, in the order to show them.
    fn catalogue(&self, what: Catalogue) -> Vec<Entry>;

    /// What a name or an error code means, as text to print; none if it is unknown.
    fn explain(&self, name: &str) -> Option<String>;

    /// Names like this one, for "did you mean".
    fn similar(&self, name: &str) -> Vec<String>;

    /// The experiments that `init` can write.
    fn templates(&self) -> Vec<Template>;

    /// The checks against theory, in the order to run them.
    fn theory(&self) -> Vec<TheoryCheck>;
}

/// An experiment, ready to run.
pub struct Loaded {
    /// What is asked of it.
    pub study: Study,
    /// Its texts, to be kept beside the results.
    pub texts: Texts,
    /// Warnings, as text to print; may be empty.
    pub warnings: String,
    /// Its cells.
    pub experiment: Box<dyn Experiment>,
}

/// What can be done with an experiment's cells.
pub trait Experiment: Execute {
    /// What can be said of it without running it; none if its equations cannot be solved.
    fn forecast(&self) -> Option<Forecast>;

    /// The report of a run with all of its requests recorded, as far as there is room for them.
    ///
    /// # Errors
    /// As [`Execute::execute`].
    fn trace(&self, cell: usize, replication: u64, supervisor: &Supervisor) -> Result<RunReport, RunFailure>;
}

/// Why there is no experiment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadFailure {
    /// The file is wrong; the text says all that is.
    Invalid(String),
    /// The filters leave no cell; the text says what there is.
    NothingMatched(String),
    /// The file cannot be read.
    Unreadable(String),
}

/// What can be said of an experiment without running it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Forecast {
    /// Requests of all runs together.
    pub requests: f64,
    /// Seconds of one core for all runs.
    pub cpu_seconds: f64,
    /// The fewest requests that one run measures.
    pub fewest_requests: f64,
    /// A line about the capacity of each component that has one: `web: 15 × 200/s + 1 × 100/s = 3100/s`.
    pub capacity: Vec<String>,
    /// The busiest station of each cell, in the study's order.
    pub busiest: Vec<Busiest>,
}

/// The busiest station of a cell, by the traffic equations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Busiest {
    /// Its offered load; none where a strategy that looks at the state leaves no closed form.
    pub load: Option<f64>,
    /// Which station; may be empty.
    pub station: String,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Catalogue {
    /// Kinds of components.
    Components,
    /// Strategies of all families.
    Strategies,
    /// Distributions of time and keys.
    Distributions,
    /// Faults.
    Faults,
    /// Figures that claims may name.
    Metrics,
    /// Experiments for `init`.
    Templates,
}

/// One entry of the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// What it belongs to: a chapter, a family.
    pub group: String,
    /// How a file names it.
    pub name: String,
    /// What it is, in one sentence.
    pub summary: String,
}

/// An experiment that `init` can write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// Its question.
    pub summary: String,
    /// The file.
    pub text: String,
}

/// How thorough a selftest is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// Seconds.
    Quick,
    /// A minute or so.
    #[default]
    Usual,
    /// As long as it takes.
    Full,
}

/// One comparison of the simulator with a closed form or with published figures.
pub struct TheoryCheck {
    /// What it belongs to: `M/M/c`.
    pub suite: &'static str,
    /// What is compared: `mean wait at 0.8 with 4 servers`.
    pub name: String,
    /// The figure that theory gives.
    pub expected: f64,
    /// How far off the simulated one may be.
    pub tolerance: f64,
    /// From which depth on it runs.
    pub depth: Depth,
    /// A deliberate mistake that the suite must notice: this one passes by being off.
    pub negative_control: bool,
    /// Simulates the figure.
    pub simulate: Box<dyn Fn() -> f64 + Sync + Send>,
}
