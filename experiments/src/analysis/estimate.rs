//! One figure of one cell: its value in each replication, and what they say together.

use models::report::{Metric, Unit};
use serde::Serialize;
use sim_core::statistics::{
    Bounds, Interval, Proportion, interval::FEW_REPLICATIONS, proportion_over_replications,
};

use super::CONFIDENCE;
use crate::study::tail_of;

/// How an interval was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Student's t over the replications' own figures.
    Student,
    /// Wilson's score interval over all trials, since every replication had none or all.
    Wilson,
    /// The hull of both: a replication had none or all, and others had not. Pooling alone would hide that
    /// replications differ, Student alone that a share of 0 is not certain.
    StudentAndWilson,
    /// None: one replication, nothing measured, nothing finite, or a figure that grows with the run.
    None,
}

/// Why a figure deserves less trust than its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// One replication: no interval.
    OneReplication,
    /// Fewer than 5 replications: the interval is a hint.
    FewReplications,
    /// Some replications had nothing to measure.
    Partial,
    /// Infinite in some replication: something never happened.
    Infinite,
    /// Zero (or, for a share, all) in every replication: "never seen", not "never".
    Zero,
    /// Too few observations beyond the quantile for the interval to hold what it promises.
    FewTailSamples,
    /// Too few observations for this quantile to be told at all.
    TailUnresolved,
    /// The warm-up was shorter than the figures needed to settle.
    WarmupInsufficient,
    /// A station of the cell cannot keep up: the figure may grow with the run.
    Unstable,
}

/// One figure of one cell over its replications.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// `clients.latency.p99@late`.
    pub name: String,
    /// In what it counts.
    pub unit: Unit,
    /// Its value in each replication that was run, in their order; none where nothing was measured.
    pub values: Vec<Option<f64>>,
    /// The observations behind each value.
    pub samples: Vec<u64>,
    /// The mean of the measured values.
    pub mean: Option<f64>,
    /// Where the true mean lies, with 95 % confidence.
    pub bounds: Option<Bounds>,
    /// How that was found.
    pub method: Method,
    /// What to beware of, sorted.
    pub flags: Vec<Flag>,
}

/// The parts of a figure's name: `clients.latency`, `p99`, `late`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FigureName<'a> {
    /// The component and what is measured.
    pub metric: &'a str,
    /// Which figure of it.
    pub statistic: &'a str,
    /// In which window.
    pub window: Option<&'a str>,
}

impl<'a> FigureName<'a> {
    /// Takes a full name apart.
    pub fn parse(name: &'a str) -> Self {
        let (figure, window) = match name.rsplit_once('@') {
            Some((figure, window)) => (figure, Some(window)),
            None => (name, None),
        };
        let (metric, statistic) = figure.rsplit_once('.').unwrap_or((figure, ""));
        Self { metric, statistic, window }
    }

    /// What is measured, without the component: `latency`.
    pub fn quantity(self) -> &'a str {
        self.metric.rsplit_once('.').map_or(self.metric, |(_, quantity)| quantity)
    }
}

impl Estimate {
    /// What the replications' values of one figure say together.
    pub fn of(metrics: &[Option<&Metric>], name: &str, unit: Unit) -> Self {
        let values: Vec<Option<f64>> =
            metrics.iter().map(|metric| metric.and_then(|metric| metric.value)).collect();
        let samples = metrics.iter().map(|metric| metric.map_or(0, |metric| metric.samples)).collect();
        let mut estimate = Self {
            name: name.to_owned(),
            unit,
            values,
            samples,
            mean: None,
            bounds: None,
            method: Method::None,
            flags: Vec::new(),
        };
        estimate.settle();
        estimate
    }

    /// The replications that measured it.
    pub fn count(&self) -> u64 {
        self.values.iter().flatten().count() as u64
    }

    /// Half the width of the interval.
    pub fn half_width(&self) -> Option<f64> {
        self.bounds.map(|bounds| (bounds.upper - bounds.lower) / 2.0)
    }

    /// Whether `flag` is raised.
    pub fn has(&self, flag: Flag) -> bool {
        self.flags.contains(&flag)
    }

    /// Raises a flag, once.
    pub fn raise(&mut self, flag: Flag) {
        if let Err(place) = self.flags.binary_search(&flag) {
            self.flags.insert(place, flag);
        }
    }

    /// Takes the interval away: the figure has no value that a longer run would come closer to.
    pub fn forsake_interval(&mut self) {
        self.bounds = None;
        self.method = Method::None;
    }

    /// Whether the figure grows with the run where a station cannot keep up.
    pub fn grows_when_unstable(&self) -> bool {
        let quantity = FigureName::parse(&self.name).quantity();
        self.unit == Unit::Seconds || ["queue_length", "in_flight", "length"].contains(&quantity)
    }

    /// The share that the figure's quantile leaves above itself: 0.01 for p99.
    pub fn tail_share(&self) -> Option<f64> {
        tail_of(FigureName::parse(&self.name).statistic)
    }

    fn settle(&mut self) {
        let measured: Vec<f64> = self.values.iter().flatten().copied().collect();
        if measured.len() < self.values.len() {
            self.raise(Flag::Partial);
        }
        if measured.is_empty() {
            return;
        }
        self.mean = Some(measured.iter().sum::<f64>() / measured.len() as f64);
        if measured.iter().any(|value| !value.is_finite()) {
            self.raise(Flag::Infinite);
            return;
        }
        self.settle_interval(&measured);
        match measured.len() as u64 {
            1 => self.raise(Flag::OneReplication),
            2..FEW_REPLICATIONS => self.raise(Flag::FewReplications),
            _ => {}
        }
    }

    fn settle_interval(&mut self, measured: &[f64]) {
        let counts = self.share_counts();
        let never = measured.iter().all(|value| *value == 0.0);
        if never || counts.is_some() && measured.iter().all(|value| *value == 1.0) {
            self.raise(Flag::Zero);
        }
        let found = match counts {
            Some(counts) => share_bounds(&counts),
            // No event in any run of a rate or a count: Student's width of 0 would be a lie.
            None if never => None,
            None => Interval::of(measured, CONFIDENCE).map(|interval| (interval.bounds(), Method::Student)),
        };
        if let Some((bounds, method)) = found {
            self.bounds = Some(bounds);
            self.method = method;
        }
    }

    /// Successes and trials in each replication, if the figure is a share of observations.
    fn share_counts(&self) -> Option<Vec<(u64, u64)>> {
        let quantity = FigureName::parse(&self.name).quantity();
        if self.unit != Unit::Ratio || !quantity.ends_with("_ratio") {
            return None;
        }
        let counts = self.values.iter().zip(&self.samples).filter_map(|(value, trials)| {
            let share = value.filter(|share| (0.0..=1.0).contains(share))?;
            Some(((share * *trials as f64 + 0.5) as u64, *trials))
        });
        Some(counts.collect())
    }
}

/// The interval of a share counted in several replications, each `(successes, trials)`; none below two.
pub(super) fn share_bounds(counts: &[(u64, u64)]) -> Option<(Bounds, Method)> {
    let told = || counts.iter().filter(|(_, trials)| *trials > 0);
    let shares: Vec<f64> = told().map(|(successes, trials)| *successes as f64 / *trials as f64).collect();
    let student = Interval::of(&shares, CONFIDENCE)?;
    match proportion_over_replications(counts, CONFIDENCE)? {
        Proportion::OverReplications(interval) => Some((interval.bounds(), Method::Student)),
        Proportion::Pooled { bounds, .. } if student.half_width > 0.0 => {
            Some((hull(student.bounds(), bounds), Method::StudentAndWilson))
        }
        Proportion::Pooled { bounds, .. } => Some((bounds, Method::Wilson)),
    }
}

/// The narrowest interval that holds both.
fn hull(one: Bounds, other: Bounds) -> Bounds {
    Bounds { lower: one.lower.min(other.lower), upper: one.upper.max(other.upper) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(name: &str, unit: Unit, values: &[f64], samples: u64) -> Estimate {
        let metric = |value| Metric { name: name.into(), unit, value: Some(value), samples };
        let metrics: Vec<Metric> = values.iter().copied().map(metric).collect();
        Estimate::of(&metrics.iter().map(Some).collect::<Vec<_>>(), name, unit)
    }

    #[test]
    fn names_come_apart() {
        let name = FigureName::parse("web[3].queue_length.max@late");
        assert_eq!((name.metric, name.statistic, name.window), ("web[3].queue_length", "max", Some("late")));
        assert_eq!(name.quantity(), "queue_length");
    }

    #[test]
    fn ten_replications_give_student_s_interval() {
        // Law's example data: mean 9.92, half-width 0.582917 with t9 = 2.262157.
        let values = [9.2, 10.1, 8.7, 11.3, 9.9, 10.4, 9.0, 10.8, 9.6, 10.2];
        let found = estimate("clients.latency.mean", Unit::Seconds, &values, 100);
        assert!((found.mean.unwrap() - 9.92).abs() < 1e-12);
        assert!((found.half_width().unwrap() - 0.582_917).abs() < 1e-6);
        assert_eq!((found.method, found.flags), (Method::Student, vec![]));
    }

    #[test]
    fn one_replication_has_no_interval_and_four_are_few() {
        let one = estimate("a.latency.mean", Unit::Seconds, &[1.0], 9);
        assert_eq!((one.bounds, one.flags), (None, vec![Flag::OneReplication]));
        let four = estimate("a.latency.mean", Unit::Seconds, &[1.0, 2.0, 3.0, 4.0], 9);
        assert_eq!(four.flags, [Flag::FewReplications]);
    }

    #[test]
    fn no_error_in_a_thousand_is_not_zero() {
        let found = estimate("a.error_ratio.mean", Unit::Ratio, &[0.0; 10], 100);
        // Two-sided Wilson for 0 of 1000.
        assert!((found.bounds.unwrap().upper - 0.003_827).abs() < 1e-6);
        assert_eq!((found.method, found.flags.as_slice()), (Method::Wilson, [Flag::Zero].as_slice()));
    }

    #[test]
    fn one_collapse_among_ten_replications_is_not_averaged_into_certainty() {
        let found = estimate(
            "a.success_ratio.mean@late",
            Unit::Ratio,
            &[1., 1., 1., 1., 1., 1., 1., 1., 1., 0.],
            1000,
        );
        let bounds = found.bounds.unwrap();
        // Pooled alone says 0.9 ± 0.006; the replications say 0.9 ± 0.226.
        assert!((bounds.lower - 0.6738).abs() < 1e-4 && (bounds.upper - 1.1262).abs() < 1e-4, "{bounds:?}");
        assert_eq!(found.method, Method::StudentAndWilson);
    }

    #[test]
    fn what_never_happens_has_an_infinite_mean() {
        let found = estimate("a.time_to_recover.max", Unit::Seconds, &[4.0, f64::INFINITY], 1);
        assert_eq!((found.mean, found.bounds), (Some(f64::INFINITY), None));
        assert_eq!(found.flags, [Flag::Infinite]);
    }
}
