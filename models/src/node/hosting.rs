//! Servers whose executor says who runs when: calls are let in, begin, go on in their turn and leave.
//!
//! The next completion is scheduled anew whenever a coming or a going moves it.

use std::collections::VecDeque;

use sim_core::{
    simulation::Context,
    time::{SimDuration, SimTime},
};
use slotmap::{Key, KeyData};

use super::{server::Server, tracing::record};
use crate::{
    event::Event,
    measure::{Owner, Pulse, Turn, Windows},
    policy::{
        concurrency::{Job, Task},
        discipline::{Popped, Ticket},
        execution::{Admission, Execute, Executor, Newcomer, Wake},
    },
    request::{Call, CallId, Instance, Phase, Reason},
    trace::SpanKind,
    world::World,
};

/// A server's executor, and those it does not look at yet.
#[derive(Debug)]
pub struct Host {
    /// Who runs when.
    pub executor: Executor,
    /// What has been read off it.
    pub pulse: Pulse,
    /// Which figures it has beside those of all stations.
    pub owners: &'static [Owner],
    /// Calls that hold before the door, and since when, in the order they came.
    held: VecDeque<(CallId, SimTime)>,
    /// When the next completion is scheduled.
    armed: Option<SimTime>,
    /// Which scheduling that is; older ones are stale.
    epoch: u32,
    /// Whether completions are being told one after the other, and the next is not to be scheduled yet.
    telling: bool,
}

impl Host {
    /// A server with this executor.
    pub fn new(executor: Executor, owners: &'static [Owner], windows: &Windows) -> Self {
        let pulse = Pulse::new(windows);
        Self { executor, pulse, owners, held: VecDeque::new(), armed: None, epoch: 0, telling: false }
    }

    /// How many are inside or hold before the door.
    pub fn held(&self) -> usize {
        self.executor.held() + self.held.len()
    }

    /// How many of them have not begun.
    fn waiting(&self) -> usize {
        self.executor.waiting() + self.held.len()
    }

    /// Since when the oldest of them has waited.
    pub fn oldest(&self) -> Option<SimTime> {
        let before_the_door = self.held.front().map(|(_, since)| *since);
        before_the_door.into_iter().chain(self.executor.oldest()).min()
    }

    /// Reads its executor's vital signs.
    fn look(&mut self, now: SimTime) {
        let vitals = self.executor.vitals(now);
        self.pulse.look(now, vitals);
    }

    /// A call goes, wherever it is.
    fn let_go(&mut self, now: SimTime, id: CallId) {
        match self.held.iter().position(|(held, _)| *held == id) {
            Some(place) => {
                self.held.remove(place);
            }
            None => self.executor.on_leave(now, job_of(id)),
        }
    }
}

impl World {
    fn hosting(&mut self, at: Instance) -> &mut Server {
        &mut self.nodes[usize::from(at.node)].servers[usize::from(at.server)]
    }

    /// A call comes to a server with an executor.
    pub(super) fn host(&mut self, id: CallId, at: Instance, cx: &mut Context<Event>) {
        self.offer(id, cx);
        self.settle_host(at, cx);
    }

    /// Asks the executor what becomes of a call, and does it.
    fn offer(&mut self, id: CallId, cx: &mut Context<Event>) {
        let now = cx.now();
        let Some(call) = self.calls.get_mut(id) else { return };
        call.phase = Phase::Waiting;
        let (call, newcomer) = (*call, self.newcomer(id, now));
        let server = self.hosting(call.callee);
        let door = server.door();
        let Some(host) = &mut server.host else { return };
        match host.executor.on_arrive(now, &newcomer, door) {
            Admission::Enter => {}
            Admission::Replace(oldest) => {
                host.executor.on_leave(now, oldest);
                self.leave_line(call_of(oldest), Reason::Displaced, cx);
            }
            Admission::Wait => self.line_up(id, cx),
            Admission::Displace => {
                if let Some(oldest) = server.take_oldest() {
                    self.leave_line(oldest, Reason::Displaced, cx);
                }
                self.line_up(id, cx);
            }
            Admission::Hold => host.held.push_back((id, now)),
            Admission::Refuse(reason) => self.leave_line(id, reason, cx),
        }
    }

    /// A call as an executor sees it.
    fn newcomer(&self, id: CallId, now: SimTime) -> Newcomer {
        let call = &self.calls[id];
        // Whoever is not waited for any more has lost its key: its own chance stands in.
        let key = self.requests.get(call.request).map_or(call.need.0, |request| request.key);
        Newcomer { task: self.task(id, call, now), class: call.class, key }
    }

    /// What a call computes next. A server that warms up is slower for all that is begun now.
    fn task(&self, id: CallId, call: &Call, now: SimTime) -> Task {
        let node = &self.nodes[usize::from(call.callee.node)];
        let warmth = node.servers[usize::from(call.callee.server)].warmth(now, node.warm_up.as_ref());
        let work = if warmth == 1.0 {
            call.work
        } else {
            SimDuration::from_nanos_f64(call.work.as_nanos() as f64 / warmth)
        };
        Task { job: job_of(id), work, priority: call.priority }
    }

    /// A call inside computes again.
    pub(super) fn compute_hosted(&mut self, id: CallId, cx: &mut Context<Event>) {
        let now = cx.now();
        let Some(call) = self.calls.get_mut(id) else { return };
        call.phase = Phase::Running;
        let (at, call) = (call.callee, *call);
        if call.traced {
            record(&mut self.tracer, move |tracer| tracer.step(id, Some(SpanKind::Compute), now));
        }
        let task = self.task(id, &call, now);
        if let Some(host) = &mut self.hosting(at).host {
            host.executor.on_compute(now, &task);
        }
        self.settle_host(at, cx);
    }

    /// What a call waited for is there: it takes its next step, at once or in its turn.
    pub(crate) fn wake(&mut self, id: CallId, cx: &mut Context<Event>) {
        let now = cx.now();
        let Some(call) = self.calls.get(id) else { return };
        let at = call.callee;
        let Some(host) = &mut self.hosting(at).host else { return self.next_step(id, cx) };
        match host.executor.on_wake(now, job_of(id)) {
            Wake::GoOn => self.next_step(id, cx),
            Wake::InTurn => {
                self.calls[id].phase = Phase::Running;
                self.settle_host(at, cx);
            }
        }
    }

    /// A call leaves a server with an executor, wherever it is there: in line, before the door or inside. Whoever
    /// gets its place is let in when the host settles.
    pub(super) fn withdraw(&mut self, id: CallId, at: Instance, ticket: Option<Ticket>, now: SimTime) {
        let server = self.hosting(at);
        match (ticket, &mut server.host) {
            (Some(_), _) => server.take_out(ticket, now),
            (None, Some(host)) => host.let_go(now, id),
            (None, None) => {}
        }
    }

    /// A part of a request, or what it left behind, leaves the executor it computed in, if there is one.
    pub(super) fn part_leaves(&mut self, id: CallId, at: Instance, cx: &mut Context<Event>) {
        if let Some(host) = &mut self.hosting(at).host {
            host.executor.on_leave(cx.now(), job_of(id));
            self.settle_host(at, cx);
        }
    }

    /// Lets in who may come, notes who has begun, and schedules what is done next.
    pub(super) fn settle_host(&mut self, at: Instance, cx: &mut Context<Event>) {
        self.note_begun(at, cx.now());
        while self.admit_next(at, cx) {
            self.note_begun(at, cx.now());
        }
        self.arm_host(at, cx);
    }

    /// Those who have begun hold up nobody in line any more.
    fn note_begun(&mut self, at: Instance, now: SimTime) {
        let Self { nodes, calls, tracer, .. } = self;
        let node = &mut nodes[usize::from(at.node)];
        loop {
            let Some(host) = &mut node.servers[usize::from(at.server)].host else { return };
            let Some(job) = host.executor.begun() else { return };
            let Some(call) = calls.get_mut(call_of(job)) else { continue };
            call.started = now;
            call.phase = Phase::Running;
            if call.traced {
                record(tracer, |tracer| tracer.start_hosted(call_of(job), now));
            }
            node.on_start(at.server, now, now.since(call.arrived));
        }
    }

    /// Lets one more in, if anybody may come; whether it did, or threw somebody out of the line.
    fn admit_next(&mut self, at: Instance, cx: &mut Context<Event>) -> bool {
        let now = cx.now();
        let node = &mut self.nodes[usize::from(at.node)];
        let server = &mut node.servers[usize::from(at.server)];
        let up = server.ailment().up;
        let Some(host) = server.host.as_mut().filter(|_| up) else { return false };
        if host.executor.accepts()
            && let Some((id, _)) = host.held.pop_front()
        {
            self.offer(id, cx);
            return true;
        }
        if !host.executor.has_room() {
            return false;
        }
        match server.dequeue(now, &mut node.random) {
            Popped::Next(entry) if self.comes_too_late(entry.job, now) => {
                self.leave_line(entry.job, Reason::Expired, cx);
            }
            Popped::Next(entry) => self.take_in(entry.job, now),
            Popped::Expired(entry) => self.leave_line(entry.job, Reason::Expired, cx),
            Popped::Empty => return false,
        }
        true
    }

    /// A call comes in from the line.
    fn take_in(&mut self, id: CallId, now: SimTime) {
        let Some(call) = self.calls.get_mut(id) else { return };
        call.ticket = None;
        let at = call.callee;
        let newcomer = self.newcomer(id, now);
        if let Some(host) = &mut self.hosting(at).host {
            host.executor.on_enter(now, &newcomer);
        }
    }

    /// Schedules the next completion, unless that is scheduled already, and books what is busy and who waits.
    fn arm_host(&mut self, at: Instance, cx: &mut Context<Event>) {
        let now = cx.now();
        let server = self.hosting(at);
        let waiting = server.door().waiting;
        let Some(host) = &mut server.host else { return };
        host.look(now);
        server.ledger.set_busy(now, host.executor.busy());
        server.ledger.set_queued(now, (waiting + host.waiting()) as u32);
        let next = host.executor.next_completion();
        if host.telling || next == host.armed {
            return;
        }
        host.armed = next;
        host.epoch = host.epoch.wrapping_add(1);
        if let Some(next) = next {
            cx.at(next, Event::Share { node: at.node, server: at.server, epoch: host.epoch });
        }
    }

    /// One or more calls of a server with an executor are done computing.
    pub(crate) fn on_share(&mut self, at: Instance, epoch: u32, cx: &mut Context<Event>) {
        let now = cx.now();
        match &mut self.hosting(at).host {
            Some(host) if host.epoch == epoch => (host.armed, host.telling) = (None, true),
            Some(_) | None => return,
        }
        while let Some(job) = self.completed(at, now) {
            self.next_step(call_of(job), cx);
            if let Some(host) = &mut self.hosting(at).host {
                host.executor.on_settled(now, job);
            }
            self.settle_host(at, cx);
        }
        if let Some(host) = &mut self.hosting(at).host {
            host.telling = false;
        }
        self.arm_host(at, cx);
    }

    fn completed(&mut self, at: Instance, now: SimTime) -> Option<Job> {
        self.hosting(at).host.as_mut()?.executor.complete(now)
    }
}

impl Server {
    /// Windows of measurement open or close.
    pub(crate) fn on_turn(&mut self, now: SimTime, turn: &Turn) {
        if let Some(host) = &mut self.host {
            host.look(now);
            host.pulse.on_turn(now, turn);
        }
        if let Some(blocked) = &mut self.blocked {
            blocked.on_turn(now, turn);
        }
    }

    /// Everybody inside is gone, and whoever held before the door: the server went down.
    pub(super) fn evacuate(&mut self) {
        if let Some(host) = &mut self.host {
            host.executor.restart();
            host.held.clear();
        }
    }
}

/// The job that a call is to whoever runs it.
fn job_of(id: CallId) -> Job {
    Job(id.data().as_ffi())
}

fn call_of(job: Job) -> CallId {
    CallId::from(KeyData::from_ffi(job.0))
}
