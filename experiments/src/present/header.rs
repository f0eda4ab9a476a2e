//! The head of the report: verdicts in a few words each, and how to repeat the results.

use super::{sections::verdict as shown, view::View, words::Who};
use crate::{
    analysis::{Kind, Verdict},
    output::{VERSION, number::short},
    report::{Chip, Provenance},
    study::{Claim, Horizon, one_of},
};

/// A few words for each SLO, and for the author's claims together.
pub(super) fn chips(view: &View<'_>) -> Vec<Chip> {
    let slos = view.study.slos.iter().flat_map(|claim| slo(view, claim));
    slos.chain(expectations(view)).collect()
}

/// Who meets it everywhere, who fails it somewhere, and what is open.
fn slo(view: &View<'_>, claim: &Claim) -> Vec<Chip> {
    let arms = view.study.present_arms();
    let everywhere =
        view.study.axis_labels().iter().map(|label| one_of(label)).collect::<Vec<_>>().join(", ");
    let verdicts = |arm: &str| -> Vec<Verdict> {
        let cells = view.study.cells.iter().enumerate().filter(|(_, cell)| cell.arm == arm);
        cells.filter_map(|(index, _)| view.verdict(claim, index)).collect()
    };
    let worst = |arm: &&&str| {
        let all = verdicts(arm);
        [Verdict::Fail, Verdict::Inconclusive, Verdict::Pass]
            .into_iter()
            .find(|verdict| all.contains(verdict))
    };
    let chip = |verdict: Verdict, one: &str, several: &str, place: String| {
        let those: Vec<&str> = arms.iter().filter(|arm| worst(arm) == Some(verdict)).copied().collect();
        let text = format!("{} {}{place}", Who::of(&those, arms.len()).does(one, several), claim.text);
        (!those.is_empty()).then(|| Chip { verdict: shown(verdict), text })
    };
    let (every, some) = if everywhere.is_empty() {
        (String::new(), String::new())
    } else {
        (format!(" at every {everywhere}"), format!(" at some {everywhere}"))
    };
    let chips = [
        chip(Verdict::Pass, "meets", "meet", every),
        chip(Verdict::Fail, "misses", "miss", some.clone()),
        chip(Verdict::Inconclusive, "is undecided for", "are undecided for", some),
    ];
    chips.into_iter().flatten().collect()
}

fn expectations(view: &View<'_>) -> Option<Chip> {
    let count = |verdict| view.analysis.count(Kind::Expect, verdict);
    let (held, open, broken) = (count(Verdict::Pass), count(Verdict::Inconclusive), count(Verdict::Fail));
    let all = held + open + broken;
    let verdict = match (broken, open) {
        (0, 0) => Verdict::Pass,
        (0, _) => Verdict::Inconclusive,
        _ => Verdict::Fail,
    };
    let text = format!("{held} of the author's {all} expectations hold");
    (all > 0).then(|| Chip { verdict: shown(verdict), text })
}

/// How to trust the results and repeat them.
pub(super) fn provenance(view: &View<'_>) -> Provenance {
    let cells = &view.analysis.cells;
    let requests: u64 = cells.iter().map(|cell| cell.requests).sum();
    let count = |number: u64| crate::charts::reading(crate::charts::data::Quantity::Count, number as f64);
    let luck = if view.study.common_random_numbers { "common" } else { "independent" };
    let length = match view.study.horizon {
        Horizon::SteadyState { warmup, measure } => {
            format!("{} s after {} s of warm-up", short(measure), short(warmup))
        }
        Horizon::Terminating { end } => format!("{} s, all of it", short(end)),
    };
    let more = [
        ("replications", view.replications()),
        ("random numbers", luck.to_owned()),
        ("cells", cells.len().to_string()),
        ("requests", count(requests)),
        ("measured", length),
    ];
    Provenance {
        seed: view.study.seed,
        version: VERSION.to_owned(),
        hash: view.study.hash.clone(),
        command: view.study.command.clone(),
        more: more.map(|(name, value)| (name.to_owned(), value)).to_vec(),
    }
}
