//! Replication: how the followers of a shard come to have what its leader writes, and who waits for it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::distribution::DistributionSpec, time::SimDuration};

/// How the followers of a shard come to have what its leader writes.
///
/// Followers do real work for it, in line with their reads, and messages take their time on the network. The newest
/// version of a key wins, whatever came first. A follower that missed something, since it or its leader was down or a
/// message was lost, asks once a second (as Redis's `replicationCron` does) and then has all of it at once. A message is
/// taken for lost after the database's `timeout`, else after 60 s (Redis `repl-timeout`). No follower takes a leader's
/// place: a shard whose leader is down takes no writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum ReplicationSpec {
    /// The leader answers at once and passes on later: MySQL, PostgreSQL, Redis and MongoDB's `w: 1` by default.
    Asynchronous(Asynchronous),
    /// The leader answers once every follower has it; while one is down, writes of its shard fail.
    Synchronous(Synchronous),
    /// The leader answers once so many replicas have it, and reads ask several and take the newest answer (Gifford 1979;
    /// DeCandia et al., *Dynamo*, 2007). With `read + write` above the number of replicas no read misses a write.
    Quorum(Quorum),
}

/// Writes that are passed on later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Asynchronous {
    /// How long after a write the leader tells each follower of it, beside the network and the follower's line.
    /// Default: at once.
    pub lag: DistributionSpec,
    /// Computing that a follower needs to apply a write, at speed 1. Default: as the write itself.
    pub apply_time: Option<DistributionSpec>,
}

/// Writes that every follower has before they are answered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Synchronous {
    /// Computing that a follower needs to apply a write, at speed 1. Default: as the write itself.
    pub apply_time: Option<DistributionSpec>,
}

/// Writes and reads that need several replicas.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Quorum {
    /// Replicas that have a write before it is answered, its leader included, at least 1. Default 2, as Dynamo's.
    pub write: u32,
    /// Replicas that a read hears, the one it came to included, at least 1; all others are asked. Default 2, as Dynamo's.
    pub read: u32,
    /// Computing that a follower needs to apply a write, at speed 1. Default: as the write itself.
    pub apply_time: Option<DistributionSpec>,
}

impl Default for Asynchronous {
    fn default() -> Self {
        Self { lag: DistributionSpec::constant(SimDuration::ZERO), apply_time: None }
    }
}

impl Default for Quorum {
    fn default() -> Self {
        Self { write: 2, read: 2, apply_time: None }
    }
}

impl ReplicationSpec {
    /// How many followers of so many replicas must have a write before it is answered.
    pub const fn awaited(&self, replicas: u32) -> u32 {
        match self {
            Self::Asynchronous(_) => 0,
            Self::Synchronous(_) => replicas.saturating_sub(1),
            Self::Quorum(quorum) => quorum.write.saturating_sub(1),
        }
    }

    /// How many other replicas a read must hear.
    pub const fn heard(&self) -> u32 {
        match self {
            Self::Asynchronous(_) | Self::Synchronous(_) => 0,
            Self::Quorum(quorum) => quorum.read.saturating_sub(1),
        }
    }

    /// How long the leader waits before it passes a write on.
    pub const fn lag(&self) -> Option<&DistributionSpec> {
        match self {
            Self::Asynchronous(asynchronous) => Some(&asynchronous.lag),
            Self::Synchronous(_) | Self::Quorum(_) => None,
        }
    }

    /// Computing that a follower needs to apply a write, if not as much as the write itself.
    pub const fn apply_time(&self) -> Option<&DistributionSpec> {
        match self {
            Self::Asynchronous(Asynchronous { apply_time, .. })
            | Self::Synchronous(Synchronous { apply_time })
            | Self::Quorum(Quorum { apply_time, .. }) => apply_time.as_ref(),
        }
    }

    /// Its times, for files that say them as columns.
    pub(super) fn times_mut(&mut self) -> Vec<&mut DistributionSpec> {
        match self {
            Self::Asynchronous(Asynchronous { lag, apply_time }) => {
                std::iter::once(lag).chain(apply_time).collect()
            }
            Self::Synchronous(Synchronous { apply_time }) | Self::Quorum(Quorum { apply_time, .. }) => {
                apply_time.iter_mut().collect()
            }
        }
    }

    /// Reports what is wrong with it at a database of so many replicas of each shard.
    pub(super) fn check(&self, replicas: u32, check: &mut Check) {
        check.require(replicas >= 2, "", || {
            format!("replication needs followers: replicas_per_shard is {replicas}")
        });
        if let Some(lag) = self.lag() {
            check.at("lag", |check| lag.check(check));
        }
        if let Some(time) = self.apply_time() {
            check.at("apply_time", |check| time.check(check));
        }
        if let Self::Quorum(quorum) = self {
            for (field, count) in [("write", quorum.write), ("read", quorum.read)] {
                check.require((1..=replicas).contains(&count), field, || {
                    format!("{field} must be 1 to {replicas}, the replicas of a shard, got {count}")
                });
            }
        }
    }
}
