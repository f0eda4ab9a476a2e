//! The system: policies decide, nodes carry decisions out.
//!
//! Opens no file, reads no clock, starts no thread, prints nothing.

#[macro_use]
mod family;

mod books;
pub mod estimate;
pub mod event;
pub mod measure;
pub mod node;
pub mod observe;
pub mod policy;
pub mod report;
pub mod request;
mod run;
pub mod spec;
mod telling;
pub mod trace;
pub mod units;
pub mod verb;
pub mod wire;
pub mod world;

pub use books::Unbalanced;
pub use run::{Limit, LimitOf, RunError, RunSettings, run, run_traced};
