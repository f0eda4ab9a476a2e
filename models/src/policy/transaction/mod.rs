//! Transactions over several participants: who may hold which key, and who agreed to what.

mod agreement;
mod locks;

pub use agreement::{Agreement, Protocol, Stage, Stand};
pub use locks::{Locks, OnConflict, Request};
