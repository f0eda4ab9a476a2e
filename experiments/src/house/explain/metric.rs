//! The page of a figure: the metric, the statistic, the window, and how a claim names them.

use super::{same, words::wrapped};
use crate::{
    claim::{STATISTICS, Statistic},
    house::catalogue::{
        counts_in,
        types::{Form, Types},
    },
    metric::METRICS,
};

/// The page of `latency`, `p99`, `latency.p99` or `clients.latency.p99@late`; none for other names.
pub(super) fn page(name: &str) -> Option<String> {
    let (figure, window) =
        name.split_once('@').map_or((name, None), |(figure, window)| (figure, Some(window)));
    let (rest, statistic) = match figure.rsplit_once('.') {
        Some((rest, last)) if summed_up(last).is_some() => (rest, summed_up(last)),
        _ => (figure, None),
    };
    let (subject, metric) = rest.rsplit_once('.').map_or(("", rest), |(subject, metric)| (subject, metric));
    let known = METRICS.iter().find(|row| same(row.0, metric));
    match known {
        Some(row) => Some(full(name, subject, row, statistic, window)),
        None if subject.is_empty() => {
            summed_up(figure).map(|(name, docs)| format!("{name} (statistic)\n\n{docs}\n"))
        }
        None => None,
    }
}

fn full(
    name: &str,
    subject: &str,
    (metric, unit, docs): &crate::metric::Metric,
    statistic: Option<(&str, String)>,
    window: Option<&str>,
) -> String {
    let mut text = format!("{name} (metric)\n\n");
    let mut line = |what: &str, means: &str| text.push_str(&wrapped(&format!("{what}: {means}"), 2));
    line(metric, docs);
    line("kind", counts_in(*unit));
    if !subject.is_empty() {
        line(subject, "the workload, component or call that it is told of");
    }
    if let Some((name, docs)) = &statistic {
        line(name, docs);
    }
    if let Some(window) = window {
        line(&format!("@{window}"), "only what falls into this window of the file's `windows`");
    }
    if statistic.is_none() {
        let names: Vec<&str> = STATISTICS.iter().map(|(name, _)| *name).collect();
        line("statistics", &names.join(", "));
    }
    let subject = if subject.is_empty() { "clients" } else { subject };
    let statistic = statistic.map_or("mean", |(name, _)| name);
    let at = window.map_or_else(String::new, |window| format!("@{window}"));
    let value = counts_in(*unit).rsplit(' ').next().unwrap_or_default();
    text + &format!("\nExample\n  slos: [\"{subject}.{metric}.{statistic}{at} < {value}\"]\n")
}

/// A statistic by name, with what it is.
fn summed_up(name: &str) -> Option<(&'static str, String)> {
    let (known, _) = STATISTICS.iter().find(|(known, _)| same(known, name))?;
    let mut types = Types::default();
    let schema = types.add::<Statistic>();
    let Form::Choice(variants) = types.of(&schema).form() else { return None };
    let meant = variants.into_iter().find(|variant| variant.name.is_some_and(|name| same(name, known)));
    Some((known, meant.map(|variant| variant.docs).unwrap_or_default()))
}
