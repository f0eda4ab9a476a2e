//! What retries and hedges cost: goodput against the attempts made for it, attempts for every request, work for
//! nobody.

use models::report::Unit;

use super::{
    super::{
        album::{AnyChart, Draft},
        view::View,
        words,
    },
    MOST,
    phases::Phases,
};
use crate::{
    charts::{
        Goodput,
        data::{Axis, Heading, Line, Point, Quantity},
        reading,
    },
    report::{Column, Side, Table},
};

/// From so many attempts for a request on, some were sent again.
const SENT_AGAIN: f64 = 1.001;
/// From that share of all work on, work for nobody is told.
const WASTED: f64 = 0.001;

pub(super) fn draft(view: &View<'_>) -> Draft {
    let amplified = owners(view, ".amplification.mean", SENT_AGAIN);
    if amplified.is_empty() {
        return Draft::default();
    }
    let wasted = owners(view, ".wasted.mean", WASTED);
    let phases = Phases::of(view);
    let charts =
        view.study.workloads.iter().filter_map(|workload| chart(view, &phases, workload, &amplified));
    let attempts = amplified.iter().map(|owner| {
        let caption = format!("attempts for every call of {}", words::calls(owner));
        table(view, &phases, &format!("{owner}.amplification.mean"), caption)
    });
    let waste = wasted.iter().map(|owner| {
        let caption = format!("share of the work of {owner} for callers who had given up");
        table(view, &phases, &format!("{owner}.wasted.mean"), caption)
    });
    Draft {
        number: 3,
        name: "attempts",
        heading: "What do further attempts cost?".into(),
        charts: charts.take(MOST).collect(),
        tables: attempts.take(MOST).chain(waste.take(MOST)).collect(),
        ..Draft::default()
    }
}

/// Whose figure of that ending is at least `least` somewhere, sorted.
fn owners(view: &View<'_>, ending: &str, least: f64) -> Vec<String> {
    let estimates = view.analysis.cells.iter().flat_map(|cell| &cell.estimates);
    let found = estimates.filter(|estimate| estimate.mean.is_some_and(|mean| mean >= least));
    // A server of several repeats what its pool tells.
    let owners = found.filter_map(|estimate| estimate.name.strip_suffix(ending));
    let mut owners: Vec<String> = owners.filter(|owner| !owner.contains('[')).map(str::to_owned).collect();
    owners.sort();
    owners.dedup();
    owners
}

fn table(view: &View<'_>, phases: &Phases<'_>, figure: &str, caption: String) -> Table {
    let named = |name: String| if name.is_empty() { "the whole run".to_owned() } else { name };
    let figures = phases.names(view).into_iter().map(|name| Column { title: named(name), side: Side::Right });
    let row = |arm: &str| {
        let means = phases.means(view, arm, figure);
        let entry = |mean: Option<f64>| mean.map_or("–".to_owned(), |mean| words::shown(Unit::Ratio, mean));
        std::iter::once(arm.to_owned()).chain(means.into_iter().map(entry)).collect()
    };
    Table {
        caption,
        columns: std::iter::once(Column { title: "arm".into(), side: Side::Left }).chain(figures).collect(),
        rows: view.study.present_arms().into_iter().map(row).collect(),
    }
}

/// Goodput against attempts; none for a workload that sends nothing again.
fn chart(view: &View<'_>, phases: &Phases<'_>, workload: &str, amplified: &[String]) -> Option<AnyChart> {
    let calls = amplified.iter().find(|owner| owner.starts_with(&format!("{workload}.calls.")))?;
    let line = |arm: &str| {
        let attempts = phases.means(view, arm, &format!("{calls}.attempts.rate"));
        let goodput = phases.means(view, arm, &format!("{workload}.goodput.mean"));
        let point = |((attempts, goodput), name): ((Option<f64>, Option<f64>), String)| {
            Some(Point { note: Some(name), ..Point::new(attempts?, goodput?) })
        };
        let points = attempts.into_iter().zip(goodput).zip(phases.names(view)).filter_map(point);
        Line::new(arm, view.style(arm), points.collect())
    };
    let lines: Vec<Line> = view.study.present_arms().into_iter().map(line).collect();
    let title = title(&lines)?;
    let names: Vec<String> = phases.names(view).into_iter().filter(|name| !name.is_empty()).collect();
    let how = format!(
        "A point for each of: {}, joined in that order. On the diagonal every attempt is answered well; \
         far below it they are in vain.",
        names.join(", ")
    );
    Some(Box::new(Goodput {
        heading: Heading::new(view.sentence(&title), how),
        x: Axis::linear(format!("attempts sent by {workload}"), Quantity::PerSecond),
        y: Axis::linear(format!("goodput of {workload}"), Quantity::PerSecond),
        lines,
        diagonal: "none in vain".into(),
    }))
}

/// `retry makes the most attempts in vain: 2.80 k/s in late, for 0/s of goodput`.
fn title(lines: &[Line]) -> Option<String> {
    let vain = |point: &Point| point.y.map(|goodput| point.x - goodput);
    let points = lines.iter().flat_map(|line| line.points.iter().map(move |point| (line, point)));
    let worst = points.filter(|(_, point)| vain(point).is_some());
    let (line, point) = worst
        .max_by(|one, other| vain(one.1).unwrap_or_default().total_cmp(&vain(other.1).unwrap_or_default()))?;
    let rate = |value| reading(Quantity::PerSecond, value);
    let place = point.note.as_deref().filter(|note| !note.is_empty());
    Some(format!(
        "{} makes the most attempts in vain: {}{} for {} of goodput",
        line.label,
        rate(point.x),
        place.map_or_else(String::new, |place| format!(" at \u{201c}{place}\u{201d}")),
        rate(point.y?),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::data::ArmStyle;

    #[test]
    fn the_title_tells_where_most_attempts_are_in_vain() {
        let line = |name: &str, points: &[(f64, f64)]| {
            let point = |(x, y): &(f64, f64)| Point { note: Some("late".into()), ..Point::new(*x, *y) };
            Line::new(name, ArmStyle::of(0, false), points.iter().map(point).collect())
        };
        let lines = [line("none", &[(700.0, 690.0)]), line("retry", &[(700.0, 700.0), (2800.0, 0.0)])];
        assert_eq!(
            title(&lines).unwrap(),
            "retry makes the most attempts in vain: 2800/s at “late” for 0/s of goodput"
        );
        assert_eq!(title(&[]), None);
    }
}
