//! The full model, from an experiment file, beside a hand-written loop; a graph of services beside one; memory; two
//! jobs beside one.
//!
//! Prints ratios of one run: machines are noisy, so both sides are measured in turns and the best turn counts.
//! `SCALE=0.1 cargo bench -p experiments` does a tenth of the work.

use std::{env, fs, hint::black_box, path::Path, process::Command};

use experiments::{
    cli::{Experiment, Overrides, Sources},
    clock::Stopwatch,
    house::House,
    runner::{Settings, Supervisor, progress::Silent, run_jobs, schedule},
    store::StoreError,
    study::Study,
};
use models::report::RunReport;

#[path = "../../sim-core/benches/yardstick/mod.rs"]
mod yardstick;

const SERVERS: usize = 16;
const LOAD: f64 = 0.8;
const REQUESTS_PER_SECOND: f64 = 12_800.0;
const TURNS: u64 = 7;
/// Set for a child that only runs and tells its memory.
const CHILD: &str = "STAMPEDE_BENCH_MEMORY";
/// Minutes of the graph of services the child runs; without them it runs the one service.
const MINUTES: &str = "STAMPEDE_BENCH_MINUTES";

/// The experiment of a file, with so long a warm-up and measurement.
fn load(name: &str, warmup: f64, measure: f64, replications: u32) -> (Study, Box<dyn Experiment>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches").join(name);
    let horizon = format!("SteadyState(warmup: \"{warmup}s\", measure: \"{measure}s\")");
    let overrides = Overrides {
        set: vec![format!("run.horizon={horizon}")],
        replications: Some(replications),
        ..Overrides::default()
    };
    let loaded = House.load(&file, &overrides).expect("the bench's own file is right");
    (loaded.study, loaded.experiment)
}

/// One service behind a balancer, with so many requests in each run.
fn many_servers(requests: f64, replications: u32) -> (Study, Box<dyn Experiment>) {
    let seconds = requests / REQUESTS_PER_SECOND;
    load("many_servers.ron", seconds * 0.1, seconds * 0.9, replications)
}

/// Twelve services for so many minutes.
fn service_graph(minutes: f64) -> Box<dyn Experiment> {
    load("service_graph.ron", minutes * 6.0, minutes * 54.0, 1).1
}

/// Seconds that one run of an arm takes, and its report.
fn time(experiment: &dyn Experiment, cell: usize, replication: u64) -> (f64, RunReport) {
    let watch = Stopwatch::start();
    let report = experiment.execute(cell, replication, &Supervisor::default()).expect("it keeps up");
    (watch.seconds(), black_box(report))
}

fn speed(scale: f64) {
    let (_, experiment) = many_servers(3e6 * scale, 1);
    let customers = (3e6 * scale) as u64;
    let (mut hand, mut plain, mut timeout) = (f64::INFINITY, f64::INFINITY, f64::INFINITY);
    let per_request = |(seconds, report): (f64, RunReport)| seconds / report.requests as f64;
    for turn in 0..TURNS {
        let watch = Stopwatch::start();
        black_box(yardstick::join_shortest_queue(SERVERS, LOAD, customers, turn));
        hand = hand.min(watch.seconds() / customers as f64);
        plain = plain.min(per_request(time(experiment.as_ref(), 0, turn)));
        timeout = timeout.min(per_request(time(experiment.as_ref(), 1, turn)));
    }
    println!("M/M/16, least outstanding requests, requests a second, best of {TURNS} turns");
    println!("  hand-written loop   {:8.2} M", 1e-6 / hand);
    println!(
        "  experiment file     {:8.2} M   ratio {:.3} (wanted: at least 0.35)",
        1e-6 / plain,
        hand / plain
    );
    println!(
        "  with a 100 s timeout{:8.2} M   ratio {:.3} (wanted: at least 0.25)",
        1e-6 / timeout,
        hand / timeout
    );
}

/// What an event costs in a graph of services, beside one service behind a balancer.
fn graph(scale: f64) {
    let (single, graph) = (many_servers(3e6 * scale, 1).1, service_graph(scale));
    let (mut simple, mut walked) = (f64::INFINITY, f64::INFINITY);
    let per_event = |(seconds, report): (f64, RunReport)| seconds / report.events as f64;
    for turn in 0..TURNS.div_ceil(2) {
        simple = simple.min(per_event(time(single.as_ref(), 0, turn)));
        walked = walked.min(per_event(time(graph.as_ref(), 0, turn)));
    }
    println!("an event, best of {} turns", TURNS.div_ceil(2));
    println!("  one service         {:8.1} ns", 1e9 * simple);
    println!(
        "  12 services, 5 deep {:8.1} ns  {:.2} times as much (wanted: at most 1.5)",
        1e9 * walked,
        walked / simple
    );
}

/// Runs in a process of its own that tells the most memory it held.
fn memory(scale: f64) {
    let program = env::current_exe().expect("a bench has a path");
    for minutes in ["", "1", "10"] {
        let mut child = Command::new(&program);
        child.env(CHILD, scale.to_string()).env(MINUTES, minutes);
        let said = child.output().expect("a bench can be started");
        print!("{}", String::from_utf8_lossy(&said.stdout));
    }
}

fn memory_child(scale: f64) {
    let (seconds, report, wanted) = match number(MINUTES) {
        None => {
            let (seconds, report) = time(many_servers(1e8 * scale, 1).1.as_ref(), 0, 0);
            (seconds, report, "wanted: under 65536 kB")
        }
        Some(minutes) => {
            let (seconds, report) = time(service_graph(minutes * scale).as_ref(), 0, 0);
            (seconds, report, "12 services; what grows with time is its series, a value a second")
        }
    };
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map_or("unknown", str::trim);
    let RunReport { requests, events, .. } = report;
    println!(
        "memory: {requests} requests, {events} events in {seconds:.0} s, at most {peak} resident ({wanted})"
    );
}

/// The same jobs on one thread and on two.
fn jobs(scale: f64) {
    let (study, experiment) = many_servers(2e6 * scale, 8);
    let jobs = schedule(&study.cells);
    let execute =
        |cell, replication, supervisor: &Supervisor| experiment.execute(cell, replication, supervisor);
    let keep = |_: &_, report| -> Result<(), StoreError> {
        black_box(report);
        Ok(())
    };
    let seconds = |threads| {
        let settings = Settings { threads, fail_fast: true };
        let tally = run_jobs(&jobs, settings, &execute, &keep, &Supervisor::default(), &Silent);
        tally.expect("nothing is stored").seconds
    };
    let (mut one, mut two) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..3 {
        one = one.min(seconds(1));
        two = two.min(seconds(2));
    }
    println!(
        "two jobs beside one: {one:.1} s, {two:.1} s, {:.2} times as fast (wanted: at least 1.8)",
        one / two
    );
}

/// A number that the environment tells.
fn number(name: &str) -> Option<f64> {
    env::var(name).ok()?.parse().ok()
}

fn main() {
    if let Some(scale) = number(CHILD) {
        return memory_child(scale);
    }
    let scale = number("SCALE").unwrap_or(1.0);
    speed(scale);
    graph(scale);
    memory(scale);
    jobs(scale);
}
