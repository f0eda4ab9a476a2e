//! What a reader must know before any result: what is missing, unstable, too short or too few.

use super::{
    view::View,
    words::{self, Who},
};
use crate::{
    analysis::{Flag, Verdict},
    output::{
        metastable::{hardship, metastable},
        number::{short, significant},
    },
    report::{Notice, Severity},
};

/// All notices, the gravest first.
pub(super) fn notices(view: &View<'_>) -> Vec<Notice> {
    let mut notices: Vec<Notice> = missing(view).into_iter().chain(broken(view)).collect();
    notices.extend(stuck(view));
    notices.extend(unstable(view));
    notices.extend(warm_up(view));
    notices.extend(flagged(view));
    notices.extend(open(view));
    notices
}

fn notice(severity: Severity, text: String) -> Notice {
    Notice { severity, text }
}

/// Replications that were wanted and are not there: they crashed, or were never run.
fn missing(view: &View<'_>) -> Option<Notice> {
    let cells = view.study.cells.iter().zip(&view.analysis.cells);
    let short_of = cells.filter(|(cell, found)| (found.replications.len() as u64) < cell.replications);
    let labels: Vec<String> = short_of.map(|(cell, _)| cell.label()).collect();
    let names: Vec<&str> = labels.iter().map(String::as_str).collect();
    let text = format!(
        "Replications are missing in {}: they crashed or were not run. The figures are of the others.",
        words::list(&names)
    );
    (!names.is_empty()).then(|| notice(Severity::Error, text))
}

/// The author's claims that do not hold.
fn broken(view: &View<'_>) -> Vec<Notice> {
    let broken = view.analysis.rulings_of(crate::analysis::Kind::Expect);
    let broken = broken.filter(|ruling| ruling.verdict == Verdict::Fail);
    let told = broken.filter_map(|ruling| {
        let cell = view.study.cells.get(ruling.cell)?;
        Some(notice(
            Severity::Error,
            format!(
                "The author's claim does not hold: {} for {}{}.",
                ruling.claim.text,
                cell.arm,
                view.at(&cell.point)
            ),
        ))
    });
    told.collect()
}

/// Collapses that outlive their cause.
fn stuck(view: &View<'_>) -> Vec<Notice> {
    let told = view.analysis.recoveries.iter().filter_map(|found| {
        let (stuck, cell) = (found.stuck.as_ref()?, view.study.cells.get(found.cell)?);
        let (arm, place) = (&cell.arm, view.at(&cell.point));
        let text = format!("Metastable: {arm}{place}: {} ({}).", metastable(found, stuck), hardship(stuck));
        Some(notice(Severity::Warning, text))
    });
    told.collect()
}

/// Arms with cells that have no steady state.
fn unstable(view: &View<'_>) -> Vec<Notice> {
    let of_arm = |arm: &str| {
        let cells = view.study.cells.iter().zip(&view.analysis.cells).filter(|(cell, _)| cell.arm == arm);
        let growing: Vec<_> =
            cells.filter_map(|(cell, found)| Some((cell, found.growth.as_ref()?))).collect();
        let (first, _) = growing.first()?;
        let (last, worst) = growing.last()?;
        let place = match growing.len() {
            1 => view.at(&first.point),
            several => format!(
                " in {several} cells, from{} to{}",
                bare(&view.at(&first.point)),
                bare(&view.at(&last.point))
            ),
        };
        Some(notice(
            Severity::Warning,
            format!(
                "{arm} is unstable{place}: up to {}/s pile up at {}. Its latency there grows with the run's length.",
                significant(worst.per_second, 3),
                worst.station
            ),
        ))
    };
    view.study.present_arms().into_iter().filter_map(of_arm).collect()
}

/// ` load 0.60` of ` at load 0.60`.
fn bare(place: &str) -> &str {
    place.strip_prefix(" at").unwrap_or(place)
}

fn warm_up(view: &View<'_>) -> Option<Notice> {
    let check = view.analysis.warmup.as_ref().filter(|check| !check.insufficient.is_empty())?;
    let cells = check.insufficient.iter().filter_map(|index| view.study.cells.get(*index));
    let labels: Vec<String> = cells.map(crate::study::Cell::label).collect();
    let names: Vec<&str> = labels.iter().map(String::as_str).collect();
    let text = format!(
        "The warm-up of {} s is too short in {}: MSER-5 asks for up to {} s.",
        short(check.stated),
        words::list(&names),
        short(check.asked)
    );
    Some(notice(Severity::Warning, text))
}

/// Flags of headline figures that no other notice tells.
fn flagged(view: &View<'_>) -> Vec<Notice> {
    const TOLD: [(Flag, Severity); 6] = [
        (Flag::TailUnresolved, Severity::Warning),
        (Flag::FewTailSamples, Severity::Warning),
        (Flag::OneReplication, Severity::Warning),
        (Flag::FewReplications, Severity::Note),
        (Flag::Partial, Severity::Note),
        (Flag::Infinite, Severity::Note),
    ];
    let told = TOLD.into_iter().filter_map(|(flag, severity)| {
        let has = |figure: &str| {
            view.analysis.cells.iter().any(|cell| cell.estimate(figure).is_some_and(|e| e.has(flag)))
        };
        let figures: Vec<&str> = view
            .analysis
            .headlines
            .iter()
            .map(|headline| headline.figure.as_str())
            .filter(|figure| has(figure))
            .collect();
        let text = format!("{}: {}.", words::list(&figures), flag_in_words(flag));
        (!figures.is_empty()).then(|| notice(severity, text))
    });
    told.collect()
}

/// SLOs that these replications cannot decide.
fn open(view: &View<'_>) -> Option<Notice> {
    let open = view.analysis.rulings.iter().filter(|ruling| ruling.verdict == Verdict::Inconclusive);
    let (mut arms, mut most) = (Vec::new(), 0);
    for ruling in open {
        let Some(cell) = view.study.cells.get(ruling.cell) else { continue };
        if !arms.contains(&cell.arm.as_str()) {
            arms.push(cell.arm.as_str());
        }
        most = most.max(ruling.replications_needed.unwrap_or(0));
    }
    let enough = if most > 0 {
        format!(" About {most} replications would decide all that is open.")
    } else {
        String::new()
    };
    let who = Who::of(&arms, usize::MAX).does("is", "are");
    (!arms.is_empty()).then(|| notice(Severity::Note, format!("{who} undecided somewhere.{enough}")))
}

/// A flag in a word or two, for tables.
pub(super) const fn flag_in_short(flag: Flag) -> &'static str {
    match flag {
        Flag::OneReplication => "no interval",
        Flag::FewReplications => "few replications",
        Flag::Partial => "partly measured",
        Flag::Infinite => "infinite",
        Flag::Zero => "never seen",
        Flag::FewTailSamples => "few in the tail",
        Flag::TailUnresolved => "tail unresolved",
        Flag::WarmupInsufficient => "short warm-up",
        Flag::Unstable => "unstable",
    }
}

/// What a flag means.
const fn flag_in_words(flag: Flag) -> &'static str {
    match flag {
        Flag::OneReplication => "one replication, so no interval",
        Flag::FewReplications => "fewer than 5 replications, the interval is a hint",
        Flag::Partial => "some replications had nothing to measure",
        Flag::Infinite => "infinite in some replication: something never happened",
        Flag::Zero => "never seen in any replication",
        Flag::FewTailSamples => "few samples beyond the quantile",
        Flag::TailUnresolved => "too few samples beyond the quantile to tell it",
        Flag::WarmupInsufficient => "the warm-up was too short",
        Flag::Unstable => "unstable, may grow with the run",
    }
}
