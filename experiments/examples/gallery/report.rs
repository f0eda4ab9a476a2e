//! A made-up report with every chart of the gallery.

use crate::samples;
use experiments::charts::{Picture, Verdict};
use experiments::report::{
    Check, Chip, Column, Figure, Link, Notice, Provenance, ReportData, Section, Severity, Side, Table,
};

/// The report.
pub(crate) fn report() -> ReportData {
    let chip = |verdict, text: &str| Chip { verdict, text: text.into() };
    let check =
        |name: &str, detail: &str| Check { name: name.into(), verdict: Verdict::Pass, detail: detail.into() };
    ReportData {
        title: "lb_one_slow_server".into(),
        question: "Which strategy keeps p99 below 250 ms when 1 of 16 servers runs at half speed?".into(),
        answer: vec![
            "At load 0.50 to 0.60 p2c_peak_ewma has the lowest p99, from 0.80 on least_outstanding; at 0.70 they tie."
                .into(),
            "Strategies that ignore server speed fail at every load; weights fix it up to 0.90.".into(),
        ],
        verdicts: vec![
            chip(Verdict::Pass, "3 arms meet the SLO at every load"),
            chip(Verdict::Fail, "round_robin and random fail at every load"),
            chip(Verdict::Inconclusive, "weighted_rr at 0.95: 72 replications would decide"),
        ],
        provenance: provenance(),
        notices: vec![
            Notice {
                severity: Severity::Warning,
                text: "10 cells are unstable by the traffic equations: their latency grows with run length.".into(),
            },
            Notice { severity: Severity::Note, text: "web[15] saturates above load 0.516 under round_robin.".into() },
        ],
        sections: sections(),
        checks: vec![
            check("conservation", "99 012 345 offered = succeeded + failed + in flight"),
            check("Little's law", "largest deviation 0.02 %"),
            check("warm-up", "20 s ≥ MSER-5"),
            check("re-run", "1 cell identical"),
        ],
        experiment: "(\n    name: \"lb_one_slow_server\",\n    arms: { \"<script>\": {} },\n)\n".repeat(20),
        downloads: ["cells.csv", "comparisons.csv", "resolved.ron", "summary.json"].map(file).to_vec(),
    }
}

fn provenance() -> Provenance {
    Provenance {
        seed: 1,
        version: "0.1.0".into(),
        hash: "3f9c2a71d0e4b8a6".into(),
        command: "stampede run experiments/lb_one_slow_server.ron --seed 1 -r 10".into(),
        more: vec![("replications".into(), "10".into()), ("requests".into(), "99.0 M".into())],
    }
}

fn file(path: &str) -> Link {
    Link { label: path.into(), path: path.into() }
}

/// A section for each chart, under the question it answers.
fn sections() -> Vec<Section> {
    let heading = |name: &str| match name {
        "diagram" => "What is simulated?",
        "slo_matrix" => "Who passes where?",
        "hockey_stick" => "Where is the knee?",
        "goodput" => "Does it degrade gracefully or collapse?",
        "distribution" => "What happens in the tail?",
        "forest" => "Is one strategy really better than another?",
        "time_series" => "What did the fault do, and for how long?",
        "heat_map" => "Who is hot?",
        "waterfall" => "Where did the time of one request go?",
        "server_bars" => "Is the load shared out fairly?",
        "precision" => "Are there enough replications?",
        "welch" => "Is the experiment long enough?",
        _ => "An awkward case of the same chart",
    };
    let charts = samples::all().into_iter().filter_map(|(name, chart)| Some((name, chart.draw()?)));
    let mut sections: Vec<Section> =
        charts.map(|(name, picture)| section(name, heading(name), picture)).collect();
    if let Some(first) = sections.first_mut() {
        first.tables.push(table());
    }
    sections
}

fn section(name: &str, heading: &str, picture: Picture) -> Section {
    let links = ["CSV", "SVG", "PNG"]
        .map(|kind| Link { label: kind.into(), path: format!("{name}.{}", kind.to_lowercase()) })
        .to_vec();
    Section {
        heading: heading.into(),
        explanation: vec!["All figures are means over 10 replications with common random numbers.".into()],
        figures: vec![Figure { picture, links }],
        tables: Vec::new(),
        links: Vec::new(),
    }
}

fn table() -> Table {
    let column = |title: &str, side| Column { title: title.into(), side };
    let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
    Table {
        caption: "p99 at load 0.95, each minus least_outstanding".into(),
        columns: vec![
            column("arm", Side::Left),
            column("difference, ms", Side::Right),
            column("95 % interval, ms", Side::Right),
            column("Holm p", Side::Right),
        ],
        rows: vec![
            row(["p2c_outstanding", "+11.4", "+10.95 … +11.85", "2e-12"]),
            row(["p2c_peak_ewma", "+13.1", "+12.75 … +13.37", "3e-14"]),
            row(["weighted_rr", "+180.8", "+159.70 … +201.80", "1e-8"]),
        ],
    }
}
