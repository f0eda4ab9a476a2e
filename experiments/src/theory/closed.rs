//! A fixed number of users who think, ask, and wait: mean value analysis and the machine-repair model.
//!
//! Reiser & Lavenberg 1980; Kleinrock, *Queueing Systems* I, 3.8.

use sim_core::statistics::theory::closed::{machine_repair, mean_value_analysis};

use super::{
    suite::Suite,
    trial::{Lab, Trial},
};
use crate::cli::Depth::{Quick, Usual};

/// Users who think for a second, then need 50, 80 and 40 ms of three stations.
fn three_stations(lab: &Lab, users: u32, think: &str, seconds: f64) -> Trial {
    let system = format!(
        r#"workloads: {{ "users": ClosedLoop(target: "front", users: {users}, think_time: {think}) }},
        components: {{
            "front": Service(workers_per_server: 1000000, handles: {{ "*": [Call("a"), Call("b"), Call("c")] }}),
            "a": ServerPool(service_time: Exponential(mean: "50ms")),
            "b": ServerPool(service_time: Exponential(mean: "80ms")),
            "c": ServerPool(service_time: Exponential(mean: "40ms")),
        }},"#
    );
    lab.trial(system, seconds)
}

const THINKING: &str = r#"Exponential(mean: "1s")"#;

pub(super) fn mean_values(lab: &Lab) -> Suite {
    let mut suite = Suite::new("mean value analysis");
    let theory = |users| mean_value_analysis(&[0.05, 0.08, 0.04], 1.0, users);
    for (depth, users) in [(Usual, 1), (Usual, 2), (Quick, 5), (Quick, 10), (Usual, 20), (Usual, 40)] {
        let expected = theory(users);
        let trial = three_stations(lab, users, THINKING, 3e5 / expected.throughput);
        let rate = trial.figure("users.throughput.mean");
        suite.agrees(depth, format!("throughput of {users}"), expected.throughput, 0.015, rate);
        let response = trial.figure("users.latency.mean");
        suite.agrees(depth, format!("response of {users}"), expected.response, 0.02, response);
    }
    // Thinking may be of any distribution.
    let regular = three_stations(lab, 10, r#"Constant("1s")"#, 3e4);
    suite.agrees(
        Usual,
        "response of 10, constant thinking",
        theory(10).response,
        0.02,
        regular.figure("users.latency.mean"),
    );
    let expected = theory(10);
    let crowd = three_stations(lab, 11, THINKING, 3e4);
    suite.notices(Quick, "a user too many", expected.response, 0.02, crowd.figure("users.latency.mean"));
    let slow = three_stations(lab, 10, r#"Exponential(mean: "1.05s")"#, 3e4);
    suite.notices(
        Quick,
        "thinking 5 % too long",
        expected.throughput,
        0.015,
        slow.figure("users.throughput.mean"),
    );
    suite
}

pub(super) fn repair(lab: &Lab) -> Suite {
    let mut suite = Suite::new("machine repair");
    let repaired = |machines: u32, repairers: u32| {
        let system = format!(
            r#"workloads: {{ "users": ClosedLoop(target: "web", users: {machines}, think_time: Exponential(mean: "4s")) }},
            components: {{
                "web": ServerPool(workers_per_server: {repairers}, service_time: Exponential(mean: "1s")),
            }},"#
        );
        lab.trial(system, 2.5e5)
    };
    for (machines, repairers) in [(5, 1), (10, 2), (6, 6)] {
        let expected = machine_repair(machines, 4.0, 1.0, repairers);
        let trial = repaired(machines, repairers);
        let at = format!("{machines} machines, {repairers} repairers");
        let rate = trial.figure("users.throughput.mean");
        suite.agrees(Quick, format!("repairs, {at}"), expected.throughput, 0.01, rate);
        let broken = trial.figure("web.in_flight.mean");
        suite.agrees(Quick, format!("broken, {at}"), expected.numbers[0], 0.015, broken);
    }
    let expected = machine_repair(10, 4.0, 1.0, 2).numbers[0];
    suite.notices(Quick, "a machine too many", expected, 0.015, repaired(11, 2).figure("web.in_flight.mean"));
    suite.notices(
        Quick,
        "a repairer too many",
        expected,
        0.015,
        repaired(10, 3).figure("web.in_flight.mean"),
    );
    suite
}
