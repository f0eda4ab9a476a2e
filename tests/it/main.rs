//! The workspace's tests, one module a subject.

mod bad_input;
mod command_line;
mod commands;
mod desk;
mod determinism;
mod experiments;
mod laws;
mod style;
mod theory;
mod traces;
