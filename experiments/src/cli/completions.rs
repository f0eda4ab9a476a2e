//! `stampede completions` and `stampede man`: for shells and for `man`.

use clap::{Args, CommandFactory, ValueEnum};
use clap_complete::{Generator, Shell, generate};
use clap_complete_nushell::Nushell;

use super::{Cli, console::Console};
use crate::exit::Exit;

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  stampede completions bash > ~/.local/share/bash-completion/completions/stampede
  stampede completions zsh > ~/.zfunc/_stampede")]
pub(super) struct Completions {
    /// The shell
    shell: Kind,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Bash,
    Zsh,
    Fish,
    Powershell,
    Nushell,
}

impl Completions {
    pub(super) fn run(&self, console: &Console) -> Exit {
        console.print(&match self.shell {
            Kind::Bash => script(Shell::Bash),
            Kind::Zsh => script(Shell::Zsh),
            Kind::Fish => script(Shell::Fish),
            Kind::Powershell => script(Shell::PowerShell),
            Kind::Nushell => script(Nushell),
        });
        Exit::Done
    }
}

fn script(shell: impl Generator) -> String {
    let mut bytes = Vec::new();
    generate(shell, &mut Cli::command(), "stampede", &mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Prints the manual page.
pub(super) fn man(console: &Console) -> Exit {
    let mut bytes = Vec::new();
    // Writing to memory cannot fail.
    let _ = clap_mangen::Man::new(Cli::command()).render(&mut bytes);
    console.print(&String::from_utf8_lossy(&bytes));
    Exit::Done
}
