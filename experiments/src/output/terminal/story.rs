//! One line an arm for a study with an end: goodput over time, who recovered and how fast, and what is stuck.

use std::fmt::Write;

use super::{
    columns::{Lean, columns, pad, width},
    look::Look,
    matrix,
};
use crate::{
    analysis::{Analysis, Band, CellAnalysis, Headline, Kind, Recovery},
    output::{
        metastable::{hardship, metastable},
        number::short,
    },
    study::{Fault, Horizon, Study},
};

/// Characters of a line over the whole run, at most.
const LINE: usize = 60;
/// No character covers less than that many seconds.
const SHORTEST: f64 = 10.0;

/// The lines of every workload; nothing for a steady state or without series of goodput.
pub(super) fn story(study: &Study, analysis: &Analysis, look: Look) -> String {
    let Horizon::Terminating { end } = study.horizon else { return String::new() };
    let mut text = String::new();
    for workload in &study.workloads {
        let story = Story { study, analysis, look, workload, end };
        text.push_str(&story.lines());
        text.push_str(&story.stuck());
    }
    text
}

/// The headlines that the story's lines show: SLOs of a workload, as many as a line takes.
pub(super) fn shown_headlines<'a>(
    analysis: &'a Analysis,
    workload: &str,
) -> impl Iterator<Item = (usize, &'a Headline)> {
    let of_workload = format!("{workload}.");
    let mine = move |headline: &Headline| headline.slo.is_some() && headline.figure.starts_with(&of_workload);
    analysis.headlines.iter().enumerate().filter(move |(_, headline)| mine(headline)).take(2)
}

struct Story<'a> {
    study: &'a Study,
    analysis: &'a Analysis,
    look: Look,
    workload: &'a str,
    end: f64,
}

impl Story<'_> {
    fn lines(&self) -> String {
        let name = format!("{}.goodput", self.workload);
        let bands: Vec<Option<&Band>> = self.analysis.cells.iter().map(|cell| cell.band(&name)).collect();
        let most = bands.iter().flatten().flat_map(|band| self.levels(band)).flatten().fold(0.0, f64::max);
        if most == 0.0 {
            return String::new();
        }
        let mut rows = vec![self.header()];
        for (index, (cell, band)) in self.study.cells.iter().zip(bands).enumerate() {
            let baseline = self.study.baseline.as_deref() == Some(cell.arm.as_str());
            let label = if baseline { format!("{} ◇", cell.label()) } else { cell.label() };
            let line = band.map(|band| self.line(band, most)).unwrap_or_default();
            rows.push([vec![label, line], self.key_figures(index)].concat());
        }
        let faults = format!("{}{}", " ".repeat(widest_label(&rows) + 4), self.faults());
        let table =
            columns(&rows, |line, column| if line == 0 || column < 2 { Lean::Left } else { Lean::Right }, 2);
        match faults.trim_end() {
            "" => format!("{table}\n"),
            faults => format!("{faults}\n{table}\n"),
        }
    }

    fn header(&self) -> Vec<String> {
        let (start, end) = ("t=0", format!("{} s", short(self.end)));
        let line = format!("{start}{}", pad(&end, self.bins().saturating_sub(width(start)), Lean::Right));
        let mut row = vec![format!("{} goodput", self.workload), line];
        if !self.analysis.recoveries.is_empty() {
            row.push("recovered".to_owned());
        }
        row.extend(self.shown_headlines().map(|(_, headline)| headline.short()));
        row
    }

    /// The marks of the faults above the line: `┌120─150┐`.
    fn faults(&self) -> String {
        let mut line = String::new();
        for fault in &self.study.faults {
            let mark = mark(fault, self.end);
            let from = ((fault.from / self.width()) as usize).min(self.bins().saturating_sub(width(&mark)));
            line = pad(&line, from, Lean::Left);
            line.push_str(&mark);
        }
        line
    }

    fn bins(&self) -> usize {
        (self.end / self.width()).ceil() as usize
    }

    /// Seconds a character covers: whole tens.
    fn width(&self) -> f64 {
        (self.end / LINE as f64 / SHORTEST).ceil().max(1.0) * SHORTEST
    }

    fn levels(&self, band: &Band) -> Vec<Option<f64>> {
        let width = self.width();
        let level = |bin: usize| band.mean_within(bin as f64 * width, (bin + 1) as f64 * width);
        (0..self.bins()).map(level).collect()
    }

    fn line(&self, band: &Band, most: f64) -> String {
        let block = |level: Option<f64>| level.map_or(' ', |level| self.look.block(level / most));
        self.levels(band).into_iter().map(block).collect()
    }

    fn recovery(&self, cell: usize) -> Option<&Recovery> {
        let mine = |recovery: &&Recovery| recovery.cell == cell && recovery.workload == self.workload;
        self.analysis.recoveries.iter().find(mine)
    }

    fn key_figures(&self, cell: usize) -> Vec<String> {
        let mut row = Vec::new();
        if !self.analysis.recoveries.is_empty() {
            row.push(self.recovery(cell).map(recovered).unwrap_or_default());
        }
        row.extend(self.shown_headlines().map(|(index, headline)| self.figure(cell, index, headline)));
        row
    }

    fn shown_headlines(&self) -> impl Iterator<Item = (usize, &Headline)> {
        shown_headlines(self.analysis, self.workload)
    }

    fn figure(&self, cell: usize, index: usize, headline: &Headline) -> String {
        let scale = matrix::scale(self.study, self.analysis, headline, self.look);
        let found: Option<&CellAnalysis> = self.analysis.cells.get(cell);
        let estimate = found.and_then(|found| found.estimate(&headline.figure));
        let value = match (found, estimate) {
            (Some(found), Some(estimate)) => scale.with_unit(&matrix::shown(found, estimate, scale)),
            _ => "–".to_owned(),
        };
        let claim = headline.slo.and_then(|slo| self.study.slos.get(slo));
        let ruling = self
            .analysis
            .rulings_of(Kind::Slo)
            .find(|ruling| ruling.cell == cell && Some(&ruling.claim) == claim);
        let sign = ruling.map_or(" ".to_owned(), |ruling| self.look.verdict(ruling.verdict));
        format!("{value} {sign}{}", if self.analysis.leads(index, cell) { "▴" } else { " " })
    }

    fn stuck(&self) -> String {
        let mut text = String::new();
        for recovery in self.analysis.recoveries.iter().filter(|recovery| recovery.workload == self.workload)
        {
            let (Some(stuck), Some(cell)) = (&recovery.stuck, self.study.cells.get(recovery.cell)) else {
                continue;
            };
            let (is, so) = (metastable(recovery, stuck), hardship(stuck));
            let _ = write!(
                text,
                "  {}  {}: {is}\n              ({so})\n",
                self.look.strong("METASTABLE"),
                cell.label(),
            );
        }
        text
    }
}

/// `10/10 17 s`; a system that never came back has no time.
fn recovered(recovery: &Recovery) -> String {
    let (recovered, of) = recovery.recovered;
    let median = match recovery.median {
        Some(median) if median.is_finite() => format!("{} s", short(median)),
        _ => "–".to_owned(),
    };
    if of == 0 { "–".to_owned() } else { format!("{recovered}/{of} {median}") }
}

fn mark(fault: &Fault, end: f64) -> String {
    let to = if fault.to >= end { String::new() } else { short(fault.to) };
    format!("┌{}─{to}┐", short(fault.from))
}

fn widest_label(rows: &[Vec<String>]) -> usize {
    rows.iter().filter_map(|row| row.first()).map(|label| width(label)).max().unwrap_or(0)
}
