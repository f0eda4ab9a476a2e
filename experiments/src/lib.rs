//! The laboratory: load, plan, run, analyse, report.

pub mod charts;
pub mod claim;
pub mod codes;
pub mod diagnostic;
pub mod document;
pub mod experiment;
pub mod filter;
pub mod load;
pub mod metric;
pub mod plan;
pub mod quantity;
pub mod report;
