//! Services: a call arrives, waits for a worker, computes, calls others, and is answered.

use sim_core::{
    random::{distribution::Distribution, name_hash},
    simulation::Context,
    time::SimDuration,
};

use super::{cache::Keeper, program::Program, section::Resource, sharding::Division, tracing::record};
use crate::{
    event::Event,
    policy::discipline::{Popped, Pushed},
    request::{Asked, Call, CallId, Instance, Outcome, Phase, Reason},
    trace::SpanKind,
    world::{Role, World},
};

/// Computing that a call needs, told apart by visit.
pub(super) const DEMAND: u64 = name_hash("service/demand");

/// What a service does with each class of request.
#[derive(Debug)]
pub struct Service {
    /// Computing a call needs first, by class.
    pub demands: Vec<Distribution>,
    /// Steps after that, by class.
    pub steps: Vec<Program>,
    /// What sections need a permit of.
    pub resources: Vec<Resource>,
    /// The book of what goes on by itself, if anything does.
    pub spawned: Option<u16>,
    /// What it keeps, if it is a cache.
    pub keeper: Option<Box<Keeper>>,
    /// What it knows of its shards, if it is a database.
    pub division: Option<Box<Division>>,
}

/// A way to a callee: whom to ask, and how long to wait.
#[derive(Clone, Debug)]
pub struct Route {
    /// The callee.
    pub node: u16,
    /// The caller's views, one for each of its instances; empty if there is nothing to pick.
    pub dispatches: Vec<u32>,
    /// The line of deadlines, if there is a timeout.
    pub line: Option<u16>,
    /// Where its calls are booked.
    pub book: u16,
    /// The pipelines its calls go through, one for each of the caller's instances; empty if nothing stands between.
    pub pipelines: Vec<u32>,
}

impl World {
    /// A call stands before its callee's server.
    #[inline]
    pub(crate) fn arrive(&mut self, id: CallId, cx: &mut Context<Event>) {
        let now = cx.now();
        let late = self.comes_too_late(id, now);
        let Some(call) = self.calls.get_mut(id) else { return };
        let node = &mut self.nodes[usize::from(call.callee.node)];
        let server = &mut node.servers[usize::from(call.callee.server)];
        if server.serves_nobody() {
            return self.arrive_in_vain(id, cx);
        }
        if late {
            return self.turn_away(id, Reason::Expired, SimDuration::ZERO, cx);
        }
        call.arrived = now;
        if call.traced {
            record(&mut self.tracer, move |tracer| tracer.turn_to(id, SpanKind::Queue, now));
        }
        server.ledger.on_arrival(now);
        let demand = match &node.role {
            Role::Service(service) => {
                service.demands[usize::from(call.class)].sample(call.need.at(DEMAND, 0))
            }
            Role::Gateway(gateway) => match gateway.demand(call, self.requests.get(call.request)) {
                Some(demand) => demand,
                // A balancer without cost takes no worker.
                None => return self.forward(id, true, cx),
            },
        };
        call.work = SimDuration::from_nanos_f64(demand);
        if call.asked >= Asked::Validate || node.holds_keys {
            return self.admit_asked(id, demand, cx);
        }
        if server.host.is_some() {
            let at = call.callee;
            return self.host(id, at, cx);
        }
        if server.has_room() {
            return self.start(id, cx);
        }
        self.line_up(id, cx);
    }

    /// A call stands before a server that is down, silent or refuses all.
    #[cold]
    fn arrive_in_vain(&mut self, id: CallId, cx: &mut Context<Event>) {
        let Some(Call { callee, awaited, .. }) = self.calls.get(id).copied() else { return };
        let ailment = self.nodes[usize::from(callee.node)].servers[usize::from(callee.server)].ailment();
        match (ailment.silent, ailment.fails_fast.filter(|_| ailment.up)) {
            (true, _) if awaited => self.lose(id, cx.now()),
            (true, _) => self.part_with(id, Outcome::Failure(Reason::Cancelled), cx.now()),
            (false, Some(latency)) => self.turn_away(id, Reason::Error, latency, cx),
            (false, None) => self.turn_away(id, Reason::Crashed, SimDuration::ZERO, cx),
        }
    }

    /// A call whose demand is known comes to its server.
    pub(super) fn admit(&mut self, id: CallId, cx: &mut Context<Event>) {
        let Some(at) = self.calls.get(id).map(|call| call.callee) else { return };
        let server = &self.nodes[usize::from(at.node)].servers[usize::from(at.server)];
        if server.host.is_some() {
            self.host(id, at, cx);
        } else if server.has_room() {
            self.start(id, cx);
        } else {
            self.line_up(id, cx);
        }
    }

    /// A call, or a task without a worker, joins the line of its server.
    #[inline]
    pub(super) fn line_up(&mut self, id: CallId, cx: &mut Context<Event>) {
        let now = cx.now();
        let Some(call) = self.calls.get_mut(id) else { return };
        let node = &mut self.nodes[usize::from(call.callee.node)];
        let server = &mut node.servers[usize::from(call.callee.server)];
        match server.enqueue(id, call, now) {
            Pushed::Queued(ticket) => {
                call.phase = Phase::Waiting;
                call.ticket = Some(ticket);
            }
            Pushed::Displaced(ticket, oldest) => {
                call.phase = Phase::Waiting;
                call.ticket = Some(ticket);
                self.leave_line(oldest.job, Reason::Displaced, cx);
            }
            Pushed::Refused(_) => self.leave_line(id, Reason::QueueFull, cx),
        }
    }

    /// A call is answered at the door: it came and went, and no worker saw it.
    pub(crate) fn turn_away(
        &mut self,
        id: CallId,
        reason: Reason,
        after: SimDuration,
        cx: &mut Context<Event>,
    ) {
        let now = cx.now();
        let Some(call) = self.calls.get_mut(id) else { return };
        call.arrived = now;
        if call.traced {
            record(&mut self.tracer, move |tracer| tracer.turn_to(id, SpanKind::Service, now));
        }
        let ledger =
            &mut self.nodes[usize::from(call.callee.node)].servers[usize::from(call.callee.server)].ledger;
        ledger.on_arrival(now);
        ledger.on_leave(now, now, Outcome::Failure(reason));
        if after.is_zero() {
            return self.reply(id, Outcome::Failure(reason), cx);
        }
        (call.phase, call.resumed) = (Phase::Returning, now);
        cx.after(after, Event::Reply { call: id, outcome: Outcome::Failure(reason) });
    }

    /// A worker takes a call.
    #[inline(always)]
    pub(crate) fn start(&mut self, id: CallId, cx: &mut Context<Event>) {
        let now = cx.now();
        if self.tasks.is_task(id) {
            return self.take_worker(id, cx);
        }
        let Some(call) = self.calls.get_mut(id) else { return };
        call.started = now;
        call.ticket = None;
        if call.traced {
            record(&mut self.tracer, move |tracer| tracer.turn_to(id, SpanKind::Service, now));
        }
        let wait = now.since(call.arrived);
        let node = &mut self.nodes[usize::from(call.callee.node)];
        node.on_start(call.callee.server, now, wait);
        if node.redirects {
            self.look(id);
        }
        self.compute(id, cx);
    }

    /// The worker computes what the call needs next.
    #[inline(always)]
    pub(crate) fn compute(&mut self, id: CallId, cx: &mut Context<Event>) {
        let now = cx.now();
        let Some(call) = self.calls.get_mut(id) else { return };
        let node = &self.nodes[usize::from(call.callee.node)];
        let server = &node.servers[usize::from(call.callee.server)];
        let speed = server.speed_at(now, node.warm_up.as_ref());
        let length = if speed == 1.0 {
            call.work
        } else {
            SimDuration::from_nanos_f64(call.work.as_nanos() as f64 / speed)
        };
        call.phase = Phase::Running;
        call.resumed = now;
        if call.traced {
            record(&mut self.tracer, move |tracer| tracer.step(id, Some(SpanKind::Compute), now));
        }
        call.run = call.run.wrapping_add(1);
        cx.after(length, Event::Complete { call: id, run: call.run });
    }

    /// A worker is done computing.
    #[inline(always)]
    pub(crate) fn on_complete(&mut self, id: CallId, run: u16, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id) else { return };
        if call.run != run {
            return;
        }
        match call.phase {
            Phase::Running => {
                if self.tasks.is_task(id) {
                    self.give_way(id, cx);
                }
                self.next_step(id, cx);
            }
            Phase::Calling => self.wake(id, cx),
            Phase::Travelling | Phase::Waiting | Phase::Returning | Phase::Lost => {}
        }
    }

    /// A call is done: frees its worker, lets the next one start, sends the reply.
    #[inline(always)]
    pub(crate) fn finish(&mut self, id: CallId, outcome: Outcome, cx: &mut Context<Event>) {
        let now = cx.now();
        self.clear(id, cx);
        let Some(call) = self.calls.get_mut(id) else { return };
        // Whoever is served next may be refused, and whoever hears of that may give this call up: it is done.
        (call.phase, call.resumed) = (Phase::Returning, now);
        let Call { callee, ticket, arrived, started, awaited, parent, asked, .. } = *call;
        let wanted = awaited && self.is_wanted(parent, asked) || asked.is_errand();
        if !self.truth.is_idle() {
            self.settle_truth(id, outcome, cx);
        }
        let node = &mut self.nodes[usize::from(callee.node)];
        node.on_leave(callee.server, now, arrived, outcome);
        if asked == Asked::Released {
            return self.reply(id, outcome, cx);
        }
        let server = &mut node.servers[usize::from(callee.server)];
        server.ledger.on_work(now.since(started), !wanted);
        if server.host.is_some() {
            self.withdraw(id, callee, ticket, now);
            self.settle_host(callee, cx);
            self.offer_if_idle(callee);
        } else {
            server.ledger.on_stop(now, started);
            self.serve_next(callee, cx);
        }
        self.reply(id, outcome, cx);
    }

    /// A call's worker is free: the next in line gets it.
    pub(crate) fn stop(&mut self, call: &Call, cx: &mut Context<Event>) {
        let ledger =
            &mut self.nodes[usize::from(call.callee.node)].servers[usize::from(call.callee.server)].ledger;
        ledger.on_stop(cx.now(), call.started);
        self.serve_next(call.callee, cx);
    }

    /// Fills free workers from the line; tells balancers that wait for idle servers.
    #[inline]
    pub(crate) fn serve_next(&mut self, at: Instance, cx: &mut Context<Event>) {
        let now = cx.now();
        loop {
            let node = &mut self.nodes[usize::from(at.node)];
            let server = &mut node.servers[usize::from(at.server)];
            if !server.ailment().up || !server.has_room() {
                return;
            }
            match server.dequeue(now, &mut node.random) {
                Popped::Next(entry) if self.comes_too_late(entry.job, now) => {
                    self.leave_line(entry.job, Reason::Expired, cx);
                }
                Popped::Next(entry) => self.start(entry.job, cx),
                Popped::Expired(entry) => self.leave_line(entry.job, Reason::Expired, cx),
                Popped::Empty => break,
            }
        }
        self.offer_if_idle(at);
    }

    /// An idle server offers itself to one of the balancers that keep a list of idle ones.
    #[inline(always)]
    pub(crate) fn offer_if_idle(&mut self, at: Instance) {
        let node = &mut self.nodes[usize::from(at.node)];
        if node.idle_watchers.is_empty() || !node.servers[usize::from(at.server)].is_idle() {
            return;
        }
        let watchers = &node.idle_watchers[usize::from(at.server)];
        if watchers.is_empty() {
            return;
        }
        // A server stands in one queue of idle ones at most, even if it was given work by chance meanwhile.
        let stands =
            |(dispatch, row): &(u32, u16)| self.dispatches[*dispatch as usize].holds_offer(usize::from(*row));
        if watchers.iter().any(stands) {
            return;
        }
        let (dispatch, row) = watchers[node.random.below(watchers.len())];
        self.dispatches[dispatch as usize].on_idle(usize::from(row));
    }

    /// A call leaves the line unserved, or was never let in.
    pub(crate) fn leave_line(&mut self, id: CallId, reason: Reason, cx: &mut Context<Event>) {
        if self.tasks.is_task(id) {
            return self.fail(id, reason, cx);
        }
        if self.transactions.used {
            self.clear_claims(id, cx);
        }
        let Some(call) = self.calls.get(id).copied() else { return };
        let ledger =
            &mut self.nodes[usize::from(call.callee.node)].servers[usize::from(call.callee.server)].ledger;
        ledger.on_leave(cx.now(), call.arrived, Outcome::Failure(reason));
        self.reply(id, Outcome::Failure(reason), cx);
    }

    /// Ends a call nobody waits for, at a callee that listens for cancellation.
    pub(crate) fn cancel(&mut self, id: CallId, cx: &mut Context<Event>) {
        self.clear(id, cx);
        let Some(call) = self.calls.get(id).copied() else { return };
        let now = cx.now();
        let node = &mut self.nodes[usize::from(call.callee.node)];
        node.forget(id);
        node.on_leave(call.callee.server, now, call.arrived, Outcome::Failure(Reason::Cancelled));
        let server = &mut node.servers[usize::from(call.callee.server)];
        if call.phase != Phase::Waiting && call.asked != Asked::Released {
            server.ledger.on_work(now.since(call.started), true);
        }
        let hosted = server.host.is_some();
        if hosted {
            self.withdraw(id, call.callee, call.ticket, now);
        } else if call.phase == Phase::Waiting {
            server.take_out(call.ticket, now);
        }
        let has_worker = match call.phase {
            Phase::Running => !hosted,
            Phase::Calling => self.holds_worker(&call),
            Phase::Waiting | Phase::Travelling | Phase::Returning | Phase::Lost => false,
        };
        // It is gone before anybody else is served: that may come back to it.
        self.part_with(id, Outcome::Failure(Reason::Cancelled), now);
        if hosted {
            self.settle_host(call.callee, cx);
            self.offer_if_idle(call.callee);
        } else if has_worker {
            self.stop(&call, cx);
        }
        self.abandon_awaited(call.awaits, cx);
    }

    /// Whether anybody waits for whoever waits for a call, up to the client or to what was left to go on by itself.
    #[inline(always)]
    fn is_wanted(&self, mut parent: Option<CallId>, asked: Asked) -> bool {
        while let Some(id) = parent {
            let whole = self.tasks.whole(id);
            if self.tasks.is_task(whole) {
                // A follower's copy is of use even if enough others have theirs.
                return !self.tasks.is_straggler(whole) || asked == Asked::Apply;
            }
            let Some(above) = self.calls.get(whole).filter(|above| above.awaited) else { return false };
            parent = above.parent;
        }
        true
    }

    /// Whether a call that waits for another keeps its worker: services do, balancers do not.
    pub(crate) fn holds_worker(&self, call: &Call) -> bool {
        match self.nodes[usize::from(call.callee.node)].role {
            Role::Service(_) => {
                let server =
                    &self.nodes[usize::from(call.callee.node)].servers[usize::from(call.callee.server)];
                call.asked != Asked::Released && server.host.is_none()
            }
            Role::Gateway(_) => false,
        }
    }
}
