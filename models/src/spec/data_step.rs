//! Steps that ask for data: looks into caches, and queries that reach several shards of a database.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::check::Check;

use super::step::{Join, Step};

/// A look into a cache, and what is done if that has it not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CachedRead {
    /// The cache's id.
    pub cache: String,
    /// What fetches it: usually a call of the cache's `source`.
    pub on_miss: Vec<Step>,
    /// Whether requests of one server that miss the same key wait for the first of them (single flight). Default false.
    pub coalesce: bool,
    /// A spare cache that is looked into, and filled, in place of one that does not answer (gutter; Nishtala et al. 2013).
    /// Default: none, what does not answer does not have it.
    pub gutter: Option<String>,
}

/// A change, and what becomes of what a cache has of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CachedWrite {
    /// The cache's id.
    pub cache: String,
    /// What changes it: usually a call of the cache's `source`.
    pub steps: Vec<Step>,
    /// What the cache is told afterwards. Default `Invalidate`.
    pub then: ThenCache,
}

/// What a cache is told after a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ThenCache {
    /// To drop what it has (Nishtala et al., *Scaling Memcache at Facebook*, 2013).
    #[default]
    Invalidate,
    /// To keep what was written.
    Update,
    /// Nothing: what it has stays until its lifetime is over.
    Nothing,
}

/// A query of all shards.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Scatter {
    /// The `Database`.
    pub database: String,
    /// How many shards must answer. Default `All`; those still under way are ended once fewer are enough.
    pub join: Join,
}

/// A query of a range of keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RangeRead {
    /// The `Database`.
    pub database: String,
    /// Keys in a row, the request's own the first, at least 1. Default 1.
    pub span: u64,
}

/// A query of several keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MultiGet {
    /// The `Database`.
    pub database: String,
    /// Keys, the request's own the first, 1 to 10000. Default 1.
    pub keys: u32,
}

/// A query by an index.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IndexRead {
    /// The `Database`.
    pub database: String,
    /// Which of its `indexes`.
    pub index: String,
}

impl Default for RangeRead {
    fn default() -> Self {
        Self { database: String::new(), span: 1 }
    }
}

impl Default for MultiGet {
    fn default() -> Self {
        Self { database: String::new(), keys: 1 }
    }
}

impl Scatter {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(self.join != Join::Quorum(0), "join", || "a quorum must be at least 1, got 0".into());
    }
}

impl RangeRead {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(self.span >= 1, "span", || "span must be at least 1, got 0".into());
    }
}

impl MultiGet {
    pub(super) fn check(&self, check: &mut Check) {
        check.require((1..=10_000).contains(&self.keys), "keys", || {
            format!("keys must be 1 to 10000, got {}", self.keys)
        });
    }
}
