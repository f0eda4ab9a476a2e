//! Where time goes: hop by hop, for requests around the median and for the slowest hundredth, under each arm.

use super::{
    super::{
        album::{AnyChart, Draft},
        view::{Spot, View},
    },
    MOST, waterfalls,
};
use crate::{
    charts::{
        StackedBars, StackedRow,
        data::{Axis, Heading, Quantity},
        reading,
    },
    output::{TRACE_ENDING, TRACE_FOLDER},
    report::Link,
};

/// Parts that are told apart; all others are one.
const PIECES: usize = 6;
/// A part below this share of its bar is not told apart.
const WORTH: f64 = 0.01;

const GROUPS: [(&str, &str); 2] = [("typical", "median"), ("slowest", "slowest 1 %")];

pub(super) fn draft(view: &View<'_>) -> Draft {
    let charts = view.study.workloads.iter().filter_map(|workload| chart(view, workload));
    Draft {
        number: 14,
        name: "where_time_goes",
        heading: "Which hop dominates the tail?".into(),
        explanation: vec![
            "Some requests of each run are followed and their time is taken apart along what they waited for: queue, \
             service and network of each component, and pauses between attempts. Means over the replications stand in \
             cells.csv with their intervals, as `<workload>.slowest.<component>.queue.mean`."
                .into(),
            "Below, single requests of the first replication are shown whole. `stampede export RESULT --to perfetto` \
             writes all that are kept of each cell, and `stampede run FILE --trace ARM@POINT#REP` records every \
             request of one replication; https://ui.perfetto.dev shows both."
                .into(),
        ],
        charts: charts.take(MOST).chain(waterfalls::charts(view)).collect(),
        links: view.traces.iter().map(|file| trace_link(file)).collect(),
        ..Draft::default()
    }
}

/// A replication whose requests were all recorded: `Perfetto trace of retry#3`.
fn trace_link(file: &str) -> Link {
    let label = format!("Perfetto trace of {}", file.trim_end_matches(TRACE_ENDING));
    Link { label, path: format!("{TRACE_FOLDER}/{file}") }
}

fn chart(view: &View<'_>, workload: &str) -> Option<AnyChart> {
    let spots = view.chosen_spots();
    let bars: Vec<(String, Vec<(String, f64)>)> = spots
        .iter()
        .flat_map(|spot| {
            GROUPS.map(|(group, shown)| (format!("{}, {shown}", spot.arm), parts(spot, workload, group)))
        })
        .filter(|(_, parts)| !parts.is_empty())
        .collect();
    let pieces = pieces(&bars);
    // With one part only, or nothing, there is nothing to tell apart.
    if pieces.len() < 2 {
        return None;
    }
    let row = |(label, parts): &(String, Vec<(String, f64)>)| {
        let of = |piece: &String| parts.iter().find(|(name, _)| name == piece).map_or(0.0, |(_, mean)| *mean);
        let mut shares: Vec<f64> = pieces.iter().map(of).collect();
        let all: f64 = parts.iter().map(|(_, mean)| mean).sum();
        shares.push((all - shares.iter().sum::<f64>()).max(0.0));
        StackedRow { label: label.clone(), parts: shares }
    };
    let mut rows: Vec<StackedRow> = bars.iter().map(row).collect();
    let mut pieces = pieces;
    if rows
        .iter()
        .any(|row| row.parts.last().is_some_and(|rest| *rest > WORTH * row.parts.iter().sum::<f64>()))
    {
        pieces.push("all else".into());
    } else {
        for row in &mut rows {
            row.parts.truncate(pieces.len());
        }
    }
    Some(Box::new(StackedBars {
        heading: Heading::new(
            view.sentence(&title(view, &bars)),
            "A bar is the mean time of a group of requests; its parts are what they spent it on.",
        ),
        axis: Axis::linear(format!("time of requests of {workload}"), Quantity::Seconds),
        pieces,
        rows,
    }))
}

/// The mean time of a group by `web queue`, `web service`, …
fn parts(spot: &Spot<'_>, workload: &str, group: &str) -> Vec<(String, f64)> {
    let prefix = format!("{workload}.{group}.");
    let part = |estimate: &crate::analysis::Estimate| {
        let name = estimate.name.strip_prefix(&prefix)?.strip_suffix(".mean")?;
        let shown = match name.rsplit_once('.') {
            Some((component, cause)) => format!("{component} {cause}"),
            None => name.to_owned(),
        };
        Some((shown, estimate.mean.filter(|mean| *mean > 0.0)?))
    };
    spot.cell.estimates.iter().filter_map(part).collect()
}

/// The parts to tell apart: the largest over all bars, those of one component together.
fn pieces(bars: &[(String, Vec<(String, f64)>)]) -> Vec<String> {
    let mut largest: Vec<(&str, f64)> = Vec::new();
    for (_, parts) in bars {
        let all: f64 = parts.iter().map(|(_, mean)| mean).sum();
        for (name, mean) in parts.iter().filter(|(_, mean)| *mean > WORTH * all) {
            match largest.iter_mut().find(|(known, _)| known == name) {
                Some((_, share)) => *share = share.max(mean / all),
                None => largest.push((name, mean / all)),
            }
        }
    }
    largest.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(other.0)));
    largest.truncate(PIECES);
    let mut pieces: Vec<String> = largest.into_iter().map(|(name, _)| name.to_owned()).collect();
    pieces.sort();
    pieces
}

/// `Under random the slowest 1 % spend 0.93 of their 463 ms on web queue; under least_outstanding 0.4 on web service`.
fn title(view: &View<'_>, bars: &[(String, Vec<(String, f64)>)]) -> String {
    let slowest = bars.iter().filter_map(|(label, parts)| {
        let arm = label.strip_suffix(&format!(", {}", GROUPS[1].1))?;
        let all: f64 = parts.iter().map(|(_, mean)| mean).sum();
        let (name, most) = parts.iter().max_by(|one, other| one.1.total_cmp(&other.1))?;
        Some((arm, all, name, most / all))
    });
    let mut slowest: Vec<_> = slowest.collect();
    slowest.sort_by(|one, other| other.1.total_cmp(&one.1));
    let told = |(arm, all, name, share): &(&str, f64, &String, f64), what: &str| {
        let time = reading(Quantity::Seconds, *all);
        format!("under {arm}{what} spend {} of their {time} on {name}", reading(Quantity::Ratio, *share))
    };
    match slowest.as_slice() {
        [] => format!("where requests spend their time{}", view.at_chosen()),
        [only] => told(only, &format!("{} the slowest 1 %", view.at_chosen())),
        [worst, .., best] => {
            format!(
                "{}; {}",
                told(worst, &format!("{} the slowest 1 %", view.at_chosen())),
                told(best, " they")
            )
        }
    }
}
