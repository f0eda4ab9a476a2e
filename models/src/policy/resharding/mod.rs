//! Resharding: keys move from shard to shard while they are read and written.
//!
//! What moves between two maps is cut into parts, and a part is handed over as a whole: copied in batches, brought up to
//! date, and then the other shard's. At every moment exactly one shard answers for a key; whoever asks another one is
//! told so. Redis Cluster specification (`MOVED`, `ASK`); MongoDB's chunk migration; CockroachDB's replica snapshots.

mod custody;
mod knowledge;
#[cfg(test)]
mod laws;
mod parts;
mod pursuit;
mod rebalancing;
mod routing;
mod spec;
mod transfer;

pub use custody::{Custody, Query, Verdict, Write};
pub use knowledge::Knowledge;
pub use parts::{Part, Parts};
pub use pursuit::Pursuit;
pub use rebalancing::{Extent, Loads, RebalanceSpec, Rebalanced};
pub use routing::{Learns, Routing};
pub use spec::{CutOver, MOST_SHARDS, ReshardSpec};
pub use transfer::{Batch, Command, Transfers};
