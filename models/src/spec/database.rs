//! Databases: shards, copies of them, and which key is where.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::distribution::DistributionSpec, time::SimDuration};

use super::{
    Ids, IndexSpec, PoolSpec, ReplicationSpec,
    call::require_timeout,
    overrides::{Overrides, WarmUpSpec},
};
use crate::{
    policy::{
        discipline::QueueSpec,
        hot_keys::HotKeysSpec,
        partitioning::{CopiedKeysSpec, PartitionerSpec, splitting},
        resharding::{MOST_SHARDS, RebalanceSpec, ReshardSpec, Routing},
        transaction::OnConflict,
    },
    units::Bytes,
};

/// Servers that hold a part of the keys each.
///
/// Whoever calls it goes to the shard that holds its request's key; requests whose kind `writes` go to that shard's
/// leader, others where `read_from` says. Servers are numbered shard by shard, leaders first: of three replicas `db[6]`
/// leads the third shard and `db[7]` follows it. In several regions each has all shards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseSpec {
    /// Shards at the beginning, 1 to 4096. Default 1.
    pub shards: u32,
    /// Copies of each shard, its leader included, 1 to 15. Default 1.
    pub replicas_per_shard: u32,
    /// Which shard holds a key. Default `ConsistentHashing`.
    pub partitioning: PartitionerSpec,
    /// Requests a replica works on at once. Default 1.
    pub connections_per_replica: u32,
    /// Computing that a read needs, at speed 1. Default: none.
    pub read_time: DistributionSpec,
    /// Computing that a write needs at the leader, at speed 1. Default: as `read_time`.
    pub write_time: Option<DistributionSpec>,
    /// Each replica's line. Default: first in, first out, without limit.
    pub queue: QueueSpec,
    /// Which replicas answer reads. Default `Leader`.
    pub read_from: ReadFrom,
    /// How followers come to have what leaders write. Default: they have it at once, for nothing.
    pub replication: Option<ReplicationSpec>,
    /// How keys are found by other fields, by name; `IndexRead` reads by one. Default: not.
    pub indexes: BTreeMap<String, IndexSpec>,
    /// What becomes of a write or a transaction that needs a key which another one holds. Default: it waits for at most
    /// 50 s, as MySQL's `innodb_lock_wait_timeout`. Keys are held where services write them in transactions.
    pub on_lock_conflict: Option<OnConflict>,
    /// Keys it stores, counted from 0, 1 to 10^12: `key_imbalance` tells how evenly shards share them. Default 100000.
    pub keys: u64,
    /// Bytes that a key and what is stored under it take, by key, at most 1 TiB: `byte_imbalance` tells how evenly shards share
    /// them, and keys that move take theirs along. Ranges are cut by size as if all keys had the mean. Default 1KB each
    /// (YCSB's ten fields of 100 bytes).
    pub bytes_per_key: DistributionSpec<Bytes>,
    /// How callers find the shard of a key while it may move. Default `Informed`.
    pub routing: Routing,
    /// Computing that it takes a server to see that it does not hold a key, and to say so or pass it on, at speed 1. Default
    /// 10us, what a Redis server takes for a command (100000 a second, Redis's benchmarks).
    pub look_time: SimDuration,
    /// Changes of the number of shards. Servers of shards that come later are there from the beginning and hold nothing.
    /// Default: none.
    pub reshard: Vec<ReshardSpec>,
    /// How ranges are split, joined and moved by what is asked of them, where keys are divided by `Range`; how the entries of a
    /// `Directory` are moved. Default: not.
    pub rebalance: Option<RebalanceSpec>,
    /// Keys that are stored several times, each copy on another shard: reads go to any, writes to one after the other. Default:
    /// none.
    pub copied_keys: Option<CopiedKeysSpec>,
    /// Keys that are read most are found and copied to other shards: then reads go to any copy, writes to one after the other. It
    /// takes a read where the key is, and a write at each other shard; what is written meanwhile goes to all. A key that is
    /// read less in a window has no copies from then on. What is counted is reads of a single key that were answered, and
    /// callers know at once which are hot. Default: not.
    pub hot_keys: Option<HotKeysSpec>,
    /// What single replicas have differently, by number from 0.
    pub overrides: BTreeMap<u32, Overrides>,
    /// A replica that starts is slow at first. Default: not.
    pub warm_up: Option<WarmUpSpec>,
    /// How long callers of this component wait for a reply, unless they say otherwise.
    pub timeout: Option<SimDuration>,
    /// Where it stands: regions, or `region/zone`. Default: all of them, servers spread evenly.
    pub placed_in: Ids,
    /// What of it stands in each of several regions. Default `EveryRegion`.
    pub spread: Spread,
}

/// What of a database stands in each of several regions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Spread {
    /// All shards stand in each, and callers ask those of their own.
    #[default]
    EveryRegion,
    /// Each shard stands in one region, in turn: of two regions the first has the even ones. So does `Composite`: with as many
    /// groups as regions each region has a group (CockroachDB's `REGIONAL BY ROW`).
    InTurn,
}

/// Which replicas of a shard answer reads. The caller's `balancer` picks among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ReadFrom {
    /// Its leader, which knows every write (MongoDB's read preference `primary`, the default there).
    #[default]
    Leader,
    /// Those that follow it (`secondary`); the leader where it stands alone.
    Followers,
    /// All of them (`nearest`).
    AnyReplica,
    /// Those that follow it, but for a client whose last write was acknowledged less than so long ago: that one reads
    /// from the leader, to see what it wrote (Kleppmann, *Designing Data-Intensive Applications*, 2017, chapter 5). A
    /// client is a user of a closed loop, a connection, else an address.
    FollowersUnlessWrote(SimDuration),
}

impl Default for DatabaseSpec {
    fn default() -> Self {
        Self {
            shards: 1,
            replicas_per_shard: 1,
            partitioning: PartitionerSpec::default(),
            connections_per_replica: 1,
            read_time: DistributionSpec::constant(SimDuration::ZERO),
            write_time: None,
            queue: QueueSpec::default(),
            read_from: ReadFrom::default(),
            replication: None,
            indexes: BTreeMap::new(),
            on_lock_conflict: None,
            keys: 100_000,
            bytes_per_key: DistributionSpec::constant(Bytes(1000)),
            routing: Routing::default(),
            look_time: SimDuration::from_micros(10),
            reshard: Vec::new(),
            rebalance: None,
            copied_keys: None,
            hot_keys: None,
            overrides: BTreeMap::new(),
            warm_up: None,
            timeout: None,
            placed_in: Ids::default(),
            spread: Spread::default(),
        }
    }
}

/// A database as a file says it, and as the pool of servers that it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "DatabaseSpec", into = "DatabaseSpec")]
#[schemars(with = "DatabaseSpec")]
pub struct DatabasePool {
    /// What the file says.
    pub spec: DatabaseSpec,
    /// Its servers.
    pub pool: PoolSpec,
}

impl From<DatabasePool> for DatabaseSpec {
    fn from(database: DatabasePool) -> Self {
        database.spec
    }
}

impl From<DatabaseSpec> for DatabasePool {
    fn from(spec: DatabaseSpec) -> Self {
        let pool = PoolSpec {
            servers: spec.most_shards().saturating_mul(spec.replicas_per_shard),
            workers_per_server: spec.connections_per_replica,
            service_time: spec.read_time.clone(),
            queue: spec.queue.clone(),
            overrides: spec.overrides.clone(),
            warm_up: spec.warm_up.clone(),
            timeout: spec.timeout,
            placed_in: spec.placed_in.clone(),
            divides: Some(Box::new(spec.clone())),
            ..PoolSpec::default()
        };
        Self { spec, pool }
    }
}

impl DatabaseSpec {
    /// Whether leaders pass writes on after they were answered.
    pub fn passes_on_later(&self) -> bool {
        let replicated = self.replication.as_ref();
        replicated.is_some_and(|own| own.awaited(self.replicas_per_shard) == 0) || self.indexes_later()
    }

    /// Whether its servers tell one another what was written.
    pub fn calls_itself(&self) -> bool {
        self.replication.is_some() || self.has_global_index()
    }

    /// The shard of one of its servers.
    pub fn shard_of(&self, server: u16) -> usize {
        // The servers of several regions follow one another.
        (u32::from(server) % (self.most_shards() * self.replicas_per_shard) / self.replicas_per_shard)
            as usize
    }

    /// How many shards there are when there are most.
    pub fn most_shards(&self) -> u32 {
        self.reshard.iter().map(|change| change.shards).fold(self.shards, u32::max)
    }

    /// Whether keys go from shard to shard.
    pub fn moves(&self) -> bool {
        !self.reshard.is_empty() || self.rebalance.is_some()
    }

    /// Whether ranges are split, joined and moved by load.
    pub fn cuts_ranges(&self) -> bool {
        self.rebalance.is_some() && matches!(self.partitioning, PartitionerSpec::Range(_))
    }

    /// Whether entries of a directory are moved by load.
    fn moves_entries(&self) -> bool {
        self.rebalance.is_some() && matches!(self.partitioning, PartitionerSpec::Directory(_))
    }

    /// Whether a server may be asked for a key that it does not hold.
    pub fn redirects(&self) -> bool {
        self.routing != Routing::Informed
            || self.moves()
            || self.copied_keys.is_some()
            || self.hot_keys.is_some()
    }

    /// Reports what is wrong with it.
    pub(super) fn check(&self, check: &mut Check) {
        check.require((1..=4096).contains(&self.shards), "shards", || {
            format!("shards must be 1 to 4096, got {}", self.shards)
        });
        check.require((1..=15).contains(&self.replicas_per_shard), "replicas_per_shard", || {
            format!("replicas_per_shard must be 1 to 15, got {}", self.replicas_per_shard)
        });
        check.at("partitioning", |check| {
            self.partitioning.check(check);
            let least = self.partitioning.least_shards();
            check.require(self.shards >= least, "", || {
                format!("this speaks of {least} shards, and there are {}", self.shards)
            });
            let (weighed, most) = (self.partitioning.weighed_shards(), self.most_shards());
            check.require(weighed <= most, "weights", || {
                format!("these are the weights of {weighed} shards, and there are never more than {most}")
            });
        });
        check.require(self.connections_per_replica >= 1, "connections_per_replica", || {
            "connections_per_replica must be at least 1, got 0".into()
        });
        check.at("read_time", |check| self.read_time.check(check));
        if let Some(time) = &self.write_time {
            check.at("write_time", |check| time.check(check));
        }
        check.at("queue", |check| self.queue.check(check));
        if let Some(replication) = &self.replication {
            check.at("replication", |check| replication.check(self.replicas_per_shard, check));
        }
        if let Some(OnConflict::Wait(length)) = self.on_lock_conflict {
            check.require(!length.is_zero(), "on_lock_conflict", || {
                "who waits for no time does not wait: say NoWait".into()
            });
        }
        let knows =
            self.replication.is_some() || !matches!(self.read_from, ReadFrom::FollowersUnlessWrote(_));
        check.require(knows, "read_from", || {
            "FollowersUnlessWrote needs followers that may lag: say replication".into()
        });
        check.require((1..=1_000_000_000_000).contains(&self.keys), "keys", || {
            format!("keys must be 1 to 10^12, got {}", self.keys)
        });
        check.at("bytes_per_key", |check| self.bytes_per_key.check(check));
        self.check_changes(check);
        self.check_indexes(check);
        let servers = self.most_shards().saturating_mul(self.replicas_per_shard);
        for (server, own) in &self.overrides {
            let pool = PoolSpec { servers, ..PoolSpec::default() };
            check.at("overrides", |check| check.at(server, |check| own.check(check, *server, &pool)));
        }
        if let Some(warm_up) = &self.warm_up {
            check.at("warm_up", |check| {
                check.positive("initial_speed", warm_up.initial_speed);
                check.fraction("initial_speed", warm_up.initial_speed);
            });
        }
        require_timeout(check, self.timeout);
    }

    fn check_changes(&self, check: &mut Check) {
        check.require(!self.moves() || self.shards <= MOST_SHARDS, "shards", || {
            format!("a Database that is resharded has at most {MOST_SHARDS} shards, got {}", self.shards)
        });
        if let Some(rebalance) = &self.rebalance {
            check.at("rebalance", |check| rebalance.check(check));
            check.require(self.cuts_ranges() || self.moves_entries(), "rebalance", || {
                "only ranges and entries of a directory are rebalanced: say partitioning: Range(…) or Directory(…)".into()
            });
            let splits = self.cuts_ranges() || rebalance.split == splitting::Spec::default();
            check.require(splits, "rebalance", || {
                "entries of a Directory are moved as they are: leave split out".into()
            });
        }
        if let Some(copied_keys) = &self.copied_keys {
            check.at("copied_keys", |check| copied_keys.check(check));
        }
        if let Some(hot_keys) = &self.hot_keys {
            check.at("hot_keys", |check| hot_keys.check(check));
            check.require(self.shards > 1, "hot_keys", || {
                "a hot key is copied to other shards: set shards above 1".into()
            });
            check.require(self.copied_keys.is_none(), "copied_keys", || {
                "keys with copies are named or found, not both: leave out copied_keys or hot_keys".into()
            });
        }
        for (number, change) in self.reshard.iter().enumerate() {
            check.at("reshard", |check| {
                check.at(number, |check| {
                    change.check(check);
                    let least = self.partitioning.least_shards();
                    check.require(change.shards >= least, "shards", || {
                        format!(
                            "the partitioning speaks of {least} shards, and there are to be {}",
                            change.shards
                        )
                    });
                });
            });
        }
    }
}
