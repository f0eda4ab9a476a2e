//! What tests of small systems share: reading one from text, and the figures of a run of it.

use std::{collections::BTreeMap, ops::ControlFlow};

use ron::extensions::Extensions;
use sim_core::{
    simulation::Budget,
    time::{SimDuration, SimTime},
};

use crate::{RunSettings, run, spec::SystemSpec, wire};

/// A system as a file would say it.
pub(super) fn read(text: &str) -> SystemSpec {
    let options = ron::Options::default().with_default_extension(
        Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES | Extensions::UNWRAP_VARIANT_NEWTYPES,
    );
    options.from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The figures of so many seconds of a system, by name; its books balance, or the run would be an error.
pub(super) fn figures(text: &str, seconds: impl Into<f64>, seed: u64) -> BTreeMap<String, f64> {
    figures_from(text, (0.0, seconds.into()), seed)
}

/// The same from a second on to another.
pub(super) fn figures_from<T: Into<f64>>(
    text: &str,
    (from, until): (T, T),
    seed: u64,
) -> BTreeMap<String, f64> {
    let moment = |seconds: T| SimTime::ZERO + SimDuration::from_nanos_f64(seconds.into() * 1e9);
    let spec = read(text);
    assert_eq!(wire::check(&spec), [], "{text}");
    let settings = RunSettings {
        seed,
        replication: 0,
        measure_from: moment(from),
        end: moment(until),
        windows: Vec::new(),
        bin: SimDuration::from_secs(1),
        limits: Vec::new(),
        budget: Budget { events: 10_000_000, in_flight: 1_000_000 },
    };
    let traces = &mut |_: &str| Err("no trace".to_owned());
    let report = run(&spec, &settings, traces, &mut |_| ControlFlow::Continue(())).unwrap();
    report.metrics.into_iter().filter_map(|metric| Some((metric.name, metric.value?))).collect()
}

/// What is wrong with a system: where, and what.
pub(super) fn problems(text: &str) -> Vec<String> {
    let told = |problem: sim_core::check::Problem| format!("{}: {}", problem.path.join("."), problem.what);
    wire::check(&read(text)).into_iter().map(told).collect()
}
