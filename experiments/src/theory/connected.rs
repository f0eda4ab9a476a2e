//! Exact stories: where latency starts to count, what opening a connection costs, where connections lead, where a
//! server that fails at once draws its requests, how far bounded loads let one go, how often a call is tried.

use super::{
    suite::Suite,
    trial::{Lab, figure},
};
use crate::cli::Depth::Quick;

/// A server that answers in 1 ms stands still for the second hundred seconds.
fn frozen(lab: &Lab, workload: &str) -> super::trial::Trial {
    let system = format!(
        r#"workloads: {{ "clients": {workload} }},
        components: {{ "web": ServerPool(workers_per_server: 20000, service_time: Constant("1ms")) }},
        faults: [Slow(target: "web", at: "100s", duration: "100s", factor: 1e9)],"#
    );
    lab.trial(system, 0.0).between(0.0, 200.005)
}

/// Gil Tene, *How NOT to Measure Latency*: a hundred requests a second for 200 s, the second half in a freeze.
pub(super) fn omission(lab: &Lab) -> Suite {
    let mut suite = Suite::new("coordinated omission");
    let open = r#"OpenLoop(target: "web", arrivals: Deterministic, load: Rate("100/s"))"#;
    let open = frozen(lab, open);
    let users =
        |think: &str| frozen(lab, &format!(r#"ClosedLoop(target: "web", think_time: Constant("{think}"))"#));
    let mean = "clients.latency.mean";
    suite.agrees(Quick, "mean seen by requests at their times", 25.0005, 0.001, open.figure(mean));
    suite.agrees(
        Quick,
        "p90 seen by requests at their times",
        80.0,
        0.002,
        open.figure("clients.latency.p90"),
    );
    // Ten thousand of 1 ms and one of 100 s.
    let user = users("9ms");
    suite.agrees(Quick, "mean seen by a user who waits", 0.010_999, 0.001, user.figure(mean));
    suite.agrees(Quick, "p999 seen by a user who waits", 0.001, 0.002, user.figure("clients.latency.p999"));
    suite.notices(
        Quick,
        "a user who waits instead of requests at their times",
        25.0005,
        0.001,
        user.figure(mean),
    );
    suite
}

/// Round trips before the first answer, each of 20 ms, and a service of 5 ms.
pub(super) fn opening(lab: &Lab) -> Suite {
    let mut suite = Suite::new("opening a connection");
    let answered = |connections: &str| {
        let system = format!(
            r#"regions: {{ "eu": () }},
            network: (client_to_region: {{ "eu": Constant("10ms") }}),
            workloads: {{ "clients": OpenLoop(target: "web", load: Rate("1/s"), connections: {connections}) }},
            components: {{ "web": ServerPool(workers_per_server: 100, service_time: Constant("5ms")) }},"#
        );
        lab.trial(system, 1e3).figure("clients.latency.mean")
    };
    let new = |security: &str| answered(&format!("(count: 1, requests: 1, security: {security})"));
    for (name, security, expected) in [
        ("TCP alone, 2 round trips", "Plain", 0.045),
        ("TLS 1.2, 4 round trips", "Tls12", 0.085),
        ("TLS 1.3, 3 round trips", "Tls13", 0.065),
        ("TLS 1.3 with early data, 2 round trips", "EarlyData", 0.045),
    ] {
        suite.agrees(Quick, name, expected, 1e-9, new(security));
    }
    suite.agrees(Quick, "an open connection, 1 round trip", 0.025, 1e-9, answered("(count: 1, requests: 0)"));
    suite.notices(Quick, "TLS 1.2 instead of 1.3", 0.065, 1e-9, new("Tls12"));
    suite
}

/// A tenth server comes after all connections were opened to the other nine.
pub(super) fn layers(lab: &Lab) -> Suite {
    let mut suite = Suite::new("scaling out");
    let share = |layer: &str, requests: u32| {
        let system = format!(
            r#"workloads: {{ "clients": OpenLoop(
                target: "lb", load: Rate("90/s"), connections: (count: 90, requests: {requests}, security: Plain),
            ) }},
            components: {{
                "lb": LoadBalancer(
                    backends: "web", layer: {layer}, health_check: (interval: "1s", flavor: Envoy),
                ),
                "web": ServerPool(servers: 10, workers_per_server: 100, service_time: Constant("5ms")),
            }},
            faults: [Crash(target: "web[9]", at: "0s", duration: "100s")],"#
        );
        lab.trial(system, 0.0).between(110.0, 1110.0).ratio("web[9].arrivals.count", "web.arrivals.count")
    };
    suite.agrees(Quick, "connections kept for ever: share of the tenth", 0.0, 0.0, share("Layer4", 0));
    suite.agrees(Quick, "each request by itself: share of the tenth", 0.1, 0.001, share("Layer7()", 0));
    suite.notices(Quick, "connections opened anew after 100 requests", 0.0, 0.0, share("Layer4", 100));
    suite
}

/// The share of the requests that a server gets which fails them at once, beside `others` exponential ones of load
/// `load` each were it shared out evenly: whoever comes finds it idle, and picks one of the idle with equal chance.
fn drawn(others: u32, load: f64) -> f64 {
    let rate = f64::from(others + 1) * load;
    // While all that are picked are idle, nobody ever waits: the number of busy ones is a birth and death chain.
    let (mut weight, mut total, mut lost) = (1.0, 0.0, 0.0);
    for busy in 0..=others {
        let idle = f64::from(others - busy) + 1.0;
        total += weight;
        lost += weight / idle;
        weight *= rate * (idle - 1.0) / idle / f64::from(busy + 1);
    }
    lost / total
}

/// Least outstanding requests sends most to a server that fails at once.
pub(super) fn black_hole(lab: &Lab) -> Suite {
    let mut suite = Suite::new("black hole");
    let lost = |servers: u32, load: f64, strategy: &str| {
        let rate = f64::from(servers) * load;
        let system = format!(
            r#"workloads: {{ "clients": OpenLoop(target: "lb", load: Rate("{rate}/s")) }},
            components: {{
                "lb": LoadBalancer(backends: "web", strategy: {strategy}),
                "web": ServerPool(servers: {servers}, service_time: Exponential(mean: "1s")),
            }},
            faults: [FastFailure(target: "web[0]", at: "0s")],"#
        );
        lab.trial(system, 8e5 / rate).ratio("clients.errors.count", "clients.arrivals.count")
    };
    let least = "LeastOutstandingRequests";
    for (servers, load) in [(2, 0.8), (10, 0.5), (10, 0.8)] {
        let expected = drawn(servers - 1, load);
        let name = format!("share that the failing one of {servers} draws at {load}");
        suite.agrees(Quick, name, expected, 0.01, lost(servers, load, least));
    }
    suite.agrees(Quick, "in turns it gets its tenth", 0.1, 0.001, lost(10, 0.5, "RoundRobin"));
    suite.notices(Quick, "in turns instead", drawn(9, 0.5), 0.01, lost(10, 0.5, "RoundRobin"));
    suite
}

/// Twenty users ask for one key: ⌈20 · factor⌉ slots shared out among four servers, and none is exceeded.
/// HAProxy `lb_chash.c`; Mirrokni, Thorup & Zadimoghaddam, arXiv 1608.01350.
pub(super) fn bounded(lab: &Lab) -> Suite {
    let mut suite = Suite::new("bounded loads");
    let fullest = |strategy: &str| {
        let system = format!(
            r#"workloads: {{ "users": ClosedLoop(target: "lb", users: 20, keys: Uniform(items: 1)) }},
            components: {{
                "lb": LoadBalancer(backends: "web", strategy: {strategy}),
                "web": ServerPool(servers: 4, workers_per_server: 20, service_time: Exponential(mean: "1s")),
            }},"#
        );
        lab.trial(system, 2e3).derive(|figures| {
            (0..4).map(|server| figure(figures, &format!("web[{server}].in_flight.max"))).fold(0.0, f64::max)
        })
    };
    // 25 slots are 6, 6, 6 and 7; 40 are ten each.
    suite.agrees(Quick, "most at one of 4 of 20, factor 125", 7.0, 0.0, fullest("BoundedLoads(factor: 125)"));
    suite.agrees(
        Quick,
        "most at one of 4 of 20, factor 200",
        10.0,
        0.0,
        fullest("BoundedLoads(factor: 200)"),
    );
    suite.notices(Quick, "without a bound", 7.0, 0.0, fullest("ConsistentHash()"));
    suite
}

/// Tries again, elsewhere and at once, until it works or four attempts were made: (1 − p⁴)/(1 − p) attempts.
pub(super) fn attempts(lab: &Lab) -> Suite {
    let mut suite = Suite::new("attempts");
    let tried = |share: f64, most: u32| {
        let system = format!(
            r#"workloads: {{ "clients": OpenLoop(target: "lb", load: Rate("100/s")) }},
            components: {{
                "lb": LoadBalancer(
                    backends: "web", strategy: Random, retry: (max_attempts: {most}, on_error: true),
                ),
                "web": ServerPool(servers: 10, workers_per_server: 100, service_time: Exponential(mean: "10ms")),
            }},
            faults: [Errors(target: "web", at: "0s", share: {share})],"#
        );
        lab.trial(system, 3e3)
    };
    for (share, attempts) in [(0.5, 1.875), (0.3, 1.417), (0.1, 1.111)] {
        let trial = tried(share, 4);
        let figure = trial.ratio("web.arrivals.count", "clients.arrivals.count");
        suite.agrees(Quick, format!("attempts at most 4, each failing by {share}"), attempts, 0.01, figure);
        if share < 0.2 {
            continue;
        }
        let share_failed = trial.derive(|figures| 1.0 - figures["clients.success_ratio.mean"]);
        let failed = share * share * share * share;
        suite.agrees(Quick, format!("share failed after 4, each by {share}"), failed, 0.1, share_failed);
    }
    let figure = tried(0.5, 3).ratio("web.arrivals.count", "clients.arrivals.count");
    suite.notices(Quick, "an attempt too few", 1.875, 0.01, figure);
    suite
}
