//! Who was out of rotation: each server that a caller's checks, ejections or heartbeats took out, over time, in the first
//! replication of every arm.

use super::{
    super::{
        album::{AnyChart, Draft},
        view::{Spot, View},
    },
    ribbons::{first_run, longest, ribbon},
};
use crate::charts::{BreakerState, RibbonOf, RibbonRow};

/// Series of whether a server is out of rotation end so: `lb.web[3].out`.
const OUT: &str = ".out";
/// Servers of an arm at most: those that were out longest.
const MOST: usize = 4;

pub(super) fn draft(view: &View<'_>) -> Draft {
    Draft {
        number: 7,
        name: "rotation",
        heading: "Which servers were taken out, and when?".into(),
        charts: chart(view).into_iter().collect(),
        ..Draft::default()
    }
}

fn chart(view: &View<'_>) -> Option<AnyChart> {
    let (_, end) = view.measured();
    let rows: Vec<RibbonRow> = view.chosen_spots().iter().flat_map(|spot| rows(view, spot, end)).collect();
    let title = title(&rows, end);
    let how = format!(
        "A row is a server as one caller sees it, in the first replication, looked at once a bin: of each arm the {MOST} that \
         were out longest. Full height is out of rotation. Dotted lines are the edges of faults. Right: the share of time out."
    );
    ribbon(view, RibbonOf::Servers, rows, &title, how)
}

/// The servers of one arm that were ever out.
fn rows(view: &View<'_>, spot: &Spot<'_>, end: f64) -> Vec<RibbonRow> {
    let Some(run) = first_run(view, spot) else { return Vec::new() };
    let watched = run.series.iter().filter_map(|series| Some((series.name.strip_suffix(OUT)?, series)));
    // A server stands once for each caller: `lb[0].web[3]`.
    let row = |(who, series): (&str, &models::report::Series)| RibbonRow {
        label: format!("{}: {}", spot.arm, who.replacen('.', ", ", 1)),
        states: states(&series.values, series.bin),
    };
    let mut rows: Vec<RibbonRow> = watched.map(row).filter(|row| row.openings() > 0).collect();
    rows.sort_by(|one, other| other.open_share(end).total_cmp(&one.open_share(end)));
    rows.truncate(MOST);
    rows
}

/// From when on a server was in or out; a value tells of the end of its bin.
fn states(values: &[Option<f64>], bin: f64) -> Vec<(f64, BreakerState)> {
    let state = |value: &f64| if *value > 0.5 { BreakerState::Open } else { BreakerState::Closed };
    let seen = values.iter().enumerate();
    let seen = seen.filter_map(|(place, value)| Some(((place + 1) as f64 * bin, state(value.as_ref()?))));
    let mut states: Vec<_> = std::iter::once((0.0, BreakerState::Closed)).chain(seen).collect();
    states.dedup_by_key(|(_, state)| *state);
    states
}

/// `ejection: lb, web[3] is taken out once and is out 0.250 of the time, more than any other server`.
fn title(rows: &[RibbonRow], end: f64) -> String {
    longest(rows, end, ["is taken out", "out"], "server").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_out_from_the_first_bin_that_saw_it_out_to_the_first_that_did_not() {
        let values = [Some(0.0), Some(1.0), Some(1.0), Some(0.0), Some(0.0)];
        assert_eq!(
            states(&values, 2.0),
            [(0.0, BreakerState::Closed), (4.0, BreakerState::Open), (8.0, BreakerState::Closed)]
        );
        let row = RibbonRow { label: "a: lb, web[3]".into(), states: states(&values, 2.0) };
        assert_eq!(title(&[row], 16.0), "a: lb, web[3] is taken out once and is out 0.250 of the time");
    }
}
