//! One channel with Poisson arrivals and any service: Pollaczek and Khinchine's mean wait, M/D/1's quantiles.

use models::LimitOf;
use sim_core::statistics::theory::general_service::{constant_service_wait_quantile, mean_wait};

use super::{suite::Suite, trial::Lab};
use crate::cli::Depth::{Full, Quick, Usual};

pub(super) fn any_variance(lab: &Lab) -> Suite {
    let mut suite = Suite::new("M/G/1");
    for (depth, load, squared_cv, service, arrivals, within) in [
        (Quick, 0.5, 0.0, r#"Constant("1s")"#, 6e5, 0.02),
        (Quick, 0.5, 0.5, r#"Erlang(shape: 2, mean: "1s")"#, 6e5, 0.025),
        (Usual, 0.8, 0.0, r#"Constant("1s")"#, 2e6, 0.025),
        (Usual, 0.8, 0.5, r#"Erlang(shape: 2, mean: "1s")"#, 2e6, 0.03),
        (Usual, 0.8, 1.0, r#"Gamma(mean: "1s", cv: 1.0)"#, 3e6, 0.03),
        (Usual, 0.5, 4.0, r#"Hyperexponential(mean: "1s", cv: 2.0)"#, 3e6, 0.03),
        (Usual, 0.5, 4.0, r#"LogNormal(mean: "1s", cv: 2.0)"#, 3e6, 0.05),
        (Full, 0.8, 4.0, r#"Hyperexponential(mean: "1s", cv: 2.0)"#, 3e7, 0.03),
        (Full, 0.8, 4.0, r#"LogNormal(mean: "1s", cv: 2.0)"#, 3e7, 0.06),
        (Full, 0.8, 10.0, r#"Hyperexponential(mean: "1s", cv: 3.1622776601683795)"#, 5e7, 0.04),
    ] {
        let expected = mean_wait(load, 1.0, squared_cv).expect("stable");
        let trial = lab.station(load, &format!("service_time: {service}"), arrivals);
        let kind = service.split('(').next().unwrap_or(service);
        let name = format!("mean wait at {load}, {kind} of squared cv {squared_cv}");
        suite.agrees(depth, name, expected, within, trial.figure("web.wait.mean"));
    }
    // One worker of an event loop: of a hundred tasks one takes a hundred times as long.
    let (mean, second) = (0.99 + 1.0, 0.99 + 100.0);
    let blocked = mean_wait(0.5, mean, second / (mean * mean) - 1.0).expect("stable");
    let tasks = r#"service_time: Mixture([(weight: 0.99, of: Constant("1s")), (weight: 0.01, of: Constant("100s"))])"#;
    let trial = lab.station(0.5 / mean, tasks, 4e6);
    suite.agrees(
        Usual,
        "mean wait behind one long task in a hundred",
        blocked,
        0.04,
        trial.figure("web.wait.mean"),
    );
    for (mistake, service) in [
        ("service 3 % too long", r#"Erlang(shape: 2, mean: "1.03s")"#),
        ("three phases instead of two", r#"Erlang(shape: 3, mean: "1s")"#),
    ] {
        let trial = lab.station(0.5, &format!("service_time: {service}"), 6e5);
        let expected = mean_wait(0.5, 1.0, 0.5).expect("stable");
        suite.notices(Quick, mistake, expected, 0.025, trial.figure("web.wait.mean"));
    }
    suite
}

/// Erlang 1909; Crommelin 1932.
pub(super) fn constant(lab: &Lab) -> Suite {
    let mut suite = Suite::new("M/D/1");
    let quantiles = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)];
    for (depth, load, arrivals, within) in [(Quick, 0.5, 3e5, 0.03), (Usual, 0.8, 2.5e6, 0.03)] {
        let trial = lab.station(load, r#"service_time: Constant("1s")"#, arrivals).counting(
            "web",
            LimitOf::Wait,
            0.0,
        );
        suite.agrees(
            depth,
            format!("share not waiting at {load}"),
            1.0 - load,
            0.01,
            trial.figure("web.wait.at"),
        );
        for (name, p) in quantiles {
            let expected = constant_service_wait_quantile(load, p);
            if expected > 0.0 {
                let figure = trial.figure(&format!("web.wait.{name}"));
                suite.agrees(depth, format!("{name} of the wait at {load}"), expected, within, figure);
            }
        }
    }
    let expected = constant_service_wait_quantile(0.5, 0.9);
    for (mistake, service) in [
        ("service 3 % too long", r#"Constant("1.03s")"#),
        ("a service of ten phases", r#"Erlang(shape: 10, mean: "1s")"#),
    ] {
        let trial = lab.station(0.5, &format!("service_time: {service}"), 3e5);
        suite.notices(Quick, mistake, expected, 0.03, trial.figure("web.wait.p90"));
    }
    suite
}
