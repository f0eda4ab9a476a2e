//! The `stampede` command.

use std::{env, process::ExitCode};

use experiments::{
    cli::{self, Streams},
    house::House,
};

fn main() -> ExitCode {
    cli::main(env::args_os(), &House, Streams::standard()).into()
}
