//! What a service does step by step, told by small systems whose times can be added up by hand.

use std::collections::BTreeMap;

use super::testing::{self, read};
use crate::wire;

/// The figures of a second with one request each 100 ms, the first after 100 ms, at `web` with these fields.
fn seen(web: &str, others: &str) -> BTreeMap<String, f64> {
    let text = format!(
        r#"(workloads: {{ "users": OpenLoop(target: "web", load: Rate("10/s"), arrivals: Deterministic()) }},
        components: {{ "web": Service({web}), {others} }})"#
    );
    figures(&text)
}

/// The figures of the requests at 100, 200 … 900 ms.
fn figures(text: &str) -> BTreeMap<String, f64> {
    testing::figures(text, 0.99, 1)
}

/// The lock that these steps may need.
fn lock_for(steps: &str) -> &'static str {
    if steps.contains("lock") { r#"resources: { "lock": () },"# } else { "" }
}

/// Milliseconds that a request takes at a service with one worker and these steps.
fn takes(steps: &str) -> f64 {
    let figures = seen(&format!(r#"{} handles: {{ "*": [{steps}] }}"#, lock_for(steps)), "");
    assert_eq!(figures["users.errors.count"], 0.0, "{steps}");
    (figures["users.latency.mean"] * 1e9).round() / 1e6
}

fn problems(web: &str) -> Vec<String> {
    testing::problems(&format!(
        r#"(workloads: {{ "users": OpenLoop(target: "web") }}, components: {{ "web": Service({web}) }})"#
    ))
}

#[test]
fn branches_overlap_but_for_their_computing() {
    for (steps, millis) in [
        // Waits overlap, one thread computes.
        (r#"Parallel(branches: [[Wait(Constant("3ms"))], [Wait(Constant("5ms"))]])"#, 5.0),
        (r#"Parallel(branches: [[Compute(Constant("3ms"))], [Compute(Constant("5ms"))]])"#, 8.0),
        (
            r#"Parallel(branches: [[Compute(Constant("3ms")), Wait(Constant("4ms"))], [Compute(Constant("2ms"))]])"#,
            7.0,
        ),
        // Turns are taken step by step: 1, 1, then the second step of the first.
        (
            r#"Parallel(join: Any, branches: [[Compute(Constant("1ms")), Compute(Constant("9ms"))], [Compute(Constant("1ms"))]])"#,
            2.0,
        ),
        (r#"Parallel(copies: 4, branches: [[Compute(Constant("2ms"))]])"#, 8.0),
        // The first, and the second of three.
        (r#"Parallel(join: Any, branches: [[Wait(Constant("3ms"))], [Wait(Constant("5ms"))]])"#, 3.0),
        (
            r#"Parallel(join: Quorum(2), branches: [[Wait(Constant("7ms"))], [Wait(Constant("5ms"))], [Wait(Constant("1ms"))]])"#,
            5.0,
        ),
        // Branches in branches, and a failure that leaves enough.
        (
            r#"Parallel(branches: [[Parallel(branches: [[Wait(Constant("3ms"))], [Wait(Constant("4ms"))]]), Wait(Constant("2ms"))], []])"#,
            6.0,
        ),
        (r#"Parallel(join: Any, branches: [[Fail(1.0)], [Wait(Constant("5ms"))]])"#, 5.0),
        (
            r#"Parallel(branches: [[Try(steps: [Wait(Constant("1ms")), Fail(1.0)], on_failure: [Wait(Constant("1ms"))])], []])"#,
            2.0,
        ),
    ] {
        assert_eq!(takes(steps), millis, "{steps}");
    }
}

#[test]
fn cores_are_shared_by_branches() {
    let branches =
        r#"handles: { "*": [Parallel(branches: [[Compute(Constant("3ms"))], [Compute(Constant("5ms"))]])] }"#;
    for (cores, millis) in [(1, 0.008), (2, 0.005)] {
        let figures = seen(&format!("sharing: ProcessorSharing(cores: {cores}), {branches}"), "");
        assert_eq!(figures["users.latency.mean"], millis, "{cores} cores");
    }
}

#[test]
fn a_join_that_cannot_be_fails_at_once() {
    for (steps, millis) in [
        (r#"Parallel(branches: [[Wait(Constant("2ms")), Fail(1.0)], [Wait(Constant("50ms"))]])"#, 0.002),
        (
            r#"Parallel(join: Quorum(2), branches: [[Fail(1.0)], [Wait(Constant("3ms")), Fail(1.0)], [Wait(Constant("50ms"))]])"#,
            0.003,
        ),
        (r#"Parallel(join: Any, branches: [[Fail(1.0)], [Wait(Constant("4ms")), Fail(1.0)]])"#, 0.004),
    ] {
        let figures = seen(&format!(r#"handles: {{ "*": [{steps}] }}"#), "");
        assert_eq!((figures["users.errors.count"], figures["users.latency.mean"]), (9.0, millis), "{steps}");
    }
}

#[test]
fn stragglers_are_ended_or_go_on_in_vain() {
    let race = |cancels: &str| {
        let steps = format!(
            r#"handles: {{ "*": [Parallel(join: Any, {cancels} branches: [[Call("slow")], [Wait(Constant("2ms"))]])] }}"#
        );
        seen(&steps, r#""slow": Service(cancel_abandoned_work: true, service_time: Constant("10ms"))"#)
    };
    let (ended, goes_on) = (race(""), race("cancel_stragglers: false,"));
    assert_eq!((ended["users.latency.mean"], goes_on["users.latency.mean"]), (0.002, 0.002));
    assert_eq!((ended["slow.failed_cancelled.count"], goes_on["slow.failed_cancelled.count"]), (9.0, 0.0));
    assert_eq!((ended["slow.goodput.mean"], goes_on["web.calls.slow.success_ratio.mean"]), (0.0, 1.0));
    // What is left of a straggler's computing is done by a worker of its own, 1 of 5 ms by the request's thread.
    let computes = r#"workers_per_server: 2, handles: { "*": [Parallel(join: Any, cancel_stragglers: false,
        branches: [[Compute(Constant("5ms"))], [Wait(Constant("1ms"))]]), Wait(Constant("9ms"))] }"#;
    let figures = seen(computes, "");
    assert_eq!(figures["users.latency.mean"], 0.010);
    let busy = figures["web.utilization.mean"] * 2.0 * 0.99;
    assert!((busy - 9.0 * (0.010 + 0.004)).abs() < 1e-9, "{busy}");
    assert_eq!(figures["web.wasted.count"], 9.0);
}

#[test]
fn what_is_spawned_goes_on_after_the_answer() {
    let steps = r#"handles: { "*": [Wait(Constant("1ms")),
        Spawn([Compute(Constant("4ms")), Wait(Constant("20ms")), Call("log"), Fail(0.5)])] }"#;
    let figures = seen(steps, r#""log": Service(service_time: Constant("1ms"))"#);
    assert_eq!((figures["users.latency.mean"], figures["users.errors.count"]), (0.001, 0.0));
    assert_eq!(figures["web.calls.spawned.attempts.count"], 9.0);
    assert_eq!(figures["web.calls.spawned.attempt_latency.mean"], 0.025);
    let failed = figures["web.calls.spawned.failed_error.count"];
    assert!(failed > 0.0 && failed < 9.0, "{failed}");
    assert_eq!(figures["log.arrivals.count"], 9.0);
    // A worker is taken for the computing only: 1 ms by the request and 4 ms later.
    let busy = figures["web.utilization.mean"] * 0.99;
    assert!((busy - 9.0 * 0.005).abs() < 1e-9, "{busy}");
    assert_eq!((figures["web.arrivals.count"], figures["web.wasted.count"]), (9.0, 0.0));
}

#[test]
fn a_section_is_entered_by_one_at_a_time() {
    // Three branches of one request: 0, 4 and 8 ms of waiting.
    let steps =
        r#"Parallel(copies: 3, branches: [[Section(resource: "lock", steps: [Wait(Constant("4ms"))])]])"#;
    assert_eq!(takes(steps), 12.0);
    let with = |resource: &str, servers: u32| {
        let web = format!(
            r#"servers: {servers}, workers_per_server: 4, resources: {{ "lock": {resource} }}, handles: {{ "*": [{steps}] }}"#
        );
        seen(&web, "")
    };
    let figures = with("(permits: 2)", 1);
    assert_eq!(figures["users.latency.mean"], 0.008);
    assert_eq!((figures["web.lock.arrivals.count"], figures["web.lock.wait.max"]), (27.0, 0.004));
    let mean = figures["web.lock.wait.mean"];
    assert!((mean - 0.004 / 3.0).abs() < 1e-12, "{mean}");
    assert!((figures["web.lock.utilization.mean"] * 2.0 * 0.99 - 27.0 * 0.004).abs() < 1e-9);
}

#[test]
fn permits_come_back_however_steps_end() {
    // The holder fails, is cancelled as a straggler, or fails into a handler: the next one gets in.
    for steps in [
        r#"Parallel(join: Any, branches: [[Section(resource: "lock", steps: [Wait(Constant("2ms")), Fail(1.0)])],
            [Section(resource: "lock", steps: [Wait(Constant("3ms"))])]])"#,
        r#"Parallel(join: Any, branches: [[Section(resource: "lock", steps: [Wait(Constant("50ms"))])], [Wait(Constant("2ms"))]]),
            Section(resource: "lock", steps: [Wait(Constant("3ms"))])"#,
        r#"Try(steps: [Section(resource: "lock", steps: [Wait(Constant("2ms")), Fail(1.0)])],
            on_failure: [Section(resource: "lock", steps: [Wait(Constant("3ms"))])])"#,
    ] {
        assert_eq!(takes(steps), 5.0, "{steps}");
    }
}

#[test]
fn a_failure_is_caught_by_the_innermost_try() {
    for (steps, millis, degraded) in [
        (
            r#"Try(steps: [Wait(Constant("1ms"))], on_failure: [Wait(Constant("9ms"))], on_success: [Wait(Constant("2ms"))])"#,
            0.003,
            0.0,
        ),
        (
            r#"Try(steps: [Fail(1.0)], on_failure: [Wait(Constant("9ms"))], on_success: [Wait(Constant("2ms"))]), Wait(Constant("1ms"))"#,
            0.010,
            9.0,
        ),
        (
            r#"Try(steps: [Try(steps: [Fail(1.0)], on_failure: [Wait(Constant("1ms"))])], on_failure: [Wait(Constant("5ms"))])"#,
            0.001,
            9.0,
        ),
        (
            r#"Try(steps: [Try(steps: [Fail(1.0)], on_failure: [Fail(1.0)])], on_failure: [Wait(Constant("5ms"))])"#,
            0.005,
            9.0,
        ),
        (
            r#"Try(steps: [Parallel(branches: [[Wait(Constant("3ms")), Fail(1.0)], [Wait(Constant("1ms"))]])])"#,
            0.003,
            9.0,
        ),
        (r#"Try(steps: [Call("bad")], on_failure: [Wait(Constant("2ms"))])"#, 0.002, 9.0),
    ] {
        let figures = seen(
            &format!(r#"handles: {{ "*": [{steps}] }}"#),
            r#""bad": Service(handles: { "*": [Fail(1.0)] })"#,
        );
        assert_eq!(figures["users.errors.count"], 0.0, "{steps}");
        assert_eq!(
            (figures["users.latency.mean"], figures["users.degraded.count"]),
            (millis, degraded),
            "{steps}"
        );
    }
}

#[test]
fn long_rows_of_steps_are_no_deep_recursion() {
    for steps in [
        "Repeat(times: 1600, steps: [Parallel(branches: [[], []])])",
        "Repeat(times: 2000, steps: [Try(steps: [Fail(1.0)])])",
        r#"Repeat(times: 3000, steps: [Section(resource: "lock", steps: [])])"#,
        "Repeat(times: 3000, steps: [Spawn([])])",
        r#"Repeat(times: 2000, steps: [Try(steps: [Call("shut")])])"#,
    ] {
        let calls = if steps.contains("shut") { r#""shut": (bulkhead: (max_concurrent: 0))"# } else { "" };
        let web = format!(r#"{} handles: {{ "*": [{steps}] }}, calls: {{ {calls} }}"#, lock_for(steps));
        let text = format!(
            r#"(workloads: {{ "users": OpenLoop(target: "web", load: Rate("1.5/s"), arrivals: Deterministic()) }},
            components: {{ "web": Service({web}), "shut": Service() }})"#
        );
        // A bulkhead without room, which refuses at once, is no bulkhead to a file.
        let seen = testing::figures_unchecked(&text, 0.99);
        assert_eq!(seen["users.errors.count"], 0.0, "{steps}");
    }
}

#[test]
fn steps_that_cannot_be_are_told() {
    for (web, what) in [
        (
            r#"handles: { "*": [Fail(1.0), Wait(Constant("1ms"))] }"#,
            "components.web.handles.*.1: no request reaches step 1: step 0 always fails",
        ),
        (
            r#"handles: { "*": [Branch([(weight: 0.0, steps: [])])] }"#,
            "components.web.handles.*.0.0.weight: weight must be above 0, got 0",
        ),
        (
            r#"handles: { "*": [Repeat(times: 0, steps: [])] }"#,
            "components.web.handles.*.0.times: times must be at least 1, got 0: no request reaches these steps",
        ),
        (
            r#"handles: { "*": [Parallel(join: Quorum(3), branches: [[], []])] }"#,
            "components.web.handles.*.0.join: a quorum of 2 branches is 1 to 2, got 3",
        ),
        (r#"handles: { "*": [Parallel()] }"#, "components.web.handles.*.0.branches: Parallel needs branches"),
        (
            r#"handles: { "*": [Spawn([Call("nobody")])] }"#,
            "components.web.handles.*.0.0: `web.handles.*[0]` refers to `nobody`, which does not exist",
        ),
        (
            r#"handles: { "*": [Section(resource: "lock")] }"#,
            "components.web.handles.*.0.resource: `web` has no resource `lock`",
        ),
        (
            r#"resources: { "lock": () }"#,
            "components.web.resources.lock: no step of `web` needs a permit of `lock`",
        ),
        (
            r#"resources: { "lock": () }, handles: { "*": [Section(resource: "lock", steps: [Parallel(branches: [[Section(resource: "lock")]])])] }"#,
            "components.web.handles.*.0.steps.0.branches.0.0.resource: `lock` is held here already: its holder would wait for itself",
        ),
        (
            r#"handles: { "*": [ByClass({"reads": []})] }"#,
            "components.web.handles.*.0.reads: no workload sends requests of kind `reads`",
        ),
    ] {
        assert_eq!(problems(web), [what]);
    }
}

/// Two services that call each other, and how deep calls nest until one is refused.
#[test]
fn calls_in_a_circle_end_at_the_limit() {
    let circle = |depth: &str| {
        format!(
            r#"(workloads: {{ "users": OpenLoop(target: "a", load: Rate("10/s"), arrivals: Deterministic(), {depth}) }},
            components: {{
                "a": Service(workers_per_server: 50, handles: {{ "*": [Call("b")] }}),
                "b": Service(workers_per_server: 50, handles: {{ "*": [Call("a")] }}),
            }})"#
        )
    };
    let figures = figures(&circle("max_call_depth: 5"));
    // Of each request's calls five are let in and the sixth is refused.
    let arrivals = figures["a.arrivals.count"] + figures["b.arrivals.count"];
    assert_eq!((arrivals, figures["b.failed_too_deep.count"]), (9.0 * 6.0, 9.0));
    let told = |text: &str| {
        wire::check(&read(text)).into_iter().map(|problem| (problem.code, problem.what)).collect::<Vec<_>>()
    };
    let what = "synchronous calls form a cycle: a → b → a".to_owned();
    assert_eq!(told(&circle("")), [("E0304", what)]);
    assert_eq!(told(&circle("max_call_depth: 5")), []);
}

/// A request of 10 ms whose client gives up after 4.
#[test]
fn a_deadline_travels_where_it_is_asked_for() {
    let chain = |propagates: bool, front: &str| {
        let text = format!(
            r#"(workloads: {{ "users": OpenLoop(
                target: "front", load: Rate("10/s"), arrivals: Deterministic(), timeout: "4ms", propagate_deadline: {propagates},
            ) }},
            components: {{
                "front": Service(service_time: Constant("1ms"), handles: {{ "*": [{front}] }}),
                "back": Service(service_time: Constant("2ms"), handles: {{ "*": [Wait(Constant("1500us")), Call("store")] }}),
                "store": Service(service_time: Constant("3ms")),
            }})"#
        );
        figures(&text)
    };
    for (propagates, stored, reason) in
        [(false, 9.0, "front.goodput.mean"), (true, 0.0, "front.failed_expired.count")]
    {
        let figures = chain(propagates, r#"Call("back")"#);
        assert_eq!(figures["users.failed_timed_out.count"], 9.0);
        // 1 ms and 3.5 ms are over before anything is stored.
        assert_eq!(figures["store.arrivals.count"], stored, "{propagates}");
        let met = if propagates { 9.0 } else { 9.0 / 0.99 };
        assert!((figures[reason] - met).abs() < 1e-9, "{propagates}");
    }
    // Whoever waits side by side is told, and so is whoever would try something else.
    for front in [
        r#"Parallel(branches: [[Call("back")], [Wait(Constant("20ms"))]])"#,
        r#"Try(steps: [Call("back")], on_failure: [Call("store")])"#,
        r#"Wait(Constant("5ms")), Call("store")"#,
    ] {
        let figures = chain(true, front);
        assert_eq!(
            (figures["front.failed_expired.count"], figures["store.arrivals.count"]),
            (9.0, 0.0),
            "{front}"
        );
    }
}

/// A deadline over all attempts travels too, and one that has passed in line is noticed when its turn comes.
#[test]
fn what_waited_too_long_is_not_begun() {
    let line = |propagates: bool| {
        let text = format!(
            r#"(workloads: {{ "users": OpenLoop(target: "web", load: Rate("100/s"), arrivals: Deterministic(),
                propagate_deadline: {propagates}, calls: {{ "web": (deadline: "25ms") }}) }},
            components: {{ "web": Service(service_time: Constant("40ms")) }})"#
        );
        figures(&text)
    };
    let (unaware, aware) = (line(false), line(true));
    assert_eq!((unaware["users.goodput.mean"], aware["users.goodput.mean"]), (0.0, 0.0));
    assert_eq!(unaware["web.failed_expired.count"], 0.0);
    // Each 40 ms of work lets three others pass their deadlines of 25 ms.
    assert!(aware["web.failed_expired.count"] > 60.0);
    // At most two who may still be served are joined by four more.
    assert!(aware["web.queue_length.max"] <= 6.0);
}

/// A request of 10 ms whose client gives up after 4, 1 ms of which it was at the front.
#[test]
fn the_time_of_a_call_given_up_is_that_of_whoever_had_not_answered() {
    for call in [r#"Call("back")"#, r#"Parallel(branches: [[Call("back")], []])"#] {
        let text = format!(
            r#"(workloads: {{ "users": OpenLoop(
                target: "front", load: Rate("1000/s"), arrivals: Deterministic(), timeout: "4ms",
            ) }},
            components: {{
                "front": Service(workers_per_server: 99, service_time: Constant("1ms"), handles: {{ "*": [{call}] }}),
                "back": Service(workers_per_server: 99, service_time: Constant("9ms")),
            }})"#
        );
        let figures = figures(&text);
        let spent = |hop: &str| figures[format!("users.slowest.{hop}.service.mean").as_str()];
        assert_eq!((spent("front"), spent("back")), (0.001, 0.003), "{call}");
    }
}
