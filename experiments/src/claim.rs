//! Claims about results: `clients.latency.p99@late < 250ms`.
//!
//! `<id>.<metric>.<statistic>[@<window>] <op> <value><unit>`. The part before the operator is the same string in
//! columns, flags and test names. SLOs and expectations share the grammar; what a broken one means differs.

mod grammar;

use std::{fmt, ops::Range};

use models::report::Unit;

use self::grammar::{Figure, Threshold, split};
use crate::{diagnostic::Diagnostic, document::source::Span, quantity::Quantity};

/// How a figure is summed up within one replication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Statistic {
    /// The average.
    Mean,
    /// The median.
    P50,
    /// The 90th percentile.
    P90,
    /// The 95th percentile.
    P95,
    /// The 99th percentile.
    P99,
    /// The 99.9th percentile.
    P999,
    /// The largest.
    Max,
    /// The smallest.
    Min,
    /// Observations a second.
    Rate,
    /// The number of observations.
    Count,
    /// Of servers' shares: the largest over the mean.
    MaxOverMean,
    /// Of servers' shares: the standard deviation over the mean.
    Cv,
    /// Of servers' shares: Jain's index of fairness, 1 if all are equal.
    Jain,
}

/// The statistics by the names that claims use.
pub const STATISTICS: [(&str, Statistic); 13] = [
    ("mean", Statistic::Mean),
    ("p50", Statistic::P50),
    ("p90", Statistic::P90),
    ("p95", Statistic::P95),
    ("p99", Statistic::P99),
    ("p999", Statistic::P999),
    ("max", Statistic::Max),
    ("min", Statistic::Min),
    ("rate", Statistic::Rate),
    ("count", Statistic::Count),
    ("max_over_mean", Statistic::MaxOverMean),
    ("cv", Statistic::Cv),
    ("jain", Statistic::Jain),
];

impl Statistic {
    /// The share of observations under a percentile; `None` for the others.
    pub const fn quantile(self) -> Option<f64> {
        match self {
            Self::P50 => Some(0.5),
            Self::P90 => Some(0.9),
            Self::P95 => Some(0.95),
            Self::P99 => Some(0.99),
            Self::P999 => Some(0.999),
            Self::Mean
            | Self::Max
            | Self::Min
            | Self::Rate
            | Self::Count
            | Self::MaxOverMean
            | Self::Cv
            | Self::Jain => None,
        }
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = STATISTICS.iter().find(|(_, statistic)| statistic == self);
        f.write_str(found.map_or("", |(text, _)| text))
    }
}

/// What must hold between the figure and the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
    /// `==`, exactly and in every replication.
    Equal,
}

// The longer of two that begin alike comes first.
const COMPARISONS: [(&str, Comparison); 5] = [
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("==", Comparison::Equal),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

impl Comparison {
    /// Whether it holds between a value and the threshold.
    pub fn holds(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Less => value < threshold,
            Self::LessOrEqual => value <= threshold,
            Self::Greater => value > threshold,
            Self::GreaterOrEqual => value >= threshold,
            Self::Equal => value == threshold,
        }
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = COMPARISONS.iter().find(|(_, comparison)| comparison == self);
        f.write_str(found.map_or("", |(text, _)| text))
    }
}

/// A claim, understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The figure: `clients.latency.p99@late`.
    pub name: String,
    /// Whose figure: `clients`, `web[3]`, `gateway.calls.auth`.
    pub subject: String,
    /// Which figure: `latency`.
    pub metric: String,
    /// How it is summed up.
    pub statistic: Statistic,
    /// The window it is taken in; all of the measurement without one.
    pub window: Option<String>,
    /// What must hold.
    pub comparison: Comparison,
    /// The threshold in base units: seconds, per second, bytes, ratios.
    pub threshold: f64,
    /// The threshold as written: `250ms`.
    pub written: String,
    /// The threshold of a duration in nanoseconds, exactly.
    pub limit: Option<u64>,
    /// What the figure counts in.
    pub unit: Unit,
    /// Where it is written.
    pub span: Span,
    /// Where its window is named, or the claim if it names none.
    pub window_span: Span,
    /// Where its subject is named.
    pub subject_span: Span,
}

impl fmt::Display for Claim {
    /// The canonical text: `clients.latency.p99 < 250ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.name, self.comparison, self.written)
    }
}

impl Claim {
    /// Reads a claim. `place` tells where a range of bytes of `text` stands.
    ///
    /// # Errors
    /// The first thing wrong with it.
    pub fn parse(text: &str, place: &dyn Fn(Range<usize>) -> Span) -> Result<Self, Diagnostic> {
        let (figure, comparison, threshold) = split(text, place)?;
        let figure = Figure::parse(figure, place)?;
        let threshold = Threshold::parse(threshold, &figure, place)?;
        let limit = match threshold.quantity {
            Quantity::Duration(length) => Some(length.as_nanos()),
            Quantity::Rate(_) | Quantity::Size(_) | Quantity::Number(_) | Quantity::Percent(_) => None,
        };
        let whole = place(0..text.len());
        Ok(Self {
            name: figure.name.text.to_owned(),
            subject: figure.subject.text.to_owned(),
            metric: figure.metric.text.to_owned(),
            statistic: figure.statistic,
            window: figure.window.map(|window| window.text.to_owned()),
            comparison,
            threshold: threshold.quantity.base(),
            written: threshold.written,
            limit,
            unit: threshold.unit,
            span: whole,
            window_span: figure.window.map_or(whole, |window| place(window.range())),
            subject_span: place(figure.subject.range()),
        })
    }

    /// The id its subject starts with: `web` of `web[3]`.
    pub fn id(&self) -> &str {
        self.subject.split(['.', '[']).next().unwrap_or_default()
    }

    /// The distribution it speaks of, with its window: `clients.latency@late`.
    pub fn distribution(&self) -> String {
        let window = self.window.as_ref().map_or_else(String::new, |window| format!("@{window}"));
        format!("{}.{}{window}", self.subject, self.metric)
    }

    /// Whether it is decided by comparing exactly in every replication, without an interval.
    pub fn is_exact(&self) -> bool {
        self.comparison == Comparison::Equal || self.statistic == Statistic::Count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(text: &str) -> Claim {
        let place = |range: Range<usize>| Span { source: 0, start: range.start, end: range.end };
        Claim::parse(text, &place).unwrap_or_else(|wrong| panic!("{wrong:?}"))
    }

    #[test]
    fn a_claim_is_taken_apart() {
        let claim = claim("gateway.calls.auth.latency.p99@late<= 250 ms");
        assert_eq!(claim.to_string(), "gateway.calls.auth.latency.p99@late <= 250ms");
        assert_eq!(
            (claim.subject.as_str(), claim.id(), claim.metric.as_str()),
            ("gateway.calls.auth", "gateway", "latency")
        );
        assert_eq!((claim.statistic, claim.window.as_deref()), (Statistic::P99, Some("late")));
        assert_eq!((claim.threshold, claim.limit, claim.unit), (0.25, Some(250_000_000), Unit::Seconds));
        assert_eq!(claim.distribution(), "gateway.calls.auth.latency@late");
        assert_eq!((claim.subject_span.end, claim.window_span.start, claim.window_span.end), (18, 31, 35));
    }

    #[test]
    fn the_unit_follows_the_figure() {
        for (text, unit, threshold) in [
            ("web[3].utilization.mean < 0.9", Unit::Ratio, 0.9),
            ("clients.goodput.mean > 600/min", Unit::PerSecond, 10.0),
            ("clients.latency.count > 100", Unit::Count, 100.0),
            ("clients.latency.rate > 5/s", Unit::PerSecond, 5.0),
            ("orders.length.max == 0", Unit::Count, 0.0),
            ("disk.written.mean < 2KB", Unit::Bytes, 2000.0),
            ("web.imbalance.max_over_mean < 1.25", Unit::Ratio, 1.25),
            ("x.warp_share.mean < 0.5", Unit::Ratio, 0.5),
        ] {
            let claim = claim(text);
            assert_eq!((claim.unit, claim.threshold), (unit, threshold), "{text}");
        }
        assert!(claim("orders.length.max == 0").is_exact() && claim("clients.latency.count > 1").is_exact());
        assert!(!claim("clients.latency.max < 1s").is_exact());
    }

    #[test]
    fn boundaries_belong_where_the_sign_says() {
        let held: Vec<_> = COMPARISONS.map(|(_, comparison)| comparison.holds(1.0, 1.0)).to_vec();
        assert_eq!(held, [true, true, true, false, false]);
        assert!(Comparison::Less.holds(0.9, 1.0) && !Comparison::Greater.holds(0.9, 1.0));
    }
}
