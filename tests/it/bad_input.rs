//! What is said of broken files and flags: the whole message of each, as a user reads it, with its exit code.
//!
//! The cases of a group make one snapshot under `snapshots/`. Whatever is wrong, nothing panics, nothing is
//! written, at most twenty mistakes are told, and they come in the order of the text.

mod cases;
mod databases;
mod indexes;
mod placement;
mod running;
mod stages;
mod tiers;
mod topology;
mod transactions;

use std::{collections::BTreeSet, fmt::Write};

use cases::Case;
use experiments::codes::CODES;

use crate::desk::{COUNTER, Desk, Said};

/// What the command says of a case, having broken no rule in saying it.
fn told(case: &Case) -> Said {
    let desk = Desk::new();
    let text = case.edits.iter().fold(COUNTER.to_owned(), |text, (piece, replacement)| {
        assert!(text.contains(piece), "{}: no {piece}", case.name);
        text.replacen(piece, replacement, 1)
    });
    desk.write("counter.ron", case.whole.unwrap_or(&text));
    for (name, text) in case.beside {
        desk.write(name, text);
    }
    let said = desk.say(case.command);
    assert!(!said.err.contains("panicked"), "{}: {}", case.name, said.err);
    assert!(!said.err.contains('\u{1b}'), "{}: colour without a terminal", case.name);
    assert!(matches!(said.code, Some(1..=3 | 8)), "{}: {said:?}", case.name);
    assert!(!desk.path("results").exists(), "{}: something was written", case.name);
    assert_eq!(said.out, "", "{}: a mistake is narration", case.name);
    assert!(said.err.matches("error").count() <= 40, "{}: at most twenty are told", case.name);
    assert_sorted(case.name, &said.err);
    said
}

/// Errors in one source come in the order of its lines.
fn assert_sorted(name: &str, err: &str) {
    let places = err.lines().filter_map(|line| line.split_once("┌─ counter.ron:"));
    let lines: Vec<usize> = places.filter_map(|(_, place)| place.split(':').next()?.parse().ok()).collect();
    assert!(lines.is_sorted(), "{name}: {lines:?}\n{err}");
}

/// One snapshot of a whole group.
fn snapshot(group: &str, cases: &[Case]) {
    let mut text = String::new();
    for case in cases {
        let said = told(case);
        let rule = "─".repeat(100 - case.name.chars().count().min(90));
        let command = case.command.replace("counter.ron", "FILE");
        // Writing into a string cannot fail.
        let _ = writeln!(text, "── {} {rule}", case.name);
        for (piece, replacement) in case.edits {
            let _ = writeln!(text, "   {} → {}", shown(piece), shown(replacement));
        }
        let _ = writeln!(text, "   $ stampede {command}    [exit {}]\n", said.code.unwrap_or(-1));
        let _ = writeln!(text, "{}", said.err);
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(format!("bad_input__{group}"), text));
}

/// A piece of a file on one line.
fn shown(piece: &str) -> String {
    piece.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn mistakes_of_writing() {
    snapshot("writing", cases::WRITING);
}

#[test]
fn mistakes_of_naming_and_typing() {
    snapshot("typing", cases::TYPING);
}

#[test]
fn mistakes_of_meaning() {
    snapshot("meaning", cases::MEANING);
}

#[test]
fn mistakes_in_stages() {
    snapshot("stages", stages::STAGES);
}

#[test]
fn mistakes_in_steps() {
    snapshot("steps", running::STEPS);
}

#[test]
fn mistakes_in_how_requests_run() {
    snapshot("running", running::RUNNING);
}

#[test]
fn mistakes_in_how_others_are_called() {
    snapshot("calling", running::CALLING);
}

#[test]
fn mistakes_in_caches() {
    snapshot("caches", running::CACHES);
}

#[test]
fn mistakes_in_databases() {
    snapshot("databases", databases::DATABASES);
}

#[test]
fn mistakes_in_indexes() {
    snapshot("indexes", indexes::INDEXES);
}

#[test]
fn mistakes_in_levels_of_caches() {
    snapshot("tiers", tiers::TIERS);
}

#[test]
fn mistakes_in_transactions() {
    snapshot("transactions", transactions::TRANSACTIONS);
}

#[test]
fn mistakes_in_databases_that_change() {
    snapshot("topology", topology::TOPOLOGY);
}

#[test]
fn mistakes_of_design() {
    snapshot("design", cases::DESIGN);
}

#[test]
fn mistakes_in_claims() {
    snapshot("claims", cases::CLAIMS);
}

#[test]
fn mistakes_in_flags() {
    snapshot("flags", cases::FLAGS);
}

/// Codes that no input of a user reaches: the tool's own mistakes.
const UNREACHABLE: [&str; 1] = ["E0002"];

#[test]
fn every_code_is_shown_by_a_case() {
    let groups = [
        cases::WRITING,
        cases::TYPING,
        cases::MEANING,
        cases::DESIGN,
        cases::CLAIMS,
        cases::FLAGS,
        databases::DATABASES,
        stages::STAGES,
        running::STEPS,
        running::RUNNING,
        running::CALLING,
        running::CACHES,
        tiers::TIERS,
    ];
    let cases: Vec<&Case> = groups.into_iter().flatten().collect();
    assert!(cases.len() >= 50, "{}", cases.len());
    let told: String = cases.iter().map(|case| told(case).err).collect();
    let missing: BTreeSet<_> = CODES
        .iter()
        .map(|entry| entry.code)
        .filter(|code| code.starts_with('E') && !UNREACHABLE.contains(code))
        .filter(|code| !told.contains(&format!("[{code}]")))
        .collect();
    assert!(missing.is_empty(), "no case shows {missing:?}");
}

#[test]
fn warnings_are_told_and_the_run_goes_on() {
    let desk = Desk::new();
    desk.write(
        "twins.ron",
        COUNTER.replacen("\"random\":      { \"lb.strategy\": Random }", "\"random\": {}", 1),
    );
    let said = desk.say("check twins.ron");
    assert!(said.complained(0).contains("warning[W0505]"), "{}", said.err);
    let said = desk.say("check counter.ron --set lb.strategy=Random --arm random");
    assert!(said.err.contains("warning") || said.code == Some(0), "{}", said.err);
    desk.write("steep.ron", COUNTER.replacen("[0.3, 0.6]", "[0.3, 1.2]", 1));
    let said = desk.say("check steep.ron");
    assert!(said.complained(0).contains("warning[W0502]"), "{}", said.err);
}

#[test]
fn mistakes_of_placement() {
    snapshot("placement", placement::PLACEMENT);
}
