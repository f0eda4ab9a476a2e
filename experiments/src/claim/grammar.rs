//! The three parts of a claim's text: a figure, a comparison, a threshold that fits the figure.

use std::ops::Range;

use models::report::Unit;
use sim_core::time::split_unit;

use super::{COMPARISONS, Comparison, STATISTICS, Statistic};
use crate::{
    diagnostic::Diagnostic,
    document::{nearest_within, one_of, source::Span},
    metric,
    quantity::{self, Quantity},
};

/// A part of the text and where it begins.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    start: usize,
}

impl Piece<'_> {
    pub(super) const fn range(&self) -> Range<usize> {
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
pub(super) fn split<'a>(
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
pub(super) struct Figure<'a> {
    pub(super) name: Piece<'a>,
    pub(super) subject: Piece<'a>,
    pub(super) metric: Piece<'a>,
    pub(super) statistic: Statistic,
    pub(super) statistic_piece: Piece<'a>,
    pub(super) window: Option<Piece<'a>>,
    /// What the figure counts in, if it is known.
    unit: Option<Unit>,
}

impl<'a> Figure<'a> {
    pub(super) fn parse(name: Piece<'a>, place: &dyn Fn(Range<usize>) -> Span) -> Result<Self, Diagnostic> {
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
        let statistic_piece = statistic;
        let statistic = statistic_of(statistic, place)?;
        let unit = unit_of(metric, statistic, place)?;
        Ok(Self { name, subject, metric, statistic, statistic_piece, window, unit })
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
        Statistic::MaxOverMean | Statistic::Cv | Statistic::Jain => Some(Unit::Ratio),
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
pub(super) struct Threshold {
    pub(super) quantity: Quantity,
    pub(super) written: String,
    pub(super) unit: Unit,
}

impl Threshold {
    pub(super) fn parse(
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
