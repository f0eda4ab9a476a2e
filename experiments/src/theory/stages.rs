//! Calls sent again, beside one another, or not at all: copies, semaphores, layers of retries, and what outlives its
//! cause.
//!
//! A copy sent after d leaves the smaller of two exponentials: P(T > t) = e^(−t) up to d, e^(−(2t − d)) from there on.
//! A semaphore without waiting is Erlang's loss system. The last suite is Bronson et al., *Metastable Failures in
//! Distributed Systems*, HotOS 2021, section 2: 300/s, clients that wait one second and try once more, ten seconds
//! without service. The line of then 10 λ places grows by what expires meanwhile, and drains by 300 − 2λ a second.

use libm::{exp, log};
use sim_core::statistics::theory::erlang::erlang_b;

use super::{
    suite::Suite,
    trial::{Lab, Trial},
};
use crate::cli::Depth::{Quick, Usual};

/// Clients whose calls to exponential servers of mean 1 s, with room for all, go through these stages.
fn through(lab: &Lab, rate: f64, stages: &str, arrivals: f64) -> Trial {
    let system = format!(
        r#"workloads: {{ "clients": OpenLoop(
            target: "web", load: Rate("{rate}/s"), calls: {{ "web": (stages: [{stages}]) }},
        ) }},
        components: {{
            "web": ServerPool(workers_per_server: 1000, service_time: Exponential(mean: "1s")),
        }},"#
    );
    lab.trial(system, arrivals / rate)
}

/// The mean and the 99th percentile of the smaller of two, the second begun `after` the first.
fn smaller(after: f64) -> (f64, f64) {
    let mean = 1.0 - exp(-after) / 2.0;
    // Where 1 % is left, if that is beyond the copy: e^(−(2t − d)) = 0.01.
    (mean, (after - log(0.01)) / 2.0)
}

pub(super) fn hedges(lab: &Lab) -> Suite {
    let mut suite = Suite::new("hedges");
    let copied = |after: &str| through(lab, 100.0, after, 4e5);
    let p95 = -log(0.05);
    for (name, stage, after) in [
        ("at once", r#"Hedge(after: After("0s"))"#, 0.0),
        ("after the mean", r#"Hedge(after: After("1s"))"#, 1.0),
        ("after the 95th percentile", "Hedge(after: Percentile(0.95))", p95),
    ] {
        let (mean, p99) = smaller(after);
        let trial = copied(stage);
        suite.agrees(
            Quick,
            format!("mean, a copy {name}"),
            mean,
            0.015,
            trial.figure("clients.latency.mean"),
        );
        suite.agrees(Quick, format!("p99, a copy {name}"), p99, 0.03, trial.figure("clients.latency.p99"));
        let sent = trial.figure("clients.calls.web.amplification.mean");
        suite.agrees(Quick, format!("calls sent, a copy {name}"), 1.0 + exp(-after), 0.01, sent);
    }
    let late = copied(r#"Hedge(after: After("1.1s"))"#);
    suite.notices(Quick, "a copy a tenth late", smaller(1.0).0, 0.015, late.figure("clients.latency.mean"));
    suite
}

pub(super) fn semaphores(lab: &Lab) -> Suite {
    let mut suite = Suite::new("semaphores");
    let refused = |most: u32, offered: f64| {
        let trial = through(lab, offered, &format!("Bulkhead(max_concurrent: {most})"), 1e6);
        trial.ratio("clients.calls.web.refused.count", "clients.calls.web.wanted.count")
    };
    for (depth, offered) in [(Quick, 20.0), (Usual, 15.0), (Usual, 25.0)] {
        let name = format!("share refused, 25 at once, {offered} offered");
        suite.agrees(depth, name, erlang_b(25, offered), 0.04, refused(25, offered));
    }
    suite.notices(Quick, "one fewer", erlang_b(25, 20.0), 0.04, refused(24, 20.0));
    suite
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_of_two_is_as_published() {
        // Exponential of mean 10 ms, a copy at the 95th percentile: mean 9.75 ms, p99 38.0045 ms.
        let (mean, p99) = smaller(-log(0.05));
        assert!((mean - 0.975).abs() < 1e-9 && (p99 - 3.800_45).abs() < 1e-5);
    }
}
