//! Workloads: their arrivals, what requests are like, and their routes.

use sim_core::{
    random::{
        distribution::Distribution,
        keys::{Keys, KeysSpec},
        name_hash,
    },
    time::SimTime,
};

use super::{Builder, Traces};
use crate::{
    estimate::Capacities,
    measure::{Journeys, Ledger, Times},
    node::{
        client::{Source, Workload},
        layout::Layout,
        mix::{Connections, Kind, Mix},
    },
    policy::arrival::{Arrivals, Draws},
    request::Site,
    spec::{Common, KeyLayout, Load, OpenLoopSpec, WorkloadSpec},
    units::Rate,
};

/// How deep calls may nest where nobody says otherwise: calls without a circle come nowhere near.
const DEEPEST: u8 = 64;

/// Users of a closed loop, 0 for other kinds.
pub(super) fn users(workload: &WorkloadSpec) -> u32 {
    match workload {
        WorkloadSpec::ClosedLoop(spec) => spec.users,
        WorkloadSpec::OpenLoop(_) | WorkloadSpec::Trace(_) => 0,
    }
}

impl<'a> Builder<'a> {
    /// Every workload, in order of their ids.
    pub(super) fn workloads(&mut self, traces: Traces<'_>) -> Result<Vec<Workload>, String> {
        let capacities = Capacities::of(self.spec);
        let mut workloads = Vec::new();
        for (id, spec) in &self.spec.workloads {
            let source = match spec {
                WorkloadSpec::OpenLoop(open) => self.open(id, open, &capacities),
                WorkloadSpec::ClosedLoop(closed) => Source::Closed {
                    think_time: closed.think_time.build(),
                    random: Box::new(self.streams.stream(&format!("{id}/think"))),
                },
                WorkloadSpec::Trace(_) => Source::Trace { records: traces(id)?, next: None },
            };
            workloads.push(self.workload(id, spec.common(), source));
        }
        Ok(workloads)
    }

    fn open(&self, id: &str, spec: &OpenLoopSpec, capacities: &Capacities) -> Source {
        let mut draws = Draws::new(&self.streams, id);
        let arrivals = Arrivals::new(&spec.arrivals, &spec.profile, SimTime::ZERO, &mut draws);
        let rate = match &spec.load {
            Load::Rate(rate) => *rate,
            Load::Utilization { of, fraction } => Rate(capacities.rate(of) * fraction),
        };
        Source::Open { arrivals: Box::new(arrivals), draws: Box::new(draws), rate }
    }

    fn workload(&mut self, id: &'a str, common: Common<'a>, source: Source) -> Workload {
        let mix = self.mix(id, &common);
        let regions = mix.origins.iter().map(|(_, site)| *site).collect::<Vec<_>>();
        // One view for each client process in each region, process by process.
        let sites: Vec<Site> = (0..common.instances).flat_map(|_| regions.iter().copied()).collect();
        let mut call = self.call_spec(common.calls, common.target);
        call.retry = common.retry.or(call.retry.as_ref()).cloned();
        call.circuit_breaker = common.circuit_breaker.or(call.circuit_breaker.as_ref()).cloned();
        let route = self.workload_route(id, common.target, call, common.timeout, &sites);
        let connections = common.connections.map(|spec| Connections {
            each: vec![(0, 0); spec.count as usize],
            most_requests: spec.requests,
            round_trips: spec.security.round_trips(),
            handshakes: spec.security.handshakes(),
            random: self.streams.stream(&format!("{id}/connection")),
        });
        Workload {
            name: id.to_owned(),
            place: name_hash(id),
            source,
            mix,
            route,
            patience: common.patience.map(sim_core::random::distribution::DistributionSpec::build),
            connections,
            deepest: common.max_call_depth.unwrap_or(DEEPEST),
            propagates: common.propagate_deadline,
            ledger: Ledger::new(&self.windows),
            times: Times::fine(&self.windows),
            journeys: Journeys::new(self.nodes.len()),
        }
    }

    fn mix(&self, id: &str, common: &Common<'_>) -> Mix {
        let keys = |spec: Option<&KeysSpec>, layout: Option<&KeyLayout>| {
            let keys = spec.or(common.keys)?.build();
            let layout = Layout::new(layout.unwrap_or(common.key_layout), keys.items());
            Some((keys, layout))
        };
        let size = |spec: Option<&sim_core::random::distribution::DistributionSpec<crate::units::Bytes>>| {
            Some(spec.unwrap_or(common.size).build()).filter(|size: &Distribution| size.mean() > 0.0)
        };
        let number = |name: &str| self.classes.binary_search(&name).unwrap_or(0) as u16;
        let total: f64 = common.requests.values().map(|request| request.weight).sum();
        let mut until = 0.0;
        let mut classes: Vec<Kind> = common
            .requests
            .iter()
            .map(|(name, request)| {
                until += request.weight / total;
                Kind {
                    until,
                    class: number(name),
                    name: name.clone(),
                    priority: request.priority,
                    writes: request.writes,
                    keys: keys(request.keys.as_ref(), request.key_layout.as_ref()),
                    size: size(request.size.as_ref()),
                }
            })
            .collect();
        if classes.is_empty() {
            classes.push(Kind {
                until: 1.0,
                class: number(""),
                name: String::new(),
                priority: 0,
                writes: false,
                keys: keys(None, None),
                size: size(None),
            });
        }
        let origins = self.origins(common);
        let region = |(_, site): &(f64, Site)| u64::from(self.locations[usize::from(site.0)].region);
        Mix {
            luck: self.streams.stream(&format!("{id}/luck")),
            classes,
            regions: origins.iter().map(region).collect(),
            origins,
            made: 0,
            writes: common.requests.values().any(|request| request.writes),
            addresses: self.addresses(common),
            instances: common.instances as u16,
            identifies: false,
        }
    }

    fn addresses(&self, common: &Common<'_>) -> Keys {
        common.addresses.build()
    }

    /// The sites of a workload's clients with cumulative shares.
    fn origins(&self, common: &Common<'_>) -> Vec<(f64, Site)> {
        let clients: Vec<(u16, Site)> = self
            .locations
            .iter()
            .enumerate()
            .filter(|(_, location)| location.zone.is_none())
            .map(|(site, location)| (location.region, Site(site as u16)))
            .collect();
        if common.origin.is_empty() {
            let share = 1.0 / clients.len() as f64;
            return clients
                .iter()
                .enumerate()
                .map(|(number, (_, site))| ((number + 1) as f64 * share, *site))
                .collect();
        }
        let regions: Vec<&String> = self.spec.regions.keys().collect();
        let total: f64 = common.origin.values().sum();
        let mut until = 0.0;
        let mut origins = Vec::new();
        for (region, site) in clients {
            if let Some(share) = common.origin.get(regions[usize::from(region)]) {
                until += share / total;
                origins.push((until, site));
            }
        }
        origins
    }
}
