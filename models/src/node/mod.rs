//! Wiring: nodes own policies, turn events into questions and answers into events, and do nothing clever.

pub mod care;
mod choice;
pub mod client;
pub mod dispatch;
pub mod faults;
pub mod gateway;
pub mod guard;
pub mod hosting;
mod line;
pub mod mix;
pub mod network;
pub mod pipeline;
pub mod server;
pub mod service;
pub mod travel;
