//! Waterfalls: a typical request and the slowest recorded one, under the arm whose slowest is worst and the baseline.

use std::collections::BTreeMap;

use models::{
    report::RunReport,
    trace::{Ending, Kept, Span, SpanKind, Standing, Trace, Traces},
};

use super::super::{
    album::AnyChart,
    view::{Spot, View},
};
use crate::{
    charts::{
        Block, Passing, Waterfall, WaterfallRow,
        data::{Heading, Quantity},
        reading,
    },
    runner::TRACED_REPLICATION,
};

/// Work for nobody is shown for so many times the length of its request.
const LONGEST: f64 = 2.0;

const HOW_TO_READ: &str = "A row is the request, an attempt or a pause, under what made it; its thin line is how long \
                           whoever asked waited, blocks are what for, hatched ones were for nobody.";

/// An arm's recorded requests of one workload.
struct Recording<'a> {
    spot: Spot<'a>,
    run: RunReport,
    /// The requests of the workload, as places among the run's traces.
    requests: Vec<usize>,
}

/// The charts of the first workload of which requests were recorded.
pub(super) fn charts(view: &View<'_>) -> Vec<AnyChart> {
    let Some(workload) = view.study.workloads.first() else { return Vec::new() };
    let spots = view.chosen_spots();
    let mut recordings: Vec<Recording<'_>> =
        spots.into_iter().filter_map(|spot| Recording::of(view, spot, workload)).collect();
    // Equal ones stay in the file's order.
    recordings.sort_by_key(|recording| std::cmp::Reverse(recording.slowest().map_or(0, Trace::latency)));
    let baseline = view.study.baseline.as_deref();
    let worst = recordings.first().map(|recording| recording.spot.arm);
    let mut charts: Vec<AnyChart> = Vec::new();
    for recording in &recordings {
        let arm = Some(recording.spot.arm);
        if arm == worst || arm == baseline {
            let chosen = [recording.typical(workload), recording.slowest()].into_iter().flatten();
            charts.extend(chosen.map(|trace| Box::new(chart(view, recording, trace)) as AnyChart));
        }
    }
    charts
}

impl<'a> Recording<'a> {
    fn of(view: &View<'_>, spot: Spot<'a>, workload: &str) -> Option<Self> {
        let run = view.run(spot.index, TRACED_REPLICATION)?;
        let lane = run.traces.lanes.iter().position(|lane| lane.component == workload)? as u32;
        let of_workload = |trace: &Trace| trace.root().is_some_and(|root| root.lane == lane);
        let traces = run.traces.requests.iter().enumerate();
        let requests: Vec<usize> =
            traces.filter(|(_, trace)| of_workload(trace)).map(|(place, _)| place).collect();
        (!requests.is_empty()).then_some(Self { spot, run, requests })
    }

    fn traces(&self) -> impl Iterator<Item = &Trace> {
        self.requests.iter().map(|place| &self.run.traces.requests[*place])
    }

    /// Of those that stand for all, the one nearest to the median.
    fn typical(&self, workload: &str) -> Option<&Trace> {
        let name = format!("{workload}.latency");
        let (_, histogram) = self.run.histograms.iter().find(|(known, _)| *known == name)?;
        let median = histogram.quantile(0.5)?;
        let even = self.traces().filter(|trace| trace.kept == Kept::Even);
        even.min_by_key(|trace| trace.latency().abs_diff(median))
    }

    fn slowest(&self) -> Option<&Trace> {
        self.traces()
            .reduce(|slowest, trace| if trace.latency() > slowest.latency() { trace } else { slowest })
    }
}

fn chart(view: &View<'_>, recording: &Recording<'_>, trace: &Trace) -> Waterfall {
    let rows = rows(&recording.run.traces, trace);
    let latency = trace.latency() as f64 / 1e9;
    let last = rows.iter().flat_map(|row| row.blocks.iter().map(|block| block.to).chain([row.to]));
    let end = last.fold(latency, f64::max).min(LONGEST * latency);
    Waterfall { heading: Heading::new(view.sentence(&title(view, recording, trace)), HOW_TO_READ), end, rows }
}

/// `Under retry the slowest recorded request took 4.0 s and timed out: 4 attempts, 3.2 s in queues`.
fn title(view: &View<'_>, recording: &Recording<'_>, trace: &Trace) -> String {
    let slowest = recording.slowest().is_some_and(|slowest| std::ptr::eq(slowest, trace));
    let which = if slowest { "the slowest recorded request" } else { "a typical request" };
    let ending = trace.root().map_or(Ending::Done, |root| root.ending);
    let calls = trace.spans.iter().filter(|span| matches!(span.kind, SpanKind::Call { .. })).count();
    let attempts = if calls == 1 { "one call".to_owned() } else { format!("{calls} calls") };
    format!(
        "under {}{} {which} took {}{}: {attempts}, {}",
        recording.spot.arm,
        view.at_chosen(),
        seconds(trace.latency()),
        match ending {
            Ending::Done => String::new(),
            Ending::Failed(_) => format!(" and failed ({})", words(ending)),
            Ending::Degraded | Ending::Unfinished => format!(" and is {}", words(ending)),
        },
        most(trace),
    )
}

/// What most of the time went on, of what somebody waited for: `3.2 s in queues`.
fn most(trace: &Trace) -> String {
    let causes = [
        ("in queues", [SpanKind::Queue, SpanKind::Permit]),
        ("computing", [SpanKind::Compute, SpanKind::Compute]),
        ("waiting inside", [SpanKind::Wait, SpanKind::Wait]),
        ("on the network", [SpanKind::Outbound, SpanKind::Inbound]),
        ("between attempts", [SpanKind::Pause, SpanKind::Held]),
    ];
    let spent = causes.map(|(name, kinds)| {
        let those = trace.spans.iter().filter(|span| span.standing == Standing::Awaited);
        (covered(those.filter(|span| kinds.contains(&span.kind))), name)
    });
    // Of equal ones the first.
    let (time, name) = spent.into_iter().rev().max_by_key(|(time, _)| *time).unwrap_or_default();
    format!("{} {name}", seconds(time))
}

/// Nanoseconds in which any of these spans lasts: copies and branches overlap.
fn covered<'a>(spans: impl Iterator<Item = &'a Span>) -> u64 {
    let mut spans: Vec<(u64, u64)> = spans.map(|span| (span.from, span.to)).collect();
    spans.sort_unstable();
    let (mut sum, mut until) = (0, 0);
    for (from, to) in spans {
        sum += to.saturating_sub(from.max(until));
        until = until.max(to);
    }
    sum
}

fn seconds(nanos: u64) -> String {
    reading(Quantity::Seconds, nanos as f64 / 1e9)
}

fn words(ending: Ending) -> String {
    ending.name().replace('_', " ")
}

/// What a span is in a waterfall.
enum Part {
    /// A row of its own.
    Row,
    /// A block of the row of what it is a part of.
    Block(Passing),
    /// Not shown.
    Nothing,
}

fn part(kind: SpanKind) -> Part {
    match kind {
        SpanKind::Request
        | SpanKind::Call { .. }
        | SpanKind::Branch
        | SpanKind::Spawned
        | SpanKind::Pause
        | SpanKind::Held
        | SpanKind::Refused
        | SpanKind::Answered => Part::Row,
        SpanKind::Outbound | SpanKind::Inbound | SpanKind::Lost => Part::Block(Passing::Network),
        SpanKind::Queue | SpanKind::Permit => Part::Block(Passing::Queue),
        SpanKind::Service => Part::Block(Passing::Service),
        SpanKind::Compute => Part::Block(Passing::Compute),
        SpanKind::Wait => Part::Block(Passing::Wait),
        SpanKind::Hold => Part::Nothing,
    }
}

/// The rows of a request, each under what made it, and those beside each other in the order of their beginnings.
fn rows(traces: &Traces, trace: &Trace) -> Vec<WaterfallRow> {
    let mut families: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for (number, span) in (0..).zip(&trace.spans) {
        if let Some(parent) = span.parent {
            families.entry(parent).or_default().push(number);
        }
    }
    let mut rows = Vec::new();
    add_row(&Story { traces, trace, families }, 0, 0, &mut rows);
    rows
}

/// A trace and who is a part of what.
struct Story<'a> {
    traces: &'a Traces,
    trace: &'a Trace,
    families: BTreeMap<u32, Vec<u32>>,
}

impl Story<'_> {
    fn span(&self, number: u32) -> &Span {
        &self.trace.spans[number as usize]
    }

    fn parts(&self, of: u32) -> &[u32] {
        self.families.get(&of).map_or(&[], Vec::as_slice)
    }

    /// Seconds since the request was meant to be sent.
    fn at(&self, nanos: u64) -> f64 {
        nanos.saturating_sub(self.span(0).from) as f64 / 1e9
    }

    fn block(&self, span: &Span, passing: Passing) -> Block {
        let orphaned = span.standing == Standing::Orphaned;
        let (from, to) = (self.at(span.from), self.at(span.to));
        Block { from, to, passing, orphaned, label: span.kind.name().to_owned() }
    }

    /// `attempt 2 → web[3]`, `backoff (Retry)`.
    fn label(&self, span: &Span) -> String {
        let place = self.traces.lanes.get(span.lane as usize).map_or("?", |lane| lane.name.as_str());
        let stage = span.name.and_then(|name| self.traces.names.get(name as usize));
        match span.kind {
            SpanKind::Request => format!("request {} of {place}", self.trace.number),
            SpanKind::Call { attempt, copy: true, .. } => format!("copy of attempt {attempt} → {place}"),
            SpanKind::Call { attempt: 1, retry: false, .. } => format!("call → {place}"),
            SpanKind::Call { attempt, .. } => format!("attempt {attempt} → {place}"),
            SpanKind::Outbound
            | SpanKind::Inbound
            | SpanKind::Lost
            | SpanKind::Queue
            | SpanKind::Service
            | SpanKind::Compute
            | SpanKind::Wait
            | SpanKind::Permit
            | SpanKind::Hold
            | SpanKind::Branch
            | SpanKind::Spawned
            | SpanKind::Pause
            | SpanKind::Held
            | SpanKind::Refused
            | SpanKind::Answered => stage.map_or_else(
                || span.kind.name().to_owned(),
                |stage| format!("{} ({stage})", span.kind.name()),
            ),
        }
    }
}

/// Adds the row of a span, then those of what it made.
fn add_row(story: &Story<'_>, number: u32, depth: usize, rows: &mut Vec<WaterfallRow>) {
    let span = story.span(number);
    let (mut blocks, mut below) = (Vec::new(), Vec::new());
    if matches!(span.kind, SpanKind::Pause | SpanKind::Held) {
        blocks.push(story.block(span, Passing::Pause));
    }
    gather(story, number, &mut blocks, &mut below);
    let at_length =
        if span.length() > 0 { format!(" after {}", seconds(span.length())) } else { String::new() };
    rows.push(WaterfallRow {
        label: story.label(span),
        depth,
        from: story.at(span.from),
        to: story.at(span.to),
        ending: match span.ending {
            Ending::Done => seconds(span.length()),
            Ending::Degraded | Ending::Failed(_) | Ending::Unfinished => words(span.ending) + &at_length,
        },
        blocks,
    });
    below.sort_by_key(|row| (story.span(*row).from, *row));
    for row in below {
        add_row(story, row, depth + 1, rows);
    }
}

/// The blocks that a row has, outer ones first, and the rows below it.
fn gather(story: &Story<'_>, of: u32, blocks: &mut Vec<Block>, below: &mut Vec<u32>) {
    for number in story.parts(of) {
        let span = story.span(*number);
        match part(span.kind) {
            Part::Row => below.push(*number),
            Part::Block(passing) => {
                blocks.push(story.block(span, passing));
                gather(story, *number, blocks, below);
            }
            Part::Nothing => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_overlaps_counts_once() {
        let span = |from, to| Span {
            parent: Some(0),
            kind: SpanKind::Queue,
            lane: 0,
            name: None,
            from,
            to,
            ending: Ending::Done,
            standing: Standing::Awaited,
        };
        let spans = [span(10, 20), span(0, 5), span(15, 30), span(16, 17), span(40, 41)];
        assert_eq!(covered(spans.iter()), 5 + 20 + 1);
        assert_eq!(covered([].iter()), 0);
    }
}
