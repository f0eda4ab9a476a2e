//! Whether there are enough replications: how the interval of a figure narrows with each one.

use sim_core::statistics::Interval;

use super::super::{
    album::{AnyChart, Draft},
    view::{Spot, View},
};
use crate::{
    analysis::{CONFIDENCE, Headline},
    charts::{
        Precision,
        data::{Heading, Line, Point},
    },
};

/// Two replications tell next to nothing; intervals begin here.
const FIRST: usize = 3;
/// Fewer replications have no course to show.
const FEWEST: usize = 5;

pub(super) fn draft(view: &View<'_>) -> Draft {
    let chart = view.analysis.headlines.first().and_then(|headline| chart(view, headline));
    Draft {
        number: 15,
        name: "precision",
        heading: "Are there enough replications?".into(),
        charts: chart.into_iter().collect(),
        ..Draft::default()
    }
}

fn chart(view: &View<'_>, headline: &Headline) -> Option<AnyChart> {
    let line = |spot: &Spot<'_>| {
        let estimate = spot.cell.estimate(&headline.figure).filter(|estimate| !spot.unstable(estimate))?;
        let values: Vec<f64> = estimate.values.iter().flatten().copied().collect();
        let points: Vec<Point> =
            (FIRST..=values.len()).filter_map(|count| half_width(&values, count)).collect();
        (values.len() >= FEWEST && !points.is_empty()).then(|| Line::new(spot.arm, spot.style, points))
    };
    let lines: Vec<Line> = view.chosen_spots().iter().filter_map(line).collect();
    let last = |line: &Line| line.points.last().and_then(|point| point.y);
    let (least, most) =
        (lines.iter().filter_map(last).reduce(f64::min)?, lines.iter().filter_map(last).reduce(f64::max)?);
    let short = view.short(headline);
    let title = format!(
        "{} replications{} tell {short} within {} of itself",
        view.replications(),
        view.at_chosen(),
        if least == most { share(most) } else { format!("{} to {}", share(least), share(most)) }
    );
    Some(Box::new(Precision {
        heading: Heading::new(
            view.sentence(&title),
            "Half the 95 % interval over the mean after each replication; four times as many halve it.",
        ),
        figure: short,
        lines,
    }))
}

/// Half the interval's width over the mean of the first `count` values.
fn half_width(values: &[f64], count: usize) -> Option<Point> {
    let interval = Interval::of(values.get(..count)?, CONFIDENCE)?;
    let relative = (interval.half_width / interval.mean).abs();
    (relative.is_finite() && relative > 0.0).then(|| Point::new(count as f64, relative))
}

/// A share in words people use for errors: `0.6 %`.
fn share(value: f64) -> String {
    format!("{} %", crate::output::number::significant(100.0 * value, 2))
}
