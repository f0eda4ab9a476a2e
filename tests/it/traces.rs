//! Traces of requests through the built binary: `run --trace`, `export --to perfetto`, the waterfalls of the report.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use serde_json::Value;

use crate::desk::{Desk, counter_with, finished};

/// The events of a file in the Trace Event Format.
fn events(text: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(text).unwrap();
    assert_eq!(file["displayTimeUnit"], "ms");
    file["traceEvents"].as_array().unwrap().clone()
}

/// Nanoseconds of a field in microseconds.
fn nanos(event: &Value, field: &str) -> u64 {
    (event[field].as_f64().unwrap() * 1e3).round() as u64
}

fn thread(event: &Value) -> (u64, u64) {
    (event["pid"].as_u64().unwrap(), event["tid"].as_u64().unwrap())
}

fn of_phase<'a>(events: &'a [Value], phase: &'a str) -> impl Iterator<Item = &'a Value> {
    events.iter().filter(move |event| event["ph"] == phase)
}

/// What the format asks of a file, or a viewer shows something else than is meant.
fn assert_sound(events: &[Value]) {
    let mut stacks: BTreeMap<(u64, u64), Vec<u64>> = BTreeMap::new();
    let mut before = 0;
    for event in of_phase(events, "X") {
        let (from, length) = (nanos(event, "ts"), nanos(event, "dur"));
        assert!(from >= before, "slices come in the order of time");
        before = from;
        let stack = stacks.entry(thread(event)).or_default();
        stack.retain(|end| *end > from);
        assert!(stack.last().is_none_or(|end| from + length <= *end), "{event} reaches out of what it is in");
        stack.push(from + length);
    }
    let named = |kind: &str| -> BTreeSet<(u64, u64)> {
        events.iter().filter(|event| event["name"] == kind).map(thread).collect()
    };
    let (processes, threads) = (named("process_name"), named("thread_name"));
    for event in events.iter().filter(|event| event["ph"] != "M") {
        assert!(threads.contains(&thread(event)), "{event} stands on a thread without a name");
        assert!(processes.contains(&(thread(event).0, 0)), "{event} stands in a process without a name");
    }
    assert_arrows(events);
}

/// Each arrow begins once and ends once, not before it began, and on slices.
fn assert_arrows(events: &[Value]) {
    let places = |phase: &str| -> BTreeMap<u64, (u64, (u64, u64))> {
        let arrows: Vec<_> = of_phase(events, phase).collect();
        let found: BTreeMap<_, _> = arrows
            .iter()
            .map(|event| (event["id"].as_u64().unwrap(), (nanos(event, "ts"), thread(event))))
            .collect();
        assert_eq!(found.len(), arrows.len(), "{phase}: no number is used twice");
        found
    };
    let (starts, ends) = (places("s"), places("f"));
    assert_eq!(starts.keys().collect::<Vec<_>>(), ends.keys().collect::<Vec<_>>());
    let mut slices: BTreeMap<(u64, u64), Vec<(u64, u64)>> = BTreeMap::new();
    for event in of_phase(events, "X") {
        let from = nanos(event, "ts");
        slices.entry(thread(event)).or_default().push((from, from + nanos(event, "dur")));
    }
    for (id, (begun, on)) in &starts {
        let (ended, at) = ends[id];
        assert!(*begun <= ended, "arrow {id} flies backwards");
        for (moment, thread) in [(*begun, *on), (ended, at)] {
            let bound = slices[&thread].iter().any(|(from, to)| (*from..=*to).contains(&moment));
            assert!(bound, "arrow {id} hangs in the air");
        }
    }
}

#[test]
fn one_replication_is_recorded_whole() {
    let desk = Desk::new();
    let said = desk.say("run counter.ron --trace least@0.60#2");
    said.ended(0);
    assert!(said.err.contains("traced") && said.err.contains("ui.perfetto.dev"), "{}", said.err);
    let folder = desk.results("results", "counter");
    let text = fs::read_to_string(folder.join("trace/least@0.6#2.perfetto.json")).unwrap();
    let events = events(&text);
    assert_sound(&events);
    let requests = of_phase(&events, "X")
        .filter(|event| event["name"].as_str().unwrap().starts_with("request "))
        .count();
    assert!(requests > 2_000, "25 s of 120/s: {requests}");
    assert!(of_phase(&events, "X").any(|event| event["name"] == "attempt 1 → web[1]"));
    let report = fs::read_to_string(folder.join("report.html")).unwrap();
    assert!(report.contains("Perfetto trace of least@0.6#2") && report.contains("%232.perfetto.json"));
    // The runs themselves are those of a run without.
    let cells = fs::read(folder.join("cells.csv")).unwrap();
    let plain = finished();
    assert!(cells == fs::read(plain.results("results", "counter").join("cells.csv")).unwrap());
    // The same again gives the same bytes, on its only point and beside the first replications.
    let only = "run counter.ron --arm least --where 'clients.load.fraction > 0.5' -q --trace";
    desk.say(&format!("{only} least#2 -o again")).ended(0);
    let again = desk.results("again", "counter").join("trace/least@0.6#2.perfetto.json");
    assert!(fs::read_to_string(again).unwrap() == text);
    desk.say(&format!("{only} least#77 -o again")).ended(0);
}

#[test]
fn stored_requests_are_exported_and_drawn() {
    let desk = finished();
    let all = desk.say("export latest --to perfetto").ended(0).to_owned();
    let events = events(&all);
    assert_sound(&events);
    let processes: Vec<&str> = events
        .iter()
        .filter(|event| event["name"] == "process_name")
        .map(|event| event["args"]["name"].as_str().unwrap())
        .collect();
    assert!(
        processes.contains(&"random@0.3 clients") && processes.contains(&"least@0.6 web"),
        "{processes:?}"
    );
    let one = desk.say("export latest --to perfetto --arm least").ended(0).to_owned();
    assert!(one.len() < all.len());
    desk.say("export latest --to perfetto --arm nobody").complained(8);
    let report = fs::read_to_string(desk.results("results", "counter").join("report.html")).unwrap();
    for piece in ["a typical request took", "the slowest recorded request took", "14_where_time_goes_2.csv"] {
        assert!(report.contains(piece), "{piece}");
    }
    // Nothing of it needs the experiment or a run.
    let before = report;
    desk.say("report latest").ended(0);
    assert!(fs::read_to_string(desk.results("results", "counter").join("report.html")).unwrap() == before);
}

#[test]
fn retries_and_what_goes_on_for_nobody_are_in_the_file() {
    let desk = Desk::new();
    let tight = "timeout: \"20ms\", retry: (max_attempts: 3, backoff: Constant(pause: \"5ms\")),";
    desk.write("tight.ron", counter_with("timeout: \"10s\",", tight));
    desk.say("run tight.ron -q --trace random@0.6").code.unwrap();
    let path = desk.results("results", "counter").join("trace/random@0.6#0.perfetto.json");
    let events = events(&fs::read_to_string(path).unwrap());
    assert_sound(&events);
    let named = |piece: &str| {
        events.iter().filter(|event| event["name"].as_str().unwrap().starts_with(piece)).count()
    };
    for piece in ["attempt 2 → ", "attempt 3 → ", "backoff (", "compute, for nobody"] {
        assert!(named(piece) > 10, "{piece}: {}", named(piece));
    }
    let late = |event: &&Value| event["args"]["ending"] == "timed_out" && event["args"]["retry"] == true;
    assert!(events.iter().filter(late).count() > 10);
}
