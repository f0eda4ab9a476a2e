//! How sure a figure is: tallies, intervals, warm-up, comparison, stopping.

mod histogram;
mod interval;
mod proportion;
mod quantile;
mod student;
mod tally;
mod time_average;

pub use histogram::Histogram;
pub use interval::{Bounds, FEW_REPLICATIONS, Interval};
pub use proportion::{Proportion, exact_upper_bound, proportion_over_replications, wilson};
pub use quantile::{quantile_of_sorted, rank};
pub use student::{
    normal_factor, normal_quantile, normal_tail, student_factor, student_quantile, student_tail,
};
pub use tally::Tally;
pub use time_average::{Overlap, TimeAverage, Window};
