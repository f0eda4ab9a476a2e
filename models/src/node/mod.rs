//! Wiring: nodes own policies, turn events into questions and answers into events, and do nothing clever.

pub mod cache;
#[cfg(test)]
mod cache_tests;
pub mod care;
mod catching_up;
mod choice;
pub mod client;
pub mod detour;
pub mod dispatch;
pub mod faults;
pub mod flights;
pub mod gateway;
pub mod guard;
pub mod heartbeats;
pub mod hosting;
#[cfg(test)]
mod hot_keys_tests;
pub mod indexing;
#[cfg(test)]
mod indexing_tests;
pub mod layout;
pub mod mix;
pub mod network;
pub mod origin;
pub mod outliving;
pub mod pipeline;
pub mod program;
mod queries;
pub mod replication;
#[cfg(test)]
mod replication_tests;
pub mod resharding;
#[cfg(test)]
mod resharding_tests;
pub mod section;
pub mod server;
pub mod service;
pub mod sharding;
#[cfg(test)]
mod sharding_tests;
pub mod shelf;
mod steps;
#[cfg(test)]
mod steps_tests;
pub mod tasks;
#[cfg(test)]
mod testing;
mod threads;
#[cfg(test)]
mod tiers_tests;
mod tracing;
pub mod transaction;
#[cfg(test)]
mod transaction_tests;
pub mod travel;
pub mod truth;
pub mod vigilance;
