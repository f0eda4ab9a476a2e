//! The laboratory: load, plan, run, analyse, report.

pub mod analysis;
pub mod campaign;
pub mod clock;
pub mod exit;
pub mod output;
pub mod plan;
pub mod runner;
pub mod store;
pub mod study;
