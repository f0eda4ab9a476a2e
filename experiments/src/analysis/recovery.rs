//! Whether a system came back after the last fault, how long that took, and whether it is stuck although the fault
//! is over.
//!
//! Not coming back is a value, infinity, so a mean says nothing here: the share that recovered and the median do.

use sim_core::statistics::{Bounds, Tally, quantile_of_sorted, wilson};

use super::{
    CONFIDENCE,
    aftermath::{Aftermath, Course, Late},
    cell::CellAnalysis,
};
use crate::study::Study;

/// How one workload of one cell fared after the faults.
#[derive(Clone, Debug, PartialEq)]
pub struct Recovery {
    /// Index of the cell.
    pub cell: usize,
    /// The workload.
    pub workload: String,
    /// Replications that recovered, of how many.
    pub recovered: (u64, u64),
    /// Where the true share of recovery lies.
    pub share: Option<Bounds>,
    /// The median time to recover, in seconds; infinite if half never did.
    pub median: Option<f64>,
    /// The collapse that outlives its cause, if there is one.
    pub stuck: Option<Stuck>,
}

/// A metastable failure: the trigger is over, the load is the same, the goodput is not.
#[derive(Clone, Debug, PartialEq)]
pub struct Stuck {
    /// When the last fault ended, in seconds.
    pub trigger_end: f64,
    /// When the run ended.
    pub end: f64,
    /// Replications that are stuck.
    pub replications: u64,
    /// How things stand in these on average.
    pub late: Late,
}

impl Stuck {
    /// Attempts made for every request offered.
    pub fn amplification(&self) -> Option<f64> {
        let demand = self.late.demand.filter(|demand| *demand > 0.0)?;
        Some(self.late.attempts? / demand)
    }
}

/// Looks at every workload of every cell of a study with faults.
pub(super) fn recoveries(study: &Study, cells: &[CellAnalysis]) -> Vec<Recovery> {
    let Some(course) = Course::of(study) else { return Vec::new() };
    let pairs = cells
        .iter()
        .enumerate()
        .flat_map(|pair| study.workloads.iter().map(move |workload| (pair, workload)));
    pairs.filter_map(|((index, cell), workload)| recovery(course, index, cell, workload)).collect()
}

fn recovery(course: Course, index: usize, cell: &CellAnalysis, workload: &str) -> Option<Recovery> {
    let mine: Vec<&Aftermath> = cell.aftermaths.iter().filter(|told| told.workload == workload).collect();
    let mut times: Vec<f64> = mine.iter().map(|told| told.recovered_after).collect();
    times.sort_by(f64::total_cmp);
    let recovered = times.iter().filter(|time| time.is_finite()).count() as u64;
    let of = times.len() as u64;
    (of > 0).then(|| Recovery {
        cell: index,
        workload: workload.to_owned(),
        recovered: (recovered, of),
        share: wilson(recovered, of, CONFIDENCE),
        median: quantile_of_sorted(&times, 0.5),
        stuck: stuck(course, &mine),
    })
}

fn stuck(course: Course, runs: &[&Aftermath]) -> Option<Stuck> {
    let late: Vec<&Late> = runs.iter().filter_map(|told| told.stuck.as_ref()).collect();
    let first = late.first()?;
    let mean = |figure: &dyn Fn(&Late) -> Option<f64>| {
        late.iter().filter_map(|late| figure(late)).collect::<Tally>().mean()
    };
    let waiting = |component: &str| {
        mean(&|late| {
            late.longest.as_ref().filter(|(other, _)| other == component).map(|(_, waiting)| *waiting)
        })
    };
    Some(Stuck {
        trigger_end: course.over,
        end: course.end,
        replications: late.len() as u64,
        late: Late {
            before: mean(&|late| Some(late.before))?,
            goodput: mean(&|late| Some(late.goodput))?,
            demand: mean(&|late| late.demand),
            attempts: mean(&|late| late.attempts),
            longest: first.longest.as_ref().and_then(|(at, _)| Some((at.clone(), waiting(at)?))),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::{Fault, Horizon};

    fn study() -> Study {
        Study {
            workloads: vec!["clients".into()],
            horizon: Horizon::Terminating { end: 600.0 },
            faults: vec![Fault { label: "CapacityLoss".into(), from: 120.0, to: 150.0 }],
            ..Study::default()
        }
    }

    /// A replication for each time to recover; who never does is stuck.
    fn told(times: &[f64]) -> Recovery {
        let late = |place: usize| Late {
            before: 700.0,
            goodput: place as f64,
            demand: Some(700.0),
            attempts: Some(2800.0),
            longest: None,
        };
        let aftermath = |(place, time): (usize, &f64)| Aftermath {
            workload: "clients".into(),
            recovered_after: *time,
            stuck: time.is_infinite().then(|| late(place)),
        };
        let aftermaths = times.iter().enumerate().map(aftermath).collect();
        recoveries(&study(), &[CellAnalysis { aftermaths, ..CellAnalysis::default() }]).remove(0)
    }

    #[test]
    fn a_system_that_stays_down_after_the_fault_is_metastable() {
        let found = told(&[f64::INFINITY; 3]);
        assert_eq!((found.recovered, found.median), ((0, 3), Some(f64::INFINITY)));
        let stuck = found.stuck.unwrap();
        assert_eq!((stuck.trigger_end, stuck.end, stuck.replications), (150.0, 600.0, 3));
        assert_eq!((stuck.late.goodput, stuck.amplification()), (1.0, Some(4.0)));
    }

    #[test]
    fn a_system_that_comes_back_at_times_has_a_median_and_a_share() {
        let found = told(&[17.0, 4.0, f64::INFINITY]);
        assert_eq!((found.recovered, found.median), ((2, 3), Some(17.0)));
        assert_eq!(found.stuck.unwrap().replications, 1);
        // Wilson for 2 of 3.
        assert!((found.share.unwrap().lower - 0.2077).abs() < 1e-4);
    }

    #[test]
    fn a_system_that_always_comes_back_is_not_stuck() {
        assert_eq!(told(&[17.0, 4.0]).stuck, None);
    }
}
