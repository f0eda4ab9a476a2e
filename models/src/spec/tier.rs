//! Caches among others: what levels have to do with one another, where a cache lives, what it is made of, and what it
//! begins with after a crash.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use sim_core::{check::Check, time::SimDuration};

use super::{CacheSpec, ComponentSpec, OnWrite};
use crate::units::Rate;

/// What a cache whose `source` is a cache has to do with what that one holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Inclusion {
    /// Nothing: each keeps what passes it.
    #[default]
    NonInclusive,
    /// It holds nothing that the one below does not: what that one lets go is dropped here as well
    /// (back-invalidation; Baer & Wang, *On the Inclusion Properties for Multi-Level Cache Hierarchies*, 1988).
    Inclusive,
    /// An object is held by one of them: what is found below moves up, and what has to go up here moves down, so that
    /// there is room for as much as both have (Wong & Wilkes, *My Cache or Yours?*, USENIX ATC 2002).
    Exclusive,
}

/// What a cache keeps its objects in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Storage {
    /// Memory: an access needs `hit_time` and no more.
    #[default]
    Memory,
    /// A disk that takes only so many accesses a second. What is found waits for its turn in a line; what is taken in is
    /// written behind the answer, and takes its turn as well. A look that finds nothing takes none: the index is in memory.
    Disk(DiskSpec),
}

/// `storage: Disk(iops_limit: "5000/s", queue_depth: 128)`: a disk that takes only so many accesses a second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DiskSpec {
    /// Accesses a second that a server's disk takes at most. Default `3000/s` (Amazon EBS gp3's baseline).
    pub iops_limit: Rate,
    /// How many accesses may stand in its line, at least 1; one more to read is refused, and one more to write is left out.
    /// Default 128 (Linux `nr_requests`).
    pub queue_depth: u32,
}

/// What a server of a cache that comes back after a crash begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum OnRestart {
    /// Nothing.
    #[default]
    Cold,
    /// What it held when that was last saved; what has changed since is stale until its lifetime is over or it is told.
    Snapshot {
        /// Time between two savings. Default 60 s (the shortest of Redis' save points, `save 60 10000`).
        #[serde(default = "a_minute")]
        every: SimDuration,
    },
    /// The lowest keys as they are now, which under `Zipf` are the most popular: somebody filled it before it was let in.
    Preload {
        /// How many.
        keys: u64,
    },
}

const fn a_minute() -> SimDuration {
    SimDuration::from_secs(60)
}

impl Default for DiskSpec {
    fn default() -> Self {
        Self { iops_limit: Rate(3000.0), queue_depth: 128 }
    }
}

impl CacheSpec {
    /// Reports what is wrong with its place among others.
    pub(super) fn check_tier(&self, check: &mut Check) {
        if let Storage::Disk(disk) = self.storage {
            check.at("storage", |check| {
                check.positive("iops_limit", disk.iops_limit.0);
                check.require(disk.queue_depth >= 1, "queue_depth", || {
                    "queue_depth must be at least 1, got 0".into()
                });
            });
        }
        if let OnRestart::Snapshot { every } = self.on_restart {
            check.require(!every.is_zero(), "on_restart", || "every must be above 0".into());
        }
        self.check_hot_keys(check);
        self.check_inclusion(check);
        self.check_inside(check);
    }

    fn writes_later(&self) -> bool {
        matches!(self.on_write, OnWrite::WriteBack { .. })
    }

    fn check_hot_keys(&self, check: &mut Check) {
        let Some(hot_keys) = &self.hot_keys else { return };
        check.at("hot_keys", |check| hot_keys.check(check));
        check.require(self.servers > 1, "hot_keys", || {
            "a hot key is copied to other servers: set servers above 1".into()
        });
        check.require(!self.writes_later(), "on_write", || {
            "copies of a hot key would differ until a write is passed on: WriteBack does not go with hot_keys".into()
        });
    }

    fn check_inclusion(&self, check: &mut Check) {
        match self.inclusion {
            Inclusion::NonInclusive => {}
            Inclusion::Inclusive => check.require(!self.writes_later(), "on_write", || {
                "what is passed on later is not held below yet: WriteBack does not go with Inclusive".into()
            }),
            Inclusion::Exclusive => check.require(self.revalidation.is_none(), "revalidation", || {
                "what is held here is not held below, where nothing can be confirmed: leave it out".into()
            }),
        }
    }

    fn check_inside(&self, check: &mut Check) {
        let Some(host) = &self.inside else { return };
        check.require(self.servers == 1, "servers", || {
            format!("each server of `{host}` has a cache of its own: leave servers out")
        });
        let apart = [
            ("placed_in", !self.placed_in.0.is_empty()),
            ("overrides", !self.overrides.is_empty()),
            ("hot_keys", self.hot_keys.is_some()),
        ];
        for (field, _) in apart.into_iter().filter(|(_, said)| *said) {
            check.require(false, field, || format!("it lives in the servers of `{host}`: leave {field} out"));
        }
    }
}

/// Reads the components; caches that live in others' servers have as many as those, where those stand.
pub(super) fn components<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, ComponentSpec>, D::Error> {
    let mut components = BTreeMap::deserialize(deserializer)?;
    move_in(&mut components);
    Ok(components)
}

/// Gives caches that live in others' servers as many as those have, where those stand.
pub(super) fn move_in(components: &mut BTreeMap<String, ComponentSpec>) {
    let servers = |component: &ComponentSpec| match component {
        ComponentSpec::ServerPool(pool) | ComponentSpec::Service(pool) => {
            Some((pool.servers, pool.placed_in.clone()))
        }
        ComponentSpec::LoadBalancer(_) | ComponentSpec::Cache(_) | ComponentSpec::Database(_) => None,
    };
    let hosts: BTreeMap<String, _> =
        components.iter().filter_map(|(id, component)| Some((id.clone(), servers(component)?))).collect();
    for component in components.values_mut() {
        if let ComponentSpec::Cache(cache) = component
            && let Some(host) = cache.spec.inside.as_ref().and_then(|host| hosts.get(host))
        {
            (cache.pool.servers, cache.pool.placed_in) = host.clone();
        }
    }
}
