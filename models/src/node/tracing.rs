//! What the recorder of single requests is told, and by what names what it kept is known.

use sim_core::time::SimTime;

use super::pipeline::Crossing;
use crate::{
    request::{CallId, Instance, Outcome, PassageId, Reason, RequestId},
    trace::{Actor, Lane, NOT_TRACED, Place, Recorder, SpanKind, Traces},
    world::World,
};

/// Tells the recorder. Few calls are recorded: whoever asks has looked whether this one is.
#[cold]
#[inline(never)]
pub(super) fn record(recorder: &mut Option<Box<Recorder>>, tell: impl FnOnce(&mut Recorder)) {
    if let Some(recorder) = recorder {
        tell(recorder);
    }
}

impl World {
    /// Who asks: the call of a component, or the client of a request.
    fn actor(&self, request: RequestId, call: Option<CallId>) -> Actor {
        let trace = self.requests.get(request).map_or(NOT_TRACED, |request| request.trace);
        Actor { trace, call }
    }

    /// A call is sent. What is told comes by value: an order whose address is taken would have to be in memory.
    #[cold]
    pub(super) fn record_sending(
        &mut self,
        id: CallId,
        (request, parent): (RequestId, Option<CallId>),
        (attempt, retry, copy): (u16, bool, bool),
        callee: Instance,
        now: SimTime,
    ) {
        let by = self.actor(request, parent);
        // What a step is for stands in the number of a first attempt.
        let attempt = if retry || copy { attempt } else { 1 };
        let kind = SpanKind::Call { attempt, retry, copy };
        record(&mut self.tracer, move |tracer| tracer.send(id, by, kind, callee, now));
    }

    /// A part of a call's work goes on beside the rest.
    pub(super) fn record_part(&mut self, part: CallId, owner: CallId, kind: SpanKind, now: SimTime) {
        if self.calls.get(part).is_some_and(|call| call.traced) {
            record(&mut self.tracer, move |tracer| tracer.part(part, owner, kind, now));
        }
    }

    /// A call is refused before it was sent: by a stage of the caller, or since nobody could take it.
    pub(super) fn record_refusal(
        &mut self,
        request: RequestId,
        parent: Option<CallId>,
        stage: Option<&str>,
        reason: Reason,
        now: SimTime,
    ) {
        if self.tracer.is_some() {
            let (by, ending) = (self.actor(request, parent), Outcome::Failure(reason).into());
            record(&mut self.tracer, move |tracer| tracer.mark(by, SpanKind::Refused, stage, ending, now));
        }
    }

    /// A stage answers in the callee's place.
    pub(super) fn record_answer(&mut self, id: PassageId, outcome: Outcome, now: SimTime) {
        if let Some((by, stage)) = self.recorded_passage(id) {
            let (kind, ending) = (SpanKind::Answered, outcome.into());
            record(&mut self.tracer, move |tracer| tracer.mark(by, kind, Some(stage), ending, now));
        }
    }

    /// A passage begins to wait for something that is no reply.
    pub(super) fn record_stay(&mut self, id: PassageId, kind: SpanKind, now: SimTime) {
        if let Some((by, stage)) = self.recorded_passage(id) {
            record(&mut self.tracer, move |tracer| tracer.stay(id, by, kind, stage, now));
        }
    }

    /// A passage that may have waited goes on, or is about to close.
    pub(super) fn record_going_on(&mut self, id: PassageId, now: SimTime) {
        if self.recorded_passage(id).is_some() {
            record(&mut self.tracer, move |tracer| tracer.unstay(id, now));
        }
    }

    /// Whose passage it is and the name of its stage, if its request is recorded.
    fn recorded_passage(&self, id: PassageId) -> Option<(Actor, &'static str)> {
        self.tracer.as_ref()?;
        let crossing = self.crossings.get(id).filter(|crossing| crossing.errand.origin.traced)?;
        let Crossing { pipeline, stage, errand, .. } = crossing;
        let name = self.pipelines[*pipeline as usize].stages[*stage].0;
        Some((self.actor(errand.request, errand.parent), name))
    }

    /// A call is gone; if nobody has heard how it ended, so.
    #[inline(always)]
    pub(super) fn part_with(&mut self, id: CallId, outcome: Outcome, now: SimTime) {
        if self.calls.get(id).is_some_and(|call| call.traced) {
            record(&mut self.tracer, move |tracer| tracer.over(id, outcome.into(), now));
        }
        self.calls.remove(id);
    }

    /// What was recorded, once the run has ended.
    pub(crate) fn take_traces(&mut self, end: SimTime) -> Traces {
        let recorder = self.tracer.take();
        recorder.map_or_else(Traces::default, |recorder| recorder.into_traces(end, |place| self.lane(place)))
    }

    fn lane(&self, place: Place) -> Lane {
        match place {
            Place::Workload(number) => {
                let name = &self.workloads[usize::from(number)].name;
                Lane { component: name.clone(), name: name.clone() }
            }
            Place::Server(Instance { node, server }) => {
                let node = &self.nodes[usize::from(node)];
                Lane { component: node.name.clone(), name: node.servers[usize::from(server)].name.clone() }
            }
        }
    }
}
