//! Decisions. No clock, no queue, no I/O, no neighbour: time and chance come in as arguments, a value goes out.

pub mod arrival;
pub mod balancing;
pub mod concurrency;
pub mod detection;
pub mod discipline;
pub mod hashing;
pub mod locality;
pub mod subsetting;
