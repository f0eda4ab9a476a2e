//! `stampede init`: a commented, runnable experiment to begin with.

use std::path::PathBuf;

use clap::Args;

use super::{Catalogue, Sources, Template, console::Console, list};
use crate::{exit::Exit, store::write_whole};

/// Write a commented, runnable experiment
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  stampede init --list                   what there is to begin with
  stampede init -o my.ron                write the first one to my.ron
  stampede init fault                    print another")]
pub(super) struct Init {
    /// Which template; the first one if none is named
    template: Option<String>,
    /// Where to write it; to stdout if nowhere
    #[arg(short = 'o', long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Show the templates
    #[arg(long, conflicts_with_all = ["template", "output"])]
    list: bool,
    /// Overwrite a file that exists
    #[arg(long, requires = "output")]
    force: bool,
}

impl Init {
    pub(super) fn run(&self, sources: &dyn Sources, console: &Console) -> Exit {
        if self.list {
            return list::catalogue(Catalogue::Templates, sources, console);
        }
        let templates = sources.templates();
        let wanted = |template: &&Template| self.template.as_ref().is_none_or(|name| *name == template.name);
        let Some(template) = templates.iter().find(wanted) else {
            let names: Vec<&str> = templates.iter().map(|template| template.name.as_str()).collect();
            let name = self.template.as_deref().unwrap_or_default();
            console
                .complain(&format!("error: no template `{name}`\n  = help: there are {}", names.join(", ")));
            return Exit::Usage;
        };
        self.write(template, console)
    }

    fn write(&self, template: &Template, console: &Console) -> Exit {
        let Some(path) = &self.output else {
            console.print(&template.text);
            return Exit::Done;
        };
        if path.exists() && !self.force {
            console.complain(&format!("error: {} exists\n  = help: --force overwrites it", path.display()));
            return Exit::Usage;
        }
        match write_whole(path, template.text.as_bytes()) {
            Ok(()) => {
                console.narrate(&format!(
                    "wrote {}; next: stampede check {}",
                    path.display(),
                    path.display()
                ));
                Exit::Done
            }
            Err(error) => console.fail(&error),
        }
    }
}
