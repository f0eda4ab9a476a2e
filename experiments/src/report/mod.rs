//! The HTML report: one file that needs no network, no script and no other file to be read.
//!
//! Charts stand in it as SVG. A few kilobytes of script add a read-out of values and names that hide their lines;
//! nothing depends on them. It follows the reader's light or dark mode, prints, and can be used by keyboard.

mod data;
mod html;
mod page;

pub use data::{
    Check, Chip, Column, Figure, Link, Notice, Provenance, ReportData, Section, Severity, Side, Table,
};
pub use page::html;
