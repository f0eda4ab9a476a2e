//! The command line: one file a command, and here what they share and who is called.

mod check;
mod compare;
mod completions;
mod console;
mod explain;
mod export;
mod init;
mod list;
mod listing;
mod options;
mod report;
mod run;
mod selftest;
mod sources;
mod trace;
mod verify;

use std::ffi::OsString;

use clap::{Parser, Subcommand};

use self::{console::Console, options::Global};
pub use self::{
    console::Streams,
    options::{Overrides, ResultsRoot},
    sources::{
        Busiest, Catalogue, Depth, Entry, Experiment, Forecast, LoadFailure, Loaded, Sources, Template,
        TheoryCheck,
    },
};
use crate::{exit::Exit, runner::quiet_panics_in_runs};

/// Everything a user can say.
#[derive(Debug, Parser)]
#[command(name = "stampede", version, about = ABOUT, after_long_help = AFTER, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

const ABOUT: &str = "A deterministic simulator of high-concurrency systems";

const AFTER: &str = "\
Examples:
  stampede init load-balancing -o my.ron      write a commented experiment to begin with
  stampede check my.ron                       is it valid, is it stable, is it long enough?
  stampede run my.ron                         run what is not stored yet, then summarise
  stampede run my.ron -r 30 --arm 'p2c*'      more replications of some arms; what is stored stays
  stampede compare latest                     who is better than whom, and how surely

Exit codes:
  0 done, every expectation held   1 internal or I/O error        2 bad command line
  3 experiment file invalid        4 an expectation failed        5 some claim is inconclusive
  6 verify: results differ         7 some runs crashed            8 nothing matched the filters
  101 panic                        130 interrupted; run again to continue

Results go to stdout, narration to stderr. NO_COLOR and CLICOLOR_FORCE are honoured.";

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Init),
    List(list::List),
    Explain(explain::Explain),
    Check(check::Check),
    Run(run::Run),
    Report(report::Report),
    Compare(compare::Compare),
    Export(export::Export),
    Verify(verify::Verify),
    Selftest(selftest::Selftest),
    Completions(completions::Completions),
    /// Print the manual page
    Man,
}

/// Runs the command that the arguments name; the first argument is the program itself.
pub fn main(arguments: impl IntoIterator<Item = OsString>, sources: &dyn Sources, streams: Streams) -> Exit {
    quiet_panics_in_runs();
    match Cli::try_parse_from(arguments) {
        Ok(cli) => dispatch(&cli.command, sources, &Console::new(&cli.global, streams)),
        Err(told) => tell_clap(&told, &Console::new(&Global::default(), streams)),
    }
}

/// Help and version are results; mistakes are narration.
fn tell_clap(told: &clap::Error, console: &Console) -> Exit {
    let text = told.render().ansi().to_string();
    if told.use_stderr() {
        console.complain(text.trim_end());
        Exit::Usage
    } else {
        console.print(&text);
        Exit::Done
    }
}

fn dispatch(command: &Command, sources: &dyn Sources, console: &Console) -> Exit {
    match command {
        Command::Init(init) => init.run(sources, console),
        Command::List(list) => list.run(sources, console),
        Command::Explain(explain) => explain.run(sources, console),
        Command::Check(check) => check.run(sources, console),
        Command::Run(run) => run.run(sources, console),
        Command::Report(report) => report.run(console),
        Command::Compare(compare) => compare.run(console),
        Command::Export(export) => export.run(console),
        Command::Verify(verify) => verify.run(sources, console),
        Command::Selftest(selftest) => selftest.run(sources, console),
        Command::Completions(completions) => completions.run(console),
        Command::Man => completions::man(console),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_help_names_every_exit_code() {
        for exit in Exit::BY_GRAVITY {
            assert!(AFTER.contains(&format!("{} ", exit.code())), "{}", exit.code());
        }
    }
}
