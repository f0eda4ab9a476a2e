//! `stampede report`: rebuild what a results folder says from its stored runs.

use std::{env, process::Command};

use clap::Args;

use super::{ResultsRoot, console::Console, run};
use crate::{
    analysis::Analysis,
    campaign::{Finished, analyse_stored, write_report},
    exit::Exit,
    output::{self, Closing},
    runner::Tally,
    store::{Store, StoreError, locate},
    study::Study,
};

/// Rebuild report.html, charts and tables from stored runs, and show the result
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  stampede report latest --open
  stampede report lb_one_slow_server --time-unit s
  stampede report results/lb_one_slow_server/3f9c2a71 --format markdown")]
pub(super) struct Report {
    /// A results folder, an experiment's name, or `latest`
    result: String,
    /// Open the report in the system's browser
    #[arg(long)]
    open: bool,
    #[command(flatten)]
    root: ResultsRoot,
}

/// A results folder, analysed.
pub(super) struct Opened {
    pub(super) store: Store,
    pub(super) study: Study,
    pub(super) analysis: Analysis,
}

/// Finds a results folder and analyses its stored runs; otherwise tells why not.
pub(super) fn open(result: &str, root: &ResultsRoot, console: &Console) -> Result<Opened, Exit> {
    let folder = locate(&root.out, result).map_err(|error| {
        console.complain(&format!("error: {error}"));
        Exit::NothingMatched
    })?;
    let store = Store::at(&folder);
    let study = store.study().map_err(|error| console.fail(&error))?;
    let analysis = analyse_stored(&store, &study);
    Ok(Opened { store, study, analysis })
}

impl Report {
    pub(super) fn run(&self, console: &Console) -> Exit {
        let opened = match open(&self.result, &self.root, console) {
            Ok(opened) => opened,
            Err(exit) => return exit,
        };
        match rebuild(opened) {
            Ok(finished) => {
                run::print(&finished, console);
                if self.open { show(&finished.closing.report, console) } else { Exit::Done }
            }
            Err(error) => console.fail(&error),
        }
    }
}

/// Opens a file as a double click would.
fn show(path: &str, console: &Console) -> Exit {
    let (program, before): (&str, &[&str]) = match env::consts::OS {
        "macos" => ("open", &[]),
        "windows" => ("cmd", &["/C", "start", ""]),
        _ => ("xdg-open", &[]),
    };
    match Command::new(program).args(before).arg(path).spawn() {
        Ok(_) => Exit::Done,
        Err(error) => {
            console.complain(&format!("error: cannot open {path} with {program}: {error}"));
            Exit::Internal
        }
    }
}

fn rebuild(opened: Opened) -> Result<Finished, StoreError> {
    let Opened { store, study, analysis } = opened;
    output::write_tables(&store, &study, &analysis, false)?;
    write_report(&store, &study, &analysis)?;
    let folder = store.folder();
    let closing = Closing {
        folder: folder.display().to_string(),
        report: output::report_path(folder).display().to_string(),
        ..Closing::default()
    };
    Ok(Finished { study, analysis, closing, tally: Tally::default() })
}
