//! Who passes where: a matrix for each SLO.

use super::{
    super::{
        album::{AnyChart, Draft},
        view::{Spot, View},
    },
    MOST,
};
use crate::{
    analysis::{Flag, Headline, Verdict, who_keeps},
    charts::{self, MatrixCell, MatrixRow, SloMatrix, data::Heading},
    output::number::{Scale, give_or_take, signed},
    study::Claim,
};

/// Sweep points beside each other; more stand in a further matrix.
const POINTS: usize = 12;

pub(super) fn draft(view: &View<'_>) -> Draft {
    let claimed = view.analysis.headlines.iter().enumerate();
    let claimed = claimed.filter_map(|(index, headline)| Some((index, headline, view.claim(headline)?)));
    let charts =
        claimed.take(MOST).flat_map(|(index, headline, claim)| matrices(view, index, headline, claim));
    Draft {
        number: 1,
        name: "slo_matrix",
        heading: "Who passes where?".into(),
        charts: charts.collect(),
        ..Draft::default()
    }
}

fn matrices(view: &View<'_>, index: usize, headline: &Headline, claim: &Claim) -> Vec<AnyChart> {
    let points = view.study.points();
    let scale = view.scale(headline);
    let title = who_keeps(view.study, view.analysis, claim).unwrap_or_else(|| claim.text.clone());
    let unit = match scale.unit {
        "" => String::new(),
        "/s" => ", a second".to_owned(),
        unit => format!(", in {unit}"),
    };
    let how = format!("Mean over {} replications ± half its 95 % interval{unit}.", view.replications());
    let matrix = |points: &[Vec<String>]| -> AnyChart {
        let name = |point: &Vec<String>| match view.study.shown_point_text(point) {
            text if text.is_empty() => headline.short(),
            text => text,
        };
        Box::new(SloMatrix {
            heading: Heading::new(title.clone(), how.clone()),
            sweep: view.study.axis_labels().join(", "),
            columns: points.iter().map(name).collect(),
            rows: arms(view, headline)
                .into_iter()
                .map(|arm| row(view, index, headline, claim, arm, points))
                .collect(),
        })
    };
    points.chunks(POINTS).map(matrix).collect()
}

/// By the figure at the last point, best first; those without one last, in the file's order.
pub(super) fn arms<'a>(view: &View<'a>, headline: &Headline) -> Vec<&'a str> {
    let last = view.study.points().pop().unwrap_or_default();
    let rank = |arm: &&'a str| {
        let spot = view.spot(arm, &last).filter(|spot| spot.cell.growth.is_none());
        let mean = spot.and_then(|spot| spot.cell.estimate(&headline.figure)?.mean);
        mean.map_or(f64::INFINITY, |mean| if headline.less_is_better { mean } else { -mean })
    };
    let mut arms = view.study.present_arms();
    arms.sort_by(|one, other| rank(one).total_cmp(&rank(other)));
    arms
}

fn row(
    view: &View<'_>,
    index: usize,
    headline: &Headline,
    claim: &Claim,
    arm: &str,
    points: &[Vec<String>],
) -> MatrixRow {
    let scale = view.scale(headline);
    let cell = |point: &Vec<String>| {
        let spot = view.spot(arm, point)?;
        Some(MatrixCell {
            verdict: verdict(view.verdict(claim, spot.index)?),
            text: text(&spot, headline, scale),
            unstable: spot.cell.estimate(&headline.figure).is_some_and(|estimate| spot.unstable(estimate)),
            best: view.analysis.leads(index, spot.index),
        })
    };
    MatrixRow {
        label: arm.to_owned(),
        style: view.style(arm),
        baseline: view.study.baseline.as_deref() == Some(arm),
        cells: points.iter().map(cell).collect(),
    }
}

/// The figure with its interval, or why there is none.
pub(super) fn text(spot: &Spot<'_>, headline: &Headline, scale: Scale) -> String {
    let Some(estimate) = spot.cell.estimate(&headline.figure) else { return "–".to_owned() };
    match (&spot.cell.growth, estimate.mean) {
        (Some(growth), _) if spot.unstable(estimate) => format!("{}/s", signed(growth.per_second, 3)),
        (_, Some(mean)) if !estimate.has(Flag::TailUnresolved) => {
            give_or_take(mean * scale.factor, estimate.half_width().map(|half| half * scale.factor))
        }
        _ => "–".to_owned(),
    }
}

/// A verdict as charts show it.
pub(in super::super) const fn verdict(verdict: Verdict) -> charts::Verdict {
    match verdict {
        Verdict::Pass => charts::Verdict::Pass,
        Verdict::Fail => charts::Verdict::Fail,
        Verdict::Inconclusive => charts::Verdict::Inconclusive,
    }
}
