//! How much stands behind each figure: replications, samples beyond the quantile, interval, flags.

use super::super::{album::Draft, notices::flag_in_short, view::View};
use crate::{
    analysis::{Estimate, Headline},
    output::number::significant,
    report::{Column, Side, Table},
};

/// Rows a table has room for; all are in cells.csv.
const ROWS: usize = 120;

pub(super) fn draft(view: &View<'_>) -> Draft {
    Draft {
        heading: "How sure are the figures?".into(),
        explanation: vec![
            "Samples are those of the replication that has the fewest; a quantile needs about 100 of them beyond it. \
             The last figure is half the 95 % interval over the mean.".into(),
        ],
        tables: view.analysis.headlines.iter().take(super::MOST).map(|headline| table(view, headline)).collect(),
        ..Draft::default()
    }
}

fn table(view: &View<'_>, headline: &Headline) -> Table {
    let tailed = view.estimates(&headline.figure).any(|estimate| estimate.tail_share().is_some());
    let column = |title: &str, side| Column { title: title.to_owned(), side };
    let mut columns =
        vec![column("cell", Side::Left), column("runs", Side::Right), column("samples", Side::Right)];
    if tailed {
        columns.push(column("beyond it", Side::Right));
    }
    columns.extend([column("half / mean", Side::Right), column("flags", Side::Left)]);
    let cells = view.study.cells.iter().zip(&view.analysis.cells);
    let row = |(cell, found): (&crate::study::Cell, &crate::analysis::CellAnalysis)| {
        let estimate = found.estimate(&headline.figure)?;
        let place = view.at(&cell.point);
        let mut row = vec![format!("{}{place}", cell.arm), estimate.count().to_string()];
        row.extend(samples(estimate, tailed));
        row.push(relative(estimate));
        row.push(estimate.flags.iter().map(|flag| flag_in_short(*flag)).collect::<Vec<_>>().join("; "));
        Some(row)
    };
    Table { caption: headline.figure.clone(), columns, rows: cells.filter_map(row).take(ROWS).collect() }
}

/// The samples of the replication that has the fewest, and how many of them lie beyond the quantile.
fn samples(estimate: &Estimate, tailed: bool) -> Vec<String> {
    let fewest = estimate.samples.iter().min().copied().unwrap_or(0);
    let beyond = estimate.tail_share().map(|tail| ((fewest as f64 * tail) as u64).to_string());
    let mut cells = vec![fewest.to_string()];
    if tailed {
        cells.push(beyond.unwrap_or_default());
    }
    cells
}

fn relative(estimate: &Estimate) -> String {
    let share = estimate.half_width().zip(estimate.mean).map(|(half, mean)| (half / mean).abs());
    share.filter(|share| share.is_finite()).map_or("–".to_owned(), |share| significant(share, 2))
}
