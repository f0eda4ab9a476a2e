//! Whether the keys are divided fairly: what each shard of a database got, under the arms worth comparing.

use std::collections::BTreeMap;

use super::{
    super::{
        album::{AnyChart, Draft},
        view::{Spot, View},
    },
    indexes,
    server_load::{per_shard, shares},
    servers::of_pools,
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
        charts: of_pools(view, chart),
        tables: indexes::tables(view),
        ..Draft::default()
    }
}

fn chart(view: &View<'_>, spot: &Spot<'_>, pool: &str) -> Option<AnyChart> {
    let replicas = per_shard(view, pool)?.max(1);
    let mut shards: BTreeMap<u32, f64> = BTreeMap::new();
    for estimate in &spot.cell.estimates {
        let server = estimate.name.strip_suffix(".arrivals.rate").and_then(|name| number_of(pool, name));
        if let (Some(server), Some(rate)) = (server, estimate.mean) {
            *shards.entry(server / replicas).or_default() += rate;
        }
    }
    // What is to come or has gone got nothing: it is no shard here.
    let there = shards.into_iter().filter(|(_, value)| *value > 0.0);
    let bars: Vec<Bar> =
        there.map(|(shard, value)| Bar { label: format!("shard {shard}"), mark: None, value }).collect();
    if bars.len() < 2 {
        return None;
    }
    let title =
        format!("Under {}{} {}", spot.arm, view.at_chosen(), shares(&format!("shard of {pool}"), &bars));
    Some(Box::new(ServerBars {
        heading: Heading::new(
            title,
            "One bar a shard, busiest first. Even shares would all end at the dashed mean; the busiest sets what all can serve.",
        ),
        axis: Axis::linear("requests sent to the shard", Quantity::PerSecond),
        colour: spot.style.colour,
        bars,
    }))
}

/// The number of a server among those that hold all keys together: 3 of `orders[3]` and of `orders[eu/3]`.
fn number_of(pool: &str, server: &str) -> Option<u32> {
    let inside = server.strip_prefix(pool)?.strip_prefix('[')?.strip_suffix(']')?;
    inside.rsplit('/').next()?.parse().ok()
}
