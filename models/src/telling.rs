//! What a finished world tells: figures, distributions, exact counts of limits, how backlogs moved.

use sim_core::{statistics::Histogram, time::SimTime};

use crate::{
    Limit, LimitOf, RunSettings,
    measure::{Beats, Figures, Owner, ShardSeen, Station, Stored, Stretch, Watch, Watched, Window},
    node::{server::Server, sharding::Division},
    report::{Backlog, LimitCount, Metric, RunReport},
    request::Request,
    world::{Node, Role, World},
};

impl World {
    /// Sets exact counters where claims ask for them.
    pub(crate) fn watch_limits(&mut self, limits: &[Limit]) {
        for limit in limits {
            let Some(window) = self.windows.all().iter().position(|window| window.name == limit.window)
            else {
                continue;
            };
            let of = watched(limit.of);
            let (window, nanos) = (window as u16, limit.limit.as_nanos());
            let watch = Watch { window, of, limit: nanos, open: false, counts: [0; 3] };
            for workload in self.workloads.iter_mut().filter(|workload| workload.name == limit.station) {
                workload.ledger.watches.push(watch);
            }
            for node in &mut self.nodes {
                let whole = node.name == limit.station;
                for server in node.servers.iter_mut().filter(|server| whole || server.name == limit.station) {
                    server.ledger.watches.push(watch);
                }
            }
        }
    }

    pub(crate) fn into_report(mut self, settings: &RunSettings, events: u64) -> RunReport {
        let digest = self.digest();
        let requests = self.workloads.iter().map(|workload| workload.ledger.totals.arrivals).sum();
        let limits = settings.limits.iter().map(|limit| self.limit_count(limit, settings.end)).collect();
        let metrics = self.metrics();
        let histograms = self.histograms();
        let backlogs = self.backlogs();
        let traces = self.take_traces(settings.end);
        let Self { observer, decisions, .. } = self;
        RunReport {
            events,
            requests,
            metrics,
            series: observer.into_series(),
            histograms,
            limits,
            decisions,
            backlogs,
            digest,
            traces,
        }
    }

    /// What was counted about a limit. Requests that still wait at the end and are older already are over it.
    fn limit_count(&self, limit: &Limit, end: SimTime) -> LimitCount {
        let window = self.windows.all().iter().position(|window| window.name == limit.window).unwrap_or(0);
        let (of, metric) = (watched(limit.of), limit.of.name());
        let nanos = limit.limit.as_nanos();
        let mut counts = [0; 3];
        for watch in self.watches_at(&limit.station) {
            if (usize::from(watch.window), watch.of, watch.limit) == (window, of, nanos) {
                for (sum, count) in counts.iter_mut().zip(watch.counts) {
                    *sum += count;
                }
            }
        }
        if limit.of == LimitOf::Latency && self.windows.all()[window].to == end {
            let late = |request: &&Request| {
                self.workloads[usize::from(request.workload)].name == limit.station
                    && end.since(request.intended).as_nanos() > nanos
            };
            counts[2] += self.requests.values().filter(late).count() as u64;
        }
        let suffix = if limit.window.is_empty() { String::new() } else { format!("@{}", limit.window) };
        let name = format!("{}.{metric}{suffix}", limit.station);
        LimitCount { name, limit: nanos, under: counts[0], at: counts[1], over: counts[2] }
    }

    /// The counters at a workload, a component, or one server of it.
    fn watches_at<'a>(&'a self, station: &'a str) -> impl Iterator<Item = &'a Watch> {
        let whole = move |node: &Node| node.name == station;
        let servers = self.nodes.iter().flat_map(move |node| {
            node.servers.iter().filter(move |server| whole(node) || server.name == station)
        });
        let workloads = self.workloads.iter().filter(move |workload| workload.name == station);
        let ledgers = workloads.map(|workload| &workload.ledger).chain(servers.map(|server| &server.ledger));
        ledgers.flat_map(|ledger| &ledger.watches)
    }

    fn metrics(&self) -> Vec<Metric> {
        let mut figures = Figures::default();
        for (number, window) in self.windows.all().iter().enumerate() {
            for workload in &self.workloads {
                let (ledgers, times) = (vec![&workload.ledger], &workload.times);
                figures.station(
                    &Station { id: &workload.name, ledgers, times, service: None },
                    number,
                    window,
                );
            }
            for node in &self.nodes {
                node_figures(node, &mut figures, number, window);
            }
            for book in &self.call_books {
                figures.calls(book, number, window);
            }
        }
        for workload in &self.workloads {
            figures.at_end(&workload.name, workload.ledger.left_inside());
        }
        for node in &self.nodes {
            figures.at_end(&node.name, node.servers.iter().map(|server| server.ledger.left_inside()).sum());
            for resource in node.resources() {
                let inside = resource.gates.iter().map(|gate| gate.ledger.left_inside()).sum();
                figures.at_end(&resource.name, inside);
            }
        }
        for (number, node) in (0..).zip(&self.nodes) {
            if let Some(own) = node.division().and_then(|division| division.participation.as_deref()) {
                figures.undecided(&node.name, self.transactions.open(number), &own.owners);
            }
            if let Some(division) = node.division()
                && let Some(indexes) = division.indexes.as_deref()
            {
                figures.behind_at_end(&node.name, indexes.under_way(), &division.owners);
            }
        }
        let nodes: Vec<&str> = self.nodes.iter().map(|node| node.name.as_str()).collect();
        for workload in &self.workloads {
            figures.journeys(&workload.name, &workload.journeys, &nodes);
        }
        figures.into_metrics()
    }

    /// Distributions of latency: of every workload, component and caller, in every window.
    fn histograms(&self) -> Vec<(String, Histogram)> {
        let mut all = Vec::new();
        for (number, window) in self.windows.all().iter().enumerate() {
            let suffix = if window.name.is_empty() { String::new() } else { format!("@{}", window.name) };
            for workload in &self.workloads {
                all.push((
                    format!("{}.latency{suffix}", workload.name),
                    workload.times.latency(number).clone(),
                ));
            }
            for node in &self.nodes {
                all.push((format!("{}.latency{suffix}", node.name), node.times.latency(number).clone()));
            }
            for book in &self.call_books {
                all.push((format!("{}.attempt_latency{suffix}", book.name), book.latency(number).clone()));
            }
        }
        all.sort_by(|left, right| left.0.cmp(&right.0));
        all
    }

    /// How the backlog of each server moved through the measurement.
    fn backlogs(&self) -> Vec<Backlog> {
        let measurement = self.windows.measurement();
        let seconds = measurement.length().as_secs_f64();
        let services = self.nodes.iter().filter(|node| {
            matches!(node.role, Role::Service(_)) || node.servers.iter().any(|server| server.workers() > 0)
        });
        let servers = services.flat_map(|node| &node.servers);
        let backlog = |server: &Server| {
            let totals = server.ledger.within(0);
            Backlog {
                station: server.name.clone(),
                growth: server.ledger.backlog.slope(),
                arrivals: totals.arrivals as f64 / seconds,
                served: if totals.arrivals == 0 {
                    1.0
                } else {
                    totals.finished() as f64 / totals.arrivals as f64
                },
            }
        };
        servers.map(backlog).collect()
    }
}

/// What a component tells of one window: as a whole, and each of several servers by itself.
fn node_figures(node: &Node, figures: &mut Figures, number: usize, window: &Window) {
    let slots: u64 = node.servers.iter().map(|server| u64::from(server.workers())).sum();
    let ledgers = node.servers.iter().map(|server| &server.ledger).collect();
    let service = (slots > 0).then_some((slots, &node.ages));
    figures.station(&Station { id: &node.name, ledgers, times: &node.times, service }, number, window);
    for resource in node.resources() {
        let permits = u64::from(resource.permits) * resource.gates.len() as u64;
        let ledgers = resource.gates.iter().map(|gate| &gate.ledger).collect();
        let (times, service) = (&resource.times, Some((permits, &resource.ages)));
        figures.station(&Station { id: &resource.name, ledgers, times, service }, number, window);
    }
    let hosts = || node.servers.iter().filter_map(|server| server.host.as_ref());
    let beats = hosts().fold(Beats::default(), |sum, host| sum.plus(host.pulse.within(number)));
    if let Some(host) = hosts().next() {
        figures.pulse(&node.name, &beats, host.owners, window);
    }
    if let Some(keeper) = node.keeper() {
        figures.shelves(&node.name, &keeper.book, &keeper.owners, number, window);
    }
    if let Some(division) = node.division() {
        shard_figures(node, division, figures, number, window);
        if let Some(replicas) = &division.replicas {
            figures.replicas(&node.name, &replicas.book, number, window);
        }
        if let Some(own) = &division.participation {
            figures.transactions(&node.name, &own.book, &own.owners, number, window);
        }
        if let Some(indexes) = &division.indexes {
            figures.indexes(&node.name, &indexes.book, &division.owners, number, window);
        }
    }
    let blocked = || node.servers.iter().filter_map(|server| server.blocked.as_ref());
    if blocked().next().is_some() {
        let all = blocked().fold(Stretch::default(), |sum, level| sum.plus(level.within(number)));
        figures.blocked(&node.name, all, window);
    }
    if node.servers.len() == 1 {
        return;
    }
    for server in &node.servers {
        if let Some(blocked) = &server.blocked {
            figures.blocked(&server.name, blocked.within(number), window);
        }
        if let Some(host) = &server.host {
            figures.pulse(&server.name, &host.pulse.within(number), host.owners, window);
        }
        let slots = u64::from(server.workers());
        let service = (slots > 0).then_some((slots, &server.ages));
        let (ledgers, times) = (vec![&server.ledger], &server.times);
        figures.station(&Station { id: &server.name, ledgers, times, service }, number, window);
    }
}

/// What a database tells of its shards in one window. Those that are to come, or have gone, do not count.
fn shard_figures(node: &Node, division: &Division, figures: &mut Figures, number: usize, window: &Window) {
    let stored = division.book.stored(number);
    let seen = |stored: &Stored| ShardSeen { stored: *stored, ..ShardSeen::default() };
    let mut shards: Vec<ShardSeen> = stored.iter().map(seen).collect();
    for (server, shard) in node.servers.iter().zip(&division.shard_of) {
        let totals = server.ledger.within(number);
        shards[*shard].arrivals += totals.arrivals;
        shards[*shard].busy += totals.busy_area;
        if node.servers.len() > 1 {
            figures.stored(&server.name, stored[*shard], window);
        }
    }
    let all: Stored = stored.iter().copied().sum();
    if division.resharding.is_some() {
        shards.retain(|shard| shard.arrivals > 0 || shard.stored.keys > 0);
    }
    let totals = division.book.within(number);
    figures.stored(&node.name, all, window);
    figures.shards(&node.name, &shards, &division.book, number, window);
    if division.owners.contains(&Owner::Searching) {
        figures.hot_keys(&node.name, &division.book, number, window);
    }
    figures.moves(&node.name, (&totals, all.keys as f64), &division.owners, window);
}

/// What a ledger compares with a limit.
fn watched(of: LimitOf) -> Watched {
    match of {
        LimitOf::Latency => Watched::Latency,
        LimitOf::Wait => Watched::Wait,
    }
}
