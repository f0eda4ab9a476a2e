//! Many exponential stations behind a balancer: what choices, news of loads and turns are worth.

use sim_core::statistics::theory::many_choices::{constant_gaps, every_nth, shortest_of};

use super::{
    suite::Suite,
    trial::{Lab, figure},
};
use crate::cli::Depth::{Full, Quick, Usual};

const TIME: &str = "clients.latency.mean";
const TWO: &str = "strategy: PowerOfChoices(choices: 2)";
const TWO_AGAIN: &str = "strategy: PowerOfChoices(choices: 2, replacement: true)";
const LEAST: &str = "strategy: LeastOutstandingRequests";

/// Mitzenmacher, *The Power of Two Choices in Randomized Load Balancing*, 1996: a hundred stations, two different
/// choices. With replacement, and at 500 stations: independent simulations.
pub(super) fn supermarket(lab: &Lab) -> Suite {
    let mut suite = Suite::new("supermarket model");
    for (depth, load, different, repeated, arrivals, within) in [
        (Quick, 0.5, 1.2678, 1.2721, 6e5, 0.01),
        (Usual, 0.7, 1.6202, 1.6283, 1e6, 0.01),
        (Usual, 0.8, 1.9588, 1.9698, 1.5e6, 0.01),
        (Full, 0.5, 1.2678, 1.2721, 3e7, 0.002),
        (Full, 0.7, 1.6202, 1.6283, 4e7, 0.002_5),
        (Full, 0.9, 2.6454, 2.6628, 3e7, 0.004),
        (Full, 0.95, 3.4610, 3.4854, 3e7, 0.01),
        (Full, 0.99, 5.9275, 5.997, 6e7, 0.03),
    ] {
        let trial = lab.farm(100, load, TWO, arrivals);
        suite.agrees(depth, format!("two different of 100 at {load}"), different, within, trial.figure(TIME));
        let trial = lab.farm(100, load, TWO_AGAIN, arrivals);
        suite.agrees(
            depth,
            format!("two of 100, perhaps the same, at {load}"),
            repeated,
            within,
            trial.figure(TIME),
        );
        // So close are the two that it takes long runs to tell them apart.
        if within < 0.003 {
            let mistake = format!("the same may be chosen twice at {load}");
            suite.notices(depth, mistake, different, within, trial.figure(TIME));
        }
    }
    // Two different ones of two are all there are: the shorter of both lines.
    let both = 1.426_321;
    suite.agrees(Quick, "two different of 2 at 0.5", both, 0.02, lab.farm(2, 0.5, TWO, 4e5).figure(TIME));
    let repeated = lab.farm(2, 0.5, TWO_AGAIN, 4e5);
    suite.notices(Quick, "of 2 the same may be chosen twice", both, 0.02, repeated.figure(TIME));
    for (choices, load) in [(1, 0.7), (2, 0.8), (3, 0.8), (5, 0.8)] {
        let balancer = format!("strategy: PowerOfChoices(choices: {choices})");
        let expected = shortest_of(choices, load).expect("stable");
        let figure = lab.farm(500, load, &balancer, 1.5e6).figure(TIME);
        suite.agrees(Usual, format!("the limit: {choices} of 500 at {load}"), expected, 0.01, figure);
    }
    for (load, time, within) in [(0.9, 2.6248, 0.01), (0.95, 3.4076, 0.01), (0.99, 5.521, 0.02)] {
        let figure = lab.farm(500, load, TWO, 4e7).figure(TIME);
        suite.agrees(Full, format!("two different of 500 at {load}"), time, within, figure);
    }
    suite
}

/// Two stations: the chain's steady state, solved numerically. More: independent simulations, above M/M/n.
pub(super) fn shortest_line(lab: &Lab) -> Suite {
    let mut suite = Suite::new("join the shortest line");
    for (depth, servers, load, time, arrivals, within) in [
        (Quick, 2, 0.5, 1.426_321, 4e5, 0.02),
        (Usual, 2, 0.7, 2.108_197, 1e6, 0.02),
        (Usual, 2, 0.8, 2.955_737, 2.5e6, 0.025),
        (Full, 2, 0.9, 5.474_913, 3e7, 0.02),
        (Full, 2, 0.95, 10.486_639, 1e8, 0.02),
        (Usual, 10, 0.8, 1.3571, 1.5e6, 0.01),
        (Usual, 10, 0.9, 1.9136, 3e6, 0.02),
        (Full, 10, 0.95, 2.955, 3e7, 0.02),
        (Usual, 100, 0.8, 1.0054, 1e6, 0.01),
        (Usual, 100, 0.9, 1.0671, 1.5e6, 0.01),
        (Full, 100, 0.95, 1.2273, 2e7, 0.01),
    ] {
        let figure = lab.farm(servers, load, LEAST, arrivals).figure(TIME);
        suite.agrees(depth, format!("{servers} stations at {load}"), time, within, figure);
    }
    let two = lab.farm(2, 0.5, TWO_AGAIN, 4e5);
    suite.notices(Quick, "2 at 0.5: both choices may be the same", 1.426_321, 0.02, two.figure(TIME));
    let one_line = lab.station(1.0, r#"workers_per_server: 2, service_time: Exponential(mean: "1s")"#, 4e5);
    suite.notices(Quick, "2 at 0.5: one line for both", 1.426_321, 0.02, one_line.figure(TIME));
    suite
}

/// Lu et al., *Join-Idle-Queue*, Performance Evaluation 2011, for r servers a dispatcher: 1/(1−s), s = λ/(1+r(1−λ)).
pub(super) fn idle_queue(lab: &Lab) -> Suite {
    let mut suite = Suite::new("join the idle queue");
    let expected = |servers: f64, load: f64| 1.0 / (1.0 - load / (1.0 + servers * (1.0 - load)));
    for (dispatchers, load) in [(50, 0.7), (50, 0.9), (25, 0.9)] {
        let balancer = format!("strategy: JoinIdleQueue, instances: {dispatchers}");
        let figure = lab.farm(500, load, &balancer, 1.2e6).figure(TIME);
        let time = expected(500.0 / f64::from(dispatchers), load);
        suite.agrees(Usual, format!("500 servers, {dispatchers} dispatchers at {load}"), time, 0.025, figure);
    }
    for (mistake, dispatchers) in
        [("one dispatcher knows all idle ones", 1), ("60 dispatchers instead of 50", 60)]
    {
        let balancer = format!("strategy: JoinIdleQueue, instances: {dispatchers}");
        let figure = lab.farm(500, 0.9, &balancer, 1e6).figure(TIME);
        suite.notices(Usual, mistake, expected(10.0, 0.9), 0.025, figure);
    }
    suite
}

/// Every n-th customer of Poisson arrivals: Eₙ/M/1; clockwork: D/M/1.
pub(super) fn turns(lab: &Lab) -> Suite {
    let mut suite = Suite::new("taking turns");
    for (depth, servers, load, arrivals) in [
        (Quick, 2, 0.5, 4e5),
        (Quick, 10, 0.5, 4e5),
        (Usual, 2, 0.8, 2e6),
        (Usual, 4, 0.8, 2e6),
        (Usual, 10, 0.8, 1.5e6),
        (Usual, 100, 0.8, 1.5e6),
        (Full, 2, 0.9, 2e7),
        (Full, 10, 0.9, 2e7),
        (Full, 100, 0.9, 2e7),
    ] {
        let expected = every_nth(servers, load).expect("stable");
        let figure = lab.farm(servers, load, "strategy: RoundRobin", arrivals).figure(TIME);
        suite.agrees(depth, format!("{servers} stations at {load}"), expected, 0.02, figure);
    }
    let clockwork = r#"workloads: {
            "clients": OpenLoop(target: "web", arrivals: Deterministic, load: Rate("0.8/s")),
        },
        components: { "web": ServerPool(service_time: Exponential(mean: "1s")) },"#;
    let figure = lab.trial(clockwork, 2e6).figure(TIME);
    suite.agrees(Usual, "constant gaps at 0.8", constant_gaps(0.8).expect("stable"), 0.02, figure);
    let expected = every_nth(10, 0.5).expect("stable");
    let random = lab.farm(10, 0.5, "strategy: Random", 4e5);
    suite.notices(Quick, "any of 10 at random", expected, 0.02, random.figure(TIME));
    let four = lab.farm(4, 0.5, "strategy: RoundRobin", 4e5);
    suite.notices(Quick, "4 stations instead of 10", expected, 0.02, four.figure(TIME));
    suite
}

/// Loads read from a board that is written anew from time to time: Mitzenmacher, *How Useful Is Old Information?*,
/// IEEE TPDS 2000, his equations for infinitely many stations.
pub(super) fn old_news(lab: &Lab) -> Suite {
    let mut suite = Suite::new("old news");
    let board = |strategy: &str, every: &str| format!(r#"{strategy}, view: Board(every: "{every}")"#);
    for (depth, every, expected) in OF_BOARDS {
        let figure = lab.farm(200, 0.8, &board(TWO, every), 1e6).figure(TIME);
        suite.agrees(
            depth,
            format!("two choices by a board of every {every} at 0.8"),
            expected,
            0.015,
            figure,
        );
    }
    let fresh = lab.farm(200, 0.8, TWO, 1e6);
    suite.notices(Usual, "fresh news for those of every 1s", OF_BOARDS[1].2, 0.015, fresh.figure(TIME));
    // The herd: all of a period's requests run to whoever was least loaded. Random choice takes 10 at this load.
    let herds = |view: &str| {
        let trial = lab.farm(100, 0.9, &format!("{LEAST}{view}"), 1e6);
        trial.derive(|figures| f64::from(u8::from(figure(figures, TIME) > 2.0 * 10.0)))
    };
    let stale = r#", view: Board(every: "30s")"#;
    suite.agrees(
        Usual,
        "herding: least loaded by the board of 30s takes twice random's time",
        1.0,
        0.0,
        herds(stale),
    );
    suite.notices(Usual, "herding with fresh news", 1.0, 0.0, herds(""));
    suite
}

/// How often the board is written, and the mean time at 0.8 with two choices
/// (`sim_core::statistics::theory::stale`).
const OF_BOARDS: [(crate::cli::Depth, &str, f64); 3] =
    [(Usual, "0.1s", 1.978_423), (Usual, "1s", 2.221_402), (Usual, "5s", 3.018_768)];
