//! `summary.md`: the same conclusions for a wiki, a pull request or a mail.

use std::fmt::Write;

use super::metastable::{hardship, metastable};
use super::number::{Scale, TimeUnit, chance, give_or_take, signed};
use crate::{
    analysis::{Analysis, Estimate, Headline, Kind, Ruling, Verdict},
    study::Study,
};

/// The whole page.
pub fn markdown(study: &Study, analysis: &Analysis) -> String {
    let mut page = format!("# {}\n", study.name);
    if !study.question.is_empty() {
        let _ = write!(page, "\n{}\n", study.question);
    }
    for sentence in &analysis.answer {
        let _ = write!(page, "\n> {}\n", escaped(sentence));
    }
    for (index, headline) in analysis.headlines.iter().enumerate() {
        page.push_str(&figure_table(study, analysis, index, headline));
    }
    page.push_str(&metastable_failures(study, analysis));
    page.push_str(&claims(study, analysis));
    page.push_str(&differences(study, analysis));
    let _ = write!(page, "\nSeed {}, experiment `{}`, cells in `cells.csv`.\n", study.seed, study.hash);
    page
}

fn figure_table(study: &Study, analysis: &Analysis, index: usize, headline: &Headline) -> String {
    let estimates = || analysis.cells.iter().filter_map(|cell| cell.estimate(&headline.figure));
    let unit = estimates().next().map_or(models::report::Unit::Ratio, |estimate| estimate.unit);
    let claim = headline.slo.and_then(|slo| study.slos.get(slo));
    let typical =
        claim.map(|claim| claim.threshold).or_else(|| estimates().find_map(|estimate| estimate.mean));
    let scale = Scale::of(unit, typical.unwrap_or(1.0), TimeUnit::Auto);
    let points = study.points();
    let label = study.axis_labels().join(", ");
    let shown = points.iter().map(|point| match study.shown_point_text(point) {
        text if text.is_empty() => headline.short(),
        text => text,
    });
    let mut table =
        format!("\n## {}{}\n\n", claim.map_or(&headline.figure, |claim| &claim.text), in_unit(scale));
    table.push_str(&row(std::iter::once(label).chain(shown)));
    table.push_str(&row(std::iter::once("---".to_owned()).chain(points.iter().map(|_| "---:".to_owned()))));
    for arm in study.present_arms() {
        let entry = |point: &Vec<String>| {
            study.cell(arm, point).map(|cell| entry(analysis, index, headline, cell, scale))
        };
        let entries = points.iter().map(|point| entry(point).unwrap_or_default());
        let baseline = if study.baseline.as_deref() == Some(arm) { " (baseline)" } else { "" };
        table.push_str(&row(std::iter::once(format!("{arm}{baseline}")).chain(entries)));
    }
    table
}

fn in_unit(scale: Scale) -> String {
    if scale.unit.is_empty() { String::new() } else { format!(" ({})", scale.unit) }
}

fn entry(analysis: &Analysis, index: usize, headline: &Headline, cell: usize, scale: Scale) -> String {
    let Some(found) = analysis.cells.get(cell) else { return String::new() };
    let value = match (found.estimate(&headline.figure), &found.growth) {
        (Some(estimate), Some(growth)) if estimate.grows_when_unstable() => {
            format!("unstable, {}/s at {}", signed(growth.per_second, 3), growth.station)
        }
        (Some(estimate), _) => value(estimate, scale),
        (None, _) => "–".to_owned(),
    };
    let leads = if analysis.leads(index, cell) { " ▴" } else { "" };
    let about = |ruling: &&Ruling| ruling.cell == cell && ruling.claim.figure() == headline.figure;
    let sign = analysis.rulings_of(Kind::Slo).find(about).map_or("", |ruling| sign(ruling.verdict));
    format!("{value} {sign}{leads}").trim_end().to_owned()
}

fn value(estimate: &Estimate, scale: Scale) -> String {
    let half = estimate.half_width().map(|half| half * scale.factor);
    estimate.mean.map_or("–".to_owned(), |mean| give_or_take(mean * scale.factor, half))
}

const fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✓",
        Verdict::Fail => "✗",
        Verdict::Inconclusive => "?",
    }
}

fn metastable_failures(study: &Study, analysis: &Analysis) -> String {
    let told = analysis.recoveries.iter().filter_map(|found| {
        let (stuck, cell) = (found.stuck.as_ref()?, study.cells.get(found.cell)?);
        let (is, so) = (metastable(found, stuck), hardship(stuck));
        Some(format!("\n**Metastable**: {}: {} ({}).\n", escaped(&cell.label()), is, escaped(&so)))
    });
    told.collect()
}

fn claims(study: &Study, analysis: &Analysis) -> String {
    if study.expectations.is_empty() {
        return String::new();
    }
    let mut table = "\n## Expectations\n\n| claim | arm | verdict | note |\n|---|---|---|---|\n".to_owned();
    for ruling in analysis.rulings_of(Kind::Expect) {
        let cell = study.cells.get(ruling.cell).map(crate::study::Cell::label).unwrap_or_default();
        let claim = ruling.claim.text.clone();
        table.push_str(&row([claim, cell, sign(ruling.verdict).to_owned(), ruling.note.clone()].into_iter()));
    }
    table
}

fn differences(study: &Study, analysis: &Analysis) -> String {
    if analysis.differences.is_empty() {
        return String::new();
    }
    let head = "\n## Paired differences\n\nBase units; 95 % intervals each; p adjusted by Holm's method.\n\n";
    let mut table = head.to_owned()
        + "| metric | at | arm | minus | difference | 95 % CI | p |\n|---|---|---|---|---:|---|---:|\n";
    for found in &analysis.differences {
        let (Some(cell), Some(with)) = (study.cells.get(found.cell), study.cells.get(found.with)) else {
            continue;
        };
        let difference = &found.comparison.difference;
        let fields = [
            analysis
                .headlines
                .get(found.headline)
                .map(|headline| headline.figure.clone())
                .unwrap_or_default(),
            study.shown_point_text(&cell.point),
            cell.arm.clone(),
            with.arm.clone(),
            signed(difference.mean, 3),
            format!("[{}, {}]", signed(difference.lower(), 4), signed(difference.upper(), 4)),
            chance(found.p_holm),
        ];
        table.push_str(&row(fields.into_iter()));
    }
    table
}

fn row(fields: impl Iterator<Item = String>) -> String {
    let fields: Vec<String> = fields.map(|field| escaped(&field)).collect();
    format!("| {} |\n", fields.join(" | "))
}

/// A bar would end the column, an asterisk start emphasis.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('*', "\\*")
}
