//! Sites, servers and the network between them.

use sim_core::{
    random::{distribution::DistributionSpec, name_hash},
    time::{SimDuration, SimTime},
};

use super::{
    Builder, caches::cache_program, indexes::indexed_program, program::Writer, replication::database_program,
};
use crate::{
    measure::{Ages, Level, Owner, Times},
    node::{
        gateway::Gateway,
        hosting::Host,
        network::{Location, Network},
        section::Resource,
        server::{Server, WarmUp},
        service::Service,
    },
    policy::{
        discipline::{Line, QueueSpec},
        execution::{Executor, Setting},
    },
    request::Site,
    spec::{
        Form, Inclusion, Layer, LoadBalancerSpec, NetworkSpec, PoolSpec, ResourceSpec, Scope, Spread,
        SystemSpec,
    },
    world::{Node, Role},
};

/// Every site: each region's zones, then its clients. Without regions there is one place and its clients.
pub(super) fn locations(spec: &SystemSpec) -> Vec<Location> {
    if spec.regions.is_empty() {
        let here = |name: &str, zone| Location { region: 0, zone, name: name.into() };
        return vec![here("here", Some(0)), here("clients", None)];
    }
    let mut all = Vec::new();
    for (number, (region, regional)) in spec.regions.iter().enumerate() {
        let region_number = number as u16;
        for (zone, zone_name) in regional.zones.iter().enumerate() {
            let name = if zone_name.is_empty() { region.clone() } else { format!("{region}/{zone_name}") };
            all.push(Location { region: region_number, zone: Some(zone as u16), name });
        }
        all.push(Location { region: region_number, zone: None, name: format!("clients of {region}") });
    }
    all
}

/// Every class of request any workload or component names, sorted; the first is the one without a name.
pub(super) fn classes(spec: &SystemSpec) -> Vec<&str> {
    let mut names: Vec<&str> = spec
        .workloads
        .values()
        .flat_map(|workload| workload.common().requests.keys())
        .map(String::as_str)
        .collect();
    names.push("");
    names.sort_unstable();
    names.dedup();
    names
}

impl<'a> Builder<'a> {
    /// The sites a component's servers stand at, one entry a server, with the name each server gets.
    pub(super) fn places(&self, id: &str, placed_in: &[String], servers: u32) -> Vec<(String, Site)> {
        if self.spec.regions.is_empty() {
            let alone = servers == 1;
            return (0..servers)
                .map(|number| (if alone { id.to_owned() } else { format!("{id}[{number}]") }, Site(0)))
                .collect();
        }
        let mut places = Vec::new();
        for (number, region) in self.spec.regions.keys().enumerate() {
            let inside = |location: &&(usize, &Location)| {
                let named = &location.1.name;
                let zone_of_it = location.1.region == number as u16 && location.1.zone.is_some();
                zone_of_it
                    && (placed_in.is_empty()
                        || placed_in.iter().any(|place| place == region || place == named))
            };
            let all: Vec<(usize, &Location)> = self.locations.iter().enumerate().collect();
            let zones: Vec<&(usize, &Location)> = all.iter().filter(inside).collect();
            if zones.is_empty() {
                continue;
            }
            for server in 0..servers {
                let (site, _) = zones[server as usize % zones.len()];
                places.push((format!("{id}[{region}/{server}]"), Site(*site as u16)));
            }
        }
        places
    }

    /// The same for a pool: of a database whose shards stand in one region each, those.
    fn pool_places(&self, id: &str, pool: &PoolSpec) -> Vec<(String, Site)> {
        let places = self.places(id, &pool.placed_in.0, pool.servers);
        let Some(database) = pool.divides.as_deref().filter(|it| it.spread == Spread::InTurn) else {
            return places;
        };
        let servers = pool.servers.max(1) as usize;
        let regions = (places.len() / servers).max(1);
        let of_its_region = |server: usize| database.shard_of(server as u16) % regions * servers + server;
        (0..servers).filter_map(|server| places.get(of_its_region(server)).cloned()).collect()
    }

    /// One node for each component, in order of their ids.
    pub(super) fn add_nodes(&mut self) {
        for (id, component) in &self.spec.components {
            let node = match component.form() {
                Form::Pool(pool) => self.pool(id, pool),
                Form::Balancer(balancer) => self.balancer(id, balancer),
            };
            self.nodes.push(node);
        }
    }

    fn server(&self, name: String, site: Site, queue: &QueueSpec) -> Server {
        let mut server = Server::new(name, site, Line::new(queue, SimTime::ZERO), &self.windows);
        server.blocked = queue.blocks().then(|| Box::new(Level::new(&self.windows)));
        server
    }

    fn node(&self, id: &str, servers: Vec<Server>, role: Role) -> Node {
        Node {
            name: id.to_owned(),
            place: name_hash(id),
            servers,
            times: Times::fine(&self.windows),
            ages: Ages::new(&self.windows),
            role,
            routes: Vec::new(),
            regional: Vec::new(),
            cancels: false,
            is_inside: false,
            holds_keys: false,
            redirects: false,
            warm_up: None,
            idle_watchers: Vec::new(),
            random: self.streams.stream(&format!("{id}/queue")),
        }
    }

    fn pool(&self, id: &str, pool: &'a PoolSpec) -> Node {
        let places = self.pool_places(id, pool);
        let servers = places.into_iter().enumerate().map(|(index, (name, site))| {
            let number = index as u32 % pool.servers;
            let own = pool.overrides.get(&number).cloned().unwrap_or_default();
            let mut server = self.server(name, site, &pool.queue);
            let speed = own.speed.unwrap_or(1.0);
            server.equip(own.workers.unwrap_or(pool.workers_per_server), speed);
            server.weight = own.weight.unwrap_or(1);
            if let Some(executor) = self.executor(&server, pool) {
                server.equip(pool.slots(), speed);
                let owners = Owner::of_concurrency(pool.concurrency.as_ref());
                server.host = Some(Box::new(Host::new(executor, owners, &self.windows)));
            }
            server
        });
        let servers = servers.collect();
        let mut node = self.node(id, servers, Role::Service(self.service(id, pool)));
        node.cancels = pool.cancel_abandoned_work;
        node.is_inside = pool.keeps.as_ref().is_some_and(|cache| cache.inside.is_some());
        node.holds_keys = node.division().is_some_and(|division| division.participation.is_some());
        node.warm_up = pool
            .warm_up
            .as_ref()
            .map(|warm_up| WarmUp { duration: warm_up.duration, initial: warm_up.initial_speed });
        node
    }

    /// Who says who runs when at a server of a pool, if not its workers.
    fn executor(&self, server: &Server, pool: &PoolSpec) -> Option<Executor> {
        let speed = server.speed();
        let random = self.streams.stream(&format!("{}/executor", server.name));
        let shared = pool.sharing.as_ref().map(|share| Executor::sharing(share, speed));
        let model = pool.concurrency.as_ref();
        shared.or_else(|| model.map(|model| model.build(&Setting { speed, classes: &self.classes, random })))
    }

    /// What a pool does with each class. Calls name their routes by order of [`PoolSpec::callees`].
    fn service(&self, id: &str, pool: &PoolSpec) -> Service {
        let callees = pool.callees();
        let demands = self.classes.iter().map(|class| pool.demand(class, self.spec.writes(class)).build());
        let route = |id: &str| callees.iter().position(|callee| *callee == id).unwrap_or(0) as u16;
        let resource = |name: &str| pool.resources.keys().position(|known| known == name).unwrap_or(0) as u16;
        let shards =
            |id: &str| self.spec.form(id).and_then(Form::divides).map_or(1, |base| base.most_shards() as u16);
        let index = |database: &str, name: &str| {
            self.spec.form(database).and_then(Form::divides).and_then(|base| base.index(name))
        };
        let lends = self.spec.caches_on(id).any(|above| above.inclusion == Inclusion::Exclusive);
        let writes = self.writes();
        let steps =
            self.classes.iter().enumerate().map(|(number, class)| match (&pool.keeps, &pool.divides) {
                (Some(cache), _) => cache_program(cache, writes[number], lends),
                (None, Some(database)) if !database.indexes.is_empty() => {
                    indexed_program(database, writes[number])
                }
                (None, Some(database)) => database_program(database, writes[number]),
                (None, None) => {
                    let (route, resource, shards, index) = (&route, &resource, &shards, &index);
                    Writer { class, route, resource, shards, index }.program(pool.steps(class))
                }
            });
        Service {
            demands: demands.collect(),
            steps: steps.collect(),
            resources: self.resources(id, pool),
            spawned: None,
            keeper: self.keeper(id, pool),
            division: self.division(id, pool, self.pool_places(id, pool).len()),
        }
    }

    /// What a pool's sections need a permit of, in order of their names.
    fn resources(&self, id: &str, pool: &PoolSpec) -> Vec<Resource> {
        let servers = self.pool_places(id, pool).len();
        let resource = |(name, spec): (&String, &ResourceSpec)| {
            let gates = match spec.scope {
                Scope::Server => servers,
                Scope::Component => 1,
            };
            Resource::new(format!("{id}.{name}"), spec.permits, gates, &self.windows)
        };
        pool.resources.iter().map(resource).collect()
    }

    fn balancer(&self, id: &str, balancer: &LoadBalancerSpec) -> Node {
        let places = self.places(id, &balancer.placed_in.0, balancer.instances);
        let servers = places.into_iter().map(|(name, site)| {
            let mut server = self.server(name, site, &balancer.queue);
            server.equip(balancer.workers, 1.0);
            server
        });
        let servers = servers.collect();
        let callees = balancer.callees();
        let routes = self.classes.iter().map(|class| match balancer.routes.get(*class) {
            Some(pool) => callees.iter().position(|callee| callee == &[pool.as_str()]).unwrap_or(0) as u16,
            None => 0,
        });
        let handshake = match balancer.layer {
            Layer::Layer4 => SimDuration::ZERO,
            Layer::Layer7 { handshake } => handshake,
        };
        let gateway = Gateway {
            demand: (balancer.workers > 0).then(|| balancer.service_time.build()),
            handshake: handshake.as_nanos() as f64,
            routes: routes.collect(),
            layer4: balancer.layer == Layer::Layer4,
            retry: balancer.retry.clone(),
            tried: std::collections::BTreeMap::new(),
            pins: Vec::new(),
        };
        self.node(id, servers, Role::Gateway(Box::new(gateway)))
    }

    /// Delays and losses between all pairs of sites.
    pub(super) fn network(&self) -> Network {
        let spec = &self.spec.network;
        let regions: Vec<&String> = self.spec.regions.keys().collect();
        let (mut delays, mut losses) = (Vec::new(), Vec::new());
        for from in &self.locations {
            for to in &self.locations {
                let (delay, loss) = link(spec, &regions, from, to);
                delays.push(delay);
                losses.push(loss);
            }
        }
        let nanos_per_byte = spec.bandwidth.map_or(0.0, |bytes| 1e9 / bytes.0 as f64);
        Network::new(self.locations.clone(), delays, losses, nanos_per_byte)
    }
}

/// Delay and loss from one site to another.
fn link(
    spec: &NetworkSpec,
    regions: &[&String],
    from: &Location,
    to: &Location,
) -> (sim_core::random::distribution::Distribution, f64) {
    let is_none = |time: &DistributionSpec| *time == DistributionSpec::constant(SimDuration::ZERO);
    if from.region != to.region {
        let (one, other) = (regions[usize::from(from.region)], regions[usize::from(to.region)]);
        let own = spec.links.iter().find(|link| {
            let (left, right) = &link.between;
            (left == one && right == other) || (left == other && right == one)
        });
        return match own {
            Some(link) => (link.latency.build(), link.loss.unwrap_or(spec.loss)),
            None => (spec.between_regions.build(), spec.loss),
        };
    }
    let delay = match (from.zone, to.zone) {
        (Some(zone), Some(other)) if zone == other && !is_none(&spec.within_zone) => &spec.within_zone,
        (Some(_), Some(_)) => &spec.within_region,
        (None, _) | (_, None) => {
            let region = regions.get(usize::from(from.region)).map(|region| region.as_str());
            let known = region.and_then(|region| spec.client_to_region.get(region));
            return (
                known.map_or_else(|| client_default(spec, regions).build(), DistributionSpec::build),
                spec.loss,
            );
        }
    };
    (delay.build(), spec.loss)
}

/// Clients' delay where the file has no regions: the network's one delay.
fn client_default(spec: &NetworkSpec, regions: &[&String]) -> DistributionSpec {
    if regions.is_empty() { spec.within_zone.clone() } else { DistributionSpec::constant(SimDuration::ZERO) }
}
