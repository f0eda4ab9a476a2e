//! How sure a figure is: tallies, intervals, warm-up, comparison, stopping.
//!
//! Pure functions and small structs over numbers; nothing here knows what was simulated.

// What a run counts.
mod batch; // values on their way into a histogram
mod buckets; // of the histogram
pub mod histogram; // values: exact totals, quantiles within 0.1 %
pub mod imbalance; // how unevenly a load is spread
mod percentile_table; // a histogram as HdrHistogram's plotters read it
pub mod tally; // mean and variance in one pass
pub mod time_average; // levels over time, and Little's identity

// How sure one figure is.
pub mod batch_means; // the mean of one long run
pub mod interval; // the mean of independent replications
pub mod proportion; // shares, and what 0 of 1000 says
pub mod quantile; // quantiles, and their intervals from independent numbers
pub mod sectioning; // quantiles of one long run
pub mod spectral; // the mean of one long run, without batches
pub mod student; // the distributions behind the intervals
pub mod tail; // whether a sample reaches far enough for a quantile
pub mod variance_reduction; // antithetic pairs, control variates

// Whether a run is long enough, and the system steady.
pub mod planning; // how long a run must be, before anything has run
pub mod recovery; // does it come back after a fault?
pub mod stability; // does it keep up with its load?
pub mod stopping; // how many replications are enough
pub mod warmup; // what to leave out at the start

// Which arm is better.
pub mod comparison; // paired differences and ratios
pub mod multiplicity; // many comparisons at once
pub mod selection; // the best of several

// What theory expects.
pub mod theory;

pub use batch::Batch;
pub use comparison::{Comparison, RatioComparison, compare, compare_by_ratio};
pub use histogram::Histogram;
pub use interval::{Bounds, Interval};
pub use proportion::{Proportion, proportion_over_replications, wilson};
pub use quantile::{quantile_of_sorted, rank};
pub use recovery::{Recovery, RecoveryRule};
pub use selection::Best;
pub use stability::{BacklogTrend, Stability, judge_stability};
pub use stopping::{Precision, StoppingRule};
pub use student::{normal_factor, normal_quantile, student_factor, student_quantile};
pub use tail::{Tail, judge_tail};
pub use tally::Tally;
pub use time_average::{Overlap, TimeAverage, Window};
