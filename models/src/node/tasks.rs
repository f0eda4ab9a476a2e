//! Tasks: parts of a request's work that go on beside the rest, each a call of its own in the arena with its own place
//! in the program. Branches are waited for by whoever forked them; what was spawned is waited for by nobody.
//!
//! All of this stands beside the calls: a system without such steps pays for one look at an empty map.

use std::collections::VecDeque;

use sim_core::{
    simulation::Context,
    time::{SimDuration, SimTime},
};
use slotmap::SecondaryMap;

use super::{
    outliving::Outliving,
    program::{Aside, Fork},
    section::Permit,
    tracing::record,
};
use crate::{
    event::Event,
    request::{Awaited, Call, CallId, Outcome, Phase, Reason, RequestId},
    trace::SpanKind,
    world::{Role, World},
};

/// What few calls have.
#[derive(Debug, Default)]
pub struct Tasks {
    /// The calls that are tasks.
    pub(super) all: SecondaryMap<CallId, Task>,
    /// What a call that forked waits for.
    groups: SecondaryMap<CallId, Group>,
    /// Who computes on the one thread of a call whose branches do.
    pub(super) threads: SecondaryMap<CallId, Thread>,
    /// Permits, in the order in which they were asked for.
    permits: SecondaryMap<CallId, Vec<Permit>>,
    /// What requests asked for that may be over before what they left behind.
    pub(crate) outliving: Outliving,
}

/// A part of a request's work.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    /// Where its own steps begin.
    start: u16,
    pub(super) kind: Kind,
}

/// Who waits for a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The call that forked it.
    Branch(CallId),
    /// Nobody any more: the others were enough.
    Straggler,
    /// Nobody ever.
    Spawned,
}

/// Branches that a call waits for.
#[derive(Debug)]
struct Group {
    /// Those under way.
    members: Vec<CallId>,
    /// How many must succeed.
    needed: usize,
    /// How many have.
    succeeded: usize,
    /// Whether the rest is ended once all is decided.
    cancels: bool,
}

/// The one thread of a request, and its branches that want to compute.
#[derive(Debug, Default)]
pub(super) struct Thread {
    /// Who computes.
    pub(super) computing: Option<CallId>,
    /// Who wants to.
    pub(super) ready: VecDeque<CallId>,
}

impl Tasks {
    /// Whether a call is a task.
    #[inline(always)]
    pub(crate) fn is_task(&self, id: CallId) -> bool {
        !self.all.is_empty() && self.all.contains_key(id)
    }

    /// Whether a call has nothing here.
    #[inline(always)]
    fn are_none(&self) -> bool {
        self.all.is_empty() && self.permits.is_empty()
    }

    /// What a request asked for, if anything goes on for it by itself.
    pub(super) fn outliving(&self, request: RequestId) -> Option<u64> {
        self.outliving.key(request)
    }

    /// Where the steps of a call begin.
    pub(super) fn begun_at(&self, id: CallId) -> u16 {
        self.all.get(id).map_or(0, |task| task.start)
    }

    /// Whether somebody waits for a task.
    pub(crate) fn is_branch(&self, id: CallId) -> bool {
        self.all.get(id).is_some_and(|task| matches!(task.kind, Kind::Branch(_)))
    }

    /// Whether a task is, or is a part of, what nobody waits for.
    pub(crate) fn is_apart(&self, id: CallId) -> bool {
        self.all.contains_key(self.whole(id))
    }

    /// Whether the work of a task is of use to nobody.
    pub(super) fn is_straggler(&self, id: CallId) -> bool {
        self.all.get(id).is_some_and(|task| task.kind == Kind::Straggler)
    }

    /// The request's own call, or what goes on by itself, that a task is a part of.
    #[inline(always)]
    pub(crate) fn whole(&self, id: CallId) -> CallId {
        let mut whole = id;
        if self.all.is_empty() {
            return whole;
        }
        while let Some(Task { kind: Kind::Branch(owner), .. }) = self.all.get(whole) {
            whole = *owner;
        }
        whole
    }

    /// A task and all that is below it.
    pub(crate) fn family(&self, id: CallId) -> Vec<CallId> {
        let mut family = vec![id];
        let mut next = 0;
        while let Some(member) = family.get(next).copied() {
            family.extend(self.groups.get(member).into_iter().flat_map(|group| &group.members));
            next += 1;
        }
        family
    }

    pub(super) fn note_permit(&mut self, id: CallId, permit: Permit) {
        match self.permits.get_mut(id) {
            Some(permits) => permits.push(permit),
            None => drop(self.permits.insert(id, vec![permit])),
        }
    }

    pub(super) fn last_permit(&mut self, id: CallId) -> Option<&mut Permit> {
        self.permits.get_mut(id)?.last_mut()
    }

    pub(super) fn take_permit(&mut self, id: CallId) -> Option<Permit> {
        let permits = self.permits.get_mut(id)?;
        let permit = permits.pop();
        if permits.is_empty() {
            self.permits.remove(id);
        }
        permit
    }

    /// Every permit held or waited for, and by whom.
    pub(crate) fn permits(&self) -> impl Iterator<Item = (CallId, &Permit)> {
        self.permits.iter().flat_map(|(id, permits)| permits.iter().map(move |permit| (id, permit)))
    }
}

impl World {
    /// Does what few services do.
    pub(super) fn step_aside(&mut self, id: CallId, aside: Aside, cx: &mut Context<Event>) {
        match aside {
            Aside::Fork(fork) => self.fork(id, &fork, cx),
            Aside::Spawn { behind } => {
                self.spawn(id, behind, cx);
                self.go_on_after(id, SimDuration::ZERO, cx);
            }
            Aside::End => {
                let degraded = self.calls.get(id).is_some_and(|call| call.degraded);
                self.conclude(id, if degraded { Outcome::Degraded } else { Outcome::Success }, cx);
            }
            Aside::Enter(resource) => {
                if self.enter_section(id, resource, cx.now()) {
                    self.go_on_after(id, SimDuration::ZERO, cx);
                }
            }
            Aside::Shelving(what) => self.shelve(id, what, cx),
            Aside::Gather(gather) => self.gather(id, &gather, cx),
            Aside::Query(route, verb) => self.query(id, route, verb, cx),
            Aside::Replicate(what) => self.replicate(id, what, cx),
            Aside::Index(what) => self.index(id, what, cx),
            Aside::Transact(what) => self.transact(id, what, cx),
            Aside::Leave => {
                self.leave_section(id, cx);
                self.go_on_after(id, SimDuration::ZERO, cx);
            }
        }
    }

    /// A call goes on at several places and waits until enough of them came to a good end.
    pub(super) fn fork(&mut self, id: CallId, fork: &Fork, cx: &mut Context<Event>) {
        let Some(owner) = self.calls.get_mut(id) else { return };
        owner.step = fork.behind;
        let owner = *owner;
        let members: Vec<CallId> = fork
            .starts
            .iter()
            .map(|start| {
                let part = Call { step: *start, awaited: false, degraded: false, ..part_of(&owner) };
                let branch = self.add_task(part, Kind::Branch(id));
                self.record_part(branch, id, SpanKind::Branch, cx.now());
                branch
            })
            .collect();
        let Fork { needed, cancels, .. } = *fork;
        let group = Group { members: members.clone(), needed: needed as usize, succeeded: 0, cancels };
        self.tasks.groups.insert(id, group);
        for member in members {
            // One that came before may have decided it all.
            if self.tasks.is_task(member) {
                self.next_step(member, cx);
            }
        }
    }

    fn add_task(&mut self, part: Call, kind: Kind) -> CallId {
        let (start, id) = (part.step, self.calls.insert(part));
        self.tasks.all.insert(id, Task { start, kind });
        id
    }

    /// What follows goes on by itself, the call behind it.
    pub(super) fn spawn(&mut self, id: CallId, behind: u16, cx: &mut Context<Event>) -> Option<CallId> {
        let call = self.calls.get_mut(id)?;
        let step = std::mem::replace(&mut call.step, behind);
        let part = Call { step, ..part_of(call) };
        self.set_off(id, part, cx)
    }

    /// A part of a call goes on by itself from its step on.
    pub(super) fn set_off(&mut self, id: CallId, part: Call, cx: &mut Context<Event>) -> Option<CallId> {
        let Role::Service(service) = &self.nodes[usize::from(part.callee.node)].role else { return None };
        let book = service.spawned?;
        // It is awaited, as far as its book goes, and by no deadline.
        let part = Call { awaited: true, book, sent: cx.now(), deadline: SimTime::NEVER, ..part };
        self.call_books[usize::from(book)].on_ask();
        self.call_books[usize::from(book)].on_send(false, false, false);
        let request = part.request;
        let key = self.requests.get(request).map(|request| request.key).or(self.tasks.outliving(request));
        let task = self.add_task(part, Kind::Spawned);
        if let Some(key) = key {
            self.tasks.outliving.begin(request, key);
        }
        self.record_part(task, id, SpanKind::Spawned, cx.now());
        self.go_on_after(task, SimDuration::ZERO, cx);
        Some(task)
    }

    /// A task comes to its end.
    pub(super) fn end_task(&mut self, id: CallId, outcome: Outcome, cx: &mut Context<Event>) {
        self.clear(id, cx);
        let Some(task) = self.tasks.all.remove(id) else { return };
        let Some(call) = self.calls.get(id).copied() else { return };
        self.part_with(id, outcome, cx.now());
        self.part_leaves(id, call.callee, cx);
        match task.kind {
            Kind::Branch(owner) => self.join(owner, id, outcome, cx),
            Kind::Spawned => self.close_spawned(id, &call, outcome, cx.now()),
            Kind::Straggler => {}
        }
    }

    fn close_spawned(&mut self, id: CallId, call: &Call, outcome: Outcome, now: SimTime) {
        self.lose_entry(id, call.callee.node);
        if let Some(sender) = self.tasks.outliving.end(call.request) {
            self.lose_demotion(sender);
        }
        self.call_books[usize::from(call.book)].on_end(outcome, now.since(call.sent));
    }

    /// A branch came to its end; its owner goes on if that decides it.
    fn join(&mut self, owner: CallId, member: CallId, outcome: Outcome, cx: &mut Context<Event>) {
        let Some(group) = self.tasks.groups.get_mut(owner) else { return };
        group.members.retain(|known| *known != member);
        if outcome.reason().is_none() {
            group.succeeded += 1;
        }
        let enough = group.succeeded >= group.needed;
        let impossible = group.succeeded + group.members.len() < group.needed;
        if let (Outcome::Degraded, Some(call)) = (outcome, self.calls.get_mut(owner)) {
            call.degraded = true;
        }
        if enough || impossible {
            self.decide_group(owner, enough, cx);
        }
    }

    fn decide_group(&mut self, owner: CallId, success: bool, cx: &mut Context<Event>) {
        let Some(group) = self.tasks.groups.remove(owner) else { return };
        for member in group.members {
            if group.cancels {
                self.drop_task(member, Reason::Cancelled, cx);
            } else {
                self.set_free(member, cx);
            }
        }
        if !self.tasks.is_task(owner) {
            self.tasks.threads.remove(owner);
        }
        // Whoever hears of what was dropped may have ended the owner meanwhile.
        if self.calls.get(owner).is_none_or(|call| call.phase != Phase::Calling) {
            return;
        }
        if success {
            // Not at once: a long row of forks would be as deep a recursion.
            self.go_on_after(owner, SimDuration::ZERO, cx);
        } else {
            self.fail(owner, Reason::Error, cx);
        }
    }

    /// A branch goes on although nobody waits for it: without the thread of its request.
    fn set_free(&mut self, id: CallId, cx: &mut Context<Event>) {
        let thread = self.tasks.whole(id);
        let family = self.tasks.family(id);
        let Some(task) = self.tasks.all.get_mut(id) else { return };
        task.kind = Kind::Straggler;
        if self.calls.get(id).is_some_and(|call| call.traced) {
            let now = cx.now();
            record(&mut self.tracer, move |tracer| tracer.set_free(id, now));
        }
        for member in family {
            self.leave_thread(member, thread, cx);
        }
    }

    /// The deadline of a call, or of the request that a task is a part of, has passed: no more is done for it.
    pub(super) fn expire(&mut self, id: CallId, cx: &mut Context<Event>) {
        let whole = self.tasks.whole(id);
        if self.tasks.is_task(whole) {
            self.drop_task(whole, Reason::Expired, cx);
        } else {
            self.finish(whole, Outcome::Failure(Reason::Expired), cx);
        }
    }

    /// A task is ended before it is done.
    pub(crate) fn drop_task(&mut self, id: CallId, reason: Reason, cx: &mut Context<Event>) {
        self.clear(id, cx);
        self.stop_computing(id, cx);
        let Some(task) = self.tasks.all.remove(id) else { return };
        let Some(call) = self.calls.get(id).copied() else { return };
        self.part_with(id, Outcome::Failure(reason), cx.now());
        if task.kind == Kind::Spawned {
            self.close_spawned(id, &call, Outcome::Failure(reason), cx.now());
        }
        self.abandon_awaited(call.awaits, cx);
    }

    /// A call is about to end: so do its branches, and its permits are given back.
    #[inline(always)]
    pub(crate) fn clear(&mut self, id: CallId, cx: &mut Context<Event>) {
        if !self.tasks.are_none() {
            self.clear_away(id, cx);
        }
        if !self.flights.are_none() {
            self.give_up_flight(id, cx);
        }
        if self.transactions.used {
            self.clear_claims(id, cx);
        }
    }

    #[inline(never)]
    fn clear_away(&mut self, id: CallId, cx: &mut Context<Event>) {
        if let Some(group) = self.tasks.groups.remove(id) {
            for member in group.members {
                self.drop_task(member, Reason::Cancelled, cx);
            }
        }
        self.tasks.threads.remove(id);
        self.give_back(id, 0, cx);
    }
}

/// A part of a call, which nobody has sent and which waits for nothing yet.
pub(super) fn part_of(call: &Call) -> Call {
    Call {
        phase: Phase::Calling,
        run: 0,
        parent: None,
        passage: None,
        awaits: Awaited::Nothing,
        picked: None,
        ticket: None,
        ..*call
    }
}
