//! What happens in the tail: the whole distribution of a time at the chosen sweep point, a line an arm.

use models::report::RunReport;
use rayon::prelude::*;
use sim_core::statistics::Histogram;

use super::{
    super::{
        album::{AnyChart, Draft},
        view::{Spot, View},
        words,
    },
    MOST,
};
use crate::{
    analysis::FigureName,
    charts::{
        Distribution, Quantile, Tail,
        data::{Axis, Heading, Limit, Quantity},
        reading,
    },
    study::{Claim, quantile_of},
};

const NANOS: f64 = 1e9;
/// Points for each further nine, and how many nines. The fastest requests would take half the axis: p20 is the first.
const STEPS: i32 = 10;
const NINES: i32 = 6;
/// Quantiles that a title may speak of, the furthest first.
const TALKED_OF: [f64; 4] = [0.9999, 0.999, 0.99, 0.9];
/// Samples beyond a quantile without which nothing is said of it.
const ENOUGH: f64 = 100.0;

pub(super) fn draft(view: &View<'_>) -> Draft {
    let (shown, unstable): (Vec<Spot<'_>>, Vec<Spot<'_>>) =
        view.chosen_spots().into_iter().partition(|spot| spot.cell.growth.is_none());
    let mut explanation = Vec::new();
    if !unstable.is_empty() {
        let names: Vec<&str> = unstable.iter().map(|spot| spot.arm).collect();
        explanation.push(format!(
            "Left out{}, being unstable: {}. Latency grows there for as long as the run lasts.",
            view.at_chosen(),
            words::list(&names)
        ));
    }
    let charts: Vec<AnyChart> = if shown.is_empty() {
        Vec::new()
    } else {
        let runs = Runs::of(view, &shown);
        names(view).iter().take(MOST).filter_map(|name| chart(view, &shown, &runs, name)).collect()
    };
    Draft {
        number: 4,
        name: "latency_distribution",
        heading: "What happens in the tail?".into(),
        explanation,
        charts,
        ..Draft::default()
    }
}

/// The distributions that headlines speak of; those of the workloads' latencies if none do.
fn names(view: &View<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (_, headline) in view.times() {
        let figure = FigureName::parse(&headline.figure);
        let name = match figure.window {
            Some(window) => format!("{}@{window}", figure.metric),
            None => figure.metric.to_owned(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        names = view.study.workloads.iter().map(|workload| format!("{workload}.latency")).collect();
    }
    names
}

/// The replications of the shown cells, as stored: the analysis keeps them only together.
struct Runs(Vec<Vec<RunReport>>);

impl Runs {
    fn of(view: &View<'_>, spots: &[Spot<'_>]) -> Self {
        let of_spot = |spot: &Spot<'_>| {
            spot.cell.replications.iter().filter_map(|r| view.run(spot.index, *r)).collect()
        };
        Self(spots.par_iter().map(of_spot).collect())
    }

    fn histograms(&self, spot: usize, name: &str) -> Vec<&Histogram> {
        let named = |run: &'_ RunReport| -> Option<usize> {
            run.histograms.iter().position(|(known, _)| known == name)
        };
        let runs = self.0.get(spot).map(Vec::as_slice).unwrap_or_default();
        runs.iter()
            .filter_map(|run| run.histograms.get(named(run)?))
            .map(|(_, histogram)| histogram)
            .collect()
    }
}

fn chart(view: &View<'_>, spots: &[Spot<'_>], runs: &Runs, name: &str) -> Option<AnyChart> {
    let tail = |(place, spot): (usize, &Spot<'_>)| {
        let (_, all) = spot.cell.histograms.iter().find(|(known, _)| known == name)?;
        tail(spot, all, &runs.histograms(place, name))
    };
    let tails: Vec<Tail> = spots.iter().enumerate().filter_map(tail).collect();
    if tails.is_empty() {
        return None;
    }
    let of_this = |claim: &&Claim| claim.distribution() == name && quantile_of(&claim.statistic).is_some();
    let claim = view.study.slos.iter().rfind(of_this);
    let what = name.split('@').next().unwrap_or(name).rsplit('.').next().unwrap_or(name).replace('_', " ");
    Some(Box::new(Distribution {
        heading: Heading::new(
            title(view, &tails, &what),
            "Follow a line to the right into the tail. Bands span the replications.",
        ),
        y: Axis::log(name.replace('@', " in window "), Quantity::Seconds),
        tails,
        limit: claim.map(|claim| Limit { label: format!("{} SLO", claim.statistic), value: claim.threshold }),
    }))
}

fn tail(spot: &Spot<'_>, all: &Histogram, replications: &[&Histogram]) -> Option<Tail> {
    let quantile = |step: i32| {
        let probability = probability(step);
        let beyond = (1.0 - probability) * all.count() as f64;
        let value = all.quantile(probability).filter(|_| beyond >= 1.0)? as f64 / NANOS;
        let values = replications.iter().filter_map(|histogram| histogram.quantile(probability));
        let values: Vec<f64> = values.map(|nanos| nanos as f64 / NANOS).collect();
        let several = values.len() > 1;
        let low = values.iter().copied().reduce(f64::min).filter(|_| several);
        let high = values.iter().copied().reduce(f64::max).filter(|_| several);
        Some(Quantile { probability, value, low, high })
    };
    let quantiles: Vec<Quantile> = (1..=STEPS * NINES).map_while(quantile).collect();
    let tail = Tail { label: spot.arm.to_owned(), style: spot.style, samples: all.count(), quantiles };
    (!tail.quantiles.is_empty()).then_some(tail)
}

/// The probability so many steps into the tail; the one next to the median is the median.
fn probability(step: i32) -> f64 {
    let found = 1.0 - libm::pow(10.0, -f64::from(step) / f64::from(STEPS));
    if (found - 0.5).abs() < 0.002 { 0.5 } else { found }
}

/// `At load 0.95 the medians are 18.1 ms to 19.0 ms; p99.9 reaches from 150 ms (a) to 1.20 s (b)`.
fn title(view: &View<'_>, tails: &[Tail], what: &str) -> String {
    let resolved =
        |probability: &f64| tails.iter().all(|tail| (1.0 - probability) * tail.samples as f64 >= ENOUGH);
    let far = TALKED_OF.iter().copied().find(resolved).unwrap_or(0.5);
    let name = reading(Quantity::Percentile, far);
    let time = |value| reading(Quantity::Seconds, value);
    let Some([(_, low), (_, high)]) = extremes(tails, 0.5) else { return what.to_owned() };
    let Some([(best, least), (worst, most)]) = extremes(tails, far) else { return what.to_owned() };
    let at = view.at_chosen();
    let place = if at.is_empty() { String::new() } else { format!("{}, ", view.sentence(at.trim())) };
    let title = if tails.len() == 1 {
        format!("{place}median {what} is {} and {name} {}", time(low), time(least))
    } else if best == worst || most < 1.01 * least {
        format!("{place}every arm has about the same {what}: median {}, {name} {}", time(low), time(least))
    } else {
        format!(
            "{place}median {what} is {} to {}; {name} reaches from {} ({best}) to {} ({worst})",
            time(low),
            time(high),
            time(least),
            time(most)
        )
    };
    view.sentence(&title)
}

/// The arms with the lowest and the highest value of a quantile.
fn extremes(tails: &[Tail], probability: f64) -> Option<[(&str, f64); 2]> {
    let value = |tail: &Tail| {
        let near = tail.quantiles.iter().find(|quantile| quantile.probability > probability - 1e-9)?;
        Some(near.value)
    };
    let values: Vec<(&str, f64)> =
        tails.iter().filter_map(|tail| Some((tail.label.as_str(), value(tail)?))).collect();
    let by_value = |one: &&(&str, f64), other: &&(&str, f64)| one.1.total_cmp(&other.1);
    Some([*values.iter().min_by(by_value)?, *values.iter().max_by(by_value)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_meet_the_quantiles_that_titles_speak_of() {
        let steps: Vec<f64> = (1..=STEPS * NINES).map(probability).collect();
        for wanted in TALKED_OF.into_iter().chain([0.5]) {
            assert!(steps.iter().any(|step| (step - wanted).abs() < 1e-12), "{wanted}");
        }
    }
}
