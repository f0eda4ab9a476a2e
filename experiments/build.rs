//! Tells the binary what it was built from: the commit, the compiler, the target. Only the manifest repeats them.

use std::{env, path::Path, process::Command};

fn main() {
    let compiler = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    set("STAMPEDE_RUSTC", answer(&compiler, &["--version"]));
    set("STAMPEDE_COMMIT", answer("git", &["rev-parse", "HEAD"]));
    set("STAMPEDE_TARGET", env::var("TARGET").ok());
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
