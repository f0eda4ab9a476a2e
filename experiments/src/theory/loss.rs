//! Stations without room for all: who finds it full goes.
//!
//! Erlang 1917; that his loss formula holds for any service of that mean, Sevastyanov 1957.

use sim_core::statistics::theory::erlang::{MMcK, erlang_b};

use super::{suite::Suite, trial::Lab};
use crate::cli::Depth::{Full, Quick, Usual};

const SERVICE: &str = r#"service_time: Exponential(mean: "1s")"#;
const REFUSED: (&str, &str) = ("clients.rejected.count", "clients.arrivals.count");

fn without_line(workers: u32, service: &str) -> String {
    format!("workers_per_server: {workers}, service_time: {service}, queue: Fifo(capacity: 0)")
}

pub(super) fn no_line(lab: &Lab) -> Suite {
    let mut suite = Suite::new("Erlang B");
    let exponential = r#"Exponential(mean: "1s")"#;
    for (depth, channels, offered, arrivals, within) in [
        (Quick, 5, 5.0, 1e6, 0.01),
        (Usual, 10, 5.0, 3e6, 0.025),
        (Quick, 10, 8.0, 1e6, 0.02),
        (Usual, 10, 10.0, 1e6, 0.015),
        (Usual, 20, 20.0, 1e6, 0.02),
        (Usual, 100, 100.0, 4e6, 0.03),
        (Full, 100, 90.0, 3e7, 0.025),
    ] {
        let trial = lab.station(offered, &without_line(channels, exponential), arrivals);
        let name = format!("share lost, {channels} channels, {offered} offered");
        suite.agrees(depth, name, erlang_b(channels, offered), within, trial.ratio(REFUSED.0, REFUSED.1));
    }
    let lost = erlang_b(10, 8.0);
    for (name, service) in [
        ("constant service", r#"Constant("1s")"#),
        ("service of cv 2", r#"Hyperexponential(mean: "1s", cv: 2.0)"#),
    ] {
        let trial = lab.station(8.0, &without_line(10, service), 1e6);
        let name = format!("share lost, 10 channels, 8 offered, {name}");
        suite.agrees(Usual, name, lost, 0.02, trial.ratio(REFUSED.0, REFUSED.1));
    }
    for (mistake, workers, service) in
        [("a channel too few", 9, exponential), ("service 3 % too long", 10, r#"Exponential(mean: "1.03s")"#)]
    {
        let trial = lab.station(8.0, &without_line(workers, service), 1e6);
        suite.notices(Quick, mistake, lost, 0.02, trial.ratio(REFUSED.0, REFUSED.1));
    }
    suite
}

pub(super) fn short_line(lab: &Lab) -> Suite {
    let mut suite = Suite::new("M/M/c/K");
    for (depth, load, channels, room, arrivals) in [
        (Quick, 0.8, 1, 5, 1e6),
        (Usual, 0.8, 1, 10, 1.5e6),
        (Usual, 1.0, 1, 10, 1.5e6),
        (Quick, 1.5, 1, 10, 3e5),
        (Usual, 3.2, 4, 10, 1.5e6),
    ] {
        let theory = MMcK::new(load, 1.0, channels, room);
        let pool =
            format!("workers_per_server: {channels}, {SERVICE}, queue: Fifo(capacity: {})", room - channels);
        let trial = lab.station(load, &pool, arrivals);
        let at = format!("{load} offered, {channels} served, room for {room}");
        suite.agrees(
            depth,
            format!("share lost, {at}"),
            theory.loss(),
            0.03,
            trial.ratio(REFUSED.0, REFUSED.1),
        );
        let number = trial.figure("web.in_flight.mean");
        suite.agrees(depth, format!("mean number, {at}"), theory.mean_number(), 0.015, number);
        let time = trial.figure("web.latency.mean");
        suite.agrees(depth, format!("mean time of those let in, {at}"), theory.mean_sojourn(), 0.015, time);
    }
    let theory = MMcK::new(0.8, 1.0, 1, 5);
    let wide = lab.station(0.8, &format!("{SERVICE}, queue: Fifo(capacity: 5)"), 1e6);
    suite.notices(Quick, "room for one more: loss", theory.loss(), 0.035, wide.ratio(REFUSED.0, REFUSED.1));
    suite.notices(
        Quick,
        "room for one more: number",
        theory.mean_number(),
        0.015,
        wide.figure("web.in_flight.mean"),
    );
    suite
}

/// Two halves lose more than the whole: what a bulkhead costs.
pub(super) fn bulkheads(lab: &Lab) -> Suite {
    let mut suite = Suite::new("bulkheads");
    let pooled = lab.station(16.0, &without_line(20, r#"Exponential(mean: "1s")"#), 2e6);
    let halves = r#"workloads: {
            "left": OpenLoop(target: "one", load: Rate("8/s")), "right": OpenLoop(target: "two", load: Rate("8/s")),
        },
        components: {
            "one": ServerPool(workers_per_server: 10, service_time: Exponential(mean: "1s"), queue: Fifo(capacity: 0)),
            "two": ServerPool(workers_per_server: 10, service_time: Exponential(mean: "1s"), queue: Fifo(capacity: 0)),
        },"#;
    let split = lab.trial(halves, 1.25e5).derive(|figures| {
        (figures["left.rejected.count"] + figures["right.rejected.count"])
            / (figures["left.arrivals.count"] + figures["right.arrivals.count"])
    });
    suite.agrees(Usual, "share lost by two pools of ten", erlang_b(10, 8.0), 0.02, split);
    suite.agrees(
        Usual,
        "share lost by one pool of twenty",
        erlang_b(20, 16.0),
        0.03,
        pooled.ratio(REFUSED.0, REFUSED.1),
    );
    suite.notices(Usual, "the pools not parted", erlang_b(10, 8.0), 0.02, pooled.ratio(REFUSED.0, REFUSED.1));
    suite
}
