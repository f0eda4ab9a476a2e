//! `stampede list`: what files can name, or the runs that a file plans.

use std::path::Path;

use clap::{Args, ValueEnum};

use super::{Catalogue, Entry, Overrides, Sources, console::Console, listing::Listing, options::Format};
use crate::{
    exit::Exit,
    output::terminal::{Lean, columns},
    runner::schedule,
    study::Study,
};

/// Show what files can name, or the runs that a file plans
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  stampede list strategies           every strategy, by family
  stampede list metrics              every figure that claims may name
  stampede list my.ron               the runs that my.ron plans, in the order they start")]
pub(super) struct List {
    /// components, strategies, distributions, faults, metrics, templates, or an experiment file
    #[arg(value_name = "WHAT|FILE")]
    what: String,
    #[command(flatten)]
    overrides: Overrides,
}

impl List {
    pub(super) fn run(&self, sources: &dyn Sources, console: &Console) -> Exit {
        match Catalogue::from_str(&self.what, false) {
            Ok(what) => catalogue(what, sources, console),
            Err(_) => planned(Path::new(&self.what), &self.overrides, sources, console),
        }
    }
}

/// Prints all entries of one kind.
pub(super) fn catalogue(what: Catalogue, sources: &dyn Sources, console: &Console) -> Exit {
    let entries = sources.catalogue(what);
    if console.format == Format::Human {
        console.print(&console.look.finish(grouped(&entries)));
        return Exit::Done;
    }
    let mut listing = Listing::new(["group", "name", "summary"]);
    for entry in entries {
        listing.push(vec![entry.group, entry.name, entry.summary]);
    }
    listing.print(console);
    Exit::Done
}

/// Each group under its heading, all in the same columns.
fn grouped(entries: &[Entry]) -> String {
    let rows: Vec<_> = entries.iter().map(|entry| vec![entry.name.clone(), entry.summary.clone()]).collect();
    let lines = columns(&rows, |_, _| Lean::Left, 2);
    let mut text = String::new();
    let mut group = "";
    for (entry, line) in entries.iter().zip(lines.lines()) {
        if entry.group != group {
            let gap = if text.is_empty() { "" } else { "\n" };
            text.extend([gap, &entry.group, "\n"]);
            group = &entry.group;
        }
        text.extend([line, "\n"]);
    }
    text
}

fn planned(file: &Path, overrides: &Overrides, sources: &dyn Sources, console: &Console) -> Exit {
    match sources.load(file, overrides) {
        Ok(loaded) => {
            console.warn(&loaded.warnings);
            runs(&loaded.study).print(console);
            Exit::Done
        }
        Err(failure) => console.refuse(&failure),
    }
}

/// One row a run, in the order they start.
pub(super) fn runs(study: &Study) -> Listing {
    let sweep = study.axes.iter().map(|axis| axis.path.clone());
    let header: Vec<String> = std::iter::once("arm".to_owned()).chain(sweep).collect();
    let replication = header.len();
    let mut listing = Listing::new(header.into_iter().chain(["replication", "id"].map(str::to_owned)));
    for job in schedule(&study.cells) {
        if let Some(cell) = study.cells.get(job.cell) {
            let mut row = vec![cell.arm.clone()];
            row.extend(study.shown_point(&cell.point));
            row.extend([job.replication.to_string(), format!("{}/{}", cell.hash, job.replication)]);
            listing.push(row);
        }
    }
    listing.with_numbers(&[replication])
}
