//! `stampede compare`: arms within one result, or two results cell by cell.

use clap::Args;
use sim_core::statistics::{Comparison, multiplicity::holm};

use super::{
    ResultsRoot,
    console::Console,
    listing::Listing,
    report::{Opened, open},
};
use crate::{
    analysis::{Estimate, Headline, headlines, paired, rank},
    exit::Exit,
    output::number::{Scale, chance, give_or_take, signed, times},
    study::{Cell, Study},
};

/// Compare arms within one result, or two results cell by cell
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  stampede compare latest                              each arm minus the baseline, at every sweep point
  stampede compare latest --metric clients.latency.p50 another figure than the claims speak of
  stampede compare before after                        two results: what did the change do?")]
pub(super) struct Compare {
    /// A results folder, an experiment's name, or `latest`
    result: String,
    /// Another one, whose figures are subtracted from
    other: Option<String>,
    /// Figures to compare; those of the claims by default
    #[arg(long, value_name = "FIGURE")]
    metric: Vec<String>,
    #[command(flatten)]
    root: ResultsRoot,
}

impl Compare {
    pub(super) fn run(&self, console: &Console) -> Exit {
        self.compare(console).unwrap_or_else(|exit| exit)
    }

    fn compare(&self, console: &Console) -> Result<Exit, Exit> {
        let first = open(&self.result, &self.root, console)?;
        let listing = match &self.other {
            None => self.arms(&first, console),
            Some(other) => self.results(&first, &open(other, &self.root, console)?, console),
        };
        if listing.is_empty() {
            console.complain("error: nothing to compare\n  = help: two arms or results with the same cells and two replications are needed");
            return Ok(Exit::NothingMatched);
        }
        listing.print(console);
        Ok(Exit::Done)
    }

    fn figures(&self, opened: &Opened) -> Vec<Headline> {
        if self.metric.is_empty() {
            return headlines(&opened.study, &opened.analysis.cells);
        }
        let headline = |figure: &String| Headline { figure: figure.clone(), less_is_better: true, slo: None };
        self.metric.iter().map(headline).collect()
    }

    /// Each arm minus the baseline, or minus the best one where there is no baseline.
    fn arms(&self, opened: &Opened, console: &Console) -> Listing {
        let (study, cells) = (&opened.study, &opened.analysis.cells);
        let figures = self.figures(opened);
        let (_, differences) = rank(study, cells, &figures);
        let mut listing =
            Listing::new(["figure", "at", "arm", "minus", "difference", "95 % CI", "Holm p", "CRN saved"]);
        for found in &differences {
            let (Some(cell), Some(with)) = (study.cells.get(found.cell), study.cells.get(found.with)) else {
                continue;
            };
            let Some(figure) = figures.get(found.headline) else { continue };
            let estimate = cells.get(found.cell).and_then(|cell| cell.estimate(&figure.figure));
            let mut row = vec![
                figure.figure.clone(),
                study.shown_point_text(&cell.point),
                cell.arm.clone(),
                with.arm.clone(),
            ];
            row.extend(difference(&found.comparison, found.p_holm, estimate, console));
            row.push(found.comparison.variance_reduction.map(times).unwrap_or_default());
            listing.push(row);
        }
        listing.with_numbers(&[4, 7])
    }

    /// Each cell of the second result minus the same cell of the first.
    fn results(&self, first: &Opened, second: &Opened, console: &Console) -> Listing {
        if first.study.seed != second.study.seed {
            console.narrate("the seeds differ: replications are paired as they come, and no luck is shared");
        }
        let mut rows = Vec::new();
        for figure in self.figures(first) {
            for (index, cell) in first.study.cells.iter().enumerate() {
                rows.extend(pair(first, second, index, cell, &figure.figure));
            }
        }
        let adjusted = holm(&rows.iter().map(|row| row.comparison.p_value).collect::<Vec<_>>());
        let mut listing =
            Listing::new(["figure", "cell", "first", "second", "difference", "95 % CI", "Holm p"]);
        for (row, p_holm) in rows.iter().zip(adjusted) {
            let scale = scale(row.before, console);
            let shown = |estimate: &Estimate| {
                let half = estimate.half_width().map(|half| half * scale.factor);
                give_or_take(estimate.mean.unwrap_or(f64::NAN) * scale.factor, half)
            };
            let mut fields =
                vec![row.before.name.clone(), row.cell.label(), shown(row.before), shown(row.after)];
            fields.extend(difference(&row.comparison, p_holm, Some(row.before), console));
            listing.push(fields);
        }
        listing.with_numbers(&[2, 3, 4])
    }
}

/// One figure of one cell in two results.
struct Pair<'a> {
    cell: &'a Cell,
    before: &'a Estimate,
    after: &'a Estimate,
    comparison: Comparison,
}

fn pair<'a>(
    first: &'a Opened,
    second: &'a Opened,
    index: usize,
    cell: &'a Cell,
    figure: &str,
) -> Option<Pair<'a>> {
    let twin = twin(&second.study, cell)?;
    let (ours, theirs) = (first.analysis.cells.get(index)?, second.analysis.cells.get(twin)?);
    let (before, after) = (ours.estimate(figure)?, theirs.estimate(figure)?);
    Some(Pair { cell, before, after, comparison: paired((theirs, after), (ours, before))? })
}

/// The cell of the same arm at the same point.
fn twin(study: &Study, cell: &Cell) -> Option<usize> {
    study.cell(&cell.arm, &cell.point)
}

fn scale(estimate: &Estimate, console: &Console) -> Scale {
    Scale::of(estimate.unit, estimate.mean.unwrap_or(1.0), console.look.time_unit)
}

fn difference(
    found: &Comparison,
    p_holm: f64,
    estimate: Option<&Estimate>,
    console: &Console,
) -> [String; 3] {
    let scale = estimate.map_or(Scale { factor: 1.0, unit: "" }, |estimate| scale(estimate, console));
    let show = |value: f64, digits| signed(value * scale.factor, digits);
    let interval = &found.difference;
    [
        scale.with_unit(&show(interval.mean, 3)),
        format!("[{}, {}]", show(interval.lower(), 4), show(interval.upper(), 4)),
        chance(p_holm),
    ]
}
