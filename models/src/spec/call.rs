//! What stands at a caller about the calls it makes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, time::SimDuration};

use super::HeartbeatsSpec;
use crate::policy::{
    balancing::BalancerSpec,
    detection::{EjectSpec, active_check::ActiveCheckSpec},
    redirection::{DnsSpec, VirtualAddressSpec},
    slow_start::SlowStartSpec,
    stage::{StageSpec, bulkhead, connection_pool, retry, timeout},
    subsetting::SubsetSpec,
};

/// How a caller calls one callee; stands at the caller under `calls`, by the callee's id.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CallSpec {
    /// How long it waits for a reply to one attempt; without one it waits for ever.
    pub timeout: Option<SimDuration>,
    /// Which server of the callee takes a call. Default: `RoundRobin`, an ideal virtual address.
    pub balancer: Option<BalancerSpec>,
    /// What the balancer knows of its backends' load.
    pub view: View,
    /// Active checks of the callee's servers.
    pub health_check: Option<ActiveCheckSpec>,
    /// Passive ejection of the callee's servers by the results of calls.
    pub ejection: Option<EjectSpec>,
    /// A good reply that took longer counts to the ejection as one that timed out. Default: none does.
    pub slow_after: Option<SimDuration>,
    /// Heartbeats of the callee's servers.
    pub heartbeats: Option<HeartbeatsSpec>,
    /// How a server that comes back gets its share.
    pub slow_start: Option<SlowStartSpec>,
    /// The callee's name is resolved by caches, which keep the balancer's answer for a while. Default: no caches, every
    /// call is balanced.
    pub dns: Option<DnsSpec>,
    /// The callee's servers share one address, which one of them holds; balancer, checks and ejection have then no say. A server
    /// that is down, silent or failing every request stops advertising, as with keepalived's check scripts. Default: each has an
    /// address of its own.
    pub virtual_address: Option<VirtualAddressSpec>,
    /// Which servers each of several callers knows.
    pub subset: Option<SubsetSpec>,
    /// How long it waits for all attempts together; without one as long as they take.
    pub deadline: Option<SimDuration>,
    /// Whether it tries again.
    pub retry: Option<retry::Spec>,
    /// What stops calling a callee that keeps failing: `CircuitBreaker`, `HystrixBreaker` or `PollyBreaker`.
    pub circuit_breaker: Option<StageSpec>,
    /// So many calls at once.
    pub bulkhead: Option<bulkhead::Spec>,
    /// The connections to the callee that its calls need. Default: there are always enough.
    pub connections: Option<connection_pool::Spec>,
    /// What stands between the caller and the wire, outermost first, in place of the five fields before. They stand in
    /// resilience4j's order: deadline, retry, circuit breaker, bulkhead, then connections, and innermost the timeout of
    /// an attempt, which has a connection by then.
    pub stages: Option<Vec<StageSpec>>,
    /// Whether all instances of the caller share the state of their stages. Default false: each has its own.
    pub shared_stages: bool,
}

/// What a balancer knows of its backends' load.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum View {
    /// What it sent itself and has not seen answered: right for one balancer, partial for several.
    #[default]
    Own,
    /// The true load of every backend, as of the last refresh: a bulletin board that many read.
    /// Mitzenmacher, *How Useful Is Old Information?*, 2000.
    Board {
        /// Time between refreshes.
        every: SimDuration,
    },
}

/// Sends a failed call again, at once, to a server not tried yet where there is one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetrySpec {
    /// Attempts in all, the first included, at least 1. Default 2 (HAProxy `redispatch`, nginx `proxy_next_upstream`).
    pub max_attempts: u32,
    /// Whether an error reply is tried again. Default false: the work may have been done.
    pub on_error: bool,
    /// Whether a refusal (queue full, server down) is tried again. Default true.
    pub on_refusal: bool,
    /// Whether an attempt that timed out is tried again. Default true.
    pub on_timeout: bool,
}

impl Default for RetrySpec {
    fn default() -> Self {
        Self { max_attempts: 2, on_error: false, on_refusal: true, on_timeout: true }
    }
}

/// Connections of a workload's clients: each carries several requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConnectionsSpec {
    /// Connections held open, at least 1; each request uses one of them at random.
    pub count: u32,
    /// Requests after which a connection is closed and opened anew; 0 for never. Default 1000 (nginx `keepalive_requests`).
    pub requests: u32,
    /// What opening one costs in round trips.
    pub security: Security,
}

impl Default for ConnectionsSpec {
    fn default() -> Self {
        Self { count: 100, requests: 1000, security: Security::Tls13 }
    }
}

/// What a new connection costs before its first request travels, in round trips.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Security {
    /// TCP alone: 1 round trip.
    Plain,
    /// TCP and TLS 1.2: 3 round trips.
    Tls12,
    /// TCP and TLS 1.3: 2 round trips.
    #[default]
    Tls13,
    /// TLS 1.3 with early data (0-RTT): 1 round trip.
    EarlyData,
}

impl Security {
    /// Round trips before the request.
    pub const fn round_trips(self) -> u64 {
        match self {
            Self::Plain | Self::EarlyData => 1,
            Self::Tls12 => 3,
            Self::Tls13 => 2,
        }
    }

    /// Whether the connection ends at a TLS handshake that costs computing.
    pub const fn handshakes(self) -> bool {
        match self {
            Self::Plain | Self::EarlyData => false,
            Self::Tls12 | Self::Tls13 => true,
        }
    }
}

impl CallSpec {
    /// What stands between the caller and the wire, outermost first.
    pub fn pipeline(&self) -> Vec<StageSpec> {
        if let Some(stages) = &self.stages {
            return stages.clone();
        }
        let deadline = self.deadline.map(|after| StageSpec::Timeout(timeout::Spec { after }));
        let retry = self.retry.clone().map(StageSpec::Retry);
        let bulkhead = self.bulkhead.clone().map(StageSpec::Bulkhead);
        let connections = self.connections.clone().map(StageSpec::ConnectionPool);
        [deadline, retry, self.circuit_breaker.clone(), bulkhead, connections].into_iter().flatten().collect()
    }

    /// The services that its stages ask in the callee's place, each with the stage's place in the list.
    pub fn fallback_services(&self) -> impl Iterator<Item = (usize, &str)> {
        let stages = self.stages.iter().flatten().enumerate();
        stages.filter_map(|(place, stage)| Some((place, stage.fallback_service()?)))
    }

    fn check_stages(&self, check: &mut Check) {
        let single = self.deadline.is_some()
            || self.retry.is_some()
            || self.circuit_breaker.is_some()
            || self.bulkhead.is_some()
            || self.connections.is_some();
        check.require(self.stages.is_none() || !single, "stages", || {
            "stages stand in place of deadline, retry, circuit_breaker, bulkhead and connections: say one or the other"
                .into()
        });
        check_breaker(check, self.circuit_breaker.as_ref());
        check.require(self.deadline != Some(SimDuration::ZERO), "deadline", || {
            "deadline must be above 0".into()
        });
        if let Some(retry) = &self.retry {
            check.at("retry", |check| retry.check(check));
        }
        if let Some(bulkhead) = &self.bulkhead {
            check.at("bulkhead", |check| bulkhead.check(check));
        }
        if let Some(connections) = &self.connections {
            check.at("connections", |check| connections.check(check));
        }
        for (number, stage) in self.stages.iter().flatten().enumerate() {
            check.at("stages", |check| check.at(number, |check| stage.check(check)));
        }
        if let Some((second, _)) = self.fallback_services().nth(1) {
            check.at("stages", |check| {
                check.require(false, &second.to_string(), || {
                    "the stages of a call have one fallback service: two are more than they can ask".into()
                });
            });
        }
    }

    fn check_guards(&self, check: &mut Check) {
        if let View::Board { every } = self.view {
            check.at("view", |check| {
                check.require(!every.is_zero(), "every", || "a board needs time between refreshes".into());
            });
        }
        if let Some(health_check) = &self.health_check {
            check.at("health_check", |check| health_check.check(check));
        }
        if let Some(ejection) = &self.ejection {
            check.at("ejection", |check| ejection.check(check));
        }
        check.require(self.slow_after.is_none() || self.ejection.is_some(), "slow_after", || {
            "slow_after says what an ejection counts as a failure: it needs an ejection".into()
        });
        if let Some(heartbeats) = &self.heartbeats {
            check.at("heartbeats", |check| heartbeats.check(check));
        }
    }

    /// Whether it wishes for anything that each caller needs a view of its own for.
    pub fn asks_for_a_view(&self) -> bool {
        let Self { balancer, view, health_check, ejection, heartbeats, slow_start, .. } = self;
        let Self { subset, dns, virtual_address, .. } = self;
        balancer.is_some()
            || *view != View::default()
            || health_check.is_some()
            || ejection.is_some()
            || heartbeats.is_some()
            || slow_start.is_some()
            || subset.is_some()
            || dns.is_some()
            || virtual_address.is_some()
    }

    pub(super) fn check(&self, check: &mut Check) {
        if let Some(balancer) = &self.balancer {
            check.at("balancer", |check| balancer.check(check));
        }
        self.check_guards(check);
        if let Some(slow_start) = &self.slow_start {
            check.at("slow_start", |check| slow_start.check(check));
        }
        if let Some(subset) = &self.subset {
            check.at("subset", |check| subset.check(check));
        }
        if let Some(dns) = &self.dns {
            check.at("dns", |check| dns.check(check));
        }
        if let Some(address) = &self.virtual_address {
            check.at("virtual_address", |check| address.check(check));
        }
        check.require(self.dns.is_none() || self.virtual_address.is_none(), "virtual_address", || {
            "a virtual address needs no dns: say one or the other".into()
        });
        require_timeout(check, self.timeout);
        self.check_stages(check);
    }
}

/// Requires that a breaker is one.
pub(super) fn check_breaker(check: &mut Check, breaker: Option<&StageSpec>) {
    let Some(breaker) = breaker else { return };
    check.at("circuit_breaker", |check| {
        check.require(breaker.is_breaker(), "", || {
            format!(
                "`{}` is no breaker: write CircuitBreaker, HystrixBreaker or PollyBreaker",
                breaker.name()
            )
        });
        breaker.check(check);
    });
}

impl RetrySpec {
    pub(super) fn check(&self, check: &mut Check) {
        check.require(self.max_attempts >= 1, "max_attempts", || {
            "max_attempts must be at least 1, got 0".into()
        });
    }
}

/// A timeout of zero would fail every call before it is sent.
pub(super) fn require_timeout(check: &mut Check, timeout: Option<SimDuration>) {
    check.require(timeout != Some(SimDuration::ZERO), "timeout", || {
        "a timeout must be above 0; leave it out to wait for ever".into()
    });
}
