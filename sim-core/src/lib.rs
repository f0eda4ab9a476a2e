//! The clock: simulated time, pending events, randomness and statistics.
//!
//! Knows when something happens and how sure a figure is; knows nothing of what is simulated.

pub mod check;
pub mod deadlines;
pub mod queue;
pub mod random;
pub mod simulation;
pub mod statistics;
pub mod time;
