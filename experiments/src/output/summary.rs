//! `summary.json`: verdicts, the answer and every interval, for programs. And the same figures a line each.

use serde_json::{Map, Value, json};

use super::number::base_unit;
use crate::{
    analysis::{Analysis, CellAnalysis, Difference, Estimate, Kind, Recovery, Ruling, Stuck},
    study::{Cell, Study},
};

/// The shape of `summary.json`; raised when a field changes its meaning.
const SCHEMA_VERSION: u32 = 1;

/// The whole summary. Figures that are infinite are null and flagged so: JSON has no infinity.
pub fn summary(study: &Study, analysis: &Analysis) -> Value {
    let cells = study.cells.iter().zip(&analysis.cells);
    json!({
        "schema_version": SCHEMA_VERSION,
        "name": study.name,
        "question": study.question,
        "hash": study.hash,
        "seed": study.seed,
        "common_random_numbers": study.common_random_numbers,
        "baseline": study.baseline,
        "answer": analysis.answer,
        "slos": rulings(study, analysis, Kind::Slo),
        "expectations": rulings(study, analysis, Kind::Expect),
        "rankings": rankings(study, analysis),
        "comparisons": analysis.differences.iter().map(|found| difference(study, analysis, found)).collect::<Vec<_>>(),
        "recoveries": analysis.recoveries.iter().map(|found| recovery(study, found)).collect::<Vec<_>>(),
        "warmup": analysis.warmup.as_ref().map(|check| json!({
            "stated": check.stated,
            "asked": check.asked,
            "insufficient": check.insufficient.iter().map(|cell| label(study, *cell)).collect::<Vec<_>>(),
        })),
        "cells": cells.map(|(cell, found)| cell_summary(study, cell, found)).collect::<Vec<_>>(),
    })
}

/// One JSON object a line: every figure of every cell, then every verdict.
pub fn lines(study: &Study, analysis: &Analysis) -> String {
    let mut text = String::new();
    for (cell, found) in study.cells.iter().zip(&analysis.cells) {
        for estimate in &found.estimates {
            let line = json!({ "kind": "figure", "arm": cell.arm, "point": point(study, cell), "metric": estimate.name });
            text.push_str(&merged(line, figure(estimate)));
        }
    }
    for ruling in &analysis.rulings {
        text.push_str(&merged(json!({ "kind": "verdict" }), verdict(study, ruling)));
    }
    text
}

fn merged(one: Value, other: Value) -> String {
    let mut fields = Map::new();
    for value in [one, other] {
        if let Value::Object(object) = value {
            fields.extend(object);
        }
    }
    format!("{}\n", Value::Object(fields))
}

fn cell_summary(study: &Study, cell: &Cell, found: &CellAnalysis) -> Value {
    let figures = found.estimates.iter().map(|estimate| (estimate.name.clone(), figure(estimate)));
    json!({
        "arm": cell.arm,
        "point": point(study, cell),
        "hash": cell.hash,
        "replications": found.replications.len(),
        "replications_wanted": cell.replications,
        "events": found.events,
        "requests": found.requests,
        "digest": format!("{:016x}", found.digest),
        "unstable": found.growth.as_ref().map(|growth| json!({
            "station": growth.station,
            "growth_per_second": growth.per_second,
        })),
        "figures": figures.collect::<Map<_, _>>(),
    })
}

fn figure(estimate: &Estimate) -> Value {
    json!({
        "unit": base_unit(estimate.unit),
        "n": estimate.count(),
        "mean": estimate.mean,
        "ci_low": estimate.bounds.map(|bounds| bounds.lower),
        "ci_high": estimate.bounds.map(|bounds| bounds.upper),
        "method": estimate.method,
        "flags": estimate.flags,
    })
}

fn rulings(study: &Study, analysis: &Analysis, kind: Kind) -> Vec<Value> {
    analysis.rulings_of(kind).map(|ruling| verdict(study, ruling)).collect()
}

fn verdict(study: &Study, ruling: &Ruling) -> Value {
    let cell = study.cells.get(ruling.cell);
    json!({
        "claim_kind": ruling.kind,
        "expression": ruling.claim.text,
        "arm": cell.map(|cell| &cell.arm),
        "point": cell.map(|cell| point(study, cell)),
        "verdict": ruling.verdict,
        "basis": ruling.basis,
        "value": ruling.value,
        "ci_low": ruling.bounds.map(|bounds| bounds.lower),
        "ci_high": ruling.bounds.map(|bounds| bounds.upper),
        "threshold": ruling.claim.threshold,
        "replications_needed": ruling.replications_needed,
        "note": ruling.note,
    })
}

fn rankings(study: &Study, analysis: &Analysis) -> Vec<Value> {
    let ranking = |ranking: &crate::analysis::Ranking| {
        json!({
            "metric": analysis.headlines.get(ranking.headline).map(|headline| &headline.figure),
            "point": named(study, &ranking.point),
            "best": ranking.best.map(|cell| arm(study, cell)),
            "best_or_tied": ranking.leaders.iter().map(|cell| arm(study, *cell)).collect::<Vec<_>>(),
        })
    };
    analysis.rankings.iter().map(ranking).collect()
}

fn difference(study: &Study, analysis: &Analysis, found: &Difference) -> Value {
    let comparison = &found.comparison;
    json!({
        "metric": analysis.headlines.get(found.headline).map(|headline| &headline.figure),
        "arm": arm(study, found.cell),
        "minus": arm(study, found.with),
        "reference": found.reference,
        "point": study.cells.get(found.cell).map(|cell| point(study, cell)),
        "diff": comparison.difference.mean,
        "ci_low": comparison.difference.lower(),
        "ci_high": comparison.difference.upper(),
        "p": comparison.p_value,
        "p_holm": found.p_holm,
        "correlation": comparison.correlation,
        "variance_reduction": comparison.variance_reduction,
        "pairs": comparison.difference.count,
    })
}

fn recovery(study: &Study, found: &Recovery) -> Value {
    json!({
        "arm": arm(study, found.cell),
        "point": study.cells.get(found.cell).map(|cell| point(study, cell)),
        "workload": found.workload,
        "recovered": found.recovered.0,
        "of": found.recovered.1,
        "share_low": found.share.map(|share| share.lower),
        "share_high": found.share.map(|share| share.upper),
        "median_seconds": found.median,
        "metastable": found.stuck.as_ref().map(stuck),
    })
}

fn stuck(found: &Stuck) -> Value {
    json!({
        "replications": found.replications,
        "trigger_end": found.trigger_end,
        "end": found.end,
        "goodput_before": found.late.before,
        "goodput": found.late.goodput,
        "demand": found.late.demand,
        "attempts": found.late.attempts,
        "attempts_over_demand": found.amplification(),
        "waiting_at": found.late.longest.as_ref().map(|(component, _)| component),
        "waiting": found.late.longest.as_ref().map(|(_, waiting)| waiting),
    })
}

fn arm(study: &Study, cell: usize) -> &str {
    study.cells.get(cell).map_or("", |cell| &cell.arm)
}

fn label(study: &Study, cell: usize) -> String {
    study.cells.get(cell).map(Cell::label).unwrap_or_default()
}

fn point(study: &Study, cell: &Cell) -> Value {
    named(study, &cell.point)
}

/// The point by path, as the canonical text of its values.
fn named(study: &Study, point: &[String]) -> Value {
    let fields = study.axes.iter().zip(point).map(|(axis, value)| (axis.path.clone(), json!(value)));
    Value::Object(fields.collect())
}

#[cfg(test)]
mod tests {
    use models::report::{Metric, RunReport, Unit};

    use super::*;
    use crate::{
        analysis::analyse,
        output::SUMMARY_SCHEMA,
        study::{Claim, Horizon, Op},
    };

    /// Two arms, a baseline and an SLO, enough for every kind of entry but a recovery.
    fn example() -> Value {
        let cell = |arm: &str| Cell { arm: arm.into(), replications: 3, ..Cell::default() };
        let study = Study {
            arms: vec!["a".into(), "b".into()],
            baseline: Some("a".into()),
            cells: vec![cell("a"), cell("b")],
            horizon: Horizon::SteadyState { warmup: 1.0, measure: 2.0 },
            slos: vec![Claim {
                text: "c.latency.mean < 1s".into(),
                metric: "c.latency".into(),
                statistic: "mean".into(),
                window: None,
                op: Op::Less,
                threshold: 1.0,
                limit: None,
                unit: "s".into(),
            }],
            ..Study::default()
        };
        let load = |cell: usize, replication: u64| {
            let value = Some(0.5 + cell as f64 + replication as f64 / 10.0);
            let metric = Metric { name: "c.latency.mean".into(), unit: Unit::Seconds, value, samples: 9 };
            Some(RunReport { metrics: vec![metric], ..RunReport::default() })
        };
        summary(&study, &analyse(&study, &load))
    }

    fn keys(value: &Value) -> Vec<&str> {
        let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        keys
    }

    fn required(schema: &Value) -> Vec<&str> {
        let mut names: Vec<&str> =
            schema["required"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn the_schema_names_every_field() {
        let (schema, summary) = (serde_json::from_str::<Value>(SUMMARY_SCHEMA).unwrap(), example());
        assert_eq!(keys(&summary), required(&schema));
        let items = |name: &str| &schema["properties"][name]["items"];
        assert_eq!(keys(&summary["cells"][0]), required(items("cells")));
        assert_eq!(keys(&summary["rankings"][0]), required(items("rankings")));
        assert_eq!(keys(&summary["comparisons"][0]), required(items("comparisons")));
        assert_eq!(keys(&summary["warmup"]), required(&schema["properties"]["warmup"]));
        assert_eq!(keys(&summary["slos"][0]), required(&schema["$defs"]["verdict"]));
        assert_eq!(
            keys(&summary["cells"][0]["figures"]["c.latency.mean"]),
            required(&schema["$defs"]["figure"])
        );
    }
}
