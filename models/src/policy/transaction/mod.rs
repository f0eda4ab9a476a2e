//! Transactions over several participants: who may hold which key, and who agreed to what.

mod agreement;
mod exposed;
mod locks;

pub use agreement::{Agreement, Protocol, Stage, Stand};
pub use exposed::Exposed;
pub use locks::{Locks, OnConflict, Request};
