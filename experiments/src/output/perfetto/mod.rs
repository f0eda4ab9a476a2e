//! Traces of requests for Perfetto and chrome://tracing, as JSON of the Trace Event Format.
//!
//! A process is a component, a thread a row of one of its servers: what is served there, or the calls it has out.
//! Slices of a thread nest, so what overlaps stands in further rows. Arrows lead from whoever calls through the call
//! to whoever serves it. Duffy and others, *Trace Event Format*, 2016; <https://perfetto.dev/docs/getting-started/other-formats>.

mod event;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use models::{
    report::Decision,
    trace::{Span, SpanKind, Standing, Trace, Traces},
};

use self::{
    event::{Arguments, Event, Phase},
    rows::{Bundle, Track, bundles, place},
};

/// What is written of one run.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a> {
    /// The cell, before the names of its processes; may be empty.
    pub label: &'a str,
    /// Its requests.
    pub traces: &'a Traces,
    /// What its controllers decided, and what went wrong when.
    pub decisions: &'a [Decision],
}

/// The whole file.
pub fn perfetto(runs: &[Recorded<'_>]) -> String {
    let mut writer = Writer::default();
    for run in runs {
        writer.add(run);
    }
    event::file(writer.events)
}

/// Events of all runs so far.
#[derive(Default)]
struct Writer {
    events: Vec<Event>,
    processes: u32,
    flows: u64,
}

/// Processes and threads of one run.
struct Places {
    /// By component, in the order of the lanes.
    processes: BTreeMap<String, u32>,
    /// By process, then track and row.
    threads: BTreeMap<(Track, usize), u32>,
}

impl Writer {
    fn add(&mut self, run: &Recorded<'_>) {
        let mut all: Vec<(usize, Bundle)> = Vec::new();
        for (number, trace) in run.traces.requests.iter().enumerate() {
            all.extend(bundles(trace).into_iter().map(|bundle| (number, bundle)));
        }
        place(&mut all);
        let places = self.name_places(run, &all);
        // A call's arrow is drawn where both of its ends are known.
        let mut ends: BTreeMap<(usize, u32), Ends> = BTreeMap::new();
        for (number, bundle) in &all {
            let trace = &run.traces.requests[*number];
            let at = places.of(run.traces, bundle);
            for slice in &bundle.slices {
                self.events.push(slice_event(run.traces, trace, *slice, at));
            }
            ends.entry((*number, bundle.owner)).or_default().note(trace, bundle, at);
        }
        self.link(run, &ends);
        self.tell_instants(run, &all, &places);
        self.tell_decisions(run);
    }

    /// Numbers processes and threads, and tells their names.
    fn name_places(&mut self, run: &Recorded<'_>, all: &[(usize, Bundle)]) -> Places {
        let mut processes = BTreeMap::new();
        for lane in &run.traces.lanes {
            if !processes.contains_key(&lane.component) {
                self.processes += 1;
                processes.insert(lane.component.clone(), self.processes);
                let name = format!("{} {}", run.label, lane.component);
                self.events.push(Event::name("process_name", self.processes, 0, name.trim()));
            }
        }
        let used: BTreeSet<(Track, usize)> =
            all.iter().map(|(_, bundle)| (bundle.track, bundle.row)).collect();
        let mut places = Places { processes, threads: BTreeMap::new() };
        for (thread, (track, row)) in (1..).zip(used) {
            let process = places.process(run.traces, track.lane);
            places.threads.insert((track, row), thread);
            let name = track.name(&run.traces.lanes[track.lane as usize].name, row);
            self.events.push(Event::name("thread_name", process, thread, &name));
            self.events.push(Event::sort_index(process, thread));
        }
        places
    }

    /// Arrows from caller through call to callee.
    fn link(&mut self, run: &Recorded<'_>, ends: &BTreeMap<(usize, u32), Ends>) {
        for ((number, owner), call) in ends {
            let trace = &run.traces.requests[*number];
            let span = &trace.spans[*owner as usize];
            let Some(sent) = call.caller_side.filter(|_| is_call(span)) else { continue };
            let above = span.parent.map(|parent| rows::owner(trace, parent));
            let Some(from) = above.and_then(|above| ends.get(&(*number, above))?.inside) else { continue };
            self.flows += 1;
            let id = self.flows;
            self.events.push(Event::flow(Phase::FlowStart, id, span.from, from));
            match call.callee_side {
                Some((at, place)) => {
                    self.events.push(Event::flow(Phase::FlowStep, id, span.from, sent));
                    self.events.push(Event::flow(Phase::FlowEnd, id, at, place));
                }
                None => self.events.push(Event::flow(Phase::FlowEnd, id, span.from, sent)),
            }
        }
    }

    /// What takes no time at a caller: a refusal, an answer of a stage.
    fn tell_instants(&mut self, run: &Recorded<'_>, all: &[(usize, Bundle)], places: &Places) {
        let homes: BTreeMap<(usize, u32), (u32, u32)> = all
            .iter()
            .filter(|(_, bundle)| bundle.slices.first() == Some(&bundle.owner))
            .map(|(number, bundle)| ((*number, bundle.owner), places.of(run.traces, bundle)))
            .collect();
        for (number, trace) in run.traces.requests.iter().enumerate() {
            for span in trace.spans.iter().filter(|span| is_instant(span)) {
                let owner = span.parent.map_or(0, |parent| rows::owner(trace, parent));
                let Some(at) = homes.get(&(number, owner)) else { continue };
                let name = name_of(run.traces, span);
                let arguments = arguments(trace, span);
                self.events.push(Event::instant(&name, "stage", span.from, *at, arguments));
            }
        }
    }

    /// Faults, breakers and health, each decider on a thread of its own.
    fn tell_decisions(&mut self, run: &Recorded<'_>) {
        if run.decisions.is_empty() {
            return;
        }
        self.processes += 1;
        let process = self.processes;
        let name = format!("{} faults and controllers", run.label);
        self.events.push(Event::name("process_name", process, 0, name.trim()));
        let mut threads: BTreeMap<&str, u32> = BTreeMap::new();
        for decision in run.decisions {
            let next = threads.len() as u32 + 1;
            let thread = *threads.entry(&decision.who).or_insert(next);
            if thread == next {
                self.events.push(Event::name("thread_name", process, thread, &decision.who));
            }
            let at = (decision.at * 1e9 + 0.5) as u64;
            let name = format!("{}: {}", decision.who, decision.what);
            let event = Event::instant(&name, "controller", at, (process, thread), Arguments::default());
            self.events.push(event);
        }
    }
}

/// Where a call is on both sides, and where what it does stands.
#[derive(Clone, Copy, Debug, Default)]
struct Ends {
    caller_side: Option<(u32, u32)>,
    /// When its first slice at the callee begins, and where.
    callee_side: Option<(u64, (u32, u32))>,
    /// Where its own calls begin.
    inside: Option<(u32, u32)>,
}

impl Ends {
    fn note(&mut self, trace: &Trace, bundle: &Bundle, at: (u32, u32)) {
        let owner = &trace.spans[bundle.owner as usize];
        if is_call(owner) && bundle.slices.first() == Some(&bundle.owner) {
            self.caller_side = Some(at);
            return;
        }
        self.inside = Some(at);
        let begins = bundle.slices.iter().map(|slice| trace.spans[*slice as usize].from).min();
        self.callee_side = begins.map(|begins| (begins, at));
    }
}

impl Places {
    fn process(&self, traces: &Traces, lane: u32) -> u32 {
        let component = traces.lanes.get(lane as usize).map(|lane| &lane.component);
        component.and_then(|component| self.processes.get(component)).copied().unwrap_or(0)
    }

    /// The process and the thread of a bundle.
    fn of(&self, traces: &Traces, bundle: &Bundle) -> (u32, u32) {
        let thread = self.threads.get(&(bundle.track, bundle.row)).copied().unwrap_or(0);
        (self.process(traces, bundle.track.lane), thread)
    }
}

fn is_call(span: &Span) -> bool {
    matches!(span.kind, SpanKind::Call { .. })
}

fn is_instant(span: &Span) -> bool {
    matches!(span.kind, SpanKind::Refused | SpanKind::Answered)
}

fn slice_event(traces: &Traces, trace: &Trace, slice: u32, at: (u32, u32)) -> Event {
    let span = &trace.spans[slice as usize];
    let name = if span.kind == SpanKind::Request {
        format!("request {}", trace.number)
    } else {
        name_of(traces, span)
    };
    Event::slice(&name, span.standing.name(), (span.from, span.to), at, arguments(trace, span))
}

/// `attempt 2 → web[3]`, `backoff (Retry)`, `compute`.
fn name_of(traces: &Traces, span: &Span) -> String {
    let lane = traces.lanes.get(span.lane as usize).map_or("?", |lane| &lane.name);
    let about = span.name.and_then(|name| traces.names.get(name as usize));
    let nobody = if span.standing == Standing::Orphaned { ", for nobody" } else { "" };
    let name = match (span.kind, about) {
        (SpanKind::Call { attempt, copy, .. }, _) => {
            format!("{} {attempt} → {lane}", if copy { "copy" } else { "attempt" })
        }
        (kind, Some(about)) => format!("{} ({about})", kind.name()),
        (kind, None) => kind.name().to_owned(),
    };
    name + nobody
}

fn arguments(trace: &Trace, span: &Span) -> Arguments {
    let base = Arguments {
        request: Some(trace.number),
        ending: Some(span.ending.name()),
        standing: Some(span.standing.name()),
        ..Arguments::default()
    };
    let SpanKind::Call { attempt, retry, copy } = span.kind else { return base };
    Arguments { attempt: Some(attempt), retry: Some(retry), copy: Some(copy), ..base }
}
