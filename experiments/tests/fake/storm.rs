//! A brown-out from 120 s to 150 s: some come back after it, one never does.

use experiments::study::{Cell, Claim, Expectation, Fault, Horizon, Op, Study, Window};
use models::report::{Metric, RunReport, Series, Unit};

const ARMS: [(&str, Option<u64>); 3] = [("no_retry", Some(17)), ("retry", None), ("retry_budget", Some(32))];

pub(crate) fn study() -> Study {
    let late = |op: Op, threshold: f64| Claim {
        text: format!("clients.goodput.mean@late {} {threshold}/s", op.symbol()),
        metric: "clients.goodput".into(),
        statistic: "mean".into(),
        window: Some("late".into()),
        op,
        threshold,
        limit: None,
        unit: "/s".into(),
    };
    let cell = |(arm, _): (&str, _)| Cell {
        arm: arm.into(),
        hash: format!("{:016x}", arm.len()),
        replications: 10,
        ..Cell::default()
    };
    Study {
        name: "fake".into(),
        hash: "3f9c2a71".into(),
        workloads: vec!["clients".into()],
        arms: ARMS.map(|(arm, _)| arm.to_owned()).to_vec(),
        baseline: Some("retry".into()),
        cells: ARMS.map(cell).to_vec(),
        seed: 100,
        replications: 10,
        common_random_numbers: true,
        horizon: Horizon::Terminating { end: 600.0 },
        windows: vec![Window { name: "late".into(), from: 300.0, to: 600.0 }],
        faults: vec![Fault { label: "CapacityLoss checkout".into(), from: 120.0, to: 150.0 }],
        slos: vec![late(Op::Greater, 665.0)],
        expectations: vec![
            Expectation { arm: "retry".into(), claim: late(Op::Less, 35.0) },
            Expectation { arm: "no_retry".into(), claim: late(Op::Greater, 665.0) },
        ],
        ..Study::default()
    }
}

pub(crate) fn report(cell: &Cell, replication: u64) -> RunReport {
    let back = ARMS
        .iter()
        .find(|(arm, _)| *arm == cell.arm)
        .and_then(|(_, back)| *back)
        .map(|back| back + replication % 3);
    let level = |second: u64| match second {
        0..120 => 700.0,
        120..150 => 250.0,
        _ if back.is_some_and(|back| second >= 150 + back) => 700.0 + (replication as f64 - 4.5) / 10.0,
        _ => 0.0,
    };
    let values: Vec<Option<f64>> = (0..600).map(|second| Some(level(second))).collect();
    let late = values[300..].iter().flatten().sum::<f64>() / 300.0;
    let metric =
        |name: &str, unit, value| Metric { name: name.into(), unit, value: Some(value), samples: 1000 };
    RunReport {
        events: 1000,
        requests: 420_000,
        metrics: vec![metric("clients.goodput.mean@late", Unit::PerSecond, late)],
        series: vec![Series { name: "clients.goodput".into(), unit: Unit::PerSecond, bin: 1.0, values }],
        ..RunReport::default()
    }
}
