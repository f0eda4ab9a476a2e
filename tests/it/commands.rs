//! The commands beside `run`: what each says and leaves, through the built binary.

use std::{fs, process::Command};

use crate::desk::{Desk, contents, counter_with, finished};

#[test]
fn report_rebuilds_what_was_deleted() {
    let desk = finished();
    let folder = desk.results("results", "counter");
    let before = contents(&folder);
    fs::remove_file(folder.join("cells.csv")).unwrap();
    fs::remove_dir_all(folder.join("timeseries")).unwrap();
    let path = folder.display().to_string();
    for result in ["latest", "counter", path.as_str()] {
        assert!(desk.say(&format!("report {result}")).ended(0).contains("least"), "{result}");
    }
    assert_eq!(contents(&folder), before);
    assert!(desk.say("report nothing").complained(8).contains("no results for `nothing`"));
    assert!(desk.say("report latest -o elsewhere").complained(8).contains("elsewhere"));
}

#[test]
fn compare_tells_differences() {
    let desk = finished();
    let said = desk.say("compare latest");
    assert!(
        said.ended(0).contains("clients.latency.p99") && said.out.contains("round_robin"),
        "{}",
        said.out
    );
    assert!(
        desk.say("compare counter --metric clients.latency.p50").ended(0).contains("clients.latency.p50")
    );
    desk.say("run counter.ron -q --seed 9 -o results").ended(0);
    let said = desk.say("compare counter latest");
    assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    desk.say("compare latest --metric clients.nothing.p50").complained(8);
    desk.say("compare nothing").complained(8);
}

#[test]
fn export_speaks_every_format() {
    let desk = finished();
    let export = |format: &str| desk.say(&format!("export latest --to {format}")).ended(0).to_owned();
    assert!(serde_json::from_str::<serde_json::Value>(&export("json")).unwrap().is_object());
    for line in export("jsonl").lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
    let cells = fs::read_to_string(desk.results("results", "counter").join("cells.csv")).unwrap();
    assert_eq!(export("csv"), cells);
    assert!(export("markdown").contains("| "));
    let junit = export("junit");
    assert!(junit.starts_with("<?xml") && junit.contains("<testcase"), "{junit}");
    let all = export("hgrm");
    let one = desk.say("export latest --to hgrm --metric clients.latency --arm least").ended(0).to_owned();
    assert!(one.contains("Percentile") && one.len() < all.len(), "{one}");
    desk.say("export latest --to hgrm --arm nobody").complained(8);
    desk.say("export latest --to xml").complained(2);
    desk.say("export latest").complained(2);
    let gated = desk.say("export latest --to junit --gate");
    assert!(gated.ended(0).contains("<testcase"));
}

#[test]
fn verify_compares_with_the_snapshot() {
    let desk = Desk::new();
    assert!(desk.say("verify counter.ron").complained(6).contains("--accept"));
    desk.say("verify counter.ron --accept").ended(0);
    assert!(desk.read("counter.snapshot.ron").contains("digest"));
    for words in ["verify counter.ron", "verify counter.ron --quick", "verify counter.ron -j 2"] {
        assert!(desk.say(words).ended(0).contains("6 cells as in the snapshot"), "{words}");
    }
    desk.write("counter.ron", counter_with("mean: \"10ms\"", "mean: \"11ms\""));
    let said = desk.say("verify counter.ron --quick");
    assert!(said.ended(6).contains("6 of 6 cells differ"), "{}", said.out);
    desk.say("verify counter.ron --review").ended(6);
    let before = desk.read("counter.snapshot.ron");
    let said = desk.say_with("verify counter.ron --accept", &[("CI", "true")]);
    assert!(said.complained(6).contains("the snapshot is not written"), "{}", said.err);
    assert_eq!(desk.read("counter.snapshot.ron"), before);
    desk.say("verify counter.ron --accept").ended(0);
    desk.say("verify counter.ron").ended(0);
    desk.say("verify counter.ron --accept --quick").complained(2);
    desk.write("counter.snapshot.ron", "nonsense");
    desk.say("verify counter.ron").complained(1);
}

#[test]
fn completions_for_every_shell_and_the_manual() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "powershell", "nushell"] {
        let said = desk.say(&format!("completions {shell}"));
        for word in ["stampede", "verify", "replications"] {
            assert!(said.ended(0).contains(word), "{shell}: {word}");
        }
    }
    desk.say("completions tcsh").complained(2);
    assert!(desk.say("man").ended(0).contains(".TH stampede"));
}

#[test]
fn every_command_explains_itself() {
    let desk = Desk::new();
    let help = desk.say("--help").ended(0).to_owned();
    for command in [
        "init",
        "list",
        "explain",
        "check",
        "run",
        "report",
        "compare",
        "export",
        "verify",
        "selftest",
        "completions",
        "man",
    ] {
        assert!(help.contains(&format!("  {command}")), "{command}\n{help}");
        assert!(desk.say(&format!("{command} --help")).ended(0).contains("Usage"), "{command}");
        assert!(desk.say(&format!("{command} -h")).ended(0).len() > 100, "{command}");
    }
    for code in ["0 done", "2 bad command line", "8 nothing matched", "130 interrupted"] {
        assert!(help.contains(code), "{code}");
    }
    for version in ["-V", "--version"] {
        assert!(desk.say(version).ended(0).starts_with("stampede "), "{version}");
    }
    assert!(desk.say("").code == Some(2));
    assert!(desk.say("rum counter.ron").complained(2).contains("run"));
    assert!(desk.say("run counter.ron --seeds 3").complained(2).contains("--seed"));
}

#[test]
fn explain_knows_every_code_it_shows() {
    let desk = Desk::new();
    let said = desk.say("explain E0301");
    assert!(
        said.ended(0).contains("a reference leads nowhere") && said.out.contains("right:"),
        "{}",
        said.out
    );
    assert_eq!(desk.say("explain e0301").ended(0), said.out);
    assert!(desk.say("explain NoSuchThing").complained(8).contains("nothing is called `NoSuchThing`"));
}

#[test]
fn init_writes_an_experiment_that_checks_and_runs() {
    let desk = Desk::new();
    assert!(!desk.say("init --list").ended(0).trim().is_empty());
    let printed = desk.say("init").ended(0).to_owned();
    desk.say("init -o mine.ron").ended(0);
    assert_eq!(desk.read("mine.ron"), printed);
    assert!(printed.starts_with("//"), "{printed}");
    assert!(desk.say("init -o mine.ron").complained(2).contains("--force"));
    desk.say("init -o mine.ron --force").ended(0);
    assert!(desk.say("check mine.ron").ended(0).contains("valid"));
    let code = desk.say("run mine.ron -q -r 2").code;
    assert!(matches!(code, Some(0 | 4 | 5)), "{code:?}");
    desk.say("init no-such-template").complained(2);
}

#[test]
fn list_shows_what_files_can_name() {
    let desk = Desk::new();
    for (what, name) in [
        ("components", "ServerPool"),
        ("strategies", "PowerOfTwoChoices"),
        ("distributions", "LogNormal"),
        ("faults", "RegionOutage"),
        ("metrics", "latency"),
    ] {
        let said = desk.say(&format!("list {what}"));
        assert!(said.ended(0).contains(name), "{what}\n{}", said.out);
        let listed: serde_json::Value =
            serde_json::from_str(desk.say(&format!("list {what} --format json")).ended(0)).unwrap();
        assert!(listed.as_array().is_some_and(|entries| entries.len() > 1), "{what}");
        assert!(desk.say(&format!("explain {name}")).ended(0).contains(name), "{name}");
    }
    desk.say("list strategies --format quiet").ended(0);
}

#[test]
fn selftest_agrees_with_theory() {
    let desk = Desk::new();
    let said = desk.say("selftest --quick");
    assert!(said.complained(0).contains("checks pass"), "{}", said.err);
    desk.say("selftest --quick --full").complained(2);
}

#[test]
fn files_that_are_none_say_so() {
    let desk = Desk::new();
    fs::create_dir(desk.path("folder.ron")).unwrap();
    for command in ["check", "run", "list", "verify"] {
        assert!(
            desk.say(&format!("{command} missing.ron")).complained(1).contains("does not exist"),
            "{command}"
        );
        assert!(
            desk.say(&format!("{command} folder.ron")).complained(1).contains("is a folder"),
            "{command}"
        );
    }
    let said = desk.say("check counter.ron missing.ron");
    assert!(said.ended(1).contains("valid") && said.err.contains("missing.ron"), "{}", said.err);
    desk.say("check").complained(2);
}

#[cfg(target_os = "linux")]
#[test]
fn a_place_that_cannot_be_written_is_named() {
    let desk = Desk::new();
    for root in ["/proc/no", "/dev/full/x", "counter.ron"] {
        let said = desk.say(&format!("run counter.ron -o {root}"));
        assert!(said.complained(1).contains("error: cannot create"), "{root}\n{}", said.err);
        assert!(said.err.contains(root) && !said.err.contains("panicked"), "{}", said.err);
    }
    assert!(desk.say("init -o /proc/no.ron").complained(1).contains("/proc/no.ron"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let desk = finished();
    let shell =
        format!("{} report latest --format jsonl | head -1", env!("CARGO_BIN_EXE_stampede-under-test"));
    let output = Command::new("bash")
        .args(["-o", "pipefail", "-c", &shell])
        .current_dir(desk.path("."))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}
