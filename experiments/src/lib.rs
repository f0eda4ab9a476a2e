//! The laboratory: load, plan, run, analyse, report.

pub mod plan;
