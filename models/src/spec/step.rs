//! Steps: what a service does with a request, one after the other or side by side.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::random::distribution::DistributionSpec;

use super::{
    DatabaseSpec,
    data_step::{CachedRead, CachedWrite, IndexRead, MultiGet, RangeRead, Scatter},
    transaction::Transaction,
};

/// What a service does with a request, one after the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Step {
    /// Computes for so long, at speed 1.
    Compute(DistributionSpec),
    /// Waits for so long without computing: a disk, a timer, somebody else's system. A worker that serves one
    /// request at a time is held meanwhile; a server that shares its cores gives them to others.
    Wait(DistributionSpec),
    /// Calls a component and waits for its reply; a failure ends the request.
    Call(String),
    /// Fails with an error, with that probability.
    Fail(f64),
    /// Several steps as one.
    Sequence(Vec<Step>),
    /// One of several ways, by chance: `Branch([(weight: 0.9, steps: [Wait(…)]), (weight: 0.1, steps: [])])`.
    Branch(Vec<Way>),
    /// Other steps for each kind of request; `"*"` stands for all others: `ByClass({"browse": [Call("cache")]})`.
    ByClass(BTreeMap<String, Vec<Step>>),
    /// The same steps several times.
    Repeat(Repeat),
    /// Several branches side by side, until enough of them are done.
    ///
    /// Calls and waits of different branches overlap. A worker that serves one request at a time is one thread: its
    /// branches compute in turns, step by step, first come, first served; a server that shares its cores gives
    /// each branch a share.
    Parallel(Parallel),
    /// Steps that nobody waits for: they go on after the request was answered and never fail it. They hold no
    /// worker; to compute they stand in the server's line for one, as requests do. What became of them is
    /// booked as `<component>.calls.spawned`.
    Spawn(Vec<Step>),
    /// Steps that need a permit of a resource: a lock, a pool of connections. Who finds none free waits in order of
    /// coming and keeps its worker; a permit is given back however the steps end.
    Section(Section),
    /// Looks into a cache, and does other steps where that does not have it; what they bring is kept there (cache-aside).
    /// A cache that does not answer is one that does not have it.
    CachedRead(CachedRead),
    /// Changes something, and then what a cache has of it (cache-aside).
    CachedWrite(CachedWrite),
    /// Asks all shards of a database side by side and waits for them: the query of a key that it is not divided by.
    Scatter(Scatter),
    /// Asks those shards of a database that may hold the keys from the request's own on: few where keys are in order,
    /// all of them where hashes scatter them.
    RangeRead(RangeRead),
    /// Asks a database for several keys, drawn like the request's own: one call to each shard that holds any of them.
    MultiGet(MultiGet),
    /// Asks a database for all keys that have the same value in an indexed field as the request's own: all shards side by side
    /// by a `Local` index; by a `Global` one the shard of the value, and then those that hold the keys.
    IndexRead(IndexRead),
    /// Writes several keys of a database as one, at as many shards as hold any of them.
    Transaction(Transaction),
    /// Steps whose failure is not the end: then others are done in their place, and the answer is degraded.
    Try(Try),
}

/// One of the ways a `Branch` may go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Way {
    /// How common it is beside the others. Default 1.
    pub weight: f64,
    /// What is done then.
    pub steps: Vec<Step>,
}

impl Default for Way {
    fn default() -> Self {
        Self { weight: 1.0, steps: Vec::new() }
    }
}

/// Steps to do several times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Repeat {
    /// How often, at least 1. Default 1.
    pub times: u32,
    /// What.
    pub steps: Vec<Step>,
}

impl Default for Repeat {
    fn default() -> Self {
        Self { times: 1, steps: Vec::new() }
    }
}

/// Branches side by side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Parallel {
    /// The steps of each branch.
    pub branches: Vec<Vec<Step>>,
    /// How often each branch is there, at least 1: `copies: 100` of one branch asks a hundred at once. Default 1.
    pub copies: u32,
    /// How many branches must succeed. Default `All`. As soon as that cannot be any more the step has failed.
    pub join: Join,
    /// Whether branches still under way are ended once that is decided; else they go on, and what they do is wasted.
    /// Default true for `Any` and `Quorum`, false for `All`, as Java's `StructuredTaskScope` ends the losers of a race
    /// while `CompletableFuture.allOf` ends nobody.
    pub cancel_stragglers: Option<bool>,
}

impl Default for Parallel {
    fn default() -> Self {
        Self { branches: Vec::new(), copies: 1, join: Join::All, cancel_stragglers: None }
    }
}

/// How many branches must succeed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Join {
    /// All of them.
    #[default]
    All,
    /// One: the first that succeeds.
    Any,
    /// So many: the first that succeed.
    Quorum(u32),
}

/// Steps that need a permit.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Section {
    /// Of which of the component's `resources`.
    pub resource: String,
    /// What is done while it is held.
    pub steps: Vec<Step>,
}

/// Steps whose failure is not the end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Try {
    /// What is tried.
    pub steps: Vec<Step>,
    /// What is done if that fails; if it succeeds, so does the step, and the answer is degraded. Default: nothing.
    pub on_failure: Vec<Step>,
    /// What is done if nothing failed; a failure in here is not caught. Default: nothing.
    pub on_success: Vec<Step>,
}

/// What some steps of a component need a permit of: a lock, a pool of connections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ResourceSpec {
    /// How many may hold it at once, at least 1. Default 1: a lock.
    pub permits: u32,
    /// Who shares the permits. Default `Server`, as a lock in a process's memory.
    pub scope: Scope,
}

impl Default for ResourceSpec {
    fn default() -> Self {
        Self { permits: 1, scope: Scope::Server }
    }
}

/// Who shares the permits of a resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Scope {
    /// Each server has its own.
    #[default]
    Server,
    /// All servers of the component share them: a row in a database, a lease.
    Component,
}

impl Parallel {
    /// All branches, copies counted each.
    pub fn all(&self) -> impl Iterator<Item = &[Step]> {
        (0..self.copies).flat_map(|_| self.branches.iter().map(Vec::as_slice))
    }

    /// How many branches there are.
    pub fn count(&self) -> u64 {
        self.branches.len() as u64 * u64::from(self.copies)
    }

    /// How many must succeed.
    pub fn needed(&self) -> u64 {
        match self.join {
            Join::All => self.count(),
            Join::Any => 1,
            Join::Quorum(needed) => u64::from(needed),
        }
    }

    /// Whether branches under way are ended once all is decided.
    pub fn cancels(&self) -> bool {
        self.cancel_stragglers.unwrap_or(match self.join {
            Join::All => false,
            Join::Any | Join::Quorum(_) => true,
        })
    }
}

/// The steps for a kind of request.
pub fn of_class<'a>(by_class: &'a BTreeMap<String, Vec<Step>>, class: &str) -> &'a [Step] {
    by_class.get(class).or_else(|| by_class.get("*")).map_or(&[][..], Vec::as_slice)
}

impl Step {
    /// Visits every step inside, with how often a request of a class takes it on average, or one of any class. What is
    /// done after a failure is visited as never taken.
    pub fn visit<'a>(&'a self, class: Option<&str>, often: f64, each: &mut dyn FnMut(&'a Self, f64)) {
        each(self, often);
        let mut inside = |steps: &'a [Self], often: f64| {
            for step in steps {
                step.visit(class, often, &mut *each);
            }
        };
        match self {
            Self::Compute(_)
            | Self::Wait(_)
            | Self::Call(_)
            | Self::Fail(_)
            | Self::Scatter(_)
            | Self::RangeRead(_)
            | Self::MultiGet(_)
            | Self::IndexRead(_)
            | Self::Transaction(_) => {}
            Self::Sequence(steps) | Self::Spawn(steps) | Self::Section(Section { steps, .. }) => {
                inside(steps, often);
            }
            Self::Branch(ways) => {
                let total: f64 = ways.iter().map(|way| way.weight).sum();
                for way in ways {
                    inside(&way.steps, often * way.weight / total);
                }
            }
            Self::ByClass(by_class) => match class {
                Some(class) => inside(of_class(by_class, class), often),
                None => {
                    for steps in by_class.values() {
                        inside(steps, often);
                    }
                }
            },
            Self::Repeat(repeat) => inside(&repeat.steps, often * f64::from(repeat.times)),
            Self::Parallel(parallel) => {
                let often = often * f64::from(parallel.copies);
                for steps in &parallel.branches {
                    inside(steps, often);
                }
            }
            // What a cache spares is not known before.
            Self::CachedRead(read) => inside(&read.on_miss, 0.0),
            Self::CachedWrite(write) => inside(&write.steps, often),
            Self::Try(tried) => {
                inside(&tried.steps, often);
                inside(&tried.on_failure, 0.0);
                inside(&tried.on_success, often);
            }
        }
    }

    /// The components it calls, each time it is mentioned.
    pub fn calls(&self) -> Vec<&str> {
        let mut calls = Vec::new();
        self.visit(None, 1.0, &mut |step, _| match step {
            Self::Call(id)
            | Self::Scatter(Scatter { database: id, .. })
            | Self::RangeRead(RangeRead { database: id, .. })
            | Self::MultiGet(MultiGet { database: id, .. })
            | Self::IndexRead(IndexRead { database: id, .. })
            | Self::Transaction(Transaction { database: id, .. })
            | Self::CachedWrite(CachedWrite { cache: id, .. }) => calls.push(id.as_str()),
            Self::CachedRead(read) => {
                calls.push(read.cache.as_str());
                calls.extend(read.gutter.as_deref());
            }
            Self::Compute(_)
            | Self::Wait(_)
            | Self::Fail(_)
            | Self::Sequence(_)
            | Self::Branch(_)
            | Self::ByClass(_)
            | Self::Repeat(_)
            | Self::Parallel(_)
            | Self::Spawn(_)
            | Self::Section(_)
            | Self::Try(_) => {}
        });
        calls
    }

    /// How many calls it makes to `callee`, which may be a database, by itself; those of a range are not known before.
    pub fn calls_to(&self, callee: &str, database: Option<&DatabaseSpec>) -> f64 {
        let shards = database.map_or(1.0, |database| f64::from(database.shards));
        match self {
            Self::Call(id) if id == callee => 1.0,
            Self::Scatter(scatter) if scatter.database == callee => shards,
            Self::RangeRead(read) if read.database == callee => 1.0,
            // Of k keys by chance: those shards that not all of them miss.
            Self::MultiGet(get) if get.database == callee => {
                shards * (1.0 - libm::pow(1.0 - 1.0 / shards, f64::from(get.keys)))
            }
            Self::Transaction(transaction) if transaction.database == callee => {
                transaction.asks(shards as u32)
            }
            Self::IndexRead(read) if read.database == callee => {
                let index = database.and_then(|base| Some(base.index(&read.index)?.1.asks(base)));
                index.unwrap_or(1.0)
            }
            Self::Compute(_)
            | Self::Wait(_)
            | Self::Call(_)
            | Self::Fail(_)
            | Self::Sequence(_)
            | Self::Branch(_)
            | Self::ByClass(_)
            | Self::Repeat(_)
            | Self::Parallel(_)
            | Self::Spawn(_)
            | Self::Section(_)
            | Self::IndexRead(_)
            | Self::CachedRead(_)
            | Self::CachedWrite(_)
            | Self::Scatter(_)
            | Self::RangeRead(_)
            | Self::MultiGet(_)
            | Self::Transaction(_)
            | Self::Try(_) => 0.0,
        }
    }

    /// Whether it, or a step inside, is one for which that holds.
    pub fn has(&self, is: impl Fn(&Self) -> bool) -> bool {
        let mut found = false;
        self.visit(None, 1.0, &mut |step, _| found |= is(step));
        found
    }

    /// Nanoseconds of computing it takes a request of a class on average.
    pub fn mean_computing(&self, class: &str) -> f64 {
        let mut sum = 0.0;
        self.visit(Some(class), 1.0, &mut |step, often| {
            if let Self::Compute(time) = step {
                sum += often * time.mean();
            }
        });
        sum
    }

    /// The lists of steps inside.
    pub(super) fn lists_mut(&mut self) -> Vec<&mut Vec<Self>> {
        match self {
            Self::Compute(_)
            | Self::Wait(_)
            | Self::Call(_)
            | Self::Fail(_)
            | Self::Scatter(_)
            | Self::RangeRead(_)
            | Self::MultiGet(_)
            | Self::IndexRead(_)
            | Self::Transaction(_) => Vec::new(),
            Self::Sequence(steps)
            | Self::Spawn(steps)
            | Self::Repeat(Repeat { steps, .. })
            | Self::Section(Section { steps, .. })
            | Self::CachedRead(CachedRead { on_miss: steps, .. })
            | Self::CachedWrite(CachedWrite { steps, .. }) => vec![steps],
            Self::Branch(ways) => ways.iter_mut().map(|way| &mut way.steps).collect(),
            Self::ByClass(by_class) => by_class.values_mut().collect(),
            Self::Parallel(parallel) => parallel.branches.iter_mut().collect(),
            Self::Try(Try { steps, on_failure, on_success }) => vec![steps, on_failure, on_success],
        }
    }

    /// Fills in every column of a file that a time inside needs.
    pub(super) fn fill<E>(&mut self, read: super::ReadColumn<'_, E>) -> Result<(), E> {
        if let Self::Compute(time) | Self::Wait(time) = self {
            time.fill(read)?;
        }
        if let Self::Transaction(transaction) = self {
            transaction.log_time.fill(read)?;
        }
        self.lists_mut().into_iter().flatten().try_for_each(|step| step.fill(read))
    }
}
