//! Components: what answers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::distribution::DistributionSpec, time::SimDuration};

use super::{
    HeartbeatsSpec, Ids,
    cache::{CachePool, CacheSpec},
    call::{CallSpec, RetrySpec, View, require_timeout},
    database::{DatabasePool, DatabaseSpec},
    overrides::{Overrides, WarmUpSpec},
    step::{ResourceSpec, Step, of_class},
    step_check::check_steps,
};
use crate::policy::{
    balancing::BalancerSpec,
    concurrency::ShareSpec,
    detection::{EjectSpec, active_check::ActiveCheckSpec},
    discipline::QueueSpec,
    execution::ConcurrencySpec,
    locality::LocalitySpec,
    slow_start::SlowStartSpec,
    sticky::StickySpec,
    subsetting::SubsetSpec,
};

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

/// Spreads requests over backends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LoadBalancerSpec {
    /// The pools whose servers take requests; the first is preferred where `locality` says so.
    pub backends: Ids,
    /// Which server takes a request. Default `RoundRobin`.
    pub strategy: BalancerSpec,
    /// What it sees of a request: connections only, or all of it. Default `Layer7`.
    pub layer: Layer,
    /// Balancers side by side, each with its own view. Default 1.
    pub instances: u32,
    /// Requests one instance works on at once; 0 for a balancer without limit or cost. Default 0.
    pub workers: u32,
    /// Computing a request needs at the balancer. Default: none.
    pub service_time: DistributionSpec,
    /// The balancer's own line.
    pub queue: QueueSpec,
    /// What it knows of its backends' load.
    pub view: View,
    /// How long it waits for a backend's reply to one attempt. Default: for ever.
    pub timeout: Option<SimDuration>,
    /// Whether it tries another backend. Layer 7 only.
    pub retry: Option<RetrySpec>,
    /// Most requests in flight at one backend from one instance; 0 for no limit (nginx `max_conns`).
    pub max_connections: u32,
    /// Active checks of the backends.
    pub health_check: Option<ActiveCheckSpec>,
    /// Passive ejection of backends.
    pub ejection: Option<EjectSpec>,
    /// A good reply that took longer counts to the ejection as one that timed out. Default: none does.
    pub slow_after: Option<SimDuration>,
    /// Heartbeats of the backends.
    pub heartbeats: Option<HeartbeatsSpec>,
    /// How a backend that comes back gets its share.
    pub slow_start: Option<SlowStartSpec>,
    /// Which backends each instance knows.
    pub subset: Option<SubsetSpec>,
    /// Clients stay with their server.
    pub sticky: Option<StickySpec>,
    /// Which group of backends: priority levels, zones, regions. Default: all are one group.
    pub locality: Option<LocalitySpec>,
    /// Pools for kinds of requests, by kind; Layer 7 only. Others go to `backends`.
    pub routes: BTreeMap<String, String>,
    /// Where it stands: regions, or `region/zone`. Default: all of them, instances spread evenly.
    pub placed_in: Ids,
}

impl Default for LoadBalancerSpec {
    fn default() -> Self {
        Self {
            backends: Ids::default(),
            strategy: BalancerSpec::default(),
            layer: Layer::default(),
            instances: 1,
            workers: 0,
            service_time: DistributionSpec::constant(SimDuration::ZERO),
            queue: QueueSpec::default(),
            view: View::default(),
            timeout: None,
            retry: None,
            max_connections: 0,
            health_check: None,
            ejection: None,
            slow_after: None,
            heartbeats: None,
            slow_start: None,
            subset: None,
            sticky: None,
            locality: None,
            routes: BTreeMap::new(),
            placed_in: Ids::default(),
        }
    }
}

/// What a balancer sees of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Layer {
    /// Connections: a connection stays with the server it was opened to.
    Layer4,
    /// Requests: each is sent where the strategy says; TLS ends here.
    Layer7 {
        /// Computing a TLS handshake needs at the balancer.
        #[serde(default)]
        handshake: SimDuration,
    },
}

impl Default for Layer {
    fn default() -> Self {
        Self::Layer7 { handshake: SimDuration::ZERO }
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
            || self.handles.values().flatten().any(|step| step.has(|step| matches!(step, Step::Spawn(_))))
    }

    /// The steps of a kind of request after its first computing.
    pub fn steps(&self, class: &str) -> &[Step] {
        of_class(&self.handles, class)
    }
}

impl LoadBalancerSpec {
    /// How it calls its backends, but for its strategy.
    pub fn as_call(&self) -> CallSpec {
        CallSpec {
            timeout: self.timeout,
            view: self.view.clone(),
            health_check: self.health_check.clone(),
            ejection: self.ejection.clone(),
            slow_after: self.slow_after,
            heartbeats: self.heartbeats.clone(),
            slow_start: self.slow_start.clone(),
            subset: self.subset.clone(),
            ..CallSpec::default()
        }
    }

    /// What it forwards to: its backends together, then each pool of its routes once.
    pub fn callees(&self) -> Vec<Vec<&str>> {
        let mut callees = vec![self.backends.0.iter().map(String::as_str).collect::<Vec<_>>()];
        for pool in self.routes.values() {
            if !callees.contains(&vec![pool.as_str()]) {
                callees.push(vec![pool]);
            }
        }
        callees
    }

    fn check(&self, check: &mut Check) {
        check.require(!self.backends.0.is_empty(), "backends", || {
            "a load balancer needs backends: the id of a pool".into()
        });
        check.require((1..=4096).contains(&self.instances), "instances", || {
            format!("instances must be 1 to 4096, got {}", self.instances)
        });
        check.at("strategy", |check| self.strategy.check(check));
        check.at("service_time", |check| self.service_time.check(check));
        check.at("queue", |check| self.queue.check(check));
        self.as_call().check(check);
        if let Some(retry) = &self.retry {
            check.at("retry", |check| retry.check(check));
        }
        if let Some(sticky) = &self.sticky {
            check.at("sticky", |check| sticky.check(check));
        }
        if let Some(locality) = &self.locality {
            check.at("locality", |check| locality.check(check));
        }
        self.check_layer(check);
    }

    /// What needs to look into requests is not for Layer 4; what costs time needs workers to spend it.
    fn check_layer(&self, check: &mut Check) {
        if self.layer == Layer::Layer4 {
            check.require(self.retry.is_none(), "retry", || {
                "a Layer4 balancer cannot retry: it does not see requests".into()
            });
            check.require(self.routes.is_empty(), "routes", || {
                "a Layer4 balancer cannot route by content: it does not see requests".into()
            });
        }
        let costs = self.service_time.mean() > 0.0
            || matches!(self.layer, Layer::Layer7 { handshake } if !handshake.is_zero());
        check.require(self.workers > 0 || !costs, "workers", || {
            "a balancer that needs computing needs workers to do it: set workers, or leave service_time and handshake at 0".into()
        });
    }
}
