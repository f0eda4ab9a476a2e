//! The tables for machines: `cells.csv`, `replications.csv`, `comparisons.csv`, `slos.csv`, and the series over time.
//!
//! Base units, every digit, rows in the study's order. Sweep columns are named by their paths.

use serde::Serialize;

use super::number::{base_unit, exact, exact_or_empty};
use crate::{
    analysis::{Analysis, Band, CellAnalysis, Estimate, Ruling},
    study::{Cell, Study},
};

/// One row a cell and figure: mean, interval and flags.
pub fn cells(study: &Study, analysis: &Analysis) -> Vec<u8> {
    let mut table =
        Table::new(study, &["arm"], &["metric", "unit", "n", "mean", "ci_low", "ci_high", "method", "flags"]);
    for (cell, found) in study.cells.iter().zip(&analysis.cells) {
        for estimate in &found.estimates {
            table.row(&[&cell.arm], cell, &figures(estimate));
        }
    }
    table.finish()
}

fn figures(estimate: &Estimate) -> [String; 8] {
    [
        estimate.name.clone(),
        base_unit(estimate.unit).to_owned(),
        estimate.count().to_string(),
        exact_or_empty(estimate.mean),
        exact_or_empty(estimate.bounds.map(|bounds| bounds.lower)),
        exact_or_empty(estimate.bounds.map(|bounds| bounds.upper)),
        word(&estimate.method),
        words(&estimate.flags),
    ]
}

/// One row a cell, replication and figure; nothing measured is an empty value.
pub fn replications(study: &Study, analysis: &Analysis) -> Vec<u8> {
    let mut table = Table::new(study, &["arm"], &["replication", "metric", "value"]);
    for (cell, found) in study.cells.iter().zip(&analysis.cells) {
        for (place, replication) in found.replications.iter().enumerate() {
            for estimate in &found.estimates {
                let value = exact_or_empty(estimate.values.get(place).copied().flatten());
                table.row(&[&cell.arm], cell, &[replication.to_string(), estimate.name.clone(), value]);
            }
        }
    }
    table.finish()
}

/// One row a paired difference; `baseline` is the arm that was subtracted, `reference` says in which role.
pub fn comparisons(study: &Study, analysis: &Analysis) -> Vec<u8> {
    let tail = ["diff", "ci_low", "ci_high", "p", "p_holm", "corr", "vrf", "pairs", "reference"];
    let mut table = Table::new(study, &["metric", "arm", "baseline"], &tail);
    for difference in &analysis.differences {
        let (Some(cell), Some(with)) = (study.cells.get(difference.cell), study.cells.get(difference.with))
        else {
            continue;
        };
        let figure = analysis.headlines.get(difference.headline).map_or("", |headline| &headline.figure);
        let found = &difference.comparison;
        let row = [
            exact(found.difference.mean),
            exact(found.difference.lower()),
            exact(found.difference.upper()),
            exact(found.p_value),
            exact(difference.p_holm),
            exact_or_empty(found.correlation),
            exact_or_empty(found.variance_reduction),
            found.difference.count.to_string(),
            word(&difference.reference),
        ];
        table.row(&[figure, &cell.arm, &with.arm], cell, &row);
    }
    table.finish()
}

/// One row a verdict.
pub fn slos(study: &Study, analysis: &Analysis) -> Vec<u8> {
    let tail = ["verdict", "value", "ci_low", "ci_high", "replications_needed", "kind", "basis", "note"];
    let mut table = Table::new(study, &["expression", "arm"], &tail);
    for ruling in &analysis.rulings {
        if let Some(cell) = study.cells.get(ruling.cell) {
            table.row(&[&ruling.claim.text, &cell.arm], cell, &verdict(ruling));
        }
    }
    table.finish()
}

fn verdict(ruling: &Ruling) -> [String; 8] {
    [
        word(&ruling.verdict),
        exact_or_empty(ruling.value),
        exact_or_empty(ruling.bounds.map(|bounds| bounds.lower)),
        exact_or_empty(ruling.bounds.map(|bounds| bounds.upper)),
        ruling.replications_needed.map(|needed| needed.to_string()).unwrap_or_default(),
        word(&ruling.kind),
        word(&ruling.basis),
        ruling.note.clone(),
    ]
}

/// One row a bin and series of one cell; bins in which nothing was measured are left out.
pub fn time_series(cell: &CellAnalysis) -> Vec<u8> {
    let mut table = Table::new(&Study::default(), &["t", "metric", "mean", "ci_low", "ci_high"], &[]);
    for band in &cell.bands {
        for (bin, point) in band.points.iter().enumerate() {
            let Some(point) = point else { continue };
            let end = |sign: f64| exact_or_empty(point.half_width.map(|half| point.mean + sign * half));
            let row = [exact(time_of(band, bin)), band.name.clone(), exact(point.mean), end(-1.0), end(1.0)];
            table.row(&row.each_ref().map(String::as_str), &Cell::default(), &[]);
        }
    }
    table.finish()
}

/// When a bin starts, in seconds.
fn time_of(band: &Band, bin: usize) -> f64 {
    bin as f64 * band.bin
}

/// A variant's name as files write it.
pub fn word<T: Serialize>(value: &T) -> String {
    let json = serde_json::to_value(value).ok();
    json.and_then(|json| json.as_str().map(str::to_owned)).unwrap_or_default()
}

fn words<T: Serialize>(values: &[T]) -> String {
    values.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// Columns before the sweep's, the sweep's, columns after.
struct Table(csv::Writer<Vec<u8>>);

impl Table {
    fn new(study: &Study, before: &[&str], after: &[&str]) -> Self {
        let mut table = Self(csv::Writer::from_writer(Vec::new()));
        let sweep = study.axes.iter().map(|axis| axis.path.as_str());
        table.write(before.iter().copied().chain(sweep).chain(after.iter().copied()));
        table
    }

    fn row(&mut self, before: &[&str], cell: &Cell, after: &[String]) {
        let point = cell.point.iter().map(|value| value.trim_matches('"'));
        self.write(before.iter().copied().chain(point).chain(after.iter().map(String::as_str)));
    }

    fn write<'a>(&mut self, fields: impl Iterator<Item = &'a str>) {
        // Writing to memory cannot fail, and rows of a wrong length are a mistake of ours that tests find.
        let written = self.0.write_record(fields);
        debug_assert!(written.is_ok(), "{written:?}");
    }

    fn finish(self) -> Vec<u8> {
        self.0.into_inner().unwrap_or_default()
    }
}
