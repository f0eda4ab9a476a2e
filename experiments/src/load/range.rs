//! `A..=B/STEP` on the command line: every value from A to B, exact in decimal.
//!
//! `0.5..=0.9/0.1` gives 0.5, 0.6, 0.7, 0.8, 0.9 and never 0.7999999999999999; `10ms..=50ms/10ms` works too.

use sim_core::time::split_unit;

use crate::{
    diagnostic::Diagnostic,
    document::{decimal, source::Span, tree::Node},
};

/// More values than this on one axis are a mistake.
const MOST: i128 = 1_000;

/// The values of a range, `None` if the text is none.
pub(super) fn expand(written: &str, place: Span) -> Option<Result<Vec<Node>, Diagnostic>> {
    let (first, rest) = written.split_once("..=").filter(|(first, _)| !first.contains('"'))?;
    let wrong = |label: &str| {
        let what = Diagnostic::error("E0505", format!("`{}` is not a range", written.trim()));
        Err(what.at(place, label).help("write PATH=FIRST..=LAST/STEP, such as 0.5..=0.9/0.1"))
    };
    let parts = step_of(rest).map(|(last, step)| [first.trim(), last.trim(), step.trim()]);
    let Some(parts) = parts else { return Some(wrong("the step is missing: add /STEP")) };
    let unit = split_unit(parts[0]).1;
    if parts.iter().any(|part| split_unit(part).1 != unit) {
        return Some(wrong("all three must have the same unit"));
    }
    let numbers = parts.map(|part| Decimal::parse(split_unit(part).0));
    let [Some(first), Some(last), Some(step)] = numbers else {
        return Some(wrong("all three must be plain decimal numbers"));
    };
    let Some(values) = between(first, last, step) else {
        return Some(wrong(
            "the step must be above 0, the last not below the first, with at most 1000 values",
        ));
    };
    Some(Ok(values.iter().map(|value| node(value, unit, place)).collect()))
}

/// Parts `LAST/STEP`: a rate has a slash of its own.
fn step_of(text: &str) -> Option<(&str, &str)> {
    let rate = |at: usize| text[at + 1..].trim_start().starts_with(|next: char| next.is_alphabetic());
    let at = text.match_indices('/').map(|(at, _)| at).find(|at| !rate(*at))?;
    Some((&text[..at], &text[at + 1..]))
}

fn node(value: &str, unit: &str, place: Span) -> Node {
    if unit.is_empty() { Node::number(value, place) } else { Node::text(format!("{value}{unit}"), place) }
}

/// An exact decimal: `digits` / 10^`scale`.
#[derive(Clone, Copy)]
struct Decimal {
    digits: i128,
    scale: usize,
}

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let text = decimal(text)?;
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let digits = format!("{whole}{fraction}");
        // 18 digits leave room to bring three of them to one scale.
        let short = digits.len() <= 18;
        Some(Self { digits: digits.parse().ok().filter(|_| short)?, scale: fraction.len() })
    }

    /// The digits at a finer scale.
    fn at_scale(self, scale: usize) -> i128 {
        (self.scale..scale).fold(self.digits, |digits, _| digits * 10)
    }
}

/// The values from first to last, as decimal texts.
fn between(first: Decimal, last: Decimal, step: Decimal) -> Option<Vec<String>> {
    let scale = first.scale.max(last.scale).max(step.scale);
    let [first, last, step] = [first, last, step].map(|number| number.at_scale(scale));
    if step <= 0 || last < first || (last - first) / step >= MOST {
        return None;
    }
    Some((0..=(last - first) / step).map(|index| text(first + index * step, scale)).collect())
}

fn text(digits: i128, scale: usize) -> String {
    let sign = if digits < 0 { "-" } else { "" };
    let padded = format!("{:0>width$}", digits.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::compact;

    fn values(written: &str) -> String {
        let place = Span::default();
        match expand(written, place) {
            None => "no range".to_owned(),
            Some(Err(wrong)) => wrong.labels[0].text.clone(),
            Some(Ok(values)) => values.iter().map(compact).collect::<Vec<_>>().join(" "),
        }
    }

    #[test]
    fn decimals_are_exact() {
        assert_eq!(values("0.5..=0.9/0.1"), "0.5 0.6 0.7 0.8 0.9");
        assert_eq!(values("0.95..=1.0/0.02"), "0.95 0.97 0.99");
        assert_eq!(values("-1..=1/1"), "-1 0 1");
        assert_eq!(values("10ms..=30ms/10ms"), "\"10ms\" \"20ms\" \"30ms\"");
        assert_eq!(values("100/s..=300/s/100/s"), "\"100/s\" \"200/s\" \"300/s\"");
        assert_eq!(values("1,2"), "no range");
    }

    #[test]
    fn a_range_that_goes_nowhere_is_told() {
        assert_eq!(values("1..=2"), "the step is missing: add /STEP");
        assert_eq!(values("1ms..=2s/1ms"), "all three must have the same unit");
        assert_eq!(values("1..=x/1"), "all three must have the same unit");
        for wrong in ["1..=2/0", "2..=1/1", "0..=1/0.0001", "1..=2/-1"] {
            assert!(values(wrong).starts_with("the step must be above 0"), "{wrong}");
        }
        assert_eq!(values("1e3..=2e3/1e2"), "all three must be plain decimal numbers");
    }
}
