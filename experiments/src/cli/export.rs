//! `stampede export`: one table of a results folder to stdout.

use std::fmt::Write;

use clap::{Args, ValueEnum};
use models::report::RunReport;

use super::{
    ResultsRoot,
    console::Console,
    report::{Opened, open},
};
use crate::{
    exit::Exit,
    output::{
        self,
        perfetto::{Recorded, perfetto},
    },
    runner::TRACED_REPLICATION,
    store::Found,
    study::Cell,
};

/// Print stored results in a format for other tools
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  stampede export latest --to csv > cells.csv
  stampede export latest --to hgrm --metric clients.latency --arm random
  stampede export latest --to perfetto > requests.json    open at https://ui.perfetto.dev
  stampede export lb_one_slow_server --to junit > junit.xml")]
pub(super) struct Export {
    /// A results folder, an experiment's name, or `latest`
    result: String,
    /// The format
    #[arg(long, value_enum, value_name = "FORMAT")]
    to: Target,
    /// Only distributions of this metric (hgrm)
    #[arg(long)]
    metric: Option<String>,
    /// Only distributions or requests of this arm (hgrm, perfetto)
    #[arg(long)]
    arm: Option<String>,
    /// Count missed SLOs as failures (junit)
    #[arg(long)]
    gate: bool,
    #[command(flatten)]
    root: ResultsRoot,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Target {
    /// The summary as one document.
    Json,
    /// A line a figure and a verdict.
    Jsonl,
    /// cells.csv.
    Csv,
    /// The summary as a page.
    Markdown,
    /// A test case a claim and cell.
    Junit,
    /// HdrHistogram percentile tables in milliseconds.
    Hgrm,
    /// Some requests of each cell, span by span, as JSON of the Trace Event Format.
    Perfetto,
}

impl Export {
    pub(super) fn run(&self, console: &Console) -> Exit {
        match open(&self.result, &self.root, console) {
            Ok(opened) => self.export(&opened, console),
            Err(exit) => exit,
        }
    }

    fn export(&self, opened: &Opened, console: &Console) -> Exit {
        let (study, analysis) = (&opened.study, &opened.analysis);
        let text = match self.to {
            Target::Json => output::pretty(&output::summary(study, analysis)),
            Target::Jsonl => output::lines(study, analysis),
            Target::Csv => String::from_utf8_lossy(&output::cells(study, analysis)).into_owned(),
            Target::Markdown => output::markdown(study, analysis),
            Target::Junit => output::junit(study, analysis, self.gate),
            Target::Hgrm => match self.distributions(opened) {
                text if text.is_empty() => {
                    console.complain("error: no distribution of that arm and metric is stored");
                    return Exit::NothingMatched;
                }
                text => text,
            },
            Target::Perfetto => {
                let Some(text) = self.requests(opened) else {
                    console.complain("error: no recorded request of that arm is stored");
                    return Exit::NothingMatched;
                };
                text
            }
        };
        console.print(&text);
        Exit::Done
    }

    /// The recorded requests of every cell; none if there are none.
    fn requests(&self, opened: &Opened) -> Option<String> {
        let wanted = |cell: &&Cell| self.arm.as_ref().is_none_or(|arm| *arm == cell.arm);
        let cells = opened.study.cells.iter().filter(wanted);
        let runs: Vec<(String, RunReport)> = cells
            .filter_map(|cell| match opened.store.load(cell, TRACED_REPLICATION) {
                Found::Valid(run) => (!run.traces.requests.is_empty()).then(|| (cell.label(), *run)),
                Found::Missing | Found::Spoiled(_) => None,
            })
            .collect();
        let recorded: Vec<Recorded<'_>> = runs
            .iter()
            .map(|(label, run)| Recorded { label, traces: &run.traces, decisions: &run.decisions })
            .collect();
        (!recorded.is_empty()).then(|| perfetto(&recorded))
    }

    /// Percentile tables one after the other, each under a comment that says whose it is.
    fn distributions(&self, opened: &Opened) -> String {
        let mut text = String::new();
        for (cell, found) in opened.study.cells.iter().zip(&opened.analysis.cells) {
            for (name, histogram) in &found.histograms {
                let wanted = self.arm.as_ref().is_none_or(|arm| *arm == cell.arm)
                    && self.metric.as_ref().is_none_or(|metric| metric == name);
                if wanted && !histogram.is_empty() {
                    let table = histogram.percentile_table(output::NANOS_PER_MILLI);
                    let _ = writeln!(text, "# {} {name}, ms\n{table}", cell.label());
                }
            }
        }
        text
    }
}
