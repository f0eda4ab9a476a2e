//! The full model, from an experiment file, beside a hand-written loop; its memory; two jobs beside one.
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

#[path = "../../sim-core/benches/yardstick/mod.rs"]
mod yardstick;

const SERVERS: usize = 16;
const LOAD: f64 = 0.8;
const REQUESTS_PER_SECOND: f64 = 12_800.0;
const TURNS: u64 = 7;
/// Set for a child that only runs and tells its memory.
const CHILD: &str = "STAMPEDE_BENCH_MEMORY";

/// The experiment with so many requests in each run.
fn load(requests: f64, replications: u32) -> (Study, Box<dyn Experiment>) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/many_servers.ron");
    let seconds = requests / REQUESTS_PER_SECOND;
    let horizon = format!("SteadyState(warmup: \"{}s\", measure: \"{}s\")", seconds * 0.1, seconds * 0.9);
    let overrides = Overrides {
        set: vec![format!("run.horizon={horizon}")],
        replications: Some(replications),
        ..Overrides::default()
    };
    let loaded = House.load(&file, &overrides).expect("the bench's own file is right");
    (loaded.study, loaded.experiment)
}

/// Seconds that one run of an arm takes, and its requests.
fn time(experiment: &dyn Experiment, cell: usize, replication: u64) -> (f64, u64) {
    let watch = Stopwatch::start();
    let report = experiment.execute(cell, replication, &Supervisor::default()).expect("it keeps up");
    (watch.seconds(), black_box(report).requests)
}

fn speed(scale: f64) {
    let (_, experiment) = load(3e6 * scale, 1);
    let customers = (3e6 * scale) as u64;
    let (mut hand, mut plain, mut timeout) = (f64::INFINITY, f64::INFINITY, f64::INFINITY);
    let per_request = |(seconds, requests): (f64, u64)| seconds / requests as f64;
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

/// Runs many requests in a process of its own and tells the most memory it held.
fn memory(scale: f64) {
    let program = env::current_exe().expect("a bench has a path");
    let child = Command::new(program).env(CHILD, scale.to_string()).output().expect("a bench can be started");
    print!("{}", String::from_utf8_lossy(&child.stdout));
}

fn memory_child(scale: f64) {
    let (_, experiment) = load(1e8 * scale, 1);
    let (seconds, requests) = time(experiment.as_ref(), 0, 0);
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map_or("unknown", str::trim);
    println!(
        "memory: {requests} requests in {seconds:.0} s, at most {peak} resident (wanted: under 65536 kB)"
    );
}

/// The same jobs on one thread and on two.
fn jobs(scale: f64) {
    let (study, experiment) = load(2e6 * scale, 8);
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

fn main() {
    let number = |name: &str| env::var(name).ok().and_then(|text| text.parse::<f64>().ok());
    if let Some(scale) = number(CHILD) {
        return memory_child(scale);
    }
    let scale = number("SCALE").unwrap_or(1.0);
    speed(scale);
    memory(scale);
    jobs(scale);
}
