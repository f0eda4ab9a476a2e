//! Who is hot: the utilization of every server over time, a map for each pool under the arms worth comparing.

use super::{
    super::{
        album::{AnyChart, Draft},
        view::{Spot, View},
    },
    MOST,
};
use crate::charts::{
    HeatMap, HeatRow,
    data::{Heading, Quantity, Span},
    reading,
};

/// Servers whose utilizations lie closer together are equally busy.
const ALIKE: f64 = 0.05;

pub(super) fn draft(view: &View<'_>) -> Draft {
    Draft {
        number: 9,
        name: "servers",
        heading: "Which servers are hot?".into(),
        charts: of_pools(view, chart),
        ..Draft::default()
    }
}

/// A chart of each pool under each arm worth comparing, as many as a section takes.
pub(super) fn of_pools(
    view: &View<'_>,
    chart: impl Fn(&View<'_>, &Spot<'_>, &str) -> Option<AnyChart>,
) -> Vec<AnyChart> {
    let spots = worth_comparing(view);
    let pools = pools(view);
    let pairs = pools.iter().flat_map(|pool| spots.iter().map(move |spot| (pool, spot)));
    pairs.filter_map(|(pool, spot)| chart(view, spot, pool)).take(MOST).collect()
}

/// The best arm at the chosen point and the baseline; without a best or a baseline the first and the last arm.
pub(super) fn worth_comparing<'a>(view: &View<'a>) -> Vec<Spot<'a>> {
    let spots = view.chosen_spots();
    let ranked =
        view.analysis.rankings.iter().find(|ranking| ranking.headline == 0 && ranking.point == view.chosen);
    let best = ranked.and_then(|ranking| ranking.best);
    let best = spots.iter().find(|spot| Some(spot.index) == best).or(spots.first());
    let baseline =
        spots.iter().find(|spot| Some(spot.arm) == view.study.baseline.as_deref()).or(spots.last());
    let mut chosen: Vec<Spot<'a>> = [best, baseline].into_iter().flatten().copied().collect();
    chosen.dedup_by_key(|spot| spot.index);
    chosen
}

/// Components, by what the system's diagram says.
pub(super) fn pools(view: &View<'_>) -> Vec<String> {
    let workload = |id: &String| view.study.workloads.contains(id);
    view.study.system.parts.iter().map(|part| part.id.clone()).filter(|id| !workload(id)).collect()
}

/// The number of a server of that pool: 3 of `web[3]`.
pub(super) fn number_in(pool: &str, server: &str) -> Option<u32> {
    server.strip_prefix(pool)?.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

fn chart(view: &View<'_>, spot: &Spot<'_>, pool: &str) -> Option<AnyChart> {
    let server = |band: &crate::analysis::Band| -> Option<(u32, String)> {
        let name = band.name.strip_suffix(".utilization")?;
        Some((number_in(pool, name)?, name.to_owned()))
    };
    let mut bands: Vec<_> = spot.cell.bands.iter().filter_map(|band| Some((server(band)?, band))).collect();
    bands.sort_by_key(|((number, _), _)| *number);
    if bands.len() < 2 {
        return None;
    }
    let (from, to) = view.measured();
    let means: Vec<(&str, f64)> = bands
        .iter()
        .filter_map(|((_, name), band)| Some((name.as_str(), band.mean_within(from, to)?)))
        .collect();
    let row = |((_, name), band): &((u32, String), &crate::analysis::Band)| HeatRow {
        label: name.clone(),
        mark: view.study.system.mark(name),
        values: band.points.iter().map(|point| point.map(|point| point.mean)).collect(),
    };
    let faults = view.study.faults.iter().map(|fault| Span::new(fault.label.trim(), fault.from, fault.to));
    let title = format!("Under {}{} {}", spot.arm, view.at_chosen(), busiest(pool, &means));
    Some(Box::new(HeatMap {
        heading: Heading::new(
            title,
            "A row is a server, time runs to the right; a bright row is a hot server.",
        ),
        measure: "utilization".into(),
        start: 0.0,
        bin: bands.first().map_or(1.0, |(_, band)| band.bin),
        rows: bands.iter().map(row).collect(),
        faults: faults.collect(),
    }))
}

/// `web[15] is the busiest, at 0.999; the other 15 servers average 0.92`.
fn busiest(pool: &str, means: &[(&str, f64)]) -> String {
    let by_load = |one: &&(&str, f64), other: &&(&str, f64)| one.1.total_cmp(&other.1);
    let (Some((_, least)), Some((name, most))) = (means.iter().min_by(by_load), means.iter().max_by(by_load))
    else {
        return "no server did anything".to_owned();
    };
    let ratio = |value| reading(Quantity::Ratio, value);
    if most - least < ALIKE {
        let all = if means.len() == 2 { "both".to_owned() } else { format!("all {}", means.len()) };
        let mean = means.iter().map(|(_, mean)| mean).sum::<f64>() / means.len() as f64;
        return format!("{all} servers of {pool} are about equally busy, at {}", ratio(mean));
    }
    let others = (means.iter().map(|(_, mean)| mean).sum::<f64>() - most) / (means.len() - 1) as f64;
    format!(
        "{name} is the busiest, at {}; the other {} average {}",
        ratio(*most),
        means.len() - 1,
        ratio(others)
    )
}
