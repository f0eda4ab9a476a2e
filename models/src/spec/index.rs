//! Indexes: how a database finds keys by a field that it is not divided by.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::distribution::DistributionSpec, time::SimDuration};

use super::DatabaseSpec;

/// The most keys that one read may fetch by what an index says: as many as a `MultiGet`.
const MOST_ROWS: u64 = 10_000;

/// An index of a field that a database is not divided by: who looks for a value of it finds the keys that have it.
///
/// Key k has the value k modulo `values`, so that each value has as many keys. Whoever writes a key writes its entry anew.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum IndexSpec {
    /// Each shard has the entries of its own keys (divided by document: MongoDB, Cassandra's SAI). A write does all its work
    /// at one shard; a read asks all of them and waits for the last.
    Local(LocalIndex),
    /// Entries are spread over the same shards by value (divided by term: DynamoDB's global secondary indexes, CockroachDB,
    /// Spanner). A read asks one shard, and those that hold the keys; a write writes at two.
    Global(GlobalIndex),
}

/// An index whose entries stand with the keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LocalIndex {
    /// Computing that it takes to write an entry, at speed 1, in one with the write of the key. Default: as much as that, since
    /// DynamoDB charges as much for each.
    pub update_time: Option<DistributionSpec>,
}

/// An index whose entries stand where their value says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GlobalIndex {
    /// Different values that keys have, 1 to as many as there are keys. Default: as many, each key has its own.
    pub values: Option<u64>,
    /// Whether entries have all that readers want to know (DynamoDB's projected attributes, PostgreSQL's `INCLUDE`); else
    /// they fetch the keys, of which a value must not have more than 10000 then. Default false.
    pub covers: bool,
    /// When entries are written. Default `Later`, at once: DynamoDB's are eventually consistent.
    pub update: IndexUpdate,
    /// Computing that it takes the shard of an entry to write it, at speed 1. Default: as much as a write, since DynamoDB
    /// charges as much for each.
    pub update_time: Option<DistributionSpec>,
}

/// When the entries of an index are written that stand at another shard than the key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum IndexUpdate {
    /// Before a write is acknowledged: the shard of the key writes, then has the entries written, all side by side, and answers
    /// once they are. If one cannot be written the write fails. Two phases, where all shards work at the same time and hold
    /// their keys meanwhile, are a `Transaction`.
    Together,
    /// After it was acknowledged; meanwhile a read by the index does not show it. What cannot be written is tried again every
    /// second; what its shard has not passed on when it goes down is lost, until the key is written again.
    Later(UpdateLater),
}

/// Entries that follow by and by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateLater {
    /// How long after the write the shard of the key sends them, beside the network and the line at the other shard.
    /// Default: at once.
    pub after: DistributionSpec,
}

impl Default for UpdateLater {
    fn default() -> Self {
        Self { after: DistributionSpec::constant(SimDuration::ZERO) }
    }
}

impl Default for IndexUpdate {
    fn default() -> Self {
        Self::Later(UpdateLater::default())
    }
}

impl Default for IndexSpec {
    fn default() -> Self {
        Self::Local(LocalIndex::default())
    }
}

impl IndexSpec {
    /// What a write of an entry takes, if not as much as the write of a key.
    pub const fn update_time(&self) -> Option<&DistributionSpec> {
        match self {
            Self::Local(LocalIndex { update_time }) | Self::Global(GlobalIndex { update_time, .. }) => {
                update_time.as_ref()
            }
        }
    }

    /// Its parts, if its entries stand where their value says.
    pub const fn global(&self) -> Option<&GlobalIndex> {
        match self {
            Self::Local(_) => None,
            Self::Global(global) => Some(global),
        }
    }

    /// How much later its entries are written, if they are not written with the key.
    pub fn later(&self) -> Option<&DistributionSpec> {
        match &self.global()?.update {
            IndexUpdate::Together => None,
            IndexUpdate::Later(later) => Some(&later.after),
        }
    }

    /// Its times, for files that say them as columns.
    pub(super) fn times_mut(&mut self) -> Vec<&mut DistributionSpec> {
        match self {
            Self::Local(local) => local.update_time.iter_mut().collect(),
            Self::Global(global) => {
                let after = match &mut global.update {
                    IndexUpdate::Together => None,
                    IndexUpdate::Later(later) => Some(&mut later.after),
                };
                after.into_iter().chain(&mut global.update_time).collect()
            }
        }
    }

    /// How many calls a read by it makes to a database on average.
    pub(super) fn asks(&self, database: &DatabaseSpec) -> f64 {
        let all = f64::from(database.shards);
        match self.global() {
            None => all,
            Some(global) if global.covers => 1.0,
            // Of k keys by chance: those shards that not all of them miss.
            Some(global) => {
                let rows = database.keys as f64 / global.different(database.keys) as f64;
                1.0 + all * (1.0 - libm::pow(1.0 - 1.0 / all, rows))
            }
        }
    }

    /// Reports what is wrong with it at a database of so many keys.
    pub(super) fn check(&self, keys: u64, check: &mut Check) {
        if let Some(time) = self.update_time() {
            check.at("update_time", |check| time.check(check));
        }
        if let Some(after) = self.later() {
            check.at("update", |check| check.at("after", |check| after.check(check)));
        }
        if let Some(global) = self.global() {
            global.check(keys, check);
        }
    }
}

impl GlobalIndex {
    /// Different values that so many keys have.
    pub fn different(&self, keys: u64) -> u64 {
        self.values.unwrap_or(keys).max(1)
    }

    fn check(&self, keys: u64, check: &mut Check) {
        let values = self.values.unwrap_or(keys);
        let possible = (1..=keys).contains(&values);
        check.require(possible, "values", || {
            format!("values must be 1 to {keys}, the keys there are, got {values}")
        });
        let rows = keys.div_ceil(values.max(1));
        check.require(!possible || self.covers || rows <= MOST_ROWS, "values", || {
            format!(
                "a read would fetch {rows} keys of each value, the most is {MOST_ROWS}: say more values, or covers: true"
            )
        });
    }
}

impl DatabaseSpec {
    /// The number of an index in order of their names, and what it is.
    pub fn index(&self, name: &str) -> Option<(u8, &IndexSpec)> {
        let numbered = (0_u8..).zip(&self.indexes);
        let mut named = numbered.filter(|(_, (known, _))| *known == name);
        named.next().map(|(number, (_, index))| (number, index))
    }

    /// Whether entries of any index are written where their value says.
    pub fn has_global_index(&self) -> bool {
        self.indexes.values().any(|index| index.global().is_some())
    }

    /// Whether entries of any index follow later.
    pub fn indexes_later(&self) -> bool {
        self.indexes.values().any(|index| index.later().is_some())
    }

    /// Nanoseconds of computing that a write takes for all indexes on average.
    pub fn mean_indexing(&self) -> f64 {
        let write = self.write_time.as_ref().unwrap_or(&self.read_time);
        self.indexes.values().map(|index| index.update_time().unwrap_or(write).mean()).sum()
    }

    /// Reports what is wrong with its indexes, and what does not go with any.
    pub(super) fn check_indexes(&self, check: &mut Check) {
        check.require(self.indexes.len() <= 20, "indexes", || {
            format!(
                "a Database has at most 20 indexes (as many as a table of DynamoDB), got {}",
                self.indexes.len()
            )
        });
        for (name, index) in &self.indexes {
            check.at("indexes", |check| check.at(name, |check| index.check(self.keys, check)));
        }
        check.require(self.indexes.is_empty() || self.replication.is_none(), "indexes", || {
            "a Database with indexes has no replication: its followers have all that their leader has".into()
        });
        check.require(self.indexes.is_empty() || !self.redirects(), "indexes", || {
            "a Database with indexes keeps its keys where they are, and its callers know where: leave out routing, reshard, \
             rebalance and copied_keys"
                .into()
        });
    }
}
