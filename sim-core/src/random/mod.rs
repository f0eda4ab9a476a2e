//! Chance: named seeded streams, the luck a request is born with, distributions.
//!
//! The only place that makes a generator. A stream is found by its name, never by an order of creation, so
//! that adding a component changes no other component's draws.

mod luck;
mod stream;

pub mod distribution;
pub mod keys;

pub use luck::{Luck, unit, unit_open};
pub use stream::{Stream, Streams, name_hash};
