//! How long callers are misled when a server is gone: by cached answers, by an address that has to move.
//!
//! Caches in constant use hold an answer whose age is uniform over its time to live, so a change misleads them for half
//! of it on average. The holder of a virtual address was last heard up to one advertisement before it failed, evenly, and
//! the standby listens for RFC 5798's `Master_Down_Interval`.

use super::{suite::Suite, trial::Lab};
use crate::cli::Depth::Quick;

pub(super) fn caches(lab: &Lab) -> Suite {
    let mut suite = Suite::new("cached answers");
    // Seconds' worth of requests that went to the server that crashed at 70 s.
    let misled = |ttl: &str| {
        let system = format!(
            r#"workloads: {{ "clients": OpenLoop(target: "web", load: Rate("50000/s"), calls: {{ "web": (
                balancer: First, health_check: (interval: "0.1s", unhealthy_after: 1, flavor: Fixed),
                dns: (ttl: "{ttl}", caches: 5000),
            ) }}) }},
            components: {{ "web": ServerPool(servers: 2, workers_per_server: 60000) }},
            faults: [Crash(target: "web[0]", at: "70s")],"#
        );
        lab.trial(system, 0.0).between(65.0, 140.0).derive(|figures| figures["clients.errors.count"] / 5e4)
    };
    // A check finds out after 0.05 s on average, and a cache is asked again 0.1 s after its answer is over.
    suite.agrees(Quick, "time to live 60 s", 30.15, 0.033, misled("60s"));
    suite.notices(Quick, "time to live 65 s", 30.15, 0.033, misled("65s"));
    suite
}

pub(super) fn takeover(lab: &Lab) -> Suite {
    let mut suite = Suite::new("taking an address over");
    // Seconds without a holder, for each failure.
    let gap = |advertisement: &str| {
        let system = format!(
            r#"workloads: {{ "clients": OpenLoop(target: "web", load: Rate("20/s"), arrivals: Deterministic, calls: {{ "web": (
                virtual_address: (advertisement: "{advertisement}", priorities: [200, 100]),
            ) }}) }},
            components: {{ "web": ServerPool(servers: 2, workers_per_server: 100) }},
            faults: [Crash(target: "web[0]", time_between: Exponential(mean: "60s"), time_to_repair: Constant("20s"))],"#
        );
        let trial = lab.trial(system, 1.6e5);
        trial.derive(|figures| {
            figures["clients.errors.count"] / figures["clients.calls.web.missed_failures.count"] / 20.0
        })
    };
    // One that fails again before it has the address back, 3 s and (256 − 200)/256 s after its repair, leaves no gap.
    let expected = (3.609_375 - 0.5) * libm::exp(-3.218_75 / 60.0);
    suite.agrees(Quick, "a standby of priority 100", expected, 0.012, gap("1s"));
    suite.notices(Quick, "advertisements 2 % slower", expected, 0.012, gap("1.02s"));
    suite
}
