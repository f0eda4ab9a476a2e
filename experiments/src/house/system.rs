//! A plan's system as a diagram shows it: parts with a few facts, and who calls whom.
//!
//! Arms and sweeps change facts; what is not the same in every cell is named and not told.

use models::spec::{
    CallSpec, ComponentSpec, Form, Layer, Load, LoadBalancerSpec, PoolSpec, SystemSpec, WorkloadSpec,
};
use ron::{Options, extensions::Extensions, ser::PrettyConfig};
use serde::Serialize;

use crate::{
    plan::Plan,
    study::{Call, OddServer, Part, System},
};

/// A fact under its name: what two cells say under one name can be compared.
type Fact = (&'static str, String);

/// The system of a plan's cells.
pub(super) fn of(plan: &Plan) -> System {
    let Some(first) = plan.cells.first() else { return System::default() };
    let all: Vec<Vec<Part>> = plan.cells.iter().map(|cell| parts(&cell.system)).collect();
    let facts: Vec<Vec<Vec<Fact>>> = plan.cells.iter().map(|cell| facts(&cell.system)).collect();
    let mut parts = all.first().cloned().unwrap_or_default();
    for (place, part) in parts.iter_mut().enumerate() {
        let told: Vec<&[Fact]> = facts.iter().filter_map(|cell| cell.get(place)).map(Vec::as_slice).collect();
        part.facts = in_common(&told);
        let same = all.iter().all(|cell| cell.get(place).is_some_and(|it| it.per_shard == part.per_shard));
        part.per_shard = part.per_shard.filter(|_| same);
    }
    System { parts, calls: calls(&first.system), odd_servers: odd_servers(&first.system) }
}

/// The facts that all cells share, and the names of the others.
fn in_common(cells: &[&[Fact]]) -> Vec<String> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in cells.iter().copied().flatten() {
        if !names.contains(name) {
            names.push(name);
        }
    }
    let text = |name: &str| {
        let found: Vec<Option<&String>> = cells
            .iter()
            .map(|facts| facts.iter().find(|(known, _)| *known == name).map(|(_, text)| text))
            .collect();
        match found.first() {
            Some(Some(first)) if found.iter().all(|other| *other == Some(first)) => (*first).clone(),
            Some(_) | None => format!("{name}: varies"),
        }
    };
    names.into_iter().map(text).collect()
}

fn parts(system: &SystemSpec) -> Vec<Part> {
    let part = |id: &String, kind: &str| {
        let per_shard = system.form(id).and_then(Form::divides).map(|database| database.replicas_per_shard);
        Part { id: id.clone(), kind: kind.to_owned(), facts: Vec::new(), per_shard }
    };
    let workloads = system.workloads.iter().map(|(id, workload)| part(id, workload.kind()));
    workloads.chain(system.components.iter().map(|(id, component)| part(id, component.kind()))).collect()
}

/// The facts of each part, in the order of [`parts`].
fn facts(system: &SystemSpec) -> Vec<Vec<Fact>> {
    let workloads = system.workloads.values().map(workload_facts);
    workloads.chain(system.components.values().map(component_facts)).collect()
}

fn workload_facts(workload: &WorkloadSpec) -> Vec<Fact> {
    let common = workload.common();
    let mut facts = match workload {
        WorkloadSpec::OpenLoop(open) => {
            let load = match &open.load {
                Load::Rate(rate) => rate.to_string(),
                Load::Utilization { of, fraction } => format!("{fraction} of {of}'s capacity"),
            };
            vec![("arrivals", open.arrivals.name().to_owned()), ("load", load)]
        }
        WorkloadSpec::ClosedLoop(closed) => {
            vec![("users", format!("{} users", closed.users)), ("think time", text(&closed.think_time))]
        }
        WorkloadSpec::Trace(trace) => vec![("trace", trace.trace.file.clone())],
    };
    if common.instances > 1 {
        facts.push(("instances", format!("{} instances", common.instances)));
    }
    facts.extend(common.timeout.map(|timeout| ("timeout", format!("timeout {timeout}"))));
    facts.extend(common.calls.values().flat_map(call_facts));
    facts
}

/// What a caller does about its calls.
fn call_facts(call: &CallSpec) -> Vec<Fact> {
    let mut facts = Vec::new();
    facts.extend(call.timeout.map(|timeout| ("call timeout", format!("call timeout {timeout}"))));
    facts.extend(call.balancer.as_ref().map(|balancer| ("balancer", text(balancer))));
    facts
}

fn component_facts(component: &ComponentSpec) -> Vec<Fact> {
    match component.form() {
        Form::Balancer(balancer) => balancer_facts(balancer),
        Form::Pool(pool) => pool_facts(pool),
    }
}

fn balancer_facts(balancer: &LoadBalancerSpec) -> Vec<Fact> {
    let mut facts = vec![("strategy", text(&balancer.strategy))];
    facts.push((
        "layer",
        match balancer.layer {
            Layer::Layer4 => "layer 4".to_owned(),
            Layer::Layer7 { .. } => "layer 7".to_owned(),
        },
    ));
    if balancer.instances > 1 {
        facts.push(("instances", format!("{} instances", balancer.instances)));
    }
    if balancer.workers > 0 {
        facts.push(("workers", format!("{} workers", balancer.workers)));
    }
    facts.extend(balancer.health_check.as_ref().map(|_| ("health checks", "health checks".to_owned())));
    facts.extend(balancer.ejection.as_ref().map(|_| ("ejection", "ejects outliers".to_owned())));
    facts.extend(balancer.timeout.map(|timeout| ("timeout", format!("timeout {timeout}"))));
    facts.extend(balancer.retry.as_ref().map(|retry| ("retry", format!("{} attempts", retry.max_attempts))));
    facts
}

fn pool_facts(pool: &PoolSpec) -> Vec<Fact> {
    let counted = |count: u32, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let servers = counted(pool.servers, "server");
    let size = match &pool.concurrency {
        Some(_) => servers,
        None => format!("{servers} × {}", counted(pool.workers_per_server, "worker")),
    };
    let queue = text(&pool.queue);
    let queue = queue.split(',').next().unwrap_or_default().replace(" capacity Unbounded", ", unbounded");
    let mut facts = vec![("size", size), ("service time", text(&pool.service_time)), ("queue", queue)];
    facts.extend(pool.concurrency.as_ref().map(|model| ("concurrency", text(model))));
    facts.extend(pool.sharing.as_ref().map(|sharing| ("sharing", text(sharing))));
    facts.extend(pool.timeout.map(|timeout| ("timeout", format!("timeout {timeout}"))));
    facts.extend(pool.calls.values().flat_map(call_facts));
    facts
}

fn calls(system: &SystemSpec) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    let mut add = |from: &str, to: &str, label: Option<&String>| {
        if !calls.iter().any(|call| call.from == from && call.to == to) {
            calls.push(Call { from: from.to_owned(), to: to.to_owned(), label: label.cloned() });
        }
    };
    for (id, workload) in &system.workloads {
        add(id, workload.common().target, None);
    }
    for (id, component) in &system.components {
        match component.form() {
            Form::Balancer(balancer) => {
                balancer.backends.0.iter().for_each(|pool| add(id, pool, None));
                balancer.routes.iter().for_each(|(class, pool)| add(id, pool, Some(class)));
            }
            Form::Pool(pool) => {
                pool.callees().into_iter().for_each(|callee| add(id, callee, None));
            }
        }
    }
    calls
}

/// Servers with a speed, a weight or workers of their own.
fn odd_servers(system: &SystemSpec) -> Vec<OddServer> {
    let of_pool = |(id, component): (&String, &ComponentSpec)| match component.form() {
        Form::Balancer(_) => Vec::new(),
        Form::Pool(pool) => odd_in(id, pool),
    };
    system.components.iter().flat_map(of_pool).collect()
}

fn odd_in(id: &str, pool: &PoolSpec) -> Vec<OddServer> {
    let odd = |(server, own): (&u32, &models::spec::Overrides)| {
        let traits = [
            own.speed.map(|speed| format!("speed {speed}")),
            own.workers.map(|workers| format!("{workers} workers")),
            own.weight.map(|weight| format!("weight {weight}")),
        ];
        let what: Vec<String> = traits.into_iter().flatten().collect();
        OddServer { name: format!("{id}[{server}]"), what: what.join(", ") }
    };
    pool.overrides.iter().map(odd).collect()
}

/// A value as the file writes it, without what only a parser needs: `LogNormal mean 20ms, cv 1`.
fn text(value: &impl Serialize) -> String {
    let extensions =
        Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES | Extensions::UNWRAP_VARIANT_NEWTYPES;
    let options = Options::default().with_default_extension(extensions);
    let plain = PrettyConfig::new().depth_limit(0).separator(" ");
    let written = options.to_string_pretty(value, plain).unwrap_or_default();
    let written = written.replace('"', "").replace(": ", " ").replace("()", "").replace(".0)", ")");
    // `Exponential(mean 100ms)` needs no brackets where nothing is nested.
    match written.matches('(').count() {
        1 => written.replace('(', " ").replace(')', ""),
        _ => written,
    }
}
