//! Databases that place keys in ways that contradict each other or mean nothing.

use super::cases::{Case, edit};

/// Each puts a component beside those of the sound file.
pub(super) const PLACEMENT: &[Case] = &[
    edit(
        "hot keys of one shard",
        &[("    components: {", "    components: { \"db\": Database(hot_keys: ()),")],
    ),
    edit(
        "hot keys found and named",
        &[(
            "    components: {",
            "    components: { \"db\": Database(shards: 4, hot_keys: (), copied_keys: (keys: [3])),",
        )],
    ),
    edit(
        "hot keys of another field",
        &[("    components: {", "    components: { \"db\": Database(shards: 4, hot_keys: (shares: 0.1)),")],
    ),
    edit(
        "hot keys in percent",
        &[("    components: {", "    components: { \"db\": Database(shards: 4, hot_keys: (share: 10)),")],
    ),
    edit(
        "hot keys with followers that lag",
        &[(
            "    components: {",
            "    components: { \"db\": Database(shards: 4, hot_keys: (), replicas_per_shard: 3, replication: Asynchronous()),",
        )],
    ),
    edit(
        "keys of a size without distribution",
        &[("    components: {", "    components: { \"db\": Database(bytes_per_key: \"2KB\"),")],
    ),
    edit(
        "keys of a time for a size",
        &[("    components: {", "    components: { \"db\": Database(bytes_per_key: Constant(\"2ms\")),")],
    ),
    edit(
        "weights of shards that never are",
        &[(
            "    components: {",
            "    components: { \"db\": Database(shards: 2, partitioning: RendezvousHashing(weights: [1, 2, 1])),",
        )],
    ),
    edit(
        "rebalancing of hashes",
        &[(
            "    components: {",
            "    components: { \"db\": Database(shards: 2, partitioning: HashModulo, rebalance: ()),",
        )],
    ),
    edit(
        "entries of a directory that are to be split",
        &[(
            "    components: {",
            "    components: { \"db\": Database(shards: 2, partitioning: Directory(), rebalance: (split: (busiest: \"9/s\"))),",
        )],
    ),
];
