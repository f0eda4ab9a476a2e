//! The commands that work on stored results.

use std::fs;

use experiments::exit::Exit;

use crate::desk::{Desk, assert_same};

#[test]
fn report_and_export_need_no_experiment() {
    let desk = Desk::with("plain");
    let first = desk.run("").out;
    fs::remove_file(desk.file()).unwrap();
    let report = desk.say("report fake -o ROOT").out;
    let without_rerun = first.replace("   re-run of 1 cell identical ✓", "");
    assert_eq!(report, without_rerun);
    assert_eq!(desk.say("export latest -o ROOT --to csv").out, desk.read("cells.csv"));
    assert_eq!(desk.say("export latest -o ROOT --to json").out, desk.read("summary.json"));
    let table = desk.say("export latest -o ROOT --to hgrm --arm fast --metric clients.latency").out;
    assert_eq!(table.matches("#[Max").count(), 3, "{table}");
    assert_eq!(desk.say("export latest -o ROOT --to hgrm --arm nobody").exit, Exit::NothingMatched);
}

#[test]
fn every_chart_and_the_report_are_rebuilt_byte_for_byte() {
    for kind in ["plain", "storm"] {
        let desk = Desk::with(kind);
        desk.run("");
        let first = desk.contents();
        fs::remove_dir_all(desk.results().join("charts")).unwrap();
        fs::remove_file(desk.results().join("report.html")).unwrap();
        // A chart of an earlier report that this one does not have.
        fs::create_dir(desk.results().join("charts")).unwrap();
        fs::write(desk.results().join("charts/11_misses.svg"), "old").unwrap();
        desk.say("report fake -o ROOT");
        assert_same(&desk.contents(), &first);
    }
}

#[test]
fn the_report_shows_what_the_study_has_data_for() {
    let charts = |kind: &str| {
        let desk = Desk::with(kind);
        desk.run("");
        let page = desk.read("report.html");
        assert!(page.len() < 2_000_000, "{} bytes", page.len());
        let names = desk.contents().into_keys().filter_map(|path| {
            let name = path.strip_prefix("charts").ok()?.to_str()?.strip_suffix(".csv")?.to_owned();
            assert!(page.contains(&format!("href=\"./charts/{name}.csv\"")), "{name}");
            Some(name)
        });
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        charts("plain"),
        "01_slo_matrix 02_hockey_stick 04_latency_distribution 05_paired_differences 15_precision 15_warm_up"
    );
    assert_eq!(charts("storm"), "01_slo_matrix 05_paired_differences 06_time_series 15_precision");
}

#[test]
fn titles_are_sentences_about_the_data() {
    let title = |kind: &str, chart: &str| {
        let desk = Desk::with(kind);
        desk.run("");
        let svg = desk.read(&format!("charts/{chart}.svg"));
        let label = svg.split_once("aria-label=\"").unwrap().1.split_once('"').unwrap().0;
        label.split_once(". ").map_or(label, |(first, _)| first).to_owned()
    };
    assert_eq!(title("plain", "02_hockey_stick"), "At every load only even and fast keep p99 under 250 ms");
    assert!(
        title("storm", "06_time_series").starts_with(
            "CapacityLoss checkout takes goodput from 700/s to 250/s; goodput is back within 18 s (no_retry) to 33 s \
             (retry_budget) of its end; retry does not recover"
        ),
        "{}",
        title("storm", "06_time_series")
    );
}

#[test]
fn jsonl_is_an_object_a_line() {
    let said = Desk::with("plain").run("--format jsonl");
    let kinds: Vec<String> = said
        .out
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["kind"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "figure").count(), 9 * 6);
    assert_eq!(kinds.iter().filter(|kind| *kind == "verdict").count(), 9);
}

#[test]
fn two_results_are_compared_cell_by_cell() {
    let (before, after) = (Desk::with("plain"), Desk::with("drift"));
    before.run("");
    after.run("");
    let words = format!(
        "compare {} {} -o ROOT --metric clients.latency.p99",
        before.results().display(),
        after.results().display()
    );
    insta::assert_snapshot!(before.say(&words).out, @r#"
    figure               cell          first   second  difference  95 % CI           Holm p
    clients.latency.p99  blind@0.5   801±1.3  849±1.3    +48.0 ms  [+48.00, +48.00]  <1e-15
    clients.latency.p99  blind@0.7      1001     1061    +60.0 ms  [+60.00, +60.00]  <1e-15
    clients.latency.p99  blind@0.95     1251     1326    +75.0 ms  [+75.00, +75.00]  <1e-15
    clients.latency.p99  even@0.5    106±1.9  113±1.9    +6.32 ms  [+6.324, +6.324]  <1e-15
    clients.latency.p99  even@0.7    112±1.5  119±1.5    +6.68 ms  [+6.684, +6.684]  <1e-15
    clients.latency.p99  even@0.95   120±2.0  127±2.0    +7.13 ms  [+7.134, +7.134]  <1e-15
    clients.latency.p99  fast@0.5    112±1.6  118±1.6    +6.66 ms  [+6.660, +6.660]  <1e-15
    clients.latency.p99  fast@0.7    112±1.7  119±1.7    +6.68 ms  [+6.684, +6.684]  <1e-15
    clients.latency.p99  fast@0.95   112±1.8  119±1.8    +6.71 ms  [+6.714, +6.714]  <1e-15
    "#);
}

#[test]
fn arms_are_compared_with_the_baseline() {
    let desk = Desk::with("plain");
    desk.run("");
    insta::assert_snapshot!(desk.say("compare latest -o ROOT").out, @r#"
    figure               at    arm    minus  difference  95 % CI             Holm p  CRN saved
    clients.latency.p99  0.50  even   blind     -694 ms  [-695.3, -693.6]    <1e-15       6.9×
    clients.latency.p99  0.50  fast   blind     -689 ms  [-689.7, -688.3]    <1e-15       8.4×
    clients.latency.p99  0.50  blind  even      +694 ms  [+693.6, +695.3]    1e-15        6.9×
    clients.latency.p99  0.50  fast   even     +5.41 ms  [+4.602, +6.222]    1e-5         9.3×
    clients.latency.p99  0.70  fast   even    +0.111 ms  [-0.6655, +0.8874]  0.73         8.1×
    clients.latency.p99  0.95  even   fast     +7.32 ms  [+6.206, +8.439]    1e-5         5.6×
    "#);
}

#[test]
fn a_snapshot_is_kept_and_a_drift_told() {
    let desk = Desk::with("plain");
    assert_eq!(desk.say("verify FILE --accept").exit, Exit::Done);
    assert_eq!(desk.say("verify FILE").exit, Exit::Done);
    assert_eq!(desk.say("verify FILE --quick").exit, Exit::Done);
    let snapshot = fs::read_to_string(desk.folder.path().join("fake.snapshot.ron")).unwrap();
    insta::assert_snapshot!(snapshot.lines().take(14).collect::<Vec<_>>().join("\n"), @r#"
    // What `stampede verify` compares with. Written by `stampede verify --accept`.
    (
        tool: "0.1.0",
        target: "x86_64-unknown-linux-gnu",
        seed: 1,
        replications: 6,
        cells: [
            (
                cell: "blind@0.5",
                all: (
                    events: 6300,
                    digest: "8f8119cc628d45e7",
                ),
                first: (
    "#);
    fs::write(desk.file(), "drift").unwrap();
    let said = desk.say("verify FILE");
    assert_eq!(said.exit, Exit::Drifted);
    insta::assert_snapshot!(said.out.lines().take(4).collect::<Vec<_>>().join("\n"), @r#"
    verify: 9 of 9 cells differ:
      blind@0.5  clients.latency.p99 800.745 → 848.745 ms (+6.0 %, outside the stored CI)
      blind@0.5  events 6300 → 6300, digest 8f8119cc628d45e7 → 42bf9d8030939460
      blind@0.7  clients.latency.p99 1001.07 → 1061.07 ms (+6.0 %, outside the stored CI)
    "#);
    assert_eq!(desk.say("verify FILE --quick").exit, Exit::Drifted);
    assert_eq!(desk.say("verify FILE --review").exit, Exit::Drifted);
    assert_eq!(desk.say("verify FILE --accept").exit, Exit::Done);
    assert_eq!(desk.say("verify FILE").exit, Exit::Done);
}

#[test]
fn other_commands_answer() {
    let desk = Desk::with("plain");
    assert!(desk.say("list strategies").out.contains("balancing\n  Random  any of them\n"));
    let planned = desk.say("list FILE -r 2 --arm fast").out;
    assert_eq!(planned.lines().count(), 1 + 6, "{planned}");
    assert_eq!(desk.say("run FILE -o ROOT --dry-run").out.lines().count(), 1 + 54);
    assert!(!desk.root().exists());
    assert_eq!(desk.say("explain Random").out, "Random: any of them\n");
    assert!(desk.say("explain Randon").err.contains("did you mean Random?"));
    assert_eq!(desk.say("init plain").out, "( name: \"fake\" )\n");
    assert_eq!(desk.say("init plain -o FILE").exit, Exit::Usage);
    let selftest = desk.say("selftest --quick");
    assert!(selftest.exit == Exit::Done && selftest.err.contains("2 of 2 checks pass"), "{}", selftest.out);
    for shell in ["bash", "zsh", "fish", "powershell", "nushell"] {
        assert!(desk.say(&format!("completions {shell}")).out.contains("selftest"), "{shell}");
    }
    assert!(desk.say("man").out.starts_with(".ie"));
}
