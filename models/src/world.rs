//! The one model: the arenas of everything there is, and a match that dispatches. No rule lives here.

use sim_core::{
    deadlines::Deadlines,
    queue::Order,
    random::Stream,
    simulation::{Context, Model},
    time::{SimDuration, SimTime},
};

use slotmap::SecondaryMap;

use crate::{
    event::Event,
    measure::{Ages, CallBook, Times, Windows},
    node::{
        cache::Keeper,
        client::Workload,
        detour::Detour,
        dispatch::Dispatch,
        faults::Fault,
        flights::Flights,
        gateway::Gateway,
        network::Network,
        pipeline::{Crossings, Pipeline},
        resharding::Sought,
        section::Resource,
        server::{Server, WarmUp},
        service::{Route, Service},
        tasks::Tasks,
        transaction::Transactions,
        truth::Truth,
    },
    observe::Observer,
    policy::resharding::Pursuit,
    report::Decision,
    request::{CallId, Calls, Instance, Notices, Outcome, Requests, Site},
    trace::Recorder,
};

/// Everything there is.
#[derive(Debug)]
pub struct World {
    pub(crate) windows: Windows,
    pub(crate) requests: Requests,
    pub(crate) calls: Calls,
    /// Passages of calls through stages, and how many were ever opened and closed.
    pub(crate) crossings: Crossings,
    pub(crate) opened: u64,
    pub(crate) closed: u64,
    /// What is true of the keys that caches keep.
    pub(crate) truth: Truth,
    /// Fetches that others wait for.
    pub(crate) flights: Flights,
    /// Messages about keys that are on their way.
    pub(crate) notices: Notices,
    /// Which classes of requests change what they ask for.
    pub(crate) writes: Vec<bool>,
    /// What goes on beside the rest of its request, and permits that are held.
    pub(crate) tasks: Tasks,
    /// What several shards do as one, and the keys that are held for it.
    pub(crate) transactions: Transactions,
    /// Calls that go another way than there and back.
    pub(crate) detours: SecondaryMap<CallId, Detour>,
    /// What queries of several shards ask of each, where keys may go from one to another.
    pub(crate) sought: SecondaryMap<CallId, Sought>,
    /// What the parts of those still have to read.
    pub(crate) pursuits: SecondaryMap<CallId, Pursuit>,
    /// Stages between callers and the wire, one for each caller's instance and callee where there are any.
    pub(crate) pipelines: Vec<Pipeline>,
    pub(crate) workloads: Vec<Workload>,
    /// Whether any workload's deadlines travel with its requests.
    pub(crate) deadlines_travel: bool,
    /// Users of each workload that is a closed loop, else 0.
    pub(crate) users: Vec<u32>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) dispatches: Vec<Dispatch>,
    /// Where each view stands, for the probes it sends.
    pub(crate) watchers: Vec<Site>,
    /// When each view's controllers have their next turn.
    pub(crate) turns: Vec<SimTime>,
    /// Lines of deadlines, one for each caller and callee with a timeout.
    pub(crate) lines: Vec<Deadlines<CallId>>,
    /// What became of each caller's calls to each callee.
    pub(crate) call_books: Vec<CallBook>,
    pub(crate) network: Network,
    pub(crate) faults: Vec<Fault>,
    pub(crate) observer: Observer,
    /// Records single requests, if that is asked for.
    pub(crate) tracer: Option<Box<Recorder>>,
    pub(crate) decisions: Vec<Decision>,
    /// How many decisions were taken, those no longer logged included.
    pub(crate) decided: u64,
}

/// A component: servers that share what they do.
// What the hot path asks of a component, each by itself and none following from another.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug)]
pub struct Node {
    /// Its id.
    pub name: String,
    /// The hash of its id: its place in a request's luck.
    pub place: u64,
    /// Its servers.
    pub servers: Vec<Server>,
    /// Distributions over all of them.
    pub times: Times,
    /// How long the longest waiting of them all has waited.
    pub ages: Ages,
    /// What they do.
    pub role: Role,
    /// Whom it calls.
    pub routes: Vec<Route>,
    /// Its servers by region.
    pub regional: Vec<Vec<u16>>,
    /// Whether work nobody waits for is stopped.
    pub cancels: bool,
    /// Whether each of its servers lives in one of its caller's: the way there takes no time.
    pub is_inside: bool,
    /// Whether writes hold their keys, since transactions do.
    pub holds_keys: bool,
    /// Whether its servers may hold a key no more that they are asked for.
    pub redirects: bool,
    /// How a server slows down while it warms up.
    pub warm_up: Option<WarmUp>,
    /// Balancers that keep a list of idle servers, by server: view and row.
    pub idle_watchers: Vec<Vec<(u32, u16)>>,
    /// Chance of its queues and offers.
    pub random: Stream,
}

impl Node {
    /// Somebody who came to one of its servers at `arrived` leaves.
    #[inline(always)]
    pub(crate) fn on_leave(&mut self, place: u16, now: SimTime, arrived: SimTime, outcome: Outcome) {
        // The only server's distribution is the component's.
        let several = self.servers.len() > 1;
        let server = &mut self.servers[usize::from(place)];
        let latency = now.since(arrived);
        server.ledger.on_leave(now, arrived, outcome);
        if several {
            server.times.on_leave(latency);
        }
        self.times.on_leave(latency);
    }

    /// Looks at how long the longest waiting has waited, at each server and over all; answers the latter.
    pub(crate) fn look_at_ages(&mut self, now: SimTime, windows: &Windows) -> SimDuration {
        let mut oldest = SimDuration::ZERO;
        for server in &mut self.servers {
            let age = server.age(now);
            server.ages.look(age, windows);
            oldest = oldest.max(age);
        }
        self.ages.look(oldest, windows);
        self.resources_mut().iter_mut().for_each(|resource| resource.look_at_ages(now, windows));
        oldest
    }

    /// What its sections need a permit of.
    pub(crate) fn resources(&self) -> &[Resource] {
        match &self.role {
            Role::Service(service) => &service.resources,
            Role::Gateway(_) => &[],
        }
    }

    /// What its sections need a permit of.
    pub(crate) fn resources_mut(&mut self) -> &mut [Resource] {
        match &mut self.role {
            Role::Service(service) => &mut service.resources,
            Role::Gateway(_) => &mut [],
        }
    }

    /// What it keeps, if it is a cache.
    pub(crate) fn keeper(&self) -> Option<&Keeper> {
        match &self.role {
            Role::Service(service) => service.keeper.as_deref(),
            Role::Gateway(_) => None,
        }
    }

    /// What it keeps, if it is a cache.
    pub(crate) fn keeper_mut(&mut self) -> Option<&mut Keeper> {
        match &mut self.role {
            Role::Service(service) => service.keeper.as_deref_mut(),
            Role::Gateway(_) => None,
        }
    }

    /// One of its servers begins to serve somebody after a wait.
    #[inline(always)]
    pub(crate) fn on_start(&mut self, server: u16, now: SimTime, wait: SimDuration) {
        let server = &mut self.servers[usize::from(server)];
        server.ledger.on_start(now, wait);
        self.times.on_start(wait);
    }
}

/// What a component's servers do.
#[derive(Debug)]
pub enum Role {
    /// They work.
    Service(Service),
    /// They pass on.
    Gateway(Box<Gateway>),
}

impl World {
    /// Schedules everything that happens by itself.
    pub(crate) fn begin(&mut self, cx: &mut Context<Event>) {
        for at in self.windows.boundaries() {
            cx.at(at, Event::Window);
        }
        cx.after(self.observer.bin(), Event::Bin);
        self.begin_faults(cx);
        self.begin_resharding(cx);
        self.begin_dispatches(cx);
        self.begin_snapshots(cx);
        self.begin_sweeps(cx);
        self.offer_all();
        self.begin_workloads(cx);
    }

    fn on_window(&mut self, now: SimTime) {
        let turn = self.windows.turn(now);
        for workload in &mut self.workloads {
            workload.ledger.on_turn(now, &turn);
            workload.times.on_turn(&turn);
        }
        for node in &mut self.nodes {
            node.times.on_turn(&turn);
            for server in &mut node.servers {
                server.ledger.on_turn(now, &turn);
                server.times.on_turn(&turn);
                server.on_turn(now, &turn);
            }
        }
        for division in self.nodes.iter_mut().filter_map(Node::division_mut) {
            division.book.on_turn(now, &turn, &division.stored);
            if let Some(replicas) = &mut division.replicas {
                replicas.book.on_turn(&turn);
            }
            if let Some(own) = &mut division.participation {
                own.book.on_turn(&turn);
            }
            if let Some(indexes) = &mut division.indexes {
                indexes.book.on_turn(&turn);
            }
        }
        for keeper in self.nodes.iter_mut().filter_map(Node::keeper_mut) {
            keeper.on_turn(now, &turn);
        }
        for resource in self.nodes.iter_mut().flat_map(Node::resources_mut) {
            resource.times.on_turn(&turn);
            resource.gates.iter_mut().for_each(|gate| gate.ledger.on_turn(now, &turn));
        }
        self.count_care();
        for book in &mut self.call_books {
            book.on_turn(now, &turn);
        }
    }

    fn on_bin(&mut self, cx: &mut Context<Event>) {
        let Self { observer, workloads, nodes, windows, pipelines, dispatches, call_books, .. } = self;
        observer.on_bin(cx.now(), workloads, nodes, windows);
        observer.look_at_breakers(pipelines);
        observer.look_at_rotations(dispatches);
        observer.look_at_hot_keys(nodes);
        observer.look_at_attempts(call_books);
        cx.after(observer.bin(), Event::Bin);
    }
}

impl Model for World {
    type Event = Event;

    #[inline]
    fn order(event: &Event) -> Order {
        event.order()
    }

    fn in_flight(&self) -> u64 {
        (self.requests.len() + self.calls.len()) as u64
    }

    #[inline(always)]
    fn handle(&mut self, event: Event, cx: &mut Context<Event>) {
        match event {
            Event::Arrive { workload } => self.on_arrive(workload, cx),
            Event::Think { workload, user } => self.on_think(workload, user, cx),
            Event::Deliver(call) => self.on_deliver(call, cx),
            Event::Reply { call, outcome } => self.on_reply(call, outcome, cx),
            Event::Complete { call, run } => self.on_complete(call, run, cx),
            Event::Share { node, server, epoch } => self.on_share(Instance { node, server }, epoch, cx),
            Event::Deadlines { line } => self.on_deadlines(line, cx),
            Event::Expire(call) => self.on_expire(call, cx),
            Event::Wake(passage) => self.on_wake(passage, cx),
            Event::Patience(request) => self.on_patience(request, cx),
            Event::Window => self.on_window(cx.now()),
            Event::Bin => self.on_bin(cx),
            Event::Heartbeat { dispatch, row } => self.on_heartbeat(dispatch, row, cx),
            Event::Heard { dispatch, row } => self.on_heard(dispatch, row, cx),
            Event::Suspect { dispatch, row } => self.on_suspect(dispatch, row, cx),
            Event::Check { dispatch, row } => self.on_check(dispatch, row, cx),
            Event::Checked { dispatch, row, healthy } => self.on_checked(dispatch, row, healthy, cx),
            Event::Tend { dispatch } => self.on_tend(dispatch, cx),
            Event::Board { dispatch } => self.on_board(dispatch, cx),
            Event::Invalidate(notice) => self.on_invalidate(notice, cx),
            Event::BackInvalidate(notice) => self.on_back_invalidate(notice, cx),
            Event::Snapshot { node } => self.on_snapshot(node, cx),
            Event::Sweep { node } => self.on_sweep(node, cx),
            Event::Claim { call, run, granted } => self.on_claim(call, run, granted, cx),
            Event::Acknowledge { transaction, party } => self.on_acknowledge(transaction, party, cx),
            Event::Resolve(transaction) => self.on_resolve(transaction, cx),
            Event::CatchUp { node, server } => self.on_catch_up(Instance { node, server }, cx),
            Event::Detour(call) => self.on_detour(call, cx),
            Event::Reshard { node } => self.on_reshard(node, cx),
            Event::Rebalance { node } => self.on_rebalance(node, cx),
            Event::Copy { node, stream } => self.on_copy(node, stream, cx),
            Event::Fault { fault, target, begins } => self.on_fault(fault, target, begins, cx),
        }
    }
}
