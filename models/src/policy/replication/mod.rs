//! Replication: which copy of a key is how new, and who has a right to see which.

mod copies;
mod sessions;

pub use copies::Copies;
pub use sessions::{Session, Sessions};

/// Which change made a key what it is; 0 is how it was at the start.
pub type Version = u32;
