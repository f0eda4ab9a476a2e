//! Poisson arrivals and exponential service: one channel, several, as many as come.
//!
//! Kleinrock, *Queueing Systems* I, chapter 3.

use models::LimitOf;
use sim_core::statistics::theory::{erlang::MMc, markov::MM1};

use super::{suite::Suite, trial::Lab};
use crate::cli::Depth::{self, Full, Quick, Usual};

const SERVICE: &str = r#"service_time: Exponential(mean: "1s")"#;
const TOO_LONG: &str = r#"service_time: Exponential(mean: "1.03s")"#;

pub(super) fn one_channel(lab: &Lab) -> Suite {
    let mut suite = Suite::new("M/M/1");
    for (depth, load, arrivals, within) in [(Quick, 0.5, 6e5, 0.015), (Usual, 0.8, 3e6, 0.025)] {
        one_channel_at(&mut suite, lab, depth, (load, arrivals), within);
    }
    let (theory, trial) = (MM1::new(0.8, 1.0).expect("stable"), lab.station(0.8, SERVICE, 3e7));
    for (name, p) in [("p90", 0.9), ("p99", 0.99), ("p999", 0.999)] {
        let figure = trial.figure(&format!("clients.latency.{name}"));
        suite.agrees(
            Full,
            format!("{name} of the time in system at 0.8"),
            theory.sojourn_quantile(p),
            0.02,
            figure,
        );
    }
    suite
}

fn one_channel_at(suite: &mut Suite, lab: &Lab, depth: Depth, (load, arrivals): (f64, f64), of_mean: f64) {
    let theory = MM1::new(load, 1.0).expect("stable");
    let time = theory.mean_sojourn();
    let trial = lab.station(load, SERVICE, arrivals).counting("web", LimitOf::Wait, 0.0).counting(
        "clients",
        LimitOf::Latency,
        2.0 * time,
    );
    for (name, expected, within, figure) in [
        ("mean time in system", time, of_mean, "clients.latency.mean"),
        ("mean wait", theory.mean_wait(), 0.03, "web.wait.mean"),
        ("mean number in system", theory.mean_number(), of_mean, "web.in_flight.mean"),
        ("share of time busy", load, 0.007, "web.utilization.mean"),
        ("share of those who wait not at all", 1.0 - load, 0.01, "web.wait.at"),
        ("median time in system", theory.sojourn_quantile(0.5), 0.02, "clients.latency.p50"),
        ("p90 of the time in system", theory.sojourn_quantile(0.9), 0.03, "clients.latency.p90"),
        ("p99 of the time in system", theory.sojourn_quantile(0.99), 0.05, "clients.latency.p99"),
    ] {
        suite.agrees(depth, format!("{name} at {load}"), expected, within, trial.figure(figure));
    }
    let longer = "share of those twice as long as the mean";
    suite.agrees(
        depth,
        format!("{longer} at {load}"),
        theory.sojourn_tail(2.0 * time),
        0.04,
        trial.figure("clients.latency.over"),
    );
    let slow = lab.station(load, TOO_LONG, arrivals);
    let mistake = format!("service 3 % too long at {load}");
    suite.notices(depth, mistake, time, of_mean, slow.figure("clients.latency.mean"));
}

pub(super) fn several_channels(lab: &Lab) -> Suite {
    let mut suite = Suite::new("M/M/c");
    for (depth, channels, offered, arrivals, within) in [
        (Quick, 4, 2.0, 8e5, 0.04),
        (Usual, 2, 1.6, 2.5e6, 0.03),
        (Usual, 4, 3.2, 2.5e6, 0.03),
        (Usual, 8, 6.4, 2.5e6, 0.03),
        (Usual, 10, 8.0, 2.5e6, 0.03),
        (Full, 10, 9.0, 2e7, 0.03),
        (Usual, 16, 12.8, 2.5e6, 0.03),
        (Full, 100, 80.0, 2e7, 0.03),
        (Full, 100, 95.0, 4e7, 0.03),
    ] {
        let theory = MMc::new(offered, 1.0, channels).expect("stable");
        let pool = format!("workers_per_server: {channels}, {SERVICE}");
        let trial = lab.station(offered, &pool, arrivals).counting("web", LimitOf::Wait, 0.0);
        let at = format!("{channels} channels, {offered} offered");
        let figure = trial.derive(|figures| 1.0 - figures["web.wait.at"]);
        suite.agrees(depth, format!("share waiting, {at}"), theory.share_waiting(), within, figure);
        suite.agrees(
            depth,
            format!("mean wait, {at}"),
            theory.mean_wait(),
            within,
            trial.figure("web.wait.mean"),
        );
        let time = trial.figure("clients.latency.mean");
        suite.agrees(depth, format!("mean time in system, {at}"), theory.mean_sojourn(), 0.02, time);
    }
    let theory = MMc::new(2.0, 1.0, 4).expect("stable");
    for (mistake, workers, service) in
        [("a channel too few", 3, SERVICE), ("service 3 % too long", 4, TOO_LONG)]
    {
        let trial = lab.station(2.0, &format!("workers_per_server: {workers}, {service}"), 1e6);
        suite.notices(Quick, mistake, theory.mean_wait(), 0.04, trial.figure("web.wait.mean"));
    }
    suite
}

pub(super) fn unlimited_channels(lab: &Lab) -> Suite {
    let mut suite = Suite::new("M/M/∞");
    let service =
        |name: &str, time: &str| (name.to_owned(), format!("workers_per_server: 1000, service_time: {time}"));
    for (name, pool) in [
        service("exponential", r#"Exponential(mean: "1s")"#),
        service("lognormal, cv 2", r#"LogNormal(mean: "1s", cv: 2.0)"#),
    ] {
        // The number is Poisson whatever the service (Mirasol 1963).
        let trial = lab.station(20.0, &pool, 2e5);
        suite.agrees(Quick, format!("mean number, {name}"), 20.0, 0.015, trial.figure("web.in_flight.mean"));
        suite.agrees(Quick, format!("mean time, {name}"), 1.0, 0.015, trial.figure("clients.latency.mean"));
    }
    let few = lab.station(20.0, r#"workers_per_server: 24, service_time: Exponential(mean: "1s")"#, 2e5);
    suite.notices(Quick, "24 channels only", 20.0, 0.015, few.figure("web.in_flight.mean"));
    suite
}
