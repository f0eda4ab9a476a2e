//! Whether a system came back after the last fault, how long that took, and whether it is stuck although the fault
//! is over.
//!
//! Not coming back is a value, infinity, so a mean says nothing here: the share that recovered and the median do.

use sim_core::statistics::{Bounds, quantile_of_sorted, wilson};

use super::{CONFIDENCE, cell::CellAnalysis};
use crate::study::{Horizon, Study};

/// Goodput below that share of what it was, long after the fault, is a system that does not recover.
const STUCK_BELOW: f64 = 0.5;
/// Load that moved by more than that share is another load.
const SAME_LOAD: f64 = 0.1;

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
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stuck {
    /// When the last fault ended, in seconds.
    pub trigger_end: f64,
    /// When the run ended.
    pub end: f64,
    /// Goodput before the first fault, a second.
    pub before: f64,
    /// Goodput in the last quarter of the run, a second.
    pub late: f64,
}

/// Looks at every workload of every cell of a study with faults and an end.
pub(super) fn recoveries(study: &Study, cells: &[CellAnalysis]) -> Vec<Recovery> {
    let Horizon::Terminating { end } = study.horizon else { return Vec::new() };
    if study.faults.is_empty() {
        return Vec::new();
    }
    let pairs = cells
        .iter()
        .enumerate()
        .flat_map(|pair| study.workloads.iter().map(move |workload| (pair, workload)));
    pairs.filter_map(|((index, cell), workload)| recovery(study, end, index, cell, workload)).collect()
}

fn recovery(study: &Study, end: f64, index: usize, cell: &CellAnalysis, workload: &str) -> Option<Recovery> {
    let stuck = stuck(study, end, cell, workload);
    let times = cell.estimate(&format!("{workload}.time_to_recover.max"));
    let mut times: Vec<f64> =
        times.map(|times| times.values.iter().flatten().copied().collect()).unwrap_or_default();
    if times.is_empty() && stuck.is_none() {
        return None;
    }
    times.sort_by(f64::total_cmp);
    let recovered = times.iter().filter(|time| time.is_finite()).count() as u64;
    let of = times.len() as u64;
    Some(Recovery {
        cell: index,
        workload: workload.to_owned(),
        recovered: (recovered, of),
        share: wilson(recovered, of, CONFIDENCE),
        median: quantile_of_sorted(&times, 0.5),
        stuck,
    })
}

fn stuck(study: &Study, end: f64, cell: &CellAnalysis, workload: &str) -> Option<Stuck> {
    let trigger = study.faults.iter().map(|fault| fault.from).fold(f64::INFINITY, f64::min);
    let trigger_end = study.faults.iter().map(|fault| fault.to).fold(0.0, f64::max);
    // The first half before the fault is left to the system to fill; the last quarter must lie after the fault.
    let late_from = end * 0.75;
    let goodput = cell.band(&format!("{workload}.goodput")).filter(|_| trigger_end < late_from)?;
    let before = goodput.mean_within(trigger / 2.0, trigger)?;
    let late = goodput.mean_within(late_from, end)?;
    let moved = cell.band(&format!("{workload}.arrivals")).and_then(|load| {
        let (was, is) = (load.mean_within(trigger / 2.0, trigger)?, load.mean_within(late_from, end)?);
        Some((is - was).abs() > SAME_LOAD * was)
    });
    let same_load = !moved.unwrap_or(false);
    (same_load && late < STUCK_BELOW * before).then_some(Stuck { trigger_end, end, before, late })
}

#[cfg(test)]
mod tests {
    use models::report::{Metric, RunReport, Series, Unit};

    use super::*;
    use crate::study::Fault;

    fn study() -> Study {
        Study {
            workloads: vec!["clients".into()],
            horizon: Horizon::Terminating { end: 600.0 },
            faults: vec![Fault { label: "CapacityLoss".into(), from: 120.0, to: 150.0 }],
            ..Study::default()
        }
    }

    /// Goodput 700/s, then nothing from the fault until `back`.
    fn cell(times: &[f64], back: usize) -> CellAnalysis {
        cell_at(times, back, 700.0)
    }

    /// The same, with that goodput afterwards.
    fn cell_at(times: &[f64], back: usize, after: f64) -> CellAnalysis {
        let level = |second: usize| match second {
            0..120 => 700.0,
            second if second < back => 0.0,
            _ => after,
        };
        let values = (0..600).map(|second| Some(level(second))).collect();
        let series = Series { name: "clients.goodput".into(), unit: Unit::PerSecond, bin: 1.0, values };
        let run = |time: &f64| RunReport {
            series: vec![series.clone()],
            metrics: vec![Metric {
                name: "clients.time_to_recover.max".into(),
                unit: Unit::Seconds,
                value: Some(*time),
                samples: 1,
            }],
            ..RunReport::default()
        };
        CellAnalysis::of(
            &times.iter().zip(0..).map(|(time, replication)| (replication, run(time))).collect::<Vec<_>>(),
        )
    }

    #[test]
    fn a_system_that_stays_down_after_the_fault_is_metastable() {
        let found = recoveries(&study(), &[cell(&[f64::INFINITY; 3], 600)]);
        let stuck = found[0].stuck.unwrap();
        assert_eq!((stuck.before, stuck.late, stuck.trigger_end), (700.0, 0.0, 150.0));
        assert_eq!((found[0].recovered, found[0].median), ((0, 3), Some(f64::INFINITY)));
    }

    #[test]
    fn half_the_goodput_divides_a_slow_return_from_none() {
        let stuck = |after| recoveries(&study(), &[cell_at(&[17.0], 170, after)])[0].stuck.is_some();
        assert!(stuck(349.0) && !stuck(351.0));
    }

    #[test]
    fn a_system_that_comes_back_has_a_median_and_a_share() {
        let found = recoveries(&study(), &[cell(&[17.0, 4.0, f64::INFINITY], 170)]);
        assert_eq!((found[0].recovered, found[0].median, found[0].stuck), ((2, 3), Some(17.0), None));
        // Wilson for 2 of 3.
        assert!((found[0].share.unwrap().lower - 0.2077).abs() < 1e-4);
    }
}
