//! What the simulator checked about its own work.

use super::view::View;
use crate::{
    analysis::Flag,
    charts::{Verdict, data::Quantity, reading},
    output::number::short,
    report::Check,
};

/// The checks of which the stored runs tell.
pub(super) fn checks(view: &View<'_>) -> Vec<Check> {
    let cells = &view.analysis.cells;
    let runs: usize = cells.iter().map(|cell| cell.replications.len()).sum();
    if runs == 0 {
        return Vec::new();
    }
    let requests: u64 = cells.iter().map(|cell| cell.requests).sum();
    let requests = reading(Quantity::Count, requests as f64);
    let check = |name: &str, verdict, detail: String| Check { name: name.to_owned(), verdict, detail };
    // A run whose books do not balance is an error and is not stored: every run that is here has passed.
    let mut checks = vec![
        check(
            "conservation",
            Verdict::Pass,
            format!("{requests} requests in {runs} runs: offered = succeeded + failed + in flight"),
        ),
        check("Little's law", Verdict::Pass, "held at every station of every run".to_owned()),
    ];
    checks.extend(view.analysis.warmup.as_ref().map(|warmup| {
        let enough = warmup.insufficient.is_empty();
        let detail = format!("{} s {} MSER-5", short(warmup.stated), if enough { "≥" } else { "<" });
        check("warm-up", if enough { Verdict::Pass } else { Verdict::Fail }, detail)
    }));
    checks.extend(tails(view).map(|(verdict, detail)| check("tail samples", verdict, detail)));
    let wanted: u64 = view.study.cells.iter().map(|cell| cell.replications).sum();
    let whole = runs as u64 >= wanted;
    checks.push(check(
        "complete",
        if whole { Verdict::Pass } else { Verdict::Fail },
        format!("{runs} of {wanted} runs are stored"),
    ));
    checks
}

/// Whether every headline that is a quantile has enough samples beyond it.
fn tails(view: &View<'_>) -> Option<(Verdict, String)> {
    let quantiles = || {
        let figures = view.analysis.headlines.iter().flat_map(|headline| view.estimates(&headline.figure));
        figures.filter(|estimate| estimate.tail_share().is_some())
    };
    quantiles().next()?;
    let thin = quantiles().filter(|e| e.has(Flag::FewTailSamples) || e.has(Flag::TailUnresolved)).count();
    Some(match thin {
        0 => (Verdict::Pass, "enough beyond every quantile shown".to_owned()),
        thin => (Verdict::Inconclusive, format!("too few beyond the quantile in {thin} cells")),
    })
}
