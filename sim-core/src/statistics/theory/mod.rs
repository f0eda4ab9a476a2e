//! Closed forms that a right simulation reproduces.
//!
//! Times are in the unit of the rates given. What has no steady state answers `None`.

pub mod closed; // a fixed number of customers: mean value analysis, machine repair
pub mod erlang; // several channels: Erlang's B and C, M/M/c, M/M/c/K
pub mod fork_join; // the slowest of several
pub mod general_service; // one channel, any service: Pollaczek-Khinchine, M/D/1
pub mod many_choices; // many stations: the supermarket, every n-th customer
pub mod markov; // one channel, M/M/1
pub mod priority; // classes that go first
pub mod reference_model; // which items a store of limited size holds
pub mod stale; // many stations whose loads are known late
pub mod time_to_live; // items held for a time
