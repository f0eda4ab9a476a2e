//! Words of random systems: what fields and policies of every kind may say.

use models::policy::{
    balancing::BalancerSpec, detection::EjectSpec, discipline::QueueSpec, stage::StageSpec,
    subsetting::SubsetSpec,
};

use super::super::tape::Tape;

pub(super) fn section(name: &str, bracket: char, entries: &[String]) -> String {
    let close = if bracket == '{' { '}' } else { ']' };
    let lines: Vec<String> = entries.iter().map(|entry| format!("        {entry},\n")).collect();
    format!("    {name}: {bracket}\n{}    {close},\n", lines.concat())
}

/// `Name(field, field)`.
pub(super) fn group(name: &str, fields: &[Option<String>]) -> String {
    format!("{name}({})", fields.iter().flatten().cloned().collect::<Vec<_>>().join(", "))
}

pub(super) fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// Names of a family's members, as files write them.
pub(super) fn named<T>(catalog: Vec<(&'static str, &'static str, T)>) -> Vec<String> {
    catalog.into_iter().map(|(name, _, _)| name.to_owned()).collect()
}

/// The family's members with their defaults, or one whose numbers fit a short run.
pub(super) fn member<T>(
    catalog: Vec<(&'static str, &'static str, T)>,
    quick: &[&str],
    tape: &mut Tape<'_>,
) -> String {
    let mut names = named(catalog);
    names.extend(quick.iter().map(|text| (*text).to_owned()));
    tape.one_of(&names)
}

/// A length of time that is never 0.
pub(super) fn some_millis(tape: &mut Tape<'_>) -> String {
    quoted(&format!("{}ms", tape.one_of(&[10.0, 1.0, 0.1, 5.0, 30.0, 100.0, 400.0])))
}

/// A distribution of times whose mean is some milliseconds and never 0.
pub(super) fn time(tape: &mut Tape<'_>) -> String {
    let mean = some_millis(tape);
    match tape.below(15) {
        0 | 1 => format!("Constant({mean})"),
        2 => format!("Exponential(mean: {mean})"),
        3 => format!("Erlang(shape: 3, mean: {mean})"),
        4 => format!("Hyperexponential(mean: {mean}, cv: 3.0)"),
        5 => format!("LogNormal(mean: {mean}, cv: 1.5)"),
        6 => format!("Weibull(shape: 0.7, mean: {mean})"),
        7 => format!("Pareto(shape: 1.5, minimum: {mean})"),
        8 => "BoundedPareto(shape: 1.1, minimum: \"1ms\", maximum: \"1s\")".to_owned(),
        9 => format!("Gamma(mean: {mean}, cv: 2.0)"),
        10 => format!("TruncatedNormal(mean: {mean}, standard_deviation: \"5ms\")"),
        11 => format!("Empirical(values: [\"0ms\", {mean}, \"20ms\"])"),
        12 => format!("Uniform(low: \"0ms\", high: {mean})"),
        13 => format!(
            "Mixture([(weight: 0.9, of: Exponential(mean: {mean})), (weight: 0.1, of: Constant(\"0ms\"))])"
        ),
        _ => format!("Shifted(by: \"1ms\", of: Exponential(mean: {mean}))"),
    }
}

pub(super) fn keys(tape: &mut Tape<'_>) -> String {
    let keys = [
        "Uniform(items: 10)",
        "Zipf(items: 1000, exponent: 0.99)",
        "HotSet(items: 100)",
        "Empirical(weights: [5, 3, 2])",
    ];
    tape.one_of(&keys).to_owned()
}

pub(super) fn sizes(tape: &mut Tape<'_>) -> String {
    tape.one_of(&["Constant(\"2KB\")", "Exponential(mean: \"10KB\")"]).to_owned()
}

pub(super) fn balancing(tape: &mut Tape<'_>) -> String {
    let quick = [
        "PowerOfTwoChoices(by: PeakEwma(decay: \"100ms\"))",
        "PowerOfChoices(choices: 3, replacement: true)",
        "WeightedRoundRobin(weights: ByCapacity, max_fails: 2)",
        "EarliestDeadlineFirst(weights: ByCapacity)",
        "LeastConnections(max_fails: 1)",
        "LeastRequest(choice_count: 3, active_request_bias: 0.5)",
        "UtilizationWeighted(blackout: \"100ms\", expiry: \"1s\", update: \"200ms\")",
        "Dynamic(members: [Random, JoinIdleQueue], switch: MeanInFlight(above: 2, below: 1, dwell: \"50ms\"))",
        "Dynamic(members: [RoundRobin, Maglev], switch: Schedule([(at: \"500ms\", member: 1)]))",
        "JoinIdleQueue",
    ];
    member(BalancerSpec::catalog(), &quick, tape)
}

pub(super) fn queue(tape: &mut Tape<'_>) -> String {
    let discipline = tape.one_of(&named(QueueSpec::catalog()));
    let capacity = tape.maybe(60, |tape| format!("capacity: {}", tape.one_of(&[3, 0, 1, 50])));
    let displaces = capacity.as_ref().is_some_and(|text| !text.ends_with(": 0"));
    let when_full =
        tape.maybe(60, |tape| format!("when_full: {}", tape.one_of(&["DropOldest", "DropLowest", "Block"])));
    let when_full = when_full.filter(|_| displaces);
    let expired = tape.maybe(30, |_| "drop_expired: true".to_owned());
    group(&discipline, &[capacity, when_full, expired])
}

pub(super) fn retry(tape: &mut Tape<'_>) -> String {
    let attempts = tape.between(1, 4);
    let on = |tape: &mut Tape<'_>, what: &str| tape.maybe(50, |tape| format!("{what}: {}", tape.chance(50)));
    let (error, refusal, timeout) = (on(tape, "on_error"), on(tape, "on_refusal"), on(tape, "on_timeout"));
    group("", &[Some(format!("max_attempts: {attempts}")), error, refusal, timeout])
}

pub(super) fn health_check(tape: &mut Tape<'_>) -> String {
    let flavor = tape.one_of(&["Haproxy", "Envoy", "Fixed"]);
    let interval = tape.one_of(&["100ms", "20ms", "500ms"]);
    let timeout = tape.maybe(50, |_| "timeout: \"10ms\"".to_owned());
    let jitter = tape.maybe(30, |_| "jitter: 0.2".to_owned());
    let fields =
        [Some(format!("interval: \"{interval}\", flavor: {flavor}, unhealthy_after: 2")), timeout, jitter];
    group("", &fields)
}

pub(super) fn ejection(tape: &mut Tape<'_>) -> String {
    let quick = [
        "NginxPassive(max_fails: 2, fail_timeout: \"200ms\", error_replies: true)",
        "OutlierDetection(interval: \"100ms\", base_ejection_time: \"200ms\", consecutive_5xx: 2, max_ejection: 0.5)",
        "FailureAccrual(consecutive_failures: 2, first_pause: \"50ms\", longest_pause: \"500ms\")",
        "HaproxyObserve(error_limit: 2, on_error: MarkDown)",
        "HaproxyObserve(error_limit: 1, on_error: SuddenDeath)",
    ];
    member(EjectSpec::catalog(), &quick, tape)
}

pub(super) fn slow_start(tape: &mut Tape<'_>) -> String {
    tape.one_of(&["Envoy(window: \"500ms\")", "Haproxy(window: \"1s\")"]).to_owned()
}

pub(super) fn view(tape: &mut Tape<'_>) -> String {
    format!("view: Board(every: {})", some_millis(tape))
}

/// What callers and balancers have in common: how they look after the servers they know.
pub(super) fn care(tape: &mut Tape<'_>) -> Vec<Option<String>> {
    vec![
        tape.maybe(25, view),
        tape.maybe(40, |tape| format!("timeout: {}", some_millis(tape))),
        tape.maybe(25, |tape| format!("health_check: {}", health_check(tape))),
        tape.maybe(25, |tape| format!("ejection: {}", ejection(tape))),
        tape.maybe(20, |tape| format!("slow_start: {}", slow_start(tape))),
        tape.maybe(20, |tape| {
            let quick =
                ["Deterministic(size: 2)", "Random(size: 1)", "Rendezvous(size: 2)", "Aperture(min_size: 1)"];
            format!("subset: {}", member(SubsetSpec::catalog(), &quick, tape))
        }),
    ]
}

/// Stages between a caller and the wire, some of them with numbers that fit a short run.
pub(super) fn stages(tape: &mut Tape<'_>) -> String {
    let quick = [
        "Timeout(after: \"20ms\")",
        "Bulkhead(max_concurrent: 2, max_wait: \"10ms\")",
        "ConnectionPool(max: 1, acquire_timeout: \"20ms\", max_waiting: 2)",
    ];
    let count = tape.between(1, 4);
    let stages: Vec<String> = (0..count).map(|_| member(StageSpec::catalog(), &quick, tape)).collect();
    format!("stages: [{}]", stages.join(", "))
}

pub(super) fn call(tape: &mut Tape<'_>) -> String {
    let mut fields = care(tape);
    fields.push(tape.maybe(40, stages));
    fields.push(tape.maybe(20, |_| "shared_stages: true".to_owned()));
    fields.push(tape.maybe(60, |tape| format!("balancer: {}", balancing(tape))));
    group("", &fields)
}
