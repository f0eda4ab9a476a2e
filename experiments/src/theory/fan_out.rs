//! The slowest of several parts, drawn from the simulator's own streams; the stations in a loop of their own, since
//! no step of a service sends its calls side by side.

use sim_core::{
    random::{Stream, Streams},
    statistics::theory::fork_join::{any_slow, fork_join_sojourn, harmonic, slowest_quantile},
};

use super::{
    suite::Suite,
    trial::{Figure, Lab},
};
use crate::cli::Depth::{Quick, Usual};

fn exponential(random: &mut Stream) -> f64 {
    -libm::log1p(-random.unit())
}

fn stream(name: &str, seed: u64) -> Stream {
    Streams::new(seed, 0).stream(name)
}

/// What it takes until the last of `parts` exponential parts is there, many times over.
fn slowest_of(parts: u32, times: u32, seed: u64) -> impl Iterator<Item = f64> {
    let mut random = stream("fan-out", seed);
    (0..times).map(move |_| (0..parts).map(|_| exponential(&mut random)).fold(0.0, f64::max))
}

fn mean_of_slowest(parts: u32, seed: u64) -> Figure {
    Box::new(move || slowest_of(parts, 300_000, seed).sum::<f64>() / 300_000.0)
}

fn quantile_of_slowest(parts: u32, seed: u64) -> Figure {
    Box::new(move || {
        let mut times: Vec<f64> = slowest_of(parts, 300_000, seed).collect();
        times.sort_unstable_by(f64::total_cmp);
        times[297_000 - 1]
    })
}

/// How often one of `parts` is slow, each with that chance.
fn share_slow(parts: u32, slow: f64, seed: u64) -> Figure {
    Box::new(move || {
        let mut random = stream("slow parts", seed);
        let mut struck = || (0..parts).fold(false, |any, _| (random.unit() < slow) | any);
        (0..200_000).map(|_| f64::from(u8::from(struck()))).sum::<f64>() / 200_000.0
    })
}

/// Dean & Barroso, *The Tail at Scale*, CACM 2013.
pub(super) fn slowest(lab: &Lab) -> Suite {
    let mut suite = Suite::new("fan-out");
    for parts in [2, 5, 10, 100] {
        suite.agrees(
            Quick,
            format!("mean of the slowest of {parts}"),
            harmonic(parts),
            0.01,
            mean_of_slowest(parts, lab.seed),
        );
    }
    for parts in [1, 10, 100] {
        let expected = slowest_quantile(parts, 0.99);
        suite.agrees(
            Quick,
            format!("p99 of the slowest of {parts}"),
            expected,
            0.02,
            quantile_of_slowest(parts, lab.seed),
        );
    }
    for (parts, slow) in [(10, 0.01), (100, 0.01), (200, 0.01), (2000, 1e-4)] {
        let expected = any_slow(parts, slow);
        suite.agrees(
            Quick,
            format!("one of {parts} slow, each by {slow}"),
            expected,
            0.02,
            share_slow(parts, slow, lab.seed),
        );
    }
    suite.notices(Quick, "9 parts instead of 10", harmonic(10), 0.01, mean_of_slowest(9, lab.seed));
    suite.notices(
        Quick,
        "110 parts instead of 100",
        any_slow(100, 0.01),
        0.02,
        share_slow(110, 0.01, lab.seed),
    );
    suite
}

/// The mean time until both parts are served, each at a channel of its own, and the parts arrive together.
fn two_parts(load: f64, arrivals: u32, seed: u64) -> Figure {
    Box::new(move || {
        let mut random = stream("fork-join", seed);
        let (mut left, mut right, mut sum) = (0.0_f64, 0.0_f64, 0.0);
        for arrival in 0..arrivals {
            let gap = exponential(&mut random) / load;
            // What a part takes is the work it finds, less what was done since the last one, and its own.
            left = (left - gap).max(0.0) + exponential(&mut random);
            right = (right - gap).max(0.0) + exponential(&mut random);
            if arrival >= arrivals / 10 {
                sum += left.max(right);
            }
        }
        sum / f64::from(arrivals - arrivals / 10)
    })
}

/// Flatto & Hahn 1984, exact for two parts.
pub(super) fn fork_join(lab: &Lab) -> Suite {
    let mut suite = Suite::new("fork-join");
    for (depth, load, arrivals) in [(Quick, 0.5, 1_000_000), (Usual, 0.8, 8_000_000)] {
        let expected = fork_join_sojourn(2, load).expect("stable");
        suite.agrees(
            depth,
            format!("mean time of two parts at {load}"),
            expected,
            0.02,
            two_parts(load, arrivals, lab.seed),
        );
    }
    let expected = fork_join_sojourn(2, 0.5).expect("stable");
    suite.notices(Quick, "3 % more load", expected, 0.02, two_parts(0.515, 1_000_000, lab.seed));
    suite
}
