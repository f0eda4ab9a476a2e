//! `manifest.json`: what made these results, when, and how long it took. The only file with real time in it.

use std::env;

use serde_json::{Value, json};

use crate::{
    analysis::Analysis,
    clock,
    runner::{Crash, Tally},
    study::{Cell, Study},
};

/// The shape of `manifest.json`.
const SCHEMA_VERSION: u32 = 1;

/// The tool's version, for files and `-V`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The machine and operating system this was built for: digests are only compared within one.
pub const TARGET: &str = env!("STAMPEDE_TARGET");

/// The whole manifest. `started` is in seconds since 1970.
pub fn manifest(study: &Study, analysis: &Analysis, tally: &Tally, started: u64) -> Value {
    let cells = study.cells.iter().zip(&analysis.cells).map(|(cell, found)| {
        json!({
            "cell": cell.label(),
            "hash": cell.hash,
            "replications": found.replications.len(),
            "events": found.events,
            "digest": format!("{:016x}", found.digest),
        })
    });
    json!({
        "schema_version": SCHEMA_VERSION,
        "experiment": study.name,
        "hash": study.hash,
        "seed": study.seed,
        "tool": { "version": VERSION, "commit": env!("STAMPEDE_COMMIT"), "rustc": env!("STAMPEDE_RUSTC"), "target": TARGET },
        "command": env::args().collect::<Vec<_>>(),
        "started": clock::rfc3339(started),
        "finished": clock::rfc3339(clock::unix_seconds()),
        "computed": {
            "runs": tally.computed,
            "events": tally.events,
            "requests": tally.requests,
            "seconds": tally.seconds,
        },
        "crashes": tally.crashes.iter().map(|crash| crash_record(study, crash)).collect::<Vec<_>>(),
        "cells": cells.collect::<Vec<_>>(),
    })
}

fn crash_record(study: &Study, crash: &Crash) -> Value {
    let cell = study.cells.get(crash.cell).map(Cell::label).unwrap_or_default();
    json!({ "cell": cell, "replication": crash.replication, "message": crash.message })
}
