//! The system: policies decide, nodes carry decisions out.
//!
//! Opens no file, reads no clock, starts no thread, prints nothing.

#[macro_use]
mod family;

pub mod policy;
pub mod report;
pub mod spec;
pub mod units;
