//! `stampede explain`: what a name or an error code means.

use clap::Args;

use super::{Sources, console::Console};
use crate::exit::Exit;

/// Say what a component, field, metric, strategy or error code means
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  stampede explain PeakEwma                  a strategy, its fields and their defaults
  stampede explain ServerPool.queue          one field, and what it can hold
  stampede explain clients.latency.p99       a figure that claims may name
  stampede explain E0301                     an error, with an example and its fix")]
pub(super) struct Explain {
    /// A name as files write it, or a code as errors show it
    #[arg(value_name = "NAME|CODE")]
    name: String,
}

impl Explain {
    pub(super) fn run(&self, sources: &dyn Sources, console: &Console) -> Exit {
        if let Some(text) = sources.explain(&self.name) {
            console.print(&(text.trim_end().to_owned() + "\n"));
            return Exit::Done;
        }
        let similar = sources.similar(&self.name);
        let advice = if similar.is_empty() {
            "stampede list strategies".to_owned()
        } else {
            format!("did you mean {}?", similar.join(" or "))
        };
        console.complain(&format!("error: nothing is called `{}`\n  = help: {advice}", self.name));
        Exit::NothingMatched
    }
}
