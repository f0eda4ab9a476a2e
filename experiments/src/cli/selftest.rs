//! `stampede selftest`: the simulator against theory, with deliberate mistakes that it must notice.

use clap::Args;
use rayon::prelude::*;

use super::{Depth, Sources, TheoryCheck, console::Console, listing::Listing};
use crate::{exit::Exit, output::number::significant, runner::caught};

/// Compare the simulator with queueing theory
///
/// Every suite has negative controls: simulations with a deliberate mistake, which pass by being off.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  stampede selftest --quick      a few seconds
  stampede selftest --full       everything, however long it takes")]
pub(super) struct Selftest {
    /// Only the checks that take seconds
    #[arg(long)]
    quick: bool,
    /// Also the checks that take minutes
    #[arg(long, conflicts_with = "quick")]
    full: bool,
}

impl Selftest {
    pub(super) fn run(&self, sources: &dyn Sources, console: &Console) -> Exit {
        let depth = self.depth();
        let checks: Vec<TheoryCheck> =
            sources.theory().into_iter().filter(|check| check.depth <= depth).collect();
        if checks.is_empty() {
            console.complain("error: there is no check of that depth");
            return Exit::NothingMatched;
        }
        // Collected in order, however many threads there are.
        let found: Vec<Result<f64, String>> =
            checks.par_iter().map(|check| caught(|| (check.simulate)())).collect();
        let good: Vec<bool> = checks.iter().zip(&found).map(|(check, found)| passes(check, found)).collect();
        table(&checks, &found, &good, console).print(console);
        let failed = good.iter().filter(|good| !**good).count();
        console.narrate(&format!("{} of {} checks pass", checks.len() - failed, checks.len()));
        if failed == 0 { Exit::Done } else { Exit::Failed }
    }

    const fn depth(&self) -> Depth {
        match (self.quick, self.full) {
            (true, _) => Depth::Quick,
            (_, true) => Depth::Full,
            (false, false) => Depth::Usual,
        }
    }
}

/// A check agrees with theory, a control does not; what broke has shown neither.
fn passes(check: &TheoryCheck, found: &Result<f64, String>) -> bool {
    found.as_ref().is_ok_and(|found| {
        let agrees = (found - check.expected).abs() <= check.tolerance;
        agrees != check.negative_control
    })
}

fn table(checks: &[TheoryCheck], found: &[Result<f64, String>], good: &[bool], console: &Console) -> Listing {
    let mut listing = Listing::new(["", "suite", "check", "theory", "simulated", "off", "allowed"]);
    for ((check, found), good) in checks.iter().zip(found).zip(good) {
        let control = if check.negative_control { "control: " } else { "" };
        let mut row = vec![
            console.look.check(*good),
            check.suite.to_owned(),
            format!("{control}{}", check.name),
            significant(check.expected, 6),
        ];
        row.extend(match found {
            Ok(found) => [significant(*found, 6), significant((found - check.expected).abs(), 2)],
            Err(message) => [message.clone(), String::new()],
        });
        row.push(format!(
            "{}{}",
            if check.negative_control { "> " } else { "" },
            significant(check.tolerance, 2)
        ));
        listing.push(row);
    }
    listing.with_numbers(&[3, 4, 5, 6])
}
