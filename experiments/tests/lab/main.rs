//! The laboratory as a user meets it: whole commands on a house whose simulator is a formula.

use std::env;

use experiments::cli::{self, Streams};
use fake::Fake;

mod commands;
mod desk;
mod fake;
mod keeping;
mod telling;

/// Not a test: a process that other tests start and kill.
#[test]
#[ignore = "started by other tests"]
fn child() {
    let Ok(arguments) = env::var("LAB_CHILD") else { return };
    let arguments = arguments.split('\u{1f}').map(Into::into);
    std::process::exit(cli::main(arguments, &Fake, Streams::standard()).code().into());
}
