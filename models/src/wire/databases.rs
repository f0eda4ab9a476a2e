//! Databases: which server holds what, from what the file says, and what callers may not wish of them.

use sim_core::check::Check;

use super::{Builder, callers::Wishes};
use crate::{
    measure::ShardBook,
    node::sharding::{Division, Shards},
    request::Instance,
    spec::{CallSpec, DatabaseSpec, Form, Layer, LoadBalancerSpec, PoolSpec, SystemSpec, check_shards},
};

/// Checks what callers wish of databases: whoever hides servers from a view hides shards.
pub(super) fn check(spec: &SystemSpec, check: &mut Check) {
    for (id, workload) in &spec.workloads {
        check.at("workloads", |check| check.at(id, |check| calls(spec, workload.common().calls, check)));
    }
    for (id, component) in &spec.components {
        check.at("components", |check| {
            check.at(id, |check| match component.form() {
                Form::Pool(pool) => {
                    calls(spec, &pool.calls, check);
                    let shards = |id: &str| {
                        let database = spec.form(id).and_then(Form::divides);
                        database.map_or(1, |database| u64::from(database.shards))
                    };
                    for (class, steps) in &pool.handles {
                        check.at("handles", |check| {
                            check.at(class, |check| check_shards(steps, &shards, check));
                        });
                    }
                }
                Form::Balancer(balancer) => proxy(spec, balancer, check),
            });
        });
    }
}

fn is_database(spec: &SystemSpec, id: &str) -> bool {
    spec.form(id).is_some_and(|form| form.divides().is_some())
}

fn calls(spec: &SystemSpec, calls: &std::collections::BTreeMap<String, CallSpec>, check: &mut Check) {
    for (callee, call) in calls.iter().filter(|(callee, _)| is_database(spec, callee)) {
        let hides = [
            ("subset", call.subset.is_some()),
            ("dns", call.dns.is_some()),
            ("virtual_address", call.virtual_address.is_some()),
        ];
        for (field, _) in hides.into_iter().filter(|(_, wished)| *wished) {
            check.at("calls", |check| check.at(callee, |check| unfit(field, check)));
        }
    }
}

/// A balancer in front of a database finds the shard itself.
fn proxy(spec: &SystemSpec, balancer: &LoadBalancerSpec, check: &mut Check) {
    if !balancer.callees().into_iter().flatten().any(|id| is_database(spec, id)) {
        return;
    }
    check.require(balancer.backends.0.len() == 1, "backends", || {
        "a Database stands alone behind a balancer, which finds its shards".into()
    });
    let hides = [
        ("layer", balancer.layer == Layer::Layer4),
        ("subset", balancer.subset.is_some()),
        ("sticky", balancer.sticky.is_some()),
        ("locality", balancer.locality.is_some()),
    ];
    for (field, _) in hides.into_iter().filter(|(_, wished)| *wished) {
        unfit(field, check);
    }
}

fn unfit(field: &str, check: &mut Check) {
    check.require(false, field, || {
        format!("{field} does not go with a Database: requests go to the shard that holds their key")
    });
}

impl Builder<'_> {
    /// What a pool knows of its shards, if it is a database.
    pub(super) fn division(&self, pool: &PoolSpec, servers: usize) -> Option<Box<Division>> {
        let database = pool.divides.as_deref()?;
        let map = database.partitioning.build(database.shards);
        let stored = Division::stored(&map, database.keys);
        let shard_of = (0..servers).map(|server| database.shard_of(server as u16)).collect();
        Some(Box::new(Division { map, shard_of, stored, book: ShardBook::new(&self.windows) }))
    }

    /// The shards of a view, if it is one of a database.
    pub(super) fn shards(&self, wishes: &Wishes<'_>, seen: &[(usize, Instance)]) -> Option<Box<Shards>> {
        let database: &DatabaseSpec = self.spec.form(wishes.pools[0]).and_then(Form::divides)?;
        let mut members = vec![Vec::new(); database.shards as usize];
        for (row, (_, at)) in (0_u16..).zip(seen) {
            members[database.shard_of(at.server)].push(row);
        }
        let map = database.partitioning.build(database.shards);
        Some(Box::new(Shards::new(map, members, database.read_from)))
    }
}
