//! A server that holds all at once: in equal parts, the latest first, the shortest first.
//!
//! The first two have FIFO's mean and feel no variance of demand (Kleinrock, *Queueing Systems* II, 4.4). Variances:
//! Coffman, Muntz & Trotter 1970; a busy period's. Shortest remaining: Schrage & Miller 1966, integrated numerically.

use sim_core::statistics::theory::erlang::MMc;

use super::{
    suite::Suite,
    trial::{Lab, Trial},
};
use crate::cli::Depth::{Full, Quick, Usual};

const EXPONENTIAL: &str = r#"Exponential(mean: "1s")"#;
const VARIED: &str = r#"Hyperexponential(mean: "1s", cv: 2.0)"#;

fn shared(lab: &Lab, load: f64, sharing: &str, service: &str, arrivals: f64) -> Trial {
    lab.station(load, &format!("service_time: {service}, sharing: {sharing}"), arrivals)
}

pub(super) fn equal_parts(lab: &Lab) -> Suite {
    let mut suite = Suite::new("processor sharing");
    let part = "ProcessorSharing";
    for (depth, load, arrivals) in [(Quick, 0.5, 3e5), (Usual, 0.8, 1.5e6)] {
        let mean = 1.0 / (1.0 - load);
        for (name, service) in
            [("exponential", EXPONENTIAL), ("constant", r#"Constant("1s")"#), ("cv 2", VARIED)]
        {
            let trial = shared(lab, load, part, service, arrivals);
            let time = trial.figure("clients.latency.mean");
            suite.agrees(depth, format!("mean time at {load}, {name}"), mean, 0.03, time);
            if service == EXPONENTIAL {
                let variance = mean * mean * (2.0 + load) / (2.0 - load);
                let figure = trial.figure("clients.latency.variance");
                suite.agrees(depth, format!("variance at {load}, {name}"), variance, 0.1, figure);
            }
        }
    }
    let four = MMc::new(3.2, 1.0, 4).expect("stable").mean_sojourn();
    let figure =
        shared(lab, 3.2, "ProcessorSharing(cores: 4)", EXPONENTIAL, 2e6).figure("clients.latency.mean");
    suite.agrees(Usual, "mean time on four cores, 3.2 offered", four, 0.02, figure);
    let queued = lab.station(0.5, &format!("service_time: {VARIED}"), 3e5);
    suite.notices(Quick, "a line instead, cv 2", 2.0, 0.03, queued.figure("clients.latency.mean"));
    let slow = shared(lab, 0.5, part, r#"Exponential(mean: "1.03s")"#, 3e5);
    suite.notices(Quick, "demand 3 % too large", 2.0, 0.03, slow.figure("clients.latency.mean"));
    suite
}

pub(super) fn latest_first(lab: &Lab) -> Suite {
    let mut suite = Suite::new("latest first, interrupting");
    let latest = "PreemptiveLifo";
    for (depth, load, arrivals, within) in [(Quick, 0.5, 8e5, 0.1), (Usual, 0.8, 2e6, 0.15)] {
        for (name, service) in [("exponential", EXPONENTIAL), ("cv 2", VARIED)] {
            let trial = shared(lab, load, latest, service, arrivals);
            let (time, idle) = (trial.figure("clients.latency.mean"), 1.0 - load);
            suite.agrees(depth, format!("mean time at {load}, {name}"), 1.0 / idle, 0.03, time);
            if service == EXPONENTIAL {
                let variance = (1.0 + load) / (idle * idle * idle);
                let figure = trial.figure("clients.latency.variance");
                suite.agrees(depth, format!("variance at {load}, {name}"), variance, within, figure);
            }
        }
    }
    let parts = shared(lab, 0.5, "ProcessorSharing", EXPONENTIAL, 3e5);
    suite.notices(Quick, "equal parts: variance", 12.0, 0.1, parts.figure("clients.latency.variance"));
    suite
}

pub(super) fn shortest_remaining(lab: &Lab) -> Suite {
    let mut suite = Suite::new("shortest remaining first");
    for (depth, load, mean, arrivals) in [
        (Quick, 0.5, 1.425_373, 3e5),
        (Usual, 0.7, 1.874_567, 1e6),
        (Usual, 0.8, 2.352_773, 1.5e6),
        (Usual, 0.9, 3.552_125, 3e6),
        (Full, 0.95, 5.541_011, 3e7),
    ] {
        let figure =
            shared(lab, load, "ShortestRemaining", EXPONENTIAL, arrivals).figure("clients.latency.mean");
        suite.agrees(depth, format!("mean time at {load}"), mean, 0.02, figure);
    }
    let polite = lab.station(0.5, &format!("service_time: {EXPONENTIAL}, queue: ShortestJobFirst"), 3e5);
    suite.notices(Quick, "nobody is interrupted", 1.425_373, 0.02, polite.figure("clients.latency.mean"));
    suite
}
