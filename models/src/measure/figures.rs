//! Figures: the ledgers of a run turned into named metrics.

use sim_core::statistics::{Histogram, imbalance};

use super::{
    ages::Ages,
    calls::CallBook,
    catalog::Owner,
    journeys::{Cause, Group, Journeys},
    ledger::{Ledger, Seen, Totals},
    level::Stretch,
    pulse::Beats,
    times::Times,
    windows::Window,
};
use crate::{
    report::{Metric, Unit},
    request::Reason,
};

/// Builds the list of metrics.
#[derive(Debug, Default)]
pub struct Figures {
    metrics: Vec<Metric>,
}

/// A station as it is reported: several servers' ledgers, or one.
pub struct Station<'a> {
    /// Its id: `web`, `web[3]`, `clients`.
    pub id: &'a str,
    /// The ledgers that make it up.
    pub ledgers: Vec<&'a Ledger>,
    /// Its distributions.
    pub times: &'a Times,
    /// How many can be served at once, and how long those have waited who cannot be yet; none where there is no
    /// service.
    pub service: Option<(u64, &'a Ages)>,
}

impl Figures {
    /// Adds one metric.
    pub fn add(&mut self, name: String, unit: Unit, value: Option<f64>, samples: u64) {
        self.metrics.push(Metric { name, unit, value: value.filter(|value| value.is_finite()), samples });
    }

    /// Adds how much was inside when the run ended.
    pub fn at_end(&mut self, id: &str, inside: u64) {
        self.add(format!("{id}.in_flight_at_end.count"), Unit::Count, Some(inside as f64), inside);
    }

    /// Adds all that a station tells about one window.
    pub fn station(&mut self, station: &Station<'_>, number: usize, window: &Window) {
        let mut sheet = Sheet::new(self, station.id, window);
        let totals =
            station.ledgers.iter().fold(Totals::default(), |sum, ledger| sum.plus(&ledger.within(number)));
        let seen: Vec<&Seen> = station.ledgers.iter().map(|ledger| &ledger.seen[number]).collect();
        sheet.flows(&totals);
        sheet.levels(&totals, &seen);
        sheet.distribution("latency", station.times.latency(number));
        if let Some((slots, ages)) = station.service {
            sheet.service(&totals, slots, &seen);
            sheet.ages(ages, number);
            sheet.distribution("wait", station.times.wait(number));
        }
        if station.ledgers.len() == 1 {
            return;
        }
        let loads: Vec<f64> =
            station.ledgers.iter().map(|ledger| ledger.within(number).arrivals as f64).collect();
        sheet.imbalance(&loads);
    }

    /// Adds what executors tell about one window, as far as their kind has it.
    pub fn pulse(&mut self, id: &str, beats: &Beats, owners: &[Owner], window: &Window) {
        let mut sheet = Sheet::new(self, id, window);
        if owners.contains(&Owner::Threads) {
            sheet.level("threads", beats.threads);
        }
        if owners.contains(&Owner::Loops) {
            let mean = (beats.polls > 0).then(|| beats.lag_nanos as f64 / beats.polls as f64 / 1e9);
            sheet.add("loop_lag.mean", Unit::Seconds, mean, beats.polls);
        }
        if owners.contains(&Owner::Thieves) {
            sheet.flow("steals", beats.steals, beats.polls);
        }
    }

    /// Adds how many stood outside the lines of a component, or of one server, in one window.
    pub fn blocked(&mut self, id: &str, blocked: Stretch, window: &Window) {
        Sheet::new(self, id, window).level("blocked", blocked);
    }

    /// Adds all that a caller's calls to one callee came to in one window.
    pub fn calls(&mut self, book: &CallBook, number: usize, window: &Window) {
        let mut sheet = Sheet::new(self, &book.name, window);
        let totals = book.within(number);
        let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        sheet.flow("wanted", totals.wanted, totals.wanted);
        sheet.flow("refused", totals.refused, totals.wanted);
        sheet.flow("attempts", totals.attempts, totals.attempts);
        sheet.flow("retries", totals.retries, totals.attempts);
        sheet.flow("copies", totals.copies, totals.attempts);
        sheet.add("amplification.mean", Unit::Ratio, share(totals.attempts, totals.wanted), totals.wanted);
        let breakers = window.length().as_nanos() as f64 * book.breakers as f64;
        let open = (breakers > 0.0).then(|| totals.open_area as f64 / breakers);
        sheet.add("circuit_open.mean", Unit::Ratio, open, totals.wanted);
        sheet.add("elsewhere.mean", Unit::Ratio, share(totals.elsewhere, totals.attempts), totals.attempts);
        sheet.count("panics", totals.panics, totals.attempts);
        sheet.count("ejections", totals.ejections, totals.attempts);
        sheet.count("detections", totals.detections, totals.detections);
        sheet.count("false_suspicions", totals.false_suspicions, totals.false_suspicions);
        sheet.count("missed_failures", totals.missed_failures, totals.missed_failures);
        let detection = book.detection(number);
        let slowest = detection.max().map(|nanos| nanos as f64 / 1e9);
        sheet.add(
            "detection_time.mean",
            Unit::Seconds,
            detection.mean().map(|nanos| nanos / 1e9),
            detection.count(),
        );
        sheet.add("detection_time.max", Unit::Seconds, slowest, detection.count());
        let finished = totals.finished();
        sheet.add("success_ratio.mean", Unit::Ratio, share(totals.succeeded, finished), finished);
        sheet.flow("errors", totals.failures(), finished);
        sheet.flow("degraded", totals.degraded, finished);
        sheet.reasons(&totals.failed, finished);
        sheet.distribution("attempt_latency", book.latency(number));
        if number == 0 {
            sheet.count("outstanding_at_end", book.outstanding, book.outstanding);
        }
    }

    /// Adds where the time of a workload's requests went, typical ones and the slowest; `nodes` are the components' ids.
    pub fn journeys(&mut self, id: &str, journeys: &Journeys, nodes: &[&str]) {
        for group in Group::ALL {
            let (of, means) = (format!("{id}.{}", group.name()), journeys.mean(group));
            for (node, hop) in nodes.iter().zip(&means.hops) {
                for (cause, mean) in Cause::ALL.iter().zip(hop) {
                    let name = format!("{of}.{node}.{}.mean", cause.name());
                    self.add(name, Unit::Seconds, *mean, means.count);
                }
            }
            self.add(format!("{of}.pause.mean"), Unit::Seconds, means.pause, means.count);
        }
    }

    /// All metrics, sorted by name.
    pub fn into_metrics(mut self) -> Vec<Metric> {
        self.metrics.sort_by(|left, right| left.name.cmp(&right.name));
        self.metrics
    }
}

/// One station in one window.
pub(super) struct Sheet<'a> {
    figures: &'a mut Figures,
    id: &'a str,
    suffix: String,
    pub(super) seconds: f64,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(figures: &'a mut Figures, id: &'a str, window: &Window) -> Self {
        let suffix = if window.name.is_empty() { String::new() } else { format!("@{}", window.name) };
        Self { figures, id, suffix, seconds: window.length().as_secs_f64() }
    }

    pub(super) fn add(&mut self, metric: &str, unit: Unit, value: Option<f64>, samples: u64) {
        self.figures.add(format!("{}.{metric}{}", self.id, self.suffix), unit, value, samples);
    }

    /// A level's mean and its peak.
    pub(super) fn level(&mut self, metric: &str, level: Stretch) {
        let (mean, most) = (level.area as f64 / (self.seconds * 1e9), u64::from(level.most));
        self.add(&format!("{metric}.mean"), Unit::Count, Some(mean), most);
        self.add(&format!("{metric}.max"), Unit::Count, Some(most as f64), most);
    }

    fn rate(&mut self, metric: &str, count: u64) {
        self.add(metric, Unit::PerSecond, Some(count as f64 / self.seconds), count);
    }

    pub(super) fn count(&mut self, metric: &str, count: u64, samples: u64) {
        self.add(&format!("{metric}.count"), Unit::Count, Some(count as f64), samples);
    }

    /// A number of things, and how many that is a second.
    pub(super) fn flow(&mut self, metric: &str, count: u64, samples: u64) {
        self.count(metric, count, samples);
        self.rate(&format!("{metric}.rate"), count);
    }

    fn flows(&mut self, totals: &Totals) {
        let finished = totals.finished();
        self.flow("arrivals", totals.arrivals, totals.arrivals);
        self.rate("throughput.mean", finished);
        self.rate("goodput.mean", totals.succeeded);
        self.flow("errors", totals.failures(), finished);
        self.flow("degraded", totals.degraded, finished);
        self.flow("rejected", totals.refusals(), finished);
        let ratio = (finished > 0).then(|| totals.succeeded as f64 / finished as f64);
        self.add("success_ratio.mean", Unit::Ratio, ratio, finished);
        self.reasons(&totals.failed, finished);
    }

    fn reasons(&mut self, failed: &[u64; Reason::ALL.len()], finished: u64) {
        for reason in Reason::ALL {
            self.count(&format!("failed_{}", reason.name()), failed[reason as usize], finished);
        }
    }

    fn levels(&mut self, totals: &Totals, seen: &[&Seen]) {
        let mean = totals.level_area as f64 / (self.seconds * 1e9);
        let peak = seen.iter().map(|seen| seen.level_peak).max().unwrap_or(0);
        self.add("in_flight.mean", Unit::Count, Some(mean), totals.arrivals);
        self.add("in_flight.max", Unit::Count, Some(f64::from(peak)), totals.arrivals);
    }

    fn service(&mut self, totals: &Totals, slots: u64, seen: &[&Seen]) {
        let nanos = self.seconds * 1e9;
        let samples = totals.arrivals;
        let waiting = totals.queue_area as f64 / nanos;
        let peak = seen.iter().map(|seen| seen.queue_peak).max().unwrap_or(0);
        let busy = totals.busy_area as f64 / nanos / slots as f64;
        self.add("queue_length.mean", Unit::Count, Some(waiting), samples);
        self.add("queue_length.max", Unit::Count, Some(f64::from(peak)), samples);
        self.add("utilization.mean", Unit::Ratio, Some(busy), samples);
        let wasted = (totals.spent_nanos > 0).then(|| totals.wasted_nanos as f64 / totals.spent_nanos as f64);
        self.add("wasted.mean", Unit::Ratio, wasted, totals.finished());
        self.flow("wasted", totals.wasted, totals.finished());
    }

    fn ages(&mut self, ages: &Ages, number: usize) {
        let (mean, looks) = ages.mean(number);
        self.add("age.mean", Unit::Seconds, mean, looks);
        self.add("age.max", Unit::Seconds, ages.max(number), looks);
    }

    pub(super) fn distribution(&mut self, metric: &str, histogram: &Histogram) {
        let samples = histogram.count();
        let seconds = |nanos: Option<u64>| nanos.map(|nanos| nanos as f64 / 1e9);
        let mean = (samples > 0).then(|| histogram.sum() as f64 / samples as f64 / 1e9);
        self.add(&format!("{metric}.mean"), Unit::Seconds, mean, samples);
        for (name, p) in
            [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999), ("p9999", 0.9999)]
        {
            self.add(&format!("{metric}.{name}"), Unit::Seconds, seconds(histogram.quantile(p)), samples);
        }
        self.add(&format!("{metric}.max"), Unit::Seconds, seconds(histogram.max()), samples);
        self.add(&format!("{metric}.min"), Unit::Seconds, seconds(histogram.min()), samples);
        self.add(&format!("{metric}.count"), Unit::Count, Some(samples as f64), samples);
    }

    pub(super) fn spread(&mut self, metric: &str, loads: &[f64]) {
        let samples = loads.iter().sum::<f64>() as u64;
        for (statistic, value) in [
            ("max_over_mean", imbalance::max_over_mean(loads)),
            ("cv", imbalance::coefficient_of_variation(loads)),
            ("gini", imbalance::gini(loads)),
            ("jain", imbalance::jain(loads)),
        ] {
            self.add(&format!("{metric}.{statistic}"), Unit::Ratio, value, samples);
        }
    }

    fn imbalance(&mut self, loads: &[f64]) {
        let samples = loads.iter().sum::<f64>() as u64;
        self.add("imbalance.max_over_mean", Unit::Ratio, imbalance::max_over_mean(loads), samples);
        self.add("imbalance.cv", Unit::Ratio, imbalance::coefficient_of_variation(loads), samples);
        self.add("imbalance.jain", Unit::Ratio, imbalance::jain(loads), samples);
    }
}
