//! Snapshots: what an experiment gave when somebody last looked, kept beside its file, so that a change shows.
//!
//! A snapshot is small enough to be read in a pull request: for each cell the events, a digest, and the figures that
//! matter, to six digits. Figures are compared everywhere; events and digests only where the same version of the
//! tool runs on the same target, since another compiler may sum floats in another order.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use models::report::{Metric, RunReport, Unit};
use ron::ser::PrettyConfig;
use serde::{Deserialize, Serialize};

use crate::{
    analysis::{CellAnalysis, aftermaths, usual_figures},
    output::{
        TARGET, VERSION,
        number::{Scale, TimeUnit, significant},
    },
    runner::{Execute, Job, Settings, Supervisor, Tally, progress::Progress, run_jobs, schedule},
    store::{StoreError, write_whole},
    study::Study,
};

/// What an experiment gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// The version of the tool.
    pub tool: String,
    /// What it was built for.
    pub target: String,
    /// The seed.
    pub seed: u64,
    /// Replications of each cell.
    pub replications: u64,
    /// The cells in the study's order.
    pub cells: Vec<SnapshotCell>,
}

/// What one cell gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SnapshotCell {
    /// `least_outstanding@0.95`.
    pub cell: String,
    /// Events and digest of all replications.
    pub all: Fingerprint,
    /// Events and digest of the first.
    pub first: Fingerprint,
    /// The figures that matter, by name.
    pub figures: BTreeMap<String, Figure>,
}

/// What cannot differ by a hair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fingerprint {
    /// Events handled.
    pub events: u64,
    /// The sum of the runs' digests, 16 hex digits.
    pub digest: String,
}

/// One figure, to six digits.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// In what it counts.
    pub unit: Unit,
    /// Its value in the first replication.
    pub first: Option<f64>,
    /// Its mean over all.
    pub mean: Option<f64>,
    /// Half the width of the mean's interval.
    pub half_width: Option<f64>,
}

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// The cell it is about.
    pub cell: String,
    /// What differs: `clients.latency.p99 111.396 → 118.204 ms (+6.1 %, outside the stored CI)`.
    pub what: String,
}

/// Where a file's snapshot stands: `lb.ron` has `lb.snapshot.ron`.
pub fn snapshot_path(file: &Path) -> PathBuf {
    file.with_extension("snapshot.ron")
}

/// Runs the study, `quick` only the first replication of each cell, and takes its snapshot. Nothing is stored.
///
/// # Errors
/// Never in practice: reports are kept in memory.
pub fn take(
    study: &Study,
    execute: &dyn Execute,
    settings: Settings,
    supervisor: &Supervisor,
    progress: &dyn Progress,
    quick: bool,
) -> Result<(Snapshot, Tally), StoreError> {
    let mut jobs = schedule(&study.cells);
    jobs.retain(|job| !quick || job.replication == 0);
    let watched = usual_figures(study);
    let reports = Mutex::new(BTreeMap::new());
    let keep = |job: &Job, report: RunReport| {
        let mut reports = reports.lock().unwrap_or_else(PoisonError::into_inner);
        reports.insert((job.cell, job.replication), slim(study, report, &watched));
        Ok(())
    };
    let tally = run_jobs(&jobs, settings, execute, &keep, supervisor, progress)?;
    let reports = reports.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok((snapshot(study, &reports), tally))
}

/// Only what a snapshot tells: all reports of a study need not fit the memory.
fn slim(study: &Study, mut report: RunReport, watched: &[String]) -> RunReport {
    aftermaths(study, &mut report);
    let told = |metric: &Metric| watched.contains(&metric.name);
    RunReport {
        events: report.events,
        digest: report.digest,
        metrics: report.metrics.into_iter().filter(told).collect(),
        ..RunReport::default()
    }
}

fn snapshot(study: &Study, reports: &BTreeMap<(usize, u64), RunReport>) -> Snapshot {
    let cells = study.cells.iter().enumerate().map(|(index, cell)| {
        let of_cell = reports.range((index, 0)..=(index, u64::MAX));
        let runs: Vec<(u64, RunReport)> =
            of_cell.map(|((_, replication), report)| (*replication, report.clone())).collect();
        snapshot_cell(cell.label(), &runs)
    });
    Snapshot {
        tool: VERSION.to_owned(),
        target: TARGET.to_owned(),
        seed: study.seed,
        replications: study.replications,
        cells: cells.collect(),
    }
}

fn snapshot_cell(cell: String, runs: &[(u64, RunReport)]) -> SnapshotCell {
    let all = CellAnalysis::of(runs);
    let first = CellAnalysis::of(runs.get(..1).unwrap_or_default());
    let print =
        |cell: &CellAnalysis| Fingerprint { events: cell.events, digest: format!("{:016x}", cell.digest) };
    let figure = |estimate: &crate::analysis::Estimate| Figure {
        unit: estimate.unit,
        first: estimate.values.first().copied().flatten().map(six_digits),
        mean: estimate.mean.map(six_digits),
        half_width: estimate.half_width().map(six_digits),
    };
    let figures = all.estimates.iter().map(|estimate| (estimate.name.clone(), figure(estimate)));
    SnapshotCell { cell, all: print(&all), first: print(&first), figures: figures.collect() }
}

/// The number nearest to the value that has six significant digits.
fn six_digits(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

/// Reads a file's snapshot; none if it has none.
///
/// # Errors
/// It cannot be read, or is no snapshot.
pub fn read(path: &Path) -> Result<Option<Snapshot>, StoreError> {
    match fs::read_to_string(path) {
        Ok(text) => ron::from_str(&text).map(Some).map_err(|error| wrong(path, &error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::new("read", path)(error)),
    }
}

fn wrong(path: &Path, error: &ron::error::SpannedError) -> StoreError {
    StoreError::new("read", path)(io::Error::new(io::ErrorKind::InvalidData, error.to_string()))
}

/// Writes a snapshot beside its experiment.
///
/// # Errors
/// The file cannot be written.
pub fn write(path: &Path, snapshot: &Snapshot) -> Result<(), StoreError> {
    // A figure a line: a diff then shows which one moved.
    let layout = PrettyConfig::new().depth_limit(4).struct_names(false).new_line("\n");
    let text = ron::ser::to_string_pretty(snapshot, layout)
        .map_err(|error| StoreError::new("write", path)(io::Error::other(error)))?;
    let head = "// What `stampede verify` compares with. Written by `stampede verify --accept`.\n";
    write_whole(path, format!("{head}{text}\n").as_bytes())
}

/// Everything that differs between a snapshot and what the experiment gives now.
pub fn drifts(stored: &Snapshot, now: &Snapshot, quick: bool) -> Vec<Drift> {
    if (stored.seed, stored.replications) != (now.seed, now.replications) {
        let what = format!(
            "the snapshot is of seed {} and {} replications, the file of seed {} and {}",
            stored.seed, stored.replications, now.seed, now.replications
        );
        return vec![Drift { cell: "all cells".to_owned(), what }];
    }
    let same_build = (&stored.tool, &stored.target) == (&now.tool, &now.target);
    let mut found = Vec::new();
    for cell in &now.cells {
        match stored.cells.iter().find(|other| other.cell == cell.cell) {
            Some(before) => found.extend(cell_drifts(before, cell, quick, same_build)),
            None => found.push(Drift { cell: cell.cell.clone(), what: "is not in the snapshot".to_owned() }),
        }
    }
    let gone = stored.cells.iter().filter(|cell| now.cells.iter().all(|other| other.cell != cell.cell));
    found.extend(
        gone.map(|cell| Drift { cell: cell.cell.clone(), what: "is only in the snapshot".to_owned() }),
    );
    found
}

fn cell_drifts(before: &SnapshotCell, now: &SnapshotCell, quick: bool, same_build: bool) -> Vec<Drift> {
    let mut found: Vec<String> = Vec::new();
    let names =
        before.figures.keys().chain(now.figures.keys().filter(|name| !before.figures.contains_key(*name)));
    for name in names {
        let (was, is) = (before.figures.get(name), now.figures.get(name));
        found.extend(figure_drift(name, was, is, quick));
    }
    let (was, is) = if quick { (&before.first, &now.first) } else { (&before.all, &now.all) };
    if same_build && was != is {
        found.push(format!("events {} → {}, digest {} → {}", was.events, is.events, was.digest, is.digest));
    }
    found.into_iter().map(|what| Drift { cell: now.cell.clone(), what }).collect()
}

fn figure_drift(name: &str, was: Option<&Figure>, is: Option<&Figure>, quick: bool) -> Option<String> {
    let value =
        |figure: Option<&Figure>| figure.and_then(|figure| if quick { figure.first } else { figure.mean });
    let (before, now) = (value(was), value(is));
    if before == now {
        return None;
    }
    let scale = Scale::of(was.or(is)?.unit, before.or(now).unwrap_or(1.0), TimeUnit::Auto);
    let show =
        |value: Option<f64>| value.map_or("nothing".to_owned(), |value| significant(value * scale.factor, 6));
    let unit = if scale.unit.is_empty() { String::new() } else { format!(" {}", scale.unit) };
    let half = was.and_then(|figure| figure.half_width);
    Some(format!("{name} {} → {}{unit}{}", show(before), show(now), extent(before, now, half)))
}

/// `(+6.1 %, outside the stored CI)`
fn extent(before: Option<f64>, now: Option<f64>, half_width: Option<f64>) -> String {
    let (Some(before), Some(now)) = (before, now) else { return String::new() };
    let place = match half_width {
        Some(half) if (now - before).abs() > half => ", outside the stored CI",
        Some(_) => ", inside the stored CI",
        None => "",
    };
    let percent = (now - before) / before * 100.0;
    if percent.is_finite() { format!(" ({percent:+.1} %{place})") } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(p99: f64, events: u64, tool: &str) -> Snapshot {
        let print = Fingerprint { events, digest: format!("{events:016x}") };
        let figure =
            Figure { unit: Unit::Seconds, first: Some(0.11), mean: Some(p99), half_width: Some(0.001) };
        Snapshot {
            tool: tool.into(),
            target: "x86_64".into(),
            seed: 1,
            replications: 10,
            cells: vec![SnapshotCell {
                cell: "least@0.95".into(),
                all: print.clone(),
                first: Fingerprint { events: 1, digest: "1".into() },
                figures: BTreeMap::from([("c.latency.p99".to_owned(), figure)]),
            }],
        }
    }

    fn told(stored: &Snapshot, now: &Snapshot, quick: bool) -> Vec<String> {
        drifts(stored, now, quick).into_iter().map(|drift| drift.what).collect()
    }

    #[test]
    fn a_figure_that_moved_is_told_with_how_far() {
        let (stored, now) = (snapshot(0.111_396, 5, "1"), snapshot(0.118_204, 5, "1"));
        let expected = "c.latency.p99 111.396 → 118.204 ms (+6.1 %, outside the stored CI)";
        assert_eq!(told(&stored, &now, false), [expected]);
        // The first replication did not move.
        assert!(told(&stored, &now, true).is_empty());
    }

    #[test]
    fn digests_bind_only_within_one_build() {
        let stored = snapshot(0.1, 5, "1");
        assert_eq!(told(&stored, &snapshot(0.1, 6, "1"), false).len(), 1);
        assert!(told(&stored, &snapshot(0.1, 6, "2"), false).is_empty());
    }

    #[test]
    fn another_number_of_replications_is_another_experiment() {
        let now = Snapshot { replications: 20, ..snapshot(0.2, 9, "1") };
        assert_eq!(told(&snapshot(0.1, 5, "1"), &now, false).len(), 1);
    }

    #[test]
    fn figures_have_six_digits_and_survive_the_file() {
        assert_eq!(six_digits(0.111_396_491), 0.111_396);
        assert_eq!(six_digits(f64::INFINITY), f64::INFINITY);
        let folder = tempfile::tempdir().unwrap();
        let path = snapshot_path(&folder.path().join("lb.ron"));
        assert!(path.ends_with("lb.snapshot.ron") && matches!(read(&path), Ok(None)));
        write(&path, &snapshot(0.1, 5, "1")).unwrap();
        assert_eq!(read(&path).unwrap(), Some(snapshot(0.1, 5, "1")));
        fs::write(&path, "(tool: 1").unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("lb.snapshot.ron"));
    }
}
