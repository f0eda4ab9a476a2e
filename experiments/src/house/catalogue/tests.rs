//! The catalogue is complete: every entry has words, every field has words, every example is one.

use models::{
    policy::{
        arrival::{ArrivalSpec, ProfileSpec, trace::TraceFormat},
        backoff::{BackoffSpec, Jitter},
        balancing::BalancerSpec,
        budget::BudgetSpec,
        concurrency::ShareSpec,
        detection::{EjectSpec, active_check::ActiveCheckSpec, failure_detector::FailureDetectorSpec},
        discipline::QueueSpec,
        eviction::EvictionSpec,
        execution::ConcurrencySpec,
        freshness::FreshnessSpec,
        hot_keys::HotKeysSpec,
        locality::LocalitySpec,
        partitioning::{CopiedKeysSpec, PartitionerSpec},
        redirection::{DnsSpec, VirtualAddressSpec},
        resharding::{CutOver, Learns, RebalanceSpec, ReshardSpec, Routing},
        slow_start::SlowStartSpec,
        stage::{StageSpec, sliding_window::Window},
        sticky::StickySpec,
        subsetting::SubsetSpec,
        transaction::{OnConflict, Protocol},
    },
    spec::{
        ComponentSpec, ConnectionsSpec, FaultSpec, Inclusion, IndexSpec, IndexUpdate, InvalidationSpec,
        KeyLayout, Layer, Load, NetworkSpec, OnConcurrentMiss, OnPut, OnRestart, OnWrite, ReadFrom,
        ReplicationSpec, ResourceSpec, RetrySpec, Security, Spread, Step, Storage, SystemSpec, ThenCache,
        View, WorkloadSpec,
    },
};
use sim_core::{
    check::Check,
    random::{distribution::DistributionSpec, keys::KeysSpec},
};

use super::{
    Book, book, entries, examples,
    types::{Form, Type},
};
use crate::{
    cli::Catalogue,
    document::{
        parse,
        typing::{Context, read},
    },
    experiment::{Horizon, RunSpec},
};

const ALL: [Catalogue; 6] = [
    Catalogue::Components,
    Catalogue::Strategies,
    Catalogue::Distributions,
    Catalogue::Faults,
    Catalogue::Metrics,
    Catalogue::Templates,
];

#[test]
fn strategies_are_listed_by_family() {
    let mut text = String::new();
    let mut group = String::new();
    for entry in entries(Catalogue::Strategies) {
        if entry.group != group {
            group.clone_from(&entry.group);
            text.extend([&group, "\n"]);
        }
        text.extend(["  ", &entry.name, ": ", &entry.summary, "\n"]);
    }
    insta::assert_snapshot!("strategies", text);
}

#[test]
fn every_entry_has_a_sentence_and_can_be_explained() {
    for entry in ALL.into_iter().flat_map(entries) {
        assert!(!entry.group.is_empty() && !entry.summary.is_empty(), "{entry:?}");
        let text = crate::house::explain::explain(&entry.name).unwrap_or_default();
        assert!(text.contains(&entry.name), "{entry:?}: {text}");
    }
}

#[test]
fn rows_of_families_are_what_the_types_say() {
    let book = book();
    let rows = BalancerSpec::catalog();
    let topic = book.topics.iter().find(|topic| topic.field == "strategy").unwrap();
    let found: Vec<_> =
        book.found(topic).into_iter().map(|found| (found.name.to_owned(), found.docs)).collect();
    let rows: Vec<_> =
        rows.into_iter().map(|(name, docs, _)| (name.to_owned(), super::types::plain(docs))).collect();
    assert_eq!(found, rows);
}

#[test]
fn every_member_of_a_family_has_a_header() {
    let book = book();
    for topic in book.topics.iter().filter(|topic| {
        matches!(topic.field, "strategy" | "queue" | "keys" | "ejection" | "stages" | "backoff" | "budget")
    }) {
        for found in book.found(topic) {
            assert!(found.header().len() >= 2, "{}: {:?}", found.name, found.header());
        }
    }
}

#[test]
fn every_field_and_every_name_has_words() {
    let mut book = book();
    book.types.add::<SystemSpec>();
    let mut fields = 0;
    for of in book.types.all() {
        fields += documented(of, &of.docs());
    }
    assert!(fields > 200, "{fields}");
}

/// Fails for what a type leaves without documentation; the number of fields it has.
fn documented(of: Type<'_>, what: &str) -> usize {
    match of.form() {
        Form::Group(fields) => {
            for field in &fields {
                assert!(!field.docs.is_empty(), "`{}` of \"{what}\" has no documentation", field.name);
            }
            fields.len()
        }
        Form::Choice(variants) => {
            let count = |variant: &super::types::Variant<'_>| {
                assert!(!variant.docs.is_empty(), "{:?} of \"{what}\" has no documentation", variant.name);
                variant.holds.map_or(0, |holds| documented(holds, variant.name.unwrap_or_default()))
            };
            variants.iter().map(count).sum()
        }
        _ => 0,
    }
}

#[test]
fn examples_belong_to_something() {
    let book = book();
    for name in examples::names() {
        assert!(book.all().any(|found| found.name == name), "{name}");
    }
}

/// Reads a value as its field would.
fn typed<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    let parsed = parse(text, 0);
    assert!(parsed.diagnostics.is_empty(), "{text}: {:?}", parsed.diagnostics);
    read(&parsed.root.unwrap(), Context::default()).map_err(|wrong| format!("{wrong:?}"))
}

/// Reads every example of a field's topic and lets it be checked.
fn read_all<T: serde::de::DeserializeOwned>(
    book: &Book,
    field: &str,
    check: impl Fn(&T, &mut Check),
) -> usize {
    let topics = book.topics.iter().filter(|topic| topic.field == field);
    let examples: Vec<String> =
        topics.flat_map(|topic| book.found(topic)).map(|found| found.example).collect();
    for example in &examples {
        let value = typed::<T>(example).unwrap_or_else(|wrong| panic!("{example}: {wrong}"));
        let mut problems = Check::default();
        check(&value, &mut problems);
        let problems = problems.into_problems();
        assert!(problems.is_empty(), "{example}: {problems:?}");
    }
    examples.len()
}

#[test]
fn every_example_is_read_and_sound() {
    let book = book();
    let data = examples_of_data(&book);
    let read = [
        read_all::<WorkloadSpec>(&book, "workloads", |spec, check| system("workloads", spec, check)),
        read_all::<ComponentSpec>(&book, "components", |spec, check| system("components", spec, check)),
        read_all::<FaultSpec>(&book, "faults", |spec, check| {
            SystemSpec { faults: vec![spec.clone()], ..SystemSpec::default() }.check(check);
        }),
        read_all::<NetworkSpec>(&book, "network", |spec, check| {
            SystemSpec { network: spec.clone(), ..SystemSpec::default() }.check(check);
        }),
        read_all(&book, "arrivals", ArrivalSpec::check),
        read_all(&book, "profile", ProfileSpec::check),
        read_all(&book, "strategy", BalancerSpec::check),
        read_all(&book, "locality", LocalitySpec::check),
        read_all(&book, "subset", SubsetSpec::check),
        read_all(&book, "sticky", StickySpec::check),
        read_all(&book, "slow_start", SlowStartSpec::check),
        read_all(&book, "queue", QueueSpec::check),
        read_all(&book, "concurrency", ConcurrencySpec::check),
        read_all(&book, "sharing", ShareSpec::check),
        read_all(&book, "health_check", ActiveCheckSpec::check),
        read_all(&book, "ejection", EjectSpec::check),
        read_all(&book, "dns", DnsSpec::check),
        read_all(&book, "virtual_address", VirtualAddressSpec::check),
        read_all(&book, "detector", FailureDetectorSpec::check),
        read_all(&book, "stages", StageSpec::check),
        read_all::<Window>(&book, "window", |_, _| {}),
        read_all(&book, "backoff", BackoffSpec::check),
        read_all::<Jitter>(&book, "jitter", |_, _| {}),
        read_all(&book, "budget", BudgetSpec::check),
        read_all(&book, "service_time", DistributionSpec::<sim_core::time::SimDuration>::check),
        read_all(&book, "keys", KeysSpec::check),
        read_all::<Load>(&book, "load", |_, _| {}),
        read_all::<TraceFormat>(&book, "format", |_, _| {}),
        read_all::<ConnectionsSpec>(&book, "connections", |_, _| {}),
        read_all::<Security>(&book, "security", |_, _| {}),
        read_all::<Layer>(&book, "layer", |_, _| {}),
        read_all::<View>(&book, "view", |_, _| {}),
        read_all::<RetrySpec>(&book, "retry", |_, _| {}),
        read_all::<Step>(&book, "handles", |_, _| {}),
        read_all::<ResourceSpec>(&book, "resources", |_, _| {}),
        read_all::<RunSpec>(&book, "run", |_, _| {}),
        read_all::<Horizon>(&book, "horizon", |_, _| {}),
    ];
    let all: usize = read.iter().chain(&data).sum();
    assert_eq!(all, book.all().count(), "a topic is not read here");
    assert!(!read.contains(&0) && !data.contains(&0));
}

/// The examples of databases and caches.
fn examples_of_data(book: &Book) -> Vec<usize> {
    vec![
        read_all(book, "partitioning", PartitionerSpec::check),
        read_all::<Routing>(book, "routing", |_, _| {}),
        read_all::<Learns>(book, "learns", |_, _| {}),
        read_all(book, "reshard", ReshardSpec::check),
        read_all(book, "rebalance", RebalanceSpec::check),
        read_all::<CutOver>(book, "cut_over", |_, _| {}),
        read_all(book, "copied_keys", CopiedKeysSpec::check),
        read_all::<Spread>(book, "spread", |_, _| {}),
        read_all(book, "policy", EvictionSpec::check),
        read_all(book, "freshness", FreshnessSpec::check),
        read_all::<OnConcurrentMiss>(book, "on_concurrent_miss", |_, _| {}),
        read_all::<OnPut>(book, "on_put", |_, _| {}),
        read_all::<OnWrite>(book, "on_write", |_, _| {}),
        read_all::<InvalidationSpec>(book, "invalidation", |_, _| {}),
        read_all::<ThenCache>(book, "then", |_, _| {}),
        read_all::<Inclusion>(book, "inclusion", |_, _| {}),
        read_all::<Storage>(book, "storage", |_, _| {}),
        read_all::<OnRestart>(book, "on_restart", |_, _| {}),
        read_all(book, "hot_keys", HotKeysSpec::check),
        read_all::<KeyLayout>(book, "key_layout", |_, _| {}),
        read_all::<ReadFrom>(book, "read_from", |_, _| {}),
        read_all::<ReplicationSpec>(book, "replication", |_, _| {}),
        read_all::<IndexSpec>(book, "indexes", |_, _| {}),
        read_all::<IndexUpdate>(book, "update", |_, _| {}),
        read_all::<OnConflict>(book, "on_lock_conflict", |_, _| {}),
        read_all::<Protocol>(book, "protocol", |_, _| {}),
    ]
}

/// Checks a system that holds nothing but this part.
fn system<T: serde::Serialize>(field: &str, part: &T, check: &mut Check) {
    let text = format!("({field}: {{\"it\": {}}})", ron::to_string(part).unwrap());
    typed::<SystemSpec>(&text).unwrap().check(check);
}
