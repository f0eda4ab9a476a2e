//! What is left to do: the jobs without a valid file in the store.

use rayon::prelude::*;

use super::Job;
use crate::{
    store::{Found, Store, StoreError},
    study::Study,
};

/// The jobs of a study, parted by what the store holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pending {
    /// To be run, in the schedule's order.
    pub jobs: Vec<Job>,
    /// Found in the store: the cell and the events it took, in the schedule's order.
    pub stored: Vec<(usize, u64)>,
    /// A sentence for each file that was not to be trusted.
    pub notes: Vec<String>,
}

/// Looks for every job's file; damaged ones are to be run again, and told.
///
/// # Errors
/// A run of another version of the experiment was found but cannot be copied.
pub fn pending(store: &Store, study: &Study, jobs: &[Job]) -> Result<Pending, StoreError> {
    let found: Result<Vec<Found>, StoreError> = jobs
        .par_iter()
        .map(|job| match study.cells.get(job.cell) {
            Some(cell) => store.load_or_adopt(cell, job.replication),
            None => Ok(Found::Missing),
        })
        .map(|found| found.map(slim))
        .collect();
    let mut pending = Pending::default();
    for (job, found) in jobs.iter().zip(found?) {
        match found {
            Found::Valid(report) => pending.stored.push((job.cell, report.events)),
            Found::Missing => pending.jobs.push(*job),
            Found::Spoiled(reason) => {
                let cell = study.cells.get(job.cell).map(crate::study::Cell::label).unwrap_or_default();
                pending
                    .notes
                    .push(format!("{cell}#{}: stored run is {reason}; computed again", job.replication));
                pending.jobs.push(*job);
            }
        }
    }
    Ok(pending)
}

/// Only the count of events is needed here, and thousands of reports do not fit the memory.
fn slim(found: Found) -> Found {
    match found {
        Found::Valid(report) => Found::Valid(Box::new(models::report::RunReport {
            events: report.events,
            ..models::report::RunReport::default()
        })),
        Found::Missing => Found::Missing,
        Found::Spoiled(reason) => Found::Spoiled(reason),
    }
}
