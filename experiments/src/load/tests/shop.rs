//! A system with every shape a real one has: wrapped specs, bare variants, optional groups, maps by number.

use std::collections::BTreeMap;

use models::units::Rate;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sim_core::{
    check::{Check, Problem},
    time::SimDuration,
};

use crate::{document::nearest, experiment::System};

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Shop {
    pub(super) workloads: BTreeMap<String, Workload>,
    pub(super) components: BTreeMap<String, Component>,
    pub(super) faults: Vec<Fault>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) enum Workload {
    OpenLoop(OpenLoop),
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OpenLoop {
    pub(super) target: String,
    #[serde(default)]
    pub(super) arrivals: Arrivals,
    pub(super) load: Load,
    #[serde(default)]
    pub(super) timeout: Option<SimDuration>,
    #[serde(default)]
    pub(super) retry: Option<Retry>,
    #[serde(default)]
    pub(super) circuit_breaker: Option<Breaker>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
pub(super) enum Arrivals {
    #[default]
    Poisson,
    Regular,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) enum Load {
    Utilization { of: String, fraction: f64 },
    Rate(Rate),
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Retry {
    pub(super) max_attempts: u32,
    #[serde(default)]
    pub(super) backoff: Option<Backoff>,
    #[serde(default)]
    pub(super) budget: Option<Budget>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) enum Backoff {
    Exponential { base: SimDuration, factor: f64, jitter: Jitter },
}

#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub(super) enum Jitter {
    Full,
    Equal,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) enum Budget {
    TokenBucket { ratio: f64, burst: u32 },
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) enum Breaker {
    CircuitBreaker(CircuitBreaker),
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CircuitBreaker {
    pub(super) failure_rate_threshold: f64,
    pub(super) window: BreakerWindow,
    pub(super) minimum_calls: u32,
    pub(super) open_for: SimDuration,
    pub(super) half_open_calls: u32,
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self {
            failure_rate_threshold: 0.5,
            window: BreakerWindow::Count(100),
            minimum_calls: 100,
            open_for: SimDuration::from_secs(60),
            half_open_calls: 10,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(super) enum BreakerWindow {
    Count(u32),
    Time(SimDuration),
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) enum Component {
    LoadBalancer(LoadBalancer),
    ServerPool(ServerPool),
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LoadBalancer {
    pub(super) backends: String,
    pub(super) strategy: Strategy,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) enum Strategy {
    Random(Nothing),
    RoundRobin(Nothing),
    WeightedRoundRobin(Weighted),
    PowerOfTwoChoices(PowerOfTwo),
    LeastOutstandingRequests(Nothing),
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Nothing {}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Weighted {
    pub(super) weights: Weights,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(super) enum Weights {
    ByCapacity,
    Fixed(Vec<u32>),
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PowerOfTwo {
    pub(super) choices: u32,
    pub(super) by: By,
}

impl Default for PowerOfTwo {
    fn default() -> Self {
        Self { choices: 2, by: By::OutstandingRequests }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) enum By {
    OutstandingRequests,
    PeakEwma { decay: SimDuration },
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServerPool {
    pub(super) servers: u32,
    #[serde(default = "one")]
    pub(super) workers_per_server: u32,
    pub(super) service_time: ServiceTime,
    #[serde(default)]
    pub(super) queue: Queue,
    #[serde(default)]
    pub(super) overrides: BTreeMap<u32, Override>,
    #[serde(default = "yes")]
    pub(super) cancel_abandoned_work: bool,
}

fn one() -> u32 {
    1
}

fn yes() -> bool {
    true
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) enum ServiceTime {
    Constant(SimDuration),
    Exponential { mean: SimDuration },
    LogNormal { mean: SimDuration, cv: f64 },
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) enum Queue {
    Fifo { capacity: Capacity },
}

impl Default for Queue {
    fn default() -> Self {
        Self::Fifo { capacity: Capacity::Unbounded }
    }
}

/// `Unbounded` or a number: read from whatever is there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Capacity {
    Unbounded,
    Places(u64),
}

impl Serialize for Capacity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unbounded => serializer.serialize_unit_variant("Capacity", 0, "Unbounded"),
            Self::Places(places) => serializer.serialize_u64(*places),
        }
    }
}

impl<'de> Deserialize<'de> for Capacity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Capacity;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number or Unbounded")
            }
            fn visit_u64<E: de::Error>(self, places: u64) -> Result<Capacity, E> {
                Ok(Capacity::Places(places))
            }
            fn visit_str<E: de::Error>(self, word: &str) -> Result<Capacity, E> {
                match word {
                    "Unbounded" => Ok(Capacity::Unbounded),
                    _ => Err(E::unknown_variant(word, &["Unbounded"])),
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Override {
    pub(super) speed: f64,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) enum Fault {
    CapacityLoss { target: String, at: SimDuration, duration: SimDuration, remaining: f64 },
}

impl System for Shop {
    fn problems(&self) -> Vec<Problem> {
        let mut check = Check::default();
        for (id, Workload::OpenLoop(clients)) in &self.workloads {
            check.at(id, |check| self.clients(id, clients, check));
        }
        for (id, component) in &self.components {
            if let Component::LoadBalancer(balancer) = component {
                check.at(id, |check| self.reference(id, "backends", &balancer.backends, check));
            }
        }
        for (index, Fault::CapacityLoss { target, remaining, .. }) in self.faults.iter().enumerate() {
            check.at("faults", |check| {
                check.at(index, |check| {
                    check.fraction("remaining", *remaining);
                    self.reference("faults", "target", target, check);
                });
            });
        }
        check.into_problems()
    }
}

impl Shop {
    fn clients(&self, id: &str, clients: &OpenLoop, check: &mut Check) {
        self.reference(id, "target", &clients.target, check);
        if let Load::Utilization { fraction, .. } = &clients.load {
            check.at("load", |check| check.at("Utilization", |check| check.positive("fraction", *fraction)));
        }
        if let Some(Breaker::CircuitBreaker(breaker)) = &clients.circuit_breaker {
            check.at("circuit_breaker", |check| {
                check.fraction("failure_rate_threshold", breaker.failure_rate_threshold);
            });
        }
    }

    fn reference(&self, id: &str, field: &str, target: &str, check: &mut Check) {
        if self.components.contains_key(target) {
            return;
        }
        let known: Vec<&str> = self.components.keys().map(String::as_str).collect();
        let list = format!("known components: {}", known.join(", "));
        let near = nearest(target, known.iter().copied());
        let help = near.map_or_else(|| list.clone(), |near| format!("did you mean \"{near}\"?  {list}"));
        let what = format!("`{id}.{field}` refers to `{target}`, which does not exist");
        check.at(field, |check| check.problem_with_help("E0301", what, help));
    }
}
