//! Where the knee is: each time that claims speak of against the sweep's axis, then whatever else SLOs do.

use models::report::Unit;

use super::{
    super::{
        album::{AnyChart, Draft},
        sweep::Sweep,
        view::{Spot, View},
        words::{self, Who},
    },
    MOST,
};
use crate::{
    analysis::{Flag, Headline, Verdict},
    charts::{
        HockeyStick,
        data::{Axis, Heading, Limit, Line, Point, Quantity},
    },
    output::number::signed,
    study::{Claim, one_of},
};

pub(super) fn draft(view: &View<'_>) -> Draft {
    let Some(sweep) = &view.sweep else { return Draft::default() };
    let times = view.times().into_iter().map(|(_, headline)| headline);
    let promised = view.analysis.headlines.iter().filter(|headline| {
        headline.slo.is_some() && !matches!(view.unit(headline), Unit::Seconds | Unit::Bytes)
    });
    let charts = times.chain(promised).take(MOST).map(|headline| chart(view, sweep, headline));
    let held = sweep.held.iter().map(|held| format!("The other axes are held: {held}."));
    Draft {
        number: 2,
        name: "hockey_stick",
        heading: "Where is the knee?".into(),
        explanation: held.collect(),
        charts: charts.collect(),
        ..Draft::default()
    }
}

fn chart(view: &View<'_>, sweep: &Sweep, headline: &Headline) -> AnyChart {
    let (claim, lines) = (view.claim(headline), lines(view, sweep, headline));
    let title = match claim {
        Some(claim) => title(view, sweep, headline, claim),
        None => course(view, sweep, headline, &lines),
    };
    let how = "Flat is good, the bend is the knee. Bands are 95 % intervals over the replications.";
    let scale = match words::quantity(view.unit(headline)) {
        Quantity::Seconds => Axis::log,
        Quantity::PerSecond | Quantity::Ratio | Quantity::Count | Quantity::Bytes | Quantity::Percentile => {
            Axis::linear
        }
    };
    Box::new(HockeyStick {
        heading: Heading::new(title, how),
        x: Axis { title: sweep.axis_title(), ..sweep.x.clone() },
        y: scale(view.axis_title(headline), words::quantity(view.unit(headline))),
        lines,
        limit: claim.map(|claim| Limit { label: "SLO".into(), value: claim.threshold }),
        theory: None,
    })
}

fn lines(view: &View<'_>, sweep: &Sweep, headline: &Headline) -> Vec<Line> {
    let point = |arm: &str, (x, point): &(f64, Vec<String>)| match view.spot(arm, point) {
        Some(spot) => measured(&spot, headline, *x),
        None => Point::gap(*x),
    };
    let line = |arm: &str| {
        let points = sweep.points.iter().map(|place| point(arm, place));
        Line::new(arm, view.style(arm), points.collect())
    };
    view.study.present_arms().into_iter().map(line).collect()
}

fn measured(spot: &Spot<'_>, headline: &Headline, x: f64) -> Point {
    let Some(estimate) = spot.cell.estimate(&headline.figure) else { return Point::gap(x) };
    if let Some(growth) = spot.cell.growth.as_ref().filter(|_| spot.unstable(estimate)) {
        let note = format!("unstable, {}/s at {}", signed(growth.per_second, 3), growth.station);
        return Point::unstable(x, None, note);
    }
    let mean = estimate.mean.filter(|mean| mean.is_finite() && !estimate.has(Flag::TailUnresolved));
    let (low, high) =
        (estimate.bounds.map(|bounds| bounds.lower), estimate.bounds.map(|bounds| bounds.upper));
    Point { y: mean, low, high, ..Point::gap(x) }
}

/// `Over load 0.50 to load 0.95 p99 goes from 104 ms to 111 ms under a, from 104 ms to 292 ms under b`: without an SLO.
fn course(view: &View<'_>, sweep: &Sweep, headline: &Headline, lines: &[Line]) -> String {
    let ends = |line: &Line| {
        let values: Vec<f64> = line.points.iter().filter_map(|point| point.y).collect();
        Some((*values.last()?, *values.first()?, line.label.clone()))
    };
    let mut courses: Vec<(f64, f64, String)> = lines.iter().filter_map(ends).collect();
    courses.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (Some(least), Some(most)) = (courses.first(), courses.last()) else { return headline.figure.clone() };
    let time = |value| words::shown(view.unit(headline), value);
    let told = |(last, first, arm): &(f64, f64, String)| {
        format!("from {} to {} under {arm}", time(*first), time(*last))
    };
    let further = if courses.len() > 1 { format!(", {}", told(most)) } else { String::new() };
    let place =
        |at: Option<&(f64, Vec<String>)>| at.map_or(String::new(), |(_, point)| view.on_sweep(sweep, point));
    let (from, to) = (place(sweep.points.first()), place(sweep.points.last()));
    format!("Over {from} to {to} {} goes {}{further}", view.short(headline), told(least))
}

/// `From load 0.90 on only a and b keep p99 under 250 ms`.
fn title(view: &View<'_>, sweep: &Sweep, headline: &Headline, claim: &Claim) -> String {
    let arms = view.study.present_arms();
    let with = |verdict: Verdict, point: &Vec<String>| -> Vec<&str> {
        let has = |arm: &&&str| {
            view.study.cell(arm, point).and_then(|cell| view.verdict(claim, cell)) == Some(verdict)
        };
        arms.iter().filter(has).copied().collect()
    };
    let keepers: Vec<Vec<&str>> = sweep.points.iter().map(|(_, point)| with(Verdict::Pass, point)).collect();
    let (Some(last), Some((_, end))) = (keepers.last(), sweep.points.last()) else {
        return claim.text.clone();
    };
    let since = keepers.iter().rposition(|before| before != last).map_or(0, |place| place + 1);
    let place = match sweep.points.get(since) {
        Some((_, point)) if since > 0 && since + 1 < keepers.len() => {
            format!("From {} on ", view.on_sweep(sweep, point))
        }
        Some((_, point)) if since > 0 => format!("At {} ", view.on_sweep(sweep, point)),
        Some(_) | None => format!("At every {} ", one_of(&sweep.label)),
    };
    let what = format!("{} {}", view.short(headline), words::goal(claim, view.unit(headline)));
    let who = Who::of(last, arms.len());
    let only = if last.is_empty() || last.len() == arms.len() { "" } else { "only " };
    let unsure = with(Verdict::Inconclusive, end);
    let unsure = if unsure.is_empty() {
        String::new()
    } else {
        format!("; {} undecided there", Who::of(&unsure, usize::MAX).does("is", "are"))
    };
    format!("{place}{only}{} {what}{unsure}", who.does("keeps", "keep"))
}
