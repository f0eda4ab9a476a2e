//! What stands between caller and callee: retries, hedges, throttles.
//!
//! A failure strikes each attempt by itself, so attempts are geometric, cut off at the most; layers that each try again
//! multiply (Beyer et al., *Site Reliability Engineering*, 2016, chapter 22). A hedged call takes the lesser of two
//! exponentials once the copy is out: beyond that moment the tail falls twice as fast (Dean & Barroso 2013). A throttled
//! caller sends K calls for each that is accepted (*Site Reliability Engineering*, chapter 21). A semaphore without waiting
//! is Erlang's loss system.

use sim_core::statistics::theory::erlang::erlang_b;

use super::{
    suite::Suite,
    trial::{Lab, Trial},
};
use crate::cli::Depth::{Quick, Usual};

/// Poisson arrivals at a pool with room for all, through these stages.
fn staged(lab: &Lab, stages: &str, more: &str, arrivals: f64) -> Trial {
    let system = format!(
        r#"workloads: {{ "clients": OpenLoop(
            target: "web", load: Rate("100/s"), calls: {{ "web": (stages: [{stages}]) }},
        ) }},
        components: {{
            "web": ServerPool(workers_per_server: 1000, service_time: Exponential(mean: "10ms")),
        }},
        {more}"#
    );
    lab.trial(system, arrivals / 100.0)
}

const ATTEMPTS: &str = "clients.calls.web.amplification.mean";

pub(super) fn retries(lab: &Lab) -> Suite {
    let mut suite = Suite::new("retries");
    let tried = |share: f64, most: u32| {
        let fault = format!(r#"faults: [Errors(target: "web", at: "0s", share: {share})],"#);
        staged(lab, &format!("Retry(max_attempts: {most})"), &fault, 3e5)
    };
    for (share, most, attempts, served) in
        [(0.1, 3, 1.11, 0.999), (0.5, 3, 1.75, 0.875), (0.5, 4, 1.875, 0.9375), (0.9, 3, 2.71, 0.271)]
    {
        let trial = tried(share, most);
        let name = |what: &str| format!("{what}, at most {most}, each failing by {share}");
        suite.agrees(Quick, name("attempts"), attempts, 0.005, trial.figure(ATTEMPTS));
        let ratio = trial.figure("clients.success_ratio.mean");
        suite.agrees(Quick, name("share served"), served, 0.015, ratio);
    }
    suite.notices(Quick, "an attempt too few", 1.875, 0.005, tried(0.5, 3).figure(ATTEMPTS));
    suite.agrees(Quick, "three layers of four attempts", 64.0, 0.01, layers(lab, 4));
    suite.notices(Quick, "three layers of three", 64.0, 0.01, layers(lab, 3));
    suite
}

/// Attempts at the bottom for each request, where each of three layers makes so many and all fail.
fn layers(lab: &Lab, attempts: u32) -> super::trial::Figure {
    let retry = format!("retry: (max_attempts: {attempts}, backoff: Constant(pause: \"1ms\"))");
    let layer = |callee: &str| {
        format!(
            r#"Service(workers_per_server: 1000, handles: {{ "*": [Call("{callee}")] }}, calls: {{ "{callee}": ({retry}) }})"#
        )
    };
    let system = format!(
        r#"workloads: {{ "clients": OpenLoop(target: "front", load: Rate("10/s"), calls: {{ "front": ({retry}) }}) }},
        components: {{
            "front": {}, "middle": {},
            "back": ServerPool(workers_per_server: 1000, service_time: Constant("1ms")),
        }},
        faults: [Errors(target: "back", at: "0s", share: 1.0)],"#,
        layer("middle"),
        layer("back")
    );
    lab.trial(system, 1e3).ratio("back.arrivals.count", "clients.arrivals.count")
}

pub(super) fn hedges(lab: &Lab) -> Suite {
    let mut suite = Suite::new("hedges");
    let hedged = |after: &str| staged(lab, &format!("Hedge(after: {after})"), "", 1e6);
    // An exponential of 10 ms: after d the copy goes out with probability exp(−d/10), and both run at twice the rate.
    for (depth, millis, mean, p99, p999) in [
        (Quick, 29.9573, 9.75, 38.0045, 49.5174),
        (Usual, 10.0, 8.1606, 28.0259, 39.5388),
        (Usual, 0.0, 5.0, 23.0259, 34.5388),
    ] {
        let trial = hedged(&format!("After(\"{millis}ms\")"));
        let copies = 1.0 + libm::exp(-millis / 10.0);
        let figure = |metric: &str| trial.figure(&format!("clients.latency.{metric}"));
        suite.agrees(depth, format!("mean, a copy after {millis} ms"), mean / 1e3, 0.01, figure("mean"));
        suite.agrees(depth, format!("p99, a copy after {millis} ms"), p99 / 1e3, 0.01, figure("p99"));
        suite.agrees(depth, format!("p99.9, a copy after {millis} ms"), p999 / 1e3, 0.015, figure("p999"));
        suite.agrees(
            depth,
            format!("calls, a copy after {millis} ms"),
            copies,
            0.005,
            trial.figure(ATTEMPTS),
        );
    }
    let lately = hedged("Percentile(0.95)");
    suite.agrees(Quick, "calls, a copy beyond the 95th percentile", 1.05, 0.003, lately.figure(ATTEMPTS));
    let alone = staged(lab, "", "", 1e6);
    suite.notices(Quick, "no copy", 0.038_004_5, 0.01, alone.figure("clients.latency.p99"));
    suite
}

pub(super) fn semaphores(lab: &Lab) -> Suite {
    let mut suite = Suite::new("semaphores");
    let refused = |most: u32, offered: f64| {
        let system = format!(
            r#"workloads: {{ "clients": OpenLoop(
                target: "web", load: Rate("{offered}/s"), calls: {{ "web": (stages: [Bulkhead(max_concurrent: {most})]) }},
            ) }},
            components: {{ "web": ServerPool(workers_per_server: 100, service_time: Exponential(mean: "1s")) }},"#
        );
        let trial = lab.trial(system, 1e6 / offered);
        trial.ratio("clients.calls.web.refused.count", "clients.calls.web.wanted.count")
    };
    for (depth, offered) in [(Quick, 20.0), (Usual, 15.0), (Usual, 25.0)] {
        let name = format!("share refused, 25 at once, {offered} offered");
        suite.agrees(depth, name, erlang_b(25, offered), 0.04, refused(25, offered));
    }
    suite.notices(Quick, "one fewer", erlang_b(25, 20.0), 0.04, refused(24, 20.0));
    suite
}

pub(super) fn throttles(lab: &Lab) -> Suite {
    let mut suite = Suite::new("client throttling");
    let sent = |multiplier: f64| {
        let system = format!(
            r#"workloads: {{ "clients": OpenLoop(
                target: "web", load: Rate("1000/s"),
                calls: {{ "web": (stages: [AdaptiveThrottle(multiplier: {multiplier}, window: "10s")]) }},
            ) }},
            components: {{ "web": ServerPool(
                workers_per_server: 2, service_time: Exponential(mean: "10ms"), queue: Fifo(capacity: 0),
            ) }},"#
        );
        lab.trial(system, 2e3).derive(|figures| 1.0 / figures["clients.calls.web.success_ratio.mean"])
    };
    for multiplier in [2.0, 1.5] {
        let name = format!("calls for each accepted, K = {multiplier}");
        suite.agrees(Quick, name, multiplier, 0.01, sent(multiplier));
    }
    suite.notices(Quick, "K 5 % too large", 2.0, 0.01, sent(2.1));
    suite
}
