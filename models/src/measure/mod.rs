//! Measuring: windows of time, the ledger every station keeps, series in bins, and the figures they make.

mod ages;
mod calls;
mod catalog;
mod data_figures;
mod figures;
mod indexes;
mod journeys;
mod ledger;
mod level;
mod pulse;
mod readings;
mod replicas;
mod series;
mod shards;
mod shelves;
mod times;
mod transactions;
mod windowed;
mod windows;

pub use ages::Ages;
pub use calls::{CallBook, CallTotals};
pub use catalog::{Figure, METRICS, Owner};
pub use figures::{Figures, Station};
pub use indexes::{IndexBook, IndexTotals};
pub use journeys::{Cause, Group, Journeys, Means, NOT_FOLLOWED, Visit};
pub use ledger::{Ledger, Seen, Totals, Watch, Watched};
pub use level::{Level, Stretch};
pub use pulse::{Beats, Pulse};
pub use replicas::{ReplicaBook, ReplicaTotals};
pub use series::Recorder;
pub use shards::{ShardBook, ShardSeen, ShardTotals, Stored};
pub use shelves::{Absence, SIZES, ShelfBook, ShelfTotals};
pub use times::Times;
pub use transactions::{Cause as AbortCause, TransactionBook, TransactionTotals};
pub use windows::{Turn, Window, Windows};
