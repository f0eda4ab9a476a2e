//! How sure a figure is: tallies, intervals, warm-up, comparison, stopping.

mod histogram;
mod quantile;

pub use histogram::Histogram;
pub use quantile::{quantile_of_sorted, rank};
