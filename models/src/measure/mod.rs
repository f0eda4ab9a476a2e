//! Measuring: windows of time, the ledger every station keeps, series in bins, and the figures they make.

mod figures;
mod ledger;
mod series;
mod windows;

pub use figures::{Figures, Station, merged};
pub use ledger::{Ledger, Seen, Totals, Watch, Watched};
pub use series::Recorder;
pub use windows::{Window, Windows};
