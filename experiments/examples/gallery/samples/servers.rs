//! Charts of what happened when and where: time series, heat map, bars by server.

use super::Shaped;
use experiments::charts::data::{ArmStyle, Axis, Colour, Heading, Limit, Line, Point, Quantity, Span};
use experiments::charts::{
    Bar, BreakerState, HeatMap, HeatRow, Panel, Ribbon, RibbonOf, RibbonRow, ServerBars, TimeSeries,
};
use libm::{cos, pow, sin};

pub(super) fn heat_map(servers: usize) -> HeatMap {
    let row = |server: usize| {
        let base = if server == 15 { 1.1 } else { 0.62 + 0.05 * sin(server as f64 * 1.7) };
        let value = |t: u32| {
            let dead = server == 4 && (150..240).contains(&t);
            let wobble = 0.08 * sin(f64::from(t) * 0.31 + server as f64) * cos(f64::from(t) * 0.07);
            (!dead).then(|| (base * f64::from(t.min(20)) / 20.0 + wobble).clamp(0.0, 1.0))
        };
        let mark = match server {
            15 => Some("half speed".to_owned()),
            4 => Some("dead 150 s to 240 s".to_owned()),
            _ => None,
        };
        HeatRow { label: format!("web[{server}]"), mark, values: (0..360).map(value).collect() }
    };
    HeatMap {
        heading: Heading::new(
            "Round robin keeps web[15] saturated while the others idle at 0.62",
            "A bright row is a hot server; hatched means down. Time runs to the right.",
        ),
        measure: "utilisation".into(),
        start: 0.0,
        bin: 1.0,
        rows: (0..servers).map(row).collect(),
        faults: vec![Span::new("Crash web[4]", 150.0, 240.0)],
    }
}

pub(super) fn ribbon(breakers: usize) -> Ribbon {
    let row = |breaker: usize| {
        let mut states = vec![(0.0, BreakerState::Closed)];
        for trip in 0..=breaker % 4 {
            let at = 122.0 + (breaker * 3 % 7) as f64 + 6.0 * trip as f64;
            states.extend([(at, BreakerState::Open), (at + 5.0, BreakerState::HalfOpen)]);
        }
        states.push((160.0 + breaker as f64, BreakerState::Closed));
        RibbonRow { label: format!("retry_breaker: clients to checkout #{breaker}"), states }
    };
    Ribbon {
        of: RibbonOf::Breakers,
        heading: Heading::new(
            "Every breaker opens during the brown-out and closes within 20 s of its end",
            "A row is a breaker; full height is open, low is closed. Dotted lines are the edges of faults.",
        ),
        end: 600.0,
        rows: (0..breakers).map(row).collect(),
        faults: vec![Span::new("CapacityLoss checkout", 120.0, 150.0)],
        windows: vec![Span::new("before", 30.0, 120.0), Span::new("late", 300.0, 600.0)],
    }
}

pub(super) fn server_bars(servers: usize) -> ServerBars {
    let bar = |server: usize| Bar {
        label: format!("shard[{server}]"),
        mark: (server == 5).then(|| "half speed".to_owned()),
        value: 1000.0 * (1.0 + 0.35 * sin(server as f64 * 2.4)),
    };
    ServerBars {
        heading: Heading::new(
            "Consistent hashing with 16 virtual nodes leaves shards uneven",
            "One bar a shard, highest first. Even shares would all end at the dashed mean.",
        ),
        axis: Axis::linear("requests per shard", Quantity::PerSecond),
        colour: Colour::Blue,
        bars: (0..servers).map(bar).collect(),
    }
}

pub(super) fn time_series() -> TimeSeries {
    let arms: [Shaped; 4] = [
        ("no_retry", |t| if (120.0..167.0).contains(&t) { 0.1 } else { 1.0 }),
        ("retry", |t| if t > 120.0 { 0.02 } else { 1.0 }),
        ("retry_budget", |t| if (120.0..182.0).contains(&t) { 0.15 } else { 1.0 }),
        ("retry_breaker", |t| if (120.0..154.0).contains(&t) { 0.4 } else { 1.0 }),
    ];
    let panel = |y: Axis, of: &dyn Fn(f64, f64) -> f64, spread: f64| {
        let line = |(arm, (name, health)): (usize, &Shaped)| {
            let mean = |t: f64| of(t, health(t));
            let wobble = |t: f64| 1.0 + 0.03 * sin(t * 0.9 + arm as f64) + 0.02 * cos(t * 2.3);
            let times = || (0..600).map(f64::from);
            let points = times().map(|t| {
                let y = mean(t) * (1.0 + 0.2 * (wobble(t) - 1.0));
                Point::between(t, y, y * (1.0 - spread), y * (1.0 + spread))
            });
            let example = times().map(|t| Point::new(t, mean(t) * wobble(t)));
            Line {
                example: example.collect(),
                ..Line::new(*name, ArmStyle::of(arm, arm == 1), points.collect())
            }
        };
        Panel { y, lines: arms.iter().enumerate().map(line).collect(), limit: None }
    };
    let mut goodput = panel(Axis::linear("goodput", Quantity::PerSecond), &|_, health| 700.0 * health, 0.02);
    goodput.limit = Some(Limit { label: "SLO".into(), value: 665.0 });
    TimeSeries {
        heading: Heading::new(
            "The brown-out ends at 150 s, but with plain retries the service stays down",
            "Read downwards: what was offered, what came out, how long it took. Thin lines are replication 0.",
        ),
        panels: vec![
            panel(
                Axis::linear("offered attempts", Quantity::PerSecond),
                &|_, health| 700.0 + 2100.0 * (1.0 - health),
                0.02,
            ),
            goodput,
            panel(Axis::log("p99 latency", Quantity::Seconds), &|_, health| 0.46 / pow(health, 1.4), 0.1),
            panel(
                Axis::linear("queue length", Quantity::Count),
                &|_, health| 20_000.0 * (1.0 - health),
                0.02,
            ),
            panel(Axis::linear("errors", Quantity::PerSecond), &|_, health| 700.0 * (1.0 - health), 0.02),
        ],
        faults: vec![Span::new("CapacityLoss checkout, 0.5 remain", 120.0, 150.0)],
        windows: vec![
            Span::new("before", 30.0, 120.0),
            Span::new("fault", 120.0, 150.0),
            Span::new("after", 180.0, 300.0),
            Span::new("late", 300.0, 600.0),
        ],
    }
}
