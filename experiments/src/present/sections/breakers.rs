//! When breakers were open: the state of each over time, in the first replication of every arm that has any.

use models::report::MOST_DECISIONS;

use super::{
    super::{
        album::{AnyChart, Draft},
        view::{Spot, View},
        words,
    },
    ribbons::{first_run, longest, ribbon},
};
use crate::charts::{BreakerState, RibbonOf, RibbonRow};

/// Series of the state of a breaker end so: `clients.calls.checkout.CircuitBreaker`.
const BREAKER: &str = "Breaker";

pub(super) fn draft(view: &View<'_>) -> Draft {
    Draft {
        number: 7,
        name: "breakers",
        heading: "When was the breaker open?".into(),
        charts: chart(view).into_iter().collect(),
        ..Draft::default()
    }
}

fn chart(view: &View<'_>) -> Option<AnyChart> {
    let rows: Vec<RibbonRow> = view.chosen_spots().iter().flat_map(|spot| rows(view, spot)).collect();
    let title = title(&rows, view.measured().1);
    let how = "A row is a breaker in the first replication; full height is open, half is half open, low is closed. \
               Dotted lines are the edges of faults. Right: the share of time open.";
    ribbon(view, RibbonOf::Breakers, rows, &title, how)
}

/// The breakers of one arm.
fn rows(view: &View<'_>, spot: &Spot<'_>) -> Vec<RibbonRow> {
    let Some(run) = first_run(view, spot) else { return Vec::new() };
    let breakers: Vec<_> = run.series.iter().filter(|series| series.name.ends_with(BREAKER)).collect();
    let row = |series: &&models::report::Series| {
        let who = series.name.strip_suffix(BREAKER).unwrap_or(&series.name);
        let (calls, kind) = who.rsplit_once('.').unwrap_or(("", who));
        let label = match breakers.len() {
            1 => spot.arm.to_owned(),
            _ => format!("{}: {}", spot.arm, words::calls(calls)),
        };
        RibbonRow { label, states: states(series, &run.decisions, &format!("{calls} {kind}{BREAKER}")) }
    };
    breakers.iter().map(row).collect()
}

/// The states by the log, which knows the very moment; by the series, once a bin, where the log was full.
fn states(
    series: &models::report::Series,
    log: &[models::report::Decision],
    who: &str,
) -> Vec<(f64, BreakerState)> {
    let state = |value: f64| match value {
        value if value < 0.25 => BreakerState::Closed,
        value if value < 0.75 => BreakerState::HalfOpen,
        _ => BreakerState::Open,
    };
    if log.len() >= MOST_DECISIONS {
        let bins = series.values.iter().enumerate();
        let mut found: Vec<(f64, BreakerState)> =
            bins.filter_map(|(bin, value)| Some((bin as f64 * series.bin, state((*value)?)))).collect();
        found.dedup_by_key(|(_, state)| *state);
        return found;
    }
    let named = |name: &str| {
        [BreakerState::Closed, BreakerState::HalfOpen, BreakerState::Open]
            .into_iter()
            .find(|state| state.name() == name)
    };
    let mine = log.iter().filter(|decision| decision.who == who);
    let turns = mine.filter_map(|decision| Some((decision.at, named(&decision.what)?)));
    std::iter::once((0.0, BreakerState::Closed)).chain(turns).collect()
}

/// `retry_breaker opens 2 times and is open 0.02 of the time`, of the breaker that is open longest.
fn title(rows: &[RibbonRow], end: f64) -> String {
    longest(rows, end, ["opens", "open"], "breaker").unwrap_or_else(|| "no breaker ever opens".to_owned())
}

#[cfg(test)]
mod tests {
    use models::report::{Decision, Series, Unit};

    use super::*;

    #[test]
    fn the_log_tells_the_moment() {
        let series = Series {
            name: "c.calls.s.CircuitBreaker".into(),
            unit: Unit::Ratio,
            bin: 1.0,
            values: vec![Some(0.0), Some(1.0), Some(1.0)],
        };
        let decision = |at, who: &str, what: &str| Decision { at, who: who.into(), what: what.into() };
        let log = [
            decision(1.25, "c.calls.s CircuitBreaker", "open"),
            decision(1.5, "c.calls.t CircuitBreaker", "open"),
            decision(2.5, "c.calls.s CircuitBreaker", "half open"),
        ];
        assert_eq!(
            states(&series, &log, "c.calls.s CircuitBreaker"),
            [(0.0, BreakerState::Closed), (1.25, BreakerState::Open), (2.5, BreakerState::HalfOpen)]
        );
        let full = vec![decision(0.0, "other", "open"); MOST_DECISIONS];
        assert_eq!(
            states(&series, &full, "c.calls.s CircuitBreaker"),
            [(0.0, BreakerState::Closed), (1.0, BreakerState::Open)]
        );
    }

    #[test]
    fn the_title_tells_of_the_longest_open() {
        let row = |label: &str, open: f64| RibbonRow {
            label: label.into(),
            states: vec![
                (0.0, BreakerState::Closed),
                (10.0, BreakerState::Open),
                (10.0 + open, BreakerState::Closed),
            ],
        };
        assert_eq!(
            title(&[row("a", 5.0), row("b", 10.0)], 100.0),
            "b opens once and is open 0.100 of the time, more than any other breaker"
        );
        let quiet = RibbonRow { label: "a".into(), states: vec![(0.0, BreakerState::Closed)] };
        assert_eq!(title(&[quiet], 100.0), "no breaker ever opens");
    }
}
