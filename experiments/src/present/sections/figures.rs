//! The figures of which no SLO speaks: a table each.

use super::{
    super::{album::Draft, view::View},
    slo_matrix,
};
use crate::{
    analysis::Headline,
    report::{Column, Side, Table},
};

/// Sweep points a table has room for.
const POINTS: usize = 24;

pub(super) fn draft(view: &View<'_>) -> Draft {
    let others = view.analysis.headlines.iter().enumerate().filter(|(_, headline)| headline.slo.is_none());
    Draft {
        heading: "What was measured?".into(),
        explanation: vec![format!(
            "Means over {} replications with half their 95 % intervals; ▴ is best or tied.",
            view.replications()
        )],
        tables: others.map(|(index, headline)| table(view, index, headline)).collect(),
        ..Draft::default()
    }
}

fn table(view: &View<'_>, index: usize, headline: &Headline) -> Table {
    let scale = view.scale(headline);
    let points: Vec<Vec<String>> = view.study.points().into_iter().take(POINTS).collect();
    let unit = if scale.unit.is_empty() { String::new() } else { format!(", {}", scale.unit) };
    let label = view.study.axis_labels().join(", ");
    let place = if label.is_empty() { String::new() } else { format!(" by {label}") };
    let figures = points.iter().map(|point| Column {
        title: match view.study.shown_point_text(point) {
            text if text.is_empty() => headline.short(),
            text => text,
        },
        side: Side::Right,
    });
    let row = |arm: &str| {
        let entry = |point: &Vec<String>| {
            let Some(spot) = view.spot(arm, point) else { return String::new() };
            let best = if view.analysis.leads(index, spot.index) { " ▴" } else { "" };
            format!("{}{best}", slo_matrix::text(&spot, headline, scale))
        };
        std::iter::once(arm.to_owned()).chain(points.iter().map(entry)).collect()
    };
    Table {
        caption: format!("{}{unit}{place}", headline.figure),
        columns: std::iter::once(Column { title: "arm".into(), side: Side::Left }).chain(figures).collect(),
        rows: slo_matrix::arms(view, headline).into_iter().map(row).collect(),
    }
}
