//! What a study leaves behind: files for machines, a table for the terminal, a page for people.
//!
//! The bytes of every file but the manifest depend on the study and its runs alone.

mod junit;
mod manifest;
mod markdown;
pub(crate) mod metastable;
pub mod names;
pub mod number;
pub mod perfetto;
mod summary;
mod tables;
pub mod terminal;

use std::path::{Path, PathBuf};

use serde_json::Value;

pub use self::{
    junit::junit,
    manifest::{TARGET, VERSION, manifest},
    markdown::markdown,
    summary::{lines, summary},
    tables::{cells, comparisons, replications, slos, time_series, word},
};
use crate::{
    analysis::Analysis,
    runner::Crash,
    store::{Store, StoreError},
    study::Study,
};

/// Latencies are recorded in nanoseconds; percentile tables show milliseconds.
pub const NANOS_PER_MILLI: f64 = 1e6;

/// The JSON schema of `summary.json`.
pub const SUMMARY_SCHEMA: &str = include_str!("summary.schema.json");

/// The page to open first in a results folder.
pub fn report_path(folder: &Path) -> PathBuf {
    folder.join("report.html")
}

/// Where the traces of requests stand in a results folder.
pub const TRACE_FOLDER: &str = "trace";
/// How their names end.
pub const TRACE_ENDING: &str = ".perfetto.json";

/// The file of a replication whose requests were all recorded, in its results folder.
pub fn trace_path(study: &Study, cell: usize, replication: u64) -> String {
    let stem = study.cells.get(cell).map(|cell| names::cell_stem(study, cell)).unwrap_or_default();
    format!("{TRACE_FOLDER}/{stem}#{replication}{TRACE_ENDING}")
}

/// What the terminal tells of a run beside its results.
#[derive(Clone, Debug, Default)]
pub struct Closing {
    /// The results folder as a path that can be clicked.
    pub folder: String,
    /// The command that gives these results, without filters.
    pub command: String,
    /// Where the report is.
    pub report: String,
    /// Runs that broke.
    pub crashes: Vec<Crash>,
    /// Whether one cell, run again, gave the same; none if nothing was computed.
    pub rerun_identical: Option<bool>,
}

/// Writes every table of a results folder.
///
/// # Errors
/// The disk is full, or the folder cannot be written.
pub fn write_tables(store: &Store, study: &Study, analysis: &Analysis, gate: bool) -> Result<(), StoreError> {
    store.write("cells.csv", &cells(study, analysis))?;
    store.write("replications.csv", &replications(study, analysis))?;
    store.write("comparisons.csv", &comparisons(study, analysis))?;
    store.write("slos.csv", &slos(study, analysis))?;
    store.write("summary.json", pretty(&summary(study, analysis)).as_bytes())?;
    store.write("summary.schema.json", SUMMARY_SCHEMA.as_bytes())?;
    store.write("summary.md", markdown(study, analysis).as_bytes())?;
    store.write("junit.xml", junit(study, analysis, gate).as_bytes())?;
    write_by_cell(store, study, analysis)
}

/// The series and the distributions, a file or more a cell.
fn write_by_cell(store: &Store, study: &Study, analysis: &Analysis) -> Result<(), StoreError> {
    for (cell, found) in study.cells.iter().zip(&analysis.cells) {
        let stem = names::cell_stem(study, cell);
        if !found.bands.is_empty() {
            store.write(&format!("timeseries/{stem}.csv"), &time_series(found))?;
        }
        for (name, histogram) in found.histograms.iter().filter(|(_, histogram)| !histogram.is_empty()) {
            let file = format!("histograms/{stem}.{}.hgrm", names::safe(&name.replace('@', "-")));
            store.write(&file, histogram.percentile_table(NANOS_PER_MILLI).as_bytes())?;
        }
    }
    Ok(())
}

/// JSON with an end of line, for files.
pub fn pretty(value: &Value) -> String {
    // A value that is already JSON cannot fail to be written.
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}
