//! Which figures the runs of a system report: a claim on any other could never be decided.

use std::collections::BTreeMap;

use models::{
    measure::{METRICS, Owner},
    spec::{CallSpec, Form, Scope, SystemSpec},
};

use crate::{
    claim::Claim,
    diagnostic::Diagnostic,
    document::{nearest, nearest_within},
};

/// The figure of a workload that analysis makes of its series: one value a run, so its only statistic is `max`.
const OF_SERIES: &str = "time_to_recover";

/// What is wrong with a claim whose figure no run of `system` reports.
pub(crate) fn refuse(system: &SystemSpec, claim: &Claim) -> Option<Diagnostic> {
    match owners(system, claim) {
        Ok(owners) => unknown_figure(&owners, claim),
        Err(refusal) => Some(*refusal),
    }
}

/// What the claim's subject is, if it is anything.
fn owners(system: &SystemSpec, claim: &Claim) -> Result<Vec<Owner>, Box<Diagnostic>> {
    let id = claim.id();
    let unknown = |what: String, label: String| {
        Box::new(Diagnostic::error("E0301", what).at(claim.subject_span, label))
    };
    let rest = &claim.subject[id.len()..];
    if rest.is_empty() {
        return Ok(if system.workloads.contains_key(id) {
            vec![Owner::Workload]
        } else {
            of_component(system, id)
        });
    }
    if let Some(callee) = rest.strip_prefix(".calls.") {
        let callees = callees(system, id);
        if callees.iter().any(|known| known == callee) {
            return Ok(vec![Owner::Calls]);
        }
        let label = match nearest(callee, callees.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{id}.calls.{near}`?"),
            None if callees.is_empty() => format!("`{id}` calls nobody"),
            None => format!("it calls: {}", callees.join(", ")),
        };
        return Err(unknown(format!("`{id}` does not call `{callee}`"), label));
    }
    if let Some(journey) = [".typical", ".slowest"].iter().find_map(|group| rest.strip_prefix(group)) {
        return match journey.strip_prefix('.') {
            None if journey.is_empty() && system.workloads.contains_key(id) => Ok(vec![Owner::Journey]),
            Some(hop) if system.components.contains_key(hop) => Ok(vec![Owner::Hop]),
            Some(_) | None => {
                let components: Vec<&str> = system.components.keys().map(String::as_str).collect();
                let label = format!("there are: {}", components.join(", "));
                Err(unknown(format!("no request is followed through `{}`", claim.subject), label))
            }
        };
    }
    if let Some(owners) = rest.strip_prefix('.').and_then(|name| resource(system, id, name)) {
        return Ok(owners);
    }
    let servers = servers(system, id);
    let server = rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match server.map(|server| server.rsplit('/').next().unwrap_or(server).parse::<u32>()) {
        Some(Ok(server)) if server < servers && servers > 1 => {
            Ok([vec![Owner::Station], own(system, id)].concat())
        }
        Some(Ok(_)) if servers == 1 => {
            let what = format!("the only server of `{id}` has no number");
            Err(unknown(what, format!("write `{id}`")))
        }
        Some(Ok(_)) => {
            let what =
                format!("there is no server `{}`: `{id}` has {servers}, numbered from 0", claim.subject);
            Err(unknown(what, format!("the last is `{id}[{}]`", servers.saturating_sub(1))))
        }
        Some(Err(_)) | None => {
            let what = format!("`{}` is no station", claim.subject);
            Err(unknown(what, format!("write `{id}`, `{id}[0]` or `{id}.calls.…`")))
        }
    }
}

/// Whom a workload or component calls.
fn callees(system: &SystemSpec, id: &str) -> Vec<String> {
    if let Some(workload) = system.workloads.get(id) {
        let common = workload.common();
        return std::iter::once(common.target.to_owned()).chain(fallbacks(common.calls)).collect();
    }
    match system.form(id) {
        Some(Form::Balancer(balancer)) => {
            // Calls to several pools at once are told under all their names together.
            balancer.callees().into_iter().map(|pools| pools.join("+")).collect()
        }
        Some(Form::Pool(pool)) => {
            let spawned = pool.spawns().then_some("spawned");
            let named = pool.callees().into_iter().chain(spawned).map(str::to_owned);
            let database = pool.divides.as_deref();
            // Replicas of a shard call each other.
            let itself = database.filter(|database| database.replication.is_some()).map(|_| id.to_owned());
            let copies = database.filter(|database| database.moves()).map(|_| "copies".to_owned());
            named.chain(itself).chain(copies).chain(fallbacks(&pool.calls)).collect()
        }
        None => Vec::new(),
    }
}

/// What a resource of a component is, if it has it: a station, and of several gates a pool of them.
fn resource(system: &SystemSpec, id: &str, name: &str) -> Option<Vec<Owner>> {
    let Some(Form::Pool(pool)) = system.form(id) else {
        return None;
    };
    let several = pool.resources.get(name)?.scope == Scope::Server && pool.servers > 1;
    Some(if several { vec![Owner::Station, Owner::Pool] } else { vec![Owner::Station] })
}

/// Whom it calls in others' place.
fn fallbacks(calls: &BTreeMap<String, CallSpec>) -> impl Iterator<Item = String> {
    let services = calls.values().flat_map(CallSpec::fallback_services);
    services.map(|(_, service)| service.to_owned())
}

/// The servers of a component in one region; a workload has none.
fn servers(system: &SystemSpec, id: &str) -> u32 {
    match system.form(id) {
        Some(Form::Balancer(balancer)) => balancer.instances,
        Some(Form::Pool(pool)) => pool.servers,
        None => 0,
    }
}

/// What a component has as a whole.
fn of_component(system: &SystemSpec, id: &str) -> Vec<Owner> {
    let kept = Owner::of_cache(system, id);
    let divided = Owner::of_database(system, id);
    [vec![Owner::Station, Owner::Pool], own(system, id), kept, divided].concat()
}

/// What a station has by its queue and by how it runs its requests, beside what all stations have.
fn own(system: &SystemSpec, id: &str) -> Vec<Owner> {
    match system.form(id) {
        Some(Form::Pool(pool)) => {
            [Owner::of_queue(&pool.queue), Owner::of_concurrency(pool.concurrency.as_ref())].concat()
        }
        Some(Form::Balancer(balancer)) => Owner::of_queue(&balancer.queue).to_vec(),
        None => Vec::new(),
    }
}

/// What is wrong if nobody of this kind has the figure.
fn unknown_figure(owners: &[Owner], claim: &Claim) -> Option<Diagnostic> {
    let statistic = claim.statistic.to_string();
    let theirs: Vec<_> =
        METRICS.iter().filter(|figure| figure.owners.iter().any(|owner| owners.contains(owner))).collect();
    if claim.metric == OF_SERIES && owners.contains(&Owner::Workload) {
        return (statistic != "max").then(|| no_statistic(claim, &["max"]));
    }
    let Some(figure) = theirs.iter().find(|figure| figure.name == claim.metric) else {
        return Some(unknown_metric(
            owners,
            &theirs.iter().map(|figure| figure.name).collect::<Vec<_>>(),
            claim,
        ));
    };
    if figure.statistics.contains(&statistic.as_str()) {
        return None;
    }
    Some(no_statistic(claim, figure.statistics))
}

fn no_statistic(claim: &Claim, known: &[&str]) -> Diagnostic {
    let what = format!("`{}` has no statistic `{}`", claim.metric, claim.statistic);
    let label = format!("it has: {}", known.join(", "));
    Diagnostic::error("E0605", what).at(claim.statistic_span, label)
}

fn unknown_metric(owners: &[Owner], names: &[&str], claim: &Claim) -> Diagnostic {
    let whose = match owners.first() {
        Some(Owner::Workload) => "a workload",
        Some(Owner::Calls) => "calls",
        Some(Owner::Journey) => "requests that are followed",
        Some(Owner::Hop) => "requests that are followed through a component",
        Some(
            Owner::Station
            | Owner::Pool
            | Owner::Threads
            | Owner::Loops
            | Owner::Thieves
            | Owner::Blocking
            | Owner::Cache
            | Owner::WriteBack
            | Owner::Lender
            | Owner::Exclusive
            | Owner::Inclusive
            | Owner::Disk
            | Owner::HotKeys
            | Owner::Database
            | Owner::Replicated
            | Owner::Transactional
            | Owner::TwoPhase
            | Owner::Saga
            | Owner::Rerouted
            | Owner::Redirecting
            | Owner::Asking
            | Owner::Coordinated
            | Owner::Resharded
            | Owner::Rebalanced
            | Owner::Holding
            | Owner::Doubling
            | Owner::Hot
            | Owner::Searching,
        )
        | None => "a component",
    };
    let what = format!("no run reports `{}` of {whose}", claim.metric);
    let all = || {
        let plain = names.iter().filter(|name| !name.starts_with("failed_"));
        format!("{whose} has: {}", plain.copied().collect::<Vec<_>>().join(", "))
    };
    let near = nearest_within(&claim.metric, names.iter().copied(), 3);
    let label = near.map_or_else(all, |near| format!("did you mean `{near}`?"));
    Diagnostic::error("E0605", what).at(claim.metric_span, label).help("stampede list metrics")
}
