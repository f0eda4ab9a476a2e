//! A call that is not over, or a part of one: where it stands, and the spans that leaves behind.

use sim_core::time::SimTime;

use super::{Ending, Span, SpanKind, Standing};
use crate::request::CallId;

/// The most spans that are kept of one request.
const MOST: usize = 2_000;
/// The spans of a draft, each behind its parent.
#[derive(Clone, Debug, Default)]
pub(super) struct Spans {
    pub(super) all: Vec<Span>,
    /// Whether some were left out.
    pub(super) cut: bool,
}

/// What a span is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct About {
    pub(super) kind: SpanKind,
    pub(super) lane: u32,
    pub(super) name: Option<u32>,
}

/// A call, or a part of a request's work, that is not over.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub(super) parent: Option<CallId>,
    pub(super) lane: u32,
    /// Its own span.
    span: u32,
    /// Whether its own span has ended: whoever waited has an answer, or has given up.
    settled: bool,
    pub(super) standing: Standing,
    phase: Option<Phase>,
    step: Option<Step>,
    /// Permits it holds, and since when.
    holds: Vec<(u32, SimTime)>,
}

/// Where a call stands.
#[derive(Clone, Copy, Debug)]
struct Phase {
    kind: SpanKind,
    from: SimTime,
    /// Its span, if that is there already: parts of the service need a parent.
    span: Option<u32>,
}

/// What a call does at its component.
#[derive(Clone, Copy, Debug)]
struct Step {
    kind: SpanKind,
    name: Option<u32>,
    from: SimTime,
}

impl Spans {
    /// Adds a span, unless there are too many.
    pub(super) fn push(
        &mut self,
        parent: u32,
        about: About,
        (from, to): (SimTime, SimTime),
        standing: Standing,
    ) -> Option<u32> {
        if self.all.len() >= MOST {
            self.cut = true;
            return None;
        }
        let About { kind, lane, name } = about;
        let (from, to, ending) = (from.as_nanos(), to.as_nanos(), Ending::Done);
        self.all.push(Span { parent: Some(parent), kind, lane, name, from, to, ending, standing });
        Some(self.all.len() as u32 - 1)
    }

    pub(super) fn end(&mut self, span: u32, now: SimTime, ending: Ending) {
        let span = &mut self.all[span as usize];
        (span.to, span.ending) = (now.as_nanos(), ending);
    }
}

impl Live {
    /// A call with its span; where spans are cut, the one above stands in, and ends by itself.
    pub(super) fn new(
        parent: Option<CallId>,
        lane: u32,
        span: Option<u32>,
        above: u32,
        standing: Standing,
    ) -> Self {
        let (settled, span) = (span.is_none(), span.unwrap_or(above));
        Self { parent, lane, span, settled, standing, phase: None, step: None, holds: Vec::new() }
    }

    /// The span that whatever it does now is a part of.
    pub(super) fn inside(&self) -> u32 {
        self.phase.and_then(|phase| phase.span).unwrap_or(self.span)
    }

    fn about(&self, kind: SpanKind, name: Option<u32>) -> About {
        About { kind, lane: self.lane, name }
    }

    /// Enters another phase, or none.
    pub(super) fn turn_to(&mut self, kind: Option<SpanKind>, now: SimTime, spans: &mut Spans) {
        self.step(None, now, spans);
        match self.phase.take() {
            Some(Phase { span: Some(span), .. }) => spans.end(span, now, Ending::Done),
            Some(Phase { kind, from, span: None }) if from < now => {
                spans.push(self.span, self.about(kind, None), (from, now), self.standing);
            }
            Some(_) | None => {}
        }
        self.phase = kind.map(|kind| {
            let begin = || spans.push(self.span, self.about(kind, None), (now, now), self.standing);
            let span = (kind == SpanKind::Service).then(begin).flatten();
            Phase { kind, from: now, span }
        });
    }

    /// Begins another step, or none; the same goes on.
    pub(super) fn step(&mut self, next: Option<(SpanKind, Option<u32>)>, now: SimTime, spans: &mut Spans) {
        if self.step.is_some_and(|step| next == Some((step.kind, step.name))) {
            return;
        }
        if let Some(Step { kind, name, from }) = self.step.take()
            && from < now
        {
            spans.push(self.inside(), self.about(kind, name), (from, now), self.standing);
        }
        self.step = next.map(|(kind, name)| Step { kind, name, from: now });
    }

    pub(super) fn hold(&mut self, name: u32, now: SimTime) {
        self.holds.push((name, now));
    }

    /// Gives the permit it had last back.
    pub(super) fn release(&mut self, now: SimTime, spans: &mut Spans) {
        if let Some((name, from)) = self.holds.pop() {
            spans.push(self.inside(), self.about(SpanKind::Hold, Some(name)), (from, now), self.standing);
        }
    }

    /// Its own span ends, if it has not.
    pub(super) fn settle(&mut self, ending: Ending, now: SimTime, spans: &mut Spans) {
        if !self.settled {
            self.settled = true;
            spans.end(self.span, now, ending);
        }
    }

    /// Nobody waits for it any more: what it does from now on is told apart from what it did before.
    pub(super) fn orphan(&mut self, now: SimTime, spans: &mut Spans) {
        if self.standing == Standing::Orphaned {
            return;
        }
        let (phase, step) = (self.phase.map(|phase| phase.kind), self.step);
        let holds: Vec<u32> = self.holds.iter().map(|(name, _)| *name).collect();
        for _ in &holds {
            self.release(now, spans);
        }
        self.turn_to(None, now, spans);
        self.standing = Standing::Orphaned;
        if !self.settled {
            spans.all[self.span as usize].standing = Standing::Orphaned;
        }
        self.turn_to(phase, now, spans);
        self.step(step.map(|step| (step.kind, step.name)), now, spans);
        for name in holds {
            self.hold(name, now);
        }
    }

    /// It does nothing any more.
    pub(super) fn stop(&mut self, now: SimTime, spans: &mut Spans) {
        while !self.holds.is_empty() {
            self.release(now, spans);
        }
        self.turn_to(None, now, spans);
    }
}
