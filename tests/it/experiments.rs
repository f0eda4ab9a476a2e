//! Every shipped experiment: sound, with a question, arms and claims, and a table of what its first replication tells.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use ::experiments::{
    cli::{Loaded, Overrides, Sources},
    house::House,
    runner::Supervisor,
};
use rayon::prelude::*;

/// The figures a table shows of each workload, and their headings.
const FIGURES: [(&str, &str); 5] = [
    ("goodput.mean", "goodput/s"),
    ("success_ratio.mean", "success"),
    ("latency.mean", "mean ms"),
    ("latency.p50", "p50 ms"),
    ("latency.p99", "p99 ms"),
];

fn catalog() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments/catalog")
}

/// Every experiment file below a folder, by path.
fn shipped(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(shipped(&path));
        } else if path.extension().is_some_and(|ending| ending == "ron") && !name.contains(".snapshot.") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn load(path: &Path) -> Loaded {
    House
        .load(path, &Overrides::default())
        .unwrap_or_else(|failure| panic!("{}: {failure:?}", path.display()))
}

#[test]
fn every_shipped_experiment_asks_compares_and_claims() {
    let files = shipped(&catalog());
    assert!(!files.is_empty());
    let mut wanting = Vec::new();
    for path in &files {
        let loaded = load(path);
        let study = &loaded.study;
        let name = path.file_stem().unwrap().to_string_lossy();
        let mut want = |sound: bool, what: &str| {
            if !sound {
                wanting.push(format!("{name}: {what}"));
            }
        };
        // Cells that cannot keep up may be what an experiment is about; nothing else is worth a warning.
        let other = loaded.warnings.matches("warning[").count() - loaded.warnings.matches("[W0502]").count();
        want(other == 0, &format!("loads with warnings\n{}", loaded.warnings));
        want(study.question.ends_with('?'), "has no question");
        want(study.arms.len() >= 3, "has fewer than three arms");
        want(!study.expectations.is_empty(), "claims nothing");
        want(study.replications >= 2, "has one replication");
    }
    assert!(wanting.is_empty(), "{}", wanting.join("\n"));
}

#[test]
fn the_first_replication_of_every_cell_is_as_told() {
    for path in shipped(&catalog()) {
        let name = path.strip_prefix(catalog()).unwrap().with_extension("");
        let name = name.display().to_string().replace(['/', '\\'], "__");
        let table = table(&load(&path));
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("snapshots");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(format!("experiment__{name}"), table));
    }
}

/// A row a cell: its arm, its point, and the headline figures of each workload.
fn table(loaded: &Loaded) -> String {
    let study = &loaded.study;
    let tell = |cell: usize| -> Vec<String> {
        let report = loaded
            .experiment
            .execute(cell, 0, &Supervisor::default())
            .unwrap_or_else(|failure| panic!("{failure:?}"));
        let figures: BTreeMap<_, _> =
            report.metrics.iter().map(|metric| (metric.name.as_str(), metric.value)).collect();
        let mut row = vec![study.cells[cell].arm.clone(), study.cells[cell].point.join(" ")];
        for workload in &study.workloads {
            row.extend(FIGURES.iter().map(|(figure, heading)| {
                let value = figures.get(format!("{workload}.{figure}").as_str()).copied().flatten();
                let scale = if heading.ends_with("ms") { 1e3 } else { 1.0 };
                value.map_or_else(|| "–".to_owned(), |value| rounded(value * scale))
            }));
        }
        row
    };
    let cells: Vec<usize> = (0..study.cells.len()).collect();
    let mut rows: Vec<Vec<String>> = cells.par_iter().map(|cell| tell(*cell)).collect();
    let axes: Vec<&str> = study.axes.iter().map(|axis| axis.path.as_str()).collect();
    let mut heading = vec!["arm".to_owned(), axes.join(" ")];
    for workload in &study.workloads {
        let several = if study.workloads.len() > 1 { format!("{workload} ") } else { String::new() };
        heading.extend(FIGURES.iter().map(|(_, name)| format!("{several}{name}")));
    }
    rows.insert(0, heading);
    format!("{}\n\n{}", study.question, aligned(&rows))
}

/// Four significant digits.
fn rounded(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return value.to_string();
    }
    let text: f64 = format!("{value:.3e}").parse().unwrap_or(value);
    text.to_string()
}

/// Columns as wide as their widest field, without blanks at the ends of lines.
fn aligned(rows: &[Vec<String>]) -> String {
    let wide = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for row in rows {
        let fields: Vec<String> = row
            .iter()
            .enumerate()
            .map(|(column, field)| format!("{field:<width$}", width = wide(column)))
            .collect();
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{}", fields.join("  ").trim_end());
    }
    text
}
