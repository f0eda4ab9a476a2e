//! The report's sections in their order, a file each. A section without data has no chart and no table, and is left out.

mod attempts;
mod breakers;
mod distribution;
mod figures;
mod forest;
mod goodput;
mod hockey_stick;
mod indexes;
mod loops;
mod miss_ratio;
mod phases;
mod precision;
mod ribbons;
mod rotation;
mod server_load;
mod servers;
mod shard_load;
mod slo_matrix;
mod story;
mod system;
mod time_series;
mod trust;
mod waterfalls;
mod welch;
mod where_time_goes;

pub(super) use slo_matrix::verdict;

use super::{album::Draft, view::View};

/// Charts of one kind at most, however many figures there are.
const MOST: usize = 4;

/// All sections.
pub(super) fn all(view: &View<'_>) -> Vec<Draft> {
    vec![
        system::draft(view),
        slo_matrix::draft(view),
        figures::draft(view),
        hockey_stick::draft(view),
        goodput::draft(view),
        attempts::draft(view),
        distribution::draft(view),
        forest::draft(view),
        time_series::draft(view),
        breakers::draft(view),
        rotation::draft(view),
        servers::draft(view),
        server_load::draft(view),
        shard_load::draft(view),
        miss_ratio::draft(view),
        where_time_goes::draft(view),
        welch::draft(view),
        precision::draft(view),
        trust::draft(view),
    ]
}
