//! Databases that are to change in ways they cannot, and shards that are to be found in ways there are none.

use super::cases::{Case, edit};

/// A case of the sound file whose pool is a database with these fields.
macro_rules! database {
    ($name:literal, $fields:literal) => {
        edit(
            $name,
            &[
                ("ServerPool(\n            servers: 2,", concat!("Database(\n            ", $fields, ",")),
                ("service_time: Exponential", "read_time: Exponential"),
            ],
        )
    };
}

/// Each stands in the place of the sound file's pool.
pub(super) const TOPOLOGY: &[Case] = &[
    database!("routing of another name", "routing: Proxy"),
    database!("what nobody learns", "routing: Aware(learns: Slot)"),
    database!("a change to no shards", "shards: 2, reshard: [(at: \"5s\", shards: 0)]"),
    database!("a change to too many shards", "shards: 2, reshard: [(at: \"5s\", shards: 300)]"),
    database!("too many shards to change", "shards: 300, reshard: [(at: \"5s\", shards: 200)]"),
    database!("a change of the past's shards", "shards: 2, reshard: [(at: \"5s\", shard: 3)]"),
    database!("copies without a batch", "shards: 2, reshard: [(shards: 3, batch: 0, streams: 0)]"),
    database!("copies of no speed", "shards: 2, reshard: [(shards: 3, bandwidth: \"0MB\")]"),
    database!("bandwidth in messages", "shards: 2, reshard: [(shards: 3, bandwidth: \"10/s\")]"),
    database!("parts without keys", "shards: 2, reshard: [(shards: 3, keys_per_part: 0)]"),
    database!("cut-over of another name", "shards: 2, reshard: [(shards: 3, cut_over: Blocks)]"),
    database!(
        "fewer shards than ranges",
        "shards: 3, partitioning: Range(boundaries: [5, 9]), reshard: [(shards: 2)]"
    ),
    database!("hot keys without copies", "shards: 2, copied_keys: (copies: 0)"),
    database!("hot keys that are none", "shards: 2, copied_keys: (keys: [])"),
    database!("shards spread in another way", "shards: 2, spread: PerRegion"),
];
