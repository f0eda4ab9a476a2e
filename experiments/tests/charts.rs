//! The charts as files: the same data give the same bytes, whatever the data are, and all text can be read.

#[path = "../examples/gallery/samples/mod.rs"]
mod samples;

use experiments::charts::data::{
    ArmStyle, Axis, Colour, Heading, Limit, Line, Point, Quantity, Span, Theory,
};
use experiments::charts::{
    Bar, Better, Chart, Diagram, Difference, Distribution, Edge, Forest, Goodput, HeatMap, HeatRow,
    HockeyStick, MatrixCell, MatrixRow, Node, Panel, Picture, Quantile, ServerBars, SloMatrix, Tail,
    TimeSeries, Verdict, Welch,
};
use proptest::prelude::*;
use resvg::tiny_skia::Rect;
use resvg::usvg::{self, Tree};
use std::sync::{Arc, LazyLock};

#[test]
fn the_same_data_give_the_same_bytes() {
    for ((name, once), (_, again)) in samples::all().iter().zip(samples::all()) {
        let (first, second) = (once.draw().unwrap(), again.draw().unwrap());
        assert_eq!(first, second, "{name}");
        assert_eq!(first.png().unwrap(), second.png().unwrap(), "{name}");
        assert_eq!(once.csv(), again.csv(), "{name}");
    }
}

#[test]
fn no_text_is_cut_off_or_hidden_by_other_text() {
    for (name, chart) in samples::all() {
        let picture = chart.draw().unwrap();
        assert_eq!(faults(&picture), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn names_from_users_stay_text() {
    for (name, chart) in samples::all() {
        let svg = chart.draw().unwrap().svg;
        assert!(!svg.contains("<script") && !svg.contains("<b>"), "{name}");
    }
    let svg = samples::all().remove(1).1.draw().unwrap().svg;
    assert!(svg.contains("&lt;script&gt;alert(&apos;x&apos;)&lt;/script&gt;"));
    assert!(
        svg.contains("<title>an_arm_whose_name_somebody_made_much_too_long_to_be_read_in_any_legend_at_all")
    );
}

#[test]
fn tables_have_one_header_and_all_rows() {
    let (_, hockey_stick) = samples::all().remove(0);
    let csv = hockey_stick.csv();
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("arm,x,y,low,high,unstable,note"));
    assert_eq!(lines.next(), Some("least_outstanding,0.5,0.104,0.1035,0.1045,false,"));
    assert!(csv.contains("round_robin,0.6,,,,true,\"unstable, +16/s\""));
    assert_eq!(csv.lines().count(), 1 + 6 * 6);
}

#[test]
fn nothing_to_show_is_no_picture() {
    for chart in empty_charts() {
        assert_eq!(chart.draw(), None);
        assert_eq!(chart.csv().lines().count(), 1);
    }
}

/// What is wrong with the text of a picture.
fn faults(picture: &Picture) -> Vec<String> {
    let texts = texts(picture);
    let paper = Rect::from_xywh(0.0, 0.0, picture.width as f32, picture.height as f32).unwrap();
    let outside = texts.iter().filter(|(_, place)| {
        place.left() < paper.left() || place.right() > paper.right() || place.bottom() > paper.bottom()
    });
    let mut faults: Vec<String> = outside.map(|(text, place)| format!("{text:?} at {place:?}")).collect();
    for (index, (text, place)) in texts.iter().enumerate() {
        for (other, beside) in &texts[index + 1..] {
            let across = place.right().min(beside.right()) - place.left().max(beside.left());
            let down = place.bottom().min(beside.bottom()) - place.top().max(beside.top());
            if across > 1.0 && down > 1.0 {
                faults.push(format!("{text:?} lies on {other:?}"));
            }
        }
    }
    faults
}

/// Every text of a picture and where its ink is.
fn texts(picture: &Picture) -> Vec<(String, Rect)> {
    static OPTIONS: LazyLock<usvg::Options<'static>> = LazyLock::new(|| {
        let mut fonts = usvg::fontdb::Database::new();
        fonts.load_font_data(include_bytes!("../assets/DejaVuSans-subset.ttf").to_vec());
        fonts.load_font_data(include_bytes!("../assets/DejaVuSans-Bold-subset.ttf").to_vec());
        usvg::Options { fontdb: Arc::new(fonts), ..usvg::Options::default() }
    });
    let tree = Tree::from_str(&picture.svg, &OPTIONS).unwrap();
    let mut found = Vec::new();
    collect(tree.root(), &mut found);
    found
}

fn collect(group: &usvg::Group, found: &mut Vec<(String, Rect)>) {
    for node in group.children() {
        match node {
            usvg::Node::Group(group) => collect(group, found),
            usvg::Node::Text(text) => {
                let words: String = text.chunks().iter().map(|chunk| chunk.text()).collect();
                found.push((words, node.abs_bounding_box()));
            }
            usvg::Node::Path(_) | usvg::Node::Image(_) => (),
        }
    }
}

fn empty_charts() -> Vec<Box<dyn Chart>> {
    charts(&[], &[], &[])
}

/// One chart of each kind with these names, numbers and points.
fn charts(names: &[String], numbers: &[f64], points: &[Point]) -> Vec<Box<dyn Chart>> {
    let heading = || Heading::new(names.first().cloned().unwrap_or_default(), "how to read");
    let at = |index: usize| numbers.get(index % numbers.len().max(1)).copied().unwrap_or(0.0);
    let seconds = || Axis::log("latency", Quantity::Seconds);
    let rate = || Axis::linear("rate", Quantity::PerSecond);
    let style = |index| ArmStyle::of(index, index == 0);
    let arms = || names.iter().cloned().enumerate();
    let lines: Vec<Line> = arms()
        .map(|(index, name)| Line {
            example: points.iter().rev().take(index).cloned().collect(),
            ..Line::new(name, style(index), points.iter().skip(index).cloned().collect())
        })
        .collect();
    let limit = numbers.first().map(|value| Limit { label: "SLO".into(), value: *value });
    let theory = || Theory { label: "theory".into(), points: numbers.iter().map(|x| (*x, x * x)).collect() };
    let spans: Vec<Span> = arms().map(|(index, name)| Span::new(name, at(index), at(index + 1))).collect();
    let quantile = |index: usize| Quantile {
        probability: at(index),
        value: at(index + 1),
        low: Some(at(index + 2)),
        high: Some(at(index + 3)),
    };
    let tail = |(index, label)| Tail {
        label,
        style: style(index),
        samples: 1_000_000,
        quantiles: (0..numbers.len()).map(quantile).collect(),
    };
    let cell = |index: usize| MatrixCell {
        verdict: [Verdict::Pass, Verdict::Fail, Verdict::Inconclusive][index % 3],
        text: at(index).to_string(),
        unstable: index % 2 == 0,
        best: index % 5 == 0,
    };
    let matrix_row = |(index, label)| MatrixRow {
        label,
        style: style(index),
        baseline: index == 0,
        cells: (0..numbers.len()).map(|column| (column != 1).then(|| cell(column))).collect(),
    };
    let difference = |(index, label)| Difference {
        label,
        style: style(index),
        difference: at(index),
        low: at(index + 1),
        high: at(index + 2),
        p_holm: Some(at(index + 3)),
        variance_reduction: Some(at(index + 4)),
    };
    let heat = |(index, label): (usize, String)| HeatRow {
        label,
        mark: (index == 1).then(|| "slow".to_owned()),
        values: numbers.iter().skip(index).map(|value| value.is_finite().then_some(*value)).collect(),
    };
    let edge = |index: usize| Edge {
        from: names[index * 7 % names.len()].clone(),
        to: names[index * 3 % names.len()].clone(),
        label: (index % 4 == 0).then(|| "label".to_owned()),
        asynchronous: index % 2 == 0,
    };
    let panel = |y: Axis| Panel { y, lines: lines.clone(), limit: limit.clone() };
    vec![
        Box::new(HockeyStick {
            heading: heading(),
            x: rate(),
            y: seconds(),
            lines: lines.clone(),
            limit: limit.clone(),
            theory: Some(theory()),
        }),
        Box::new(Goodput { heading: heading(), x: rate(), y: rate(), lines: lines.clone() }),
        Box::new(Welch { heading: heading(), x: rate(), y: rate(), lines: lines.clone(), cut: at(0) }),
        Box::new(Distribution {
            heading: heading(),
            y: seconds(),
            tails: arms().map(tail).collect(),
            limit: limit.clone(),
        }),
        Box::new(Forest {
            heading: heading(),
            axis: Axis::linear("difference", Quantity::Seconds),
            better: Better::Higher,
            rows: arms().map(difference).collect(),
        }),
        Box::new(TimeSeries {
            heading: heading(),
            panels: vec![panel(rate()), panel(seconds()), panel(Axis::linear("n", Quantity::Bytes))],
            faults: spans.clone(),
            windows: spans.clone(),
        }),
        Box::new(HeatMap {
            heading: heading(),
            measure: "utilisation".into(),
            start: at(0),
            bin: at(1),
            rows: arms().map(heat).collect(),
            faults: spans,
        }),
        Box::new(ServerBars {
            heading: heading(),
            axis: rate(),
            colour: Colour::Green,
            bars: arms().map(|(index, label)| Bar { label, mark: None, value: at(index) }).collect(),
        }),
        Box::new(SloMatrix {
            heading: heading(),
            sweep: "load".into(),
            columns: numbers.iter().map(f64::to_string).collect(),
            rows: arms().map(matrix_row).collect(),
        }),
        Box::new(Diagram {
            heading: heading(),
            nodes: arms().map(|(_, id)| Node { id, kind: "Service".into(), details: Vec::new() }).collect(),
            edges: if names.is_empty() { Vec::new() } else { (0..numbers.len()).map(edge).collect() },
        }),
    ]
}

/// Numbers as they come out of simulations that went wrong.
fn odd_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => 0.0..1000.0f64,
        2 => 0.0..1.0f64,
        1 => prop::sample::select(vec![0.0, -0.0, -1.0, 1.0, 0.5, 1e-12, 1e12, 123_456_789.123]),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, 1e-300, f64::MIN, f64::MAX]),
        1 => prop::num::f64::ANY,
    ]
}

fn odd_point() -> impl Strategy<Value = Point> {
    let value = || prop::option::weighted(0.8, odd_number());
    (odd_number(), value(), value(), value(), prop::bool::weighted(0.2)).prop_map(
        |(x, y, low, high, open)| Point {
            x,
            y,
            low,
            high,
            open,
            note: open.then(|| "unstable <&>".to_owned()),
        },
    )
}

fn odd_name() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[a-z_]{1,12}", 1 => "\\PC{0,60}", 1 => any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn odd_data_neither_panic_nor_break_the_file(
        names in prop::collection::vec(odd_name(), 0..26),
        numbers in prop::collection::vec(odd_number(), 0..9),
        points in prop::collection::vec(odd_point(), 0..12),
    ) {
        for chart in charts(&names, &numbers, &points) {
            chart.csv();
            if let Some(picture) = chart.draw() {
                prop_assert!(Tree::from_str(&picture.svg, &usvg::Options::default()).is_ok());
            }
        }
    }

    #[test]
    fn plain_data_of_any_size_leave_all_text_legible(
        names in prop::collection::vec("[a-z_]{1,40}", 1..25),
        numbers in prop::collection::vec(0.001..0.9f64, 1..9),
        values in prop::collection::vec((0.0..100.0f64, 1e-6..1e6f64), 1..12),
    ) {
        let points: Vec<Point> = values.iter().map(|(x, y)| Point::between(*x, *y, 0.9 * y, 1.1 * y)).collect();
        for (kind, chart) in charts(&names, &numbers, &points).iter().enumerate() {
            if let Some(picture) = chart.draw() {
                prop_assert_eq!(faults(&picture), Vec::<String>::new(), "kind {}", kind);
            }
        }
    }
}
