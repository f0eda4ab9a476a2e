//! The laboratory: load, plan, run, analyse, report.

pub mod analysis;
pub mod campaign;
pub mod charts;
pub mod claim;
pub mod cli;
pub mod clock;
pub mod codes;
pub mod diagnostic;
pub mod document;
pub mod exit;
pub mod experiment;
pub mod filter;
pub mod house;
pub mod load;
pub mod metric;
pub mod output;
pub mod plan;
pub mod present;
pub mod quantity;
pub mod report;
pub mod runner;
pub mod store;
pub mod study;
pub mod theory;
pub mod traces;
pub mod verify;
