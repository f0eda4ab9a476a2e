//! Where the knee is: a time against the sweep's axis, for each headline that is a time.

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
    analysis::{Flag, Headline, Verdict, who_leads},
    charts::{
        HockeyStick,
        data::{Axis, Heading, Limit, Line, Point, Quantity},
    },
    output::number::signed,
    study::Claim,
};

pub(super) fn draft(view: &View<'_>) -> Draft {
    let Some(sweep) = &view.sweep else { return Draft::default() };
    let charts =
        view.times().into_iter().take(MOST).map(|(index, headline)| chart(view, sweep, index, headline));
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

fn chart(view: &View<'_>, sweep: &Sweep, index: usize, headline: &Headline) -> AnyChart {
    let claim = view.claim(headline);
    let title = match claim {
        Some(claim) => title(view, sweep, headline, claim),
        None => who_leads(view.study, view.analysis, index).unwrap_or_else(|| headline.figure.clone()),
    };
    let how = "Flat is good, the bend is the knee. Bands are 95 % intervals over the replications.";
    Box::new(HockeyStick {
        heading: Heading::new(title, how),
        x: Axis { title: sweep.axis_title(), ..sweep.x.clone() },
        y: Axis::log(words::axis_title(headline), Quantity::Seconds),
        lines: lines(view, sweep, headline),
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
        Some(_) | None => format!("At every {} ", sweep.label),
    };
    let what = format!("{} {}", headline.short(), words::goal(claim, view.unit(headline)));
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
