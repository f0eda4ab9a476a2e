//! Who is served next: orders that do not look at demands have one mean, those that do shorten it.
//!
//! In order of arrival E[W²] = 2ρ/(1−ρ)², in random order 2/(2−ρ) and in reverse order 1/(1−ρ) times as much
//! (Takács 1963). Shortest job first: Phipps 1956, the integral taken numerically.

use super::{
    suite::Suite,
    trial::{Lab, Trial},
};
use crate::cli::Depth::{Full, Quick, Usual};

/// One exponential channel with that line.
fn line(lab: &Lab, load: f64, queue: &str, arrivals: f64) -> Trial {
    lab.station(load, &format!(r#"service_time: Exponential(mean: "1s"), queue: {queue}"#), arrivals)
}

pub(super) fn blind(lab: &Lab) -> Suite {
    let mut suite = Suite::new("order of service");
    // The service, of variance 1, does not depend on the wait, of mean ρ/(1−ρ).
    let variance = |load: f64, times: f64| {
        let wait = load / (1.0 - load);
        times * 2.0 * load / ((1.0 - load) * (1.0 - load)) - wait * wait + 1.0
    };
    for (depth, load, arrivals, of_mean, of_variance) in
        [(Quick, 0.5, 6e5, 0.02, [0.07, 0.08, 0.09]), (Usual, 0.8, 2e6, 0.03, [0.1, 0.1, 0.15])]
    {
        let fifo = variance(load, 1.0);
        let orders = [("Fifo", 1.0), ("Random", 2.0 / (2.0 - load)), ("Lifo", 1.0 / (1.0 - load))];
        for ((queue, times), of_variance) in orders.into_iter().zip(of_variance) {
            let trial = line(lab, load, queue, arrivals);
            let mean = trial.figure("clients.latency.mean");
            suite.agrees(depth, format!("mean time at {load}, {queue}"), 1.0 / (1.0 - load), of_mean, mean);
            let spread = trial.figure("clients.latency.variance");
            suite.agrees(
                depth,
                format!("variance at {load}, {queue}"),
                variance(load, times),
                of_variance,
                spread,
            );
            if queue != "Fifo" {
                let mistake = format!("{queue} for Fifo at {load}: variance");
                suite.notices(depth, mistake, fifo, 0.1, trial.figure("clients.latency.variance"));
            }
        }
    }
    suite
}

pub(super) fn by_demand(lab: &Lab) -> Suite {
    let mut suite = Suite::new("shortest job first");
    for (depth, load, wait, arrivals) in
        [(Quick, 0.5, 0.712_686, 6e5), (Usual, 0.8, 1.882_219, 2e6), (Full, 0.9, 3.196_913, 1e7)]
    {
        let trial = line(lab, load, "ShortestJobFirst", arrivals);
        suite.agrees(depth, format!("mean wait at {load}"), wait, 0.025, trial.figure("web.wait.mean"));
    }
    let fifo = line(lab, 0.5, "Fifo", 6e5);
    suite.notices(Quick, "in order of arrival", 0.712_686, 0.025, fifo.figure("web.wait.mean"));
    let slow = r#"service_time: Exponential(mean: "1.03s"), queue: ShortestJobFirst"#;
    let slow = lab.station(0.5, slow, 6e5);
    suite.notices(Quick, "service 3 % too long", 0.712_686, 0.025, slow.figure("web.wait.mean"));
    suite
}
