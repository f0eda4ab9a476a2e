//! What holds of every trace: spans nest, the phases of a call fill it, and what is awaited is over when its request is.

use models::trace::{Ending, Span, SpanKind, Standing, Trace, Traces};

/// Everything a run's traces say that cannot be.
pub(super) fn broken(traces: &Traces) -> Vec<String> {
    let mut broken: Vec<String> = traces.requests.iter().filter_map(broken_trace).collect();
    broken.truncate(5);
    broken
}

fn broken_trace(trace: &Trace) -> Option<String> {
    let mut numbers = 0..trace.spans.len();
    let wrong = numbers.find_map(|number| wrong(trace, number))?;
    Some(format!("request {}: {wrong}\n{:#?}", trace.number, trace.spans))
}

fn wrong(trace: &Trace, number: usize) -> Option<String> {
    let span = &trace.spans[number];
    if span.to < span.from {
        return Some(format!("span {number} ends before it begins"));
    }
    let Some(parent) = span.parent else {
        return (number != 0).then(|| format!("span {number} is a part of nothing"));
    };
    if parent as usize >= number {
        return Some(format!("span {number} stands before its parent"));
    }
    let above = &trace.spans[parent as usize];
    let awaited = [span, above].iter().all(|span| span.standing == Standing::Awaited);
    if awaited && (span.from < above.from || span.to > above.to) {
        return Some(format!("span {number} reaches out of its parent"));
    }
    let whole = !trace.cut && span.ending != Ending::Unfinished && span.standing == Standing::Awaited;
    (whole && matches!(span.kind, SpanKind::Call { .. })).then(|| unfilled(trace, number)).flatten()
}

/// A call is on its way, waits, is served and is on its way back, and nothing else.
fn unfilled(trace: &Trace, number: usize) -> Option<String> {
    let is_phase = |span: &&Span| match span.kind {
        SpanKind::Outbound | SpanKind::Inbound | SpanKind::Lost | SpanKind::Queue | SpanKind::Service => true,
        SpanKind::Request
        | SpanKind::Call { .. }
        | SpanKind::Compute
        | SpanKind::Wait
        | SpanKind::Permit
        | SpanKind::Hold
        | SpanKind::Branch
        | SpanKind::Spawned
        | SpanKind::Pause
        | SpanKind::Held
        | SpanKind::Refused
        | SpanKind::Answered => false,
    };
    let own = |span: &&Span| span.parent == Some(number as u32) && span.standing == Standing::Awaited;
    let phases: u64 = trace.spans.iter().filter(own).filter(is_phase).map(Span::length).sum();
    let length = trace.spans[number].length();
    (phases != length).then(|| format!("the phases of call {number} make {phases} of {length} ns"))
}
