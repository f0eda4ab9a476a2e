//! The recorder: is told what happens to the calls of some requests, and keeps it as spans.
//!
//! It changes nothing that it is told of and draws no chance: which requests it records depends on their luck alone,
//! so a run is the same with it and without.

use std::collections::BTreeMap;

use sim_core::{random::Luck, time::SimTime};

use super::{
    Ending, Kept, Lane, NOT_TRACED, Span, SpanKind, Trace, Traces, Tracing, draft::Draft,
    reservoir::Reservoir,
};
use crate::request::{CallId, Instance, PassageId};

/// Luck below this is sampled: one request in 32 costs a run a few hundredths, one in eight a fifth.
const SAMPLED: u64 = u64::MAX / 32;

/// The most requests that are sampled at once: an overloaded system holds any number of them.
const MOST_OPEN: usize = 4_096;

/// Where a span lies, before it has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// At a workload's clients.
    Workload(u16),
    /// At a server: component and server.
    Server(Instance),
}

/// Who does something: a call, or the client of a request whose trace has this number.
#[derive(Clone, Copy, Debug)]
pub struct Actor {
    /// The number of the request's trace, of use if no call acts.
    pub trace: u32,
    /// The call that acts.
    pub call: Option<CallId>,
}

/// Records requests.
#[derive(Clone, Debug)]
pub struct Recorder {
    tracing: Tracing,
    /// Luck from here on is left out, where all are recorded but for lack of room.
    below: u64,
    /// Of how many requests one is recorded.
    share: u64,
    drafts: BTreeMap<u32, Draft>,
    next: u32,
    /// How many drafts have no outcome yet.
    open: usize,
    /// Spans of all drafts.
    spans: usize,
    calls: BTreeMap<CallId, u32>,
    stays: BTreeMap<PassageId, u32>,
    reservoirs: Vec<Reservoir>,
    lanes: BTreeMap<Place, u32>,
    names: Vec<String>,
}

impl Recorder {
    /// A recorder, if anything is to be recorded of so many workloads.
    pub fn new(tracing: Tracing, workloads: usize) -> Option<Box<Self>> {
        (tracing != Tracing::Off).then(|| {
            Box::new(Self {
                tracing,
                below: u64::MAX,
                share: 1,
                drafts: BTreeMap::new(),
                next: 0,
                open: 0,
                spans: 0,
                calls: BTreeMap::new(),
                stays: BTreeMap::new(),
                reservoirs: vec![Reservoir::default(); workloads],
                lanes: BTreeMap::new(),
                names: Vec::new(),
            })
        })
    }

    /// A request comes, the `number`th of its workload: the number of its trace, or [`NOT_TRACED`].
    pub fn begin(&mut self, workload: u16, number: u64, luck: Luck, followed: bool, from: SimTime) -> u32 {
        let wanted = match self.tracing {
            Tracing::Off => false,
            Tracing::Sampled => followed && luck.0 < SAMPLED && self.open < MOST_OPEN,
            Tracing::Whole { .. } => luck.0 <= self.below,
        };
        if !wanted || self.next == NOT_TRACED {
            return NOT_TRACED;
        }
        let (draft, lane) = (self.next, self.lane(Place::Workload(workload)));
        self.next += 1;
        self.open += 1;
        self.spans += 1;
        self.drafts.insert(draft, Draft::new(workload, number, luck.0, lane, from));
        draft
    }

    /// A request has its outcome; `measured` if that counts.
    pub fn end(&mut self, trace: u32, ending: Ending, measured: bool, now: SimTime) {
        let Some(draft) = self.drafts.get_mut(&trace) else { return };
        draft.close(ending, now);
        self.open -= 1;
        if self.tracing != Tracing::Sampled {
            return;
        }
        if !measured {
            return self.forget(trace);
        }
        let (luck, latency) = (draft.luck, draft.spans.all[0].length());
        let gone = self.reservoirs[usize::from(draft.workload)].offer(trace, luck, latency);
        for trace in gone {
            self.forget(trace);
        }
    }

    /// A trace is not kept.
    fn forget(&mut self, trace: u32) {
        let Some(draft) = self.drafts.remove(&trace) else { return };
        self.spans -= draft.spans.all.len();
        if !draft.closed {
            self.open -= 1;
        }
        let (calls, stays) = draft.open();
        for call in calls {
            self.calls.remove(&call);
        }
        for stay in stays {
            self.stays.remove(&stay);
        }
    }

    /// Leaves out every second request as long as there are too many spans.
    fn thin(&mut self) {
        let Tracing::Whole { most_spans } = self.tracing else { return };
        while self.spans > most_spans && self.below > 0 {
            self.below /= 2;
            self.share = self.share.saturating_mul(2);
            let unlucky = |(trace, draft): (&u32, &Draft)| (draft.luck > self.below).then_some(*trace);
            let gone: Vec<u32> = self.drafts.iter().filter_map(unlucky).collect();
            for trace in gone {
                self.forget(trace);
            }
        }
    }

    fn change(&mut self, trace: u32, what: impl FnOnce(&mut Draft)) {
        let Some(draft) = self.drafts.get_mut(&trace) else { return };
        let before = draft.spans.all.len();
        what(draft);
        self.spans += draft.spans.all.len() - before;
        self.thin();
    }

    fn of_call(&mut self, id: CallId, what: impl FnOnce(&mut Draft)) {
        if let Some(trace) = self.calls.get(&id) {
            self.change(*trace, what);
        }
    }

    fn trace_of(&self, actor: Actor) -> Option<u32> {
        match actor.call {
            Some(call) => self.calls.get(&call).copied(),
            None => self.drafts.contains_key(&actor.trace).then_some(actor.trace),
        }
    }

    fn lane(&mut self, place: Place) -> u32 {
        let next = self.lanes.len() as u32;
        *self.lanes.entry(place).or_insert(next)
    }

    fn name(&mut self, name: &str) -> u32 {
        let known = self.names.iter().position(|known| known == name);
        known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        }) as u32
    }

    /// A call is sent.
    pub fn send(&mut self, id: CallId, by: Actor, kind: SpanKind, to: Instance, now: SimTime) {
        let Some(trace) = self.trace_of(by) else { return };
        let lane = self.lane(Place::Server(to));
        self.calls.insert(id, trace);
        self.change(trace, |draft| draft.send(id, by.call, kind, lane, now));
    }

    /// A part of a call's work goes on beside the rest.
    pub fn part(&mut self, id: CallId, owner: CallId, kind: SpanKind, now: SimTime) {
        let Some(trace) = self.calls.get(&owner).copied() else { return };
        self.calls.insert(id, trace);
        self.change(trace, |draft| draft.part(id, owner, kind, now));
    }

    /// A call enters another phase: is lost, stands in line, is served.
    pub fn turn_to(&mut self, id: CallId, kind: SpanKind, now: SimTime) {
        self.of_call(id, |draft| draft.turn_to(id, kind, now));
    }

    /// A call begins a step, or has ended one and begins none.
    pub fn step(&mut self, id: CallId, kind: Option<SpanKind>, now: SimTime) {
        self.of_call(id, |draft| draft.step(id, kind.map(|kind| (kind, None)), now));
    }

    /// A balancer passes a call on: at once as it comes, or after it computed.
    pub fn pass_on(&mut self, id: CallId, at_once: bool, now: SimTime) {
        self.of_call(id, |draft| {
            draft.step(id, None, now);
            if at_once {
                draft.turn_to(id, SpanKind::Service, now);
            }
        });
    }

    /// A server's executor begins with a call.
    pub fn start_hosted(&mut self, id: CallId, now: SimTime) {
        self.of_call(id, |draft| {
            draft.turn_to(id, SpanKind::Service, now);
            draft.step(id, Some((SpanKind::Compute, None)), now);
        });
    }

    /// A call asks for a permit of a resource, and has it or waits.
    pub fn ask_permit(&mut self, id: CallId, resource: &str, had: bool, now: SimTime) {
        let name = self.name(resource);
        self.of_call(id, |draft| {
            if had {
                draft.hold(id, name, now);
            } else {
                draft.step(id, Some((SpanKind::Permit, Some(name))), now);
            }
        });
    }

    /// A call has the permit that it waited for.
    pub fn have_permit(&mut self, id: CallId, resource: &str, now: SimTime) {
        let name = self.name(resource);
        self.of_call(id, |draft| {
            draft.step(id, None, now);
            draft.hold(id, name, now);
        });
    }

    /// A call gives the permit that it had last back.
    pub fn release(&mut self, id: CallId, now: SimTime) {
        self.of_call(id, |draft| draft.release(id, now));
    }

    /// The component is done with a call.
    pub fn finish(&mut self, id: CallId, now: SimTime) {
        self.of_call(id, |draft| draft.finish(id, now));
    }

    /// The caller stops waiting for a call.
    pub fn give_up(&mut self, id: CallId, ending: Ending, now: SimTime) {
        self.of_call(id, |draft| draft.give_up(id, ending, now));
    }

    /// A part of a call's work goes on although nobody waits for it.
    pub fn set_free(&mut self, id: CallId, now: SimTime) {
        self.of_call(id, |draft| draft.set_free(id, now));
    }

    /// A call is over, and has ended so if it had not ended for its caller before.
    pub fn over(&mut self, id: CallId, ending: Ending, now: SimTime) {
        self.of_call(id, |draft| draft.over(id, ending, now));
        self.calls.remove(&id);
    }

    /// A passage begins to wait at a stage.
    pub fn stay(&mut self, id: PassageId, by: Actor, kind: SpanKind, stage: &str, now: SimTime) {
        let Some(trace) = self.trace_of(by) else { return };
        let name = self.name(stage);
        self.stays.insert(id, trace);
        self.change(trace, |draft| draft.stay(id, by.call, kind, name, now));
    }

    /// A passage goes on, or is gone.
    pub fn unstay(&mut self, id: PassageId, now: SimTime) {
        if let Some(trace) = self.stays.remove(&id) {
            self.change(trace, |draft| draft.unstay(id, now));
        }
    }

    /// Something happens to a caller that takes no time.
    pub fn mark(&mut self, by: Actor, kind: SpanKind, stage: Option<&str>, ending: Ending, now: SimTime) {
        let Some(trace) = self.trace_of(by) else { return };
        let name = stage.map(|stage| self.name(stage));
        self.change(trace, |draft| draft.mark(by.call, kind, name, ending, now));
    }

    /// All that was recorded, when the run ends; lanes get their names.
    pub fn into_traces(mut self, end: SimTime, named: impl Fn(Place) -> Lane) -> Traces {
        let sampled = self.tracing == Tracing::Sampled;
        let drafts = std::mem::take(&mut self.drafts);
        let kept = |(trace, mut draft): (u32, Draft)| {
            if sampled && !draft.closed {
                return None;
            }
            let why = self.reservoirs[usize::from(draft.workload)].why(trace);
            draft.end(end);
            let Draft { number, spans, .. } = draft;
            Some(Trace { number, kept: why.unwrap_or(Kept::Even), spans: spans.all, cut: spans.cut })
        };
        let mut requests: Vec<Trace> = drafts.into_iter().filter_map(kept).collect();
        let places: BTreeMap<u32, Place> = self.lanes.iter().map(|(place, lane)| (*lane, *place)).collect();
        let lanes = compact(&mut requests, &places).into_iter().map(named).collect();
        let thinned = (self.share > 1).then_some(self.share);
        Traces { lanes, names: self.names, requests, thinned }
    }
}

/// Numbers the lanes that are used anew, in the order of their places.
fn compact(requests: &mut [Trace], places: &BTreeMap<u32, Place>) -> Vec<Place> {
    let spans = |requests: &[Trace]| -> Vec<u32> {
        requests.iter().flat_map(|trace| trace.spans.iter().map(|span: &Span| span.lane)).collect()
    };
    let mut used: Vec<Place> =
        spans(requests).into_iter().filter_map(|lane| places.get(&lane).copied()).collect();
    used.sort_unstable();
    used.dedup();
    for span in requests.iter_mut().flat_map(|trace| &mut trace.spans) {
        let place = places.get(&span.lane);
        let number = place.and_then(|place| used.binary_search(place).ok());
        span.lane = number.unwrap_or(0) as u32;
    }
    used
}
