//! Tells the binary what it was built from: the commit, the compiler, the target, which only the manifest repeats,
//! and a fingerprint of the simulator's sources, so that runs of another simulator are not taken for its own.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

fn main() {
    let compiler = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    set("STAMPEDE_RUSTC", answer(&compiler, &["--version"]));
    set("STAMPEDE_COMMIT", answer("git", &["rev-parse", "HEAD"]));
    set("STAMPEDE_TARGET", env::var("TARGET").ok());
    set("STAMPEDE_SIMULATOR", Some(format!("{:016x}", fingerprint(&["../sim-core/src", "../models/src"]))));
    println!("cargo::rerun-if-changed=build.rs");
    watch_the_commit();
}

/// The first line a command prints; nothing if it fails, as `git` does outside a checkout.
fn answer(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.lines().next().unwrap_or_default().to_owned())
}

fn set(name: &str, value: Option<String>) {
    println!("cargo::rustc-env={name}={}", value.unwrap_or_else(|| "unknown".to_owned()));
}

/// Git appends to this log at every commit and checkout.
fn watch_the_commit() {
    let log = answer("git", &["rev-parse", "--git-path", "logs/HEAD"]).unwrap_or_default();
    if Path::new(&log).exists() {
        println!("cargo::rerun-if-changed={log}");
    }
}

/// A hash of all files below some folders; that of nothing where they are not there.
fn fingerprint(folders: &[&str]) -> u64 {
    let mut files = Vec::new();
    for folder in folders {
        println!("cargo::rerun-if-changed={folder}");
        collect(Path::new(folder), &mut files);
    }
    files.sort();
    files.iter().flat_map(|file| fs::read(file).unwrap_or_default()).fold(FNV_BASIS, fnv)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}

const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;

/// One step of FNV-1a.
fn fnv(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
}
