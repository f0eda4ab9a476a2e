//! Caches: what they hold, for how long, and what they do when they do not have it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::distribution::DistributionSpec, time::SimDuration};

use super::{
    Ids, PoolSpec, Step,
    call::{CallSpec, require_timeout},
    overrides::{Overrides, WarmUpSpec},
    tier::{Inclusion, OnRestart, Storage},
};
use crate::{
    policy::{
        balancing::BalancerSpec,
        eviction::{Capacity, EvictionSpec},
        execution::{ConcurrencySpec, event_loop},
        freshness::FreshnessSpec,
        hot_keys::HotKeysSpec,
        sweep::SweepSpec,
    },
    units::Bytes,
};

/// Servers that keep answers.
///
/// A cache that is called reads through: what it does not hold it fetches from its `source`, and writes go as `on_write`
/// says. A service that looks into it with `CachedRead` and `CachedWrite` fetches and writes itself (cache-aside).
/// With several servers each key stands at one of them; who calls finds it by consistent hashing unless it says otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CacheSpec {
    /// The component whose answers it keeps; staleness is measured by the writes that reach it.
    pub source: String,
    /// What it has to do with what its source holds, if that is a cache. Default `NonInclusive`.
    pub inclusion: Inclusion,
    /// The service in whose servers it lives (a near cache, or level 1): each server has a cache of its own, which only it
    /// looks into, and which goes down with it. The way there takes no time; what `hit_time` says is not taken from the
    /// service's workers. Default: it has servers of its own.
    pub inside: Option<String>,
    /// Servers, 1 to 65535. Default 1.
    pub servers: u32,
    /// Cores of a server, or accesses of a disk at once. Who waits for the source holds none. Default 1 (Redis).
    pub workers_per_server: u32,
    /// Computing that each access needs, at speed 1. Default: none.
    pub hit_time: DistributionSpec,
    /// What it keeps its objects in. Default `Memory`.
    pub storage: Storage,
    /// Who goes when it is full. Default `Lru`.
    pub policy: EvictionSpec,
    /// What each server holds at most. Default 1000 objects.
    pub capacity: CacheCapacity,
    /// Whether it also counts what an LRU of an eighth up to eight times its size would hit, if nothing expired or were
    /// dropped: in one pass, by how many other keys were asked for between two uses of each (Mattson et al. 1970). That takes
    /// memory for every key that is ever asked for. Default false.
    pub size_curve: bool,
    /// How large objects are, by key. Default 1 KiB.
    pub object_size: DistributionSpec<Bytes>,
    /// How long objects are taken to be true. Default: for ever.
    pub freshness: FreshnessSpec,
    /// It looks for objects whose lifetime is over. Default: they stay until they are asked for or have to go.
    pub sweep: Option<SweepSpec>,
    /// What becomes of one who finds an object missing that is being fetched. Default `Fetch`.
    pub on_concurrent_miss: OnConcurrentMiss,
    /// Which puts of services that look into it and fetch by themselves it takes. Default `Always`.
    pub on_put: OnPut,
    /// What it does with writes. Default `WriteThrough`.
    pub on_write: OnWrite,
    /// Its source tells it what has changed. Default: it does not.
    pub invalidation: Option<InvalidationSpec>,
    /// The part of the source's work that it costs to be told that an object that expired is still true (HTTP 304).
    /// Default: the source sends it anew whether it changed or not.
    pub revalidation: Option<f64>,
    /// How many of the lowest keys each server holds at the start, which under `Zipf` are the most popular. Default 0: cold.
    pub warm: u64,
    /// What a server that comes back after a crash begins with. Default `Cold`.
    pub on_restart: OnRestart,
    /// Keys that are asked for most are held by several servers. Default: each key stands at one.
    pub hot_keys: Option<HotKeysSpec>,
    /// What single servers have differently, by number from 0.
    pub overrides: BTreeMap<u32, Overrides>,
    /// A server that starts is slow at first. Default: not.
    pub warm_up: Option<WarmUpSpec>,
    /// How long callers of this component wait for a reply, unless they say otherwise.
    pub timeout: Option<SimDuration>,
    /// How it calls its source, by the source's id.
    pub calls: BTreeMap<String, CallSpec>,
    /// Where it stands: regions, or `region/zone`. Default: all of them, servers spread evenly.
    pub placed_in: Ids,
}

/// What a server of a cache holds at most: a number of objects, or a size such as `"64MB"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "a capacity is a whole number of objects such as 50000, or a size such as \"64MB\""
)]
pub enum CacheCapacity {
    /// So many objects.
    Objects(u64),
    /// So many bytes.
    Size(Bytes),
}

/// What becomes of one who finds an object missing that is being fetched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum OnConcurrentMiss {
    /// It fetches as well: a stampede.
    #[default]
    Fetch,
    /// It waits for what the first brings (single flight), but no longer than the first has a right to fetch alone.
    Coalesce {
        /// How long that is. Default 10 s (Facebook's leases, Nishtala et al., *Scaling Memcache at Facebook*, 2013).
        #[serde(default = "ten_seconds")]
        lease: SimDuration,
    },
}

/// Which puts of services that look into a cache and fetch by themselves it takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum OnPut {
    /// All: the last one stays, whatever it brings.
    #[default]
    Always,
    /// Those that bring no older version than it holds: each put says which version it brings, and the larger one stays
    /// (memcached's meta set with the flags `E` and `I`, protocol.txt). What was dropped has no version: against that a
    /// lease helps, or writers that say `then: Update`.
    UnlessOlder,
}

/// What a cache does with writes that come through it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum OnWrite {
    /// The source is written first, then the object here.
    #[default]
    WriteThrough,
    /// The source is written, and the object here is dropped.
    WriteAround,
    /// The object is written here and answered; the source gets it at the next of regular times. What a server has not
    /// passed on when it goes down is lost.
    WriteBack {
        /// Time between two of those. Default 1 s.
        #[serde(default = "one_second")]
        flush_every: SimDuration,
    },
}

/// Messages by which a source tells a cache that a key has changed, so that it drops its object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InvalidationSpec {
    /// How long a message takes. Default: no time.
    pub delay: DistributionSpec,
    /// The part of messages that is lost. Default 0.
    pub loss: f64,
}

const fn ten_seconds() -> SimDuration {
    SimDuration::from_secs(10)
}

const fn one_second() -> SimDuration {
    SimDuration::from_secs(1)
}

impl Default for InvalidationSpec {
    fn default() -> Self {
        Self { delay: DistributionSpec::constant(SimDuration::ZERO), loss: 0.0 }
    }
}

impl Default for CacheSpec {
    fn default() -> Self {
        Self {
            source: String::new(),
            inclusion: Inclusion::default(),
            inside: None,
            servers: 1,
            workers_per_server: 1,
            hit_time: DistributionSpec::constant(SimDuration::ZERO),
            storage: Storage::default(),
            policy: EvictionSpec::default(),
            capacity: CacheCapacity::Objects(1000),
            size_curve: false,
            object_size: DistributionSpec::constant(Bytes(1024)),
            freshness: FreshnessSpec::default(),
            sweep: None,
            on_concurrent_miss: OnConcurrentMiss::default(),
            on_put: OnPut::default(),
            on_write: OnWrite::default(),
            invalidation: None,
            revalidation: None,
            warm: 0,
            on_restart: OnRestart::default(),
            hot_keys: None,
            overrides: BTreeMap::new(),
            warm_up: None,
            timeout: None,
            calls: BTreeMap::new(),
            placed_in: Ids::default(),
        }
    }
}

impl CacheCapacity {
    /// As an eviction policy counts it.
    pub const fn limit(self) -> Capacity {
        match self {
            Self::Objects(objects) => Capacity::Entries(objects),
            Self::Size(size) => Capacity::Bytes(size.0),
        }
    }
}

/// A cache as a file says it, and as the pool of servers that it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "CacheSpec", into = "CacheSpec")]
#[schemars(with = "CacheSpec")]
pub struct CachePool {
    /// What the file says.
    pub spec: CacheSpec,
    /// Its servers, which call its source.
    pub pool: PoolSpec,
}

impl From<CachePool> for CacheSpec {
    fn from(cache: CachePool) -> Self {
        cache.spec
    }
}

impl From<CacheSpec> for CachePool {
    fn from(spec: CacheSpec) -> Self {
        let loops = event_loop::Spec { workers: spec.workers_per_server, ..event_loop::Spec::default() };
        let source = (!spec.source.is_empty()).then(|| Step::Call(spec.source.clone()));
        let pool = PoolSpec {
            servers: spec.servers,
            service_time: spec.hit_time.clone(),
            concurrency: Some(ConcurrencySpec::EventLoop(loops)),
            overrides: spec.overrides.clone(),
            warm_up: spec.warm_up.clone(),
            handles: BTreeMap::from([("*".to_owned(), source.into_iter().collect())]),
            timeout: spec.timeout,
            calls: spec.calls.clone(),
            placed_in: spec.placed_in.clone(),
            keeps: Some(Box::new(spec.clone())),
            ..PoolSpec::default()
        };
        Self { spec, pool }
    }
}

impl CacheSpec {
    /// Where callers find a key if they do not say how they look for it.
    pub fn finder() -> BalancerSpec {
        BalancerSpec::ring()
    }

    /// Reports what is wrong with it.
    pub(super) fn check(&self, check: &mut Check) {
        check.require((1..=65_535).contains(&self.servers), "servers", || {
            format!("servers must be 1 to 65535, got {}", self.servers)
        });
        check.require((1..=4096).contains(&self.workers_per_server), "workers_per_server", || {
            format!("workers_per_server must be 1 to 4096, got {}", self.workers_per_server)
        });
        check.at("hit_time", |check| self.hit_time.check(check));
        check.at("policy", |check| self.policy.check(check));
        check.require(self.capacity.limit().limit() > 0, "capacity", || {
            "a cache holds something: capacity must be above 0".into()
        });
        check.require(
            !self.size_curve || matches!(self.capacity, CacheCapacity::Objects(_)),
            "size_curve",
            || "a curve by size counts objects: capacity must be a number of them".into(),
        );
        check.at("object_size", |check| self.object_size.check(check));
        check.at("freshness", |check| self.freshness.check(check));
        if let Some(sweep) = &self.sweep {
            check.at("sweep", |check| sweep.check(check));
            let lifetimes = self.freshness.ttl.or(self.freshness.negative_ttl);
            check.require(lifetimes.is_some(), "sweep", || {
                "nothing expires that could be swept: set freshness.ttl".into()
            });
        }
        for (server, own) in &self.overrides {
            let pool = PoolSpec { servers: self.servers, ..PoolSpec::default() };
            check.at("overrides", |check| check.at(server, |check| own.check(check, *server, &pool)));
        }
        if let OnConcurrentMiss::Coalesce { lease } = self.on_concurrent_miss {
            check.require(!lease.is_zero(), "on_concurrent_miss", || "a lease must be above 0".into());
        }
        if let OnWrite::WriteBack { flush_every } = self.on_write {
            check.require(!flush_every.is_zero(), "on_write", || "flush_every must be above 0".into());
        }
        if let Some(invalidation) = &self.invalidation {
            check.at("invalidation", |check| {
                check.at("delay", |check| invalidation.delay.check(check));
                check.fraction("loss", invalidation.loss);
            });
        }
        if let Some(part) = self.revalidation {
            check.fraction("revalidation", part);
            check.require(self.freshness.ttl.is_some(), "revalidation", || {
                "nothing expires that could be revalidated: set freshness.ttl".into()
            });
        }
        self.check_tier(check);
        require_timeout(check, self.timeout);
        for (id, call) in &self.calls {
            check.at("calls", |check| check.at(id, |check| call.check(check)));
        }
    }
}
