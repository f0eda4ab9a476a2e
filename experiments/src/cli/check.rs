//! `stampede check`: is the file valid, is it stable, is it long enough? Runs nothing.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Forecast, Loaded, Overrides, Sources, console::Console};
use crate::{
    exit::Exit,
    output::{
        number::short,
        terminal::{Lean, columns},
    },
    runner::progress::seconds_in_words,
    study::{Horizon, Study},
};

/// Parse and validate files, predict load, stability and precision; runs nothing
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  stampede check my.ron
  stampede check experiments/*.ron       every file; the exit code is 3 if one is invalid")]
pub(super) struct Check {
    /// Experiment files
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    overrides: Overrides,
}

impl Check {
    pub(super) fn run(&self, sources: &dyn Sources, console: &Console) -> Exit {
        let check = |file: &PathBuf| self.check(file, sources, console);
        self.files.iter().map(check).fold(Exit::Done, Exit::worse)
    }

    fn check(&self, file: &Path, sources: &dyn Sources, console: &Console) -> Exit {
        match sources.load(file, &self.overrides) {
            Ok(loaded) => {
                console.warn(&loaded.warnings);
                console.print_human(&page(&loaded, console));
                Exit::Done
            }
            Err(failure) => console.refuse(&failure),
        }
    }
}

fn page(loaded: &Loaded, console: &Console) -> String {
    let study = &loaded.study;
    let forecast = loaded.experiment.forecast();
    let mut text = format!("{}   {}\n\n", console.look.strong(&study.name), study.question);
    text.push_str(&fact("Plan", &plan(study)));
    if let Some(forecast) = &forecast {
        text.push_str(&outlook(study, forecast));
    }
    if let Horizon::SteadyState { warmup, .. } = study.horizon {
        text.push_str(&fact("Warm-up", &format!("{} s   verified at run time (MSER-5)", short(warmup))));
    }
    let warned = if loaded.warnings.is_empty() { "" } else { ", with warnings" };
    format!("{text}\n{} valid{warned}\n", console.look.check(true))
}

/// What the equations tell: size, capacity, stability, precision.
fn outlook(study: &Study, forecast: &Forecast) -> String {
    let mut text = fact("Size", &size(forecast));
    for (line, capacity) in forecast.capacity.iter().enumerate() {
        text.push_str(&fact(if line == 0 { "Capacity" } else { "" }, capacity));
    }
    text.push_str(&stability(study, forecast));
    text + &fact("Precision", &precision(study, forecast))
}

fn fact(name: &str, text: &str) -> String {
    format!("{name:<12}{text}\n")
}

fn plan(study: &Study) -> String {
    let runs: u64 = study.cells.iter().map(|cell| cell.replications).sum();
    let mut factors = vec![counted(study.present_arms().len(), "arm")];
    let axes = study.axes.iter().zip(study.axis_labels());
    factors.extend(axes.map(|(axis, label)| values(axis.values.len(), &label)));
    factors.push(counted(study.replications as usize, "replication"));
    let luck = if study.common_random_numbers { "on" } else { "off" };
    format!("{} = {runs} runs, seed {}, common random numbers {luck}", factors.join(" × "), study.seed)
}

fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

/// The values of an axis; a label that has no plain plural is named after them.
fn values(count: usize, label: &str) -> String {
    let plain = !label.ends_with('s') && label.chars().all(char::is_alphanumeric);
    if plain { counted(count, label) } else { format!("{} of {label}", counted(count, "value")) }
}

fn size(forecast: &Forecast) -> String {
    format!("≈ {} requests, ≈ {} of CPU", in_words(forecast.requests), seconds_in_words(forecast.cpu_seconds))
}

/// The offered load of the busiest station, arm by point.
fn stability(study: &Study, forecast: &Forecast) -> String {
    let points = study.points();
    let mut header = vec!["Stability ".to_owned(), "arm".to_owned()];
    // Over the numbers, not over the signs behind them.
    header.extend(points.iter().map(|point| format!("{} ", study.shown_point_text(point))));
    header.push("busiest".to_owned());
    let mut rows = vec![header];
    for arm in study.present_arms() {
        let busiest =
            |point: &Vec<String>| study.cell(arm, point).and_then(|cell| forecast.busiest.get(cell));
        let load = |point| match busiest(point).and_then(|busiest| busiest.load) {
            Some(load) if load >= 1.0 => format!("{load:.2}✗"),
            Some(load) => format!("{load:.2} "),
            None => "– ".to_owned(),
        };
        let station =
            points.last().and_then(busiest).map(|busiest| busiest.station.clone()).unwrap_or_default();
        let mut row = vec![String::new(), arm.to_owned()];
        row.extend(points.iter().map(load));
        row.push(station);
        rows.push(row);
    }
    let last = points.len() + 2;
    let lean = |_, column| if (2..last).contains(&column) { Lean::Right } else { Lean::Left };
    let note = "            –  no closed form: the strategy looks at the state, or the load is a trace\n";
    let open = forecast.busiest.iter().any(|busiest| busiest.load.is_none());
    format!("\n{}{}\n", columns(&rows, lean, 0), if open { note } else { "" })
}

/// How many observations lie beyond the quantiles that claims speak of.
fn precision(study: &Study, forecast: &Forecast) -> String {
    let tails = study.claims().filter_map(|claim| crate::study::tail_of(&claim.statistic));
    let fewest = forecast.fewest_requests;
    if fewest < 1.0 {
        return "what a trace holds is told by running it".to_owned();
    }
    let requests = format!("≥ {} requests a run", in_words(fewest));
    match tails.reduce(f64::min) {
        Some(tail) => {
            format!("{requests}, ≥ {} beyond the farthest quantile claimed", in_words(fewest * tail))
        }
        None => requests,
    }
}

/// `99 million`, `155 000`, `1550`.
fn in_words(count: f64) -> String {
    match count {
        count if count >= 1e6 => format!("{} million", short(count / 1e6)),
        count if count >= 1e4 => format!("{} 000", short(count / 1e3)),
        count => short(count),
    }
}
