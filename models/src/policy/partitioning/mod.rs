//! Partitioning: which shard holds a key, and what moves when there are more or fewer shards.
//!
//! A partitioner is a plain map from keys to the shards 0, 1, 2 … It never changes: resizing answers with another
//! one and a [`Plan`] of what moves between the two, so that those who still go by the old map can be played too.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::hashing::{murmur2, xx_hash};

mod composite;
mod consistent_hashing;
mod copied_keys;
mod directory;
mod hash_modulo;
mod hash_slots;
mod jump_hashing;
mod key_sizes;
#[cfg(test)]
mod laws;
mod range;
mod rendezvous_hashing;
pub mod splitting;
mod table;
#[cfg(test)]
mod theory;

pub use composite::FirstLevel;
pub use copied_keys::{CopiedKeys, CopiedKeysSpec, KeyCopy};
pub use directory::Entry;
pub use hash_slots::{SLOTS, crc16, slot_of};
pub use key_sizes::KeySizes;
pub use table::Table;

/// Says which shard holds a key.
pub trait Partition: std::fmt::Debug {
    /// The shard that holds `key`, below [`shards`](Self::shards).
    fn shard_of(&self, key: u64) -> u32;

    /// How many shards there are, at least 1.
    fn shards(&self) -> u32;

    /// The shards that may hold a key from `low` to `high`, both included, in ascending order. All of them, where
    /// neighbouring keys do not stay together.
    fn shards_of_range(&self, _low: u64, _high: u64) -> Vec<u32> {
        (0..self.shards()).collect()
    }

    /// The map for so many shards, at least 1, and what moves. New shards come behind the others, and the last go
    /// first.
    fn resized(&self, shards: u32) -> (Partitioner, Plan);
}

family! {
    /// Which shard holds a key.
    pub trait Partition, spec PartitionerSpec, state Partitioner, build(shards: u32);
    /// Ordered keys cut into ranges: neighbours stay together, and so do hot neighbours.
    Range = range;
    /// The hash modulo the number of shards: even, and a change of it moves almost every key.
    HashModulo = hash_modulo;
    /// The next point on a ring on which every shard has several (Cassandra, Dynamo).
    ConsistentHashing = consistent_hashing;
    /// The bucket by jumps, without a table; only the last can be taken away.
    JumpHashing = jump_hashing;
    /// The highest bid for the key, by weight.
    RendezvousHashing = rendezvous_hashing;
    /// 16384 slots by CRC16, and a table of who holds which (Redis Cluster).
    HashSlots = hash_slots;
    /// A table that says where each key or range is, and one shard for all the rest.
    Directory = directory;
    /// Two levels: a region, tenant or prefix first, then any other rule among its shards.
    Composite = composite;
}

impl Default for PartitionerSpec {
    /// The ring: what Dynamo and Cassandra do.
    fn default() -> Self {
        Self::ConsistentHashing(consistent_hashing::Spec::default())
    }
}

impl PartitionerSpec {
    /// How many shards its values speak of: with fewer, some of them would mean nothing.
    pub fn least_shards(&self) -> u32 {
        match self {
            Self::Range(spec) => spec.least_shards(),
            Self::Directory(spec) => spec.least_shards(),
            Self::HashModulo(_)
            | Self::ConsistentHashing(_)
            | Self::JumpHashing(_)
            | Self::RendezvousHashing(_)
            | Self::HashSlots(_)
            | Self::Composite(_) => 1,
        }
    }

    /// How many shards it gives weights to: those beyond all that ever are would mean nothing.
    pub fn weighed_shards(&self) -> u32 {
        match self {
            Self::ConsistentHashing(spec) => spec.weights.len() as u32,
            Self::RendezvousHashing(spec) => spec.weights.len() as u32,
            Self::Range(_)
            | Self::HashModulo(_)
            | Self::JumpHashing(_)
            | Self::HashSlots(_)
            | Self::Directory(_)
            | Self::Composite(_) => 0,
        }
    }
}

impl Partition for Partitioner {
    #[inline]
    fn shard_of(&self, key: u64) -> u32 {
        on_each!(self, it => it.shard_of(key))
    }

    #[inline]
    fn shards(&self) -> u32 {
        on_each!(self, it => it.shards())
    }

    fn shards_of_range(&self, low: u64, high: u64) -> Vec<u32> {
        on_each!(self, it => it.shards_of_range(low, high))
    }

    fn resized(&self, shards: u32) -> (Partitioner, Plan) {
        on_each!(self, it => it.resized(shards))
    }
}

/// What moves between two maps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// One move for each part of the keys, or one for each pair of shards where keys have no order.
    pub moves: Vec<Move>,
}

/// What one shard gives another.
#[derive(Clone, Debug, PartialEq)]
pub struct Move {
    /// Who holds it.
    pub from: u32,
    /// Who is to hold it.
    pub to: u32,
    /// Its share of all possible keys.
    pub share: f64,
    /// Which keys they are.
    pub part: Part,
}

/// Which keys move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Those that the two maps place so: hashes have scattered them.
    Scattered,
    /// The keys, or the hashes or slots of keys, from the first to the last.
    Span {
        /// The first.
        first: u64,
        /// The last.
        last: u64,
    },
}

impl Plan {
    /// The share of all possible keys that moves.
    pub fn moved(&self) -> f64 {
        self.moves.iter().map(|step| step.share).sum()
    }

    /// What every pair of shards of two maps exchanges whose keys are shared out by chance, in proportion to
    /// weight, and move only to who is new or from who is gone.
    ///
    /// The race of weighted bids has no memory: who wins among all is independent of who wins among the others.
    fn by_chance(old: &[f64], new: &[f64]) -> Self {
        let (few, many) = if old.len() < new.len() { (old, new) } else { (new, old) };
        let (sum_few, sum_many): (f64, f64) = (few.iter().sum(), many.iter().sum());
        let mut moves = Vec::new();
        for (stays, kept) in few.iter().enumerate() {
            for (other, weight) in many.iter().enumerate().skip(few.len()) {
                let share = kept / sum_few * weight / sum_many;
                let (stays, other) = (stays as u32, other as u32);
                let (from, to) = if old.len() < new.len() { (stays, other) } else { (other, stays) };
                moves.push(Move { from, to, share, part: Part::Scattered });
            }
        }
        Self { moves }
    }
}

/// What is done to a key before it is placed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum KeyHash {
    /// xxHash64 of its eight bytes.
    #[default]
    XxHash64,
    /// Kafka's murmur2 of its eight bytes, without the sign.
    Murmur2,
    /// Nothing: the key itself, whose order then shows.
    Plain,
}

impl KeyHash {
    /// What stands for the key.
    #[inline]
    fn of(self, key: u64) -> u64 {
        match self {
            Self::XxHash64 => xx_hash(&key.to_le_bytes()),
            Self::Murmur2 => u64::from((murmur2(&key.to_be_bytes()) & i32::MAX).cast_unsigned()),
            Self::Plain => key,
        }
    }
}

/// The key under which the `copy`-th copy of a hot key, or the `copy`-th part of it, is placed; the 0th is the key
/// itself. Writes go to all copies or to any part, reads to any copy or to all parts.
pub fn suffixed(key: u64, copy: u32) -> u64 {
    if copy == 0 { key } else { xx_hash(&[key.to_le_bytes(), u64::from(copy).to_le_bytes()].concat()) }
}

/// Requires weights that are at least 1.
fn check_weights(weights: &[u32], check: &mut sim_core::check::Check) {
    for (shard, weight) in weights.iter().enumerate() {
        check.at("weights", |check| {
            check.require(*weight >= 1, &shard.to_string(), || "a weight must be at least 1, got 0".into());
        });
    }
}

/// The weight of each of so many shards: as given, else 1.
fn weights_of(weights: &[u32], shards: u32) -> Vec<u32> {
    (0..shards as usize).map(|shard| weights.get(shard).map_or(1, |weight| (*weight).max(1))).collect()
}
