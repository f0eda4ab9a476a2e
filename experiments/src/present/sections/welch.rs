//! Whether the warm-up is long enough: moving averages of what is in flight, with the cut.

use sim_core::statistics::warmup::moving_average;

use super::{
    super::{
        album::{AnyChart, Draft},
        view::{Spot, View},
    },
    MOST,
};
use crate::{
    charts::{
        Welch,
        data::{Axis, Heading, Line, Point, Quantity},
    },
    output::number::short,
    study::Horizon,
};

/// A moving average reaches so many of a run's bins to either side, one in so many.
const WINDOW: usize = 24;

pub(super) fn draft(view: &View<'_>) -> Draft {
    let Horizon::SteadyState { warmup, .. } = view.study.horizon else { return Draft::default() };
    let spots: Vec<Spot<'_>> =
        view.chosen_spots().into_iter().filter(|spot| spot.cell.growth.is_none()).collect();
    let charts = view.study.workloads.iter().filter_map(|workload| chart(view, &spots, workload, warmup));
    Draft {
        number: 15,
        name: "warm_up",
        heading: "Is the warm-up long enough?".into(),
        charts: charts.take(MOST).collect(),
        ..Draft::default()
    }
}

fn chart(view: &View<'_>, spots: &[Spot<'_>], workload: &str, warmup: f64) -> Option<AnyChart> {
    let name = format!("{workload}.in_flight");
    let line = |spot: &Spot<'_>| {
        let band = spot.cell.band(&name)?;
        let means: Vec<f64> = band.points.iter().map_while(|point| point.map(|point| point.mean)).collect();
        let at = |bin: usize| (bin as f64 + 0.5) * band.bin;
        let point = |(bin, mean): (usize, &f64)| Point::new(at(bin), *mean);
        let smooth = moving_average(&means, (means.len() / WINDOW).max(1));
        Some(Line {
            example: means.iter().enumerate().map(point).collect(),
            ..Line::new(spot.arm, spot.style, smooth.iter().enumerate().map(point).collect())
        })
    };
    let lines: Vec<Line> = spots.iter().filter_map(line).collect();
    if lines.is_empty() {
        return None;
    }
    Some(Box::new(Welch {
        heading: Heading::new(
            title(view),
            format!(
                "Left of the cut nothing is measured; right of it no line should rise or fall{}.",
                view.at_chosen()
            ),
        ),
        x: Axis::linear("simulated time", Quantity::Seconds),
        y: Axis::linear(format!("in flight at {workload}, moving average"), Quantity::Count),
        lines,
        cut: warmup,
    }))
}

fn title(view: &View<'_>) -> String {
    let Some(check) = &view.analysis.warmup else { return "The run over time".to_owned() };
    let stated = short(check.stated);
    let stable = view.analysis.cells.iter().filter(|cell| cell.growth.is_none()).count();
    match check.insufficient.len() {
        0 => format!("A warm-up of {stated} s is enough: no figure would move by more than its interval"),
        few => format!(
            "A warm-up of {stated} s is too short in {few} of {stable} cells: MSER-5 asks for up to {} s",
            short(check.asked)
        ),
    }
}
