//! The figures that claims may name, and what they count in.
//!
//! A component may tell of more than stands here; then the claim's own unit decides what is compared.

use models::report::Unit;

/// One figure: its name, its unit, what it tells.
pub type Metric = (&'static str, Unit, &'static str);

/// The known figures; the first dozen every component has.
pub const METRICS: [Metric; 35] = [
    ("arrivals", Unit::PerSecond, "requests that arrived"),
    ("rate", Unit::PerSecond, "requests offered"),
    ("throughput", Unit::PerSecond, "requests answered, well or not"),
    ("goodput", Unit::PerSecond, "requests answered well and in time"),
    ("errors", Unit::PerSecond, "requests that failed"),
    ("rejected", Unit::PerSecond, "requests refused before any work"),
    ("success_ratio", Unit::Ratio, "answered well over finished"),
    ("latency", Unit::Seconds, "from the intended arrival to the final outcome"),
    ("wait", Unit::Seconds, "time in the queue"),
    ("queue_length", Unit::Count, "requests waiting"),
    ("in_flight", Unit::Count, "requests inside, waiting or served"),
    ("utilization", Unit::Ratio, "busy workers over all"),
    ("imbalance", Unit::Ratio, "how unevenly servers share the arrivals: max_over_mean, cv or jain"),
    ("attempts", Unit::PerSecond, "calls sent, retries included"),
    ("retries", Unit::PerSecond, "calls beyond the first"),
    ("timeouts", Unit::PerSecond, "calls given up by their caller"),
    ("dropped", Unit::PerSecond, "requests lost on a link or in a full queue"),
    ("wasted", Unit::Ratio, "work done for callers that had given up, over all work"),
    ("attempt_latency", Unit::Seconds, "from sending a call to its reply"),
    ("service", Unit::Seconds, "time in service"),
    ("time_to_recover", Unit::Seconds, "from a fault's end to normal goodput"),
    ("time_to_detect", Unit::Seconds, "from a fault's start to the first alert"),
    ("downtime", Unit::Seconds, "time without service"),
    ("availability", Unit::Ratio, "time with service over all time"),
    ("hit_ratio", Unit::Ratio, "lookups answered by the cache over all"),
    ("miss_ratio", Unit::Ratio, "lookups not answered by the cache over all"),
    ("evictions", Unit::PerSecond, "items that made room for others"),
    ("ejected", Unit::Count, "backends taken out by outlier detection"),
    ("age", Unit::Seconds, "how long the oldest message has waited"),
    ("length", Unit::Count, "messages in the queue"),
    ("lag", Unit::Seconds, "how far a replica or consumer is behind"),
    ("published", Unit::PerSecond, "messages accepted"),
    ("delivered", Unit::PerSecond, "messages handed to consumers, again or not"),
    ("dead_lettered", Unit::PerSecond, "messages given up"),
    ("servers", Unit::Count, "servers ready"),
];

/// What a figure counts in; `None` if it is not known.
pub fn unit_of(metric: &str) -> Option<Unit> {
    METRICS.iter().find(|(name, _, _)| *name == metric).map(|(_, unit, _)| *unit)
}

/// Whether a figure is a share of a whole, between 0 and 1.
pub fn is_share(metric: &str) -> bool {
    unit_of(metric) == Some(Unit::Ratio) || metric.ends_with("_ratio") || metric.ends_with("_share")
}
