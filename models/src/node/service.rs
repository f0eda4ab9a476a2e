//! Services: a call arrives, waits for a worker, computes, calls others, and is answered.

use sim_core::{
    random::{distribution::Distribution, name_hash, unit},
    simulation::Context,
    time::SimDuration,
};

use super::{pipeline::Errand, travel::Origin};
use crate::{
    event::Event,
    policy::discipline::Popped,
    request::{Call, CallId, Instance, Outcome, Phase, Reason},
    world::{Role, World},
};

/// Draws a call makes at its callee, told apart by purpose.
const DEMAND: u64 = name_hash("service/demand");
const ERROR: u64 = name_hash("service/error");
const WAIT: u64 = name_hash("service/wait");
const FAIL: u64 = name_hash("service/fail");
const CHOICE: u64 = name_hash("service/choice");

/// What a service does with each class of request.
#[derive(Clone, Debug)]
pub struct Service {
    /// Computing a call needs first, by class.
    pub demands: Vec<Distribution>,
    /// Steps after that, by class.
    pub steps: Vec<Vec<Action>>,
}

/// A step.
#[derive(Clone, Debug)]
pub enum Action {
    /// Computes.
    Compute(Distribution),
    /// Waits without computing.
    Wait(Distribution),
    /// Calls by this route of the node.
    Call(u16),
    /// Fails with that probability.
    Fail(f64),
    /// Goes on at one of several places, by cumulative shares.
    Choose(Vec<(f64, u16)>),
    /// Goes on there.
    Jump(u16),
}

/// What a call does next.
enum Next<'a> {
    Compute(&'a Distribution),
    Wait(&'a Distribution),
    Call(u16),
    Fail,
    Done,
}

/// Follows the choices and jumps of a program to what a call does next.
#[inline(always)]
fn steer<'a>(program: &'a [Action], call: &mut Call) -> Next<'a> {
    while let Some(action) = program.get(usize::from(call.step)) {
        call.step += 1;
        let visit = u64::from(call.step);
        match action {
            Action::Compute(time) => return Next::Compute(time),
            Action::Wait(time) => return Next::Wait(time),
            Action::Call(route) => return Next::Call(*route),
            Action::Fail(probability) => {
                if unit(call.luck.at(FAIL, visit)) < *probability {
                    return Next::Fail;
                }
            }
            Action::Choose(ways) => {
                let drawn = unit(call.need.at(CHOICE, visit));
                let way = ways.iter().find(|(until, _)| drawn < *until).or(ways.last());
                call.step = way.map_or(call.step, |(_, place)| *place);
            }
            Action::Jump(place) => call.step = *place,
        }
    }
    Next::Done
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
        let Some(call) = self.calls.get_mut(id) else { return };
        let node = &mut self.nodes[usize::from(call.callee.node)];
        let server = &mut node.servers[usize::from(call.callee.server)];
        if server.ailment.silent {
            call.phase = Phase::Lost;
            if !call.awaited {
                self.calls.remove(id);
            }
            return;
        }
        if !server.ailment.up {
            return self.turn_away(id, Reason::Crashed, SimDuration::ZERO, cx);
        }
        if let Some(latency) = server.ailment.fails_fast {
            return self.turn_away(id, Reason::Error, latency, cx);
        }
        call.arrived = now;
        server.ledger.on_arrival(now, &self.windows);
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
        if server.host.is_some() {
            let at = call.callee;
            return self.host(id, at, cx);
        }
        if server.has_room() {
            return self.start(id, cx);
        }
        self.stand_in_queue(id, cx);
    }

    /// A worker takes a call.
    #[inline(always)]
    pub(crate) fn start(&mut self, id: CallId, cx: &mut Context<Event>) {
        let now = cx.now();
        let Some(call) = self.calls.get_mut(id) else { return };
        call.started = now;
        call.ticket = None;
        let wait = now.since(call.arrived);
        self.nodes[usize::from(call.callee.node)].on_start(call.callee.server, now, wait, &self.windows);
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
            Phase::Running => self.next_step(id, cx),
            Phase::Calling => self.wake(id, cx),
            Phase::Travelling | Phase::Waiting | Phase::Returning | Phase::Lost => {}
        }
    }

    /// Goes on with a call whose computing or calling is done.
    #[inline(always)]
    pub(super) fn next_step(&mut self, id: CallId, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get_mut(id) else { return };
        let node = &self.nodes[usize::from(call.callee.node)];
        let service = match &node.role {
            Role::Service(service) => service,
            Role::Gateway(_) => {
                self.stop(id, cx);
                return self.forward(id, false, cx);
            }
        };
        match steer(&service.steps[usize::from(call.class)], call) {
            Next::Compute(distribution) => {
                let demand = distribution.sample(call.need.at(DEMAND, u64::from(call.step)));
                call.work = SimDuration::from_nanos_f64(demand);
                if node.servers[usize::from(call.callee.server)].host.is_some() {
                    return self.compute_hosted(id, cx);
                }
                self.compute(id, cx);
            }
            Next::Wait(distribution) => {
                let length = distribution.sample(call.need.at(WAIT, u64::from(call.step)));
                call.phase = Phase::Calling;
                call.run = call.run.wrapping_add(1);
                let wake = Event::Complete { call: id, run: call.run };
                cx.after(SimDuration::from_nanos_f64(length), wake);
            }
            Next::Call(route) => {
                call.phase = Phase::Calling;
                self.call_out(id, route, cx);
            }
            Next::Fail => self.finish(id, Outcome::Failure(Reason::Error), cx),
            Next::Done => {
                let errors = node.servers[usize::from(call.callee.server)].ailment.errors;
                let fails = errors > 0.0 && unit(call.luck.at(ERROR, 0)) < errors;
                let outcome = match (fails, call.degraded) {
                    (true, _) => Outcome::Failure(Reason::Error),
                    (false, true) => Outcome::Degraded,
                    (false, false) => Outcome::Success,
                };
                self.finish(id, outcome, cx);
            }
        }
    }

    /// Makes a service's own call by one of its routes.
    fn call_out(&mut self, id: CallId, route: u16, cx: &mut Context<Event>) {
        let call = &self.calls[id];
        let (callee, request, visit) = (call.callee, call.request, call.step);
        let node = &self.nodes[usize::from(callee.node)];
        let way = node.routes[usize::from(route)].way(usize::from(callee.server));
        let origin = Origin::of_call(call, node.servers[usize::from(callee.server)].site);
        let (delay, arriving) = (SimDuration::ZERO, false);
        self.ask(Errand { request, origin, parent: Some(id), way, visit, delay, arriving }, cx);
    }

    /// The reply to a service's own call.
    pub(crate) fn service_hears(&mut self, id: CallId, outcome: Outcome, cx: &mut Context<Event>) {
        match outcome {
            Outcome::Success => self.wake(id, cx),
            Outcome::Degraded => {
                if let Some(call) = self.calls.get_mut(id) {
                    call.degraded = true;
                }
                self.wake(id, cx);
            }
            Outcome::Failure(_) => self.finish(id, Outcome::Failure(Reason::Error), cx),
        }
    }

    /// A call is done: frees its worker, lets the next one start, sends the reply.
    #[inline(always)]
    pub(crate) fn finish(&mut self, id: CallId, outcome: Outcome, cx: &mut Context<Event>) {
        let now = cx.now();
        let Some(call) = self.calls.get(id).copied() else { return };
        let node = &mut self.nodes[usize::from(call.callee.node)];
        node.on_leave(call.callee.server, now, call.arrived, outcome, &self.windows);
        let server = &mut node.servers[usize::from(call.callee.server)];
        server.ledger.on_work(now.since(call.started), !call.awaited);
        if server.host.is_some() {
            self.vacate(id, call.callee, cx);
        } else {
            server.ledger.on_stop(now, call.started);
            self.serve_next(call.callee, cx);
        }
        self.reply(id, outcome, cx);
    }

    /// A call's worker is free: the next in line gets it.
    pub(crate) fn stop(&mut self, id: CallId, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
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
            if !server.ailment.up || !server.has_room() {
                return;
            }
            match server.dequeue(now, &mut node.random, &self.windows) {
                Popped::Next(entry) => self.start(entry.job, cx),
                Popped::Expired(entry) => self.leave_line(entry.job, Reason::Expired, cx),
                Popped::Empty => break,
            }
        }
        self.offer_if_idle(at);
    }

    /// Ends a call nobody waits for, at a callee that listens for cancellation.
    pub(crate) fn cancel(&mut self, id: CallId, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        let now = cx.now();
        let node = &mut self.nodes[usize::from(call.callee.node)];
        node.on_leave(
            call.callee.server,
            now,
            call.arrived,
            Outcome::Failure(Reason::Cancelled),
            &self.windows,
        );
        let server = &mut node.servers[usize::from(call.callee.server)];
        if call.phase != Phase::Waiting {
            server.ledger.on_work(now.since(call.started), true);
        }
        let hosted = server.host.is_some();
        if hosted {
            self.vacate(id, call.callee, cx);
        }
        match call.phase {
            Phase::Waiting | Phase::Running if hosted => {}
            Phase::Waiting => {
                let server =
                    &mut self.nodes[usize::from(call.callee.node)].servers[usize::from(call.callee.server)];
                server.take_out(call.ticket, now, &self.windows);
            }
            Phase::Running => self.stop(id, cx),
            Phase::Calling => {
                if self.holds_worker(&call) {
                    self.stop(id, cx);
                }
                self.abandon_awaited(call.awaits, cx);
            }
            Phase::Travelling | Phase::Returning | Phase::Lost => {}
        }
        self.calls.remove(id);
    }

    /// Whether a call that waits for another keeps its worker: services do, balancers do not.
    pub(crate) fn holds_worker(&self, call: &Call) -> bool {
        match self.nodes[usize::from(call.callee.node)].role {
            Role::Service(_) => self.nodes[usize::from(call.callee.node)].servers
                [usize::from(call.callee.server)]
            .host
            .is_none(),
            Role::Gateway(_) => false,
        }
    }
}
