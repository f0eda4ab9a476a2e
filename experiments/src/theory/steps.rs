//! What a service does step by step: waits that hold a worker or do not, choices, repetitions, failures, branches side
//! by side.
//!
//! Little's law for a pool of threads that wait: c threads held for S serve c/S a second, however little of S is
//! computing. Where a wait holds nothing it is thinking time: Reiser & Lavenberg 1980.

use models::LimitOf;
use sim_core::statistics::theory::{
    closed::mean_value_analysis,
    fork_join::{any_slow, harmonic, slowest_quantile},
};

use super::{
    suite::Suite,
    trial::{Lab, Trial},
};
use crate::cli::Depth::Quick;

/// So many users who never think, at a service with these fields and steps.
fn crowd(lab: &Lab, users: u32, fields: &str, steps: &str, seconds: f64) -> Trial {
    let system = format!(
        r#"workloads: {{ "users": ClosedLoop(target: "web", users: {users}) }},
        components: {{ "web": Service({fields}, handles: {{ "*": [{steps}] }}) }},"#
    );
    lab.trial(system, seconds)
}

const WAIT: &str = r#"Compute(Exponential(mean: "10ms")), Wait(Exponential(mean: "90ms"))"#;

pub(super) fn threads_that_wait(lab: &Lab) -> Suite {
    let mut suite = Suite::new("threads that wait");
    for (threads, users) in [(5, 40), (20, 50)] {
        let held = crowd(
            lab,
            users,
            &format!("workers_per_server: {threads}"),
            WAIT,
            3e5 / (f64::from(threads) * 10.0),
        );
        let expected = f64::from(threads) / 0.1;
        let at = format!("{threads} threads, {users} users");
        suite.agrees(
            Quick,
            format!("throughput, {at}"),
            expected,
            0.01,
            held.figure("users.throughput.mean"),
        );
        let response = f64::from(users) / expected;
        suite.agrees(Quick, format!("response, {at}"), response, 0.01, held.figure("users.latency.mean"));
    }
    // One core that is free while its requests wait.
    let shared = "sharing: ProcessorSharing(cores: 1)";
    for users in [4, 12] {
        let expected = mean_value_analysis(&[0.01], 0.09, users);
        let trial = crowd(lab, users, shared, WAIT, 3e5 / expected.throughput);
        let rate = trial.figure("users.throughput.mean");
        suite.agrees(Quick, format!("one core, {users} requests that wait"), expected.throughput, 0.01, rate);
    }
    let fewer = crowd(lab, 40, "workers_per_server: 4", WAIT, 3e3);
    suite.notices(Quick, "a thread too few", 50.0, 0.01, fewer.figure("users.throughput.mean"));
    let held = crowd(lab, 12, "workers_per_server: 1", WAIT, 3e3);
    let free = mean_value_analysis(&[0.01], 0.09, 12).throughput;
    suite.notices(Quick, "the core is held while it waits", free, 0.01, held.figure("users.throughput.mean"));
    suite
}

pub(super) fn ways(lab: &Lab) -> Suite {
    let mut suite = Suite::new("choices, repetitions, failures");
    let lone = |steps: &str| crowd(lab, 1, "workers_per_server: 1", steps, 3e3);
    // One user alone: the mean time of a request is the sum of its steps.
    let chosen = r#"Branch([
        (weight: 3.0, steps: [Compute(Exponential(mean: "4ms"))]),
        (weight: 1.0, steps: [Repeat(times: 3, steps: [Wait(Constant("8ms")), Compute(Exponential(mean: "2ms"))])]),
    ])"#;
    let time = lone(chosen).figure("users.latency.mean");
    suite.agrees(Quick, "mean time by weights 3 and 1", 0.75 * 0.004 + 0.25 * 0.030, 0.01, time);
    let failing = lone(r#"Wait(Constant("10ms")), Fail(0.3), Wait(Constant("10ms"))"#);
    suite.agrees(
        Quick,
        "share that fails",
        0.3,
        0.02,
        failing.ratio("users.errors.rate", "users.throughput.mean"),
    );
    suite.agrees(Quick, "mean time with early ends", 0.017, 0.01, failing.figure("users.latency.mean"));
    let unweighted = lone(&chosen.replace("3.0", "1.0"));
    let expected = 0.75 * 0.004 + 0.25 * 0.030;
    suite.notices(Quick, "weights forgotten", expected, 0.01, unweighted.figure("users.latency.mean"));
    suite
}

/// One user who never thinks, at a service that does `branches` of these steps side by side, so often.
fn side_by_side(lab: &Lab, branches: u32, join: &str, steps: &str, requests: f64) -> Trial {
    let steps = format!("Parallel(copies: {branches}, join: {join}, branches: [[{steps}]])");
    crowd(lab, 1, "sharing: ProcessorSharing(cores: 1)", &steps, requests)
}

const ONE: &str = r#"Wait(Exponential(mean: "1s"))"#;

/// Order statistics of exponential times: the k-th of n comes after H_n − H_(n−k) on average (Rényi 1953).
pub(super) fn branches(lab: &Lab) -> Suite {
    let mut suite = Suite::new("branches side by side");
    for (parts, requests) in [(2, 150_000.0), (5, 80_000.0), (10, 50_000.0), (100, 10_000.0)] {
        let mean = harmonic(parts);
        let all = side_by_side(lab, parts, "All", ONE, requests * mean);
        suite.agrees(
            Quick,
            format!("mean of the last of {parts}"),
            mean,
            0.01,
            all.figure("users.latency.mean"),
        );
    }
    for (parts, requests) in [(1, 300_000.0), (10, 120_000.0), (100, 40_000.0)] {
        let seconds = requests * harmonic(parts);
        let expected = slowest_quantile(parts, 0.99);
        let tail = side_by_side(lab, parts, "All", ONE, seconds).figure("users.latency.p99");
        suite.agrees(Quick, format!("p99 of the last of {parts}"), expected, 0.02, tail);
    }
    for parts in [2, 10] {
        let mean = 1.0 / f64::from(parts);
        let first = side_by_side(lab, parts, "Any", ONE, 200_000.0 * mean).figure("users.latency.mean");
        suite.agrees(Quick, format!("mean of the first of {parts}"), mean, 0.01, first);
    }
    for (needed, parts) in [(2, 3), (3, 5), (7, 10)] {
        let mean = harmonic(parts) - harmonic(parts - needed);
        let quorum = format!("Quorum({needed})");
        let time = side_by_side(lab, parts, &quorum, ONE, 150_000.0 * mean).figure("users.latency.mean");
        suite.agrees(Quick, format!("mean of number {needed} of {parts}"), mean, 0.01, time);
    }
    let nine = side_by_side(lab, 9, "All", ONE, 80_000.0 * harmonic(9)).figure("users.latency.mean");
    suite.notices(Quick, "9 branches instead of 10", harmonic(10), 0.01, nine);
    let late = side_by_side(lab, 5, "Quorum(4)", ONE, 150_000.0).figure("users.latency.mean");
    suite.notices(Quick, "one more than the quorum", harmonic(5) - harmonic(2), 0.01, late);
    suite
}

/// Dean & Barroso, *The Tail at Scale*, CACM 2013: how many requests wait for a slow leaf, if one call in a hundred is.
pub(super) fn slow_leaves(lab: &Lab) -> Suite {
    let mut suite = Suite::new("slow leaves");
    let slow = |calls: u32, share: f64, requests: f64| {
        let leaf = format!(
            r#"Branch([(weight: {}, steps: [Wait(Constant("10ms"))]), (weight: {share}, steps: [Wait(Constant("100ms"))])])"#,
            1.0 - share
        );
        let system = format!(
            r#"workloads: {{ "users": OpenLoop(target: "root", load: Rate("100/s")) }},
            components: {{
                "root": Service(sharing: ProcessorSharing(cores: 1),
                    handles: {{ "*": [Parallel(copies: {calls}, branches: [[Call("leaf")]])] }}),
                "leaf": Service(sharing: ProcessorSharing(cores: 1), handles: {{ "*": [{leaf}] }}),
            }},"#
        );
        lab.trial(system, requests / 100.0)
            .counting("root", LimitOf::Latency, 0.05)
            .figure("root.latency.over")
    };
    for (calls, within, requests) in
        [(1, 0.03, 2e6), (10, 0.03, 1.8e5), (50, 0.02, 6.5e4), (100, 0.02, 2.5e4), (200, 0.02, 8e3)]
    {
        let name = format!("share that waits for one of {calls}");
        suite.agrees(Quick, name, any_slow(calls, 0.01), within, slow(calls, 0.01, requests));
    }
    suite.notices(Quick, "a tenth more of them are slow", any_slow(10, 0.01), 0.03, slow(10, 0.011, 1.8e5));
    suite
}
