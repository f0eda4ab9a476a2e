//! Load balancers as components: a worker of their own if they cost anything, then a backend, then the reply.
//!
//! Layer 4 sees connections: one stays with the backend it was opened to. Layer 7 sees requests: it routes by
//! their kind, ends TLS, and may try another backend.

use std::collections::BTreeMap;

use sim_core::{
    random::{distribution::Distribution, name_hash},
    simulation::Context,
    time::SimDuration,
};

use super::{
    choice::{Chosen, Wish},
    origin::Origin,
    tracing::record,
    travel::Order,
};
use crate::{
    event::Event,
    request::{Call, CallId, Ended, Outcome, Phase, Picked, Reason, Request, Verb},
    spec::RetrySpec,
    world::{Node, Role, World},
};

const DEMAND: u64 = name_hash("gateway/demand");

/// What a load balancer does.
#[derive(Debug)]
pub struct Gateway {
    /// Computing a request needs; `None` if the balancer costs nothing.
    pub demand: Option<Distribution>,
    /// Computing a TLS handshake needs on top, in nanoseconds.
    pub handshake: f64,
    /// The route of each class of request.
    pub routes: Vec<u16>,
    /// Whether it sees connections only.
    pub layer4: bool,
    /// Whether it tries again.
    pub retry: Option<RetrySpec>,
    /// Rows already tried, for calls that were tried more than once.
    pub tried: BTreeMap<CallId, Vec<u16>>,
    /// Layer 4: the row each connection of each workload was opened to, and the opening it belongs to.
    pub pins: Vec<Vec<Pin>>,
}

/// Where a connection leads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pin {
    /// How often the connection had been opened when it was pinned; 0 if never.
    pub opening: u32,
    /// The row it leads to.
    pub row: u16,
}

impl Gateway {
    /// Computing this call needs, in nanoseconds; `None` if the balancer costs nothing.
    #[inline(always)]
    pub fn demand(&self, call: &Call, request: Option<&Request>) -> Option<f64> {
        let demand = self.demand.as_ref()?.sample(call.need.at(DEMAND, 0));
        let handshake =
            if request.is_some_and(|request| request.fresh_connection) { self.handshake } else { 0.0 };
        Some(demand + handshake)
    }

    /// Whether a call that ended so is tried again, after so many attempts.
    fn tries_again(&self, outcome: Outcome, attempts: u16) -> bool {
        let Some(retry) = &self.retry else { return false };
        let Outcome::Failure(reason) = outcome else { return false };
        u32::from(attempts) < retry.max_attempts
            && match reason {
                Reason::TimedOut => retry.on_timeout,
                Reason::Error => retry.on_error,
                Reason::Crashed
                | Reason::QueueFull
                | Reason::Displaced
                | Reason::Expired
                | Reason::NoMemory
                | Reason::NoDescriptor => retry.on_refusal,
                Reason::NoBackend
                | Reason::Impatient
                | Reason::TooDeep
                | Reason::Cancelled
                | Reason::CircuitOpen
                | Reason::BulkheadFull
                | Reason::LimitReached
                | Reason::Throttled
                | Reason::NoConnection => false,
            }
    }
}

impl Node {
    /// Nothing more comes of a call: a balancer need not remember where it was tried.
    #[inline(always)]
    pub(super) fn forget(&mut self, id: CallId) {
        if let Role::Gateway(gateway) = &mut self.role
            && !gateway.tried.is_empty()
        {
            gateway.tried.remove(&id);
        }
    }
}

impl World {
    /// A balancer passes a call on to a backend; `arriving` if that is part of the call's arrival.
    pub(crate) fn forward(&mut self, id: CallId, arriving: bool, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get_mut(id) else { return };
        call.phase = Phase::Calling;
        call.step += 1;
        if arriving {
            call.started = cx.now();
        }
        if call.traced {
            let now = cx.now();
            record(&mut self.tracer, move |tracer| tracer.pass_on(id, arriving, now));
        }
        let (step, callee, request, awaited) = (call.step, call.callee, call.request, call.awaited);
        let (class, luck, verb) = (call.class, call.luck, Verb::from(call.asked));
        if !awaited {
            return self.pass_back(id, Outcome::Failure(Reason::Cancelled), cx);
        }
        let node = &self.nodes[usize::from(callee.node)];
        let from = node.servers[usize::from(callee.server)].site;
        let origin = Origin::of_call(call, from).asking(verb);
        let Role::Gateway(gateway) = &node.role else { return };
        let route = &node.routes[usize::from(gateway.routes[usize::from(class)])];
        let (line, book) = (route.line, route.book);
        let dispatch = route.dispatches.get(usize::from(callee.server)).copied();
        let wish = Wish { dispatch, node: route.node, request, luck, from, class, verb };
        if step == 1 {
            self.call_books[usize::from(book)].on_ask();
        }
        let chosen = if gateway.layer4 || step > 1 {
            self.choose_again(id, step, &wish, cx)
        } else {
            self.choose(&wish, &[], cx)
        };
        let Some((callee, picked)) = chosen else {
            self.record_refusal(request, Some(id), None, Reason::NoBackend, cx.now());
            return self.pass_back(id, Outcome::Failure(Reason::NoBackend), cx);
        };
        let order = Order {
            request,
            origin,
            parent: Some(id),
            passage: None,
            callee,
            picked,
            line,
            book,
            visit: 0,
            attempt: step,
            retry: step > 1,
            copy: false,
            delay: SimDuration::ZERO,
            arriving,
        };
        self.send(order, cx);
    }

    /// A choice that remembers: where the call's connection leads, which backends it tried.
    fn choose_again(
        &mut self,
        id: CallId,
        step: u16,
        wish: &Wish,
        cx: &mut Context<Event>,
    ) -> Option<Chosen> {
        let call = *self.calls.get(id)?;
        let Role::Gateway(gateway) = &self.nodes[usize::from(call.callee.node)].role else { return None };
        let tried = gateway.tried.get(&id).cloned().unwrap_or_default();
        let pinned = match wish.dispatch {
            Some(dispatch) if gateway.layer4 && step == 1 => self.follow_pin(&call, dispatch, cx),
            Some(_) | None => None,
        };
        let chosen = pinned.or_else(|| self.choose(wish, &tried, cx));
        // Where every backend was tried, the first choice may be tried again.
        let chosen = if chosen.is_none() && !tried.is_empty() { self.choose(wish, &[], cx) } else { chosen };
        if let (None, Some((_, Some(picked)))) = (pinned, chosen) {
            self.pin(&call, picked.row);
        }
        chosen
    }

    /// Layer 4: the backend a connection leads to, if it still may be used.
    fn follow_pin(&mut self, call: &Call, dispatch: u32, cx: &mut Context<Event>) -> Option<Chosen> {
        let (connection, opening) = self.connection_of(call)?;
        let Role::Gateway(gateway) = &self.nodes[usize::from(call.callee.node)].role else { return None };
        let pin = *gateway.pins.get(usize::from(call.workload))?.get(connection as usize)?;
        let view = &mut self.dispatches[dispatch as usize];
        if pin.opening != opening || !view.is_available(usize::from(pin.row)) {
            return None;
        }
        view.on_send(cx.now(), usize::from(pin.row));
        Some((view.targets[usize::from(pin.row)], Some(Picked { dispatch, row: pin.row })))
    }

    /// Layer 4: remembers where a connection leads.
    fn pin(&mut self, call: &Call, row: u16) {
        let node = usize::from(call.callee.node);
        if !matches!(&self.nodes[node].role, Role::Gateway(gateway) if gateway.layer4) {
            return;
        }
        let Some((connection, opening)) = self.connection_of(call) else { return };
        let Role::Gateway(gateway) = &mut self.nodes[node].role else { return };
        let workload = usize::from(call.workload);
        if gateway.pins.len() <= workload {
            gateway.pins.resize(workload + 1, Vec::new());
        }
        let pins = &mut gateway.pins[workload];
        if pins.len() <= connection as usize {
            pins.resize(connection as usize + 1, Pin::default());
        }
        pins[connection as usize] = Pin { opening, row };
    }

    /// The reply of a backend.
    #[inline(always)]
    pub(crate) fn gateway_hears(
        &mut self,
        id: CallId,
        attempt: &Ended,
        outcome: Outcome,
        cx: &mut Context<Event>,
    ) {
        let Some(call) = self.calls.get(id).copied() else { return };
        let Role::Gateway(gateway) = &mut self.nodes[usize::from(call.callee.node)].role else { return };
        if gateway.tries_again(outcome, call.step) {
            if let Some(picked) = attempt.picked {
                gateway.tried.entry(id).or_default().push(picked.row);
            }
            return self.forward(id, false, cx);
        }
        self.pass_back(id, outcome, cx);
    }

    /// The balancer is done with a call.
    #[inline(always)]
    fn pass_back(&mut self, id: CallId, outcome: Outcome, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id).copied() else { return };
        let node = &mut self.nodes[usize::from(call.callee.node)];
        node.forget(id);
        node.on_leave(call.callee.server, cx.now(), call.arrived, outcome);
        if !self.truth.is_idle() {
            self.settle_truth(id, outcome, cx);
        }
        self.reply(id, outcome, cx);
    }
}
