//! The style of the house, as a test: what is written down in the design is checked where it can be counted.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The longest function, signature and braces included.
const LONGEST_FUNCTION: usize = 60;

/// The longest file, before its tests.
const LONGEST_FILE: usize = 400;

/// The packages.
const PACKAGES: [&str; 4] = ["sim-core", "models", "experiments", "tests"];

/// A source file.
struct Source {
    /// Its path from the root of the workspace, with slashes.
    name: String,
    text: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every file below a folder with that ending, by name.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            found.extend(files(&path, ending));
        } else if path.extension().is_some_and(|extension| extension == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<Source> {
    let paths = PACKAGES.iter().flat_map(|package| files(&root().join(package), "rs"));
    let source = |path: PathBuf| Source {
        name: path.strip_prefix(root()).unwrap().display().to_string().replace('\\', "/"),
        text: fs::read_to_string(&path).unwrap(),
    };
    paths.map(source).collect()
}

impl Source {
    /// Whether it is of a package's library or binary, not of its tests, benches or examples.
    fn ships(&self) -> bool {
        let is_test = self.name.contains("/tests/")
            || self.name.ends_with("tests.rs")
            || self.name.ends_with("testing.rs");
        self.name.contains("/src/")
            && !is_test
            && !self.name.ends_with("/laws.rs")
            && !self.name.ends_with("/theory.rs")
    }

    /// What stands before its tests.
    fn before_tests(&self) -> &str {
        self.text.split("\n#[cfg(test)]\nmod tests").next().unwrap_or_default()
    }

    /// Lines of code with their numbers: without comments, and texts in quotes emptied.
    fn code(&self) -> impl Iterator<Item = (usize, String)> {
        self.before_tests().lines().enumerate().map(|(number, line)| (number + 1, without_texts(line)))
    }

    /// Every line of code that holds one of the words, as `path:line: word`.
    fn uses(&self, words: &[&str]) -> Vec<String> {
        let found = |(number, line): (usize, String)| {
            let word = words.iter().find(|word| holds_word(&line, word))?;
            Some(format!("{}:{number}: {word}", self.name))
        };
        self.code().filter_map(found).collect()
    }
}

/// A line without its comment and without what stands in quotes.
fn without_texts(line: &str) -> String {
    let (mut kept, mut quoted, mut escaped) = (String::new(), false, false);
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '\'' if !quoted && characters.peek() == Some(&'"') => {}
            '"' => quoted = !quoted,
            '/' if !quoted && characters.peek() == Some(&'/') => break,
            other if !quoted => kept.push(other),
            _ => {}
        }
    }
    kept
}

/// Whether a line holds a word with nothing of a name around it.
fn holds_word(line: &str, word: &str) -> bool {
    let of_a_name = |character: Option<char>| {
        character.is_some_and(|character| character.is_alphanumeric() || character == '_')
    };
    line.match_indices(word).any(|(start, _)| {
        let (before, after) = (line[..start].chars().next_back(), line[start + word.len()..].chars().next());
        let begins = word.starts_with(|first: char| first.is_alphanumeric());
        let ends = word.ends_with(|last: char| last.is_alphanumeric());
        !(begins && of_a_name(before) || ends && of_a_name(after))
    })
}

#[track_caller]
fn assert_none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

#[test]
fn every_file_says_what_it_is() {
    let silent = sources().into_iter().filter(|source| !source.text.starts_with("//! "));
    assert_none("files without a module comment", &silent.map(|source| source.name).collect::<Vec<_>>());
}

#[test]
fn files_are_short() {
    let mut long = Vec::new();
    for source in sources().iter().filter(|source| source.ships()) {
        let lines = source.before_tests().lines().count();
        if lines > LONGEST_FILE {
            long.push(format!("{}: {lines} lines", source.name));
        }
    }
    assert_none("files too long", &long);
}

#[test]
fn functions_are_short() {
    let mut long = Vec::new();
    for source in &sources() {
        let mut open: Vec<(usize, usize, String)> = Vec::new();
        for (number, line) in source.text.lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let code = line.trim_start();
            if is_function(code) {
                open.push((indent, number, code.to_owned()));
            } else if code == "}" && open.last().is_some_and(|(opened, _, _)| *opened == indent) {
                let (_, start, name) = open.pop().unwrap_or_default();
                let lines = number - start + 1;
                if lines > LONGEST_FUNCTION {
                    long.push(format!("{}:{}: {lines} lines: {name}", source.name, start + 1));
                }
            }
        }
    }
    assert_none("functions too long", &long);
}

/// Whether a line begins a function that does not end on it.
fn is_function(code: &str) -> bool {
    let words = [
        "fn ",
        "pub fn ",
        "const fn ",
        "pub const fn ",
        "pub(crate) fn ",
        "pub(super) fn ",
        "pub(super) const fn ",
        "pub(crate) const fn ",
    ];
    words.iter().any(|word| code.starts_with(word)) && !code.ends_with(['}', ';'])
}

#[test]
fn nothing_is_left_to_do() {
    let words = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("XX", "X"),
        concat!("to", "do!"),
        concat!("un", "implemented!"),
    ];
    let mut found = Vec::new();
    for source in &sources() {
        for (number, line) in source.text.lines().enumerate() {
            if words.iter().any(|word| holds_word(line, word)) {
                found.push(format!("{}:{}: {}", source.name, number + 1, line.trim()));
            }
        }
    }
    assert_none("left to do", &found);
}

#[test]
fn nothing_is_unsafe() {
    let found: Vec<String> =
        sources().iter().flat_map(|source| source.uses(&[concat!("un", "safe")])).collect();
    assert_none("unsafe code", &found);
}

/// The lines of shipped code below a folder that hold one of the words.
fn words_below(folder: &str, words: &[&str]) -> Vec<String> {
    let there = |source: &&Source| source.name.starts_with(folder) && source.ships();
    sources().iter().filter(there).flat_map(|source| source.uses(words)).collect()
}

#[test]
fn the_clock_knows_no_server() {
    let words = [
        "server", "servers", "Server", "backend", "backends", "Backend", "gateway", "balancer", "Balancer",
        "workload", "Workload", "models::",
    ];
    assert_none("words of servers in the clock", &words_below("sim-core/src/", &words));
}

#[test]
fn policies_know_no_event_loop() {
    let words = [
        "Event",
        "World",
        "Context",
        "Simulation",
        "crate::node",
        "crate::event",
        "crate::world",
        "crate::wire",
    ];
    assert_none("words of the loop in policies", &words_below("models/src/policy/", &words));
}

#[test]
fn the_system_touches_nothing_outside() {
    let words = [
        "std::fs",
        "std::io",
        "std::net",
        "std::env",
        "std::process",
        "std::thread",
        "rayon",
        "Instant",
        "SystemTime",
        "println!",
        "eprintln!",
        "print!",
        "eprint!",
        "dbg!",
        "experiments::",
        "HashMap",
        "HashSet",
    ];
    let mut found = words_below("models/src/", &words);
    found.extend(words_below("sim-core/src/", &words));
    assert_none("the outside in a simulation", &found);
}

#[test]
fn only_the_clock_makes_generators() {
    let words = ["rand_chacha", "ChaCha8Rng", "SeedableRng", "from_seed", "seed_from_u64", "thread_rng"];
    let mut found = words_below("models/src/", &words);
    found.extend(words_below("experiments/src/", &words));
    let core = words_below("sim-core/src/", &words);
    found.extend(core.into_iter().filter(|line| !line.starts_with("sim-core/src/random/")));
    assert_none("generators made elsewhere", &found);
}

#[test]
fn arrows_run_one_way() {
    let mut found = words_below("sim-core/src/", &["models", "experiments"]);
    found.extend(words_below("models/src/", &["experiments"]));
    assert_none("arrows against the current", &found);
}

#[test]
fn versions_stand_at_the_root_only() {
    let mut found = Vec::new();
    for package in PACKAGES {
        let text = fs::read_to_string(root().join(package).join("Cargo.toml")).unwrap();
        let mut section = "";
        for line in text.lines() {
            if line.starts_with('[') {
                section = line;
            }
            let depends = section.contains("dependencies") && line.contains('=') && !line.starts_with('#');
            if depends && !line.contains("workspace = true") {
                found.push(format!("{package}/Cargo.toml: {line}"));
            }
        }
        assert!(text.contains("[lints]\nworkspace = true"), "{package} has lints of its own");
        assert!(text.contains("version.workspace = true"), "{package} has a version of its own");
    }
    assert_none("versions outside the root", &found);
}

#[test]
fn every_experiment_opens_with_a_comment() {
    let files = files(&root().join("experiments/catalog"), "ron");
    let shipped = files.iter().filter(|path| !path.to_string_lossy().ends_with(".snapshot.ron"));
    let mut silent = Vec::new();
    for path in shipped {
        if !fs::read_to_string(path).unwrap().starts_with("// ") {
            silent.push(path.display().to_string());
        }
    }
    assert!(!files.is_empty());
    assert_none("experiments without an opening comment", &silent);
}

#[test]
fn lines_end_where_they_should() {
    let mut found = Vec::new();
    for source in &sources() {
        let long = source.text.lines().position(|line| line.ends_with([' ', '\t']));
        if let Some(number) = long {
            found.push(format!("{}:{}: blanks at the end of a line", source.name, number + 1));
        }
        if !source.text.ends_with('\n') || source.text.ends_with("\n\n") {
            found.push(format!("{}: one line break at the end of a file", source.name));
        }
    }
    assert_none("ends", &found);
}
