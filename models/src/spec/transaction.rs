//! Transactions: writes of several keys at several shards that come to one result.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::distribution::DistributionSpec, time::SimDuration};

use crate::policy::transaction::Protocol;

/// Writes of several keys of a database, as one.
///
/// The service that takes this step coordinates: it asks each shard that holds any of the keys, each of which holds its
/// keys against other writes and transactions, does a write's computing for each, and forces a record to its log. In
/// two phases each then promises, the coordinator forces its decision to its own log and goes on, and tells the shards,
/// which force a record, give the keys back and acknowledge: four messages for each of several shards, two for one
/// alone, which needs no promise. A shard that has promised holds its keys until it hears the decision, even while the
/// coordinator is down; a coordinator that is up again aborts what it had not decided. A promise that does not come
/// within the `timeout` of the call is none. Readers are not held up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Transaction {
    /// The `Database`.
    pub database: String,
    /// Keys that are written, the request's own the first, the others drawn like it, 1 to 1000. Default 2.
    pub keys: u32,
    /// Over how many shards they are spread, evenly, from that of the request's own key on: 1 is a design that keeps
    /// together what is written together. Default: each is where it is.
    pub shards: Option<u32>,
    /// How several shards come to one result. Default `TwoPhase`.
    pub protocol: Protocol,
    /// How long a forced write to a log takes. Default: no time.
    pub log_time: DistributionSpec,
    /// The probability that a shard refuses after its work. Default 0.
    pub refuse: f64,
}

impl Default for Transaction {
    fn default() -> Self {
        Self {
            database: String::new(),
            keys: 2,
            shards: None,
            protocol: Protocol::default(),
            log_time: DistributionSpec::constant(SimDuration::ZERO),
            refuse: 0.0,
        }
    }
}

impl Transaction {
    pub(super) fn check(&self, check: &mut Check) {
        check.require((1..=1000).contains(&self.keys), "keys", || {
            format!("keys must be 1 to 1000, got {}", self.keys)
        });
        if let Some(shards) = self.shards {
            check.require((1..=self.keys).contains(&shards), "shards", || {
                format!("shards must be 1 to {}, the keys there are, got {shards}", self.keys)
            });
        }
        check.at("log_time", |check| self.log_time.check(check));
        check.fraction("refuse", self.refuse);
    }

    /// How many of so many shards it asks on average.
    pub(super) fn asks(&self, shards: u32) -> f64 {
        let all = f64::from(shards);
        match self.shards {
            Some(own) => f64::from(own.min(shards)),
            // Of k keys by chance: those shards that not all of them miss.
            None => all * (1.0 - libm::pow(1.0 - 1.0 / all, f64::from(self.keys))),
        }
    }
}
