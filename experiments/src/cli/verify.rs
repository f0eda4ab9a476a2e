//! `stampede verify`: does the experiment still give what its snapshot says?

use std::{
    fmt::Write,
    io,
    path::{Path, PathBuf},
};

use clap::Args;

use super::{Loaded, Overrides, Sources, console::Console};
use crate::{
    exit::Exit,
    output::terminal::reproduce,
    runner::{Pending, Settings, Supervisor, listen_for_interrupts, schedule},
    verify::{self, Drift, Snapshot, drifts, snapshot_path},
};

/// Differences told before the rest is counted.
const TOLD: usize = 20;

/// Re-run and compare with the snapshot beside the file
///
/// The snapshot of `lb.ron` is `lb.snapshot.ron`; it is meant to be committed. With CI=true nothing is ever written.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  stampede verify my.ron             exit code 6 if anything differs
  stampede verify my.ron --quick     only the first replication of each cell
  stampede verify my.ron --review    every difference, and whether to accept them
  stampede verify my.ron --accept    what it gives now is right from now on")]
pub(super) struct Verify {
    /// The experiment file
    file: PathBuf,
    /// Write the snapshot
    #[arg(long, conflicts_with_all = ["review", "quick"])]
    accept: bool,
    /// Show every difference, and ask whether to accept them
    #[arg(long, conflicts_with = "quick")]
    review: bool,
    /// Compare the first replication of each cell only
    #[arg(long)]
    quick: bool,
    /// Threads; one for each core by default
    #[arg(short, long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    jobs: usize,
}

impl Verify {
    pub(super) fn run(&self, sources: &dyn Sources, console: &Console) -> Exit {
        let loaded = match sources.load(&self.file, &Overrides::default()) {
            Ok(loaded) => loaded,
            Err(failure) => return console.refuse(&failure),
        };
        let path = snapshot_path(&self.file);
        let stored = match verify::read(&path) {
            Ok(stored) => stored,
            Err(error) => return console.fail(&error),
        };
        if stored.is_none() && !self.accept && !self.review {
            console.complain(&format!(
                "error: {} has no snapshot yet\n  = help: stampede verify {} --accept",
                self.file.display(),
                self.file.display()
            ));
            return Exit::Drifted;
        }
        match self.take(&loaded, console) {
            Ok(now) => self.judge(&path, stored.as_ref(), &now, console),
            Err(exit) => exit,
        }
    }

    fn take(&self, loaded: &Loaded, console: &Console) -> Result<Snapshot, Exit> {
        let supervisor = listen_for_interrupts();
        let mut jobs = schedule(&loaded.study.cells);
        jobs.retain(|job| !self.quick || job.replication == 0);
        let progress = console.progress(&loaded.study, &Pending { jobs, ..Pending::default() }, self.jobs);
        let execute = |cell, replication, supervisor: &Supervisor| {
            loaded.experiment.execute(cell, replication, supervisor)
        };
        let settings = Settings { threads: self.jobs, fail_fast: true };
        let taken =
            verify::take(&loaded.study, &execute, settings, &supervisor, progress.as_ref(), self.quick);
        progress.end();
        let (snapshot, tally) = taken.map_err(|error| console.fail(&error))?;
        if supervisor.stopped() {
            return Err(Exit::Interrupted);
        }
        if let Some(crash) = tally.crashes.first() {
            let again = reproduce(&loaded.study, crash, &format!("stampede run {}", self.file.display()));
            console.complain(&format!("error: a run broke: {}\n    {again}", crash.message));
            return Err(Exit::Crashed);
        }
        Ok(snapshot)
    }

    fn judge(&self, path: &Path, stored: Option<&Snapshot>, now: &Snapshot, console: &Console) -> Exit {
        let found = match stored {
            Some(stored) => drifts(stored, now, self.quick),
            None => vec![Drift { cell: "all cells".to_owned(), what: "there is no snapshot yet".to_owned() }],
        };
        if found.is_empty() && !self.accept {
            console.print_human(&format!(
                "{} {} cells as in the snapshot\n",
                console.look.check(true),
                now.cells.len()
            ));
            return Exit::Done;
        }
        if !found.is_empty() {
            self.tell(&found, now, console);
        }
        let wanted = self.accept || self.review && agreed(console);
        if !wanted {
            return Exit::Drifted;
        }
        if console.is_in_ci() {
            console.complain("CI=true: the snapshot is not written");
            return if found.is_empty() { Exit::Done } else { Exit::Drifted };
        }
        match verify::write(path, now) {
            Ok(()) => {
                console.narrate(&format!("wrote {}", path.display()));
                Exit::Done
            }
            Err(error) => console.fail(&error),
        }
    }

    fn tell(&self, found: &[Drift], now: &Snapshot, console: &Console) {
        let mut cells: Vec<&str> = found.iter().map(|drift| drift.cell.as_str()).collect();
        cells.dedup();
        let mut text = format!("verify: {} of {} cells differ:\n", cells.len(), now.cells.len());
        let told = if self.review { found.len() } else { TOLD };
        for drift in found.iter().take(told) {
            let _ = writeln!(text, "  {}  {}", drift.cell, drift.what);
        }
        if found.len() > told {
            let more = found.len() - told;
            let _ = writeln!(text, "  … and {more} more: stampede verify {} --review", self.file.display());
        }
        console.print_human(&text);
    }
}

/// Asks at a terminal; elsewhere nobody agrees.
fn agreed(console: &Console) -> bool {
    if !console.is_interactive() {
        return false;
    }
    console.complain("accept this as the new snapshot? [y/N]");
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).is_ok() && answer.trim().eq_ignore_ascii_case("y")
}
