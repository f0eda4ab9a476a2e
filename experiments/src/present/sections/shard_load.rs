//! Whether the keys are divided fairly: what each shard of a database got, under the least fair arm and the fairest.

use std::collections::BTreeMap;

use super::{
    super::{
        album::{AnyChart, Draft},
        view::{Spot, View},
    },
    MOST, indexes,
    server_load::{per_shard, shares},
    servers::pools,
};
use crate::charts::{
    Bar, ServerBars,
    data::{Axis, Heading, Quantity},
};

pub(super) fn draft(view: &View<'_>) -> Draft {
    Draft {
        number: 10,
        name: "shard_load",
        heading: "Is the partitioning fair?".into(),
        charts: pools(view).iter().flat_map(|pool| extremes(view, pool)).take(MOST).collect(),
        tables: indexes::tables(view),
        ..Draft::default()
    }
}

/// Arms whose busiest shards are so much alike are not told apart.
const ALIKE: f64 = 1.05;

/// The arm that loads a database's shards least fairly, and the one that does most fairly.
fn extremes(view: &View<'_>, pool: &str) -> Vec<AnyChart> {
    let mut arms: Vec<(Spot<'_>, Vec<Bar>)> =
        view.chosen_spots().into_iter().filter_map(|spot| Some((spot, bars(view, &spot, pool)?))).collect();
    // Arms alike keep the file's order.
    arms.sort_by(|(_, one), (_, other)| imbalance(other).total_cmp(&imbalance(one)));
    let fairest = arms.pop();
    let unfair = arms.into_iter().next();
    let fair = fairest.as_ref().map_or(1.0, |(_, bars)| imbalance(bars));
    let unfair = unfair.filter(|(_, bars)| imbalance(bars) > ALIKE * fair);
    unfair.into_iter().chain(fairest).map(|(spot, bars)| chart(view, &spot, pool, bars)).collect()
}

/// What each shard got, if there are several; what is to come or has gone got nothing and is no shard here.
fn bars(view: &View<'_>, spot: &Spot<'_>, pool: &str) -> Option<Vec<Bar>> {
    let replicas = per_shard(view, pool)?.max(1);
    let mut shards: BTreeMap<u32, f64> = BTreeMap::new();
    for estimate in &spot.cell.estimates {
        let server = estimate.name.strip_suffix(".arrivals.rate").and_then(|name| number_of(pool, name));
        if let (Some(server), Some(rate)) = (server, estimate.mean) {
            *shards.entry(server / replicas).or_default() += rate;
        }
    }
    let there = shards.into_iter().filter(|(_, value)| *value > 0.0);
    let bars: Vec<Bar> =
        there.map(|(shard, value)| Bar { label: format!("shard {shard}"), mark: None, value }).collect();
    (bars.len() > 1).then_some(bars)
}

/// The busiest shard's share in shares of one.
fn imbalance(bars: &[Bar]) -> f64 {
    let sum: f64 = bars.iter().map(|bar| bar.value).sum();
    let most = bars.iter().map(|bar| bar.value).fold(0.0, f64::max);
    most * bars.len() as f64 / sum
}

fn chart(view: &View<'_>, spot: &Spot<'_>, pool: &str, bars: Vec<Bar>) -> AnyChart {
    let title =
        format!("Under {}{} {}", spot.arm, view.at_chosen(), shares(&format!("shard of {pool}"), &bars));
    Box::new(ServerBars {
        heading: Heading::new(
            title,
            "One bar a shard, busiest first. Even shares would all end at the dashed mean; the busiest sets what all can serve.",
        ),
        axis: Axis::linear("requests sent to the shard", Quantity::PerSecond),
        colour: spot.style.colour,
        bars,
    })
}

/// The number of a server among those that hold all keys together: 3 of `orders[3]` and of `orders[eu/3]`.
fn number_of(pool: &str, server: &str) -> Option<u32> {
    let inside = server.strip_prefix(pool)?.strip_prefix('[')?.strip_suffix(']')?;
    inside.rsplit('/').next()?.parse().ok()
}
