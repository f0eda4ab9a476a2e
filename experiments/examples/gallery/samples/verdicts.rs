//! Charts of verdicts: forest plot, SLO matrix.

use super::{LOADS, P99};
use experiments::charts::data::{ArmStyle, Axis, Heading, Quantity};
use experiments::charts::{Better, Difference, Forest, MatrixCell, MatrixRow, SloMatrix, Verdict};

pub(super) fn forest() -> Forest {
    let rows = [
        ("p2c_outstanding", 1, 0.0114, 0.01095, 0.01185, 2e-12, 8.4),
        ("p2c_peak_ewma", 2, 0.0131, 0.01275, 0.01337, 3e-14, 17.5),
        ("weighted_rr", 3, 0.1808, 0.1597, 0.2018, 1e-8, 1.0),
        ("an_arm_that_is_no_different_at_all_from_the_baseline", 7, -0.004, -0.011, 0.003, 0.31, 2.2),
    ];
    let row =
        |(label, arm, difference, low, high, p, saved): (&str, usize, f64, f64, f64, f64, f64)| Difference {
            label: label.into(),
            style: ArmStyle::of(arm, false),
            difference,
            low,
            high,
            p_holm: Some(p),
            variance_reduction: (arm != 7).then_some(saved),
        };
    Forest {
        heading: Heading::new(
            "At load 0.95 every other strategy has a higher p99 than least_outstanding",
            "Each row is an arm minus least_outstanding, with its 95 % interval. Left of zero is lower.",
        ),
        axis: Axis::linear("p99 latency minus that of least_outstanding", Quantity::Seconds),
        better: Better::Lower,
        rows: rows.map(row).to_vec(),
    }
}

pub(super) fn slo_matrix() -> SloMatrix {
    let mut rows: Vec<MatrixRow> = Vec::new();
    for (arm, (name, values)) in P99.iter().enumerate() {
        let cell = |(mean, half): &(f64, f64)| {
            let verdict = if *mean > 280.0 { Verdict::Inconclusive } else { Verdict::Pass };
            Some(MatrixCell { verdict, text: format!("{mean} ±{half}"), unstable: false, best: arm == 2 })
        };
        let cells = values.iter().map(cell).collect();
        rows.push(MatrixRow {
            label: (*name).into(),
            style: ArmStyle::of(arm, false),
            baseline: false,
            cells,
        });
    }
    for (arm, name) in [(4, "round_robin"), (5, "random")] {
        let fail =
            |text: String, unstable| Some(MatrixCell { verdict: Verdict::Fail, text, unstable, best: false });
        let mut cells = vec![fail("360 ±104".into(), false)];
        cells.extend([16, 36, 55, 74].map(|growth| fail(format!("+{growth}/s"), true)));
        cells.push(None);
        rows.push(MatrixRow {
            label: name.into(),
            style: ArmStyle::of(arm, arm == 4),
            baseline: arm == 4,
            cells,
        });
    }
    SloMatrix {
        heading: Heading::new(
            "clients.latency.p99 < 250ms: the three state-aware strategies pass at every load",
            "Mean over 10 replications with the half-width of its 95 % interval, in ms.",
        ),
        sweep: "load".into(),
        columns: LOADS.map(|load| format!("{load:.2}")).to_vec(),
        rows,
    }
}

pub(super) fn slo_matrix_wide() -> SloMatrix {
    let matrix = slo_matrix();
    let repeat = |row: &MatrixRow| MatrixRow {
        cells: row.cells.iter().cycle().take(14).cloned().collect(),
        ..row.clone()
    };
    let columns = (0..14).map(|column| format!("timeout {column} s")).collect();
    let mut rows: Vec<MatrixRow> = matrix.rows.iter().map(repeat).collect();
    rows[0].label = "an arm with a name that is far too long for any reasonable table <b>&".into();
    SloMatrix { columns, rows, ..matrix }
}
