//! Broken replicas, transactions and locks of databases.

use super::cases::{Case, edit};

/// A database beside the sound file's pool, and what the pool does with it.
const BESIDE: &str = "\"web\": ServerPool(";

/// Each adds a database to the sound file.
pub(super) const TRANSACTIONS: &[Case] = &[
    edit(
        "followers of nobody",
        &[(BESIDE, "\"db\": Database(replication: Synchronous), \"web\": ServerPool(")],
    ),
    edit(
        "more replicas written than there are",
        &[(
            BESIDE,
            "\"db\": Database(replicas_per_shard: 3, replication: Quorum(write: 4, read: 0)), \"web\": ServerPool(",
        )],
    ),
    edit(
        "replication of another name",
        &[(
            BESIDE,
            "\"db\": Database(replicas_per_shard: 3, replication: Asynchron(lag: Constant(\"1s\"))), \"web\": ServerPool(",
        )],
    ),
    edit(
        "lag of another name",
        &[(
            BESIDE,
            "\"db\": Database(replicas_per_shard: 3, replication: Asynchronous(lags: Constant(\"1s\"))), \"web\": ServerPool(",
        )],
    ),
    edit(
        "own writes of followers that never lag",
        &[(
            BESIDE,
            "\"db\": Database(replicas_per_shard: 3, read_from: FollowersUnlessWrote(\"1s\")), \"web\": ServerPool(",
        )],
    ),
    edit(
        "locks that nothing takes",
        &[(BESIDE, "\"db\": Database(on_lock_conflict: NoWait), \"web\": ServerPool(")],
    ),
    edit(
        "a transaction of no keys that always refuses",
        &[(
            BESIDE,
            "\"db\": Database(), \"web\": ServerPool(handles: { \"*\": [Transaction(database: \"db\", keys: 0, refuse: 2)] }, ",
        )],
    ),
    edit(
        "a transaction at more shards than there are",
        &[(
            BESIDE,
            "\"db\": Database(), \"web\": ServerPool(handles: { \"*\": [Transaction(database: \"db\", keys: 4, shards: 3)] }, ",
        )],
    ),
    edit(
        "a transaction of no database",
        &[(BESIDE, "\"web\": ServerPool(handles: { \"*\": [Transaction(database: \"lb\")] }, ")],
    ),
    edit(
        "a transaction of followers",
        &[(
            BESIDE,
            "\"db\": Database(replicas_per_shard: 2, replication: Synchronous), \"web\": ServerPool(handles: { \"*\": [Transaction(database: \"db\")] }, ",
        )],
    ),
    edit(
        "a protocol of another name",
        &[(
            BESIDE,
            "\"db\": Database(), \"web\": ServerPool(handles: { \"*\": [Transaction(database: \"db\", protocol: ThreePhase)] }, ",
        )],
    ),
    edit(
        "who waits for no time",
        &[(
            BESIDE,
            "\"db\": Database(on_lock_conflict: Wait(\"0s\")), \"web\": ServerPool(handles: { \"*\": [Transaction(database: \"db\")] }, ",
        )],
    ),
];
