//! Down: from the caller through the stages to the wire, once and again.

use sim_core::{
    random::name_hash,
    simulation::Context,
    time::{SimDuration, SimTime},
};
use slotmap::Key;

use super::{Asker, Crossing, Descent, Errand, Stay};
use crate::{
    event::Event,
    node::{choice::Wish, travel::Order},
    policy::stage::{AnyStage, Down, Passage, Stage, Woken},
    request::{Awaited, CallId, Outcome, PassageId, Reason, RequestId},
    trace::SpanKind,
    world::World,
};

/// Luck of a passage and of what it sends.
pub(super) const PASSAGE: u64 = name_hash("passage");

impl World {
    /// Sends what a caller wants down its pipeline, or at once where nothing stands between.
    #[inline(always)]
    pub(crate) fn ask(&mut self, errand: Errand, cx: &mut Context<Event>) {
        self.call_books[usize::from(errand.way.book)].on_ask();
        if errand.way.pipeline.is_some() {
            return self.enter(errand, cx);
        }
        let Errand { request, origin, parent, way, visit, delay, arriving } = errand;
        let wish = Wish {
            dispatch: way.dispatch,
            node: way.node,
            request,
            luck: origin.luck(),
            from: origin.site(),
            class: origin.class(),
            verb: origin.verb(),
        };
        let Some((callee, picked)) = self.choose(&wish, &[], cx) else {
            self.record_refusal(request, parent, None, Reason::NoBackend, cx.now());
            return self.tell(request, parent, Outcome::Failure(Reason::NoBackend), cx);
        };
        let order = Order {
            request,
            origin,
            parent,
            passage: None,
            callee,
            picked,
            line: way.line,
            book: way.book,
            visit,
            attempt: visit,
            retry: false,
            copy: false,
            delay,
            arriving,
        };
        self.send(order, cx);
    }

    /// Sends what a caller wants down its pipeline.
    #[inline(never)]
    fn enter(&mut self, errand: Errand, cx: &mut Context<Event>) {
        let luck = errand.origin.luck().child(PASSAGE ^ u64::from(errand.way.node), u64::from(errand.visit));
        let descent = Descent { outer: Asker::Caller, stage: 0, attempt: 1, copy: false, luck };
        self.descend(errand, descent, cx);
    }

    /// Takes a call down from a stage on, until one answers in its place or holds it, or it is on the wire.
    pub(super) fn descend(&mut self, errand: Errand, from: Descent, cx: &mut Context<Event>) {
        let Some(pipeline) = errand.way.pipeline else { return };
        let mut descent = from;
        while descent.stage < self.pipelines[pipeline as usize].stages.len() {
            let id = self.open(pipeline, errand, &descent, cx.now());
            let down = self.consult(id, cx, |stage, now, crossing| stage.on_call(now, &mut crossing.view));
            match down {
                Some(Down::Pass) => {}
                Some(Down::PassAndWake(at)) => self.arm(id, at, cx),
                Some(Down::Hold(until)) => {
                    if let Some(crossing) = self.crossings.get_mut(id) {
                        crossing.phase = Stay::Held;
                    }
                    self.record_stay(id, SpanKind::Held, cx.now());
                    return self.arm(id, until, cx);
                }
                Some(Down::Refuse(reason)) => {
                    self.call_books[usize::from(errand.way.book)].on_refuse();
                    let stage = self.pipelines[pipeline as usize].stages[descent.stage].0;
                    self.record_refusal(errand.request, errand.parent, Some(stage), reason, cx.now());
                    self.shut(id);
                    return self.rise(&errand, descent.outer, Outcome::Failure(reason), cx);
                }
                None => return,
            }
            descent.outer = Asker::Passage(id);
            descent.stage += 1;
            descent.luck = descent.luck.child(PASSAGE, 0);
        }
        let Asker::Passage(innermost) = descent.outer else { return };
        self.emit(&errand, innermost, &descent, cx);
    }

    /// Opens a passage and tells whoever waits outside.
    pub(super) fn open(
        &mut self,
        pipeline: u32,
        errand: Errand,
        descent: &Descent,
        now: SimTime,
    ) -> PassageId {
        let outside = match descent.outer {
            Asker::Caller => SimTime::NEVER,
            Asker::Passage(outer) => self.deadline_below(outer),
        };
        let view = Passage {
            id: 0,
            attempt: descent.attempt,
            entered: now,
            priority: errand.origin.priority(),
            deadline: outside,
            luck: descent.luck,
            note: 0,
        };
        let crossing = Crossing {
            pipeline,
            stage: descent.stage,
            outer: descent.outer,
            view,
            errand,
            phase: Stay::Passed,
            wake: SimTime::NEVER,
            below: Vec::new(),
            sent: 1,
            copy: descent.copy,
        };
        let id = self.crossings.insert(crossing);
        self.crossings[id].view.id = id.data().as_ffi();
        self.opened += 1;
        self.tie(&errand, descent.outer, Awaited::Passage(id));
        id
    }

    /// When the first of a stage and those outside it stops waiting.
    fn deadline_below(&self, id: PassageId) -> SimTime {
        let Some(crossing) = self.crossings.get(id) else { return SimTime::NEVER };
        // Of the stages only timeouts mean to answer by the time they asked for.
        let stage = &self.pipelines[crossing.pipeline as usize].stages[crossing.stage].1;
        let own = if matches!(stage, AnyStage::Timeout(_)) { crossing.wake } else { SimTime::NEVER };
        crossing.view.deadline.min(own)
    }

    /// Puts an attempt on the wire, sent by the innermost stage.
    pub(super) fn emit(
        &mut self,
        errand: &Errand,
        innermost: PassageId,
        from: &Descent,
        cx: &mut Context<Event>,
    ) {
        let Errand { request, origin, parent, way, visit, delay, arriving } = *errand;
        let attempt = origin.with_luck(from.luck).until(self.deadline_below(innermost));
        let origin = if from.copy { attempt.as_copy() } else { attempt };
        let wish = Wish {
            dispatch: way.dispatch,
            node: way.node,
            request,
            luck: from.luck,
            from: origin.site(),
            class: origin.class(),
            verb: origin.verb(),
        };
        let Some((callee, picked)) = self.choose(&wish, &[], cx) else {
            self.record_refusal(request, parent, None, Reason::NoBackend, cx.now());
            return self.hear(innermost, Outcome::Failure(Reason::NoBackend), cx);
        };
        let order = Order {
            request,
            origin,
            parent,
            passage: Some(innermost),
            callee,
            picked,
            line: way.line,
            book: way.book,
            visit,
            attempt: from.attempt as u16,
            retry: from.attempt > 1,
            copy: from.copy,
            delay,
            arriving,
        };
        self.send(order, cx);
    }

    /// Notes what whoever is outside waits for.
    fn tie(&mut self, errand: &Errand, outer: Asker, awaits: Awaited) {
        match outer {
            Asker::Caller => self.tie_caller(errand.request, errand.parent, awaits),
            Asker::Passage(outer) => self.tie_passage(outer, awaits),
        }
    }

    /// Notes what a passage waits for.
    pub(crate) fn tie_passage(&mut self, id: PassageId, awaits: Awaited) {
        if let Some(crossing) = self.crossings.get_mut(id) {
            crossing.below.push(awaits);
        }
    }

    /// Notes what a caller waits for.
    #[inline(always)]
    pub(crate) fn tie_caller(&mut self, request: RequestId, parent: Option<CallId>, awaits: Awaited) {
        match parent {
            Some(parent) => {
                if let Some(call) = self.calls.get_mut(parent) {
                    call.awaits = awaits;
                }
            }
            None => {
                if let Some(request) = self.requests.get_mut(request) {
                    request.awaits = awaits;
                }
            }
        }
    }

    /// A passage's time has come, if it still is the one it asked for.
    pub(crate) fn on_wake(&mut self, id: PassageId, cx: &mut Context<Event>) {
        let Some(crossing) = self.crossings.get_mut(id) else { return };
        if crossing.wake != cx.now() {
            return;
        }
        crossing.wake = SimTime::NEVER;
        if crossing.phase == Stay::Pausing {
            crossing.phase = Stay::Passed;
            crossing.sent += 1;
            let attempt = crossing.sent;
            let copy = crossing.copy;
            self.record_going_on(id, cx.now());
            return self.send_down(id, attempt, copy, cx);
        }
        match self.consult(id, cx, |stage, now, crossing| stage.on_wake(now, &mut crossing.view)) {
            Some(Woken::Deliver(outcome)) => {
                self.record_answer(id, outcome, cx.now());
                self.deliver(id, outcome, cx);
            }
            Some(Woken::Another(next)) => {
                self.arm(id, next, cx);
                let Some(crossing) = self.crossings.get_mut(id) else { return };
                crossing.sent += 1;
                let attempt = crossing.view.attempt;
                self.send_down(id, attempt, true, cx);
            }
            Some(Woken::Sleep) | None => {}
        }
    }

    /// Sends the call of an open passage down again from the stage below.
    pub(super) fn send_down(&mut self, id: PassageId, attempt: u32, copy: bool, cx: &mut Context<Event>) {
        let Some(crossing) = self.crossings.get(id) else { return };
        let errand = Errand { delay: SimDuration::ZERO, arriving: false, ..crossing.errand };
        let descent = Descent {
            outer: Asker::Passage(id),
            stage: crossing.stage + 1,
            attempt,
            copy,
            luck: crossing.view.luck.child(PASSAGE, u64::from(crossing.sent)),
        };
        self.descend(errand, descent, cx);
    }

    /// Lets in whoever waits at a stage that has room now.
    pub(super) fn let_in(&mut self, pipeline: u32, place: usize, cx: &mut Context<Event>) {
        while let Some(next) = self.pipelines[pipeline as usize].stages[place].1.release(cx.now()) {
            let id = PassageId::from(slotmap::KeyData::from_ffi(next));
            let Some(crossing) = self.crossings.get_mut(id) else { continue };
            crossing.phase = Stay::Passed;
            crossing.wake = SimTime::NEVER;
            let (attempt, copy) = (crossing.view.attempt, crossing.copy);
            self.record_going_on(id, cx.now());
            self.send_down(id, attempt, copy, cx);
        }
    }

    /// Lets a passage be woken at a time, instead of any time it asked for before.
    pub(super) fn arm(&mut self, id: PassageId, at: SimTime, cx: &mut Context<Event>) {
        let Some(crossing) = self.crossings.get_mut(id) else { return };
        crossing.wake = at;
        if at < SimTime::NEVER {
            cx.at(at, Event::Wake(id));
        }
    }
}
