//! How sure a figure is: tallies, intervals, warm-up, comparison, stopping.

mod histogram;

pub use histogram::Histogram;
