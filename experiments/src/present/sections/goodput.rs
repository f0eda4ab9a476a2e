//! Graceful degradation or collapse: goodput against what was offered, where the sweep changes the load.

use super::{
    super::{
        album::{AnyChart, Draft},
        sweep::Sweep,
        view::View,
        words::{self, Who},
    },
    MOST, loops,
};
use crate::charts::{
    Goodput,
    data::{Axis, Heading, Line, Point, Quantity},
    reading,
};

/// Below that share of the load's largest value its smallest counts as another load.
pub(super) const ANOTHER_LOAD: f64 = 0.95;
/// Less than that share of what is offered is falling short.
const SHORT: f64 = 0.99;
/// Less than that share of an arm's own peak is a collapse.
const COLLAPSED: f64 = 0.8;

pub(super) fn draft(view: &View<'_>) -> Draft {
    let charts = view.study.workloads.iter().filter_map(|workload| match &view.sweep {
        Some(sweep) => chart(view, sweep, workload),
        None => loops::chart(view, workload),
    });
    Draft {
        number: 3,
        name: "goodput",
        heading: "Does it degrade gracefully or collapse?".into(),
        charts: charts.take(MOST).collect(),
        ..Draft::default()
    }
}

fn chart(view: &View<'_>, sweep: &Sweep, workload: &str) -> Option<AnyChart> {
    let lines: Vec<Line> =
        view.study.present_arms().into_iter().map(|arm| line(view, sweep, workload, arm)).collect();
    let offered = || lines.iter().flat_map(|line| &line.points).map(|point| point.x);
    let (least, most) = (offered().reduce(f64::min)?, offered().reduce(f64::max)?);
    if least > ANOTHER_LOAD * most {
        return None;
    }
    let how =
        "On the diagonal everything offered is served; a falling line is a collapse. Rings mark the peaks.";
    Some(Box::new(Goodput {
        heading: Heading::new(title(&lines), how),
        x: Axis::linear(format!("requests offered by {workload}"), Quantity::PerSecond),
        y: Axis::linear(format!("goodput of {workload}"), Quantity::PerSecond),
        lines,
        diagonal: "everything offered is served".into(),
    }))
}

fn line(view: &View<'_>, sweep: &Sweep, workload: &str, arm: &str) -> Line {
    let point = |(_, point): &(f64, Vec<String>)| {
        let spot = view.spot(arm, point)?;
        let offered = spot.cell.estimate(&format!("{workload}.arrivals.rate"))?.mean?;
        let goodput = spot.cell.estimate(&format!("{workload}.goodput.mean"))?;
        let bounds = goodput.bounds;
        Some(Point {
            low: bounds.map(|bounds| bounds.lower),
            high: bounds.map(|bounds| bounds.upper),
            ..Point::new(offered, goodput.mean?)
        })
    };
    let mut points: Vec<Point> = sweep.points.iter().filter_map(point).collect();
    points.sort_by(|one, other| one.x.total_cmp(&other.x));
    Line::new(arm, view.style(arm), points)
}

/// `random and round_robin serve less than is offered from 1.86 k/s on; every other arm serves all of it`.
fn title(lines: &[Line]) -> String {
    let all = lines.len();
    let named = |wanted: &dyn Fn(&Line) -> bool| -> Vec<&str> {
        lines.iter().filter(|line| wanted(line)).map(|line| line.label.as_str()).collect()
    };
    let mut starts: Vec<f64> = lines.iter().filter_map(falls_short).collect();
    starts.sort_by(f64::total_cmp);
    starts.dedup_by(|one, other| (*one - *other).abs() < 0.01 * one.abs());
    let begins_at =
        |line: &Line, start: f64| falls_short(line).is_some_and(|own| (own - start).abs() < 0.01 * start);
    let part = |start: &f64| {
        let who = Who::of(&named(&|line| begins_at(line, *start)), all);
        let rate = reading(Quantity::PerSecond, *start);
        format!("{} less than is offered from {rate} on", who.does("serves", "serve"))
    };
    let mut parts: Vec<String> = starts.iter().map(part).collect();
    let collapsed = named(&collapses);
    if !collapsed.is_empty() {
        parts.push(format!("goodput collapses under {}", Who::of(&collapsed, all).text()));
    }
    let whole = named(&|line| falls_short(line).is_none());
    if whole.len() == all {
        parts.push(format!("{} all that is offered", Who::of(&whole, all).does("serves", "serve")));
    } else if !whole.is_empty() {
        parts.push(format!("{} all of it", Who::of(&whole, all).does("serves", "serve")));
    }
    words::sentence(&parts.join("; "), &lines.iter().map(|line| line.label.as_str()).collect::<Vec<_>>())
}

/// The least load of which a line serves noticeably less.
fn falls_short(line: &Line) -> Option<f64> {
    line.points.iter().find(|point| point.y.is_some_and(|y| y < SHORT * point.x)).map(|point| point.x)
}

/// Whether more load means much less goodput.
fn collapses(line: &Line) -> bool {
    let values = || line.points.iter().filter_map(|point| point.y);
    let peak = values().fold(0.0, f64::max);
    values().next_back().is_some_and(|last| last < COLLAPSED * peak)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::data::ArmStyle;

    fn arm(name: &str, served: [f64; 3]) -> Line {
        let points = [100.0, 200.0, 300.0].iter().zip(served).map(|(x, y)| Point::new(*x, y));
        Line::new(name, ArmStyle::of(0, false), points.collect())
    }

    #[test]
    fn titles_tell_who_serves_what_is_offered() {
        let (good, flat, bad) = (
            arm("a", [100.0, 200.0, 300.0]),
            arm("b", [100.0, 200.0, 210.0]),
            arm("c", [100.0, 150.0, 20.0]),
        );
        assert_eq!(title(&[good.clone(), good.clone()]), "Both arms serve all that is offered");
        assert_eq!(
            title(&[good, flat, bad]),
            "c serves less than is offered from 200/s on; b serves less than is offered from 300/s on; \
             goodput collapses under c; a serves all of it"
        );
    }
}
