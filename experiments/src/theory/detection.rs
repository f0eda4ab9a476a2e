//! How long failures stay unnoticed, and how often the living are suspected.
//!
//! Servers crash at moments that know nothing of heartbeats and checks, so the time since the last of them is uniform
//! over their interval. A φ detector that heard heartbeats without jitter believes in its least deviation; its time is
//! where Akka's φ reaches the threshold, solved for here by itself.

use super::{
    suite::Suite,
    trial::{Lab, Trial},
};
use crate::cli::Depth::Quick;

/// Fifty servers behind a balancer with this care, each down for 20 s about once a minute and a half.
fn crashing(lab: &Lab, care: &str, seconds: f64) -> Trial {
    let system = format!(
        r#"workloads: {{ "clients": OpenLoop(target: "lb", load: Rate("1/s")) }},
        components: {{
            "lb": LoadBalancer(backends: "web", {care}),
            "web": ServerPool(servers: 50),
        }},
        faults: [Crash(target: "web", time_between: Exponential(mean: "70s"), time_to_repair: Constant("20s"))],"#
    );
    lab.trial(system, seconds)
}

const TIME: &str = "lb.calls.web.detection_time.mean";

/// The silence in seconds at which φ is 8: a mean of 1 s and a pause of 3 s, a deviation of 0.1 s.
fn silence() -> f64 {
    // −log₁₀(e/(1 + e)) = 8 where e = exp(−y(1.5976 + 0.070566 y²)): so far below 1 that 1 + e is 1 to 8 digits.
    let wanted = 8.0 * std::f64::consts::LN_10;
    let exponent = |y: f64| y * (1.5976 + 0.070_566 * y * y);
    let (mut low, mut high) = (0.0, 10.0);
    while high - low > 1e-9 {
        let middle = f64::midpoint(low, high);
        if exponent(middle) < wanted { low = middle } else { high = middle }
    }
    4.0 + 0.1 * low
}

pub(super) fn silence_and_checks(lab: &Lab) -> Suite {
    let mut suite = Suite::new("failure detection");
    let fixed = r#"heartbeats: (every: "1s", detector: Heartbeat(timeout: "3s"))"#;
    let heartbeats = crashing(lab, fixed, 8e3);
    // Between 2 s and 3 s, evenly.
    suite.agrees(Quick, "heartbeats each second, timeout 3 s", 2.5, 0.01, heartbeats.figure(TIME));
    suite.agrees(
        Quick,
        "the longest of them",
        3.0,
        0.005,
        heartbeats.figure("lb.calls.web.detection_time.max"),
    );
    let none = heartbeats.figure("lb.calls.web.false_suspicions.count");
    suite.agrees(Quick, "suspicions without cause", 0.0, 0.5, none);
    let accrual = crashing(lab, r#"heartbeats: (every: "1s", detector: PhiAccrual())"#, 8e3);
    suite.agrees(Quick, "φ at 8, heartbeats each second", silence() - 0.5, 0.01, accrual.figure(TIME));
    // HAProxy's checks: the third failure, each 2 s: between 4 s and 6 s. Evenly, since a refused connection tells at once.
    let checks = crashing(lab, r#"health_check: (interval: "2s", unhealthy_after: 3)"#, 8e3);
    suite.agrees(Quick, "checks each 2 s, down after three", 5.0, 0.01, checks.figure(TIME));
    let late = crashing(lab, &fixed.replace("3s", "3.06s"), 8e3);
    suite.notices(Quick, "a timeout 2 % too long", 2.5, 0.01, late.figure(TIME));
    suite
}

pub(super) fn lost_heartbeats(lab: &Lab) -> Suite {
    let mut suite = Suite::new("suspicions by lost heartbeats");
    // The silence reaches 2.5 s when two heartbeats in a row are lost: once for each run of two or more.
    let seconds = 4e3;
    let trial = |loss: f64| {
        let system = format!(
            r#"workloads: {{ "clients": OpenLoop(target: "lb", load: Rate("1/s"), timeout: "1s") }},
            network: (loss: {loss}),
            components: {{
                "lb": LoadBalancer(
                    backends: "web", timeout: "1s",
                    heartbeats: (every: "1s", detector: Heartbeat(timeout: "2.5s")),
                ),
                "web": ServerPool(servers: 50),
            }},"#
        );
        lab.trial(system, seconds)
    };
    let rate = |trial: &Trial| {
        let beats = 50.0 * seconds * lab.length;
        trial.derive(move |figures| figures["lb.calls.web.false_suspicions.count"] / beats)
    };
    let lossy = trial(0.1);
    suite.agrees(Quick, "a tenth is lost", 0.9 * 0.1 * 0.1, 0.08, rate(&lossy));
    suite.notices(Quick, "losses a fifth more common", 0.9 * 0.1 * 0.1, 0.08, rate(&trial(0.12)));
    suite
}
