//! A call's way through the steps of its service: computes, waits, calls others, fails, is done.

use sim_core::{
    random::{name_hash, unit},
    simulation::Context,
    time::SimDuration,
};

use super::{
    origin::Origin,
    pipeline::Errand,
    program::{Catch, Next, program_of, steer},
    service::DEMAND,
    tracing::record,
};
use crate::{
    event::Event,
    request::{CallId, Outcome, Phase, Reason, Verb},
    trace::SpanKind,
    world::{Role, World},
};

/// Draws a call makes at its callee, told apart by purpose.
const ERROR: u64 = name_hash("service/error");
const WAIT: u64 = name_hash("service/wait");

impl World {
    /// Goes on with a call whose computing or calling is done.
    #[inline(always)]
    pub(super) fn next_step(&mut self, id: CallId, cx: &mut Context<Event>) {
        let late = self.comes_too_late(id, cx.now());
        let Some(call) = self.calls.get_mut(id) else { return };
        if call.traced {
            let now = cx.now();
            record(&mut self.tracer, move |tracer| tracer.step(id, None, now));
        }
        let node = &self.nodes[usize::from(call.callee.node)];
        let service = match &node.role {
            Role::Service(service) => service,
            Role::Gateway(_) => return self.stop_and_forward(id, cx),
        };
        match steer(program_of(service, call), call) {
            // Who is done answers all the same.
            Next::Compute(_) | Next::Wait(_) | Next::Call(_) | Next::Aside(_) if late => self.expire(id, cx),
            Next::Compute(distribution) => {
                let demand = distribution.sample(call.need.at(DEMAND, u64::from(call.step)));
                call.work = SimDuration::from_nanos_f64(demand);
                if node.servers[usize::from(call.callee.server)].host.is_some() {
                    return self.compute_hosted(id, cx);
                }
                if self.tasks.is_task(id) {
                    return self.take_turn(id, cx);
                }
                self.compute(id, cx);
            }
            Next::Wait(distribution) => {
                let length = distribution.sample(call.need.at(WAIT, u64::from(call.step)));
                if call.traced {
                    let now = cx.now();
                    record(&mut self.tracer, move |tracer| tracer.step(id, Some(SpanKind::Wait), now));
                }
                self.go_on_after(id, SimDuration::from_nanos_f64(length), cx);
            }
            Next::Call(route) => {
                call.phase = Phase::Calling;
                self.call_out(id, route, Verb::Serve, cx);
            }
            Next::Aside(aside) => {
                call.phase = Phase::Calling;
                let aside = aside.clone();
                self.step_aside(id, aside, cx);
            }
            Next::Fail => self.fail(id, Reason::Error, cx),
            Next::Done => {
                let errors = node.servers[usize::from(call.callee.server)].ailment().errors;
                let fails = errors > 0.0 && unit(call.luck.at(ERROR, 0)) < errors;
                let outcome = match (fails, call.degraded) {
                    (true, _) => Outcome::Failure(Reason::Error),
                    (false, true) => Outcome::Degraded,
                    (false, false) => Outcome::Success,
                };
                if !(node.redirects && self.turn_aside(id, outcome, cx)) {
                    self.finish(id, outcome, cx);
                }
            }
        }
    }

    /// A balancer has done its own work for a call.
    fn stop_and_forward(&mut self, id: CallId, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        self.stop(&call, cx);
        self.forward(id, false, cx);
    }

    /// Lets a call, which computes nothing meanwhile, go on after so long.
    pub(super) fn go_on_after(&mut self, id: CallId, pause: SimDuration, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get_mut(id) else { return };
        call.phase = Phase::Calling;
        call.run = call.run.wrapping_add(1);
        cx.after(pause, Event::Complete { call: id, run: call.run });
    }

    /// Makes a service's own call by one of its routes.
    pub(super) fn call_out(&mut self, id: CallId, route: u16, verb: Verb, cx: &mut Context<Event>) {
        self.call_out_as(id, route, verb, self.calls[id].step, cx);
    }

    /// The same as that visit, where one step makes several calls.
    pub(super) fn call_out_as(
        &mut self,
        id: CallId,
        route: u16,
        verb: Verb,
        visit: u16,
        cx: &mut Context<Event>,
    ) {
        let call = &self.calls[id];
        let (callee, request) = (call.callee, call.request);
        let node = &self.nodes[usize::from(callee.node)];
        let way = node.routes[usize::from(route)].way(usize::from(callee.server));
        let origin = Origin::of_call(call, node.servers[usize::from(callee.server)].site).asking(verb);
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
            Outcome::Failure(_) => self.fail(id, Reason::Error, cx),
        }
    }

    /// A step failed: the call goes on where that is caught, else it has failed.
    pub(super) fn fail(&mut self, id: CallId, reason: Reason, cx: &mut Context<Event>) {
        if self.comes_too_late(id, cx.now()) {
            return self.expire(id, cx);
        }
        let Some(call) = self.calls.get_mut(id) else { return };
        let Role::Service(service) = &self.nodes[usize::from(call.callee.node)].role else { return };
        let failed = call.step.saturating_sub(1);
        let catches = &program_of(service, call).catches;
        let inside = |catch: &&Catch| catch.from <= failed && failed < catch.to;
        // A branch's failure is caught inside the branch or not at all: whoever waits for the branches hears of it.
        let begun = self.tasks.begun_at(id);
        let Some(catch) = catches.iter().find(inside).copied().filter(|catch| catch.from >= begun) else {
            return self.conclude(id, Outcome::Failure(reason), cx);
        };
        (call.step, call.degraded) = (catch.handler, call.degraded || catch.degrades);
        self.give_back(id, catch.from, cx);
        // Not at once: a long row of failures would be as deep a recursion.
        self.go_on_after(id, SimDuration::ZERO, cx);
    }

    /// A call, or a part of one, has its outcome.
    pub(super) fn conclude(&mut self, id: CallId, outcome: Outcome, cx: &mut Context<Event>) {
        if self.tasks.is_task(id) { self.end_task(id, outcome, cx) } else { self.finish(id, outcome, cx) }
    }
}
