//! One station after another: what leaves M/M/1 is Poisson again, and stations are as if alone.
//!
//! Burke 1956; Jackson 1957; several kinds of customers with routes of their own: Kelly 1975.

use sim_core::statistics::theory::markov::MM1;

use super::{suite::Suite, trial::Lab};
use crate::cli::Depth::{Quick, Usual};

/// Stations of these mean services in milliseconds, called `s0`, `s1`, …
fn stations(services: &[u32]) -> String {
    let station = |(number, service): (usize, &u32)| {
        format!(r#""s{number}": ServerPool(service_time: Exponential(mean: "{service}ms")),"#)
    };
    services.iter().enumerate().map(station).collect()
}

/// Whoever comes is led through the stations by `front`, which never makes anybody wait.
fn network(rate: f64, requests: &str, handles: &str, services: &[u32]) -> String {
    format!(
        r#"workloads: {{ "clients": OpenLoop(target: "front", load: Rate("{rate}/s"), requests: {{ {requests} }}) }},
        components: {{
            "front": Service(workers_per_server: 1000000, handles: {{ {handles} }}),
            {}
        }},"#,
        stations(services)
    )
}

/// The mean time at a station of that rate and mean service in milliseconds.
fn time_at(rate: f64, service: u32) -> f64 {
    MM1::new(rate, 1000.0 / f64::from(service)).expect("stable").mean_sojourn()
}

pub(super) fn tandem(lab: &Lab) -> Suite {
    let mut suite = Suite::new("tandem");
    let three = r#""*": [Call("s0"), Call("s1"), Call("s2")]"#;
    for (depth, services, requests) in [(Quick, [500, 400, 300], 2.5e5), (Usual, [800, 700, 500], 2e6)] {
        let expected: f64 = services.iter().map(|service| time_at(1.0, *service)).sum();
        let trial = lab.trial(network(1.0, "", three, &services), requests);
        let at = format!("services of {services:?} ms");
        suite.agrees(depth, format!("mean time, {at}"), expected, 0.02, trial.figure("clients.latency.mean"));
        let third = trial.figure("s2.in_flight.mean");
        suite.agrees(
            depth,
            format!("mean number at the third, {at}"),
            time_at(1.0, services[2]),
            0.02,
            third,
        );
    }
    let expected: f64 = [500, 400, 300].iter().map(|service| time_at(1.0, *service)).sum();
    let slow = lab.trial(network(1.0, "", three, &[515, 412, 309]), 2.5e5);
    suite.notices(Quick, "services 3 % too long", expected, 0.02, slow.figure("clients.latency.mean"));
    let skipping = lab.trial(network(1.0, "", r#""*": [Call("s0"), Call("s1")]"#, &[500, 400]), 2.5e5);
    suite.notices(Quick, "a station left out", expected, 0.02, skipping.figure("clients.latency.mean"));
    suite
}

pub(super) fn open(lab: &Lab) -> Suite {
    let mut suite = Suite::new("open network");
    // Half go through the first and the second; a third the other way round and once more through the second;
    // a sixth twice through the third.
    let requests = r#""a": 3, "b": 2, "c": 1"#;
    let handles = r#""a": [Call("s0"), Call("s1")], "b": [Call("s1"), Call("s0"), Call("s1")],
                     "c": [Call("s2"), Call("s2")]"#;
    let visits = [5.0 / 6.0, 7.0 / 6.0, 2.0 / 6.0];
    let services = [800, 500, 1500];
    for (depth, rate, requests_made) in [(Quick, 0.75, 4e5), (Usual, 1.2, 2e6)] {
        let numbers: Vec<f64> = visits
            .iter()
            .zip(services)
            .map(|(visits, service)| rate * visits * time_at(rate * visits, service))
            .collect();
        let trial = lab.trial(network(rate, requests, handles, &services), requests_made / rate);
        for (station, number) in numbers.iter().enumerate() {
            let figure = trial.figure(&format!("s{station}.in_flight.mean"));
            suite.agrees(depth, format!("mean number at {station}, {rate} a second"), *number, 0.03, figure);
        }
        let time = numbers.iter().sum::<f64>() / rate;
        let figure = trial.figure("clients.latency.mean");
        suite.agrees(depth, format!("mean time, {rate} a second"), time, 0.02, figure);
    }
    let once =
        r#""a": [Call("s0"), Call("s1")], "b": [Call("s1"), Call("s0")], "c": [Call("s2"), Call("s2")]"#;
    let expected: f64 =
        visits.iter().zip(services).map(|(visits, service)| visits * time_at(0.75 * visits, service)).sum();
    let trial = lab.trial(network(0.75, requests, once, &services), 4e5 / 0.75);
    suite.notices(Quick, "a second visit left out", expected, 0.02, trial.figure("clients.latency.mean"));
    suite
}
