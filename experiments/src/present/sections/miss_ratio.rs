//! How big a cache is worth it: the share of lookups it misses against its size, for each cache whose size is swept, or
//! that reckons with other sizes.

use models::measure::SIZES;

use super::{
    super::{
        album::{AnyChart, Draft},
        sweep::Sweep,
        view::{Spot, View},
        words,
    },
    MOST,
    servers::pools,
};
use crate::charts::{
    HockeyStick,
    data::{ArmStyle, Axis, Heading, Line, Point, Quantity, Theory},
    reading,
};

/// What the path of a cache's size ends with.
const SIZE: &str = ".capacity";

pub(super) fn draft(view: &View<'_>) -> Draft {
    Draft {
        number: 11,
        name: "miss_ratio",
        heading: "How big a cache is worth it?".into(),
        charts: charts(view),
        ..Draft::default()
    }
}

/// Over the sizes that are swept; for caches that reckon with other sizes, over those.
fn charts(view: &View<'_>) -> Vec<AnyChart> {
    let swept = view.sweep.as_ref().and_then(|sweep| chart(view, sweep));
    let reckoned = pools(view).into_iter().filter_map(|pool| by_one_pass(view, &pool));
    swept.into_iter().chain(reckoned).take(MOST).collect()
}

/// What every arm misses at its own size, beside what an LRU of any size would.
fn by_one_pass(view: &View<'_>, pool: &str) -> Option<AnyChart> {
    let spots = view.chosen_spots();
    let reckons = |spot: &&Spot<'_>| missed(spot, pool, "lru_hit_ratio.same", 1.0).is_some();
    let spot = spots.iter().find(reckons)?;
    let reckoned: Vec<Point> = SIZES
        .iter()
        .filter_map(|(size, factor)| missed(spot, pool, &format!("lru_hit_ratio.{size}"), *factor))
        .collect();
    let of = |factor: f64| reckoned.iter().find(|point| point.x == factor).and_then(|point| point.y);
    let (same, double) = (of(1.0)?, of(2.0)?);
    let ratio = |missed| reading(Quantity::Ratio, missed);
    let title =
        format!("An LRU twice the size of {pool} would miss {} instead of {}", ratio(double), ratio(same));
    let how = "The line: any size, from one pass over what was asked for, if nothing expired or were dropped. Points: \
               what each arm misses at its own size. Bars are 95 % intervals over the replications.";
    let own = spots.iter().filter_map(|spot| {
        Some(Line::new(spot.arm, spot.style, vec![missed(spot, pool, "hit_ratio.mean", 1.0)?]))
    });
    let arms = view.study.arms.len();
    let any_size = Line::new("LRU of any size", ArmStyle::of(arms, true), reckoned);
    Some(Box::new(HockeyStick {
        heading: Heading::new(title, how),
        x: Axis::log("times the size it has", Quantity::Ratio),
        y: Axis::linear(format!("miss ratio of {pool}"), Quantity::Ratio),
        lines: own.chain([any_size]).collect(),
        limit: None,
        theory: None,
    }))
}

/// What is missed by a hit ratio of a cell, at that size.
fn missed(spot: &Spot<'_>, pool: &str, figure: &str, factor: f64) -> Option<Point> {
    let estimate = spot.cell.estimate(&format!("{pool}.{figure}"))?;
    let mean = 1.0 - estimate.mean?;
    Some(match estimate.bounds {
        Some(bounds) => Point::between(factor, mean, 1.0 - bounds.upper, 1.0 - bounds.lower),
        None => Point::new(factor, mean),
    })
}

fn chart(view: &View<'_>, sweep: &Sweep) -> Option<AnyChart> {
    let id = sweep.x.title.strip_suffix(SIZE)?;
    let figure = format!("{id}.hit_ratio.mean");
    let lines: Vec<Line> = view
        .study
        .present_arms()
        .into_iter()
        .map(|arm| Line::new(arm, view.style(arm), points(view, sweep, arm, &figure)))
        .collect();
    if lines.iter().flat_map(|line| &line.points).all(|point| point.y.is_none()) {
        return None;
    }
    let curve = view.study.curves.iter().find(|curve| curve.axis == sweep.x.title && curve.figure == figure);
    let theory = curve.map(|curve| Theory { label: curve.label.clone(), points: curve.points.clone() });
    let how = "Low is good; where a line gets flat, more room is not worth it. Bands are 95 % intervals over the \
               replications.";
    Some(Box::new(HockeyStick {
        heading: Heading::new(title(view, sweep, &lines), how),
        x: Axis::log(sweep.axis_title(), sweep.x.quantity),
        y: Axis::linear(format!("miss ratio of {id}"), Quantity::Ratio),
        lines,
        limit: None,
        theory,
    }))
}

fn points(view: &View<'_>, sweep: &Sweep, arm: &str, figure: &str) -> Vec<Point> {
    let point = |(x, point): &(f64, Vec<String>)| {
        let estimate = view.spot(arm, point).and_then(|spot| spot.cell.estimate(figure).cloned());
        let Some(estimate) = estimate else { return Point::gap(*x) };
        let bounds = estimate.bounds;
        Point {
            y: estimate.mean.map(|mean| 1.0 - mean),
            low: bounds.map(|bounds| 1.0 - bounds.upper),
            high: bounds.map(|bounds| 1.0 - bounds.lower),
            ..Point::gap(*x)
        }
    };
    sweep.points.iter().map(point).collect()
}

/// `At capacity 1000 sieve misses least, 0.250; lru most, 0.420`.
fn title(view: &View<'_>, sweep: &Sweep, lines: &[Line]) -> String {
    let last = |line: &Line| Some((line.points.last()?.y?, line.label.clone()));
    let mut ends: Vec<(f64, String)> = lines.iter().filter_map(last).collect();
    ends.sort_by(|one, other| one.0.total_cmp(&other.0));
    let place = sweep.points.last().map_or(String::new(), |(_, point)| view.on_sweep(sweep, point));
    let told = |(misses, arm): &(f64, String), how: &str| {
        format!("{arm} misses {how}{}", reading(Quantity::Ratio, *misses))
    };
    match (ends.first(), ends.last()) {
        (Some(least), Some(most)) if ends.len() > 1 => {
            let most = format!("{} most, {}", most.1, reading(Quantity::Ratio, most.0));
            words::sentence(&format!("at {place} {}; {most}", told(least, "least, ")), &[])
        }
        (Some(only), _) => words::sentence(&format!("at {place} {}", told(only, "")), &[]),
        (None, _) => format!("misses of {}", sweep.label),
    }
}
