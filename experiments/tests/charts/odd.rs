//! One chart of each kind from the same names, numbers and points, however odd they are.

use experiments::charts::data::{
    ArmStyle, Axis, Colour, Heading, Limit, Line, Point, Quantity, Span, Theory,
};
use experiments::charts::{
    Bar, Better, Block, BreakerState, Chart, Diagram, Difference, Distribution, Edge, Forest, Goodput,
    HeatMap, HeatRow, HockeyStick, MatrixCell, MatrixRow, Node, Panel, Passing, Quantile, Ribbon, RibbonOf,
    RibbonRow, ServerBars, SloMatrix, Tail, TimeSeries, Verdict, Waterfall, WaterfallRow, Welch,
};
use proptest::prelude::*;

/// What the charts are made of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Odd {
    pub(crate) names: Vec<String>,
    pub(crate) numbers: Vec<f64>,
    pub(crate) points: Vec<Point>,
}

impl Odd {
    pub(crate) fn charts(&self) -> Vec<Box<dyn Chart>> {
        vec![
            Box::new(self.hockey_stick()),
            Box::new(Goodput {
                heading: self.heading(),
                x: rate(),
                y: rate(),
                lines: self.lines(),
                diagonal: "everything offered is served".into(),
            }),
            Box::new(self.ribbon()),
            Box::new(self.welch()),
            Box::new(self.distribution()),
            Box::new(self.forest()),
            Box::new(self.time_series()),
            Box::new(self.heat_map()),
            Box::new(self.server_bars()),
            Box::new(self.slo_matrix()),
            Box::new(self.diagram()),
            Box::new(self.waterfall()),
        ]
    }

    fn heading(&self) -> Heading {
        Heading::new(self.names.first().cloned().unwrap_or_default(), "how to read")
    }

    /// A number for each index, over and over.
    fn at(&self, index: usize) -> f64 {
        self.numbers.get(index % self.numbers.len().max(1)).copied().unwrap_or(0.0)
    }

    fn arms(&self) -> impl Iterator<Item = (usize, String)> {
        self.names.iter().cloned().enumerate()
    }

    fn waterfall(&self) -> Waterfall {
        let blocks = || {
            let block = |(index, name): (usize, String)| Block {
                from: self.at(index),
                to: self.at(index + 1),
                passing: Passing::ALL[index % Passing::ALL.len()],
                orphaned: index % 2 == 0,
                label: name,
            };
            self.arms().map(block).collect()
        };
        let row = |(index, name): (usize, String)| WaterfallRow {
            ending: name.clone(),
            label: name,
            depth: index * 3,
            from: self.at(index + 2),
            to: self.at(index),
            blocks: blocks(),
        };
        Waterfall { heading: self.heading(), end: self.at(1), rows: self.arms().map(row).collect() }
    }

    fn limit(&self) -> Option<Limit> {
        self.numbers.first().map(|value| Limit { label: "SLO".into(), value: *value })
    }

    fn lines(&self) -> Vec<Line> {
        let line = |(index, name): (usize, String)| Line {
            example: self.points.iter().rev().take(index).cloned().collect(),
            ..Line::new(name, style(index), self.points.iter().skip(index).cloned().collect())
        };
        self.arms().map(line).collect()
    }

    fn spans(&self) -> Vec<Span> {
        self.arms().map(|(index, name)| Span::new(name, self.at(index), self.at(index + 1))).collect()
    }

    fn hockey_stick(&self) -> HockeyStick {
        let theory = self.numbers.iter().map(|x| (*x, x * x)).collect();
        HockeyStick {
            heading: self.heading(),
            x: rate(),
            y: seconds(),
            lines: self.lines(),
            limit: self.limit(),
            theory: Some(Theory { label: "theory".into(), points: theory }),
        }
    }

    fn welch(&self) -> Welch {
        Welch { heading: self.heading(), x: rate(), y: rate(), lines: self.lines(), cut: self.at(0) }
    }

    fn distribution(&self) -> Distribution {
        let quantile = |index: usize| Quantile {
            probability: self.at(index),
            value: self.at(index + 1),
            low: Some(self.at(index + 2)),
            high: Some(self.at(index + 3)),
        };
        let quantiles: Vec<Quantile> = (0..self.numbers.len()).map(quantile).collect();
        let tail = |(index, label)| Tail {
            label,
            style: style(index),
            samples: 1_000_000,
            quantiles: quantiles.clone(),
        };
        let tails = self.arms().map(tail).collect();
        Distribution { heading: self.heading(), y: seconds(), tails, limit: self.limit() }
    }

    fn forest(&self) -> Forest {
        let row = |(index, label)| Difference {
            label,
            style: style(index),
            difference: self.at(index),
            low: self.at(index + 1),
            high: self.at(index + 2),
            p_holm: Some(self.at(index + 3)),
            variance_reduction: Some(self.at(index + 4)),
        };
        let axis = Axis::linear("difference", Quantity::Seconds);
        Forest { heading: self.heading(), axis, better: Better::Higher, rows: self.arms().map(row).collect() }
    }

    fn time_series(&self) -> TimeSeries {
        let axes = [rate(), seconds(), Axis::linear("memory", Quantity::Bytes)];
        let panel = |y| Panel { y, lines: self.lines(), limit: self.limit() };
        TimeSeries {
            heading: self.heading(),
            panels: axes.map(panel).to_vec(),
            faults: self.spans(),
            windows: self.spans(),
        }
    }

    fn heat_map(&self) -> HeatMap {
        let row = |(index, label): (usize, String)| HeatRow {
            label,
            mark: (index == 1).then(|| "slow".to_owned()),
            values: self
                .numbers
                .iter()
                .skip(index)
                .map(|value| value.is_finite().then_some(*value))
                .collect(),
        };
        HeatMap {
            heading: self.heading(),
            measure: "utilisation".into(),
            start: self.at(0),
            bin: self.at(1),
            rows: self.arms().map(row).collect(),
            faults: self.spans(),
        }
    }

    fn ribbon(&self) -> Ribbon {
        let states = [BreakerState::Closed, BreakerState::Open, BreakerState::HalfOpen];
        let row = |(index, label): (usize, String)| RibbonRow {
            label,
            states: self.numbers.iter().skip(index).copied().zip(states.into_iter().cycle()).collect(),
        };
        Ribbon {
            of: RibbonOf::Breakers,
            heading: self.heading(),
            end: self.at(0),
            rows: self.arms().map(row).collect(),
            faults: self.spans(),
            windows: self.spans(),
        }
    }

    fn server_bars(&self) -> ServerBars {
        let bar = |(index, label)| Bar { label, mark: None, value: self.at(index) };
        let bars = self.arms().map(bar).collect();
        ServerBars { heading: self.heading(), axis: rate(), colour: Colour::Green, bars }
    }

    fn slo_matrix(&self) -> SloMatrix {
        let cell = |index: usize| MatrixCell {
            verdict: [Verdict::Pass, Verdict::Fail, Verdict::Inconclusive][index % 3],
            text: self.at(index).to_string(),
            unstable: index.is_multiple_of(2),
            best: index.is_multiple_of(5),
        };
        let row = |(index, label)| MatrixRow {
            label,
            style: style(index),
            baseline: index == 0,
            cells: (0..self.numbers.len()).map(|column| (column != 1).then(|| cell(column))).collect(),
        };
        SloMatrix {
            heading: self.heading(),
            sweep: "load".into(),
            columns: self.numbers.iter().map(f64::to_string).collect(),
            rows: self.arms().map(row).collect(),
        }
    }

    fn diagram(&self) -> Diagram {
        let name = |index: usize| self.names.get(index % self.names.len().max(1)).cloned();
        let edge = |index: usize| {
            Some(Edge {
                from: name(index * 7)?,
                to: name(index * 3)?,
                label: index.is_multiple_of(4).then(|| "label".to_owned()),
                asynchronous: index.is_multiple_of(2),
            })
        };
        let node = |(_, id)| Node { id, kind: "Service".into(), details: Vec::new() };
        Diagram {
            heading: self.heading(),
            nodes: self.arms().map(node).collect(),
            edges: (0..self.numbers.len()).filter_map(edge).collect(),
        }
    }
}

fn seconds() -> Axis {
    Axis::log("latency", Quantity::Seconds)
}

fn rate() -> Axis {
    Axis::linear("rate", Quantity::PerSecond)
}

fn style(index: usize) -> ArmStyle {
    ArmStyle::of(index, index == 0)
}

/// Numbers as they come out of simulations that went wrong.
fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => 0.0..1000.0f64,
        2 => 0.0..1.0f64,
        1 => prop::sample::select(vec![0.0, -0.0, -1.0, 1.0, 0.5, 1e-12, 1e12, 123_456_789.123]),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, 1e-300, f64::MIN, f64::MAX]),
        1 => prop::num::f64::ANY,
    ]
}

fn point() -> impl Strategy<Value = Point> {
    let value = || prop::option::weighted(0.8, number());
    let point = |(x, y, low, high, open): (f64, _, _, _, bool)| Point {
        x,
        y,
        low,
        high,
        open,
        note: open.then(|| "unstable <&>".to_owned()),
    };
    (number(), value(), value(), value(), prop::bool::weighted(0.2)).prop_map(point)
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[a-z_]{1,12}", 1 => "\\PC{0,60}", 1 => any::<String>()]
}

/// Anything at all.
pub(crate) fn odd() -> impl Strategy<Value = Odd> {
    let parts = (
        prop::collection::vec(name(), 0..26),
        prop::collection::vec(number(), 0..9),
        prop::collection::vec(point(), 0..12),
    );
    parts.prop_map(|(names, numbers, points)| Odd { names, numbers, points })
}

/// Any number of arms and points, but values as they should be.
pub(crate) fn plain() -> impl Strategy<Value = Odd> {
    let point = |(x, y): (f64, f64)| Point::between(x, y, 0.9 * y, 1.1 * y);
    let parts = (
        prop::collection::vec("[a-z_]{1,40}", 1..25),
        prop::collection::vec(0.001..0.9f64, 1..9),
        prop::collection::vec((0.0..100.0f64, 1e-6..1e6f64).prop_map(point), 1..12),
    );
    parts.prop_map(|(names, numbers, points)| Odd { names, numbers, points })
}
