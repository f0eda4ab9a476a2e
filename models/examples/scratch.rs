//! scratch
#![allow(clippy::all, clippy::disallowed_types, clippy::disallowed_methods)]
use models::{RunSettings, run, spec::*};
use sim_core::{simulation::Budget, time::*};
#[path = "../../sim-core/benches/yardstick/mod.rs"]
mod yardstick;
use std::{ops::ControlFlow, time::Instant};
fn main() {
    let servers: u32 = std::env::args().nth(1).unwrap_or("1".into()).parse().unwrap();
    let timeout = std::env::args().nth(2);
    let text = format!(
        r#"(
      workloads: {{ "clients": OpenLoop((target: "lb", load: Utilization(of: "web", fraction: 0.8), {} )) }},
      components: {{ "lb": LoadBalancer((backends: "web", strategy: {} )), "web": ServerPool((servers: {servers}, service_time: Exponential((mean: "1ms")))) }},
    )"#,
        timeout.map_or(String::new(), |t| format!("timeout: Some(\"{t}\")")),
        std::env::var("STRATEGY").unwrap_or("Random(())".into())
    );
    let spec: SystemSpec = ron::from_str(&text).unwrap();
    println!("{:?}", models::wire::check(&spec));
    let n = 3_000_000.0;
    let end = n * 1e-3 / (0.8 * servers as f64);
    let settings = RunSettings {
        seed: 1,
        replication: 0,
        measure_from: SimTime::from_nanos((end * 1e8) as u64),
        end: SimTime::from_nanos((end * 1e9) as u64),
        windows: vec![],
        bin: SimDuration::from_secs(1),
        limits: vec![],
        budget: Budget { events: u64::MAX, in_flight: 10_000_000 },
    };
    let mut best = f64::MAX;
    let mut hand = f64::MAX;
    let mut out = None;
    for _ in 0..5 {
        let t = Instant::now();
        std::hint::black_box(yardstick::join_shortest_queue(servers as usize, 0.8, 3_000_000, 1));
        hand = hand.min(t.elapsed().as_secs_f64());
        let t = Instant::now();
        let r = run(&spec, &settings, &mut |_| Err("no".into()), &mut |_| ControlFlow::Continue(())).unwrap();
        best = best.min(t.elapsed().as_secs_f64());
        out = Some(r);
    }
    let r = out.unwrap();
    for m in &r.metrics {
        if std::env::args().nth(3).is_some()
            || [
                "clients.latency.mean",
                "clients.latency.p99",
                "web.latency.mean",
                "web.wait.mean",
                "web.utilization.mean",
                "web.in_flight.mean",
            ]
            .contains(&m.name.as_str())
        {
            println!("{} {:?}", m.name, m.value);
        }
    }
    println!("ratio {:.3} hand {:.1} ns", hand / best, hand / 3e6 * 1e9);
    println!(
        "{} requests {} events {:.2} M req/s  {:.1} ns/request",
        r.requests,
        r.events,
        r.requests as f64 / best / 1e6,
        best * 1e9 / r.requests as f64
    );
}
