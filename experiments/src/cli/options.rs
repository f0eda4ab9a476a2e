//! Options that several commands share.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::output::number::TimeUnit;

/// How every command talks.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Global {
    /// Say nothing but results and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Say more of what is going on
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
    /// What stdout gets
    #[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) format: Format,
    /// How progress is shown on stderr
    #[arg(long, global = true, value_enum, default_value_t, value_name = "HOW")]
    pub(super) progress: ProgressKind,
    /// When to use colour; NO_COLOR and CLICOLOR_FORCE decide under `auto`
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(super) color: Color,
    /// Use plain ASCII characters only
    #[arg(long, global = true)]
    pub(super) ascii: bool,
    /// Unit of time in tables for people; files always hold seconds
    #[arg(long, global = true, value_enum, default_value_t, value_name = "UNIT")]
    pub(super) time_unit: TimeUnit,
}

/// What stdout gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Tables for people.
    #[default]
    Human,
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// Tables for wikis and pull requests.
    Markdown,
    /// Nothing; the exit code tells.
    Quiet,
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ProgressKind {
    /// A bar at a terminal, lines elsewhere.
    #[default]
    Auto,
    /// A bar.
    Bar,
    /// A line every 10 %.
    Plain,
    /// Not at all.
    None,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// At a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Even into a pipe.
    Always,
    /// Nowhere.
    Never,
}

/// Where results are kept.
#[derive(Clone, Debug, Args)]
pub struct ResultsRoot {
    /// Results root
    #[arg(short, long, default_value = "results", value_name = "DIR")]
    pub out: PathBuf,
}

/// What the command line changes in an experiment, each as the user wrote it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Overrides {
    /// Override one field with a RON value; repeatable: -s lb.strategy=Random
    #[arg(short, long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Add or replace a sweep axis: PATH=V1,V2 or PATH=A..=B/STEP
    #[arg(long, value_name = "PATH=VALUES")]
    pub sweep: Vec<String>,
    /// Only arms that match one of these patterns: --arm 'p2c*'
    #[arg(long, value_name = "GLOB")]
    pub arm: Vec<String>,
    /// Only sweep points for which this holds: --where 'clients.load.fraction >= 0.8'
    #[arg(long = "where", value_name = "EXPR")]
    pub condition: Option<String>,
    /// Replications wanted in all; lower numbers never delete, higher ones add
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub replications: Option<u32>,
    /// Another seed than the file's
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// A further SLO: --slo 'clients.latency.p99 < 250ms'
    #[arg(long, value_name = "EXPR")]
    pub slo: Vec<String>,
    /// Let one replication do although claims ask for intervals
    #[arg(long)]
    pub allow_single: bool,
}
