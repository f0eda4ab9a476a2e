//! `--trace ARM[@POINT][#REP]`: which replication of which cell is recorded whole, and the file that makes.

use std::{num::ParseIntError, path::Path, str::FromStr};

use models::{report::RunReport, trace::MOST_SPANS};

use super::{Loaded, console::Console};
use crate::{
    document::nearest,
    exit::Exit,
    output::{
        perfetto::{Recorded, perfetto},
        trace_path,
    },
    runner::{RunFailure, Supervisor, caught},
    store::write_whole,
    study::Study,
};

/// One replication of one cell, as the command line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Traced {
    /// The arm, or the arm at one sweep point.
    of: String,
    replication: u64,
}

impl FromStr for Traced {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (of, replication) = match text.rsplit_once('#') {
            Some((of, number)) => {
                let wrong = |_: ParseIntError| {
                    format!("`{number}` is no replication: write the number of one, as in `#3`")
                };
                (of, number.parse().map_err(wrong)?)
            }
            None => (text, 0),
        };
        if of.is_empty() {
            return Err("write ARM, ARM@POINT or ARM@POINT#REPLICATION".into());
        }
        Ok(Self { of: of.to_owned(), replication })
    }
}

impl Traced {
    /// The cell it names.
    ///
    /// # Errors
    /// There is none, or there are several; says what there is.
    fn cell(&self, study: &Study) -> Result<usize, String> {
        let named = |name: &str| -> Vec<usize> {
            let cells = study.cells.iter().enumerate();
            cells.filter(|(_, cell)| cell.is_of(name) || cell.arm == name).map(|(cell, _)| cell).collect()
        };
        let labels = |cells: &[usize]| -> String {
            const SHOWN: usize = 12;
            let rest = if cells.len() > SHOWN { ", …" } else { "" };
            let labels: Vec<String> =
                cells.iter().take(SHOWN).map(|cell| self.spelled(study, *cell)).collect();
            labels.join(", ") + rest
        };
        match named(&self.of).as_slice() {
            [only] => Ok(*only),
            [] => Err(format!("error: no cell is called `{}`\n  = help: {}", self.of, self.help(study))),
            several => Err(format!(
                "error: `{}` has {} sweep points, and a trace is of one\n  = help: write one of {}",
                self.of,
                several.len(),
                labels(several)
            )),
        }
    }

    /// A cell's name as this option takes it: without quotes around its values.
    fn spelled(&self, study: &Study, cell: usize) -> String {
        let cell = &study.cells[cell];
        let values: Vec<&str> = cell.point.iter().map(|value| value.trim_matches('"')).collect();
        if values.is_empty() { cell.arm.clone() } else { format!("{}@{}", cell.arm, values.join(",")) }
    }

    /// The nearest name, else all there are.
    fn help(&self, study: &Study) -> String {
        let all: Vec<String> = (0..study.cells.len()).map(|cell| self.spelled(study, cell)).collect();
        let mut known = study.present_arms();
        known.extend(all.iter().map(String::as_str));
        match nearest(&self.of, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the cells are: {}", all.join(", ")),
        }
    }

    /// Runs the replication again, records all of its requests and writes them into the results folder.
    pub(super) fn write(
        &self,
        loaded: &Loaded,
        cell: usize,
        root: &Path,
        supervisor: &Supervisor,
        console: &Console,
    ) -> Result<(), Exit> {
        let label = loaded.study.cells[cell].label();
        let run = || loaded.experiment.trace(cell, self.replication, supervisor);
        let report =
            caught(run).unwrap_or_else(|panic| Err(RunFailure::Broken(panic))).map_err(|failure| {
                match failure {
                    RunFailure::Interrupted => Exit::Interrupted,
                    RunFailure::Broken(what) => {
                        console.complain(&format!("error: {label}#{} broke: {what}", self.replication));
                        Exit::Crashed
                    }
                }
            })?;
        let folder = root.join(&loaded.study.name).join(&loaded.study.hash);
        let path = folder.join(trace_path(&loaded.study, cell, self.replication));
        let run = Recorded { label: "", traces: &report.traces, decisions: &report.decisions };
        write_whole(&path, perfetto(&[run]).as_bytes()).map_err(|error| console.fail(&error))?;
        console
            .narrate(&format!("{}\n  = help: open it at https://ui.perfetto.dev", self.told(&report, &path)));
        Ok(())
    }

    /// `traced 12345 spans of 2000 requests, one request in 8 since …: results/…`.
    fn told(&self, report: &RunReport, path: &Path) -> String {
        let traces = &report.traces;
        let spans: usize = traces.requests.iter().map(|trace| trace.spans.len()).sum();
        let requests = traces.requests.len();
        let share = traces.thinned.map_or_else(String::new, |share| {
            format!(", one request in {share} since a trace has at most {MOST_SPANS} spans")
        });
        format!("traced {spans} spans of {requests} requests{share}: {}", path.display())
    }
}

/// The cell that a trace is of, before anything is run or written; complains if there is none.
pub(super) fn resolve(wanted: &Traced, study: &Study, console: &Console) -> Result<usize, Exit> {
    wanted.cell(study).map_err(|what| {
        console.complain(&what);
        Exit::NothingMatched
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::Cell;

    fn study() -> Study {
        let cell =
            |arm: &str, value: &str| Cell { arm: arm.into(), point: vec![value.into()], ..Cell::default() };
        let cells = vec![cell("random", "0.5"), cell("random", "\"5s\""), cell("least", "0.5")];
        Study { arms: vec!["random".into(), "least".into()], cells, ..Study::default() }
    }

    #[test]
    fn a_replication_is_named_by_arm_point_and_number() {
        let cell = |text: &str| text.parse::<Traced>().unwrap().cell(&study());
        assert_eq!(cell("random@0.50#7"), Ok(0));
        assert_eq!(cell("random@5s"), Ok(1));
        assert_eq!(cell("least"), Ok(2), "it has one point only");
        assert_eq!("least#7".parse::<Traced>().map(|traced| traced.replication), Ok(7));
        assert!(cell("random").unwrap_err().ends_with("write one of random@0.5, random@5s"));
        assert!(cell("lest").unwrap_err().ends_with("did you mean `least`?"));
        assert!(cell("random@0.6").unwrap_err().ends_with("did you mean `random@0.5`?"));
        assert!("least#x".parse::<Traced>().is_err() && "#3".parse::<Traced>().is_err());
    }
}
