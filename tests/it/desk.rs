//! A desk: a folder of its own where the built command is run as a user runs it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

/// The command, built from the source of the binary that is shipped.
const STAMPEDE: &str = env!("CARGO_BIN_EXE_stampede-under-test");

/// Nothing here takes half so long, even where it shares its core.
const LONGEST: Duration = Duration::from_mins(10);

/// A small experiment: three arms at two loads, a wish that all arms meet and a claim that holds.
pub(crate) const COUNTER: &str = r#"// Which strategy keeps two counters quick?
(
    name: "counter",
    question: "Which strategy keeps two counters quick?",

    workloads: {
        "clients": OpenLoop(
            target: "lb",
            load: Utilization(of: "web", fraction: 0.5),
            timeout: "10s",
        ),
    },

    components: {
        "lb": LoadBalancer(
            backends: "web",
            strategy: RoundRobin,
        ),
        "web": ServerPool(
            servers: 2,
            service_time: Exponential(mean: "10ms"),
        ),
    },

    arms: {
        "random":      { "lb.strategy": Random },
        "round_robin": {},
        "least":       { "lb.strategy": LeastOutstandingRequests },
    },
    baseline: "round_robin",
    sweep: { "clients.load.fraction": [0.3, 0.6] },

    run: (
        seed: 1,
        replications: 3,
        horizon: SteadyState(warmup: "5s", measure: "20s"),
    ),
    windows: { "late": ("15s", "25s") },

    slos: ["clients.latency.p99 < 500ms"],
    expect: { "least": ["clients.latency.mean < 100ms"] },
)
"#;

/// The folder, with `counter.ron` in it.
pub(crate) struct Desk {
    folder: TempDir,
}

/// What a command said and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    /// Its exit code; none if a signal ended it.
    pub(crate) code: Option<i32>,
    /// What it said to stdout, the desk's own folder named `DESK`.
    pub(crate) out: String,
    /// What it said to stderr, the same way.
    pub(crate) err: String,
}

/// A desk where `counter.ron` was run.
pub(crate) fn finished() -> Desk {
    let desk = Desk::new();
    desk.say("run counter.ron -q").ended(0);
    desk
}

/// The same experiment with a piece replaced.
pub(crate) fn counter_with(piece: &str, replacement: &str) -> String {
    assert!(COUNTER.contains(piece), "{piece}");
    COUNTER.replacen(piece, replacement, 1)
}

impl Desk {
    pub(crate) fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        desk.write("counter.ron", COUNTER);
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs a command whose words are separated by blanks; quotes hold words together as in a shell.
    pub(crate) fn say(&self, words: &str) -> Said {
        self.say_with(words, &[])
    }

    /// The same with variables of the environment.
    pub(crate) fn say_with(&self, words: &str, variables: &[(&str, &str)]) -> Said {
        let mut command = assert_cmd::Command::from_std(self.command(words));
        let output = command.envs(variables.iter().copied()).timeout(LONGEST).output().unwrap();
        let plain = |bytes: &[u8]| {
            let folder = self.folder.path().display().to_string();
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            text.replace(&folder, "DESK").replace("stampede-under-test", "stampede")
        };
        Said { code: output.status.code(), out: plain(&output.stdout), err: plain(&output.stderr) }
    }

    /// The same in the background, saying nothing.
    pub(crate) fn spawn(&self, words: &str) -> Child {
        self.command(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn command(&self, words: &str) -> Command {
        let mut command = Command::new(STAMPEDE);
        command.args(split(words)).current_dir(self.folder.path());
        for variable in ["CI", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "RUST_BACKTRACE"] {
            command.env_remove(variable);
        }
        command
    }

    /// The only results folder of an experiment below a root.
    pub(crate) fn results(&self, root: &str, experiment: &str) -> PathBuf {
        let folders =
            fs::read_dir(self.path(root).join(experiment)).unwrap().map(|entry| entry.unwrap().path());
        let folders: Vec<_> = folders.filter(|path| path.is_dir() && !path.is_symlink()).collect();
        assert_eq!(folders.len(), 1, "{folders:?}");
        folders[0].clone()
    }
}

impl Said {
    /// What it said to stdout, having ended with `code`.
    #[track_caller]
    pub(crate) fn ended(&self, code: i32) -> &str {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        &self.out
    }

    /// What it said to stderr, having ended with `code`.
    #[track_caller]
    pub(crate) fn complained(&self, code: i32) -> &str {
        self.ended(code);
        &self.err
    }
}

/// The words of a command: blanks separate them, single quotes hold them together.
fn split(words: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut word, mut quoted, mut begun) = (String::new(), false, false);
    for character in words.chars() {
        match character {
            '\'' => (quoted, begun) = (!quoted, true),
            ' ' if !quoted => {
                if begun {
                    found.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            other => {
                word.push(other);
                begun = true;
            }
        }
    }
    if begun {
        found.push(word);
    }
    found
}

/// Every file below a folder but the manifest, by its path from there.
pub(crate) fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    gather(folder, folder, &mut files);
    files.remove(Path::new("manifest.json"));
    files
}

fn gather(root: &Path, folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(root, &path, files);
        } else {
            files.insert(path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap());
        }
    }
}
