//! A change of the number of shards, as a file says it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, time::SimDuration};

use crate::units::Bytes;

/// The most shards of a database that changes their number: every pair of them may exchange keys.
pub const MOST_SHARDS: u32 = 256;

/// A change of the number of shards. New ones come behind the others, the last go first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReshardSpec {
    /// When it begins; one that is still under way is finished first.
    pub at: SimDuration,
    /// How many shards there are to be, 1 to 256.
    pub shards: u32,
    /// Bytes copied a second at most. Default 32 MiB (CockroachDB's `kv.snapshot_rebalance.max_rate`). `None`: as fast as
    /// the shards can.
    pub bandwidth: Option<Bytes>,
    /// Keys copied at once, at least 1. Default 10 (`redis-cli --cluster-pipeline`).
    pub batch: u32,
    /// Computing that a key takes at the leader that gives it, and again at the one that gets it, at speed 1. Default 10us,
    /// what a Redis server takes for a command (100000 a second, Redis's benchmarks).
    pub copy_time: SimDuration,
    /// Parts that are copied at the same time, 1 to 256. Default 1 (`redis-cli --cluster reshard` moves slot by slot).
    pub streams: u32,
    /// Keys that are handed over together at most, at least 1. Default 1000.
    pub keys_per_part: u64,
    /// How a part that is copied becomes the other shard's. Default `Block(pause: "10ms")`.
    pub cut_over: CutOver,
}

/// What becomes of writes while a part moves, and when it is the other shard's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum CutOver {
    /// Writes made meanwhile are copied after the rest; once hardly any are left new ones wait until all is there
    /// (MongoDB's critical section).
    Block {
        /// How long at least. Default 10ms.
        #[serde(default = "ten_milliseconds")]
        pause: SimDuration,
    },
    /// Writes of the part go to both shards from the beginning, one after the other; nobody waits at the end.
    DualWrites,
    /// A key is the other shard's as soon as it is copied, and waits while it is. Whoever asks for one that has gone is
    /// sent after it for this once (Redis Cluster's `ASK`), until the whole part has.
    KeyByKey,
}

const fn ten_milliseconds() -> SimDuration {
    SimDuration::from_millis(10)
}

impl Default for CutOver {
    fn default() -> Self {
        Self::Block { pause: ten_milliseconds() }
    }
}

impl Default for ReshardSpec {
    fn default() -> Self {
        Self {
            at: SimDuration::ZERO,
            shards: 1,
            bandwidth: Some(Bytes(32 << 20)),
            batch: 10,
            copy_time: SimDuration::from_micros(10),
            streams: 1,
            keys_per_part: 1000,
            cut_over: CutOver::default(),
        }
    }
}

impl ReshardSpec {
    /// Reports what is wrong with the values.
    pub fn check(&self, check: &mut Check) {
        check.require((1..=MOST_SHARDS).contains(&self.shards), "shards", || {
            format!("shards must be 1 to {MOST_SHARDS}, got {}", self.shards)
        });
        check.require(self.bandwidth != Some(Bytes(0)), "bandwidth", || {
            "bandwidth must be above 0; leave it out, or write None".into()
        });
        check.require(self.batch >= 1, "batch", || "batch must be at least 1, got 0".into());
        check.require((1..=256).contains(&self.streams), "streams", || {
            format!("streams must be 1 to 256, got {}", self.streams)
        });
        check.require(self.keys_per_part >= 1, "keys_per_part", || {
            "keys_per_part must be at least 1, got 0".into()
        });
    }
}
