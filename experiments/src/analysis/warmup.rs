//! Whether the warm-up that the file states was long enough, as MSER-5 sees it.
//!
//! A check and not a rule: the stated cut stays, since a silent one would be a choice that nobody sees. MSER cuts
//! pure noise too now and then, so a longer cut alone alarms nobody: it must also move the mean by more than
//! its interval allows.

use sim_core::statistics::warmup::{MSER_BATCH, mser};

use super::{band::Band, cell::CellAnalysis};
use crate::study::{Horizon, Study};

/// What the check found over all cells.
#[derive(Clone, Debug, PartialEq)]
pub struct WarmupCheck {
    /// Seconds that the file leaves out.
    pub stated: f64,
    /// The longest cut that MSER-5 asks for in any stable cell, in seconds; 0 if no series could be judged.
    pub asked: f64,
    /// The cells whose figures still moved, by index.
    pub insufficient: Vec<usize>,
}

/// Checks every stable cell of a steady-state study; none for a study with an end.
pub(super) fn check(study: &Study, cells: &[CellAnalysis]) -> Option<WarmupCheck> {
    let Horizon::SteadyState { warmup, .. } = study.horizon else { return None };
    let names = watched(study);
    let mut check = WarmupCheck { stated: warmup, asked: 0.0, insufficient: Vec::new() };
    for (index, cell) in cells.iter().enumerate().filter(|(_, cell)| cell.growth.is_none()) {
        for band in names.iter().filter_map(|name| cell.band(name)) {
            let Some(cut) = judge(band, warmup, cell) else { continue };
            check.asked = check.asked.max(cut.seconds);
            if cut.matters && check.insufficient.last() != Some(&index) {
                check.insufficient.push(index);
            }
        }
    }
    Some(check)
}

/// Requests in flight, and what the SLOs speak of.
fn watched(study: &Study) -> Vec<String> {
    let mut names: Vec<String> =
        study.workloads.iter().map(|workload| format!("{workload}.in_flight")).collect();
    let claimed = study.slos.iter().filter(|claim| claim.window.is_none());
    names.extend(claimed.map(crate::study::Claim::figure));
    names
}

struct Cut {
    seconds: f64,
    matters: bool,
}

fn judge(band: &Band, warmup: f64, cell: &CellAnalysis) -> Option<Cut> {
    let means: Vec<f64> = band.points.iter().map_while(|point| point.map(|point| point.mean)).collect();
    let found = mser(&means, MSER_BATCH).ok()?;
    let seconds = found.observations as f64 * band.bin;
    let stated = means.get((warmup / band.bin) as usize..).filter(|kept| !kept.is_empty())?;
    let moved = (stated.iter().sum::<f64>() / stated.len() as f64 - found.mean_of_kept).abs();
    let figure = cell.estimate(&band.name).or_else(|| cell.estimate(&format!("{}.mean", band.name)));
    let allowed = figure.and_then(super::estimate::Estimate::half_width).unwrap_or(0.0);
    let longer = seconds > warmup || !found.sufficient;
    Some(Cut { seconds, matters: longer && moved > allowed })
}

#[cfg(test)]
mod tests {
    use models::report::{Metric, RunReport, Series, Unit};

    use super::*;

    /// White, Cobb & Spratt's kind of series: 60 values that settle after 20.
    const SETTLING: [f64; 60] = [
        20., 18., 17., 15., 14., 12., 11., 11., 10., 9., 8., 8., 7., 7., 6., 6., 5., 6., 5., 5., 4., 5., 6.,
        5., 5., 5., 6., 5., 5., 6., 5., 4., 5., 6., 4., 5., 5., 4., 6., 6., 4., 5., 5., 6., 5., 5., 6., 4.,
        4., 5., 5., 4., 7., 5., 5., 6., 5., 5., 4., 6.,
    ];

    fn checked(warmup: f64) -> WarmupCheck {
        let series = Series {
            name: "clients.in_flight".into(),
            unit: Unit::Count,
            bin: 1.0,
            values: SETTLING.map(Some).to_vec(),
        };
        let mean = |value| Metric {
            name: "clients.in_flight.mean".into(),
            unit: Unit::Count,
            value: Some(value),
            samples: 1,
        };
        let run = |value| RunReport {
            series: vec![series.clone()],
            metrics: vec![mean(value)],
            ..RunReport::default()
        };
        let study = Study {
            workloads: vec!["clients".into()],
            horizon: Horizon::SteadyState { warmup, measure: 60.0 - warmup },
            ..Study::default()
        };
        let runs: Vec<_> =
            [5.0, 5.1, 4.9].iter().zip(0..).map(|(value, replication)| (replication, run(*value))).collect();
        check(&study, &[CellAnalysis::of(&runs)]).unwrap()
    }

    #[test]
    fn a_warm_up_shorter_than_the_settling_is_told() {
        assert_eq!(checked(5.0), WarmupCheck { stated: 5.0, asked: 20.0, insufficient: vec![0] });
    }

    #[test]
    fn a_warm_up_as_long_as_the_settling_is_enough() {
        assert_eq!(checked(20.0), WarmupCheck { stated: 20.0, asked: 20.0, insufficient: vec![] });
    }
}
