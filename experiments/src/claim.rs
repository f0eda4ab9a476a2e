//! Claims about results: `clients.latency.p99@late < 250ms`.
//!
//! `<id>.<metric>.<statistic>[@<window>] <op> <value><unit>`. The part before the operator is the same string in
//! columns, flags and test names. SLOs and expectations share the grammar; what a broken one means differs.

use std::{fmt, ops::Range};

use models::report::Unit;
use sim_core::time::split_unit;

use crate::{
    diagnostic::Diagnostic,
    document::{nearest_within, one_of, source::Span},
    metric,
    quantity::{self, Quantity},
};

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
}

/// The statistics by the names that claims use.
pub const STATISTICS: [(&str, Statistic); 10] = [
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
            Self::Mean | Self::Max | Self::Min | Self::Rate | Self::Count => None,
        }
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

/// A part of the text and where it begins.
#[derive(Clone, Copy)]
struct Piece<'a> {
    text: &'a str,
    start: usize,
}

impl Piece<'_> {
    const fn range(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }

    fn trimmed(self) -> Self {
        let start = self.start + self.text.len() - self.text.trim_start().len();
        Self { text: self.text.trim(), start }
    }

    /// The parts before and after the last `separator`.
    fn rsplit(self, separator: char) -> Option<(Self, Self)> {
        let (before, after) = self.text.rsplit_once(separator)?;
        let start = self.start + self.text.len() - after.len();
        Some((Self { text: before, ..self }, Self { text: after, start }))
    }
}

/// The figure, the operator and the threshold.
fn split<'a>(
    text: &'a str,
    place: &dyn Fn(Range<usize>) -> Span,
) -> Result<(Piece<'a>, Comparison, Piece<'a>), Diagnostic> {
    let at = text.find(['<', '>', '=']);
    let known = |at: usize| COMPARISONS.iter().find(|(sign, _)| text[at..].starts_with(sign));
    match at.map(|at| (at, known(at))) {
        Some((at, Some((sign, comparison)))) => {
            let after = at + sign.len();
            let figure = Piece { text: &text[..at], start: 0 };
            let threshold = Piece { text: &text[after..], start: after };
            Ok((figure.trimmed(), *comparison, threshold.trimmed()))
        }
        Some((at, None)) => {
            let what = Diagnostic::error("E0604", "`=` is not a comparison");
            Err(what.at(place(at..at + 1), "did you mean `==`?  known are < <= > >= =="))
        }
        None => {
            let what = format!("`{text}` compares with nothing");
            let label = "add a comparison, such as `< 250ms`";
            Err(Diagnostic::error("E0604", what).at(place(0..text.len()), label))
        }
    }
}

/// What stands before the operator.
struct Figure<'a> {
    name: Piece<'a>,
    subject: Piece<'a>,
    metric: Piece<'a>,
    statistic: Statistic,
    window: Option<Piece<'a>>,
    /// What the figure counts in, if it is known.
    unit: Option<Unit>,
}

impl<'a> Figure<'a> {
    fn parse(name: Piece<'a>, place: &dyn Fn(Range<usize>) -> Span) -> Result<Self, Diagnostic> {
        let (figure, window) = match name.rsplit('@') {
            Some((figure, window)) => (figure, Some(window)),
            None => (name, None),
        };
        let (owner, statistic) = figure.rsplit('.').unwrap_or((figure, Piece { text: "", ..figure }));
        let (subject, metric) = owner.rsplit('.').unwrap_or((owner, Piece { text: "", ..owner }));
        let parts = [subject, metric, statistic];
        if parts.iter().any(|part| part.text.is_empty() || part.text.contains(char::is_whitespace)) {
            let what = format!("`{}` is not a figure", name.text);
            let label = "write <id>.<metric>.<statistic>, such as `clients.latency.p99`";
            return Err(Diagnostic::error("E0604", what).at(place(name.range()), label));
        }
        let statistic = statistic_of(statistic, place)?;
        let unit = unit_of(metric, statistic, place)?;
        Ok(Self { name, subject, metric, statistic, window, unit })
    }
}

fn statistic_of(piece: Piece<'_>, place: &dyn Fn(Range<usize>) -> Span) -> Result<Statistic, Diagnostic> {
    if let Some((_, statistic)) = STATISTICS.iter().find(|(name, _)| *name == piece.text) {
        return Ok(*statistic);
    }
    let known = STATISTICS.map(|(name, _)| name);
    let what = format!("unknown statistic `{}`", piece.text);
    Err(Diagnostic::error("E0605", what).at(place(piece.range()), one_of(&known)))
}

fn unit_of(
    metric: Piece<'_>,
    statistic: Statistic,
    place: &dyn Fn(Range<usize>) -> Span,
) -> Result<Option<Unit>, Diagnostic> {
    let known = metric::unit_of(metric.text);
    let names = metric::METRICS.iter().map(|(name, _, _)| *name);
    if known.is_none()
        // Components have figures that are not listed, so only an obvious slip is one.
        && let Some(near) = nearest_within(metric.text, names, 1)
    {
        let what = format!("unknown metric `{}`", metric.text);
        let diagnostic = Diagnostic::error("E0605", what);
        let label = format!("did you mean `{near}`?");
        return Err(diagnostic.at(place(metric.range()), label).help("stampede list metrics"));
    }
    Ok(match statistic {
        Statistic::Count => Some(Unit::Count),
        Statistic::Rate => Some(Unit::PerSecond),
        Statistic::Mean
        | Statistic::P50
        | Statistic::P90
        | Statistic::P95
        | Statistic::P99
        | Statistic::P999
        | Statistic::Max
        | Statistic::Min => known,
    })
}

/// What stands after the operator, fit for the figure.
struct Threshold {
    quantity: Quantity,
    written: String,
    unit: Unit,
}

impl Threshold {
    fn parse(
        piece: Piece<'_>,
        figure: &Figure<'_>,
        place: &dyn Fn(Range<usize>) -> Span,
    ) -> Result<Self, Diagnostic> {
        let span = place(piece.range());
        let quantity = Quantity::parse(piece.text).map_err(|why| unreadable(piece.text, &why, span))?;
        let unit = figure.unit.or(quantity.unit()).unwrap_or(if metric::is_share(figure.metric.text) {
            Unit::Ratio
        } else {
            Unit::Count
        });
        let written = piece.text.replace(char::is_whitespace, "");
        let fits = quantity.unit().map_or(matches!(unit, Unit::Count | Unit::Ratio), |given| given == unit);
        if let Quantity::Percent(percent) = quantity {
            return Err(not_a_fraction(figure, &written, percent, span));
        }
        if !fits {
            return Err(wrong_unit(figure, &written, quantity, unit, span));
        }
        let base = quantity.base();
        if unit == Unit::Ratio && metric::is_share(figure.metric.text) && !(0.0..=1.0).contains(&base) {
            return Err(not_a_fraction(figure, &written, base, span));
        }
        Ok(Self { quantity, written, unit })
    }
}

fn unreadable(text: &str, why: &str, span: Span) -> Diagnostic {
    if text.is_empty() {
        return Diagnostic::error("E0604", "the claim has no threshold").at(span, "add one, such as 250ms");
    }
    let (what, units) = why.split_once(": units are ").unwrap_or((why, ""));
    let diagnostic = Diagnostic::error("E0405", what).at(span, "");
    if units.is_empty() { diagnostic } else { diagnostic.note(format!("units are {units}")) }
}

fn not_a_fraction(figure: &Figure<'_>, written: &str, percent: f64, span: Span) -> Diagnostic {
    let what = format!("{} must be compared with a number between 0 and 1, got {written}", figure.name.text);
    let fraction = percent / 100.0;
    let label = if (0.0..=1.0).contains(&fraction) {
        format!("did you mean {fraction}?  fractions are written 0..1, never in percent")
    } else {
        "fractions are written 0..1".to_owned()
    };
    Diagnostic::error("E0402", what).at(span, label)
}

fn wrong_unit(figure: &Figure<'_>, written: &str, got: Quantity, unit: Unit, span: Span) -> Diagnostic {
    let (number, _) = split_unit(written);
    let wanted = quantity::describe(unit);
    if let Quantity::Number(_) = got {
        let what = format!("{wanted} needs a unit");
        let example = quantity::example(unit, number);
        return Diagnostic::error("E0401", what).at(span, format!("write {example}"));
    }
    let name = figure.name.text;
    let what = format!("cannot compare {name} ({wanted}) with `{written}` ({})", got.describe());
    let label = format!("write {wanted} such as {}", quantity::example(unit, number));
    Diagnostic::error("E0403", what).at(span, label)
}
