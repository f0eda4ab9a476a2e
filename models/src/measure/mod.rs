//! Measuring: windows of time, the ledger every station keeps, series in bins, and the figures they make.

mod figures;
mod ledger;
mod series;
mod windows;

pub use figures::Figures;
pub use ledger::{Ledger, Totals};
pub use series::Recorder;
pub use windows::{Window, Windows};
