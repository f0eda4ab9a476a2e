//! Charts of lines: hockey stick, goodput, distribution, Welch, and the waterfall of a request.

use super::{LOADS, P99, Shaped};
use experiments::charts::data::{ArmStyle, Axis, Heading, Limit, Line, Point, Quantity, Theory};
use experiments::charts::{
    Block, Distribution, Goodput, HockeyStick, Passing, Precision, Quantile, Tail, Waterfall, WaterfallRow,
    Welch,
};
use libm::{cos, exp, pow, sin};

pub(super) fn hockey_stick() -> HockeyStick {
    let stable = P99.iter().enumerate().map(|(arm, (name, values))| {
        let points = LOADS.iter().zip(values).map(|(load, (mean, half))| {
            Point::between(*load, mean / 1e3, (mean - half) / 1e3, (mean + half) / 1e3)
        });
        Line::new(*name, ArmStyle::of(arm, false), points.collect())
    });
    let mut lines: Vec<Line> = stable.collect();
    for (arm, name, first) in [(4, "round_robin", 360.0), (5, "random", 463.0)] {
        let mut points = vec![Point::between(0.5, first / 1e3, (first - 110.0) / 1e3, (first + 110.0) / 1e3)];
        for (load, growth) in LOADS.iter().zip([0, 16, 36, 55, 74, 84]).skip(1) {
            points.push(Point::unstable(*load, None, format!("unstable, +{growth}/s")));
        }
        lines.push(Line::new(name, ArmStyle::of(arm, arm == 4), points));
    }
    let erlang =
        (50..99).map(|load| f64::from(load) / 100.0).map(|load| (load, 0.094 + 0.0009 / (1.0 - load)));
    HockeyStick {
        heading: Heading::new(
            "Strategies that know the slow server stay under 250 ms up to load 0.9; the others fail at every load",
            "Flat is good; the bend is the knee. Bands are 95 % intervals over 10 replications.",
        ),
        x: Axis::linear("load (fraction of the pool's capacity)", Quantity::Ratio),
        y: Axis::log("p99 latency", Quantity::Seconds),
        lines,
        limit: Some(Limit { label: "SLO".into(), value: 0.25 }),
        theory: Some(Theory { label: "M/G/16".into(), points: erlang.collect() }),
    }
}

pub(super) fn hockey_stick_24_arms() -> HockeyStick {
    let line = |arm: usize| {
        let points = LOADS.iter().map(|load| {
            let mean = (0.02 + 0.004 * arm as f64) / (1.02 - load);
            Point::between(*load, mean, 0.95 * mean, 1.05 * mean)
        });
        let name = match arm {
            3 => "an_arm_whose_name_somebody_made_much_too_long_to_be_read_in_any_legend_at_all".to_owned(),
            4 => "<script>alert('x')</script>".to_owned(),
            other => format!("arm_{other:02}"),
        };
        Line::new(name, ArmStyle::of(arm, arm == 0), points.collect())
    };
    HockeyStick { lines: (0..24).map(line).collect(), theory: None, ..hockey_stick() }
}

pub(super) fn hockey_stick_one_point() -> HockeyStick {
    let lines = vec![Line::new("only", ArmStyle::of(0, false), vec![Point::between(0.7, 0.1, 0.09, 0.12)])];
    HockeyStick { lines, theory: None, ..hockey_stick() }
}

pub(super) fn hockey_stick_gaps_and_zeros() -> HockeyStick {
    let odd = vec![
        Point::new(0.5, 0.0),
        Point::between(0.6, 2e-9, 0.0, 4e-9),
        Point::gap(0.7),
        Point::between(0.8, 123.456, 60.0, 250.0),
        Point::between(0.9, 1e7, 1e6, 1e8),
        Point::unstable(0.95, Some(3e7), "unstable, +84/s"),
    ];
    let nothing = LOADS.map(|load| Point::new(load, f64::NAN));
    let lines = vec![
        Line::new("odd", ArmStyle::of(0, true), odd),
        Line::new("crashed", ArmStyle::of(1, false), nothing.to_vec()),
    ];
    HockeyStick { lines, limit: None, theory: None, ..hockey_stick() }
}

pub(super) fn goodput_all_equal() -> Goodput {
    let points =
        [100.0, 200.0, 300.0].map(|x| Point::between(x, 123_456_789.0, 123_456_789.0, 123_456_789.0));
    let lines = vec![Line::new("constant", ArmStyle::of(2, false), points.to_vec())];
    Goodput { lines, ..goodput() }
}

pub(super) fn goodput() -> Goodput {
    let offered = [100., 300., 500., 700., 800., 900., 1000., 1100., 1200., 1400., 1600.];
    let shapes: [Shaped; 4] = [
        ("no_retry", |x| x.min(985.0)),
        ("retry", |x| if x < 850.0 { x } else { (850.0 - 1.6 * (x - 850.0)).max(20.0) }),
        ("retry_budget", |x| if x < 940.0 { x } else { 940.0 - 0.06 * (x - 940.0) }),
        ("retry_breaker", |x| if x < 900.0 { x } else { 900.0 - 0.22 * (x - 900.0) }),
    ];
    let line = |(arm, (name, shape)): (usize, &Shaped)| {
        let points =
            offered.iter().map(|x| Point::between(*x, shape(*x), 0.97 * shape(*x), 1.02 * shape(*x)));
        Line::new(*name, ArmStyle::of(arm, arm == 1), points.collect())
    };
    Goodput {
        heading: Heading::new(
            "With plain retries goodput collapses beyond 850/s; a retry budget holds it",
            "On the diagonal everything offered is served; a falling line is a collapse. Rings mark the peaks.",
        ),
        x: Axis::linear("offered requests", Quantity::PerSecond),
        y: Axis::linear("goodput", Quantity::PerSecond),
        lines: shapes.iter().enumerate().map(line).collect(),
        diagonal: "everything offered is served".into(),
    }
}

pub(super) fn distribution() -> Distribution {
    let tail = |arm: usize, name: &str, base: f64, slope: f64, samples: u64| {
        let nines = (0..=40).map(|step| f64::from(step) / 10.0);
        let quantiles = nines.map(|nines| {
            let value = base * (1.0 + slope * nines + 0.1 * slope * nines * nines);
            let spread = 0.01 + 0.012 * nines * nines;
            Quantile {
                probability: 1.0 - pow(10.0, -nines),
                value,
                low: Some(value * (1.0 - spread)),
                high: Some(value * (1.0 + spread)),
            }
        });
        Tail {
            label: name.into(),
            style: ArmStyle::of(arm, arm == 4),
            samples,
            quantiles: quantiles.collect(),
        }
    };
    Distribution {
        heading: Heading::new(
            "At load 0.90 the arms differ little at the median and threefold at p99.9",
            "Follow a line to the right into the tail. Bands span the replications.",
        ),
        y: Axis::log("latency", Quantity::Seconds),
        tails: vec![
            tail(0, "least_outstanding", 0.018, 1.6, 2_800_000),
            tail(1, "p2c_outstanding", 0.0182, 1.7, 2_800_000),
            tail(3, "weighted_rr", 0.019, 2.6, 2_800_000),
            tail(4, "round_robin", 0.021, 6.0, 90_000),
        ],
        limit: Some(Limit { label: "SLO".into(), value: 0.25 }),
    }
}

pub(super) fn welch() -> Welch {
    let line = |(arm, name): (usize, &str)| {
        let mean = |t: f64| 0.05 + 0.004 * arm as f64 - 0.03 * exp(-t / 6.0) + 0.0006 * sin(t * 0.7);
        let points = (0..240).map(|t| f64::from(t) / 2.0).map(|t| Point::new(t, mean(t)));
        let noise = |t: f64| mean(t) + 0.004 * sin(t * 3.1 + arm as f64) * cos(t * 1.7);
        let example = (0..240).map(|t| f64::from(t) / 2.0).map(|t| Point::new(t, noise(t)));
        Line { example: example.collect(), ..Line::new(name, ArmStyle::of(arm, false), points.collect()) }
    };
    Welch {
        heading: Heading::new(
            "The moving average is level after 20 s, so the warm-up is long enough",
            "Left of the cut nothing is measured. Right of it the line should show no trend.",
        ),
        x: Axis::linear("simulated time", Quantity::Seconds),
        y: Axis::linear("mean latency, moving average over 5 s", Quantity::Seconds),
        lines: ["least_outstanding", "p2c_outstanding"].into_iter().enumerate().map(line).collect(),
        cut: 20.0,
    }
}

pub(super) fn precision() -> Precision {
    let line = |(arm, name): (usize, &str)| {
        let width = |count: f64| (0.2 + 0.1 * arm as f64) / count * (1.0 + 0.1 * sin(count));
        let points = (3..=10).map(f64::from).map(|count| Point::new(count, width(count)));
        Line::new(name, ArmStyle::of(arm, arm == 1), points.collect())
    };
    Precision {
        heading: Heading::new(
            "10 replications at load 0.95 tell p99 within 2.0 % to 2.9 % of itself",
            "Half the 95 % interval over the mean after each replication; four times as many halve it.",
        ),
        figure: "p99".into(),
        lines: ["least_outstanding", "weighted_rr"].into_iter().enumerate().map(line).collect(),
    }
}

/// A request that was tried again and hedged; names that are too long, rows too deep, ends beyond the axis.
pub(super) fn waterfall() -> Waterfall {
    let block = |from, to, passing, orphaned| Block {
        from,
        to,
        passing,
        orphaned,
        label: Passing::name(passing).into(),
    };
    let row = |label: &str, depth, (from, to), ending: &str, blocks| WaterfallRow {
        label: label.into(),
        depth,
        from,
        to,
        ending: ending.into(),
        blocks,
    };
    let deep = |depth| {
        let label = "call → a_component_whose_name_somebody_made_much_too_long[15]";
        let blocks =
            vec![block(1.20, 1.21, Passing::Service, false), block(1.20, 1.21, Passing::Compute, false)];
        row(label, depth, (1.20, 1.21), "a reason that is much too long to be told here", blocks)
    };
    let first = vec![
        block(0.0, 0.002, Passing::Network, false),
        block(0.002, 0.6, Passing::Queue, false),
        block(0.6, 0.7, Passing::Service, false),
        block(0.6, 0.7, Passing::Compute, false),
        block(0.7, 5.0, Passing::Service, true),
        block(0.7, 5.0, Passing::Compute, true),
    ];
    let mut rows = vec![
        row("request 4711 of clients", 0, (0.0, 1.3), "1.30 s", Vec::new()),
        row("call → web[3]", 1, (0.0, 0.7), "timed out after 700 ms", first),
        row("backoff (retry)", 1, (0.7, 1.1), "400 ms", vec![block(0.7, 1.1, Passing::Pause, false)]),
        row("attempt 2 → web[1]", 1, (1.1, 1.3), "200 ms", vec![block(1.1, 1.3, Passing::Wait, false)]),
    ];
    rows.extend((2..14).map(deep));
    let heading = Heading::new(
        "Under retry the slowest recorded request took 1.30 s: 2 calls, 598 ms in queues",
        "A row is the request, an attempt or a pause.",
    );
    Waterfall { heading, end: 2.6, rows }
}
