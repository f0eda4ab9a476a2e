//! Up: a reply on its way to the caller, and the word to those inside that none is wanted.

use sim_core::{simulation::Context, time::SimDuration};

use super::{Asker, Crossing, Descent, Errand, Stay, down::PASSAGE};
use crate::{
    event::Event,
    policy::stage::{Stage, Up},
    request::{Awaited, CallId, Outcome, PassageId, RequestId},
    trace::SpanKind,
    world::World,
};

impl World {
    /// A reply comes up to a passage from what was below it.
    pub(crate) fn hear_of(
        &mut self,
        id: PassageId,
        from: Awaited,
        outcome: Outcome,
        cx: &mut Context<Event>,
    ) {
        if let Some(crossing) = self.crossings.get_mut(id) {
            crossing.below.retain(|below| *below != from);
        }
        self.hear(id, outcome, cx);
    }

    pub(super) fn hear(&mut self, id: PassageId, outcome: Outcome, cx: &mut Context<Event>) {
        let up =
            self.consult(id, cx, |stage, now, crossing| stage.on_reply(now, &mut crossing.view, outcome));
        match up {
            Some(Up::Deliver(outcome)) => self.deliver(id, outcome, cx),
            Some(Up::Again(pause)) => {
                if let Some(crossing) = self.crossings.get_mut(id) {
                    crossing.phase = Stay::Pausing;
                }
                self.record_stay(id, SpanKind::Pause, cx.now());
                self.arm(id, cx.now() + pause, cx);
            }
            Some(Up::Elsewhere) => self.ask_fallback(id, outcome, cx),
            Some(Up::Wait) | None => {}
        }
    }

    /// Asks the service that answers in the callee's place.
    pub(super) fn ask_fallback(&mut self, id: PassageId, outcome: Outcome, cx: &mut Context<Event>) {
        let Some(crossing) = self.crossings.get_mut(id) else { return };
        let Some(way) = self.pipelines[crossing.pipeline as usize].fallback else {
            return self.deliver(id, outcome, cx);
        };
        crossing.sent += 1;
        let descent = Descent {
            outer: Asker::Passage(id),
            stage: crossing.stage + 1,
            attempt: 1,
            copy: false,
            luck: crossing.view.luck.child(PASSAGE, u64::from(crossing.sent)),
        };
        let errand = Errand { way, delay: SimDuration::ZERO, arriving: false, ..crossing.errand };
        self.emit(&errand, id, &descent, cx);
    }

    /// A passage answers: all below it is abandoned, it closes, and the answer goes further up.
    pub(super) fn deliver(&mut self, id: PassageId, outcome: Outcome, cx: &mut Context<Event>) {
        self.abandon_below(id, cx);
        self.record_going_on(id, cx.now());
        let Some(crossing) = self.shut(id) else { return };
        self.let_in(crossing.pipeline, crossing.stage, cx);
        let from = Awaited::Passage(id);
        match crossing.outer {
            Asker::Passage(outer) => self.hear_of(outer, from, outcome, cx),
            Asker::Caller => self.tell(crossing.errand.request, crossing.errand.parent, outcome, cx),
        }
    }

    /// An answer to somebody whose passage was never open.
    pub(super) fn rise(&mut self, errand: &Errand, outer: Asker, outcome: Outcome, cx: &mut Context<Event>) {
        match outer {
            Asker::Passage(outer) => self.hear(outer, outcome, cx),
            Asker::Caller => self.tell(errand.request, errand.parent, outcome, cx),
        }
    }

    /// The answer reaches the caller itself.
    pub(super) fn tell(
        &mut self,
        request: RequestId,
        parent: Option<CallId>,
        outcome: Outcome,
        cx: &mut Context<Event>,
    ) {
        match parent {
            None => {
                self.client_hears(request, outcome, cx);
            }
            Some(parent) => self.service_hears(parent, outcome, cx),
        }
    }

    /// Takes a passage out of the arena, and out of what its outer one waits for.
    pub(super) fn shut(&mut self, id: PassageId) -> Option<Crossing> {
        let crossing = self.crossings.remove(id)?;
        self.closed += 1;
        if let Asker::Passage(outer) = crossing.outer
            && let Some(outer) = self.crossings.get_mut(outer)
        {
            outer.below.retain(|below| *below != Awaited::Passage(id));
        }
        Some(crossing)
    }

    /// Nobody waits any more for what somebody waited for.
    pub(crate) fn abandon_awaited(&mut self, awaited: Awaited, cx: &mut Context<Event>) {
        match awaited {
            Awaited::Nothing => {}
            Awaited::Call(call) => self.abandon(call, cx),
            Awaited::Passage(id) => self.abandon_passage(id, cx),
        }
    }

    /// All that is below a passage is told, innermost first, that no reply is wanted.
    pub(super) fn abandon_below(&mut self, id: PassageId, cx: &mut Context<Event>) {
        while let Some(below) = self.crossings.get_mut(id).and_then(|crossing| crossing.below.pop()) {
            self.abandon_awaited(below, cx);
        }
    }

    pub(super) fn abandon_passage(&mut self, id: PassageId, cx: &mut Context<Event>) {
        self.abandon_below(id, cx);
        self.consult(id, cx, |stage, now, crossing| stage.on_abandon(now, &crossing.view));
        self.record_going_on(id, cx.now());
        if let Some(crossing) = self.shut(id) {
            self.let_in(crossing.pipeline, crossing.stage, cx);
        }
    }

    /// The call that somebody waits for, through however many stages; the first of several. It may be gone.
    pub(crate) fn awaited_call(&self, awaited: Awaited) -> Option<CallId> {
        let mut awaited = awaited;
        loop {
            awaited = match awaited {
                Awaited::Nothing => return None,
                Awaited::Call(id) => return Some(id),
                Awaited::Passage(id) => *self.crossings.get(id)?.below.first()?,
            };
        }
    }

    /// The call at the end of what somebody waits for: the first of several.
    pub(crate) fn innermost(&self, awaited: Awaited) -> Option<CallId> {
        let mut innermost = None;
        let mut next = self.awaited_call(awaited);
        // A caller keeps the name of what it heard of last: who is gone is not waited for.
        while let Some((id, call)) = next.and_then(|id| Some((id, self.calls.get(id)?))) {
            innermost = Some(id);
            next = self.awaited_call(call.awaits);
        }
        innermost
    }
}
