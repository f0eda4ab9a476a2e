//! Files an experiment names: traces, and columns of measured values. What they hold is part of a cell's hash.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
};

use models::{
    policy::arrival::trace::{TraceParser, TraceRecord, TraceSpec},
    spec::{SystemSpec, WorkloadSpec},
    wire::Records,
};
use sim_core::{random::distribution::Column, time::SimDuration};
use xxhash_rust::xxh64::xxh64;

use crate::plan::Plan;

/// Reads what the cells' systems need of files and lets it into their hashes.
///
/// # Errors
/// A file cannot be read, or holds something else than was said; the text says which and what.
pub(super) fn fill(plan: &mut Plan, folder: &Path) -> Result<(), String> {
    for cell in &mut plan.cells {
        let mut digest = 0;
        columns(&mut cell.system, folder, &mut digest)?;
        for workload in cell.system.workloads.values() {
            if let WorkloadSpec::Trace(spec) = workload {
                digest = trace_digest(&spec.trace, folder, digest)?;
            }
        }
        if digest != 0 {
            cell.hash = format!("{:016x}", xxh64(cell.hash.as_bytes(), digest));
        }
    }
    Ok(())
}

/// Fills in every column of measured values.
fn columns(system: &mut SystemSpec, folder: &Path, digest: &mut u64) -> Result<(), String> {
    let mut read = |column: &Column| -> Result<Vec<SimDuration>, String> {
        let path = folder.join(&column.file);
        let mut reader = csv::Reader::from_path(&path).map_err(|error| unreadable(&path, &error))?;
        let headings = reader.headers().map_err(|error| unreadable(&path, &error))?.clone();
        let Some(place) = headings.iter().position(|heading| heading == column.column) else {
            let known: Vec<&str> = headings.iter().collect();
            return Err(format!(
                "error[E0702]: {} has no column `{}`; it has {}",
                path.display(),
                column.column,
                known.join(", ")
            ));
        };
        let mut values = Vec::new();
        for (line, row) in reader.records().enumerate() {
            let row = row.map_err(|error| unreadable(&path, &error))?;
            let text = row.get(place).unwrap_or_default();
            let value = SimDuration::parse(text)
                .map_err(|what| format!("error[E0702]: {} line {}: {what}", path.display(), line + 2))?;
            *digest = xxh64(&value.as_nanos().to_le_bytes(), *digest);
            values.push(value);
        }
        Ok(values)
    };
    system.fill_columns(&mut read)
}

/// Checks that a trace can be read to its end and hashes it.
fn trace_digest(spec: &TraceSpec, folder: &Path, seed: u64) -> Result<u64, String> {
    let path = folder.join(&spec.file);
    let file = File::open(&path).map_err(|error| unreadable(&path, &error))?;
    let (mut reader, mut parser, mut digest, mut number, mut records) =
        (BufReader::new(file), spec.parser(), seed, 0, 0_u64);
    let mut line = String::new();
    while reader.read_line(&mut line).map_err(|error| unreadable(&path, &error))? > 0 {
        number += 1;
        let record = parser
            .parse(&line)
            .map_err(|wrong| format!("error[E0703]: {} line {number}: {wrong}", path.display()))?;
        records += u64::from(record.is_some());
        digest = xxh64(line.as_bytes(), digest);
        line.clear();
    }
    if records == 0 {
        return Err(format!("error[E0703]: {} holds no request", path.display()));
    }
    Ok(digest)
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("error[E0701]: cannot read {}: {error}", path.display())
}

/// The requests of a trace, streamed: a run holds one line at a time.
pub(super) fn records(spec: &TraceSpec, folder: &Path) -> Result<Records, String> {
    let lines = Lines::open(folder.join(&spec.file), spec.clone())?;
    Ok(Box::new(spec.replay(lines)))
}

/// A trace being read. Its clone reads from the start, which is how a trace is repeated.
struct Lines {
    path: PathBuf,
    spec: TraceSpec,
    reader: Option<BufReader<File>>,
    parser: TraceParser,
    line: String,
}

impl Lines {
    fn open(path: PathBuf, spec: TraceSpec) -> Result<Self, String> {
        let reader = File::open(&path).map(BufReader::new).map_err(|error| unreadable(&path, &error))?;
        let parser = spec.parser();
        Ok(Self { path, spec, reader: Some(reader), parser, line: String::new() })
    }
}

impl Clone for Lines {
    fn clone(&self) -> Self {
        // A file that vanished since it was checked ends the trace here.
        let reader = File::open(&self.path).map(BufReader::new).ok();
        let parser = self.spec.parser();
        Self { path: self.path.clone(), spec: self.spec.clone(), reader, parser, line: String::new() }
    }
}

impl Iterator for Lines {
    type Item = TraceRecord;

    fn next(&mut self) -> Option<TraceRecord> {
        loop {
            self.line.clear();
            if self.reader.as_mut()?.read_line(&mut self.line).ok()? == 0 {
                return None;
            }
            // Every line was checked before the first run.
            if let Ok(Some(record)) = self.parser.parse(&self.line) {
                return Some(record);
            }
        }
    }
}
