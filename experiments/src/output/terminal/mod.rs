//! What a person sees after a run: who keeps which promise where, the answer, the differences, the checks.

mod columns;
mod differences;
mod look;
mod matrix;
mod story;

use std::fmt::Write;

pub use self::{
    columns::{Lean, columns, pad, width},
    look::Look,
};
use super::{
    Closing,
    number::{Scale, TimeUnit, give_or_take, short, signed},
};
use crate::{
    analysis::{Analysis, Basis, Growth, Headline, Kind, Ruling, Verdict},
    runner::Crash,
    study::Study,
};

/// Open or broken claims and crashes told one by one; further ones are counted.
const TOLD: usize = 10;

/// The whole text, with colours; the writer takes them out where they are not wanted.
pub fn terminal(study: &Study, analysis: &Analysis, closing: &Closing, look: Look) -> String {
    let story = story::story(study, analysis, look);
    let matrices = matrices(study, analysis, &story, look);
    let blocks = [
        head(study, closing, look),
        story,
        matrices,
        answer(analysis, look),
        differences::differences(study, analysis, look),
        open_claims(study, analysis, look),
        expectations(study, analysis, look),
        crashes(study, closing, look),
        foot(analysis, closing, look),
    ];
    let told: Vec<&str> = blocks.iter().map(String::as_str).filter(|block| !block.is_empty()).collect();
    look.finish(told.join("\n"))
}

fn head(study: &Study, closing: &Closing, look: Look) -> String {
    let counts = study.cells.iter().map(|cell| cell.replications);
    let (least, most) = (counts.clone().min().unwrap_or(0), counts.max().unwrap_or(0));
    let replications = match (least, most) {
        (1, 1) => "1 replication".to_owned(),
        (least, most) if least == most => format!("{least} replications"),
        (least, most) => format!("{least}–{most} replications"),
    };
    let luck = if study.common_random_numbers { "   CRN" } else { "" };
    format!(
        "{}   {}   seed {}   {replications}{luck}\n",
        look.strong(&study.name),
        closing.folder,
        study.seed
    )
}

/// A matrix for each SLO, or for each headline if there is none; and what the signs mean.
fn matrices(study: &Study, analysis: &Analysis, story: &str, look: Look) -> String {
    let wanted = |headline: &Headline| headline.slo.is_some() || study.slos.is_empty();
    // The story's lines have shown the first SLOs of each workload already.
    let told = |index: usize| {
        let in_story =
            |workload: &String| story::shown_headlines(analysis, workload).any(|(shown, _)| shown == index);
        !story.is_empty() && study.workloads.iter().any(in_story)
    };
    let shown =
        analysis.headlines.iter().enumerate().filter(|(index, headline)| wanted(headline) && !told(*index));
    let mut blocks: Vec<String> =
        shown.map(|(index, headline)| matrix::matrix(study, analysis, index, headline, look)).collect();
    blocks.push(legend(study, analysis));
    blocks.join("\n")
}

/// Only the signs that occur.
fn legend(study: &Study, analysis: &Analysis) -> String {
    let mut signs = Vec::new();
    if !study.slos.is_empty() {
        signs.push("✓ pass  ✗ fail  ? inconclusive");
    }
    if analysis.rankings.iter().any(|ranking| !ranking.leaders.is_empty()) {
        signs.push("▴ best or tied (paired, Holm 5 %)");
    }
    if study.baseline.is_some() {
        signs.push("◇ baseline");
    }
    let mut text = if signs.is_empty() { String::new() } else { format!("  {}\n", signs.join("   ")) };
    let growing: Vec<&Growth> = analysis.cells.iter().filter_map(|cell| cell.growth.as_ref()).collect();
    if let Some(growth) = growing.first() {
        let mut stations: Vec<&str> = growing.iter().map(|growth| growth.station.as_str()).collect();
        stations.sort_unstable();
        stations.dedup();
        let _ = writeln!(
            text,
            "  {}/s = unstable: that many requests per second pile up at {}; no steady-state latency exists",
            signed(growth.per_second, 3),
            stations.join(", "),
        );
    }
    text
}

fn answer(analysis: &Analysis, look: Look) -> String {
    if analysis.answer.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = analysis.answer.iter().map(|sentence| format!("  {sentence}\n")).collect();
    format!("{}\n{}", look.strong("Answer"), lines.concat())
}

/// SLOs that these replications cannot decide, and how many would.
fn open_claims(study: &Study, analysis: &Analysis, look: Look) -> String {
    let open: Vec<&Ruling> =
        analysis.rulings_of(Kind::Slo).filter(|ruling| ruling.verdict == Verdict::Inconclusive).collect();
    section(study, "Inconclusive", &open, look)
}

fn expectations(study: &Study, analysis: &Analysis, look: Look) -> String {
    if study.expectations.is_empty() {
        return String::new();
    }
    let all = analysis.rulings_of(Kind::Expect).count();
    let holds = analysis.count(Kind::Expect, Verdict::Pass);
    let head = format!("{}  {holds} of {all} hold\n", look.strong("Expectations"));
    let others: Vec<&Ruling> =
        analysis.rulings_of(Kind::Expect).filter(|ruling| ruling.verdict != Verdict::Pass).collect();
    head + &rulings(study, &others, look)
}

fn section(study: &Study, title: &str, told: &[&Ruling], look: Look) -> String {
    if told.is_empty() {
        String::new()
    } else {
        format!("{}\n{}", look.strong(title), rulings(study, told, look))
    }
}

fn rulings(study: &Study, told: &[&Ruling], look: Look) -> String {
    let mut text: String = told.iter().take(TOLD).map(|ruling| ruling_line(study, ruling, look)).collect();
    if told.len() > TOLD {
        let _ = writeln!(text, "  … and {} more in slos.csv", told.len() - TOLD);
    }
    text
}

/// `✗ retry  clients.goodput.mean@late < 35/s   found 41±3/s`
fn ruling_line(study: &Study, ruling: &Ruling, look: Look) -> String {
    let cell = study.cells.get(ruling.cell).map(crate::study::Cell::label).unwrap_or_default();
    let mut line = format!("  {} {cell}  {}", look.verdict(ruling.verdict), ruling.claim.text);
    if let Some(value) = ruling.value.filter(|_| ruling.basis != Basis::Unstable) {
        let _ = write!(line, "   found {}", found(ruling, value, look.time_unit));
    }
    if let Some(needed) = ruling.replications_needed {
        let _ = write!(line, "   about {needed} replications would decide");
    }
    if !ruling.note.is_empty() {
        let _ = write!(line, "   {}", ruling.note);
    }
    line + "\n"
}

fn found(ruling: &Ruling, value: f64, wished: TimeUnit) -> String {
    let unit = match ruling.claim.unit.as_str() {
        "/s" | "/min" | "/h" => models::report::Unit::PerSecond,
        "ns" | "us" | "µs" | "ms" | "s" | "min" | "h" => models::report::Unit::Seconds,
        _ => models::report::Unit::Count,
    };
    let scale = Scale::of(unit, ruling.claim.threshold, wished);
    let half = ruling.bounds.map(|bounds| (bounds.upper - bounds.lower) / 2.0 * scale.factor);
    match scale.unit {
        "" => give_or_take(value * scale.factor, half),
        "/s" => format!("{}/s", give_or_take(value, half)),
        unit => format!("{} {unit}", give_or_take(value * scale.factor, half)),
    }
}

/// What broke, and how to see it again.
fn crashes(study: &Study, closing: &Closing, look: Look) -> String {
    if closing.crashes.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "{}  {} of the runs broke; the figures are of the others\n",
        look.strong("Crashed"),
        closing.crashes.len()
    );
    for crash in closing.crashes.iter().take(TOLD) {
        let cell = study.cells.get(crash.cell).map(crate::study::Cell::label).unwrap_or_default();
        let _ = writeln!(text, "  {} {cell}#{}: {}", look.check(false), crash.replication, crash.message);
        let _ = writeln!(text, "    {}", reproduce(study, crash, &closing.command));
    }
    text
}

/// `command`, narrowed to one broken replication: only stored runs are skipped.
pub fn reproduce(study: &Study, crash: &Crash, command: &str) -> String {
    let mut command = command.to_owned();
    if let Some(cell) = study.cells.get(crash.cell) {
        let _ = write!(command, " --arm {}", cell.arm);
        let at = |(axis, value): (&crate::study::Axis, &String)| format!("{} == {value}", axis.path);
        let place: Vec<String> = study.axes.iter().zip(&cell.point).map(at).collect();
        if !place.is_empty() {
            let _ = write!(command, " --where '{}'", place.join(" && "));
        }
    }
    let _ = write!(command, " --seed {} -r {}", study.seed, crash.replication + 1);
    command
}

fn foot(analysis: &Analysis, closing: &Closing, look: Look) -> String {
    let mut checks = Vec::new();
    if analysis.cells.iter().any(|cell| !cell.replications.is_empty()) {
        // A run whose books do not balance is an error: every run that is here has passed.
        checks.extend(["conservation", "Little's law"].map(|law| format!("{law} {}", look.check(true))));
    }
    if !closing.crashes.is_empty() {
        checks.push(format!("{} runs broke {}", closing.crashes.len(), look.check(false)));
    }
    if let Some(warmup) = &analysis.warmup {
        let enough = warmup.insufficient.is_empty();
        let sign = if enough { "≥" } else { "<" };
        checks.push(format!("warm-up {} s {sign} MSER-5 {}", short(warmup.stated), look.check(enough)));
    }
    if let Some(same) = closing.rerun_identical {
        checks.push(format!("re-run of 1 cell identical {}", look.check(same)));
    }
    let mut text = format!("{}   {}\n", look.strong("Checks"), checks.join("   "));
    let _ = writeln!(text, "{}   {}", look.strong("Report"), closing.report);
    text
}
