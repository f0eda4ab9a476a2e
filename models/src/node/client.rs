//! Clients: make requests, wait for answers, give up, and count what they got.

use std::fmt;

use sim_core::{
    random::{Luck, Stream, distribution::Distribution, keys::Keys, name_hash, unit},
    simulation::Context,
    time::{SimDuration, SimTime},
};
use slotmap::Key;

use super::{choice::Wish, service::Route, travel::Order};
use crate::{
    event::Event,
    measure::{Ledger, Times},
    policy::{
        arrival::{Arrivals, Draws, trace::TraceRecord},
        balancing::Ask,
    },
    request::{Call, CallId, Outcome, Phase, Reason, Request, RequestId, Site},
    units::Rate,
    world::World,
};

/// A source of requests and what it counts.
pub struct Workload {
    /// Its id.
    pub name: String,
    /// Its place, for draws from a request's luck.
    pub place: u64,
    /// When requests come.
    pub source: Source,
    /// What they are like.
    pub mix: Mix,
    /// Whom they go to.
    pub route: Route,
    /// How long a client stands in line.
    pub patience: Option<Distribution>,
    /// Connections that carry several requests.
    pub connections: Option<Connections>,
    /// Its books: requests from intended arrival to final outcome.
    pub ledger: Ledger,
    /// Its distributions.
    pub times: Times,
}

impl fmt::Debug for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workload").field("name", &self.name).finish_non_exhaustive()
    }
}

/// When requests come.
pub enum Source {
    /// By themselves.
    Open {
        /// How gaps vary and the rate changes.
        arrivals: Box<Arrivals>,
        /// Chance of it.
        draws: Box<Draws>,
        /// How many come.
        rate: Rate,
    },
    /// From users who wait for each answer.
    Closed {
        /// How long they think.
        think_time: Distribution,
        /// Chance of thinking.
        random: Box<Stream>,
    },
    /// As recorded.
    Trace {
        /// What is left of the record.
        records: Box<dyn Iterator<Item = TraceRecord>>,
        /// The request that comes next.
        next: Option<TraceRecord>,
    },
}

/// What requests are like. One stream gives each its luck; all the rest is mixed from that, purpose by purpose,
/// so that one more kind of draw shifts no other.
#[derive(Debug)]
pub struct Mix {
    /// Luck.
    pub luck: Stream,
    /// Kinds of requests with cumulative weights.
    pub classes: Vec<Kind>,
    /// Client sites with cumulative shares.
    pub origins: Vec<(f64, Site)>,
    /// Addresses by popularity.
    pub addresses: Keys,
    /// Client processes.
    pub instances: u16,
    /// Whether anybody asks for keys or addresses.
    pub identifies: bool,
}

/// A class of requests at this workload.
#[derive(Debug)]
pub struct Kind {
    /// Cumulative share, the last one 1.
    pub until: f64,
    /// Its index in the system's list of classes.
    pub class: u16,
    /// Its name.
    pub name: String,
    /// Its priority.
    pub priority: u8,
    /// Its keys; `None` draws from all 2⁶⁴.
    pub keys: Option<Keys>,
    /// Its sizes; `None` if they are all 0.
    pub size: Option<Distribution>,
}

/// Connections a workload's clients hold.
#[derive(Debug)]
pub struct Connections {
    /// Each one's requests since it was opened, and how often it was opened.
    pub each: Vec<(u32, u32)>,
    /// Requests after which one is opened anew; 0 for never.
    pub most_requests: u32,
    /// Round trips that opening one costs.
    pub round_trips: u64,
    /// Whether opening one needs a TLS handshake.
    pub handshakes: bool,
    /// Chance of which one a request uses.
    pub random: Stream,
}

const PATIENCE: u64 = name_hash("patience");
const INSTANCE: u64 = name_hash("client instance");
const CLASS: u64 = name_hash("class");
const ORIGIN: u64 = name_hash("origin");
const KEY: u64 = name_hash("key");
const ADDRESS: u64 = name_hash("address");
const SIZE: u64 = name_hash("size");

impl World {
    /// Schedules the first requests of every workload.
    pub(crate) fn begin_workloads(&mut self, cx: &mut Context<Event>) {
        for workload in 0..self.workloads.len() as u16 {
            match &mut self.workloads[usize::from(workload)].source {
                Source::Open { .. } => self.schedule_arrival(workload, cx),
                Source::Trace { records, next } => {
                    *next = records.next();
                    if let Some(record) = next {
                        let at = record.at;
                        cx.at(at, Event::Arrive { workload });
                    }
                }
                Source::Closed { .. } => {
                    for user in 0..self.users[usize::from(workload)] {
                        self.schedule_thought(workload, user, cx);
                    }
                }
            }
        }
    }

    fn schedule_arrival(&mut self, workload: u16, cx: &mut Context<Event>) {
        let Source::Open { arrivals, draws, rate } = &mut self.workloads[usize::from(workload)].source else {
            return;
        };
        let at = arrivals.next(cx.now(), *rate, draws);
        if at < SimTime::NEVER {
            cx.at(at, Event::Arrive { workload });
        }
    }

    fn schedule_thought(&mut self, workload: u16, user: u32, cx: &mut Context<Event>) {
        let Source::Closed { think_time, random } = &mut self.workloads[usize::from(workload)].source else {
            return;
        };
        let thought = SimDuration::from_nanos_f64(think_time.sample(random.bits()));
        cx.after(thought, Event::Think { workload, user });
    }

    /// A request comes by itself.
    pub(crate) fn on_arrive(&mut self, workload: u16, cx: &mut Context<Event>) {
        let mut recorded = None;
        match &mut self.workloads[usize::from(workload)].source {
            Source::Open { .. } => self.schedule_arrival(workload, cx),
            Source::Trace { records, next } => {
                recorded = std::mem::replace(next, records.next());
                if let Some(record) = next {
                    let at = record.at;
                    cx.at(at, Event::Arrive { workload });
                }
            }
            Source::Closed { .. } => {}
        }
        self.issue(workload, 0, recorded.as_ref(), cx);
    }

    /// A user has thought and asks.
    pub(crate) fn on_think(&mut self, workload: u16, user: u32, cx: &mut Context<Event>) {
        self.issue(workload, user, None, cx);
    }

    /// Makes a request and sends its first call.
    fn issue(&mut self, number: u16, user: u32, recorded: Option<&TraceRecord>, cx: &mut Context<Event>) {
        let now = cx.now();
        let workload = &mut self.workloads[usize::from(number)];
        let mut request = workload.mix.draw(number, now, user);
        if let Some(record) = recorded {
            workload.mix.apply(record, &mut request);
        }
        workload.ledger.on_arrival(now, &self.windows);
        let opening =
            workload.connections.as_mut().map_or(0, |connections| connections.use_one(&mut request));
        let id = self.requests.insert(request);
        if let Some(patience) = &self.workloads[usize::from(number)].patience {
            let length = SimDuration::from_nanos_f64(patience.sample(request.luck.at(PATIENCE, 0)));
            cx.after(length, Event::Patience(id));
        }
        self.ask_first(id, number, opening, cx);
    }

    /// Sends a request's call to whoever the client's view picks.
    fn ask_first(&mut self, id: RequestId, number: u16, round_trips: u64, cx: &mut Context<Event>) {
        let request = self.requests[id];
        let route = &self.workloads[usize::from(number)].route;
        let (line, node, book) = (route.line, route.node, route.book);
        // One view for each client process in each region, process by process.
        let regions = self.workloads[usize::from(number)].mix.origins.len();
        let view = usize::from(request.instance) * regions
            + self.workloads[usize::from(number)].mix.origin_of(request.site);
        let dispatch = route.dispatches.get(view).copied();
        let Some((callee, picked)) = self.choose(
            &Wish { dispatch, node, request: id, luck: request.luck, from: request.site },
            &[],
            cx,
        ) else {
            return self.close(id, Outcome::Failure(Reason::NoBackend), cx);
        };
        let delay = if round_trips == 0 {
            SimDuration::ZERO
        } else {
            let there_and_back = self.network.mean_delay(request.site, self.site(callee))
                + self.network.mean_delay(self.site(callee), request.site);
            SimDuration::from_nanos_f64(there_and_back * round_trips as f64)
        };
        let call = self.send(
            Order { request: id, parent: None, callee, picked, line, book, attempt: 0, retry: false, delay },
            cx,
        );
        if let Some(request) = self.requests.get_mut(id) {
            request.call = call;
        }
    }

    /// The reply to a client's call.
    pub(crate) fn client_hears(&mut self, call: &Call, outcome: Outcome, cx: &mut Context<Event>) {
        self.close(call.request, outcome, cx);
    }

    /// A request has its final outcome.
    fn close(&mut self, id: RequestId, outcome: Outcome, cx: &mut Context<Event>) {
        let Some(request) = self.requests.remove(id) else { return };
        let workload = &mut self.workloads[usize::from(request.workload)];
        workload.ledger.on_leave(cx.now(), request.intended, outcome, &self.windows);
        workload.times.on_leave(cx.now().since(request.intended), &self.windows);
        self.watch(request.workload, cx.now().since(request.intended));
        if matches!(self.workloads[usize::from(request.workload)].source, Source::Closed { .. }) {
            self.schedule_thought(request.workload, request.user, cx);
        }
    }

    /// A client's patience ends: it leaves if it still stands in line.
    pub(crate) fn on_patience(&mut self, id: RequestId, cx: &mut Context<Event>) {
        let Some(request) = self.requests.get(id) else { return };
        let mut innermost = request.call;
        while let Some(child) = self.calls.get(innermost).and_then(|call| call.child) {
            innermost = child;
        }
        let Some(call) = self.calls.get(innermost).copied() else { return };
        if call.phase != Phase::Waiting {
            return;
        }
        self.nodes[usize::from(call.callee.node)].servers[usize::from(call.callee.server)].take_out(
            call.ticket,
            cx.now(),
            &self.windows,
        );
        self.leave_line(innermost, Reason::Impatient, cx);
    }

    /// What a balancer may know of a request.
    #[inline]
    pub(crate) fn ask(&self, id: RequestId) -> Ask {
        self.requests
            .get(id)
            .map_or_else(Ask::default, |request| Ask { key: request.key, address: request.address })
    }

    /// The connection a call's request uses, and how often it has been opened.
    pub(crate) fn connection_of(&self, call: &Call) -> Option<(u32, u32)> {
        let request = self.requests.get(call.request)?;
        let connections = self.workloads[usize::from(request.workload)].connections.as_ref()?;
        connections.each.get(request.user as usize).map(|(_, opening)| (request.user, *opening))
    }
}

impl Mix {
    /// The next request.
    #[inline]
    fn draw(&mut self, workload: u16, now: SimTime, user: u32) -> Request {
        let luck = Luck(self.luck.bits());
        let drawn = |purpose| unit(luck.at(purpose, 0));
        let kind = match self.classes.len() {
            1 => &self.classes[0],
            _ => &self.classes[place_of(drawn(CLASS), self.classes.iter().map(|kind| kind.until))],
        };
        let site = match self.origins.len() {
            1 => self.origins[0].1,
            _ => self.origins[place_of(drawn(ORIGIN), self.origins.iter().map(|origin| origin.0))].1,
        };
        let instance = if self.instances == 1 {
            0
        } else {
            scale(luck.at(INSTANCE, 0), u64::from(self.instances)) as u16
        };
        let (key, address) = if self.identifies { self.identity(luck, kind) } else { (0, 0) };
        Request {
            workload,
            class: kind.class,
            priority: kind.priority,
            fresh_connection: false,
            site,
            intended: now,
            luck,
            key,
            size: kind.size.as_ref().map_or(0, |size| size.sample(luck.at(SIZE, 0)) as u64),
            address,
            user,
            call: CallId::null(),
            instance,
        }
    }

    /// Which of the workload's origins a site is.
    fn origin_of(&self, site: Site) -> usize {
        self.origins.iter().position(|(_, origin)| *origin == site).unwrap_or(0)
    }

    /// What it asks for, and who asks.
    fn identity(&self, luck: Luck, kind: &Kind) -> (u64, u32) {
        let key = luck.at(KEY, 0);
        let key = kind.keys.as_ref().map_or(key, |keys| keys.draw(key));
        (key, address(self.addresses.draw(luck.at(ADDRESS, 0))))
    }

    /// What a record says goes before what was drawn.
    fn apply(&self, record: &TraceRecord, request: &mut Request) {
        if let Some(key) = record.key {
            request.key = key;
        }
        if let Some(size) = record.size {
            request.size = size.0;
        }
        if let Some(kind) =
            record.class.as_ref().and_then(|name| self.classes.iter().find(|kind| kind.name == *name))
        {
            request.class = kind.class;
            request.priority = kind.priority;
        }
    }
}

impl Connections {
    /// Lets a request use a connection; the round trips it costs if it has to be opened.
    fn use_one(&mut self, request: &mut Request) -> u64 {
        let number = self.random.below(self.each.len());
        let (used, openings) = &mut self.each[number];
        let opens = *openings == 0 || (self.most_requests > 0 && *used >= self.most_requests);
        if opens {
            *used = 0;
            *openings += 1;
        }
        *used += 1;
        request.user = number as u32;
        request.fresh_connection = opens && self.handshakes;
        if opens { self.round_trips } else { 0 }
    }
}

/// The first of some cumulative shares that is above `unit`.
fn place_of(unit: f64, until: impl ExactSizeIterator<Item = f64>) -> usize {
    let last = until.len() - 1;
    until.take(last).position(|share| unit < share).unwrap_or(last)
}

/// A whole number below `n` from 64 bits.
fn scale(bits: u64, n: u64) -> u64 {
    ((u128::from(bits) * u128::from(n)) >> 64) as u64
}

/// The IPv4 address of the client of that rank: spread over the address space, the same in every run.
fn address(rank: u64) -> u32 {
    (Luck(rank).at(name_hash("client address"), 0) >> 32) as u32
}
