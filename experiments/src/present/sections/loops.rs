//! Goodput against offered load through the windows of a story: where the way back is another than the way there, the
//! line is a loop, and the past decides.

use super::{
    super::{album::AnyChart, view::View, words::Who},
    goodput::ANOTHER_LOAD,
    phases::Phases,
};
use crate::charts::{
    Goodput,
    data::{Axis, Heading, Line, Point, Quantity},
    reading,
};

/// Loads that differ by less than that share are the same.
const SAME_LOAD: f64 = 0.05;
/// Goodput below that share of what it is at another time under the same load is another state.
const ANOTHER_STATE: f64 = 0.5;

/// A line an arm with a point a window; none without windows, or if the load is the same in all of them.
pub(super) fn chart(view: &View<'_>, workload: &str) -> Option<AnyChart> {
    let phases = Phases::of(view);
    let names = phases.names(view);
    let line = |arm: &str| {
        let offered = phases.means(view, arm, &format!("{workload}.arrivals.rate"));
        let goodput = phases.means(view, arm, &format!("{workload}.goodput.mean"));
        let point = |((offered, goodput), name): ((Option<f64>, Option<f64>), &String)| {
            Some(Point { note: Some(name.clone()), ..Point::new(offered?, goodput?) })
        };
        let points = offered.into_iter().zip(goodput).zip(&names).filter_map(point);
        Line::new(arm, view.style(arm), points.collect())
    };
    let lines: Vec<Line> = view.study.present_arms().into_iter().map(line).collect();
    let offered = || lines.iter().flat_map(|line| &line.points).map(|point| point.x);
    let (least, most) = (offered().reduce(f64::min)?, offered().reduce(f64::max)?);
    if least > ANOTHER_LOAD * most {
        return None;
    }
    let how = format!(
        "A point a window, joined in the order of time: {}. On the diagonal everything offered is served; \
         where a line comes back another way, the past decides.",
        names.join(", ")
    );
    Some(Box::new(Goodput {
        heading: Heading::new(view.sentence(&title(&lines)), how),
        x: Axis::linear(format!("requests offered by {workload}"), Quantity::PerSecond),
        y: Axis::linear(format!("goodput of {workload}"), Quantity::PerSecond),
        lines,
        diagonal: "everything offered is served".into(),
    }))
}

/// The same load twice with most unlike goodput: the load, the more, the less.
fn two_ways(line: &Line) -> Option<(f64, f64, f64)> {
    let points = line.points.iter().filter_map(|point| Some((point.x, point.y?)));
    let pairs = points.clone().flat_map(|one| points.clone().map(move |other| (one, other)));
    let unlike = pairs.filter(|((load, more), (other, less))| {
        (load - other).abs() <= SAME_LOAD * load && *less < ANOTHER_STATE * more
    });
    let widest = unlike.max_by(|(one, low), (other, lower)| (one.1 - low.1).total_cmp(&(other.1 - lower.1)));
    widest.map(|((load, more), (_, less))| (load, more, less))
}

/// `At 250/s retry serves 250/s or 0/s, by what went before; every other arm comes back the way it went`.
fn title(lines: &[Line]) -> String {
    let rate = |value| reading(Quantity::PerSecond, value);
    let parts: Vec<String> = lines
        .iter()
        .filter_map(|line| {
            let (load, more, less) = two_ways(line)?;
            Some(format!("at {} {} serves {} or {}", rate(load), line.label, rate(more), rate(less)))
        })
        .collect();
    let back: Vec<&str> =
        lines.iter().filter(|line| two_ways(line).is_none()).map(|line| line.label.as_str()).collect();
    let who = Who::of(&back, lines.len());
    match (parts.is_empty(), back.is_empty()) {
        (true, _) => format!("{} the same at a load whatever went before", who.does("serves", "serve")),
        (false, true) => format!("{}, by what went before", parts.join("; ")),
        (false, false) => format!(
            "{}, by what went before; {} the same both times",
            parts.join("; "),
            who.does("serves", "serve")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::data::ArmStyle;

    #[test]
    fn a_loop_is_the_same_load_with_another_goodput() {
        let line = |name: &str, points: &[(f64, f64)]| {
            let points = points.iter().map(|(x, y)| Point::new(*x, *y)).collect();
            Line::new(name, ArmStyle::of(0, false), points)
        };
        let straight = line("budget", &[(100.0, 100.0), (250.0, 250.0), (330.0, 290.0), (250.0, 249.0)]);
        let looped = line("retry", &[(100.0, 100.0), (250.0, 250.0), (330.0, 0.0), (251.0, 1.0)]);
        assert_eq!(two_ways(&straight), None);
        assert_eq!(two_ways(&looped), Some((250.0, 250.0, 1.0)));
        assert_eq!(
            title(&[straight, looped]),
            "at 250/s retry serves 250/s or 1.00/s, by what went before; budget serves the same both times"
        );
    }
}
