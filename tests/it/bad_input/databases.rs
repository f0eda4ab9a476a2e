//! Broken databases, and queries of them.

use super::cases::{Case, edit};

/// Each puts a component beside those of the sound file, or a query into its pool.
pub(super) const DATABASES: &[Case] = &[
    edit("no shards", &[("    components: {", "    components: { \"db\": Database(shards: 0),")]),
    edit(
        "shards without number",
        &[("    components: {", "    components: { \"db\": Database(shards: -4),")],
    ),
    edit(
        "field of another database",
        &[("    components: {", "    components: { \"db\": Database(shards: 2, replicas: 3),")],
    ),
    edit(
        "no copy of a shard",
        &[("    components: {", "    components: { \"db\": Database(replicas_per_shard: 0),")],
    ),
    edit(
        "unknown partitioning",
        &[("    components: {", "    components: { \"db\": Database(partitioning: ConsistentHash()),")],
    ),
    edit(
        "more ranges than shards",
        &[(
            "    components: {",
            "    components: { \"db\": Database(shards: 2, partitioning: Range(boundaries: [5, 9])),",
        )],
    ),
    edit(
        "ranges that go back",
        &[(
            "    components: {",
            "    components: { \"db\": Database(shards: 3, partitioning: Range(boundaries: [9, 5])),",
        )],
    ),
    edit(
        "ring without points",
        &[(
            "    components: {",
            "    components: { \"db\": Database(shards: 2, partitioning: ConsistentHashing(virtual_nodes: 0)),",
        )],
    ),
    edit(
        "shard of no weight",
        &[(
            "    components: {",
            "    components: { \"db\": Database(shards: 2, partitioning: RendezvousHashing(weights: [1, 0])),",
        )],
    ),
    edit(
        "unknown replicas",
        &[("    components: {", "    components: { \"db\": Database(read_from: Follower),")],
    ),
    edit("keys of none", &[("    components: {", "    components: { \"db\": Database(keys: 0),")]),
    edit(
        "what a replica that is not there has",
        &[(
            "    components: {",
            "    components: { \"db\": Database(shards: 2, overrides: { 7: (speed: 2) }),",
        )],
    ),
    edit(
        "query of what is no database",
        &[("servers: 2,", "servers: 2, handles: { \"*\": [Scatter(database: \"lb\")] },")],
    ),
    edit(
        "query of nothing",
        &[("servers: 2,", "servers: 2, handles: { \"*\": [MultiGet(database: \"db\", keys: 3)] },")],
    ),
    edit(
        "query of no key",
        &[
            ("servers: 2,", "servers: 2, handles: { \"*\": [MultiGet(database: \"db\", keys: 0)] },"),
            ("    components: {", "    components: { \"db\": Database(),"),
        ],
    ),
    edit(
        "range of nothing",
        &[
            ("servers: 2,", "servers: 2, handles: { \"*\": [RangeRead(database: \"db\", span: 0)] },"),
            ("    components: {", "    components: { \"db\": Database(),"),
        ],
    ),
    edit(
        "answers of none",
        &[
            ("servers: 2,", "servers: 2, handles: { \"*\": [Scatter(database: \"db\", join: Quorum(0))] },"),
            ("    components: {", "    components: { \"db\": Database(),"),
        ],
    ),
    edit(
        "shards hidden from a caller",
        &[
            (
                "servers: 2,",
                "servers: 2, handles: { \"*\": [Call(\"db\")] }, calls: { \"db\": (subset: Random(size: 1)) },",
            ),
            ("    components: {", "    components: { \"db\": Database(shards: 2),"),
        ],
    ),
];
