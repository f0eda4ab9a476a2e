//! What tests of small systems share: reading one from text, and the figures of a run of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

use ron::extensions::Extensions;
use sim_core::{
    check::Problem,
    simulation::Budget,
    time::{SimDuration, SimTime},
};

use crate::{RunSettings, measure::Window, report::Metric, run, spec::SystemSpec, wire};

/// A system as a file would say it.
pub(super) fn read(text: &str) -> SystemSpec {
    let options = ron::Options::default().with_default_extension(
        Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES | Extensions::UNWRAP_VARIANT_NEWTYPES,
    );
    options.from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The figures of so many seconds of a system, by name; its books balance, or the run would be an error.
pub(super) fn figures(text: &str, seconds: impl Into<f64>, seed: u64) -> BTreeMap<String, f64> {
    by_name(metrics(text, (0.0, seconds.into()), &[], seed))
}

/// The same from a second on to another.
pub(super) fn figures_from(text: &str, (from, until): (u32, u32), seed: u64) -> BTreeMap<String, f64> {
    by_name(metrics(text, (f64::from(from), f64::from(until)), &[], seed))
}

/// The same with windows from a second to another each.
pub(super) fn figures_within(
    text: &str,
    seconds: u32,
    windows: &[(&str, u32, u32)],
) -> BTreeMap<String, f64> {
    by_name(metrics(text, (0.0, f64::from(seconds)), windows, 1))
}

/// The figures of a system that no file may say.
pub(super) fn figures_unchecked(text: &str, seconds: f64) -> BTreeMap<String, f64> {
    by_name(metrics_of(&read(text), (0.0, seconds), &[], 1))
}

/// The names of all that is reported, known or not.
pub(super) fn reported(text: &str, seconds: u32) -> BTreeSet<String> {
    metrics(text, (0.0, f64::from(seconds)), &[], 1).into_iter().map(|metric| metric.name).collect()
}

/// What is wrong with a system: where, and what.
pub(super) fn problems(text: &str) -> Vec<String> {
    let told = |problem: Problem| format!("{}: {}", problem.path.join("."), problem.what);
    wire::check(&read(text)).into_iter().map(told).collect()
}

fn by_name(metrics: Vec<Metric>) -> BTreeMap<String, f64> {
    metrics.into_iter().filter_map(|metric| Some((metric.name, metric.value?))).collect()
}

fn metrics(text: &str, (from, until): (f64, f64), windows: &[(&str, u32, u32)], seed: u64) -> Vec<Metric> {
    let spec = read(text);
    assert_eq!(wire::check(&spec), [], "{text}");
    metrics_of(&spec, (from, until), windows, seed)
}

fn metrics_of(
    spec: &SystemSpec,
    (from, until): (f64, f64),
    windows: &[(&str, u32, u32)],
    seed: u64,
) -> Vec<Metric> {
    let moment = |seconds: f64| SimTime::ZERO + SimDuration::from_nanos_f64(seconds * 1e9);
    let windows = windows.iter().map(|(name, from, to)| Window {
        name: (*name).to_owned(),
        from: moment(f64::from(*from)),
        to: moment(f64::from(*to)),
    });
    let settings = RunSettings {
        seed,
        replication: 0,
        measure_from: moment(from),
        end: moment(until),
        windows: windows.collect(),
        bin: SimDuration::from_secs(1),
        limits: Vec::new(),
        budget: Budget { events: 50_000_000, in_flight: 1_000_000 },
    };
    let traces = &mut |_: &str| Err("no trace".to_owned());
    run(spec, &settings, traces, &mut |_| ControlFlow::Continue(())).unwrap().metrics
}
