//! What traces say of small systems whose times can be added up by hand.

use std::ops::ControlFlow;

use ron::extensions::Extensions;
use sim_core::{
    simulation::Budget,
    time::{SimDuration, SimTime},
};

use super::{Ending, Kept, Span, SpanKind, Standing, Trace, Traces, Tracing};
use crate::{RunSettings, report::RunReport, request::Reason, run_traced};

const ALL: Tracing = Tracing::Whole { most_spans: 100_000 };

/// A run of so many milliseconds of requests each 100 ms, the first after 100 ms.
fn told(clients: &str, components: &str, millis: u64, tracing: Tracing) -> RunReport {
    let options = ron::Options::default().with_default_extension(
        Extensions::IMPLICIT_SOME | Extensions::UNWRAP_NEWTYPES | Extensions::UNWRAP_VARIANT_NEWTYPES,
    );
    let text = format!(
        r#"(
            network: (within_zone: Constant("2ms")),
            workloads: {{ "users": OpenLoop(
                target: "web", load: Rate("10/s"), arrivals: Deterministic(), {clients}
            ) }},
            components: {{ {components} }},
        )"#
    );
    let spec = options.from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let settings = RunSettings {
        seed: 1,
        replication: 0,
        measure_from: SimTime::ZERO,
        end: SimTime::from_nanos(millis * 1_000_000),
        windows: Vec::new(),
        bin: SimDuration::from_secs(1),
        limits: Vec::new(),
        budget: Budget { events: 10_000_000, in_flight: 100_000 },
    };
    let records = &mut |_: &str| Err("no trace".to_owned());
    run_traced(&spec, &settings, tracing, records, &mut |_| ControlFlow::Continue(())).unwrap()
}

fn traces(clients: &str, components: &str, millis: u64) -> Traces {
    told(clients, components, millis, ALL).traces
}

/// A span as a line: what, where, how it ended if not well, whether nobody waited, from and to in milliseconds.
fn line(traces: &Traces, trace: &Trace, span: &Span) -> String {
    let start = trace.spans[0].from;
    let millis = |nanos: u64| (nanos - start) as f64 / 1e6;
    let kind = match span.kind {
        SpanKind::Call { attempt, retry, copy } => {
            let which = if copy {
                " copy"
            } else if retry {
                " retry"
            } else {
                ""
            };
            format!("call {attempt}{which}")
        }
        other => other.name().to_owned(),
    };
    let ending = if span.ending == Ending::Done { "" } else { span.ending.name() };
    let standing = if span.standing == Standing::Awaited { "" } else { span.standing.name() };
    let stage = span.name.map_or("", |name| traces.names[name as usize].as_str());
    let words = [kind.as_str(), &traces.lanes[span.lane as usize].name, stage, ending, standing];
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    format!("{} {}..{}", words.join(" "), millis(span.from), millis(span.to))
}

fn lines(traces: &Traces, number: usize) -> Vec<String> {
    let trace = &traces.requests[number];
    trace.spans.iter().map(|span| line(traces, trace, span)).collect()
}

fn length_of(trace: &Trace, kind: SpanKind) -> u64 {
    trace.spans.iter().filter(|span| span.kind == kind).map(Span::length).sum()
}

#[test]
fn a_request_is_its_way_its_wait_and_its_service() {
    let traces = traces("", r#""web": ServerPool(service_time: Constant("150ms"))"#, 2_000);
    // Requests come each 100 ms and take 150 ms: by Lindley's recursion (*The theory of queues with a single server*,
    // 1952) each waits 50 ms longer than the one before.
    let finished = traces.requests.iter().filter(|trace| trace.spans[0].ending == Ending::Done);
    let mut count = 0;
    for (before, trace) in finished.enumerate() {
        let millis = |kind| length_of(trace, kind) / 1_000_000;
        let waited = 50 * before as u64;
        assert_eq!([SpanKind::Outbound, SpanKind::Inbound].map(millis), [2, 2]);
        assert_eq!([SpanKind::Queue, SpanKind::Service, SpanKind::Compute].map(millis), [waited, 150, 150]);
        assert_eq!(trace.latency() / 1_000_000, 2 + waited + 150 + 2);
        assert_eq!(trace.number, before as u64 + 1);
        count += 1;
    }
    assert_eq!(count, 12, "2 s less 102 ms of 150 ms each");
    let late = traces.requests.last().unwrap();
    assert_eq!((late.spans[0].ending, late.spans[0].to), (Ending::Unfinished, 2_000_000_000));
}

#[test]
fn steps_and_calls_stand_within_their_service() {
    let web = r#""web": Service(resources: { "lock": () }, handles: { "*": [
        Compute(Constant("3ms")), Section(resource: "lock", steps: [Wait(Constant("4ms"))]), Call("db"),
        Parallel(branches: [[Wait(Constant("1ms"))], [Compute(Constant("2ms"))]]),
    ] }), "db": ServerPool(service_time: Constant("5ms"))"#;
    let traces = traces("", web, 150);
    let expected = [
        "request users 0..22",
        "call 1 web 0..22",
        "network out web 0..2",
        "service web 2..20",
        "compute web 2..5",
        "wait web 5..9",
        "hold permit web web.lock 5..9",
        "call 1 db 9..18",
        "network out db 9..11",
        "service db 11..16",
        "compute db 11..16",
        "network back db 16..18",
        "branch web 18..19",
        "branch web 18..20",
        "wait web 18..19",
        "compute web 18..20",
        "network back web 20..22",
    ];
    assert_eq!(lines(&traces, 0), expected);
}

#[test]
fn attempts_pauses_and_work_for_nobody_are_told_apart() {
    let clients = r#"timeout: "20ms", retry: (max_attempts: 2, backoff: Constant(pause: "10ms"))"#;
    let traces = traces(clients, r#""web": ServerPool(service_time: Constant("30ms"))"#, 190);
    let expected = [
        "request users timed_out 0..50",
        "call 1 web timed_out 0..20",
        "network out web 0..2",
        "service web 2..20",
        "compute web 2..20",
        // The server knows nothing of it and goes on.
        "service web orphaned 20..32",
        "backoff users Retry 20..30",
        "call 2 retry web timed_out 30..50",
        "compute web orphaned 20..32",
        "network out web 30..32",
        "service web 32..50",
        "compute web 32..50",
        "service web orphaned 50..62",
        "compute web orphaned 50..62",
    ];
    assert_eq!(lines(&traces, 0), expected);
}

#[test]
fn both_copies_of_a_hedged_call_are_shown() {
    let clients = r#"calls: { "web": (stages: [Hedge(after: After("10ms"))]) }"#;
    let web = r#""web": ServerPool(servers: 1, workers_per_server: 2, service_time: Constant("30ms"))"#;
    let traces = traces(clients, web, 150);
    let calls: Vec<String> = lines(&traces, 0).into_iter().filter(|line| line.starts_with("call")).collect();
    assert_eq!(calls, ["call 1 web 0..34", "call 1 copy web cancelled 10..34"]);
    assert!(lines(&traces, 0).contains(&"service web orphaned 34..42".to_owned()));
}

#[test]
fn a_refusal_says_who_and_why() {
    let clients = r#"calls: { "web": (stages: [Bulkhead(max_concurrent: 1)]) }"#;
    let traces = traces(clients, r#""web": ServerPool(service_time: Constant("150ms"))"#, 250);
    let refused = traces.requests[1].spans[1];
    assert_eq!((refused.kind, refused.ending), (SpanKind::Refused, Ending::Failed(Reason::BulkheadFull)));
    assert_eq!(traces.requests[1].latency(), 0);
}

#[test]
fn recording_changes_nothing_else() {
    let clients =
        r#"timeout: "20ms", retry: (max_attempts: 3, backoff: Exponential(base: "5ms", jitter: Full))"#;
    let web = r#""web": ServerPool(service_time: Exponential(mean: "15ms"))"#;
    let told = |tracing| told(clients, web, 60_000, tracing);
    let off = told(Tracing::Off);
    for tracing in [ALL, Tracing::Sampled, Tracing::Whole { most_spans: 100 }] {
        let mut on = told(tracing);
        assert!(!on.traces.requests.is_empty());
        on.traces = Traces::default();
        assert!(on == off, "{tracing:?}");
    }
}

#[test]
fn too_many_spans_are_thinned_evenly() {
    let traces = told(
        "",
        r#""web": ServerPool(service_time: Constant("1ms"))"#,
        200_000,
        Tracing::Whole { most_spans: 1_000 },
    )
    .traces;
    let spans: usize = traces.requests.iter().map(|trace| trace.spans.len()).sum();
    assert!((400..=1_000).contains(&spans), "{spans}");
    // 2000 requests of six spans each: one in sixteen is left.
    assert_eq!(traces.thinned, Some(16));
    let early = traces.requests.iter().filter(|trace| trace.number <= 1_000).count();
    assert!(early.abs_diff(traces.requests.len() / 2) < 20, "{early} of {}", traces.requests.len());
}

#[test]
fn a_sample_holds_typical_requests_and_the_slowest() {
    let report =
        told("", r#""web": ServerPool(service_time: Exponential(mean: "60ms"))"#, 600_000, Tracing::Sampled);
    let traces = report.traces;
    let kept = |why| traces.requests.iter().filter(move |trace| trace.kept == why);
    assert_eq!(kept(Kept::Even).count(), 16);
    assert!((1..=8).contains(&kept(Kept::Slow).count()));
    let slowest = kept(Kept::Slow).map(Trace::latency).max().unwrap();
    let usual = kept(Kept::Even).map(Trace::latency).max().unwrap();
    assert!(slowest > usual, "{slowest} {usual}");
}
