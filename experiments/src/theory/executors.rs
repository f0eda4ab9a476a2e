//! How requests are run: threads that are held, event loops that block, actors, connections.
//!
//! Little's law for what is held: c threads or connections held for S serve at most c/S a second. One loop is a server
//! of general service (Pollaczek–Khinchine); loops that steal at no cost idle only when nothing waits, so their mean
//! numbers are those of M/M/c. Who waits without holding anything thinks: Reiser & Lavenberg 1980.

use sim_core::statistics::theory::{closed::mean_value_analysis, erlang::MMc};

use super::{
    suite::Suite,
    trial::{Lab, Trial, figure},
};
use crate::cli::Depth::{Quick, Usual};

const WAIT: &str = r#"Compute(Exponential(mean: "10ms")), Wait(Exponential(mean: "90ms"))"#;

/// So many users who never think, at a service that runs its requests so.
fn crowd(lab: &Lab, users: u32, concurrency: &str, steps: &str, seconds: f64) -> Trial {
    let system = format!(
        r#"workloads: {{ "users": ClosedLoop(target: "web", users: {users}) }},
        components: {{ "web": Service(concurrency: {concurrency}, handles: {{ "*": [{steps}] }}) }},"#
    );
    lab.trial(system, seconds)
}

pub(super) fn threads(lab: &Lab) -> Suite {
    let mut suite = Suite::new("threads");
    let rate = |users, concurrency: &str, steps: &str, seconds| {
        crowd(lab, users, concurrency, steps, seconds).figure("users.throughput.mean")
    };
    for (name, threads) in [("Threads(threads: 20)", 20.0), ("ThreadPool(core: 5)", 5.0)] {
        let held = rate(50, name, WAIT, 3e5 / (threads * 10.0));
        suite.agrees(Quick, format!("throughput, {name}"), threads / 0.1, 0.01, held);
    }
    // Above core there are more threads only if the queue refuses.
    let spare = rate(50, "ThreadPool(core: 5, max: 20)", WAIT, 1.2e4);
    suite.agrees(Quick, "an endless queue keeps a pool at core", 50.0, 0.01, spare);
    let more = lab
        .station(
            100.0,
            r#"service_time: Constant("100ms"), queue: Fifo(capacity: 10), concurrency: ThreadPool(core: 5, max: 20)"#,
            3e5,
        )
        .figure("web.threads.mean");
    suite.notices(Quick, "a short queue: threads", 5.0, 0.5, more);
    // Threads that share one core, which is free while they wait.
    let one_core = "Threads(threads: 12, cpu: (cores: 1))";
    let expected = mean_value_analysis(&[0.01], 0.09, 12).throughput;
    let shared = rate(40, one_core, WAIT, 3e3);
    suite.agrees(Quick, "12 threads that wait and share a core", expected, 0.01, shared);
    let fewer = rate(40, "Threads(threads: 11, cpu: (cores: 1))", WAIT, 3e3);
    suite.notices(Quick, "a thread too few on the core", expected, 0.01, fewer);
    // Each of 50 runnable threads is switched to once more, and each slice of 4 ms costs a switch of 1 ms.
    let switched = r#"Threads(threads: 50, cpu: (cores: 1, context_switch: "1ms", time_slice: "4ms"))"#;
    let busy = rate(50, switched, r#"Compute(Constant("10ms"))"#, 1e3);
    suite.agrees(Quick, "threads that switch", 1.0 / (0.011 * 1.25), 0.01, busy);
    suite
}

/// Two kinds of requests at one station, which keep it half busy: 99 in 100 take 1 ms, one takes 100 ms.
fn mixed(lab: &Lab, concurrency: &str, arrivals: f64) -> Trial {
    let rate = 251.256;
    let (light, heavy) = (rate * 0.99, rate * 0.01);
    let system = format!(
        r#"workloads: {{
            "light": OpenLoop(target: "web", load: Rate("{light}/s"), requests: {{ "light": 1.0 }}),
            "heavy": OpenLoop(target: "web", load: Rate("{heavy}/s"), requests: {{ "heavy": 1.0 }}),
        }},
        components: {{ "web": ServerPool(
            service_times: {{ "light": Constant("1ms"), "heavy": Constant("100ms") }}, concurrency: {concurrency},
        ) }},"#
    );
    lab.trial(system, arrivals / rate)
}

/// How long a light request waits before it begins, in milliseconds.
fn light_wait(trial: &Trial) -> super::trial::Figure {
    trial.derive(|figures| (figure(figures, "light.latency.mean") - 0.001) * 1e3)
}

/// The mean time at a station of so many exponential channels.
fn mean_sojourn(arrivals: f64, service: f64, channels: u32) -> f64 {
    MMc::new(arrivals, service, channels).map_or(f64::INFINITY, MMc::mean_sojourn)
}

pub(super) fn loops(lab: &Lab) -> Suite {
    let mut suite = Suite::new("event loops");
    // λE[S²]/2(1−ρ), in milliseconds.
    let pollaczek_khinchine = |rate: f64, square: f64, load: f64| rate * square / (2.0 * (1.0 - load));
    let blocked = pollaczek_khinchine(0.251_256, 0.99 + 0.01 * 1e4, 0.251_256 * 1.99);
    let free = pollaczek_khinchine(0.251_256 * 0.99, 1.0, 0.251_256 * 0.99);
    suite.agrees(
        Usual,
        "wait behind heavy requests",
        blocked,
        0.04,
        light_wait(&mixed(lab, "EventLoop", 6e6)),
    );
    let apart = r#"EventLoop(blocking: ["heavy"])"#;
    suite.agrees(Quick, "wait with heavy ones off-loaded", free, 0.02, light_wait(&mixed(lab, apart, 1e6)));
    suite.notices(Quick, "heavy ones on the loop", free, 0.02, light_wait(&mixed(lab, "EventLoop", 1e5)));
    let four = |concurrency: &str| {
        let service = r#"service_time: Exponential(mean: "1s")"#;
        lab.station(3.2, &format!("{service}, concurrency: {concurrency}"), 1.5e6)
            .figure("clients.latency.mean")
    };
    let expected = mean_sojourn(3.2, 1.0, 4);
    suite.agrees(Quick, "mean time of four loops that steal", expected, 0.03, four("EventLoop(workers: 4)"));
    let alone = four("EventLoop(workers: 4, work_stealing: false)");
    suite.notices(Quick, "four loops that do not steal", expected, 0.03, alone);
    let few = mean_value_analysis(&[0.01], 0.09, 5).throughput;
    let limited = crowd(lab, 40, "EventLoop(max_in_flight: 5)", WAIT, 3e5 / few);
    suite.agrees(Quick, "5 in flight on one loop", few, 0.01, limited.figure("users.throughput.mean"));
    suite
}

pub(super) fn actors(lab: &Lab) -> Suite {
    let mut suite = Suite::new("actors");
    let mean = |actors: &str| {
        let system = format!(
            r#"workloads: {{ "clients": OpenLoop(target: "web", load: Rate("1/s"), keys: Uniform(items: 100000)) }},
            components: {{ "web": ServerPool(service_time: Exponential(mean: "0.5s"), concurrency: {actors}) }},"#
        );
        lab.trial(system, 3e5).figure("clients.latency.mean")
    };
    suite.agrees(Quick, "mean time of one actor", 1.0, 0.02, mean("Actor"));
    // Each of two gets half and has a core of its own.
    let two = "Actor(actors: 2, cpu: (cores: 2))";
    suite.agrees(Quick, "mean time of two actors", 0.5 / 0.75, 0.02, mean(two));
    suite.notices(Quick, "two actors as one line for both", 0.5 / (1.0 - 0.0625), 0.02, mean(two));
    suite
}

pub(super) fn connections(lab: &Lab) -> Suite {
    let mut suite = Suite::new("connection pools");
    let pool = |load: &str, max: u32, seconds: f64| {
        let system = format!(
            r#"workloads: {{ "users": {load} }},
            components: {{
                "web": Service(
                    concurrency: Threads(threads: 60000, connections: None), handles: {{ "*": [Call("db")] }},
                    calls: {{ "db": (connections: (max: {max}, acquire_timeout: "1h")) }},
                ),
                "db": ServerPool(concurrency: Threads, service_time: Exponential(mean: "100ms")),
            }},"#
        );
        lab.trial(system, seconds)
    };
    let users = r#"ClosedLoop(target: "web", users: 40)"#;
    let rate = pool(users, 5, 1.2e4).figure("users.throughput.mean");
    suite.agrees(Quick, "throughput of 5 connections", 50.0, 0.01, rate);
    let open = r#"OpenLoop(target: "web", load: Rate("40/s"))"#;
    let expected = mean_sojourn(40.0, 10.0, 5);
    let time = pool(open, 5, 3e4).figure("users.latency.mean");
    suite.agrees(Quick, "mean time with 5 connections", expected, 0.03, time);
    let six = pool(open, 6, 1.5e4).figure("users.latency.mean");
    suite.notices(Quick, "a connection too many", expected, 0.03, six);
    suite
}
