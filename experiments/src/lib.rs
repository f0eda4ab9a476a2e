//! The laboratory: load, plan, run, analyse, report.

pub mod analysis;
pub mod campaign;
pub mod cli;
pub mod clock;
pub mod exit;
pub mod house;
pub mod output;
pub mod plan;
pub mod runner;
pub mod store;
pub mod study;
pub mod verify;
