//! Services: a call arrives, waits for a worker, computes, calls others, and is answered.

use sim_core::{
    random::{distribution::Distribution, name_hash, unit},
    simulation::Context,
    time::SimDuration,
};

use super::{pipeline::Errand, section::Resource, travel::Origin};
use crate::{
    event::Event,
    policy::discipline::{Popped, Pushed},
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
    pub steps: Vec<Program>,
    /// What sections need a permit of.
    pub resources: Vec<Resource>,
    /// The book of what goes on by itself, if anything does.
    pub spawned: Option<u16>,
}

/// Steps, made flat.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// What is done, each unless it says otherwise after the one before.
    pub actions: Vec<Action>,
    /// Where failures are caught; those inside others come first.
    pub catches: Vec<Catch>,
}

/// A stretch of actions whose failure is not the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Catch {
    /// The first of them.
    pub from: u16,
    /// The first behind them.
    pub to: u16,
    /// Where a failure goes on.
    pub handler: u16,
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
    /// Does something that few services do.
    Aside(Aside),
}

/// An action that concerns more than the call that comes to it.
#[derive(Clone, Debug)]
pub enum Aside {
    /// Goes on at several places at once.
    Fork(Fork),
    /// Lets what follows go on by itself, and goes on behind it.
    Spawn {
        /// Where.
        behind: u16,
    },
    /// A branch, or what goes on by itself, ends.
    End,
    /// Needs a permit of this resource of the node from here on.
    Enter(u16),
    /// Gives the permit it took last back.
    Leave,
}

/// Several places to go on at.
#[derive(Clone, Debug)]
pub struct Fork {
    /// The places.
    pub starts: std::sync::Arc<[u16]>,
    /// How many of them must come to a good end.
    pub needed: u32,
    /// Whether the rest is ended then.
    pub cancels: bool,
    /// Where it goes on after that.
    pub behind: u16,
}

/// What a call does next.
enum Next<'a> {
    Compute(&'a Distribution),
    Wait(&'a Distribution),
    Call(u16),
    Aside(&'a Aside),
    Fail,
    Done,
}

/// Follows the choices and jumps of a program to what a call does next.
#[inline(always)]
fn steer<'a>(program: &'a Program, call: &mut Call) -> Next<'a> {
    while let Some(action) = program.actions.get(usize::from(call.step)) {
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
            Action::Aside(aside) => return Next::Aside(aside),
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
        if server.sharer.is_some() {
            return self.share(id, cx);
        }
        if server.has_room() {
            return self.start(id, cx);
        }
        self.line_up(id, cx);
    }

    /// A call, or a task without a worker, joins the line of its server.
    #[inline]
    pub(super) fn line_up(&mut self, id: CallId, cx: &mut Context<Event>) {
        let now = cx.now();
        let Some(call) = self.calls.get_mut(id) else { return };
        let node = &mut self.nodes[usize::from(call.callee.node)];
        let server = &mut node.servers[usize::from(call.callee.server)];
        match server.enqueue(id, call, now, &self.windows) {
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
        let ledger =
            &mut self.nodes[usize::from(call.callee.node)].servers[usize::from(call.callee.server)].ledger;
        ledger.on_arrival(now, &self.windows);
        ledger.on_leave(now, now, Outcome::Failure(reason), &self.windows);
        if after.is_zero() {
            return self.reply(id, Outcome::Failure(reason), cx);
        }
        call.phase = Phase::Returning;
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
        if call.run == run && matches!(call.phase, Phase::Running | Phase::Calling) {
            if self.tasks.is_task(id) {
                self.give_way(id, cx);
            }
            self.next_step(id, cx);
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
                if node.servers[usize::from(call.callee.server)].sharer.is_some() {
                    return self.share_again(id, cx);
                }
                if self.tasks.is_task(id) {
                    return self.take_turn(id, cx);
                }
                self.compute(id, cx);
            }
            Next::Wait(distribution) => {
                let length = distribution.sample(call.need.at(WAIT, u64::from(call.step)));
                self.go_on_after(id, SimDuration::from_nanos_f64(length), cx);
            }
            Next::Call(route) => {
                call.phase = Phase::Calling;
                self.call_out(id, route, cx);
            }
            Next::Aside(aside) => {
                call.phase = Phase::Calling;
                let aside = aside.clone();
                self.step_aside(id, aside, cx);
            }
            Next::Fail => self.fail(id, Reason::Error, cx),
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

    /// Lets a call, which computes nothing meanwhile, go on after so long.
    pub(super) fn go_on_after(&mut self, id: CallId, pause: SimDuration, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get_mut(id) else { return };
        call.phase = Phase::Calling;
        call.run = call.run.wrapping_add(1);
        cx.after(pause, Event::Complete { call: id, run: call.run });
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
            Outcome::Success => self.next_step(id, cx),
            Outcome::Degraded => {
                if let Some(call) = self.calls.get_mut(id) {
                    call.degraded = true;
                }
                self.next_step(id, cx);
            }
            Outcome::Failure(_) => self.fail(id, Reason::Error, cx),
        }
    }

    /// A step failed: the call goes on where that is caught, else it has failed.
    pub(super) fn fail(&mut self, id: CallId, reason: Reason, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get_mut(id) else { return };
        let Role::Service(service) = &self.nodes[usize::from(call.callee.node)].role else { return };
        let failed = call.step.saturating_sub(1);
        let catches = &service.steps[usize::from(call.class)].catches;
        let inside = |catch: &&Catch| catch.from <= failed && failed < catch.to;
        // A branch's failure is caught inside the branch or not at all: whoever waits for the branches hears of it.
        let begun = self.tasks.begun_at(id);
        let Some(catch) = catches.iter().find(inside).copied().filter(|catch| catch.from >= begun) else {
            return self.conclude(id, Outcome::Failure(reason), cx);
        };
        (call.step, call.degraded) = (catch.handler, true);
        self.give_back(id, catch.from, cx);
        // Not at once: a long row of failures would be as deep a recursion.
        self.go_on_after(id, SimDuration::ZERO, cx);
    }

    /// A call, or a part of one, has its outcome.
    pub(super) fn conclude(&mut self, id: CallId, outcome: Outcome, cx: &mut Context<Event>) {
        if self.tasks.is_task(id) { self.end_task(id, outcome, cx) } else { self.finish(id, outcome, cx) }
    }

    /// A call is done: frees its worker, lets the next one start, sends the reply.
    #[inline(always)]
    pub(crate) fn finish(&mut self, id: CallId, outcome: Outcome, cx: &mut Context<Event>) {
        let now = cx.now();
        self.clear(id, cx);
        let Some(call) = self.calls.get(id).copied() else { return };
        let node = &mut self.nodes[usize::from(call.callee.node)];
        node.on_leave(call.callee.server, now, call.arrived, outcome, &self.windows);
        let server = &mut node.servers[usize::from(call.callee.server)];
        server.ledger.on_work(now.since(call.started), !call.awaited);
        if server.sharer.is_some() {
            self.offer_if_idle(call.callee);
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
        let Some(call) = self.calls.get(id).copied() else { return };
        let ledger =
            &mut self.nodes[usize::from(call.callee.node)].servers[usize::from(call.callee.server)].ledger;
        ledger.on_leave(cx.now(), call.arrived, Outcome::Failure(reason), &self.windows);
        self.reply(id, Outcome::Failure(reason), cx);
    }

    /// Ends a call nobody waits for, at a callee that listens for cancellation.
    pub(crate) fn cancel(&mut self, id: CallId, cx: &mut Context<Event>) {
        self.clear(id, cx);
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
        match call.phase {
            Phase::Waiting => server.take_out(call.ticket, now, &self.windows),
            Phase::Running if server.sharer.is_some() => self.unshare(id, cx),
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
            .sharer
            .is_none(),
            Role::Gateway(_) => false,
        }
    }
}
