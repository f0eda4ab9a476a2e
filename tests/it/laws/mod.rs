//! Laws that hold for every system: nothing is lost, nothing comes from nowhere, the same seed tells the same story.
//!
//! The systems are random files over everything there is. A file that breaks a law is printed; put right what it
//! shows, then keep it in `regressions.rs` under a name that says what was wrong.

mod random_system;
mod regressions;
mod tape;
mod traces;

use std::{env, fmt::Write, ops::ControlFlow};

use experiments::load::{Overrides, load_text};
use models::{
    Limit, LimitOf, RunError, RunSettings,
    measure::Window,
    policy::arrival::trace::TraceRecord,
    report::{RunReport, Unit},
    run, run_traced,
    spec::{ComponentSpec, DatabaseSpec, ReadFrom, ReplicationSpec, SystemSpec},
    trace::Tracing,
    units::Bytes,
    wire::Records,
};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{RngAlgorithm, TestError, TestRng, TestRunner},
};
use random_system::SECONDS;
use sim_core::{
    random::distribution::DistributionSpec,
    simulation::Budget,
    time::{SimDuration, SimTime},
};

/// Random systems tried when nobody asks for more or others:
/// `STAMPEDE_LAWS=20000 STAMPEDE_LAWS_SEED=7 cargo test -p tests laws` does.
const CASES: u32 = 300;

/// Numbers on the longest tape.
const LONGEST: usize = 1200;

/// The system a file describes, and the seed it is run with.
fn loaded(text: &str) -> (SystemSpec, u64) {
    let plan = load_text::<SystemSpec>("random.ron", text, &Overrides::default())
        .unwrap_or_else(|wrong| panic!("{}\n{text}", wrong.render(false)));
    (plan.cells[0].system.clone(), plan.run.seed)
}

fn moment(share: f64) -> SimTime {
    SimTime::ZERO + SimDuration::from_secs_f64(SECONDS * share)
}

/// The whole run is measured, and its two halves as windows.
fn settings(system: &SystemSpec, seed: u64) -> RunSettings {
    let window = |name: &str, from, to| Window { name: name.into(), from: moment(from), to: moment(to) };
    let limit = |station: &String| Limit {
        station: station.clone(),
        of: LimitOf::Latency,
        window: String::new(),
        limit: SimDuration::from_millis(20),
    };
    RunSettings {
        seed,
        replication: 0,
        measure_from: SimTime::ZERO,
        end: moment(1.0),
        windows: vec![window("early", 0.0, 0.5), window("late", 0.5, 1.0)],
        bin: SimDuration::from_millis(100),
        limits: system.workloads.keys().map(limit).collect(),
        budget: Budget { events: 2_000_000, in_flight: 1_000_000 },
    }
}

/// A trace of requests in bursts of three.
fn recorded() -> Records {
    let record = |number: u64| TraceRecord {
        at: SimTime::from_nanos(number / 3 * 30_000_000),
        key: Some(number % 7),
        size: Some(Bytes(number * 100)),
        class: number.is_multiple_of(2).then(|| "put".to_owned()),
    };
    Box::new((0..200).map(record))
}

fn simulate(system: &SystemSpec, seed: u64) -> Result<RunReport, RunError> {
    run(system, &settings(system, seed), &mut |_| Ok(recorded()), &mut |_| ControlFlow::Continue(()))
}

/// The same with every request recorded.
fn trace(system: &SystemSpec, seed: u64) -> Result<RunReport, RunError> {
    let (records, look) = (&mut |_: &str| Ok(recorded()), &mut |_: &_| ControlFlow::Continue(()));
    let tracing = Tracing::Whole { most_spans: 1_000_000 };
    run_traced(system, &settings(system, seed), tracing, records, look)
}

/// Everything a report says that cannot be.
fn broken_laws(text: &str) -> Vec<String> {
    let (system, seed) = loaded(text);
    let report = match simulate(&system, seed) {
        Ok(report) => report,
        Err(error) => return vec![error.to_string()],
    };
    let mut broken = Vec::new();
    match trace(&system, seed) {
        Ok(mut traced) => {
            broken.extend(traces::broken(&std::mem::take(&mut traced.traces)));
            if traced != report {
                broken.push("the same seed tells two stories, with and without traces".to_owned());
            }
        }
        Err(error) => broken.push(error.to_string()),
    }
    let ids = system.workloads.keys().chain(system.components.keys());
    broken.extend(ids.flat_map(|id| broken_flow(&report, id)));
    broken.extend(broken_figures(&report));
    broken.extend(system.workloads.keys().flat_map(|id| broken_counts(&report, id)));
    broken.extend(system.components.iter().filter_map(|(id, component)| overworked(&report, id, component)));
    let caches =
        system.components.iter().filter(|(_, component)| matches!(component, ComponentSpec::Cache(_)));
    broken.extend(caches.flat_map(|(id, _)| broken_shelf(&report, id)));
    for (id, component) in &system.components {
        if let ComponentSpec::Database(database) = component {
            broken.extend(broken_database(&report, id, &database.spec));
        }
    }
    broken
}

fn figure(report: &RunReport, name: &str) -> f64 {
    let found = report.metrics.iter().find(|metric| metric.name == name);
    found.and_then(|metric| metric.value).unwrap_or_else(|| panic!("no figure {name}"))
}

/// What came is what went, well or not, and what is still inside; two halves make a whole.
fn broken_flow(report: &RunReport, id: &str) -> Vec<String> {
    let count = |metric: &str| figure(report, &format!("{id}.{metric}"));
    let succeeded = (count("goodput.mean") * SECONDS).round();
    let (came, failed, inside) =
        (count("arrivals.count"), count("errors.count"), count("in_flight_at_end.count"));
    let degraded = count("degraded.count");
    let mut broken = Vec::new();
    if came != succeeded + degraded + failed + inside {
        broken.push(format!(
            "{id}: {came} came, {succeeded} succeeded, {degraded} degraded, {failed} failed, {inside} inside"
        ));
    }
    for metric in ["arrivals.count", "errors.count", "rejected.count", "latency.count"] {
        let (whole, halves) =
            (count(metric), count(&format!("{metric}@early")) + count(&format!("{metric}@late")));
        if whole != halves {
            broken.push(format!("{id}.{metric} is {whole}, its halves make {halves}"));
        }
    }
    broken
}

/// No figure is negative, and none that is a share is above 1.
fn broken_figures(report: &RunReport) -> Vec<String> {
    let mut broken = Vec::new();
    for metric in &report.metrics {
        let Some(value) = metric.value else { continue };
        let share = ["utilization", "success_ratio", "jain"].iter().any(|name| metric.name.contains(name));
        // A quotient of integers below 2⁵³ is at most a rounding above 1.
        if value < 0.0 || share && value > 1.0 + 1e-12 || !value.is_finite() {
            broken.push(format!("{} is {value}", metric.name));
        }
        if metric.unit == Unit::Seconds && value > SECONDS {
            broken.push(format!("{} is {value} s in a run of {SECONDS} s", metric.name));
        }
    }
    for series in &report.series {
        for value in series.values.iter().flatten() {
            if *value < 0.0 || series.name.contains("utilization") && *value > 1.0 + 1e-9 {
                broken.push(format!("the series {} reaches {value}", series.name));
            }
        }
    }
    broken
}

/// The exact counters of a limit count everything that finished once, and nothing else but what is late already.
fn broken_counts(report: &RunReport, id: &str) -> Vec<String> {
    let Some(limit) = report.limits.iter().find(|limit| limit.name == format!("{id}.latency")) else {
        return vec![format!("nobody counted the limit of {id}")];
    };
    let counted = (limit.under + limit.at + limit.over) as f64;
    let (came, inside) = (
        figure(report, &format!("{id}.arrivals.count")),
        figure(report, &format!("{id}.in_flight_at_end.count")),
    );
    let finished = came - inside;
    let sound = finished <= counted && counted <= came;
    if sound {
        Vec::new()
    } else {
        vec![format!("{id}: {counted} counted, {finished} finished, {came} came")]
    }
}

/// Every miss has one cause, and nothing stale is served but by a hit.
fn broken_shelf(report: &RunReport, id: &str) -> Vec<String> {
    let count = |metric: &str| figure(report, &format!("{id}.{metric}.count"));
    let causes = ["missed_cold", "missed_capacity", "missed_expired", "missed_invalidated"];
    let promoted = report.metrics.iter().find(|metric| metric.name == format!("{id}.missed_promoted.count"));
    let promoted = promoted.and_then(|metric| metric.value).unwrap_or_default();
    let (misses, caused) = (count("misses"), causes.into_iter().map(count).sum::<f64>() + promoted);
    let (hits, stale) = (count("hits"), count("stale_reads"));
    let mut broken = Vec::new();
    if misses != caused {
        broken.push(format!("{id}: {misses} misses, {caused} by cause"));
    }
    if stale > hits {
        broken.push(format!("{id}: {stale} stale of {hits} hits"));
    }
    broken
}

/// What a database says of its transactions and redirects adds up, and replicas of which none may lag do not.
fn broken_database(report: &RunReport, id: &str, database: &DatabaseSpec) -> Vec<String> {
    let has = |metric: &str| report.metrics.iter().any(|known| known.name == format!("{id}.{metric}.count"));
    let count = |metric: &str| figure(report, &format!("{id}.{metric}.count"));
    let mut broken = Vec::new();
    if has("transactions") {
        let (begun, committed) = (count("transactions"), count("committed"));
        let (aborted, open) = (count("aborted"), count("undecided_at_end"));
        let causes = ["refused", "locked", "failed", "deserted"];
        let caused: f64 = causes.into_iter().map(|cause| count(&format!("aborted_{cause}"))).sum();
        if begun != committed + aborted + open || aborted != caused {
            broken.push(format!(
                "{id}: {begun} transactions, {committed} committed, {aborted} aborted, {caused} by cause, {open} open"
            ));
        }
    }
    if has("ask_redirects") && count("redirects") != count("moved_redirects") + count("ask_redirects") {
        broken.push(format!("{id}: redirects are neither for good nor for once"));
    }
    let fresh = match &database.replication {
        Some(ReplicationSpec::Quorum(quorum)) => quorum.read + quorum.write > database.replicas_per_shard,
        Some(ReplicationSpec::Synchronous(_)) => true,
        Some(ReplicationSpec::Asynchronous(_)) => database.read_from == ReadFrom::Leader,
        None => false,
    };
    if fresh && count("stale_reads") + count("read_your_writes_violations") > 0.0 {
        broken.push(format!("{id}: {} stale reads, and none may be", count("stale_reads")));
    }
    broken
}

/// A pool whose requests all need the same time has served no more than its workers could.
fn overworked(report: &RunReport, id: &str, component: &ComponentSpec) -> Option<String> {
    let ComponentSpec::Service(pool) = component else { return None };
    let DistributionSpec::Constant(need) = &pool.service_time else { return None };
    if !pool.service_times.is_empty() || pool.sharing.is_some() {
        return None;
    }
    // In every region, and twice as fast as fast: a fault of factor 0.3 speeds servers up.
    let speed: f64 = (0..pool.servers).map(|server| pool.server_speed(server)).sum::<f64>() * 4.0 / 0.3;
    let served = figure(report, &format!("{id}.goodput.mean")) * SECONDS;
    let most = speed * SECONDS / need.0.as_secs_f64();
    (served > most).then(|| format!("{id} served {served}, more than the {most} it can"))
}

/// Everything that is wrong, with the file that shows it.
fn told(text: &str, broken: &[String]) -> String {
    let mut told = String::new();
    for law in broken {
        // Writing into a string cannot fail.
        let _ = writeln!(told, "{law}");
    }
    told + text
}

fn asked(variable: &str) -> Option<u32> {
    env::var(variable).ok()?.parse().ok()
}

#[test]
fn every_system_keeps_the_laws() {
    let cases = asked("STAMPEDE_LAWS").unwrap_or(CASES);
    let seed = asked("STAMPEDE_LAWS_SEED").unwrap_or(1);
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed as u8; 32]);
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        max_shrink_iters: 20_000,
        ..ProptestConfig::default()
    };
    let tapes = prop::collection::vec(any::<u16>(), 0..LONGEST);
    let outcome = TestRunner::new_with_rng(config, random).run(&tapes, |numbers| {
        let text = random_system::experiment(&numbers);

        let broken = broken_laws(&text);
        prop_assert!(broken.is_empty(), "{}", told(&text, &broken));
        Ok(())
    });
    // The tape says nothing to a reader; the file it stands for is in the reason.
    if let Err(TestError::Fail(reason, _)) = &outcome {
        panic!("{reason}");
    }
    assert!(outcome.is_ok(), "{outcome:?}");
}

/// What random systems do, and how often two hundred of them do it at least: a small part of what they did when it was
/// written, so that a further policy in a catalogue, which draws all systems anew, does not matter.
const BUSY: [(&str, f64); 10] = [
    (".hits.count", 100.0),
    (".fan_out.mean", 5.0),
    (".committed.count", 1.0),
    (".aborted_failed.count", 10.0),
    (".lock_waits.count", 10.0),
    (".replication_lag.count", 50.0),
    (".moved_keys.count", 50.0),
    (".hand_overs.count", 5.0),
    (".moved_redirects.count", 5.0),
    (".forwards.count", 5.0),
];

/// What the laws say of a system is worth something only if it does something.
#[test]
fn random_systems_are_busy() {
    let mut runner = TestRunner::deterministic();
    let tapes = prop::collection::vec(any::<u16>(), LONGEST);
    let mut requests = 0;
    let mut done = BUSY.map(|(name, least)| (name, least, 0.0));
    for _ in 0..200 {
        let numbers = tapes.new_tree(&mut runner).unwrap().current();
        let (system, seed) = loaded(&random_system::experiment(&numbers));
        let report = simulate(&system, seed).unwrap();
        for (name, _, sum) in &mut done {
            let named = report.metrics.iter().filter(|metric| metric.name.ends_with(*name));
            *sum += named.filter_map(|metric| metric.value).sum::<f64>();
        }
        requests += report.requests;
    }
    let idle: Vec<_> = done.into_iter().filter(|(_, least, sum)| sum < least).collect();
    assert!(idle.is_empty(), "{done:?}");
    assert!(requests > 10_000, "{requests}");
}
