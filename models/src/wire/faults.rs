//! Faults: names of servers and places turned into ids.

use sim_core::time::SimTime;

use super::Builder;
use crate::{
    node::{
        faults::{Effect, Fault, Schedule, Strike},
        network::Location,
    },
    request::Instance,
    spec::{FaultSpec, Moment, Struck},
};

impl Builder<'_> {
    /// Every fault, in the order of the file.
    pub(super) fn faults(&self) -> Vec<Fault> {
        self.spec.faults.iter().enumerate().filter_map(|(number, fault)| self.fault(number, fault)).collect()
    }

    fn fault(&self, number: usize, spec: &FaultSpec) -> Option<Fault> {
        let struck = spec.struck();
        let schedule = match struck.moment()? {
            Moment::At { at, duration } => {
                let at = SimTime::ZERO + at;
                Schedule::Once { at, until: duration.map(|duration| at + duration) }
            }
            Moment::Renewal { between, repair } => {
                Schedule::Renewal { between: between.build(), repair: repair.build() }
            }
        };
        let servers = self.struck_servers(struck);
        let random = |target: usize| self.streams.stream(&format!("faults[{number}]/{target}"));
        let each_by_itself = matches!(schedule, Schedule::Renewal { .. }) && !is_of_the_network(spec);
        let targets = if each_by_itself {
            let alone = |(target, server): (usize, &Instance)| Strike {
                servers: self.with_lodgers(&[*server]),
                active: false,
                random: random(target),
            };
            servers.iter().enumerate().map(alone).collect()
        } else {
            vec![Strike { servers: self.with_lodgers(&servers), active: false, random: random(0) }]
        };
        let place = struck.target.as_ref().or(struck.region.as_ref()).map_or("", String::as_str);
        Some(Fault {
            effect: effect(spec),
            name: format!("{} of {place}", spec.name()),
            schedule,
            targets,
            sites: self.struck_sites(struck),
        })
    }

    /// The servers a fault strikes.
    fn struck_servers(&self, struck: &Struck) -> Vec<Instance> {
        let sites = self.struck_sites(struck);
        let mut servers = Vec::new();
        for (number, node) in self.nodes.iter().enumerate() {
            for (index, server) in node.servers.iter().enumerate() {
                let named = struck
                    .target
                    .as_ref()
                    .is_some_and(|target| names(target, &node.name, &server.name, index, node.servers.len()));
                let there = struck.region.is_some() && sites[usize::from(server.site.0)];
                if named || there {
                    servers.push(Instance { node: number as u16, server: index as u16 });
                }
            }
        }
        servers
    }

    /// The sites a fault disturbs: a region's or zone's, or those its servers stand at.
    fn struck_sites(&self, struck: &Struck) -> Vec<bool> {
        let regions: Vec<&String> = self.spec.regions.keys().collect();
        if let Some(place) = &struck.region {
            let inside = |location: &Location| {
                location.name == *place || regions.get(usize::from(location.region)) == Some(&place)
            };
            return self
                .locations
                .iter()
                .map(|location| location.zone.is_some() && inside(location))
                .collect();
        }
        let mut sites = vec![false; self.locations.len()];
        for node in &self.nodes {
            for (number, server) in node.servers.iter().enumerate() {
                if struck
                    .target
                    .as_ref()
                    .is_some_and(|target| names(target, &node.name, &server.name, number, node.servers.len()))
                {
                    sites[usize::from(server.site.0)] = true;
                }
            }
        }
        sites
    }
}

/// Whether `target` means this server: by its own name, its number, or its component's id.
fn names(target: &str, id: &str, server: &str, index: usize, servers: usize) -> bool {
    target == id || target == server || (servers == 1 && target == format!("{id}[{index}]"))
}

fn is_of_the_network(spec: &FaultSpec) -> bool {
    matches!(spec, FaultSpec::NetworkDelay(_) | FaultSpec::NetworkLoss(_) | FaultSpec::Partition(_))
}

fn effect(spec: &FaultSpec) -> Effect {
    let struck = spec.struck();
    match spec {
        FaultSpec::Crash(_) | FaultSpec::RegionOutage(_) => Effect::Down,
        FaultSpec::CapacityLoss(_) => Effect::Remaining(struck.remaining.unwrap_or(1.0)),
        FaultSpec::Slow(_) => Effect::Factor(struck.factor.unwrap_or(1.0)),
        FaultSpec::Errors(_) => Effect::Errors(struck.share.unwrap_or(0.0)),
        FaultSpec::FastFailure(_) => Effect::FailsFast(struck.latency.unwrap_or_default()),
        FaultSpec::Silence(_) => Effect::Silent,
        FaultSpec::NetworkDelay(_) => match &struck.delay {
            Some(delay) => Effect::Delay(delay.build()),
            None => Effect::Loss(0.0),
        },
        FaultSpec::NetworkLoss(_) => Effect::Loss(struck.share.unwrap_or(0.0)),
        FaultSpec::Partition(_) => Effect::Loss(1.0),
    }
}
