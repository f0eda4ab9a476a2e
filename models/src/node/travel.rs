//! A call's way: sent, delivered, answered, or given up.
//!
//! A caller that gives up does not stop the work: the call goes on, awaited by nobody, and what is done for it
//! is counted as wasted, unless the callee says that it listens for cancellation.

use sim_core::{
    deadlines::Due,
    random::{Luck, name_hash},
    simulation::Context,
    time::{SimDuration, SimTime},
};

use super::{network::Passage, origin::Origin, tracing::record};
use crate::{
    event::Event,
    request::{
        Awaited, Call, CallId, Ended, Instance, Outcome, PassageId, Phase, Picked, Reason, RequestId, Site,
    },
    trace::SpanKind,
    world::{Role, World},
};

/// Legs of a call through the network.
pub(super) const OUT: u64 = 0;
pub(super) const BACK: u64 = 1;

/// The luck of an attempt and the need of a visit are the caller's, told apart by place and number.
const ATTEMPT: u64 = name_hash("attempt");
const VISIT: u64 = name_hash("visit");

/// What a caller asks for.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// For whom.
    pub request: RequestId,
    /// What the call inherits from whoever asks.
    pub origin: Origin,
    /// Who asks, if a component does.
    pub parent: Option<CallId>,
    /// The stage that sends it, if any.
    pub passage: Option<PassageId>,
    /// Who shall answer.
    pub callee: Instance,
    /// By which view and row it was picked.
    pub picked: Option<Picked>,
    /// The line of deadlines to stand in, if the caller has a timeout.
    pub line: Option<u16>,
    /// Where the call is booked.
    pub book: u16,
    /// Which of the caller's steps it is for: its work is the same at every attempt.
    pub visit: u16,
    /// Which call of this caller it is: each has chance of its own on its way.
    pub attempt: u16,
    /// Whether an earlier one failed.
    pub retry: bool,
    /// Whether an earlier one is still out.
    pub copy: bool,
    /// How much later than now it leaves: a connection has to be opened first.
    pub delay: SimDuration,
    /// Whether it is sent as part of an arrival: where the way takes no time it is then delivered on the spot, since
    /// nothing that is due now comes before an arrival. Anything else stands behind all that is due.
    pub arriving: bool,
}

impl World {
    /// Sends a call.
    #[inline(always)]
    pub(crate) fn send(&mut self, order: Order, cx: &mut Context<Event>) -> CallId {
        let now = cx.now();
        let place = self.nodes[usize::from(order.callee.node)].place;
        let origin = order.origin;
        let luck = origin.luck.child(place ^ ATTEMPT, u64::from(order.attempt));
        let own = order.line.map_or(SimTime::NEVER, |line| now + self.lines[usize::from(line)].length());
        let inherits = origin.deadline < own && self.propagates(origin.workload);
        let deadline = if inherits { origin.deadline } else { own };
        let id = self.calls.insert(Call {
            request: order.request,
            workload: origin.workload,
            class: origin.class,
            priority: origin.priority,
            hops: origin.hops,
            phase: Phase::Travelling,
            awaited: true,
            degraded: false,
            followed: origin.followed,
            asked: origin.verb.into(),
            found: false,
            traced: origin.traced,
            run: 0,
            step: 0,
            callee: order.callee,
            book: order.book,
            parent: order.parent,
            passage: order.passage,
            awaits: Awaited::Nothing,
            picked: order.picked,
            ticket: None,
            luck,
            need: origin.need.child(place ^ VISIT, u64::from(order.visit)),
            sent: now,
            arrived: now,
            started: now,
            deadline,
            resumed: now,
            work: SimDuration::ZERO,
        });
        if origin.traced {
            let Order { request, parent, attempt, retry, copy, callee, .. } = order;
            self.record_sending(id, (request, parent), (attempt, retry, copy), callee, now);
        }
        let elsewhere =
            !self.network.is_one_place() && self.network.are_apart(origin.site, self.site(order.callee));
        self.call_books[usize::from(order.book)].on_send(order.retry, order.copy, elsewhere);
        if let Some(line) = order.line {
            self.stand_in(line, id, cx);
        }
        if inherits {
            cx.at(deadline.max(now), Event::Expire(id));
        }
        match order.passage {
            None => self.tie_caller(order.request, order.parent, Awaited::Call(id)),
            Some(passage) => self.tie_passage(passage, Awaited::Call(id)),
        }
        self.depart(id, &order, luck, cx);
        id
    }

    /// Puts a call on the wire towards its callee.
    #[inline(always)]
    fn depart(&mut self, id: CallId, order: &Order, luck: Luck, cx: &mut Context<Event>) {
        match self.passage(order, luck) {
            Passage::Arrives(travel) if (travel + order.delay).is_zero() => {
                if !order.arriving {
                    return cx.now_too(Event::Deliver(id));
                }
                if order.origin.hops == 0 {
                    return self.turn_away(id, Reason::TooDeep, SimDuration::ZERO, cx);
                }
                self.arrive(id, cx);
            }
            Passage::Arrives(travel) => cx.after(travel + order.delay, Event::Deliver(id)),
            Passage::Lost => self.lose(id, cx.now()),
        }
    }

    /// A message is lost, or whoever took it is silent.
    pub(super) fn lose(&mut self, id: CallId, now: SimTime) {
        let Some(call) = self.calls.get_mut(id) else { return };
        call.phase = Phase::Lost;
        if call.traced {
            record(&mut self.tracer, move |tracer| tracer.turn_to(id, SpanKind::Lost, now));
        }
    }

    #[inline(always)]
    fn passage(&self, order: &Order, luck: Luck) -> Passage {
        if self.network.is_instant() || self.nodes[usize::from(order.callee.node)].is_inside {
            return Passage::Arrives(SimDuration::ZERO);
        }
        let size = self.requests.get(order.request).map_or(0, |request| request.size);
        self.network.send(order.origin.site, self.site(order.callee), luck, OUT, size)
    }

    /// A leg of a call that goes another way than there and back.
    pub(super) fn leg(&self, from: Site, to: Site, luck: Luck, leg: u64) -> Passage {
        if self.network.is_instant() {
            return Passage::Arrives(SimDuration::ZERO);
        }
        self.network.send(from, to, luck, leg, 0)
    }

    /// A call reaches its callee.
    #[inline]
    pub(crate) fn on_deliver(&mut self, id: CallId, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id) else { return };
        let node = &self.nodes[usize::from(call.callee.node)];
        if !call.awaited && node.cancels {
            self.part_with(id, Outcome::Failure(Reason::Cancelled), cx.now());
            return;
        }
        if call.hops == 0 {
            return self.turn_away(id, Reason::TooDeep, SimDuration::ZERO, cx);
        }
        self.arrive(id, cx);
    }

    /// The callee has its answer: sends it back.
    #[inline]
    pub(crate) fn reply(&mut self, id: CallId, outcome: Outcome, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id) else { return };
        if call.traced {
            let now = cx.now();
            record(&mut self.tracer, move |tracer| tracer.finish(id, now));
        }
        if !call.awaited {
            self.part_with(id, outcome, cx.now());
            return;
        }
        if self.network.is_instant() || self.nodes[usize::from(call.callee.node)].is_inside {
            return self.on_reply(id, outcome, cx);
        }
        let (from, to) = (self.site(call.callee), self.caller_site(call));
        match self.network.send(from, to, call.luck, BACK, 0) {
            Passage::Arrives(SimDuration::ZERO) => self.on_reply(id, outcome, cx),
            Passage::Arrives(travel) => {
                let call = &mut self.calls[id];
                (call.phase, call.resumed) = (Phase::Returning, cx.now());
                cx.after(travel, Event::Reply { call: id, outcome });
            }
            Passage::Lost => self.lose(id, cx.now()),
        }
    }

    /// A reply reaches its caller.
    #[inline(always)]
    pub(crate) fn on_reply(&mut self, id: CallId, outcome: Outcome, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id) else { return };
        let (awaited, watched, ended) = (call.awaited, call.followed || call.traced, call.ended());
        if watched {
            self.follow(id, cx.now());
            self.part_with(id, outcome, cx.now());
        } else {
            self.calls.remove(id);
        }
        if awaited {
            self.settle(id, &ended, outcome, cx);
        }
    }

    /// Notes where the time of a call went, and of whatever it still waits for, if its request is followed and still
    /// wants an answer.
    #[cold]
    fn follow(&mut self, id: CallId, now: SimTime) {
        let mut next = vec![id];
        while let Some(id) = next.pop() {
            let Some(call) = self.calls.get(id).filter(|call| call.followed && call.awaited) else {
                continue;
            };
            let Some(request) = self.requests.get(call.request) else { continue };
            let (number, workload) = (request.followed, usize::from(request.workload));
            let mut visit = call.visit(id, now);
            // What a branch asks for is asked for its request.
            visit.parent = visit.parent.map(|parent| self.tasks.whole(parent));
            let branches = self.tasks.family(id).into_iter().filter_map(|branch| self.calls.get(branch));
            next.extend(branches.filter_map(|branch| self.awaited_call(branch.awaits)));
            self.workloads[workload].journeys.visit(number, visit);
        }
    }

    /// A call has its outcome: tells the view that picked its callee, then whoever asked.
    #[inline(always)]
    fn settle(&mut self, id: CallId, call: &Ended, outcome: Outcome, cx: &mut Context<Event>) {
        self.release(call, outcome, cx);
        if let Some(passage) = call.passage {
            return self.hear_of(passage, Awaited::Call(id), outcome, cx);
        }
        match call.parent {
            None => {
                if !self.client_hears(call.request, outcome, cx) {
                    self.copier_hears(id, call.callee.node, outcome, cx);
                }
            }
            Some(parent) => {
                let Some(asker) = self.calls.get(parent) else { return };
                let callee = asker.callee;
                match self.nodes[usize::from(callee.node)].role {
                    Role::Service(_) => self.service_hears(parent, outcome, cx),
                    Role::Gateway(_) => self.gateway_hears(parent, call, outcome, cx),
                }
            }
        }
    }

    /// Books how a call ended, and tells the view that picked its callee.
    #[inline(always)]
    fn release(&mut self, call: &Ended, outcome: Outcome, cx: &mut Context<Event>) {
        let now = cx.now();
        self.call_books[usize::from(call.book)].on_end(outcome, now.since(call.sent));
        let Some(picked) = call.picked else { return };
        let dispatch = &mut self.dispatches[picked.dispatch as usize];
        // Error replies carry a report like others: it is what tells of errors.
        let replied = matches!(outcome, Outcome::Success | Outcome::Failure(Reason::Error));
        let report = (dispatch.wants.reports && replied).then(|| {
            self.nodes[usize::from(call.callee.node)].servers[usize::from(call.callee.server)].report(now)
        });
        let decided = dispatch.on_reply(now, usize::from(picked.row), now.since(call.sent), outcome, report);
        if dispatch.care.is_some() {
            self.log_care(picked, decided, cx);
        }
    }

    /// A line of deadlines falls due.
    pub(crate) fn on_deadlines(&mut self, line: u16, cx: &mut Context<Event>) {
        let now = cx.now();
        loop {
            let calls = &self.calls;
            match self.lines[usize::from(line)].due(now, |id| calls.get(id).is_some_and(|call| call.awaited))
            {
                Due::Now(id) => self.give_up(id, Reason::TimedOut, cx),
                Due::Later(deadline) => return cx.at(deadline, Event::Deadlines { line }),
                Due::Nothing => return,
            }
        }
    }

    fn stand_in(&mut self, line: u16, id: CallId, cx: &mut Context<Event>) {
        let calls = &self.calls;
        let armed = self.lines[usize::from(line)]
            .set(cx.now(), id, |id| calls.get(id).is_some_and(|call| call.awaited));
        if let Some(deadline) = armed {
            cx.at(deadline, Event::Deadlines { line });
        }
    }

    /// Whether the deadlines of a workload's clients travel with its requests.
    #[inline(always)]
    pub(crate) fn propagates(&self, workload: u16) -> bool {
        self.deadlines_travel && self.workloads[usize::from(workload)].propagates
    }

    /// Whether nobody wants the answer to a call any more, and whoever answers knows.
    #[inline(always)]
    pub(super) fn comes_too_late(&self, id: CallId, now: SimTime) -> bool {
        let late = |call: &Call| call.deadline <= now && self.propagates(call.workload);
        self.deadlines_travel && self.calls.get(id).is_some_and(late)
    }

    /// A deadline that a call inherited passes: its caller stops waiting, since those further out have.
    pub(crate) fn on_expire(&mut self, id: CallId, cx: &mut Context<Event>) {
        if self.calls.get(id).is_some_and(|call| call.awaited) {
            self.give_up(id, Reason::Expired, cx);
        }
    }

    /// The caller stops waiting, and hears so itself.
    pub(crate) fn give_up(&mut self, id: CallId, reason: Reason, cx: &mut Context<Event>) {
        let Some(ended) = self.calls.get(id).map(Call::ended) else { return };
        self.follow(id, cx.now());
        self.let_go(id, reason, cx);
        self.settle(id, &ended, Outcome::Failure(reason), cx);
    }

    /// The caller stops waiting for reasons of its own; only the view hears.
    pub(crate) fn abandon(&mut self, id: CallId, cx: &mut Context<Event>) {
        let Some(call) = self.calls.get(id) else { return };
        let (awaited, ended) = (call.awaited, call.ended());
        if awaited {
            self.follow(id, cx.now());
            self.let_go(id, Reason::Cancelled, cx);
            self.release(&ended, Outcome::Failure(Reason::Cancelled), cx);
        }
    }

    /// Nobody waits for a call any more: ends it where the callee listens, else lets it run on.
    fn let_go(&mut self, id: CallId, reason: Reason, cx: &mut Context<Event>) {
        let (now, outcome) = (cx.now(), Outcome::Failure(reason));
        let Some(call) = self.calls.get_mut(id) else { return };
        call.awaited = false;
        let (callee, phase) = (call.callee, call.phase);
        if call.traced {
            record(&mut self.tracer, move |tracer| tracer.give_up(id, outcome.into(), now));
        }
        match phase {
            Phase::Lost => {
                self.part_with(id, outcome, now);
            }
            Phase::Waiting | Phase::Running | Phase::Calling
                if self.nodes[usize::from(callee.node)].cancels =>
            {
                self.cancel(id, cx);
            }
            Phase::Travelling | Phase::Returning | Phase::Waiting | Phase::Running | Phase::Calling => {}
        }
    }

    /// Where a server stands.
    #[inline]
    pub(crate) fn site(&self, instance: Instance) -> Site {
        self.nodes[usize::from(instance.node)].servers[usize::from(instance.server)].site
    }

    /// The region of a site.
    pub(crate) fn region(&self, site: Site) -> u16 {
        self.network.locations()[usize::from(site.0)].region
    }

    pub(super) fn caller_site(&self, call: &Call) -> Site {
        match call.parent.and_then(|parent| self.calls.get(parent)) {
            Some(parent) => self.site(parent.callee),
            None => self.requests.get(call.request).map_or(Site::default(), |request| request.site),
        }
    }
}
