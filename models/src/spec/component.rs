//! Components: what answers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::distribution::DistributionSpec, time::SimDuration};

use super::{
    Ids, LoadBalancerSpec,
    cache::{CachePool, CacheSpec},
    call::{CallSpec, require_timeout},
    database::{DatabasePool, DatabaseSpec},
    overrides::{Overrides, WarmUpSpec},
    step::{ResourceSpec, Step, of_class},
    step_check::check_steps,
};
use crate::policy::{concurrency::ShareSpec, discipline::QueueSpec, execution::ConcurrencySpec};

/// What answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum ComponentSpec {
    /// Spreads requests over the servers of other components.
    LoadBalancer(Box<LoadBalancerSpec>),
    /// Servers that do one thing.
    ServerPool(PoolSpec),
    /// Servers that also call others: the same as a `ServerPool` with `handles`.
    Service(PoolSpec),
    /// Servers that keep answers.
    Cache(Box<CachePool>),
    /// Servers that hold a part of the keys each.
    Database(Box<DatabasePool>),
}

/// Servers with workers and a line each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PoolSpec {
    /// Servers, 1 to 65535. Default 1.
    pub servers: u32,
    /// Requests one server works on at once. Default 1.
    pub workers_per_server: u32,
    /// Computing a request needs, at speed 1. Default: none.
    pub service_time: DistributionSpec,
    /// The same by kind of request, where it differs.
    pub service_times: BTreeMap<String, DistributionSpec>,
    /// Each server's line. Default: first in, first out, without limit.
    pub queue: QueueSpec,
    /// How a server shares its cores among all it holds at once; `queue` and `workers_per_server` are then not
    /// used. Default: not at all, each worker serves one request to its end.
    pub sharing: Option<ShareSpec>,
    /// How a server runs its requests: threads, pools of them, event loops, actors; `workers_per_server` is then not
    /// used. Default: by its workers, each of which serves one request to its end, waits included.
    pub concurrency: Option<ConcurrencySpec>,
    /// What single servers have differently, by number from 0.
    pub overrides: BTreeMap<u32, Overrides>,
    /// Whether work nobody waits for any more is stopped. Default false: servers do not know.
    pub cancel_abandoned_work: bool,
    /// A server that starts is slow at first. Default: not.
    pub warm_up: Option<WarmUpSpec>,
    /// Steps by kind of request after computing; `"*"` stands for all others.
    pub handles: BTreeMap<String, Vec<Step>>,
    /// What `Section` steps need a permit of, by name. Each is a station of its own: `<component>.<name>.wait.p99`.
    pub resources: BTreeMap<String, ResourceSpec>,
    /// How long callers of this component wait for a reply, unless they say otherwise.
    pub timeout: Option<SimDuration>,
    /// How it calls others, by the callee's id.
    pub calls: BTreeMap<String, CallSpec>,
    /// Where it stands: regions, or `region/zone`. Default: all of them, servers spread evenly.
    pub placed_in: Ids,
    /// What it keeps, if it is a cache.
    #[serde(skip)]
    #[schemars(skip)]
    pub keeps: Option<Box<CacheSpec>>,
    /// How its servers share the keys, if it is a database.
    #[serde(skip)]
    #[schemars(skip)]
    pub divides: Option<Box<DatabaseSpec>>,
}

impl Default for PoolSpec {
    fn default() -> Self {
        Self {
            servers: 1,
            workers_per_server: 1,
            service_time: DistributionSpec::constant(SimDuration::ZERO),
            service_times: BTreeMap::new(),
            queue: QueueSpec::default(),
            sharing: None,
            concurrency: None,
            overrides: BTreeMap::new(),
            cancel_abandoned_work: false,
            warm_up: None,
            handles: BTreeMap::new(),
            resources: BTreeMap::new(),
            timeout: None,
            calls: BTreeMap::new(),
            placed_in: Ids::default(),
            keeps: None,
            divides: None,
        }
    }
}

impl ComponentSpec {
    /// The name a file uses for this kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::LoadBalancer(_) => "LoadBalancer",
            Self::ServerPool(_) => "ServerPool",
            Self::Service(_) => "Service",
            Self::Cache(_) => "Cache",
            Self::Database(_) => "Database",
        }
    }

    /// Every kind with its default, for catalogues.
    pub fn catalog() -> [Self; 5] {
        let pool = PoolSpec::default;
        let cache = CachePool::from(CacheSpec::default());
        [
            Self::LoadBalancer(Box::default()),
            Self::ServerPool(pool()),
            Self::Service(pool()),
            Self::Cache(Box::new(cache)),
            Self::Database(Box::new(DatabasePool::from(DatabaseSpec::default()))),
        ]
    }

    pub(super) fn check(&self, check: &mut Check) {
        match self {
            Self::LoadBalancer(spec) => spec.check(check),
            Self::ServerPool(spec) | Self::Service(spec) => spec.check(check),
            Self::Cache(cache) => cache.spec.check(check),
            Self::Database(database) => database.spec.check(check),
        }
    }
}

impl PoolSpec {
    /// How many normal workers a server is worth.
    pub fn server_speed(&self, server: u32) -> f64 {
        let own = self.overrides.get(&server).cloned().unwrap_or_default();
        let workers = match (&self.sharing, &self.concurrency) {
            (Some(sharing), _) => u32::from(sharing.cores()),
            (None, Some(model)) => model.parallelism(),
            (None, None) => own.workers.unwrap_or(self.workers_per_server),
        };
        own.speed.unwrap_or(1.0) * f64::from(workers)
    }

    /// The first computing of a kind of request, which may be one that changes something.
    pub fn demand(&self, class: &str, writes: bool) -> &DistributionSpec {
        let written =
            self.divides.as_deref().filter(|_| writes).and_then(|database| database.write_time.as_ref());
        written.or_else(|| self.service_times.get(class)).unwrap_or(&self.service_time)
    }

    /// What a server has of what its requests take: workers, threads, loops or cores.
    pub fn slots(&self) -> u32 {
        let cores = self.sharing.as_ref().map(|sharing| u32::from(sharing.cores()));
        let slots = cores.or_else(|| self.concurrency.as_ref().map(ConcurrencySpec::slots));
        slots.unwrap_or(self.workers_per_server)
    }

    /// Components it calls, each once, in order of first mention.
    pub fn callees(&self) -> Vec<&str> {
        let mut callees: Vec<&str> = Vec::new();
        for id in self.handles.values().flatten().flat_map(Step::calls) {
            if !callees.contains(&id) {
                callees.push(id);
            }
        }
        callees
    }

    fn check(&self, check: &mut Check) {
        check.require((1..=65_535).contains(&self.servers), "servers", || {
            format!("servers must be 1 to 65535, got {}", self.servers)
        });
        check.require(self.workers_per_server >= 1, "workers_per_server", || {
            "workers_per_server must be at least 1, got 0".into()
        });
        check.at("service_time", |check| self.service_time.check(check));
        for (class, time) in &self.service_times {
            check.at("service_times", |check| check.at(class, |check| time.check(check)));
        }
        check.at("queue", |check| self.queue.check(check));
        if let Some(sharing) = &self.sharing {
            check.at("sharing", |check| sharing.check(check));
            let plain = self.queue == QueueSpec::default() && self.workers_per_server == 1;
            check.require(plain, "sharing", || {
                "a server that shares itself has neither queue nor workers_per_server: say cores".into()
            });
        }
        if let Some(model) = &self.concurrency {
            check.at("concurrency", |check| {
                model.check(check);
                model.check_queue(&self.queue, check);
                let plain = self.sharing.is_none() && self.workers_per_server == 1;
                check.require(plain, "", || "leave out sharing and workers_per_server".into());
            });
        }
        for (server, overrides) in &self.overrides {
            check.at("overrides", |check| {
                check.at(server, |check| overrides.check(check, *server, self));
            });
        }
        if let Some(warm_up) = &self.warm_up {
            check.at("warm_up", |check| {
                check.positive("initial_speed", warm_up.initial_speed);
                check.fraction("initial_speed", warm_up.initial_speed);
            });
        }
        require_timeout(check, self.timeout);
        for (id, call) in &self.calls {
            check.at("calls", |check| check.at(id, |check| call.check(check)));
        }
        for (class, steps) in &self.handles {
            check.at("handles", |check| check.at(class, |check| check_steps(steps, check)));
        }
        for (name, resource) in &self.resources {
            check.at("resources", |check| {
                check.at(name, |check| {
                    check.require(resource.permits >= 1, "permits", || {
                        "permits must be at least 1, got 0".into()
                    });
                });
            });
        }
    }

    /// Whether any of its steps goes on by itself.
    pub fn spawns(&self) -> bool {
        self.keeps.is_some()
            || self.divides.as_deref().is_some_and(DatabaseSpec::passes_on_later)
            || self.handles.values().flatten().any(|step| step.has(|step| matches!(step, Step::Spawn(_))))
    }

    /// The steps of a kind of request after its first computing.
    pub fn steps(&self, class: &str) -> &[Step] {
        of_class(&self.handles, class)
    }
}
