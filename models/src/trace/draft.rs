//! A trace in the making: spans that have ended, and the calls that are still somewhere.

use std::collections::BTreeMap;

use sim_core::time::SimTime;

use super::{
    Ending, Span, SpanKind, Standing,
    live::{About, Live, Spans},
};
use crate::request::{CallId, PassageId};

/// The request's own span.
const ROOT: u32 = 0;

/// The trace of one request, while it goes on.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) workload: u16,
    pub(super) number: u64,
    pub(super) luck: u64,
    pub(super) spans: Spans,
    live: BTreeMap<CallId, Live>,
    stays: BTreeMap<PassageId, Stay>,
    /// Whether the request has its outcome.
    pub(super) closed: bool,
}

/// A passage that waits.
#[derive(Clone, Copy, Debug)]
struct Stay {
    parent: Option<CallId>,
    about: About,
    from: SimTime,
}

impl Draft {
    /// A request that comes.
    pub(super) fn new(workload: u16, number: u64, luck: u64, lane: u32, from: SimTime) -> Self {
        let (kind, ending, standing) = (SpanKind::Request, Ending::Unfinished, Standing::Awaited);
        let (at, name) = (from.as_nanos(), None);
        let root = Span { parent: None, kind, lane, name, from: at, to: at, ending, standing };
        let spans = Spans { all: vec![root], cut: false };
        let (live, stays) = (BTreeMap::new(), BTreeMap::new());
        Self { workload, number, luck, spans, live, stays, closed: false }
    }

    /// Calls and passages that it still hears of.
    pub(super) fn open(&self) -> (impl Iterator<Item = CallId>, impl Iterator<Item = PassageId>) {
        (self.live.keys().copied(), self.stays.keys().copied())
    }

    /// The span that what this caller does is a part of, whether anybody waits for that, and where it is done.
    fn above(&self, parent: Option<CallId>) -> (u32, Standing, u32) {
        match parent.map(|parent| self.live.get(&parent)) {
            None => (ROOT, Standing::Awaited, self.spans.all[0].lane),
            Some(Some(live)) => (live.inside(), live.standing, live.lane),
            // The caller is gone, and what it asked for goes on.
            Some(None) => (ROOT, Standing::Orphaned, self.spans.all[0].lane),
        }
    }

    /// A call is sent.
    pub(super) fn send(
        &mut self,
        id: CallId,
        parent: Option<CallId>,
        kind: SpanKind,
        lane: u32,
        now: SimTime,
    ) {
        let (above, standing, _) = self.above(parent);
        let span = self.spans.push(above, About { kind, lane, name: None }, (now, now), standing);
        self.add(id, Live::new(parent, lane, span, above, standing), Some(SpanKind::Outbound), now);
    }

    /// A part of a call goes on by itself.
    pub(super) fn part(&mut self, id: CallId, owner: CallId, kind: SpanKind, now: SimTime) {
        let (above, standing, lane) = self.above(Some(owner));
        let standing = if kind == SpanKind::Spawned { Standing::Detached } else { standing };
        let span = self.spans.push(above, About { kind, lane, name: None }, (now, now), standing);
        self.add(id, Live::new(Some(owner), lane, span, above, standing), None, now);
    }

    fn add(&mut self, id: CallId, mut live: Live, phase: Option<SpanKind>, now: SimTime) {
        live.turn_to(phase, now, &mut self.spans);
        self.live.insert(id, live);
    }

    fn with(&mut self, id: CallId, what: impl FnOnce(&mut Live, &mut Spans)) {
        if let Some(live) = self.live.get_mut(&id) {
            what(live, &mut self.spans);
        }
    }

    pub(super) fn turn_to(&mut self, id: CallId, kind: SpanKind, now: SimTime) {
        self.with(id, |live, spans| live.turn_to(Some(kind), now, spans));
    }

    pub(super) fn step(&mut self, id: CallId, next: Option<(SpanKind, Option<u32>)>, now: SimTime) {
        self.with(id, |live, spans| live.step(next, now, spans));
    }

    pub(super) fn hold(&mut self, id: CallId, name: u32, now: SimTime) {
        self.with(id, |live, _| live.hold(name, now));
    }

    pub(super) fn release(&mut self, id: CallId, now: SimTime) {
        self.with(id, |live, spans| live.release(now, spans));
    }

    /// The component is done with a call, whose answer leaves.
    pub(super) fn finish(&mut self, id: CallId, now: SimTime) {
        self.with(id, |live, spans| {
            live.stop(now, spans);
            live.turn_to(Some(SpanKind::Inbound), now, spans);
        });
    }

    /// A call is over: its own span ends so, if it has not ended yet.
    pub(super) fn over(&mut self, id: CallId, ending: Ending, now: SimTime) {
        if let Some(mut live) = self.live.remove(&id) {
            live.stop(now, &mut self.spans);
            live.settle(ending, now, &mut self.spans);
        }
    }

    /// The caller stops waiting for a call, and so for all that is done for it.
    pub(super) fn give_up(&mut self, id: CallId, ending: Ending, now: SimTime) {
        self.with(id, |live, spans| live.settle(ending, now, spans));
        self.set_free(id, now);
    }

    /// Nobody waits any more for a call or a part of one, nor for all that is done for it.
    pub(super) fn set_free(&mut self, id: CallId, now: SimTime) {
        let family: Vec<CallId> =
            self.live.keys().copied().filter(|other| self.is_within(*other, id)).collect();
        for member in family {
            self.with(member, |live, spans| live.orphan(now, spans));
        }
    }

    /// Whether a call is this one or was made for it.
    fn is_within(&self, call: CallId, of: CallId) -> bool {
        let mut next = Some(call);
        while let Some(id) = next {
            if id == of {
                return true;
            }
            next = self.live.get(&id).and_then(|live| live.parent);
        }
        false
    }

    /// A passage begins to wait.
    pub(super) fn stay(
        &mut self,
        id: PassageId,
        parent: Option<CallId>,
        kind: SpanKind,
        name: u32,
        now: SimTime,
    ) {
        let (_, _, lane) = self.above(parent);
        self.stays.insert(id, Stay { parent, about: About { kind, lane, name: Some(name) }, from: now });
    }

    /// It no longer waits.
    pub(super) fn unstay(&mut self, id: PassageId, now: SimTime) {
        let Some(Stay { parent, about, from }) = self.stays.remove(&id) else { return };
        let (above, standing, _) = self.above(parent);
        // The caller may have given up meanwhile, and its span may begin only then.
        let above = if self.spans.all[above as usize].from <= from.as_nanos() { above } else { ROOT };
        if from < now {
            self.spans.push(above, about, (from, now), standing);
        }
    }

    /// Something happens to a caller that takes no time.
    pub(super) fn mark(
        &mut self,
        parent: Option<CallId>,
        kind: SpanKind,
        name: Option<u32>,
        ending: Ending,
        now: SimTime,
    ) {
        let (above, standing, lane) = self.above(parent);
        if let Some(span) = self.spans.push(above, About { kind, lane, name }, (now, now), standing) {
            self.spans.end(span, now, ending);
        }
    }

    /// The request has its outcome.
    pub(super) fn close(&mut self, ending: Ending, now: SimTime) {
        self.closed = true;
        self.spans.end(ROOT, now, ending);
    }

    /// The run ends: so does all that is still open.
    pub(super) fn end(&mut self, now: SimTime) {
        for id in self.stays.keys().copied().collect::<Vec<_>>() {
            self.unstay(id, now);
        }
        for id in self.live.keys().copied().collect::<Vec<_>>() {
            self.over(id, Ending::Unfinished, now);
        }
        if !self.closed {
            self.close(Ending::Unfinished, now);
        }
    }
}
