//! Files an experiment names: traces, and columns of measured values. What they hold is part of a cell's hash.

use std::{
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use models::{
    policy::arrival::trace::{TraceFormat, TraceParser, TraceRecord, TraceSpec},
    spec::{SystemSpec, WorkloadSpec},
    units::Bytes,
    wire::Records,
};
use sim_core::{
    random::distribution::Column,
    time::{SimDuration, SimTime},
};
use xxhash_rust::xxh64::xxh64;

use crate::{
    plan::Plan,
    traces::{self, TraceReader},
};

/// A file of lines being read.
type Reader = BufReader<Box<dyn Read>>;

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
    let Some(mut parser) = spec.parser() else { return keys_digest(spec, &path, seed) };
    let mut reader = open(&path)?;
    let (mut digest, mut number, mut records) = (seed, 0, 0_u64);
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

/// The same of a trace of keys.
fn keys_digest(spec: &TraceSpec, path: &Path, seed: u64) -> Result<u64, String> {
    let (mut digest, mut records) = (seed, 0_u64);
    for request in traces::read(path, format_of(spec)).map_err(|error| format!("error[E0701]: {error}"))? {
        let request = request.map_err(|error| format!("error[E0703]: {error}"))?;
        digest = xxh64(&request.key.to_le_bytes(), xxh64(&request.size.to_le_bytes(), digest));
        records += 1;
    }
    if records == 0 {
        return Err(format!("error[E0703]: {} holds no request", path.display()));
    }
    Ok(digest)
}

/// How a trace of keys is written.
const fn format_of(spec: &TraceSpec) -> traces::TraceFormat {
    match spec.format {
        TraceFormat::OracleGeneral => traces::TraceFormat::OracleGeneral,
        TraceFormat::KeyList { .. } => traces::TraceFormat::KeyList,
        TraceFormat::Csv(_) | TraceFormat::CommonLog => traces::TraceFormat::Separated,
    }
}

/// A file of lines, compressed or not.
fn open(path: &Path) -> Result<Reader, String> {
    traces::text(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("error[E0701]: cannot read {}: {error}", path.display())
}

/// The requests of a trace, streamed: a run holds one line at a time.
pub(super) fn records(spec: &TraceSpec, folder: &Path) -> Result<Records, String> {
    let path = folder.join(&spec.file);
    let Some(parser) = spec.parser() else {
        return Ok(Box::new(spec.replay(Keys::open(path, spec.clone()))));
    };
    let reader = Some(open(&path)?);
    Ok(Box::new(spec.replay(Lines {
        path,
        spec: spec.clone(),
        reader,
        parser: Some(parser),
        line: String::new(),
    })))
}

/// A trace of keys being read. Its clone reads from the start.
struct Keys {
    path: PathBuf,
    spec: TraceSpec,
    reader: Option<TraceReader>,
    number: u64,
}

impl Keys {
    // A file that vanished since it was checked ends the trace here.
    fn open(path: PathBuf, spec: TraceSpec) -> Self {
        let reader = traces::read(&path, format_of(&spec)).ok();
        Self { path, spec, reader, number: 0 }
    }
}

impl Clone for Keys {
    fn clone(&self) -> Self {
        Self::open(self.path.clone(), self.spec.clone())
    }
}

impl Iterator for Keys {
    type Item = TraceRecord;

    fn next(&mut self) -> Option<TraceRecord> {
        let request = self.reader.as_mut()?.next()?.ok()?;
        let every = match self.spec.format {
            TraceFormat::KeyList { every } => every,
            TraceFormat::OracleGeneral | TraceFormat::Csv(_) | TraceFormat::CommonLog => SimDuration::ZERO,
        };
        let at =
            request.at.unwrap_or(SimTime::ZERO + SimDuration::from_nanos(every.as_nanos() * self.number));
        self.number += 1;
        Some(TraceRecord { at, key: Some(request.key), size: Some(Bytes(request.size)), class: None })
    }
}

/// A trace being read. Its clone reads from the start, which is how a trace is repeated.
struct Lines {
    path: PathBuf,
    spec: TraceSpec,
    reader: Option<Reader>,
    parser: Option<TraceParser>,
    line: String,
}

impl Clone for Lines {
    fn clone(&self) -> Self {
        // A file that vanished since it was checked ends the trace here.
        let reader = open(&self.path).ok();
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
            if let Ok(Some(record)) = self.parser.as_mut()?.parse(&self.line) {
                return Some(record);
            }
        }
    }
}
