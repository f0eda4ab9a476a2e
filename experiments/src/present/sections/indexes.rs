//! What indexes that follow their keys do not show: a table for each database that has one, at the point that is told.

use models::report::Unit;

use super::{
    super::{view::View, words},
    servers::pools,
};
use crate::report::{Column, Side, Table};

/// The columns, the figure each shows of a database, and what that counts in.
const COLUMNS: [(&str, &str, Unit); 5] = [
    ("reads by an index", "index_reads.rate", Unit::PerSecond),
    ("stale", "stale_index_ratio.mean", Unit::Ratio),
    ("what was missing, how old", "stale_index_age.mean", Unit::Seconds),
    ("an entry follows its write after", "index_lag.mean", Unit::Seconds),
    ("entries lost", "lost_index_updates.count", Unit::Count),
];

pub(super) fn tables(view: &View<'_>) -> Vec<Table> {
    let lags = |pool: &String| {
        let figure = format!("{pool}.stale_index_ratio.mean");
        view.chosen_spots().iter().any(|spot| spot.cell.estimate(&figure).is_some())
    };
    pools(view).into_iter().filter(lags).map(|pool| table(view, &pool)).collect()
}

/// A row for each arm; what an arm's indexes do not have, since nothing follows there, is left out.
fn table(view: &View<'_>, pool: &str) -> Table {
    let figures = COLUMNS.map(|(title, ..)| Column { title: title.into(), side: Side::Right });
    let arm = Column { title: "arm".into(), side: Side::Left };
    let rows = view.chosen_spots().into_iter().map(|spot| {
        let shown = COLUMNS.iter().map(|(_, figure, unit)| {
            let mean = spot.cell.estimate(&format!("{pool}.{figure}")).and_then(|estimate| estimate.mean);
            mean.map_or_else(|| "–".to_owned(), |mean| words::shown(*unit, mean))
        });
        std::iter::once(spot.arm.to_owned()).chain(shown).collect()
    });
    Table {
        caption: format!("what the indexes of {pool} do not show yet"),
        columns: std::iter::once(arm).chain(figures).collect(),
        rows: rows.collect(),
    }
}
