//! Databases: which server holds what, from what the file says, and what callers may not wish of them.

use sim_core::{check::Check, time::SimDuration};

use super::{Builder, callers::Wishes};
use crate::{
    measure::{CallBook, Owner, ShardBook},
    node::{
        resharding::{HotSearch, Resharding, Stores},
        sharding::{Division, Shards},
    },
    policy::{
        hot_keys::HotKeysSpec,
        partitioning::{CopiedKeys, CopiedKeysSpec, KeySizes},
        resharding::{Custody, Loads},
    },
    request::Instance,
    spec::{
        CallSpec, DatabaseSpec, Form, Layer, LoadBalancerSpec, PoolSpec, Spread, SystemSpec, check_shards,
    },
};

/// How long a batch of copied keys is waited for before it is copied anew (`redis-cli --cluster-timeout`).
const PATIENCE: SimDuration = SimDuration::from_secs(60);

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
                    if let Some(database) = &pool.divides {
                        writes(spec, id, database, check);
                        one_way_to_change(spec, id, database, check);
                    }
                    one_region(spec, pool, check);
                    let shards = |id: &str| {
                        let database = spec.form(id).and_then(Form::divides);
                        database.map_or(1, |database| u64::from(database.most_shards()))
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

/// Who holds a key is one question and what its holder does another; both at once are not played yet.
fn one_way_to_change(spec: &SystemSpec, id: &str, database: &DatabaseSpec, check: &mut Check) {
    let changes = database.redirects();
    check.require(!changes || database.replication.is_none(), "replication", || {
        "a Database whose keys move, or whose callers may be wrong about where they are, has no replication: its followers have \
         all that their leader has"
            .into()
    });
    check.require(!changes || !spec.transacts(id), "routing", || {
        "a Database whose shards take part in transactions keeps its keys where they are, and its callers know where".into()
    });
}

/// A database whose keys move stands in one place: each region would have to be told by itself.
fn one_region(spec: &SystemSpec, pool: &PoolSpec, check: &mut Check) {
    let everywhere = pool.divides.as_deref().filter(|database| database.spread == Spread::EveryRegion);
    let moves = everywhere.is_some_and(DatabaseSpec::moves);
    let indexed = everywhere.is_some_and(DatabaseSpec::has_global_index);
    let inside = |region: &String| {
        let of_it = |place: &String| place == region || place.starts_with(&format!("{region}/"));
        pool.placed_in.0.is_empty() || pool.placed_in.0.iter().any(of_it)
    };
    let one = spec.regions.keys().filter(|region| inside(region)).count() <= 1;
    check.require(!moves || one, "reshard", || {
        "a Database whose keys move stands in one region, or each shard of it: say placed_in, or spread: InTurn".into()
    });
    check.require(!indexed || one, "indexes", || {
        "a Database with a Global index stands in one region, or each shard of it: say placed_in, or spread: InTurn".into()
    });
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

/// What a database says of its writes must be possible where it stands, and for what services ask of it.
fn writes(spec: &SystemSpec, id: &str, database: &DatabaseSpec, check: &mut Check) {
    let transacts = spec.transacts(id);
    let replicated = database.replication.is_some();
    check.require(!(replicated && transacts), "replication", || {
        format!("followers do not take part in transactions: leave it out, or let no service write `{id}` in a Transaction")
    });
    let places = |region: &&String| {
        let named = |place: &String| place == *region || place.starts_with(&format!("{region}/"));
        database.placed_in.0.is_empty() || database.placed_in.0.iter().any(named)
    };
    let regions = spec.regions.keys().filter(places).count();
    check.require(!replicated || regions <= 1, "replication", || {
        format!("a shard has one leader, and this stands in {regions} regions, each with all shards: say placed_in")
    });
    check.require(database.on_lock_conflict.is_none() || transacts, "on_lock_conflict", || {
        format!("nothing holds keys here: no service writes `{id}` in a Transaction")
    });
    check.require(database.indexes.is_empty() || !transacts, "indexes", || {
        format!("transactions write no entries of indexes yet: leave them out, or let no service write `{id}` in a Transaction")
    });
    for transaction in spec.transactions(id) {
        check.require(transaction.shards.is_none_or(|shards| shards <= database.shards), "shards", || {
            format!("a Transaction spreads its keys over more shards than the {} there are", database.shards)
        });
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

/// How a database finds hot keys: to copy one takes as long as to read it, and to write it.
fn search(database: &DatabaseSpec, spec: &HotKeysSpec) -> HotSearch {
    let writes = database.write_time.as_ref().unwrap_or(&database.read_time);
    HotSearch::new(spec.build(), (database.read_time.build(), writes.build()))
}

impl Builder<'_> {
    /// What a pool knows of its shards, if it is a database.
    pub(super) fn division(&self, id: &str, pool: &PoolSpec, servers: usize) -> Option<Box<Division>> {
        let database = pool.divides.as_deref()?;
        let map = database.partitioning.build(database.shards);
        let sizes = KeySizes::new(database.bytes_per_key.build());
        let stored = Division::stored(&map, (database.keys, &sizes), database.most_shards());
        let shard_of = (0..servers).map(|server| database.shard_of(server as u16)).collect();
        let book = ShardBook::new(&self.windows);
        let replicas = self.replicas(database, servers);
        let participation = self.participation(id, database, servers);
        let (owners, all) = (Owner::of_division(database), stored.iter().copied().sum());
        let indexes = self.indexes(database);
        let resharding = None;
        Some(Box::new(Division {
            map,
            shard_of,
            all,
            stored,
            book,
            replicas,
            participation,
            indexes,
            owners,
            resharding,
        }))
    }

    /// Lets databases whose callers may be wrong about them redirect these, and change.
    pub(super) fn add_resharding(&mut self) {
        for (number, (id, component)) in self.spec.components.iter().enumerate() {
            let Some(database) = component.form().divides().filter(|database| database.redirects()) else {
                continue;
            };
            let copies = database.moves() || database.hot_keys.is_some();
            let sizes = KeySizes::new(database.bytes_per_key.build());
            let stores = Stores {
                keys: database.keys,
                bytes_per_key: sizes.mean(),
                replicas: database.replicas_per_shard as u16,
                servers: database.most_shards().saturating_mul(database.replicas_per_shard) as u16,
                book: self.call_books.len() as u16,
                line: if copies { self.line(PATIENCE) } else { 0 },
            };
            if copies {
                self.call_books.push(CallBook::new(format!("{id}.calls.copies"), &self.windows));
            }
            let custody = Custody::new(database.partitioning.build(database.shards), sizes);
            let (routing, look) = (database.routing, database.look_time);
            let named = database.copied_keys.as_ref().map(CopiedKeysSpec::build);
            let found = database.hot_keys.as_ref().map(|spec| CopiedKeys::none(spec.copies));
            let hot = named.or(found).unwrap_or_default();
            let timeline = database.reshard.clone();
            let mut resharding = Resharding::new(custody, routing, look, hot, timeline, stores);
            resharding.balancing = database.rebalance.clone().map(|spec| (spec, Loads::default()));
            resharding.search = database.hot_keys.as_ref().map(|spec| Box::new(search(database, spec)));
            self.nodes[number].redirects = true;
            if let Some(division) = self.nodes[number].division_mut() {
                division.resharding = Some(Box::new(resharding));
            }
        }
    }

    /// The shards of a view, if it is one of a database.
    pub(super) fn shards(&self, wishes: &Wishes<'_>, seen: &[(usize, Instance)]) -> Option<Box<Shards>> {
        let database: &DatabaseSpec = self.spec.form(wishes.pools[0]).and_then(Form::divides)?;
        let mut members = vec![Vec::new(); database.most_shards() as usize];
        for (row, (_, at)) in (0_u16..).zip(seen) {
            members[database.shard_of(at.server)].push(row);
        }
        let map = database.partitioning.build(database.shards);
        let shards = Shards::new(map, members, database.read_from);
        Some(Box::new(if database.redirects() { shards.routed(database.routing) } else { shards }))
    }
}
