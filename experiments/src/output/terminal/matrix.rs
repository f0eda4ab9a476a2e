//! A figure at every arm and sweep point: mean, interval, verdict, who leads. The best arm at the last point is first.

use super::{
    columns::{Lean, columns, pad, width},
    look::Look,
};
use crate::{
    analysis::{Analysis, CellAnalysis, Estimate, Flag, Headline, Kind, Ruling},
    output::number::{Scale, give_or_take, signed},
    study::{Claim, Study},
};

/// Points beside each other; more stand in a further block.
const POINTS_A_BLOCK: usize = 8;

/// The blocks of one headline.
pub(super) fn matrix(
    study: &Study,
    analysis: &Analysis,
    index: usize,
    headline: &Headline,
    look: Look,
) -> String {
    let table =
        Matrix { study, analysis, index, headline, look, scale: scale(study, analysis, headline, look) };
    let points = study.points();
    let blocks = points.chunks(POINTS_A_BLOCK).map(|points| table.block(points));
    let title = table.title();
    let body: Vec<String> = blocks.collect();
    format!("{title}\n\n{}", body.join("\n"))
}

/// One unit for the whole matrix: that of the claim's threshold, else of the figures.
pub(super) fn scale(study: &Study, analysis: &Analysis, headline: &Headline, look: Look) -> Scale {
    let estimates: Vec<&Estimate> =
        analysis.cells.iter().filter_map(|cell| cell.estimate(&headline.figure)).collect();
    let unit = estimates.first().map_or(models::report::Unit::Ratio, |estimate| estimate.unit);
    let threshold = headline.slo.and_then(|slo| study.slos.get(slo)).map(|claim| claim.threshold);
    let means = || estimates.iter().filter_map(|estimate| estimate.mean).filter(|mean| mean.is_finite());
    let typical = threshold.or_else(|| means().reduce(f64::min)).unwrap_or(1.0);
    Scale::of(unit, typical, look.time_unit)
}

struct Matrix<'a> {
    study: &'a Study,
    analysis: &'a Analysis,
    index: usize,
    headline: &'a Headline,
    look: Look,
    scale: Scale,
}

impl Matrix<'_> {
    fn claim(&self) -> Option<&Claim> {
        self.headline.slo.and_then(|slo| self.study.slos.get(slo))
    }

    fn title(&self) -> String {
        let what = match self.claim() {
            Some(claim) => format!("{}  {}", self.look.strong("SLO"), claim.text),
            None => self.headline.figure.clone(),
        };
        let unit = if self.scale.unit.is_empty() { String::new() } else { format!(", {}", self.scale.unit) };
        format!("  {what}   mean ± 95 % CI{unit}")
    }

    fn block(&self, points: &[Vec<String>]) -> String {
        let mut rows = vec![self.header(points)];
        for arm in self.arms() {
            let mut row = vec![self.name(arm)];
            row.extend(points.iter().map(|point| self.entry(arm, point)));
            rows.push(row);
        }
        align_values(&mut rows, self.look);
        let lean =
            |line: usize, column: usize| if line == 0 && column > 0 { Lean::Right } else { Lean::Left };
        columns(&rows, lean, 2)
    }

    fn header(&self, points: &[Vec<String>]) -> Vec<String> {
        let label = self.study.axis_labels().join(", ");
        let shown = |point: &Vec<String>| match self.study.shown_point_text(point) {
            text if text.is_empty() => self.headline.short(),
            // Over the numbers, not over the signs behind them.
            text => format!("{text}   "),
        };
        std::iter::once(label).chain(points.iter().map(shown)).collect()
    }

    /// By the figure at the last point, best first; those without a figure last, in the file's order.
    fn arms(&self) -> Vec<&str> {
        let mut arms = self.study.present_arms();
        let last = self.study.points().pop().unwrap_or_default();
        arms.sort_by(|one, other| self.rank(one, &last).total_cmp(&self.rank(other, &last)));
        arms
    }

    fn rank(&self, arm: &str, point: &[String]) -> f64 {
        let Some((_, cell, estimate)) = self.found(arm, point) else { return f64::INFINITY };
        let mean = estimate.mean.filter(|_| cell.growth.is_none()).unwrap_or(f64::INFINITY);
        if self.headline.less_is_better || mean == f64::INFINITY { mean } else { -mean }
    }

    fn found(&self, arm: &str, point: &[String]) -> Option<(usize, &CellAnalysis, &Estimate)> {
        let index = self.study.cell(arm, point)?;
        let cell = self.analysis.cells.get(index)?;
        Some((index, cell, cell.estimate(&self.headline.figure)?))
    }

    fn name(&self, arm: &str) -> String {
        if self.study.baseline.as_deref() == Some(arm) { format!("{arm} ◇") } else { arm.to_owned() }
    }

    /// `104±0.4 ✓▴`: the value, a tab for [`align_values`], the signs.
    fn entry(&self, arm: &str, point: &[String]) -> String {
        let Some((index, cell, estimate)) = self.found(arm, point) else { return String::new() };
        let ruling = self.ruling(index).map_or(" ".to_owned(), |ruling| self.look.verdict(ruling.verdict));
        let leads = if self.analysis.leads(self.index, index) { "▴" } else { " " };
        format!("{}\t{ruling}{leads}", shown(cell, estimate, self.scale))
    }

    fn ruling(&self, cell: usize) -> Option<&Ruling> {
        let claim = self.claim()?;
        self.analysis.rulings_of(Kind::Slo).find(|ruling| ruling.cell == cell && ruling.claim == *claim)
    }
}

/// The figure as a person reads it: with its interval, or why there is none.
pub(super) fn shown(cell: &CellAnalysis, estimate: &Estimate, scale: Scale) -> String {
    match (&cell.growth, estimate.mean) {
        (Some(growth), _) if estimate.grows_when_unstable() => format!("{}/s", signed(growth.per_second, 3)),
        (_, None) => "–".to_owned(),
        _ if estimate.has(Flag::TailUnresolved) => "–".to_owned(),
        (_, Some(mean)) => {
            give_or_take(mean * scale.factor, estimate.half_width().map(|half| half * scale.factor))
        }
    }
}

/// Pads the values of each column to one width, so that the signs stand under each other.
fn align_values(rows: &mut [Vec<String>], look: Look) {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    for column in 1..count {
        let value = |row: &Vec<String>| {
            row.get(column)
                .and_then(|entry| entry.split_once('\t'))
                .map(|(value, _)| width(&look.measured(value)))
        };
        let widest = rows.iter().filter_map(value).max().unwrap_or(0);
        for entry in rows.iter_mut().filter_map(|row| row.get_mut(column)) {
            if let Some((value, signs)) = entry.split_once('\t') {
                *entry = format!("{} {signs}", pad(&look.measured(value), widest, Lean::Left));
            }
        }
    }
}
