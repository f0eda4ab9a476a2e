//! From conclusions to pictures: what a results folder's charts and its report are made of.
//!
//! Each section of the report is a file of `sections`; it reads the study and the analysis, chooses what to show and
//! says in the titles what the data say. Nothing here knows an experiment file, a clock or a thread: what is drawn
//! depends on the folder alone, so that a report is rebuilt byte for byte.

mod album;
mod checks;
mod header;
mod notices;
mod sections;
mod sweep;
mod view;
mod words;

use std::fs;

use self::{album::Album, view::View};
use crate::{
    analysis::{Analysis, Load},
    output,
    report::{Link, ReportData, html},
    store::{Store, StoreError},
    study::Study,
};

/// Files beside the report that are worth a link.
const DOWNLOADS: [&str; 10] = [
    "cells.csv",
    "replications.csv",
    "comparisons.csv",
    "slos.csv",
    "summary.json",
    "summary.md",
    "junit.xml",
    "manifest.json",
    "experiment.ron",
    "resolved.ron",
];

/// Draws every chart into `charts/` and writes `report.html`.
///
/// # Errors
/// The folder cannot be written, or a chart is too large to be drawn.
pub fn write(store: &Store, study: &Study, analysis: &Analysis, load: &Load<'_>) -> Result<(), StoreError> {
    let view = View::new(study, analysis, load, traces(store));
    let album = Album::draw(sections::all(&view));
    album.write(store)?;
    // A folder that somebody thinned out may lack it; the report says the rest.
    let resolved = fs::read_to_string(store.folder().join("resolved.ron")).unwrap_or_default();
    let file = output::report_path(store.folder());
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    store.write(&name, html(&report(&view, album, resolved)).as_bytes())
}

/// The traces in the folder, sorted by name.
fn traces(store: &Store) -> Vec<String> {
    let entries = fs::read_dir(store.folder().join(output::TRACE_FOLDER)).into_iter().flatten();
    let names = entries.filter_map(Result::ok).map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut traces: Vec<String> = names.filter(|name| name.ends_with(output::TRACE_ENDING)).collect();
    traces.sort();
    traces
}

fn report(view: &View<'_>, album: Album, resolved: String) -> ReportData {
    ReportData {
        title: view.study.name.clone(),
        question: view.study.question.clone(),
        answer: view.analysis.answer.clone(),
        verdicts: header::chips(view),
        provenance: header::provenance(view),
        notices: notices::notices(view),
        sections: album.into_sections(),
        checks: checks::checks(view),
        experiment: resolved,
        downloads: DOWNLOADS.map(|path| Link { label: path.into(), path: path.into() }).to_vec(),
    }
}
