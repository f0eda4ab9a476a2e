//! What can be said before anything runs: capacities, the load each station gets, whether it can keep up.

use std::collections::BTreeMap;

use sim_core::time::{SimDuration, SimTime};

use crate::{
    policy::{
        arrival::{ProfileSpec, Shape},
        balancing::{BalancerSpec, Weights},
    },
    spec::{DatabaseSpec, Form, Load, LoadBalancerSpec, PoolSpec, SystemSpec, WorkloadSpec},
};

/// Requests a second each pool can serve at most.
#[derive(Clone, Debug)]
pub struct Capacities {
    rates: BTreeMap<String, f64>,
}

impl Capacities {
    /// The capacities of a system's pools, by mean computing over the mix of requests they get.
    pub fn of(spec: &SystemSpec) -> Self {
        let mix = mix_of(spec);
        let rates = spec.components.keys().map(|id| (id.clone(), capacity_for(spec, id, &mix)));
        Self { rates: rates.collect() }
    }

    /// Requests a second a pool can serve; infinite if it needs no time.
    pub fn rate(&self, id: &str) -> f64 {
        self.rates.get(id).copied().unwrap_or(f64::INFINITY)
    }
}

/// What is expected of one station.
#[derive(Clone, Debug, PartialEq)]
pub struct StationEstimate {
    /// The component's id.
    pub id: String,
    /// Requests a second it will get.
    pub arrivals: f64,
    /// Requests a second it can serve.
    pub capacity: f64,
    /// Whether a strategy stands before it that looks at the state, so that there is no closed form.
    pub balanced: bool,
    /// Its busiest server and that server's utilization, if the strategy before it fixes who gets how much.
    pub busiest: Option<(String, f64)>,
}

impl StationEstimate {
    /// Utilization of the whole pool; above 1 it cannot keep up.
    pub fn utilization(&self) -> f64 {
        self.arrivals / self.capacity
    }

    /// Utilization of what saturates first.
    pub fn worst(&self) -> f64 {
        self.busiest.as_ref().map_or(0.0, |(_, utilization)| *utilization).max(self.utilization())
    }
}

/// What is expected of a system.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Requests a second all workloads offer on average; closed loops by their bound.
    pub offered: f64,
    /// Events a request takes, about.
    pub events_per_request: f64,
    /// Stations with limited capacity, by id.
    pub stations: Vec<StationEstimate>,
}

impl Estimate {
    /// The traffic equations of a checked system over a run of that length.
    pub fn of(spec: &SystemSpec, horizon: SimDuration) -> Self {
        let capacities = Capacities::of(spec);
        let mut flows = Flows::new();
        let mut offered = 0.0;
        for workload in spec.workloads.values() {
            let rate = offered_by(workload, &capacities, horizon);
            offered += rate;
            let common = workload.common();
            for (class, share) in classes_of(workload) {
                let depth = common.max_call_depth.unwrap_or(64);
                spread(spec, common.target, class, rate * share, depth, &mut flows);
            }
        }
        let visits: f64 = flows.values().flat_map(BTreeMap::values).sum::<f64>() / offered.max(1e-300);
        let stations = flows.iter().map(|(id, flow)| {
            let (arrivals, capacity) = (flow.values().sum(), capacity(spec, id, flow));
            let (balanced, busiest) =
                (strategy_before(spec, id).is_some(), busiest(spec, id, arrivals, capacity));
            StationEstimate { id: (*id).to_owned(), arrivals, capacity, balanced, busiest }
        });
        let limited = stations.filter(|station| station.capacity.is_finite());
        Self { offered, events_per_request: 1.0 + 2.0 * visits, stations: limited.collect() }
    }
}

/// Requests a second that come to each component, by class.
type Flows<'a> = BTreeMap<&'a str, BTreeMap<&'a str, f64>>;

/// Requests a second that a component can serve of what comes to it.
fn capacity(spec: &SystemSpec, id: &str, flow: &BTreeMap<&str, f64>) -> f64 {
    let total: f64 = flow.values().sum();
    // Of nothing that comes, equal parts.
    let part = |rate: f64| if total > 0.0 { rate / total } else { 1.0 / flow.len() as f64 };
    let mix = flow.iter().map(|(class, rate)| (*class, part(*rate))).collect();
    capacity_for(spec, id, &mix)
}

/// Requests a second that a component can serve of such a mix.
fn capacity_for(spec: &SystemSpec, id: &str, mix: &BTreeMap<&str, f64>) -> f64 {
    let copies = regions_of(spec, id) as f64;
    match spec.form(id) {
        Some(Form::Pool(pool)) => speed_of(pool) / mean_seconds(spec, pool, mix) * copies,
        Some(Form::Balancer(balancer)) => balancer_rate(balancer) * copies,
        None => f64::INFINITY,
    }
}

/// The classes of a workload's requests and their shares; one without name if it names none.
fn classes_of(workload: &WorkloadSpec) -> Vec<(&str, f64)> {
    let requests = workload.common().requests;
    if requests.is_empty() {
        return vec![("", 1.0)];
    }
    let total: f64 = requests.values().map(|request| request.weight).sum();
    requests.iter().map(|(name, request)| (name.as_str(), request.weight / total)).collect()
}

/// Requests a second a workload offers; a closed loop at most users / (think time + no wait at all).
fn offered_by(workload: &WorkloadSpec, capacities: &Capacities, horizon: SimDuration) -> f64 {
    match workload {
        WorkloadSpec::OpenLoop(open) => {
            let rate = match &open.load {
                Load::Rate(rate) => rate.0,
                Load::Utilization { of, fraction } => capacities.rate(of) * fraction,
            };
            rate * mean_factor(&open.profile, horizon)
        }
        WorkloadSpec::ClosedLoop(closed) => {
            let think = closed.think_time.mean() / 1e9;
            let bound = capacities.rate(&closed.target);
            if think > 0.0 { (f64::from(closed.users) / think).min(bound) } else { bound }
        }
        WorkloadSpec::Trace(_) => 0.0,
    }
}

/// The mean of a profile's factor over a run, by a thousand looks.
fn mean_factor(profile: &ProfileSpec, horizon: SimDuration) -> f64 {
    const LOOKS: u64 = 1000;
    let shape = profile.build(SimTime::ZERO);
    let at =
        |look: u64| SimTime::from_nanos(horizon.as_nanos() / LOOKS * look + horizon.as_nanos() / (2 * LOOKS));
    (0..LOOKS).map(|look| shape.factor(at(look))).sum::<f64>() / LOOKS as f64
}

/// Sends requests of a class from a component to those it calls, from there further on, so deep as calls may nest.
fn spread<'a>(
    spec: &'a SystemSpec,
    target: &'a str,
    class: &'a str,
    rate: f64,
    deepest: u8,
    flows: &mut Flows<'a>,
) {
    let mut level = BTreeMap::from([(target, rate)]);
    for _ in 0..deepest {
        let mut next = BTreeMap::new();
        for (id, rate) in level {
            *flows.entry(id).or_default().entry(class).or_default() += rate;
            for (callee, share) in shares(spec, id, class) {
                *next.entry(callee).or_default() += rate * share;
            }
        }
        level = next;
    }
}

/// How many calls a component makes for each of a class that it gets, by callee.
fn shares<'a>(spec: &'a SystemSpec, id: &str, class: &str) -> Vec<(&'a str, f64)> {
    match spec.form(id) {
        Some(Form::Pool(pool)) => {
            let calls = |callee| (callee, count_calls(spec, pool, class, callee));
            pool.callees().into_iter().map(calls).collect()
        }
        Some(Form::Balancer(balancer)) => {
            if let Some(pool) = balancer.routes.get(class) {
                return vec![(pool.as_str(), 1.0)];
            }
            // Pools of one balancer share by their capacity, unless a locality prefers the first.
            let pools = &balancer.backends.0;
            let preferred = if balancer.locality.is_some() { 1 } else { pools.len() };
            pools.iter().take(preferred).map(|pool| (pool.as_str(), 1.0 / preferred as f64)).collect()
        }
        None => Vec::new(),
    }
}

/// How often a request of a kind calls a component on average.
fn count_calls(spec: &SystemSpec, pool: &PoolSpec, class: &str, callee: &str) -> f64 {
    let mut count = 0.0;
    // What a cache spares is not known before.
    if pool.keeps.is_some() {
        return count;
    }
    let database = spec.form(callee).and_then(Form::divides);
    for step in pool.steps(class) {
        step.visit(Some(class), 1.0, &mut |step, often| count += often * step.calls_to(callee, database));
    }
    count
}

/// Shares of request classes over all workloads.
fn mix_of(spec: &SystemSpec) -> BTreeMap<&str, f64> {
    let mut mix: BTreeMap<&str, f64> = BTreeMap::new();
    for (class, share) in spec.workloads.values().flat_map(classes_of) {
        *mix.entry(class).or_default() += share;
    }
    let total: f64 = mix.values().sum();
    for share in mix.values_mut() {
        *share /= total.max(1e-300);
    }
    mix
}

/// Seconds of computing a request needs at a pool on average.
fn mean_seconds(spec: &SystemSpec, pool: &PoolSpec, mix: &BTreeMap<&str, f64>) -> f64 {
    let of_class = |class: &str| {
        let first = pool.demand(class, spec.writes(class)).mean();
        let indexed = pool.divides.as_deref().filter(|_| spec.writes(class));
        let first = first + indexed.map_or(0.0, DatabaseSpec::mean_indexing);
        let more: f64 = pool.steps(class).iter().map(|step| step.mean_computing(class)).sum();
        (first + more) / 1e9
    };
    mix.iter().map(|(class, share)| share * of_class(class)).sum()
}

/// Normal workers a pool has in one region, slow servers counted by their speed.
fn speed_of(pool: &PoolSpec) -> f64 {
    (0..pool.servers).map(|server| pool.server_speed(server)).sum()
}

fn balancer_rate(balancer: &LoadBalancerSpec) -> f64 {
    if balancer.workers == 0 {
        return f64::INFINITY;
    }
    f64::from(balancer.workers * balancer.instances) / (balancer.service_time.mean() / 1e9)
}

fn regions_of(spec: &SystemSpec, id: &str) -> usize {
    let placed_in = match spec.form(id) {
        Some(Form::Pool(pool)) => &pool.placed_in.0,
        Some(Form::Balancer(balancer)) => &balancer.placed_in.0,
        None => return 1,
    };
    if placed_in.is_empty() {
        return spec.regions.len().max(1);
    }
    let inside = |region: &&String| {
        placed_in.iter().any(|place| place == *region || place.starts_with(&format!("{region}/")))
    };
    spec.regions.keys().filter(inside).count().max(1)
}

/// The strategy of the balancer before a pool.
fn strategy_before<'a>(spec: &'a SystemSpec, id: &str) -> Option<&'a BalancerSpec> {
    spec.components.values().find_map(|component| match component.form() {
        Form::Balancer(balancer) if balancer.backends.0.iter().any(|backend| backend == id) => {
            Some(&balancer.strategy)
        }
        Form::Balancer(_) | Form::Pool(_) => None,
    })
}

/// The busiest server of a pool behind a strategy that does not look at load.
fn busiest(spec: &SystemSpec, id: &str, arrivals: f64, capacity: f64) -> Option<(String, f64)> {
    let Some(Form::Pool(pool)) = spec.form(id) else {
        return None;
    };
    let before = strategy_before(spec, id)?;
    if pool.servers < 2 {
        return None;
    }
    let weight = |server: u32| -> Option<f64> {
        let own = pool.overrides.get(&server).and_then(|own| own.weight).unwrap_or(1);
        if matches!(before, BalancerSpec::Random(_) | BalancerSpec::RoundRobin(_)) {
            return Some(1.0);
        }
        let in_turns = matches!(
            before,
            BalancerSpec::WeightedRoundRobin(_)
                | BalancerSpec::EarliestDeadlineFirst(_)
                | BalancerSpec::StaticRoundRobin(_)
        );
        in_turns.then(|| match before.weights() {
            Weights::ByCapacity => pool.server_speed(server),
            Weights::Configured => f64::from(own),
            Weights::Given(weights) => f64::from(weights.get(server as usize).copied().unwrap_or(1)),
        })
    };
    let weights: Option<Vec<f64>> = (0..pool.servers).map(weight).collect();
    let weights = weights?;
    let total: f64 = weights.iter().sum();
    let load = |server: u32| {
        arrivals / capacity * speed_of(pool) * weights[server as usize] / total / pool.server_speed(server)
    };
    let worst = (0..pool.servers).max_by(|a, b| load(*a).total_cmp(&load(*b)).then(b.cmp(a)))?;
    Some((format!("{id}[{worst}]"), load(worst)))
}
