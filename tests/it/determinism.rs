//! The same file and seed give the same bytes: whatever the threads, the interruptions, the machines, the build.

use std::{collections::BTreeMap, fs, ops::ControlFlow, path::Path, thread, time::Duration};

use experiments::load::{Overrides, load_text};
use models::{RunSettings, report::RunReport, run, spec::SystemSpec};
use sim_core::{
    simulation::Budget,
    time::{SimDuration, SimTime},
};

use crate::desk::{COUNTER, Desk, contents};

/// The results folder of one undisturbed run on one thread.
fn reference() -> BTreeMap<std::path::PathBuf, Vec<u8>> {
    let desk = Desk::new();
    desk.say("run counter.ron -q -j 1 -o root").ended(0);
    contents(&desk.results("root", "counter"))
}

/// Both folders hold the same files with the same bytes.
fn assert_same(desk: &Desk, expected: &BTreeMap<std::path::PathBuf, Vec<u8>>) {
    let found = contents(&desk.results("root", "counter"));
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (path, bytes) in expected {
        assert!(found[path] == *bytes, "{} differs", path.display());
    }
}

#[test]
fn threads_leave_no_trace() {
    let desk = Desk::new();
    desk.say("run counter.ron -q -j 2 -o root").ended(0);
    let expected = reference();
    assert!(expected.len() > 18 + 9, "18 runs and the tables: {}", expected.len());
    assert_same(&desk, &expected);
}

#[test]
fn killed_in_mid_sweep_it_ends_the_same() {
    let desk = Desk::new();
    let stored = || {
        let folders = fs::read_dir(desk.path("root/counter")).into_iter().flatten().flatten();
        let cells = folders
            .flat_map(|folder| fs::read_dir(folder.path().join("runs")).into_iter().flatten().flatten());
        cells.flat_map(|cell| fs::read_dir(cell.path()).into_iter().flatten()).count()
    };
    for runs in [1, 6, 11] {
        let mut child = desk.spawn("run counter.ron -q -j 2 -o root");
        while stored() < runs && child.try_wait().unwrap().is_none() {
            thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    desk.say("run counter.ron -q -o root").ended(0);
    assert_same(&desk, &reference());
}

#[test]
fn two_machines_make_what_one_makes() {
    let [desk, other] = [Desk::new(), Desk::new()];
    desk.say("run counter.ron -q --shard 1/2 -o root").ended(0);
    other.say("run counter.ron -q --shard 2/2 -o root").ended(0);
    copy(&other.path("root"), &desk.path("root"));
    desk.say("run counter.ron -q -o root").ended(0);
    assert_same(&desk, &reference());
}

/// Copies a folder over another, as `cp -r` does.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn run_again_it_writes_the_same_bytes() {
    let desk = Desk::new();
    desk.say("run counter.ron -q -o root").ended(0);
    desk.say("run counter.ron -q -o root --fresh").ended(0);
    assert_same(&desk, &reference());
}

/// One run of the only cell of a file that has neither arms nor sweep.
fn told(text: &str, seed: u64) -> RunReport {
    let plan = load_text::<SystemSpec>("told.ron", text, &Overrides::default())
        .unwrap_or_else(|wrong| panic!("{}", wrong.render(false)));
    let settings = RunSettings {
        seed,
        replication: 0,
        measure_from: SimTime::ZERO,
        end: SimTime::ZERO + SimDuration::from_secs(60),
        windows: Vec::new(),
        bin: SimDuration::from_secs(1),
        limits: Vec::new(),
        budget: Budget { events: 10_000_000, in_flight: 1_000_000 },
    };
    run(&plan.cells[0].system, &settings, &mut |id| Err(id.to_owned()), &mut |_| ControlFlow::Continue(()))
        .unwrap()
}

/// Something of everything that draws: bursts, a wave, classes, keys, a lossy network, checks, ejection, faults.
const VARIED: &str = r#"(
    name: "varied",
    question: "Do all builds tell the same?",
    network: (within_zone: LogNormal(mean: "1ms", cv: 0.5), loss: 0.001),
    workloads: {
        "clients": OpenLoop(
            target: "lb",
            arrivals: Mmpp,
            profile: Sine(period: "20s", amplitude: 0.5),
            load: Rate("300/s"),
            requests: { "browse": 0.9, "buy": (weight: 0.1, priority: 1) },
            keys: Zipf(items: 100000, exponent: 0.99),
            timeout: "500ms",
        ),
        "users": ClosedLoop(target: "lb", users: 20, think_time: Weibull(shape: 0.8, mean: "200ms")),
    },
    components: {
        "lb": LoadBalancer(
            backends: "web",
            strategy: PowerOfTwoChoices(by: PeakEwma(decay: "5s")),
            instances: 2,
            retry: (max_attempts: 2),
            health_check: (interval: "1s"),
            ejection: OutlierDetection,
        ),
        "web": Service(
            servers: 4,
            workers_per_server: 4,
            service_time: Gamma(mean: "15ms", cv: 1.5),
            queue: Priority(capacity: 50),
            handles: { "buy": [Call("db")] },
        ),
        "db": ServerPool(servers: 2, service_time: LogNormal(p50: "5ms", p99: "50ms"), sharing: ProcessorSharing(cores: 2)),
    },
    faults: [
        Slow(target: "web[1]", at: "20s", duration: "10s", factor: 8.0),
        Crash(target: "web", time_between: Exponential(mean: "30s"), time_to_repair: Exponential(mean: "2s")),
    ],
    run: (seed: 1, replications: 1, horizon: Terminating(end: "60s")),
)"#;

/// Stored, so that debug, test and release builds on every platform must give it.
#[test]
fn every_build_tells_the_same() {
    let report = told(VARIED, 42);
    assert_eq!(
        (report.requests, report.events, report.digest),
        (VARIED_REQUESTS, VARIED_EVENTS, VARIED_DIGEST)
    );
}

const VARIED_REQUESTS: u64 = 16_903;
const VARIED_EVENTS: u64 = 109_672;
const VARIED_DIGEST: u64 = 5_932_418_591_550_317_911;

#[test]
fn another_seed_tells_another_story() {
    assert_ne!(told(VARIED, 42).digest, told(VARIED, 43).digest);
    assert_eq!(told(VARIED, 42), told(VARIED, 42));
}

#[test]
fn an_idle_component_changes_no_other_figure() {
    let idle = "\"aaa_idle\": ServerPool(servers: 3, service_time: Exponential(mean: \"9ms\")),\n        \"lb\": Load";
    let with = told(&VARIED.replacen("\"lb\": Load", idle, 1), 42);
    let without = told(VARIED, 42);
    let others: Vec<_> =
        with.metrics.into_iter().filter(|metric| !metric.name.contains("aaa_idle")).collect();
    assert_eq!(others, without.metrics);
    let others: Vec<_> =
        with.series.into_iter().filter(|series| !series.name.starts_with("aaa_idle")).collect();
    assert_eq!(others, without.series);
}

#[test]
fn the_order_of_ids_in_a_file_is_irrelevant() {
    let blocks = |text: &str, from: &str, to: &str| {
        let start = text.find(from).unwrap();
        let end = start + text[start..].find(to).unwrap();
        (start, end)
    };
    let (start, end) = blocks(VARIED, "        \"db\": ServerPool", "    },\n    faults");
    let db = &VARIED[start..end];
    let swapped =
        VARIED.replacen(db, "", 1).replacen("        \"lb\": Load", &format!("{db}        \"lb\": Load"), 1);
    assert_ne!(swapped, VARIED);
    assert_eq!(told(&swapped, 42), told(VARIED, 42));
}

#[test]
fn another_arm_changes_no_other_figure() {
    let desk = Desk::new();
    desk.say("run counter.ron -q -o root").ended(0);
    let more = COUNTER.replacen("arms: {", "arms: {\n        \"another\": { \"web.servers\": 3 },", 1);
    desk.write("more.ron", more);
    desk.say("run more.ron -q -o more").ended(0);
    let rows = |root: &str| -> Vec<String> {
        let cells = fs::read_to_string(desk.results(root, "counter").join("cells.csv")).unwrap();
        cells.lines().filter(|line| !line.starts_with("another,")).map(str::to_owned).collect()
    };
    assert_eq!(rows("more"), rows("root"));
}
