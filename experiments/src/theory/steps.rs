//! What a service does step by step: waits that hold a worker or do not, choices, repetitions, failures.
//!
//! Little's law for a pool of threads that wait: c threads held for S serve c/S a second, however little of S is
//! computing. Where a wait holds nothing it is thinking time: Reiser & Lavenberg 1980.

use sim_core::statistics::theory::closed::mean_value_analysis;

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
    let shared = r#"sharing: ProcessorSharing(cores: 1)"#;
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
