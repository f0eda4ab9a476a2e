//! What a spec cannot know alone: whether the names in it exist.

use std::collections::BTreeSet;

use sim_core::check::Check;

use crate::policy::execution::ConcurrencySpec;
use crate::spec::{
    ComponentSpec, Form, IndexRead, Load, MultiGet, PoolSpec, RangeRead, Scatter, Step, SystemSpec,
    Transaction, WorkloadSpec,
};

pub(super) fn check(spec: &SystemSpec, check: &mut Check) {
    let references = References { spec };
    if spec.workloads.is_empty() {
        check.at("workloads", |check| {
            check.problem_with_help(
                "E0305",
                "there is no workload: nothing would happen",
                "add workloads: { \"clients\": OpenLoop(target: …) }",
            );
        });
    }
    for (id, workload) in &spec.workloads {
        if spec.components.contains_key(id) {
            check.at("workloads", |check| {
                check.at(id, |check| {
                    check.problem("E0303", format!("`{id}` is the id of a component too; ids are unique"));
                });
            });
        }
        check.at("workloads", |check| check.at(id, |check| references.workload(id, workload, check)));
    }
    for (id, component) in &spec.components {
        check.at("components", |check| check.at(id, |check| references.component(id, component, check)));
    }
    for (number, fault) in spec.faults.iter().enumerate() {
        check.at("faults", |check| {
            check.at(number, |check| check.at(fault.name(), |check| references.fault(fault.struck(), check)));
        });
    }
    references.network(check);
}

struct References<'a> {
    spec: &'a SystemSpec,
}

impl References<'_> {
    /// Requires that `id`, the value of a field, names a component.
    fn known(&self, owner: &str, field: &str, id: &str, check: &mut Check) {
        if id.is_empty() {
            let what = format!("`{owner}` needs a {field}");
            return check.at(field, |check| self.unknown(what, check));
        }
        check.at(field, |check| self.known_here(&place(owner, field), id, check));
    }

    /// Requires that `id`, which stands at this place, names a component.
    fn known_here(&self, place: &str, id: &str, check: &mut Check) {
        if !self.spec.components.contains_key(id) {
            self.unknown(format!("`{place}` refers to `{id}`, which does not exist"), check);
        }
    }

    fn unknown(&self, what: String, check: &mut Check) {
        let names: Vec<&str> = self.spec.components.keys().map(String::as_str).collect();
        check.problem_with_help("E0301", what, format!("known components: {}", names.join(", ")));
    }

    /// Requires that `id` names a pool of servers.
    fn pool(&self, owner: &str, field: &str, id: &str, check: &mut Check) {
        self.known(owner, field, id, check);
        if let Some(Form::Balancer(_)) = self.spec.form(id) {
            check.at(field, |check| {
                check.problem(
                    "E0302",
                    format!("`{id}` is a LoadBalancer; `{}` needs a pool of servers", place(owner, field)),
                );
            });
        }
    }

    fn region(&self, field: &str, place: &str, check: &mut Check) {
        let zones = self
            .spec
            .regions
            .iter()
            .flat_map(|(region, spec)| spec.zones.iter().map(move |zone| format!("{region}/{zone}")));
        let places: BTreeSet<String> = self.spec.regions.keys().cloned().chain(zones).collect();
        if !places.contains(place) {
            let names: Vec<&str> = places.iter().map(String::as_str).collect();
            let help = if names.is_empty() {
                "say regions: { … } first".into()
            } else {
                format!("known places: {}", names.join(", "))
            };
            check.at(field, |check| {
                check.problem_with_help("E0301", format!("`{place}` is not a region or zone"), help);
            });
        }
    }

    fn workload(&self, id: &str, workload: &WorkloadSpec, check: &mut Check) {
        let common = workload.common();
        self.known(id, "target", common.target, check);
        for callee in common.calls.keys() {
            if callee != common.target {
                check.at("calls", |check| {
                    check.at(callee, |check| {
                        check.problem(
                            "E0301",
                            format!("`{id}` does not call `{callee}`; its target is `{}`", common.target),
                        );
                    });
                });
            }
        }
        for region in common.origin.keys() {
            check.at("origin", |check| self.region(region, region, check));
        }
        if let WorkloadSpec::OpenLoop(open) = workload
            && let Load::Utilization { of, .. } = &open.load
        {
            check.at("load", |check| self.pool(&format!("{id}.load"), "of", of, check));
        }
    }

    fn component(&self, id: &str, component: &ComponentSpec, check: &mut Check) {
        let (calls, callees, places) = match component.form() {
            Form::Balancer(balancer) => {
                for (number, pool) in balancer.backends.0.iter().enumerate() {
                    if balancer.backends.0.len() == 1 {
                        self.pool(id, "backends", pool, check);
                    } else {
                        let owner = format!("{id}.backends");
                        check.at("backends", |check| self.pool(&owner, &number.to_string(), pool, check));
                    }
                }
                for (class, pool) in &balancer.routes {
                    check.at("routes", |check| self.pool(id, class, pool, check));
                    self.class("routes", class, check);
                }
                (None, Vec::new(), &balancer.placed_in)
            }
            // What it calls is its source: that it is there is all there is to check.
            Form::Pool(pool) if pool.keeps.is_some() => {
                let source = pool.keeps.as_ref().map_or("", |cache| cache.source.as_str());
                self.known(id, "source", source, check);
                (Some(&pool.calls), pool.callees(), &pool.placed_in)
            }
            Form::Pool(pool) => {
                for (class, steps) in &pool.handles {
                    self.class("handles", class, check);
                    for (number, step) in steps.iter().enumerate() {
                        let owner = format!("{id}.handles.{class}");
                        check.at("handles", |check| {
                            check.at(class, |check| {
                                check.at(number, |check| self.step(&owner, number, step, check));
                            });
                        });
                    }
                }
                self.resources(id, pool, check);
                for class in pool.service_times.keys() {
                    self.class("service_times", class, check);
                }
                if let Some(ConcurrencySpec::EventLoop(event_loop)) = &pool.concurrency {
                    for class in &event_loop.blocking {
                        check.at("concurrency", |check| self.class("blocking", class, check));
                    }
                }
                (Some(&pool.calls), pool.callees(), &pool.placed_in)
            }
        };
        for callee in calls.into_iter().flatten().map(|(callee, _)| callee) {
            if !callees.contains(&callee.as_str()) {
                check.at("calls", |check| {
                    check.at(callee, |check| {
                        check.problem("E0301", format!("`{id}` has no step that calls `{callee}`"));
                    });
                });
            }
        }
        for place in &places.0 {
            self.region("placed_in", place, check);
        }
    }

    /// Requires that all that a step calls is there.
    fn step(&self, owner: &str, number: usize, step: &Step, check: &mut Check) {
        let inside = |steps: &[Step], check: &mut Check| {
            for (place, step) in steps.iter().enumerate() {
                check.at(place, |check| self.step(owner, number, step, check));
            }
        };
        match step {
            Step::Call(callee) => self.known_here(&place(owner, &number.to_string()), callee, check),
            Step::Compute(_) | Step::Wait(_) | Step::Fail(_) => {}
            Step::Sequence(steps) | Step::Spawn(steps) => inside(steps, check),
            Step::Branch(ways) => {
                for (way, steps) in ways.iter().map(|way| &way.steps).enumerate() {
                    check.at(way, |check| check.at("steps", |check| inside(steps, check)));
                }
            }
            Step::ByClass(by_class) => {
                for (class, steps) in by_class {
                    self.class_here(class, check);
                    check.at(class, |check| inside(steps, check));
                }
            }
            Step::Repeat(repeat) => check.at("steps", |check| inside(&repeat.steps, check)),
            Step::Parallel(parallel) => check.at("branches", |check| {
                for (branch, steps) in parallel.branches.iter().enumerate() {
                    check.at(branch, |check| inside(steps, check));
                }
            }),
            Step::Section(section) => {
                self.resource(owner, &section.resource, check);
                check.at("steps", |check| inside(&section.steps, check));
            }
            Step::Scatter(Scatter { database, .. })
            | Step::RangeRead(RangeRead { database, .. })
            | Step::MultiGet(MultiGet { database, .. })
            | Step::Transaction(Transaction { database, .. }) => {
                check.at("database", |check| self.database(owner, number, database, check));
            }
            Step::IndexRead(read) => {
                check.at("database", |check| self.database(owner, number, &read.database, check));
                check.at("index", |check| self.index(read, check));
            }
            Step::CachedRead(read) => {
                check.at("cache", |check| self.cache(owner, number, &read.cache, check));
                if let Some(gutter) = &read.gutter {
                    check.at("gutter", |check| self.cache(owner, number, gutter, check));
                }
                check.at("on_miss", |check| inside(&read.on_miss, check));
            }
            Step::CachedWrite(write) => {
                check.at("cache", |check| self.cache(owner, number, &write.cache, check));
                check.at("steps", |check| inside(&write.steps, check));
            }
            Step::Try(tried) => {
                check.at("steps", |check| inside(&tried.steps, check));
                check.at("on_failure", |check| inside(&tried.on_failure, check));
                check.at("on_success", |check| inside(&tried.on_success, check));
            }
        }
    }

    /// Requires that `id` names a database.
    fn database(&self, owner: &str, number: usize, id: &str, check: &mut Check) {
        let place = place(owner, &number.to_string());
        self.known_here(&place, id, check);
        if let Some(form) = self.spec.form(id)
            && form.divides().is_none()
        {
            check.problem("E0302", format!("`{id}` is no Database; `{place}` asks its shards"));
        }
    }

    /// Requires that a query names an index of its database.
    fn index(&self, read: &IndexRead, check: &mut Check) {
        let Some(database) = self.spec.form(&read.database).and_then(Form::divides) else { return };
        if database.index(&read.index).is_some() {
            return;
        }
        let names: Vec<&str> = database.indexes.keys().map(String::as_str).collect();
        let help = match names.as_slice() {
            [] => format!("say indexes: {{ \"{}\": Local }} at the database", read.index),
            names => format!("known indexes: {}", names.join(", ")),
        };
        check.problem_with_help("E0301", format!("`{}` has no index `{}`", read.database, read.index), help);
    }

    /// Requires that `id` names a cache.
    fn cache(&self, owner: &str, number: usize, id: &str, check: &mut Check) {
        let place = place(owner, &number.to_string());
        self.known_here(&place, id, check);
        if let Some(form) = self.spec.form(id)
            && form.keeps().is_none()
        {
            check.problem("E0302", format!("`{id}` is no Cache; `{place}` looks into one"));
        }
    }

    /// Requires that the component whose steps these are has a resource.
    fn resource(&self, owner: &str, name: &str, check: &mut Check) {
        let id = owner.split(".handles.").next().unwrap_or_default();
        let Some(Form::Pool(pool)) = self.spec.form(id) else {
            return;
        };
        if !pool.resources.contains_key(name) {
            let help = format!("say resources: {{ \"{name}\": (permits: 1) }}");
            check.at("resource", |check| {
                check.problem_with_help("E0301", format!("`{id}` has no resource `{name}`"), help);
            });
        }
    }

    /// Requires that every resource is needed by a step.
    fn resources(&self, id: &str, pool: &PoolSpec, check: &mut Check) {
        for name in pool.resources.keys() {
            let needs = |step: &Step| matches!(step, Step::Section(section) if section.resource == *name);
            if !pool.handles.values().flatten().any(|step| step.has(needs)) {
                check.at("resources", |check| {
                    check.at(name, |check| {
                        check.problem("E0301", format!("no step of `{id}` needs a permit of `{name}`"));
                    });
                });
            }
        }
    }

    /// Requires that some workload sends requests of that kind.
    fn class(&self, field: &str, class: &str, check: &mut Check) {
        check.at(field, |check| self.class_here(class, check));
    }

    fn class_here(&self, class: &str, check: &mut Check) {
        let known =
            self.spec.workloads.values().any(|workload| workload.common().requests.contains_key(class));
        if !known && class != "*" {
            check.at(class, |check| {
                check.problem("E0301", format!("no workload sends requests of kind `{class}`"));
            });
        }
    }

    fn fault(&self, struck: &crate::spec::Struck, check: &mut Check) {
        if let Some(region) = &struck.region {
            self.region("region", region, check);
        }
        let Some(target) = &struck.target else { return };
        let id = target.split('[').next().unwrap_or_default();
        self.known("fault", "target", id, check);
        let number = target.split_once('[').and_then(|(_, rest)| rest.strip_suffix(']'));
        let servers = match self.spec.form(id) {
            Some(Form::Pool(pool)) => pool.servers,
            Some(Form::Balancer(balancer)) => balancer.instances,
            None => return,
        };
        if let Some(number) = number {
            let index = number.rsplit('/').next().and_then(|index| index.parse::<u32>().ok());
            if index.is_none_or(|index| index >= servers) {
                check.at("target", |check| {
                    check.problem(
                        "E0301",
                        format!("there is no server `{target}`: `{id}` has {servers}, numbered from 0"),
                    );
                });
            }
        }
    }

    fn network(&self, check: &mut Check) {
        check.at("network", |check| {
            for region in self.spec.network.client_to_region.keys() {
                check.at("client_to_region", |check| self.region(region, region, check));
            }
            for (number, link) in self.spec.network.links.iter().enumerate() {
                for region in [&link.between.0, &link.between.1] {
                    check
                        .at("links", |check| check.at(number, |check| self.region("between", region, check)));
                }
            }
        });
    }
}

/// A field by its path: `lb.backends[1]`, `clients.target`.
fn place(owner: &str, field: &str) -> String {
    if field.parse::<usize>().is_ok() { format!("{owner}[{field}]") } else { format!("{owner}.{field}") }
}

/// Checks at the end of a path.
pub(super) fn descend(path: &[String], check: &mut Check, told: Box<dyn FnOnce(&mut Check) + '_>) {
    match path {
        [] => told(check),
        [first, rest @ ..] => check.at(first, |check| descend(rest, check, told)),
    }
}
