//! What outlives its cause: retries that keep a service down after the outage is over.
//!
//! Bronson et al., *Metastable Failures in Distributed Systems*, HotOS 2021, section 2: 300/s, clients that wait one
//! second and try once more, ten seconds without service. The line of then 10 λ places grows by what expires meanwhile,
//! and drains by 300 − 2λ a second.

use super::{
    suite::Suite,
    trial::{Lab, Trial},
};
use crate::cli::Depth::Quick;

/// Clients of one service at `rate`; it does not serve from 20 s to 30 s. Watched from 20 s on.
fn outage(lab: &Lab, rate: f64, retry: &str, queue: &str, end: f64) -> Trial {
    let system = format!(
        r#"workloads: {{ "clients": OpenLoop(
            target: "web", arrivals: Deterministic, load: Rate("{rate}/s"), timeout: "1s",
            retry: (backoff: Constant(pause: "0s"), {retry}),
        ) }},
        components: {{
            "web": ServerPool(workers_per_server: 3, service_time: Constant("10ms"), queue: {queue}),
        }},
        faults: [CapacityLoss(target: "web", at: "20s", duration: "10s", remaining: 0.0)],"#
    );
    lab.trial(system, end).between(20.0, end)
}

pub(super) fn metastable(lab: &Lab) -> Suite {
    let mut suite = Suite::new("metastable failure");
    let line = "Fifo(capacity: Unbounded)";
    let goodput = |rate, retry: &str, queue: &str, end| {
        outage(lab, rate, retry, queue, end).figure("clients.goodput.mean")
    };
    for rate in [100.0, 120.0, 130.0] {
        let back = 30.0 + (19.0 * rate - 300.0) / (300.0 - 2.0 * rate);
        let expected = rate * (200.0 - back) / 180.0;
        let found = goodput(rate, "max_attempts: 2", line, 200.0);
        suite.agrees(Quick, format!("goodput at {rate}/s to second 200"), expected, 0.02, found);
    }
    let stuck = outage(lab, 280.0, "max_attempts: 2", line, 240.0);
    let served = stuck.derive(|figures| figures["clients.goodput.mean"] / 280.0);
    // What was on its way when the outage began, and nothing more.
    suite.agrees(Quick, "share served at 280/s", 0.0, 0.001, served);
    let budget = "max_attempts: 2, budget: TokenBucket(ratio: 0.1, burst: 1)";
    // 10 % more than 250/s is below 300/s, 10 % more than 280/s is not.
    let saved = goodput(250.0, budget, line, 240.0);
    suite.agrees(Quick, "goodput at 250/s with a budget", 250.0 * (240.0 - 129.0) / 220.0, 0.03, saved);
    suite.agrees(Quick, "goodput at 280/s with a budget", 0.0, 0.5, goodput(280.0, budget, line, 240.0));
    let newest = goodput(280.0, "max_attempts: 2", "Lifo(capacity: 100000)", 240.0);
    // Served at once again: 299, 299 and 281 in the first seconds after the outage, 280 in each of the others.
    let whole = (299.0 + 299.0 + 281.0 + 207.0 * 280.0) / 220.0;
    suite.agrees(Quick, "goodput at 280/s, newest first", whole, 0.005, newest);
    let expected = 120.0 * (200.0 - 63.0) / 180.0;
    let thrice = goodput(120.0, "max_attempts: 3", line, 200.0);
    suite.notices(Quick, "an attempt too many", expected, 0.02, thrice);
    suite
}
