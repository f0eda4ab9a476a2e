//! All that the replications of one cell say together.

use std::collections::BTreeMap;

use models::report::{Backlog, Decision, LimitCount, Metric, RunReport, Series};
use sim_core::statistics::Histogram;

use super::{aftermath::Aftermath, band::Band, estimate::Estimate, stability::Growth};

/// One cell over its replications.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CellAnalysis {
    /// The replications that were found, ascending.
    pub replications: Vec<u64>,
    /// Events of all of them.
    pub events: u64,
    /// Requests of all of them.
    pub requests: u64,
    /// The sum of their digests, whatever their order.
    pub digest: u64,
    /// Every figure, sorted by name.
    pub estimates: Vec<Estimate>,
    /// Every series over time, sorted by name.
    pub bands: Vec<Band>,
    /// Every distribution, all replications together, sorted by name.
    pub histograms: Vec<(String, Histogram)>,
    /// Exact counts around the limits of claims, sorted by name and limit.
    pub limits: Vec<LimitTally>,
    /// The station that falls behind most, if the cell has no steady state.
    pub growth: Option<Growth>,
    /// How each station's backlog moved in each replication, sorted by station.
    pub backlogs: Vec<(String, Vec<Backlog>)>,
    /// What became of each workload after the faults, replication by replication.
    pub aftermaths: Vec<Aftermath>,
    /// What controllers did in the first replication.
    pub decisions: Vec<Decision>,
}

/// The counts around one limit in every replication that counted.
#[derive(Clone, Debug, PartialEq)]
pub struct LimitTally {
    /// The distribution: `clients.latency@late`.
    pub name: String,
    /// The limit in nanoseconds.
    pub limit: u64,
    /// A count for each replication.
    pub counts: Vec<LimitCount>,
}

impl CellAnalysis {
    /// Puts the reports of one cell together; `runs` are `(replication, report)`, ascending.
    pub fn of(runs: &[(u64, RunReport)]) -> Self {
        let reports: Vec<&RunReport> = runs.iter().map(|(_, report)| report).collect();
        Self {
            replications: runs.iter().map(|(replication, _)| *replication).collect(),
            events: reports.iter().map(|report| report.events).sum(),
            requests: reports.iter().map(|report| report.requests).sum(),
            digest: reports.iter().fold(0, |sum, report| sum.wrapping_add(report.digest)),
            estimates: estimates(&reports),
            bands: bands(&reports),
            histograms: histograms(&reports),
            limits: limits(&reports),
            growth: None,
            backlogs: backlogs(&reports),
            aftermaths: Vec::new(),
            decisions: reports.first().map(|report| report.decisions.clone()).unwrap_or_default(),
        }
    }

    /// The figure of that name.
    pub fn estimate(&self, name: &str) -> Option<&Estimate> {
        let place = self.estimates.binary_search_by(|estimate| estimate.name.as_str().cmp(name)).ok()?;
        self.estimates.get(place)
    }

    /// The series of that name.
    pub fn band(&self, name: &str) -> Option<&Band> {
        self.bands.iter().find(|band| band.name == name)
    }

    /// The counts around a limit, if the runs counted there.
    pub fn limit(&self, name: &str, limit: u64) -> Option<&LimitTally> {
        self.limits.iter().find(|tally| tally.name == name && tally.limit == limit)
    }

    /// The highest mean utilisation of any station, 0 if none is told.
    pub fn busiest(&self) -> f64 {
        let means = self.estimates.iter().filter(|estimate| estimate.name.ends_with(".utilization.mean"));
        means.filter_map(|estimate| estimate.mean).fold(0.0, f64::max)
    }
}

/// Every figure that any replication tells; a replication that does not tell it has nothing measured there.
fn estimates(reports: &[&RunReport]) -> Vec<Estimate> {
    let mut by_name: BTreeMap<&str, Vec<Option<&Metric>>> = BTreeMap::new();
    for (place, report) in reports.iter().enumerate() {
        for metric in &report.metrics {
            let row = by_name.entry(&metric.name).or_insert_with(|| vec![None; reports.len()]);
            if let Some(slot) = row.get_mut(place) {
                *slot = Some(metric);
            }
        }
    }
    let estimate = |(name, row): (&str, Vec<Option<&Metric>>)| {
        let unit = row.iter().flatten().next()?.unit;
        Some(Estimate::of(&row, name, unit))
    };
    by_name.into_iter().filter_map(estimate).collect()
}

fn bands(reports: &[&RunReport]) -> Vec<Band> {
    let mut by_name: BTreeMap<&str, Vec<&Series>> = BTreeMap::new();
    for series in reports.iter().flat_map(|report| &report.series) {
        by_name.entry(&series.name).or_default().push(series);
    }
    by_name.into_values().filter_map(|series| Band::of(&series)).collect()
}

fn histograms(reports: &[&RunReport]) -> Vec<(String, Histogram)> {
    let mut by_name: BTreeMap<&str, Histogram> = BTreeMap::new();
    for (name, histogram) in reports.iter().flat_map(|report| &report.histograms) {
        by_name.entry(name).or_default().merge(histogram);
    }
    by_name.into_iter().map(|(name, histogram)| (name.to_owned(), histogram)).collect()
}

fn limits(reports: &[&RunReport]) -> Vec<LimitTally> {
    let mut by_limit: BTreeMap<(&str, u64), Vec<LimitCount>> = BTreeMap::new();
    for count in reports.iter().flat_map(|report| &report.limits) {
        by_limit.entry((&count.name, count.limit)).or_default().push(count.clone());
    }
    let tally =
        |((name, limit), counts): ((&str, u64), _)| LimitTally { name: name.to_owned(), limit, counts };
    by_limit.into_iter().map(tally).collect()
}

fn backlogs(reports: &[&RunReport]) -> Vec<(String, Vec<Backlog>)> {
    let mut by_station: BTreeMap<&str, Vec<Backlog>> = BTreeMap::new();
    for backlog in reports.iter().flat_map(|report| &report.backlogs) {
        by_station.entry(&backlog.station).or_default().push(backlog.clone());
    }
    by_station.into_iter().map(|(station, rows)| (station.to_owned(), rows)).collect()
}

#[cfg(test)]
mod tests {
    use models::report::Unit;

    use super::*;

    fn run(figures: &[(&str, f64)]) -> RunReport {
        let metric = |(name, value): &(&str, f64)| Metric {
            name: (*name).to_owned(),
            unit: Unit::Seconds,
            value: Some(*value),
            samples: 1,
        };
        RunReport { metrics: figures.iter().map(metric).collect(), digest: u64::MAX, ..RunReport::default() }
    }

    #[test]
    fn figures_that_a_replication_lacks_are_told_as_partial() {
        let cell = CellAnalysis::of(&[
            (0, run(&[("a.b.mean", 1.0), ("c.d.mean", 5.0)])),
            (2, run(&[("a.b.mean", 3.0)])),
        ]);
        assert_eq!(cell.replications, [0, 2]);
        assert_eq!(cell.estimate("a.b.mean").unwrap().mean, Some(2.0));
        let partial = cell.estimate("c.d.mean").unwrap();
        assert_eq!((partial.values.as_slice(), partial.count()), ([Some(5.0), None].as_slice(), 1));
        assert_eq!(cell.digest, u64::MAX - 1);
    }
}
