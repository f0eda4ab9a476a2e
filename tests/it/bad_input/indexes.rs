//! Broken indexes of databases, and queries by them.

use super::cases::{Case, edit};

/// Each puts a database beside the components of the sound file, and most a query into its pool.
pub(super) const INDEXES: &[Case] = &[
    edit(
        "index of another kind",
        &[(
            "    components: {",
            "    components: { \"db\": Database(indexes: { \"by\": Globl(values: 3) }),",
        )],
    ),
    edit(
        "local index of so many values",
        &[(
            "    components: {",
            "    components: { \"db\": Database(indexes: { \"by\": Local(values: 3) }),",
        )],
    ),
    edit(
        "more values than keys",
        &[(
            "    components: {",
            "    components: { \"db\": Database(keys: 10, indexes: { \"by\": Global(values: 11) }),",
        )],
    ),
    edit(
        "a value of half of the keys",
        &[(
            "    components: {",
            "    components: { \"db\": Database(indexes: { \"by\": Global(values: 2) }),",
        )],
    ),
    edit(
        "an index written at another time",
        &[(
            "    components: {",
            "    components: { \"db\": Database(indexes: { \"by\": Global(update: Latter()) }),",
        )],
    ),
    edit(
        "query by an index that does not exist",
        &[
            (
                "servers: 2,",
                "servers: 2, handles: { \"*\": [IndexRead(database: \"db\", index: \"by_nam\")] },",
            ),
            ("    components: {", "    components: { \"db\": Database(indexes: { \"by_name\": Local() }),"),
        ],
    ),
    edit(
        "query by an index where there is none",
        &[
            ("servers: 2,", "servers: 2, handles: { \"*\": [IndexRead(database: \"db\", index: \"by\")] },"),
            ("    components: {", "    components: { \"db\": Database(),"),
        ],
    ),
    edit(
        "query by an index of what is no database",
        &[("servers: 2,", "servers: 2, handles: { \"*\": [IndexRead(database: \"lb\", index: \"by\")] },")],
    ),
    edit(
        "index of a replicated database",
        &[(
            "    components: {",
            "    components: { \"db\": Database(replicas_per_shard: 2, replication: Asynchronous(), indexes: { \"by\": Local() }),",
        )],
    ),
    edit(
        "index of keys that move",
        &[(
            "    components: {",
            "    components: { \"db\": Database(routing: AnyNode, indexes: { \"by\": Local() }),",
        )],
    ),
];
