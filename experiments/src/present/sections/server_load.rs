//! Whether the load is shared out fairly: what each server got, under the arms worth comparing.

use super::{
    super::{
        album::{AnyChart, Draft},
        view::{Spot, View},
    },
    servers::{number_in, of_pools},
};
use crate::charts::{
    Bar, ServerBars,
    data::{Axis, Heading, Quantity},
    reading,
};

/// Shares closer together than that are called equal.
const ALIKE: f64 = 1.03;

pub(super) fn draft(view: &View<'_>) -> Draft {
    Draft {
        number: 10,
        name: "server_load",
        heading: "Is the load shared out fairly?".into(),
        charts: of_pools(view, chart),
        ..Draft::default()
    }
}

fn chart(view: &View<'_>, spot: &Spot<'_>, pool: &str) -> Option<AnyChart> {
    if per_shard(view, pool).is_some() {
        return None;
    }
    let bars: Vec<Bar> = bars(view, spot, pool).into_iter().map(|(_, bar)| bar).collect();
    if bars.len() < 2 {
        return None;
    }
    Some(Box::new(ServerBars {
        heading: Heading::new(
            format!("Under {}{} {}", spot.arm, view.at_chosen(), shares(&format!("server of {pool}"), &bars)),
            "One bar a server, busiest first. Even shares would all end at the dashed mean; hatched servers are unlike the rest.",
        ),
        axis: Axis::linear("requests sent to the server", Quantity::PerSecond),
        colour: spot.style.colour,
        bars,
    }))
}

/// Servers that hold the same keys, if it is a database.
pub(super) fn per_shard(view: &View<'_>, pool: &str) -> Option<u32> {
    view.study.system.parts.iter().find(|part| part.id == pool)?.per_shard
}

/// What each server got, by its number.
fn bars(view: &View<'_>, spot: &Spot<'_>, pool: &str) -> Vec<(u32, Bar)> {
    let bar = |estimate: &crate::analysis::Estimate| {
        let name = estimate.name.strip_suffix(".arrivals.rate")?;
        let number = number_in(pool, name)?;
        let (label, mark) = (name.to_owned(), view.study.system.mark(name));
        Some((number, Bar { label, mark, value: estimate.mean? }))
    };
    let mut bars: Vec<(u32, Bar)> = spot.cell.estimates.iter().filter_map(bar).collect();
    bars.sort_by_key(|(number, _)| *number);
    bars
}

/// `web[3] gets most, 184/s, and web[15] least, 95/s`.
pub(super) fn shares(each: &str, bars: &[Bar]) -> String {
    let by_value = |one: &&Bar, other: &&Bar| one.value.total_cmp(&other.value);
    let (Some(least), Some(most)) = (bars.iter().min_by(by_value), bars.iter().max_by(by_value)) else {
        return "nothing is sent".to_owned();
    };
    let rate = |bar: &Bar| reading(Quantity::PerSecond, bar.value);
    if most.value <= ALIKE * least.value {
        return format!("every {each} gets about {}", rate(most));
    }
    format!("{} gets most, {}, and {} least, {}", most.label, rate(most), least.label, rate(least))
}
