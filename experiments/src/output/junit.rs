//! `junit.xml`: one test case for each SLO and expectation at each cell, for dashboards that read nothing else.

use std::fmt::Write;

use super::number::{short, significant};
use crate::{
    analysis::{Analysis, Kind, Ruling, Verdict},
    study::Study,
};

/// The whole file. A missed SLO is a skipped test unless SLOs gate, since some arms are meant to miss it.
pub fn junit(study: &Study, analysis: &Analysis, gate: bool) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let outcomes: Vec<Outcome> = analysis.rulings.iter().map(|ruling| outcome(ruling, gate)).collect();
    let count = |wanted: Outcome| outcomes.iter().filter(|outcome| **outcome == wanted).count();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\" errors=\"0\">",
        escaped(&study.name),
        outcomes.len(),
        count(Outcome::Failure),
        count(Outcome::Skipped),
    );
    for (ruling, outcome) in analysis.rulings.iter().zip(outcomes) {
        text.push_str(&case(study, ruling, outcome));
    }
    text + "</testsuite>\n"
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Success,
    Failure,
    Skipped,
}

fn outcome(ruling: &Ruling, gate: bool) -> Outcome {
    match (ruling.verdict, ruling.kind) {
        (Verdict::Pass, _) => Outcome::Success,
        (Verdict::Fail, Kind::Expect) => Outcome::Failure,
        (Verdict::Fail, Kind::Slo) if gate => Outcome::Failure,
        (Verdict::Fail, Kind::Slo) | (Verdict::Inconclusive, _) => Outcome::Skipped,
    }
}

fn case(study: &Study, ruling: &Ruling, outcome: Outcome) -> String {
    let cell = study.cells.get(ruling.cell).map(crate::study::Cell::label).unwrap_or_default();
    let kind = super::tables::word(&ruling.kind);
    let head = format!(
        "  <testcase classname=\"{}\" name=\"{}\"",
        escaped(&format!("{}.{kind}.{cell}", study.name)),
        escaped(&ruling.claim.text)
    );
    let message = escaped(&message(ruling));
    match outcome {
        Outcome::Success => format!("{head}/>\n"),
        Outcome::Failure => format!("{head}>\n    <failure message=\"{message}\"/>\n  </testcase>\n"),
        Outcome::Skipped => format!("{head}>\n    <skipped message=\"{message}\"/>\n  </testcase>\n"),
    }
}

fn message(ruling: &Ruling) -> String {
    let mut text = super::tables::word(&ruling.verdict);
    if let Some(value) = ruling.value {
        let _ = write!(text, ": {}", significant(value, 6));
    }
    if let Some(bounds) = ruling.bounds {
        let _ = write!(text, " [{}, {}]", significant(bounds.lower, 6), significant(bounds.upper, 6));
    }
    let _ = write!(text, " against {}", short(ruling.claim.threshold));
    if let Some(needed) = ruling.replications_needed {
        let _ = write!(text, "; about {needed} replications would decide");
    }
    if !ruling.note.is_empty() {
        let _ = write!(text, "; {}", ruling.note);
    }
    text
}

/// Text as an attribute may hold it; characters that XML 1.0 knows no way to write are dropped.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\t' | '\n' | '\r' => safe.push(' '),
            '\u{0}'..'\u{20}' | '\u{FFFE}' | '\u{FFFF}' => {}
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_s_text_survives_in_an_attribute() {
        assert_eq!(escaped("a < \"b\" & c\u{1}\n"), "a &lt; &quot;b&quot; &amp; c ");
    }
}
