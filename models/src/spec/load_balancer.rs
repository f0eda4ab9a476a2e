//! Load balancers: what they spread requests over, how they choose, and what they cost themselves.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::distribution::DistributionSpec, time::SimDuration};

use super::{
    HeartbeatsSpec, Ids,
    call::{CallSpec, RetrySpec, View},
};
use crate::policy::{
    balancing::BalancerSpec,
    detection::{EjectSpec, active_check::ActiveCheckSpec},
    discipline::QueueSpec,
    locality::LocalitySpec,
    slow_start::SlowStartSpec,
    sticky::StickySpec,
    subsetting::SubsetSpec,
};

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

    pub(super) fn check(&self, check: &mut Check) {
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
