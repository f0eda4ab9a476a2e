//! The observer: takes figures in bins of time and hands them to the recorder.

use sim_core::{
    statistics::Histogram,
    time::{SimDuration, SimTime},
};

use crate::{
    measure::{CallBook, Ledger, Recorder, Totals, Windows},
    node::{client::Workload, dispatch::Dispatch, pipeline::Pipeline},
    policy::{
        hot_keys::HotKeys,
        stage::{Mode, Stage},
    },
    report::{Series, Unit},
    world::Node,
};

/// Pools of more servers than this have no series for single servers.
const MOST_SERVERS: usize = 256;
/// Systems of more breakers than this have series for the first of them.
const MOST_BREAKERS: usize = 64;
/// Systems whose callers watch more servers than this have series for the first of them.
const MOST_WATCHED: usize = 64;
/// Systems of more callers and callees than this have series of attempts for the first of them.
const MOST_BOOKS: usize = 64;

/// Takes figures in bins.
#[derive(Debug)]
pub struct Observer {
    bin: SimDuration,
    recorder: Recorder,
    workloads: Vec<Tracked>,
    /// Latencies of the bin under way, by workload.
    latencies: Vec<Histogram>,
    nodes: Vec<Tracked>,
    servers: Vec<Tracked>,
    /// The series of each breaker: its pipeline, its stage, the series.
    breakers: Vec<(usize, usize, usize)>,
    /// The series of each server that a caller may take out of rotation: the caller's view, its row, the series.
    watched: Vec<(usize, usize, usize)>,
    /// The series of the keys that are hot at each who looks for such: its node, the series.
    hot_keys: Vec<(usize, usize)>,
    /// The series of the attempts at each call: its book, how many there were at the last bin's end, the series.
    attempts: Vec<(usize, u64, usize)>,
}

/// What is taken of one station.
#[derive(Debug)]
struct Tracked {
    /// Totals at the last bin's end.
    mark: Totals,
    /// Its series, in the order its kind pushes them.
    series: Vec<usize>,
}

const WORKLOAD: [(&str, Unit); 7] = [
    ("offered", Unit::PerSecond),
    ("goodput", Unit::PerSecond),
    ("errors", Unit::PerSecond),
    ("in_flight", Unit::Count),
    ("latency.mean", Unit::Seconds),
    ("latency.p50", Unit::Seconds),
    ("latency.p99", Unit::Seconds),
];
const NODE: [(&str, Unit); 7] = [
    ("arrivals", Unit::PerSecond),
    ("throughput", Unit::PerSecond),
    ("in_flight", Unit::Count),
    ("queue_length", Unit::Count),
    ("age", Unit::Seconds),
    ("utilization", Unit::Ratio),
    ("wasted", Unit::Ratio),
];
const SERVER: [(&str, Unit); 2] = [("in_flight", Unit::Count), ("utilization", Unit::Ratio)];

impl Observer {
    /// An observer of these stations.
    pub fn new(
        bin: SimDuration,
        workloads: &[Workload],
        nodes: &[Node],
        pipelines: &[Pipeline],
        dispatches: &[Dispatch],
        books: &[CallBook],
    ) -> Self {
        let mut recorder = Recorder::new(bin.as_secs_f64());
        let mut track = |id: &str, kinds: &[(&str, Unit)]| Tracked {
            mark: Totals::default(),
            series: kinds.iter().map(|(kind, unit)| recorder.add(format!("{id}.{kind}"), *unit)).collect(),
        };
        let tracked_workloads: Vec<Tracked> =
            workloads.iter().map(|workload| track(&workload.name, &WORKLOAD)).collect();
        let tracked_nodes = nodes.iter().map(|node| track(&node.name, &NODE)).collect();
        let followed = nodes.iter().filter(|node| follows_servers(node)).flat_map(|node| &node.servers);
        let tracked_servers = followed.map(|server| track(&server.name, &SERVER)).collect();
        let breakers = breakers(pipelines, &mut recorder);
        let watched = watched(dispatches, nodes, &mut recorder);
        let hot_keys = nodes.iter().enumerate().filter(|(_, node)| hot_keys(node).is_some());
        let hot_keys = hot_keys
            .map(|(number, node)| (number, recorder.add(format!("{}.hot_keys", node.name), Unit::Count)))
            .collect();
        let attempts = books.iter().enumerate().take(MOST_BOOKS).map(|(number, book)| {
            (number, 0, recorder.add(format!("{}.attempts", book.name), Unit::PerSecond))
        });
        Self {
            attempts: attempts.collect(),
            hot_keys,
            watched,
            breakers,
            bin,
            latencies: vec![Histogram::coarse(); tracked_workloads.len()],
            workloads: tracked_workloads,
            nodes: tracked_nodes,
            servers: tracked_servers,
            recorder,
        }
    }

    /// The bins' width.
    pub fn bin(&self) -> SimDuration {
        self.bin
    }

    /// A request was answered.
    #[inline(always)]
    pub fn on_latency(&mut self, workload: u16, latency: SimDuration) {
        self.latencies[usize::from(workload)].record(latency.as_nanos());
    }

    /// A bin ends.
    pub fn on_bin(
        &mut self,
        now: SimTime,
        workloads: &mut [Workload],
        nodes: &mut [Node],
        windows: &Windows,
    ) {
        let Self { bin, recorder, workloads: tracked, latencies, nodes: tracked_nodes, servers, .. } = self;
        let seconds = bin.as_secs_f64();
        let nanos = bin.as_nanos() as f64;
        for ((workload, tracked), latencies) in workloads.iter_mut().zip(tracked).zip(latencies) {
            let totals = tracked.turn(now, std::iter::once(&mut workload.ledger));
            let quantile = |p| latencies.quantile(p).map(|nanos| nanos as f64 / 1e9);
            tracked.push(
                recorder,
                [
                    Some(totals.arrivals as f64 / seconds),
                    Some(totals.succeeded as f64 / seconds),
                    Some(totals.failures() as f64 / seconds),
                    Some(totals.level_area as f64 / nanos),
                    latencies.mean().map(|nanos| nanos / 1e9),
                    quantile(0.5),
                    quantile(0.99),
                ],
            );
            *latencies = Histogram::coarse();
        }
        nodes.iter_mut().flat_map(|node| &mut node.servers).for_each(|server| server.ledger.on_bin(now));
        let mut servers = servers.iter_mut();
        for (node, tracked) in nodes.iter_mut().zip(tracked_nodes) {
            let workers: f64 = node.servers.iter().map(|server| f64::from(server.workers())).sum();
            let totals = tracked.turn(now, node.servers.iter_mut().map(|server| &mut server.ledger));
            let age = node.look_at_ages(now, windows);
            tracked.push(
                recorder,
                [
                    Some(totals.arrivals as f64 / seconds),
                    Some(totals.finished() as f64 / seconds),
                    Some(totals.level_area as f64 / nanos),
                    (workers > 0.0).then(|| totals.queue_area as f64 / nanos),
                    (workers > 0.0).then(|| age.as_secs_f64()),
                    (workers > 0.0).then(|| totals.busy_area as f64 / nanos / workers),
                    (workers > 0.0).then(|| totals.wasted_nanos as f64 / nanos / workers),
                ],
            );
            if !follows_servers(node) {
                continue;
            }
            for (server, tracked) in node.servers.iter_mut().zip(servers.by_ref()) {
                let totals = tracked.turn(now, std::iter::once(&mut server.ledger));
                let busy = totals.busy_area as f64 / nanos / f64::from(server.workers());
                tracked.push(
                    recorder,
                    [Some(totals.level_area as f64 / nanos), (server.workers() > 0).then_some(busy)],
                );
            }
        }
    }

    /// Notes the rule of every breaker as a bin ends.
    pub fn look_at_breakers(&mut self, pipelines: &[Pipeline]) {
        for (pipeline, stage, series) in &self.breakers {
            let mode = pipelines[*pipeline].stages[*stage].1.mode();
            self.recorder.push(*series, mode.map(Mode::shade));
        }
    }

    /// Notes who is out of rotation in whose eyes as a bin ends.
    pub fn look_at_rotations(&mut self, dispatches: &[Dispatch]) {
        for (number, row, series) in &self.watched {
            let out = !dispatches[*number].is_well(*row);
            self.recorder.push(*series, Some(f64::from(u8::from(out))));
        }
    }

    /// Notes how many keys are hot, where such are looked for, as a bin ends.
    pub fn look_at_hot_keys(&mut self, nodes: &[Node]) {
        for (node, series) in &self.hot_keys {
            self.recorder.push(*series, hot_keys(&nodes[*node]).map(|count| count as f64));
        }
    }

    /// Notes how many attempts were made at every call as a bin ends.
    pub fn look_at_attempts(&mut self, books: &[CallBook]) {
        let seconds = self.bin.as_secs_f64();
        for (book, before, series) in &mut self.attempts {
            let made = books[*book].totals.attempts;
            self.recorder.push(*series, Some((made - *before) as f64 / seconds));
            *before = made;
        }
    }

    /// All series, sorted by name.
    pub fn into_series(self) -> Vec<Series> {
        self.recorder.into_series()
    }
}

/// How many keys several servers of a cache hold, or several shards of a database, where such are looked for.
fn hot_keys(node: &Node) -> Option<usize> {
    let kept = node.keeper().and_then(|keeper| keeper.hot_keys.as_ref()).map(HotKeys::count);
    let resharding = node.division().and_then(|division| division.resharding.as_deref());
    let stored = resharding.filter(|it| it.search.is_some()).map(|it| it.hot.made());
    kept.or(stored)
}

/// A series for each breaker: its pipeline, its stage, the series.
fn breakers(pipelines: &[Pipeline], recorder: &mut Recorder) -> Vec<(usize, usize, usize)> {
    let mut breakers = Vec::new();
    for (number, pipeline) in pipelines.iter().enumerate() {
        for (place, (stage, state)) in pipeline.stages.iter().enumerate() {
            if state.mode().is_some() && breakers.len() < MOST_BREAKERS {
                let name = format!("{}.{stage}", pipeline.name);
                breakers.push((number, place, recorder.add(name, Unit::Ratio)));
            }
        }
    }
    breakers
}

/// A series for each server that somebody may take out of rotation: the view, its row, the series.
fn watched(dispatches: &[Dispatch], nodes: &[Node], recorder: &mut Recorder) -> Vec<(usize, usize, usize)> {
    let judging = dispatches.iter().enumerate().filter(|(_, dispatch)| dispatch.takes_out());
    let rows = judging.flat_map(|(number, dispatch)| {
        dispatch.targets.iter().enumerate().map(move |(row, target)| (number, row, *target))
    });
    let watched = rows.take(MOST_WATCHED).map(|(number, row, target)| {
        let server = &nodes[usize::from(target.node)].servers[usize::from(target.server)].name;
        (number, row, recorder.add(format!("{}.{server}.out", dispatches[number].name), Unit::Ratio))
    });
    watched.collect()
}

impl Tracked {
    /// What was added since the last bin; sets the mark anew.
    fn turn<'a>(&mut self, now: SimTime, ledgers: impl Iterator<Item = &'a mut Ledger>) -> Totals {
        let totals = ledgers.fold(Totals::default(), |sum, ledger| {
            ledger.advance(now);
            sum.plus(&ledger.totals)
        });
        let added = totals.since(&self.mark);
        self.mark = totals;
        added
    }

    fn push<const N: usize>(&self, recorder: &mut Recorder, values: [Option<f64>; N]) {
        for (series, value) in self.series.iter().zip(values) {
            recorder.push(*series, value);
        }
    }
}

fn follows_servers(node: &Node) -> bool {
    (2..=MOST_SERVERS).contains(&node.servers.len())
}
