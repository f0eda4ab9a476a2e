//! Caches among others: what a file may not wish of them, and which live in which servers.

use sim_core::check::Check;

use super::Builder;
use crate::{
    request::Instance,
    spec::{CacheSpec, ComponentSpec, Form, Inclusion, OnPut, OnRestart, OnWrite, SystemSpec},
};

/// Checks what a cache cannot know alone: who is above, below and around it.
pub(super) fn check(spec: &SystemSpec, check: &mut Check) {
    for (id, component) in &spec.components {
        let Some(cache) = component.form().keeps() else { continue };
        check.at("components", |check| {
            check.at(id, |check| {
                levels(spec, id, cache, check);
                let puts = spec.components.values().any(|component| component.form().looks_into(id));
                check.require(cache.on_put == OnPut::Always || puts, "on_put", || {
                    format!("nobody puts anything into `{id}`: no service looks into it with CachedRead")
                });
                if let Some(host) = &cache.inside {
                    lodging(spec, id, host, check);
                }
            });
        });
    }
}

/// What levels that have to do with one another may not be.
fn levels(spec: &SystemSpec, id: &str, cache: &CacheSpec, check: &mut Check) {
    let lends = spec.caches_on(id).any(|above| above.inclusion == Inclusion::Exclusive);
    let later = matches!(cache.on_write, OnWrite::WriteBack { .. });
    check.require(!(lends && later), "on_write", || {
        format!(
            "`{id}` leaves its objects to an Exclusive cache: what it has not passed on yet would go along"
        )
    });
    if cache.inclusion == Inclusion::NonInclusive {
        return;
    }
    let name = format!("{:?}", cache.inclusion);
    let source = spec.form(&cache.source);
    check.require(source.is_none_or(|form| form.keeps().is_some()), "inclusion", || {
        format!("{name} is about what a cache below holds, and `{}` is no Cache", cache.source)
    });
    let others = spec.caches_on(&cache.source).all(|other| other.inclusion == cache.inclusion);
    check.require(others, "inclusion", || {
        format!("all caches whose source is `{}` must say the same of inclusion", cache.source)
    });
    check.require(cache.on_restart == OnRestart::Cold, "on_restart", || {
        format!("what was held before may be held below no more: an {name} cache begins Cold")
    });
    let looks = spec.components.iter().find(|(_, component)| component.form().looks_into(id));
    if let Some((service, _)) = looks {
        check.require(false, "inclusion", || {
            format!(
                "`{service}` looks into `{id}` and fetches by itself; {name} is about what `{id}` fetches"
            )
        });
    }
}

/// Where a cache may live that has no servers of its own, and who may call it.
fn lodging(spec: &SystemSpec, id: &str, host: &str, check: &mut Check) {
    match spec.components.get(host) {
        Some(ComponentSpec::Service(_) | ComponentSpec::ServerPool(_)) => {}
        Some(component) => check.at("inside", |check| {
            let kind = component.kind();
            check
                .problem("E0302", format!("`{host}` is a {kind}; a cache lives in the servers of a Service"));
        }),
        None => {
            return check.at("inside", |check| {
                let known: Vec<&str> = spec.components.keys().map(String::as_str).collect();
                check.problem_with_help(
                    "E0301",
                    format!("`{id}.inside` refers to `{host}`, which does not exist"),
                    format!("known components: {}", known.join(", ")),
                );
            });
        }
    }
    if let Some(stranger) = callers(spec, id).find(|caller| *caller != host) {
        check.at("inside", |check| {
            check.problem(
                "E0302",
                format!(
                    "`{stranger}` calls `{id}`, which lives in the servers of `{host}`: only those reach it"
                ),
            );
        });
    }
}

/// Who calls a component.
fn callers<'a>(spec: &'a SystemSpec, id: &'a str) -> impl Iterator<Item = &'a str> {
    let workloads = spec.workloads.iter().map(|(caller, workload)| (caller, workload.common()));
    let workloads =
        workloads.filter(move |(_, common)| common.target == id).map(|(caller, _)| caller.as_str());
    let calls = move |component: &ComponentSpec| match component.form() {
        Form::Pool(pool) => pool.callees().contains(&id),
        Form::Balancer(balancer) => balancer.callees().into_iter().flatten().any(|callee| callee == id),
    };
    let components = spec.components.iter().filter(move |(_, component)| calls(component));
    workloads.chain(components.map(|(caller, _)| caller.as_str()))
}

impl Builder<'_> {
    /// Servers, and those of the caches that live in them.
    pub(super) fn with_lodgers(&self, servers: &[Instance]) -> Vec<Instance> {
        let mut all = servers.to_vec();
        for (number, component) in (0_u16..).zip(self.spec.components.values()) {
            let host = component.form().keeps().and_then(|cache| cache.inside.as_deref());
            let Some(host) = host.and_then(|host| self.ids.get(host)) else { continue };
            let inside = servers.iter().filter(|at| at.node == *host);
            all.extend(inside.map(|at| Instance { node: number, server: at.server }));
        }
        all.sort_unstable();
        all.dedup();
        all
    }
}
