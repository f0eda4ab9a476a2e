//! Who calls whom: routes, views, lines of deadlines.

use sim_core::{
    deadlines::Deadlines,
    random::name_hash,
    time::{SimDuration, SimTime},
};

use super::Builder;
use crate::{
    measure::CallBook,
    node::{
        care::{Care, Places},
        dispatch::Dispatch,
        heartbeats::Heartbeats,
        pipeline::{Pipeline, Way},
        service::Route,
    },
    policy::{
        balancing::{Backend, Balance, BalancerSpec, Endpoint, Weights},
        locality::{Group, LocalitySpec},
        redirection::DnsSpec,
        resharding::Routing,
        stage::{Stage, StageSpec},
        subsetting::{Membership, Subset},
    },
    request::{Instance, Site},
    spec::{
        CacheSpec, CallSpec, ComponentSpec, DatabaseSpec, Form, LoadBalancerSpec, PoolSpec, Spread, View,
    },
    world::Role,
};

/// One caller's wishes about one callee, whatever kind of caller it is.
pub(super) struct Wishes<'a> {
    /// The caller's id.
    caller: &'a str,
    /// Pools to call, the first preferred where the locality says so.
    pub(super) pools: Vec<&'a str>,
    /// How.
    call: CallSpec,
    /// What only load balancers have.
    balancer: Option<&'a LoadBalancerSpec>,
}

/// How long one replica waits for another's answer before it takes the message for lost (Redis `repl-timeout`).
const SILENCE: SimDuration = SimDuration::from_secs(60);

impl<'a> Builder<'a> {
    /// Gives every component its routes, and every node its list of servers by region.
    pub(super) fn add_routes(&mut self) {
        let regions = self.spec.regions.len().max(1);
        for node in &mut self.nodes {
            let of = |region: usize| {
                let there = |(_, server): &(usize, &crate::node::server::Server)| {
                    usize::from(self.locations[usize::from(server.site.0)].region) == region
                };
                node.servers.iter().enumerate().filter(there).map(|(number, _)| number as u16).collect()
            };
            node.regional = (0..regions).map(of).collect();
        }
        for (number, (id, component)) in self.spec.components.iter().enumerate() {
            let wishes: Vec<Wishes<'a>> = match component.form() {
                Form::Pool(pool) => self.pool_wishes(id, pool),
                Form::Balancer(balancer) => balancer_wishes(id, balancer),
            };
            let sites: Vec<Site> = self.nodes[number].servers.iter().map(|server| server.site).collect();
            self.nodes[number].routes = wishes.iter().map(|wishes| self.route(wishes, &sites)).collect();
            self.add_spawned(number, id, component);
        }
    }

    /// Opens a book for what a component lets go on by itself, if it does.
    fn add_spawned(&mut self, number: usize, id: &str, component: &ComponentSpec) {
        let Form::Pool(pool) = component.form() else { return };
        if let (true, Role::Service(service)) = (pool.spawns(), &mut self.nodes[number].role) {
            service.spawned = Some(self.call_books.len() as u16);
            self.call_books.push(CallBook::new(format!("{id}.calls.spawned"), &self.windows));
        }
    }

    fn pool_wishes(&self, id: &'a str, pool: &'a PoolSpec) -> Vec<Wishes<'a>> {
        let wishes = |callee: &'a str| Wishes {
            caller: id,
            pools: vec![callee],
            call: self.call_spec(&pool.calls, callee),
            balancer: None,
        };
        let talks = pool.divides.as_deref().is_some_and(DatabaseSpec::calls_itself);
        let itself = talks.then(|| {
            let mut itself = wishes(id);
            itself.call.timeout.get_or_insert(SILENCE);
            itself
        });
        pool.callees().into_iter().map(wishes).chain(itself).collect()
    }

    /// How a caller calls a callee: its own wishes, and the callee's timeout where it has none.
    pub(super) fn call_spec(
        &self,
        calls: &std::collections::BTreeMap<String, CallSpec>,
        callee: &str,
    ) -> CallSpec {
        let mut call = calls.get(callee).cloned().unwrap_or_default();
        if let Some(Form::Pool(pool)) = self.spec.form(callee) {
            call.timeout = call.timeout.or(pool.timeout);
            let apart = pool.keeps.as_ref().is_some_and(|cache| cache.inside.is_none());
            if apart && pool.servers > 1 && call.balancer.is_none() {
                call.balancer = Some(CacheSpec::finder());
            }
        }
        call
    }

    /// The route of a workload.
    pub(super) fn workload_route(
        &mut self,
        id: &'a str,
        target: &'a str,
        mut call: CallSpec,
        timeout: Option<SimDuration>,
        sites: &[Site],
    ) -> Route {
        call.timeout = timeout.or(call.timeout);
        let wishes = Wishes { caller: id, pools: vec![target], call, balancer: None };
        self.route(&wishes, sites)
    }

    /// A route from callers at these sites, one view each; callers that wish nothing special share views by region.
    fn route(&mut self, wishes: &Wishes<'a>, sites: &[Site]) -> Route {
        let node = self.ids[wishes.pools[0]];
        let line = wishes.call.timeout.map(|timeout| self.line(timeout));
        let book = self.call_books.len() as u16;
        let name = format!("{}.calls.{}", wishes.caller, wishes.pools.join("+"));
        self.call_books.push(CallBook::new(name.clone(), &self.windows));
        let pipelines = self.pipelines(wishes, &name, sites.len(), book);
        let is_gateway = matches!(self.nodes[usize::from(node)].role, Role::Gateway(_));
        let database = self.spec.form(wishes.pools[0]).and_then(Form::divides);
        let own_map = database.is_some_and(|database| matches!(database.routing, Routing::Aware { .. }));
        let special = own_map
            || wishes.balancer.is_some()
            || wishes.call.asks_for_a_view()
            || self.nodes[usize::from(node)].is_inside;
        if (is_gateway || self.nodes[usize::from(node)].servers.len() == 1) && !special {
            return Route { node, dispatches: Vec::new(), line, book, pipelines };
        }
        let mut shared: Vec<(u16, u32)> = Vec::new();
        let mut dispatches = Vec::new();
        for (instance, site) in sites.iter().enumerate() {
            let region = self.locations[usize::from(site.0)].region;
            let known = shared.iter().find(|(known, _)| *known == region).map(|(_, dispatch)| *dispatch);
            let dispatch = match known.filter(|_| !special) {
                Some(dispatch) => dispatch,
                None => self.dispatch(wishes, instance, sites, book),
            };
            shared.push((region, dispatch));
            dispatches.push(dispatch);
        }
        Route { node, dispatches, line, book, pipelines }
    }

    /// The pipelines of some callers with one route: one each, or one for all if they share it.
    fn pipelines(&mut self, wishes: &Wishes<'a>, name: &str, callers: usize, book: u16) -> Vec<u32> {
        let stages = wishes.call.pipeline();
        if stages.is_empty() {
            return Vec::new();
        }
        let fallback =
            stages.iter().find_map(StageSpec::fallback_service).map(|id| self.fallback(wishes, id));
        let count = if wishes.call.shared_stages { 1 } else { callers };
        let first = self.pipelines.len() as u32;
        for number in 0..count {
            let name = if count == 1 { name.to_owned() } else { format!("{name} #{number}") };
            let build = |stage: &StageSpec| (stage.name(), stage.build(SimTime::ZERO));
            let stages: Vec<_> = stages.iter().map(build).collect();
            self.call_books[usize::from(book)].breakers +=
                stages.iter().filter(|(_, stage)| stage.mode().is_some()).count() as u64;
            self.pipelines.push(Pipeline { name, stages, book, fallback });
        }
        let mine = |caller: usize| first + if count == 1 { 0 } else { caller as u32 };
        (0..callers).map(mine).collect()
    }

    /// The way to the service that answers in the callee's place.
    fn fallback(&mut self, wishes: &Wishes<'a>, id: &str) -> Way {
        let book = self.call_books.len() as u16;
        let name = format!("{}.calls.{id}", wishes.caller);
        self.call_books.push(CallBook::new(name, &self.windows));
        let node = self.ids.get(id).copied().unwrap_or_default();
        Way { node, line: None, book, dispatch: None, pipeline: None }
    }

    /// A line of deadlines of that length; callers with equal timeouts share one.
    pub(super) fn line(&mut self, timeout: SimDuration) -> u16 {
        if let Some(known) = self.lines.iter().position(|line| line.length() == timeout) {
            return known as u16;
        }
        self.lines.push(Deadlines::new(timeout));
        self.lines.len() as u16 - 1
    }

    /// The servers a caller may see: those of its region where there are some, unless it looks further; of a cache that
    /// lives in the callers, its own.
    fn visible(&self, wishes: &Wishes<'a>, site: Site, instance: usize) -> Vec<(usize, Instance)> {
        let looks_further = wishes.balancer.is_some_and(|balancer| balancer.locality.is_some());
        let region = usize::from(self.locations[usize::from(site.0)].region);
        let mut seen = Vec::new();
        for (level, pool) in wishes.pools.iter().enumerate() {
            let number = self.ids[pool];
            let node = &self.nodes[usize::from(number)];
            let near = &node.regional[region];
            let divides = self.spec.form(pool).and_then(Form::divides);
            let in_turn = divides.is_some_and(|database| database.spread == Spread::InTurn);
            let all = looks_further || near.is_empty() || in_turn;
            let servers: Vec<u16> = if node.is_inside {
                vec![instance as u16]
            } else if all {
                (0..node.servers.len() as u16).collect()
            } else {
                near.clone()
            };
            seen.extend(servers.into_iter().map(|server| (level, Instance { node: number, server })));
        }
        seen
    }

    fn dispatch(&mut self, wishes: &Wishes<'a>, instance: usize, sites: &[Site], book: u16) -> u32 {
        let site = sites[instance];
        let mut seen = self.visible(wishes, site, instance);
        let what = wishes.pools.join("+");
        let path = format!("{} -> {what}", wishes.caller);
        if let Some(subset) = &wishes.call.subset {
            let seed = name_hash(&path);
            let state = subset.build(&Membership {
                client: instance,
                clients: sites.len(),
                backends: seen.len(),
                seed,
            });
            let mut chosen = state.chosen().to_vec();
            chosen.sort_unstable();
            seen = chosen.into_iter().map(|index| seen[index]).collect();
        }
        let strategy = wishes.call.balancer.clone().unwrap_or_default();
        let endpoints: Vec<Endpoint> = seen.iter().map(|(_, at)| self.endpoint(*at, &strategy)).collect();
        let rows = endpoints
            .iter()
            .map(|endpoint| Backend { available: true, in_flight: 0, weight: endpoint.weight, share: 1.0 })
            .collect();
        let name = if sites.len() == 1 { path.clone() } else { format!("{path} #{instance}") };
        let random = self.streams.stream(&format!("{path}/{instance}/choice"));
        let targets = seen.iter().map(|(_, at)| *at).collect();
        let balancer = strategy.build(&endpoints);
        let wants = balancer.wants();
        let mut dispatch = Dispatch::new(name, targets, rows, balancer, random);
        dispatch.wants = wants;
        dispatch.book = book;
        if let View::Board { every } = wishes.call.view {
            dispatch.board = Some(every);
        }
        dispatch.care = self.care(wishes, &seen, site, sites, &format!("{path}/{instance}"));
        dispatch.shards = self.shards(wishes, &seen);
        // Whose pick does not depend on the key spreads all keys anyway.
        dispatch.copies = wants.identity && self.copies_hot_keys(wishes.pools[0]);
        let groups = match &dispatch.shards {
            Some(shards) => shards.balancers(),
            None => dispatch.care.as_ref().and_then(|care| care.places.as_ref()).map_or(1, Places::count),
        };
        dispatch.others = (1..groups).map(|_| strategy.build(&endpoints)).collect();
        let dispatch = dispatch.furnished();
        let number = self.dispatches.len() as u32;
        if wants.idle_offers {
            for (row, (_, at)) in seen.iter().enumerate() {
                let node = &mut self.nodes[usize::from(at.node)];
                node.idle_watchers.resize(node.servers.len(), Vec::new());
                node.idle_watchers[usize::from(at.server)].push((number, row as u16));
            }
        }
        self.dispatches.push(dispatch);
        self.watchers.push(site);
        number
    }

    /// A server as a balancer's configuration names it.
    fn endpoint(&self, at: Instance, strategy: &BalancerSpec) -> Endpoint {
        let server = &self.nodes[usize::from(at.node)].servers[usize::from(at.server)];
        // Capacity in thousandths of a normal worker, so that a speed of 0.5 counts half.
        let weight = if *strategy.weights() == Weights::ByCapacity {
            ((server.speed() * f64::from(server.workers()) * 1000.0 + 0.5) as u32).max(1)
        } else {
            server.weight
        };
        Endpoint {
            name: server.name.clone(),
            address: 0x0A00_0000 + u32::from(at.node) * 0x1_0000 + u32::from(at.server) + 1,
            port: 80,
            weight,
            slots: server.workers(),
        }
    }

    /// Health, limits, sessions and groups of a view, if anything is wished.
    fn care(
        &self,
        wishes: &Wishes<'a>,
        seen: &[(usize, Instance)],
        site: Site,
        sites: &[Site],
        path: &str,
    ) -> Option<Box<Care>> {
        let call = &wishes.call;
        let mut care = Care::new(seen.len(), self.streams.stream(&format!("{path}/care")));
        care.checks = call.health_check.iter().flat_map(|check| seen.iter().map(|_| check.build())).collect();
        care.ejector = call.ejection.as_ref().map(|ejection| ejection.build(seen.len()));
        care.slow_after = call.slow_after.unwrap_or(SimDuration::FOREVER);
        care.heartbeats = call.heartbeats.as_ref().map(|heartbeats| Heartbeats::new(heartbeats, seen.len()));
        care.slow_start.clone_from(&call.slow_start);
        let mut wished = call.health_check.is_some()
            || call.ejection.is_some()
            || call.heartbeats.is_some()
            || call.slow_start.is_some()
            || call.dns.is_some()
            || call.virtual_address.is_some();
        care.caches = call.dns.as_ref().map(DnsSpec::build);
        let servers: Vec<u16> = seen.iter().map(|(_, at)| at.server).collect();
        care.address = call.virtual_address.as_ref().map(|address| address.build(&servers));
        if let Some(balancer) = wishes.balancer {
            care.sticky = balancer.sticky.as_ref().map(crate::policy::sticky::StickySpec::build);
            care.max_connections = balancer.max_connections;
            care.places =
                balancer.locality.as_ref().map(|locality| self.places_of(locality, seen, site, sites));
            wished |=
                balancer.sticky.is_some() || balancer.max_connections > 0 || balancer.locality.is_some();
        }
        wished.then(|| Box::new(care))
    }

    /// The groups of a view: levels are the pools in their order, zones and regions are where servers stand.
    fn places_of(
        &self,
        locality: &LocalitySpec,
        seen: &[(usize, Instance)],
        site: Site,
        sites: &[Site],
    ) -> Places {
        let location = |site: Site| &self.locations[usize::from(site.0)];
        let place = |at: &Instance| self.nodes[usize::from(at.node)].servers[usize::from(at.server)].site;
        let by_region = matches!(locality, LocalitySpec::NearestHealthyRegion(_));
        let key = |(level, at): &(usize, Instance)| match locality {
            LocalitySpec::PriorityLevels(_) => *level as u16,
            LocalitySpec::NearestHealthyRegion(_) => location(place(at)).region,
            LocalitySpec::ZoneAware(_) | LocalitySpec::LocalityWeighted(_) => place(at).0,
        };
        let mut keys: Vec<u16> = seen.iter().map(key).collect();
        let group_of_row = keys.clone();
        keys.sort_unstable();
        keys.dedup();
        let home_key = if by_region { location(site).region } else { site.0 };
        let mut table = vec![Group::default(); keys.len()];
        for (row, (_, at)) in seen.iter().enumerate() {
            let index = keys.binary_search(&group_of_row[row]).unwrap_or(0);
            let server = &self.nodes[usize::from(at.node)].servers[usize::from(at.server)];
            let group = &mut table[index];
            group.hosts += 1;
            group.healthy += 1;
            group.weight += server.weight;
            group.capacity += server.workers();
            group.distance = self.distance(site, place(at));
        }
        for caller in sites {
            let key = if by_region { location(*caller).region } else { caller.0 };
            if let Ok(index) = keys.binary_search(&key) {
                table[index].callers += 1;
                table[index].healthy_callers += 1;
            }
        }
        let group_of = group_of_row.iter().map(|key| keys.binary_search(key).unwrap_or(0)).collect();
        let per_row = seen
            .iter()
            .map(|(_, at)| self.nodes[usize::from(at.node)].servers[usize::from(at.server)].workers())
            .collect();
        Places::new(locality.build(keys.len()), group_of, per_row, table, keys.binary_search(&home_key).ok())
    }

    /// Mean round trip between two sites.
    fn distance(&self, from: Site, to: Site) -> SimDuration {
        let network = self.network();
        SimDuration::from_nanos_f64(network.mean_delay(from, to) + network.mean_delay(to, from))
    }
}

fn balancer_wishes<'a>(id: &'a str, balancer: &'a LoadBalancerSpec) -> Vec<Wishes<'a>> {
    let call = CallSpec { balancer: Some(balancer.strategy.clone()), ..balancer.as_call() };
    let wishes = |pools| Wishes { caller: id, pools, call: call.clone(), balancer: Some(balancer) };
    balancer.callees().into_iter().map(wishes).collect()
}
