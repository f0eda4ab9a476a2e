//! Clients: make requests, wait for answers, give up, and count what they got.

use std::fmt;

use sim_core::{
    random::{Stream, distribution::Distribution, name_hash},
    simulation::Context,
    time::{SimDuration, SimTime},
};

use super::{
    mix::{Connections, Mix},
    origin::Origin,
    pipeline::{Errand, Way},
    service::Route,
    tracing::record,
};
use crate::{
    event::Event,
    measure::{Journeys, Ledger, NOT_FOLLOWED, Times},
    policy::arrival::{Arrivals, Draws, trace::TraceRecord},
    request::{Call, Outcome, Phase, Reason, Request, RequestId},
    trace::NOT_TRACED,
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
    /// How deep its calls may nest.
    pub deepest: u8,
    /// Whether its clients' deadlines travel with its requests.
    pub propagates: bool,
    /// Its books: requests from intended arrival to final outcome.
    pub ledger: Ledger,
    /// Its distributions.
    pub times: Times,
    /// Where the time of some requests went.
    pub journeys: Journeys,
}

impl Workload {
    /// Whether its requests tell who sends them: a user of a closed loop, or a connection.
    pub fn knows_users(&self) -> bool {
        matches!(self.source, Source::Closed { .. }) || self.connections.is_some()
    }
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

const PATIENCE: u64 = name_hash("patience");

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

    #[inline(always)]
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
    #[inline]
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
    #[inline(always)]
    fn issue(&mut self, number: u16, user: u32, recorded: Option<&TraceRecord>, cx: &mut Context<Event>) {
        let now = cx.now();
        let workload = &mut self.workloads[usize::from(number)];
        let mut request = workload.mix.draw(number, now, user);
        if let Some(record) = recorded {
            workload.mix.apply(record, &mut request);
        }
        workload.ledger.on_arrival(now);
        request.followed = workload.journeys.begin(request.luck);
        if let Some(tracer) = &mut self.tracer {
            let (arrived, followed) = (workload.ledger.totals.arrivals, request.followed != NOT_FOLLOWED);
            request.trace = tracer.begin(number, arrived, request.luck, followed, request.intended);
        }
        let opening =
            workload.connections.as_mut().map_or(0, |connections| connections.use_one(&mut request));
        let id = self.requests.insert(request);
        if let Some(patience) = &self.workloads[usize::from(number)].patience {
            let length = SimDuration::from_nanos_f64(patience.sample(request.luck.at(PATIENCE, 0)));
            cx.after(length, Event::Patience(id));
        }
        self.ask_first(id, &request, opening, cx);
    }

    /// Sends a request's call to whoever the client's view picks.
    #[inline(always)]
    fn ask_first(&mut self, id: RequestId, request: &Request, round_trips: u64, cx: &mut Context<Event>) {
        let Workload { route, mix, deepest, .. } = &self.workloads[usize::from(request.workload)];
        // One view for each client process in each region, process by process.
        let view = usize::from(request.instance) * mix.origins.len() + mix.origin_of(request.site);
        let (way, deepest) = (route.way(view), *deepest);
        let delay =
            if round_trips == 0 { SimDuration::ZERO } else { self.opening(request, &way, round_trips) };
        let origin = Origin::of_request(request, deepest);
        self.ask(Errand { request: id, origin, parent: None, way, visit: 0, delay, arriving: true }, cx);
    }

    /// How long it takes to open a connection to whoever answers there.
    fn opening(&self, request: &Request, way: &Way, round_trips: u64) -> SimDuration {
        let there = self.nodes[usize::from(way.node)].servers[0].site;
        let there_and_back =
            self.network.mean_delay(request.site, there) + self.network.mean_delay(there, request.site);
        SimDuration::from_nanos_f64(there_and_back * round_trips as f64)
    }

    /// The reply to a client's call: its request has its final outcome. Whether there is a client that waits for it.
    #[inline(always)]
    pub(crate) fn client_hears(&mut self, id: RequestId, outcome: Outcome, cx: &mut Context<Event>) -> bool {
        let Some(request) = self.requests.get(id) else { return false };
        let (number, user, intended) = (request.workload, request.user, request.intended);
        let (followed, luck, trace) = (request.followed, request.luck, request.trace);
        self.requests.remove(id);
        let (now, latency) = (cx.now(), cx.now().since(intended));
        let workload = &mut self.workloads[usize::from(number)];
        workload.ledger.on_leave(now, intended, outcome);
        workload.times.on_leave(latency);
        if followed != NOT_FOLLOWED {
            let measured = self.windows.open().contains(&0);
            workload.journeys.end(followed, luck, (intended, now), measured);
        }
        if trace != NOT_TRACED {
            let measured = self.windows.open().contains(&0);
            record(&mut self.tracer, move |tracer| tracer.end(trace, outcome.into(), measured, now));
        }
        self.observer.on_latency(number, latency);
        if matches!(workload.source, Source::Closed { .. }) {
            self.schedule_thought(number, user, cx);
        }
        true
    }

    /// A client's patience ends: it leaves if it still stands in line.
    pub(crate) fn on_patience(&mut self, id: RequestId, cx: &mut Context<Event>) {
        let Some(innermost) = self.requests.get(id).and_then(|request| self.innermost(request.awaits)) else {
            return;
        };
        let Some(call) = self.calls.get(innermost).copied() else { return };
        if call.phase != Phase::Waiting {
            return;
        }
        self.withdraw(innermost, call.callee, call.ticket, cx.now());
        self.leave_line(innermost, Reason::Impatient, cx);
        self.settle_host(call.callee, cx);
    }

    /// The connection a call's request uses, and how often it has been opened.
    pub(crate) fn connection_of(&self, call: &Call) -> Option<(u32, u32)> {
        let request = self.requests.get(call.request)?;
        let connections = self.workloads[usize::from(request.workload)].connections.as_ref()?;
        connections.each.get(request.user as usize).map(|(_, opening)| (request.user, *opening))
    }
}
