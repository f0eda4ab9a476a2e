//! Workloads: where load comes from and what a request is like.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    random::{
        distribution::DistributionSpec,
        keys::{KeysSpec, uniform},
    },
    time::SimDuration,
};

use super::{
    KeyLayout, RequestSpec,
    call::{CallSpec, ConnectionsSpec, check_breaker, require_timeout},
};
use crate::{
    policy::{
        arrival::{ArrivalSpec, ProfileSpec, trace::TraceSpec},
        stage::{StageSpec, retry},
    },
    units::{Bytes, Rate},
};

/// Where load comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum WorkloadSpec {
    /// Requests come by themselves, whatever became of earlier ones: users of the open internet.
    OpenLoop(OpenLoopSpec),
    /// A fixed number of users, each of whom thinks, asks, and waits for the answer.
    ClosedLoop(ClosedLoopSpec),
    /// Requests at recorded times.
    Trace(TraceWorkloadSpec),
}

/// Lists what every kind of workload has beside its own fields. serde's `flatten` would lose strictness and places.
macro_rules! workload {
    ($(#[$attribute:meta])* $Name:ident { $($(#[$field_attribute:meta])* $field:ident: $Field:ty = $default:expr,)* }) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct $Name {
            $($(#[$field_attribute])* pub $field: $Field,)*
            /// The component that gets the requests.
            pub target: String,
            /// Kinds of requests by name, with weights; default: one kind.
            pub requests: BTreeMap<String, RequestSpec>,
            /// What requests ask for; default: all different (drawn from 2⁶⁴).
            pub keys: Option<KeysSpec>,
            /// Which keys the popular ones are. Default `Ranked`: the lowest.
            pub key_layout: KeyLayout,
            /// Clients' addresses by popularity; default: 65536 of them, equally active.
            pub addresses: KeysSpec,
            /// Sizes of requests. Default 0, which no bandwidth slows.
            pub size: DistributionSpec<Bytes>,
            /// Shares of the clients by region; needs `regions`. Default: spread evenly.
            pub origin: BTreeMap<String, f64>,
            /// How long a client waits for the answer to one attempt. Default: for ever.
            pub timeout: Option<SimDuration>,
            /// Whether it tries again. Default: not.
            pub retry: Option<retry::Spec>,
            /// What stops it calling a target that keeps failing: `CircuitBreaker`, `HystrixBreaker` or
            /// `PollyBreaker`. Default: nothing. More stages stand under `calls`.
            pub circuit_breaker: Option<StageSpec>,
            /// How long a client stands in line before it leaves; who is being served stays. Default: for ever.
            pub patience: Option<DistributionSpec>,
            /// Connections that carry several requests each. Default: each request comes by itself.
            pub connections: Option<ConnectionsSpec>,
            /// Client processes, each with its own view of its callees. Default 1.
            pub instances: u32,
            /// How deep calls may nest, at least 1; those deeper are refused. Components that call each other in a
            /// circle need it. Default 64, and no circles.
            pub max_call_depth: Option<u8>,
            /// Whether the time at which the client gives up travels with its requests, as gRPC's deadlines do: nobody
            /// queues, computes or calls for a request that is late already. Default false: only its caller knows, and
            /// work for nobody is done to its end.
            pub propagate_deadline: bool,
            /// How it calls, by the callee's id.
            pub calls: BTreeMap<String, CallSpec>,
        }

        impl Default for $Name {
            fn default() -> Self {
                Self {
                    $($field: $default,)*
                    target: String::new(),
                    requests: BTreeMap::new(),
                    keys: None,
                    key_layout: KeyLayout::default(),
                    addresses: any_address(),
                    size: no_size(),
                    origin: BTreeMap::new(),
                    timeout: None,
                    retry: None,
                    circuit_breaker: None,
                    patience: None,
                    connections: None,
                    instances: 1,
                    max_call_depth: None,
                    propagate_deadline: false,
                    calls: BTreeMap::new(),
                }
            }
        }

        impl $Name {
            /// What every kind of workload has.
            pub fn common(&self) -> Common<'_> {
                Common {
                    target: &self.target,
                    requests: &self.requests,
                    keys: self.keys.as_ref(),
                    key_layout: &self.key_layout,
                    addresses: &self.addresses,
                    size: &self.size,
                    origin: &self.origin,
                    timeout: self.timeout,
                    retry: self.retry.as_ref(),
                    circuit_breaker: self.circuit_breaker.as_ref(),
                    patience: self.patience.as_ref(),
                    connections: self.connections.as_ref(),
                    instances: self.instances,
                    max_call_depth: self.max_call_depth,
                    propagate_deadline: self.propagate_deadline,
                    calls: &self.calls,
                }
            }
        }
    };
}

workload! {
    /// Requests that come by themselves.
    OpenLoopSpec {
        /// How gaps between requests vary. Default `Poisson`.
        arrivals: ArrivalSpec = ArrivalSpec::default(),
        /// How many come.
        load: Load = Load::default(),
        /// How the load changes over time; factors on `load`. Default `Constant`.
        profile: ProfileSpec = ProfileSpec::default(),
    }
}

workload! {
    /// Users who wait for each answer.
    ClosedLoopSpec {
        /// Users, at least 1.
        users: u32 = 1,
        /// How long a user thinks between an answer and the next request. Default: not at all.
        think_time: DistributionSpec = DistributionSpec::constant(SimDuration::ZERO),
    }
}

workload! {
    /// Recorded requests, streamed from a file.
    TraceWorkloadSpec {
        /// The file and how to read it.
        trace: TraceSpec = TraceSpec::default(),
    }
}

/// What every kind of workload has; see the fields of the workloads.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each is documented where a user writes it")]
pub struct Common<'a> {
    pub target: &'a str,
    pub requests: &'a BTreeMap<String, RequestSpec>,
    pub keys: Option<&'a KeysSpec>,
    pub key_layout: &'a KeyLayout,
    pub addresses: &'a KeysSpec,
    pub size: &'a DistributionSpec<Bytes>,
    pub origin: &'a BTreeMap<String, f64>,
    pub timeout: Option<SimDuration>,
    pub retry: Option<&'a retry::Spec>,
    pub circuit_breaker: Option<&'a StageSpec>,
    pub patience: Option<&'a DistributionSpec>,
    pub connections: Option<&'a ConnectionsSpec>,
    pub instances: u32,
    pub max_call_depth: Option<u8>,
    pub propagate_deadline: bool,
    pub calls: &'a BTreeMap<String, CallSpec>,
}

/// How many requests come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum Load {
    /// So many a second: `Rate("700/s")`.
    Rate(Rate),
    /// A share of a pool's effective capacity: `Utilization(of: "web", fraction: 0.7)`.
    Utilization {
        /// The pool.
        of: String,
        /// The share; above 1 is overload.
        fraction: f64,
    },
}

impl Default for Load {
    fn default() -> Self {
        Self::Rate(Rate(1.0))
    }
}

fn any_address() -> KeysSpec {
    KeysSpec::Uniform(uniform::Spec { items: 65_536 })
}

fn no_size() -> DistributionSpec<Bytes> {
    DistributionSpec::constant(Bytes(0))
}

impl WorkloadSpec {
    /// What every kind has.
    pub fn common(&self) -> Common<'_> {
        match self {
            Self::OpenLoop(spec) => spec.common(),
            Self::ClosedLoop(spec) => spec.common(),
            Self::Trace(spec) => spec.common(),
        }
    }

    /// The name a file uses for this kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::OpenLoop(_) => "OpenLoop",
            Self::ClosedLoop(_) => "ClosedLoop",
            Self::Trace(_) => "Trace",
        }
    }

    /// Every kind with its default, for catalogues.
    pub fn catalog() -> [Self; 3] {
        [
            Self::OpenLoop(OpenLoopSpec::default()),
            Self::ClosedLoop(ClosedLoopSpec::default()),
            Self::Trace(TraceWorkloadSpec::default()),
        ]
    }

    pub(super) fn check(&self, check: &mut Check) {
        self.common().check(check);
        match self {
            Self::OpenLoop(spec) => spec.check(check),
            Self::ClosedLoop(spec) => {
                check.require(spec.users >= 1, "users", || "users must be at least 1, got 0".into());
                check.at("think_time", |check| spec.think_time.check(check));
            }
            Self::Trace(spec) => check.at("trace", |check| spec.trace.check(check)),
        }
    }
}

impl OpenLoopSpec {
    fn check(&self, check: &mut Check) {
        check.at("arrivals", |check| self.arrivals.check(check));
        check.at("profile", |check| self.profile.check(check));
        match &self.load {
            Load::Rate(rate) => check.positive("load", rate.0),
            Load::Utilization { fraction, .. } => {
                check.at("load", |check| check.positive("fraction", *fraction));
            }
        }
    }
}

impl Common<'_> {
    fn check(&self, check: &mut Check) {
        require_timeout(check, self.timeout);
        if let Some(retry) = self.retry {
            check.at("retry", |check| retry.check(check));
        }
        check_breaker(check, self.circuit_breaker);
        self.check_own_stages(check);
        check.require((1..=4096).contains(&self.instances), "instances", || {
            format!("instances must be 1 to 4096, got {}", self.instances)
        });
        check.require(self.max_call_depth != Some(0), "max_call_depth", || {
            "max_call_depth must be at least 1, got 0: no call would be let in".into()
        });
        if let Some(keys) = self.keys {
            check.at("keys", |check| keys.check(check));
        }
        check.at("key_layout", |check| {
            let own = self.requests.values().find_map(|request| request.keys.as_ref());
            self.key_layout.check(self.keys.or(own), check);
        });
        check.at("addresses", |check| self.addresses.check(check));
        check.at("size", |check| self.size.check(check));
        if let Some(patience) = self.patience {
            check.at("patience", |check| patience.check(check));
        }
        if let Some(connections) = self.connections {
            let known = (1..=10_000_000).contains(&connections.count);
            check.at("connections", |check| {
                check.require(known, "count", || "count must be 1 to 10 000 000".into());
            });
        }
        self.check_requests(check);
        for (id, call) in self.calls {
            check.at("calls", |check| check.at(id, |check| call.check(check)));
        }
    }

    /// A workload's own stages and a list of stages under `calls` would be two answers to one question.
    fn check_own_stages(&self, check: &mut Check) {
        let own = self.retry.is_some() || self.circuit_breaker.is_some();
        let listed = self.calls.values().any(|call| call.stages.is_some());
        check.require(!(own && listed), "calls", || {
            "stages under calls stand in place of retry and circuit_breaker: say one or the other".into()
        });
    }

    fn check_requests(&self, check: &mut Check) {
        check.at("requests", |check| {
            for (name, request) in self.requests {
                check.at(name, |check| {
                    check.positive("weight", request.weight);
                    if let Some(size) = &request.size {
                        check.at("size", |check| size.check(check));
                    }
                    if let Some(keys) = &request.keys {
                        check.at("keys", |check| keys.check(check));
                    }
                    if let Some(layout) = &request.key_layout {
                        let keys = request.keys.as_ref().or(self.keys);
                        check.at("key_layout", |check| layout.check(keys, check));
                    }
                });
            }
        });
        for (region, share) in self.origin {
            check.at("origin", |check| check.positive(region, *share));
        }
    }
}
