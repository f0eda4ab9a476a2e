//! How callers find the shard of a key while the map of them changes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How callers find the shard that holds a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Routing {
    /// All callers know at every moment who holds what: the map is spread to them in no time.
    #[default]
    Informed,
    /// Every client process, and every server that calls, has a map of its own, which is right until keys move. A shard
    /// that is asked for what it no longer holds says who does, at the price of a look and a round trip; the caller learns
    /// from that; of a query of several keys only what has gone is asked for elsewhere, and the caller fetches the whole table.
    /// A `LoadBalancer` in front of the database is one such caller for all others (MongoDB's `mongos`).
    Aware {
        /// What a caller learns. Default `Table`.
        #[serde(default)]
        learns: Learns,
    },
    /// Callers know nothing: they ask any shard, which passes the request on unless it holds the key, and the answer
    /// back (Cassandra's coordinator). It keeps no worker busy meanwhile.
    AnyNode,
}

/// What a caller learns from a shard that no longer holds a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Learns {
    /// All that has moved by then: it fetches the whole table, which the Redis Cluster specification calls "often the best
    /// strategy", since several slots are likely to have moved; `mongos` does so too.
    #[default]
    Table,
    /// Where this part is now: the least that specification asks for.
    Part,
}
