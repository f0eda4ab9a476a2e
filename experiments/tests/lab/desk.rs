//! A desk: a folder of its own where commands are given, to the library or to a process that can be killed.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use experiments::{
    cli::{self, Streams},
    exit::Exit,
};
use tempfile::TempDir;

use crate::fake::Fake;

/// A folder with an experiment file, and room for results.
pub(crate) struct Desk {
    pub(crate) folder: TempDir,
}

/// What a command said and how it ended.
pub(crate) struct Said {
    pub(crate) exit: Exit,
    pub(crate) out: String,
    pub(crate) err: String,
}

#[derive(Clone, Default)]
pub(crate) struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Buffer {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Desk {
    pub(crate) fn with(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("fake.ron"), text).unwrap();
        Self { folder }
    }

    pub(crate) fn file(&self) -> String {
        self.folder.path().join("fake.ron").display().to_string()
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("results")
    }

    pub(crate) fn results(&self) -> PathBuf {
        self.root().join("fake/3f9c2a71")
    }

    /// Words of a command; `FILE` and `ROOT` stand for this desk's.
    pub(crate) fn arguments(&self, words: &str) -> Vec<String> {
        let word = |word: &str| {
            word.replace("FILE", &self.file()).replace("ROOT", &self.root().display().to_string())
        };
        std::iter::once("stampede".to_owned()).chain(words.split_whitespace().map(word)).collect()
    }

    pub(crate) fn say(&self, words: &str) -> Said {
        let (out, err) = (Buffer::default(), Buffer::default());
        let streams = Streams::captured(Box::new(out.clone()), Box::new(err.clone()));
        let exit = cli::main(self.arguments(words).into_iter().map(Into::into), &Fake, streams);
        let plain = |text: String| text.replace(&self.folder.path().display().to_string(), "DESK");
        Said { exit, out: plain(out.text()), err: plain(err.text()) }
    }

    pub(crate) fn run(&self, options: &str) -> Said {
        self.say(&format!("run FILE -o ROOT {options}"))
    }

    /// The same command in a process of its own, which can be killed.
    pub(crate) fn spawn(&self, words: &str) -> Child {
        Command::new(env::current_exe().unwrap())
            .args(["--exact", "child", "--ignored", "--nocapture"])
            .env("LAB_CHILD", self.arguments(words).join("\u{1f}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// Every file of the results folder but the manifest.
    pub(crate) fn contents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.results(), &self.results(), &mut files);
        files.remove(Path::new("manifest.json"));
        files
    }

    /// Waits until another process has stored that many runs.
    pub(crate) fn wait_for_runs(&self, count: usize) {
        let stored = || {
            let cells = fs::read_dir(self.results().join("runs")).into_iter().flatten().flatten();
            cells.flat_map(|cell| fs::read_dir(cell.path()).into_iter().flatten()).count()
        };
        for _ in 0..6000 {
            if stored() >= count {
                return;
            }
            thread::sleep(Duration::from_millis(5));
        }
        panic!("no run was stored in 30 s");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.results().join(name)).unwrap()
    }
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            files.insert(path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap());
        }
    }
}

/// The folder of one quiet run on one thread.
pub(crate) fn reference(text: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let desk = Desk::with(text);
    assert_eq!(desk.run("-j 1").exit, Exit::Done);
    desk.contents()
}

pub(crate) fn assert_same(found: &BTreeMap<PathBuf, Vec<u8>>, expected: &BTreeMap<PathBuf, Vec<u8>>) {
    assert_eq!(found.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (path, bytes) in expected {
        assert!(found[path] == *bytes, "{} differs", path.display());
    }
}
