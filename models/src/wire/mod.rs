//! From spec to world: checks what a spec cannot know alone, turns names into ids, and builds everything there is.

mod caches;
mod callers;
mod cycles;
mod databases;
mod fallbacks;
mod faults;
mod indexes;
mod program;
mod references;
mod replication;
mod sources;
mod tiers;
mod topology;
mod transactions;

use std::collections::BTreeMap;

use sim_core::{
    check::{Check, Problem},
    deadlines::Deadlines,
    random::Streams,
    time::{SimDuration, SimTime},
};

use crate::{
    measure::{CallBook, Windows},
    node::{
        client::Workload, dispatch::Dispatch, flights::Flights, network::Location, pipeline::Pipeline,
        tasks::Tasks, transaction::Transactions,
    },
    observe::Observer,
    policy::arrival::trace::TraceRecord,
    request::{CallId, Notices, Site},
    spec::SystemSpec,
    world::{Node, World},
};

/// What is left of a record of requests.
pub type Records = Box<dyn Iterator<Item = TraceRecord>>;

/// Where recorded requests come from: the workload's id in, its records out. This crate opens no file.
pub type Traces<'a> = &'a mut dyn FnMut(&str) -> Result<Records, String>;

/// All that is wrong with a system, by path.
pub fn check(spec: &SystemSpec) -> Vec<Problem> {
    let mut check = Check::default();
    spec.check(&mut check);
    references::check(spec, &mut check);
    cycles::check(spec, &mut check);
    fallbacks::check(spec, &mut check);
    databases::check(spec, &mut check);
    tiers::check(spec, &mut check);
    check.into_problems()
}

/// What is being built.
struct Builder<'a> {
    spec: &'a SystemSpec,
    streams: Streams,
    windows: Windows,
    locations: Vec<Location>,
    /// Ids of components in order, which is that of their nodes.
    ids: BTreeMap<&'a str, u16>,
    /// Names of request classes in order.
    classes: Vec<&'a str>,
    nodes: Vec<Node>,
    dispatches: Vec<Dispatch>,
    watchers: Vec<Site>,
    lines: Vec<Deadlines<CallId>>,
    call_books: Vec<CallBook>,
    pipelines: Vec<Pipeline>,
}

/// Builds the world of a checked spec.
///
/// # Errors
/// A trace cannot be read.
pub fn build(
    spec: &SystemSpec,
    streams: Streams,
    windows: Windows,
    bin: SimDuration,
    traces: Traces<'_>,
) -> Result<World, String> {
    let mut builder = Builder::new(spec, streams, windows);
    builder.add_nodes();
    builder.add_routes();
    builder.add_resharding();
    let mut workloads = builder.workloads(traces)?;
    builder.identify(&mut workloads);
    let deadlines_travel = workloads.iter().any(|workload| workload.propagates);
    let users = spec.workloads.values().map(sources::users).collect();
    let network = builder.network();
    let faults = builder.faults();
    let observer = builder.observer(bin, &workloads);
    let (truth, writes) = (builder.truth(), builder.writes());
    let transactions = Transactions::new(builder.nodes.iter().any(|node| node.holds_keys));
    let Builder { windows, nodes, dispatches, watchers, lines, call_books, pipelines, .. } = builder;
    let turns = vec![SimTime::NEVER; dispatches.len()];
    Ok(World {
        windows,
        requests: slotmap::SlotMap::with_key(),
        calls: slotmap::SlotMap::with_key(),
        crossings: slotmap::SlotMap::with_key(),
        tasks: Tasks::default(),
        detours: slotmap::SecondaryMap::new(),
        sought: slotmap::SecondaryMap::new(),
        pursuits: slotmap::SecondaryMap::new(),
        truth,
        flights: Flights::default(),
        notices: Notices::default(),
        transactions,
        writes,
        opened: 0,
        closed: 0,
        pipelines,
        workloads,
        deadlines_travel,
        users,
        nodes,
        dispatches,
        watchers,
        turns,
        lines,
        call_books,
        network,
        faults,
        observer,
        tracer: None,
        decisions: Vec::new(),
        decided: 0,
    })
}

impl<'a> Builder<'a> {
    /// Who looks at all this, bin by bin.
    fn observer(&self, bin: SimDuration, workloads: &[Workload]) -> Observer {
        let Self { nodes, pipelines, dispatches, call_books, .. } = self;
        Observer::new(bin, workloads, nodes, pipelines, dispatches, call_books)
    }

    /// Nothing built yet.
    fn new(spec: &'a SystemSpec, streams: Streams, windows: Windows) -> Self {
        let numbered = spec.components.keys().enumerate();
        Self {
            spec,
            streams,
            windows,
            locations: topology::locations(spec),
            ids: numbered.map(|(number, id)| (id.as_str(), number as u16)).collect(),
            classes: topology::classes(spec),
            nodes: Vec::new(),
            dispatches: Vec::new(),
            watchers: Vec::new(),
            lines: Vec::new(),
            call_books: Vec::new(),
            pipelines: Vec::new(),
        }
    }

    /// Lets those workloads draw keys and addresses whose requests somebody tells apart.
    fn identify(&self, workloads: &mut [Workload]) {
        let indexed = |node: &Node| node.division().is_some_and(|division| division.indexes.is_some());
        let knows = |node: &Node| {
            node.keeper().is_some() || node.replicas().is_some() || node.holds_keys || indexed(node)
        };
        let keeps = self.nodes.iter().any(knows);
        let asked = keeps || self.dispatches.iter().any(Dispatch::asks_who);
        for (workload, spec) in workloads.iter_mut().zip(self.spec.workloads.values()) {
            let common = spec.common();
            let keyed =
                common.keys.is_some() || common.requests.values().any(|request| request.keys.is_some());
            workload.mix.identifies = asked || keyed;
        }
    }
}
