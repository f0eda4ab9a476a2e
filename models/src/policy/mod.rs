//! Decisions. No clock, no queue, no I/O, no neighbour: time and chance come in as arguments, a value goes out.

pub mod arrival;
pub mod backoff;
pub mod balancing;
pub mod budget;
pub mod concurrency;
pub mod departed;
pub mod detection;
pub mod discipline;
pub mod eviction;
pub mod execution;
pub mod freshness;
pub mod hashing;
pub mod hot_keys;
pub mod indexing;
pub mod locality;
mod moving_average;
pub mod pacing;
pub mod partitioning;
pub mod redirection;
pub mod replication;
pub mod resharding;
pub mod semaphore;
pub mod slow_start;
pub mod stage;
pub mod sticky;
pub mod subsetting;
pub mod transaction;
