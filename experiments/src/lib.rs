//! The laboratory: load, plan, run, analyse, report.

pub mod charts;
pub mod plan;
pub mod report;
