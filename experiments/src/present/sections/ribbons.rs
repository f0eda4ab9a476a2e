//! What ribbons of states share, whatever has the states.

use super::super::{
    album::AnyChart,
    view::{Spot, View},
    words,
};
use crate::charts::{
    Ribbon, RibbonOf, RibbonRow,
    data::{Heading, Quantity, Span},
    reading,
};
use models::report::RunReport;

/// A ribbon of these rows, with the faults and windows of the run; none without rows.
pub(super) fn ribbon(
    view: &View<'_>,
    of: RibbonOf,
    rows: Vec<RibbonRow>,
    title: &str,
    how: impl Into<String>,
) -> Option<AnyChart> {
    if rows.is_empty() {
        return None;
    }
    let faults = view.study.faults.iter().map(|fault| Span::new(fault.label.trim(), fault.from, fault.to));
    let windows = view.study.windows.iter().map(|window| Span::new(&window.name, window.from, window.to));
    Some(Box::new(Ribbon {
        heading: Heading::new(view.sentence(&format!("{title}{}", view.at_chosen())), how),
        of,
        end: view.measured().1,
        rows,
        faults: faults.collect(),
        windows: windows.collect(),
    }))
}

/// The first replication of what is shown of an arm.
pub(super) fn first_run(view: &View<'_>, spot: &Spot<'_>) -> Option<RunReport> {
    let first = spot.cell.replications.first()?;
    view.run(spot.index, *first)
}

/// `retry_breaker opens twice and is open 0.02 of the time, more than any other breaker`, of the row that is open longest.
pub(super) fn longest(rows: &[RibbonRow], end: f64, verbs: [&str; 2], others: &str) -> Option<String> {
    let share = |row: &RibbonRow| row.open_share(end);
    let longest = rows.iter().max_by(|one, other| share(one).total_cmp(&share(other)))?;
    if longest.openings() == 0 {
        return None;
    }
    let [turns, is] = verbs;
    let more = if rows.len() > 1 { format!(", more than any other {others}") } else { String::new() };
    let (label, times) = (&longest.label, words::times(longest.openings()));
    let share = reading(Quantity::Ratio, share(longest));
    Some(format!("{label} {turns} {times} and is {is} {share} of the time{more}"))
}
