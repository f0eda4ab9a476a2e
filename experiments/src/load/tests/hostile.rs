//! No input makes the loader panic, overflow the stack or run for ever.

use std::fs;

use proptest::prelude::*;

use super::*;
use crate::{
    claim::Claim,
    document::{self, pretty, source::Span},
    filter::Condition,
    load::{load, load_as},
};

/// Loads, renders what is wrong both ways, and returns how many are told.
fn survive(text: &str, overrides: &Overrides) -> usize {
    match load_text::<Shop>("file.ron", text, overrides) {
        Ok(plan) => plan.cells.len(),
        Err(wrong) => {
            assert!(wrong.has_errors() && matches!(wrong.status(), 3 | 8));
            let plain = wrong.render(false);
            assert!(plain.starts_with("error") || plain.starts_with("warning"), "{plain}");
            assert!(wrong.render(true).len() >= plain.len());
            wrong.len()
        }
    }
}

fn experiment() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![SLOW_SERVER, RETRY_STORM, REGION_FAILOVER])
}

/// Pieces that change the meaning of what stands around them.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "(", ")", "[", "]", "{", "}", ",", ":", "\"", "'", "//", "/*", "*/", "\\", "r#\"", "\n", "\0", "é",
        "😀", "1e999", "-1", "0x", "None", "Some(", "true", "=", "@", "..", "\u{feff}", "20ms", "()",
        "\"\": 1,", "{}: 2,",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        survive(&String::from_utf8_lossy(&bytes), &Overrides::default());
    }

    #[test]
    fn random_tokens(pieces in prop::collection::vec(piece(), 0..60)) {
        survive(&pieces.concat(), &Overrides::default());
        survive(&format!("({})", pieces.join(" a: ")), &Overrides::default());
    }

    #[test]
    fn mutated_experiments(
        text in experiment(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..30, prop::option::of(piece())), 1..6),
    ) {
        let mut characters: Vec<char> = text.chars().collect();
        for (at, length, piece) in edits {
            let start = at.index(characters.len());
            let end = (start + length).min(characters.len());
            characters.splice(start..end, piece.unwrap_or_default().chars());
            characters.push(' ');
        }
        survive(&characters.into_iter().collect::<String>(), &Overrides::default());
    }

    #[test]
    fn random_flags(text in "\\PC{0,40}", path in "[a-z.\\[\\]0-9=]{0,30}", value in "[-0-9a-z.,=/()\"]{0,20}") {
        let flag = format!("{path}={value}");
        survive(SLOW_SERVER, &Overrides { set: vec![flag.clone()], ..Overrides::default() });
        survive(SLOW_SERVER, &Overrides { sweep: vec![flag, text.clone()], ..Overrides::default() });
        survive(SLOW_SERVER, &Overrides { slo: vec![text.clone()], ..Overrides::default() });
        survive(SLOW_SERVER, &Overrides { arm: vec![text.clone()], ..Overrides::default() });
        survive(SLOW_SERVER, &Overrides { where_: Some(text), ..Overrides::default() });
        survive(SLOW_SERVER, &Overrides { where_: Some(value), ..Overrides::default() });
    }

    #[test]
    fn random_claims_and_conditions(text in "[a-z.@<>=&|!() 0-9]{0,40}") {
        let _ = Claim::parse(&text, &|range| Span { source: 0, start: range.start, end: range.end });
        let _ = Condition::parse(&text, 0, &["a.b".to_owned()]);
    }

    #[test]
    fn what_is_printed_reads_back(text in experiment(), drop in any::<prop::sample::Index>()) {
        let shorter: String = {
            let at = drop.index(text.len());
            text.char_indices().filter(|(index, _)| *index != at).map(|(_, character)| character).collect()
        };
        if let Some(root) = document::parse(&shorter, 0).root {
            let printed = pretty(&root);
            let again = document::parse(&printed, 0);
            prop_assert!(again.diagnostics.is_empty(), "{:?}\n{printed}", again.diagnostics);
            prop_assert_eq!(pretty(&again.root.unwrap()), printed);
        }
    }
}

#[test]
fn what_is_huge_or_deep_is_refused_in_time() {
    let many = 200_000;
    for text in [
        "(".repeat(many),
        "[".repeat(many),
        "(a: ".repeat(many),
        "{1: ".repeat(many),
        "a(".repeat(many),
        ")".repeat(many),
        "/*".repeat(many),
        "\"".repeat(many),
        "'".repeat(many),
        "#".repeat(many),
        ",".repeat(many),
        format!("({})", "a: 1, ".repeat(many / 4)),
        format!("[{}]", "1, ".repeat(many / 4)),
        format!("(name: \"{}\")", "x".repeat(many)),
        format!("({}: 1)", "x".repeat(many)),
        format!("(seed: {})", "9".repeat(many)),
        SLOW_SERVER.replace("lb.strategy", &"a.".repeat(many)),
        SLOW_SERVER.replace("lb.strategy", &"a[0]".repeat(many)),
        SLOW_SERVER.replace("[0.50,", &format!("[{}", "0.5,".repeat(many / 2))),
        SLOW_SERVER.replace("arms: {", &format!("arms: {{{}", "\"a\": {},".repeat(many / 2))),
    ] {
        assert!(survive(&text, &Overrides::default()) > 0, "{}", &text[..20]);
    }
    let deep = format!("{}x > 1", "!(".repeat(many));
    survive(SLOW_SERVER, &Overrides { where_: Some(deep), ..Overrides::default() });
    let long = vec!["clients.load.fraction > 0.1"; many / 10].join(" && ");
    assert_eq!(survive(SLOW_SERVER, &Overrides { where_: Some(long), ..Overrides::default() }), 36);
}

#[test]
fn a_line_too_long_to_show_is_named() {
    let text = format!("[{}(", "1, ".repeat(1000));
    let shown = load_text::<Shop>("file.ron", &text, &Overrides::default()).unwrap_err().render(false);
    assert!(shown.len() < 2000 && shown.contains("= note: at file.ron:1:3002: "), "{shown}");
    let text = format!("({}: 1)", "x".repeat(10_000));
    let shown = load_text::<Shop>("file.ron", &text, &Overrides::default()).unwrap_err().render(false);
    assert!(shown.len() < 2000, "{shown}");
}

#[test]
fn files_that_are_no_files_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let told = |name: &str| {
        let wrong = load(&folder.path().join(name), &Overrides::default()).unwrap_err();
        let text = wrong.render(false).replace(&folder.path().display().to_string(), "DIR");
        (wrong.status(), text.lines().next().unwrap_or_default().to_owned())
    };
    fs::write(folder.path().join("binary.ron"), b"(name: \"a\xff\")").unwrap();
    fs::create_dir(folder.path().join("folder.ron")).unwrap();
    assert_eq!(told("none.ron"), (1, "error[E0001]: `DIR/none.ron` does not exist".to_owned()));
    assert_eq!(told("folder.ron"), (1, "error[E0001]: `DIR/folder.ron` is a folder".to_owned()));
    assert_eq!(told("binary.ron"), (3, "error[E0107]: `DIR/binary.ron` is not UTF-8 text".to_owned()));
    assert_eq!(told("none.ron/below"), (1, "error[E0001]: `DIR/none.ron/below` does not exist".to_owned()));
    let endless = load(std::path::Path::new("/dev/zero"), &Overrides::default());
    assert!(cfg!(not(unix)) || endless.unwrap_err().status() == 1);
}

#[test]
fn the_mark_of_an_editor_and_its_line_ends_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let load = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        load_as::<Shop>(&path, &Overrides::default())
            .unwrap_or_else(|wrong| panic!("{}", wrong.render(false)))
    };
    let plain = load("plain.ron", SLOW_SERVER);
    let marked = load("marked.ron", &format!("\u{feff}{}", SLOW_SERVER.replace('\n', "\r\n")));
    assert_eq!(marked.hash, plain.hash);
    let broken = slow_server_with("worker", "woker").replace('\n', "\r\n");
    let shown = load_text::<Shop>("file.ron", &broken, &Overrides::default()).unwrap_err().render(false);
    assert!(shown.contains("file.ron:21:13") && !shown.contains('\r'), "{shown}");
}
