//! The figures that claims may name, and what they count in: what runs report, and what analysis adds.

use std::sync::LazyLock;

use models::report::Unit;

/// One figure: its name, its unit, what it tells.
pub type Metric = (&'static str, Unit, &'static str);

/// What analysis makes of several figures of a run.
const ADDED: [Metric; 1] = [(
    "time_to_recover",
    Unit::Seconds,
    "from the last fault's end to normal goodput (95 % of what it was, over 10 s) for good; of a workload; its statistic is max",
)];

/// Every figure.
pub static METRICS: LazyLock<Vec<Metric>> = LazyLock::new(|| {
    let reported = models::measure::METRICS.iter().map(|figure| (figure.name, figure.unit, figure.what));
    reported.chain(ADDED).collect()
});

/// What a figure counts in; `None` if it is not known.
pub fn unit_of(metric: &str) -> Option<Unit> {
    METRICS.iter().find(|(name, _, _)| *name == metric).map(|(_, unit, _)| *unit)
}

/// Quotients that may be above 1.
const UNBOUNDED: [&str; 6] =
    ["imbalance", "shard_imbalance", "busy_imbalance", "key_imbalance", "byte_imbalance", "amplification"];

/// Whether a figure is a share of a whole, between 0 and 1.
pub fn is_share(metric: &str) -> bool {
    let quotient = unit_of(metric) == Some(Unit::Ratio) && !UNBOUNDED.contains(&metric);
    quotient || metric.ends_with("_ratio") || metric.ends_with("_share")
}
