//! Everything that a file can name: one topic for each choice, in the order `stampede list` shows them.
//!
//! Names and sentences come from the definitions themselves: the rows of the families and the documentation that
//! schemars finds on the types.

mod book;
mod examples;
pub(super) mod types;
pub(super) mod value;

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
    report::Unit,
    spec::{
        ComponentSpec, ConnectionsSpec, FaultSpec, Inclusion, IndexSpec, IndexUpdate, InvalidationSpec,
        KeyLayout, Layer, Load, NetworkSpec, OnConcurrentMiss, OnPut, OnRestart, OnWrite, ReadFrom,
        ReplicationSpec, ResourceSpec, RetrySpec, Security, Spread, Step, Storage, ThenCache, View,
        WorkloadSpec,
    },
};
use sim_core::random::{distribution::DistributionSpec, keys::KeysSpec};

pub(super) use book::{Book, Found};

use crate::{
    cli::{Catalogue, Entry},
    experiment::{Horizon, RunSpec},
    metric::METRICS,
};

/// The chapters of the field, by number; what all of them stand on is 0.
const CHAPTERS: [&str; 11] = [
    "foundations",
    "load balancing",
    "sharding",
    "message queues",
    "caching",
    "asynchronous processing",
    "circuit breakers",
    "monitoring and alerting",
    "auto-scaling",
    "failover and redundancy",
    "security",
];

/// The heading of what stands in `field`, for a chapter.
fn heading(chapter: usize, field: &str) -> String {
    format!("{chapter} {}: {field}", CHAPTERS[chapter])
}

/// All topics, each under the field that holds it.
pub(super) fn book() -> Book {
    let mut book = Book::default();
    systems(&mut book);
    strategies(&mut book);
    book.family(
        Some(Catalogue::Distributions),
        0,
        "service_time",
        named(DistributionSpec::catalog()),
        DistributionSpec::files(),
    );
    book.family(Some(Catalogue::Distributions), 0, "keys", named(KeysSpec::catalog()), KeysSpec::files());
    book.family(Some(Catalogue::Faults), 0, "faults", named(FaultSpec::catalog()), &[]);
    book.kinds::<Step>(Some(Catalogue::Components), 5, "handles");
    book.kinds::<ResourceSpec>(Some(Catalogue::Components), 5, "resources");
    book.kinds::<NetworkSpec>(None, 0, "network");
    book.kinds::<RunSpec>(None, 0, "run");
    book.kinds::<Horizon>(None, 0, "horizon");
    book
}

fn systems(book: &mut Book) {
    let what = Some(Catalogue::Components);
    let workloads = WorkloadSpec::catalog().map(|spec| (spec.kind(), spec));
    book.family(what, 0, "workloads", workloads, &[]);
    let components = ComponentSpec::catalog().map(|spec| (spec.kind(), spec));
    book.family(what, 0, "components", components, &[]);
}

fn strategies(book: &mut Book) {
    let what = Some(Catalogue::Strategies);
    book.family(what, 0, "arrivals", named(ArrivalSpec::catalog()), ArrivalSpec::files());
    book.family(what, 0, "profile", named(ProfileSpec::catalog()), ProfileSpec::files());
    book.kinds::<Load>(what, 0, "load");
    book.kinds::<TraceFormat>(what, 0, "format");
    book.kinds::<ConnectionsSpec>(what, 0, "connections");
    book.kinds::<Security>(what, 0, "security");
    book.family(what, 1, "strategy", named(BalancerSpec::catalog()), BalancerSpec::files());
    book.kinds::<Layer>(what, 1, "layer");
    book.kinds::<View>(what, 1, "view");
    book.family(what, 1, "locality", named(LocalitySpec::catalog()), LocalitySpec::files());
    book.family(what, 1, "subset", named(SubsetSpec::catalog()), SubsetSpec::files());
    book.kinds::<StickySpec>(what, 1, "sticky");
    book.kinds::<SlowStartSpec>(what, 1, "slow_start");
    book.family(what, 2, "partitioning", named(PartitionerSpec::catalog()), PartitionerSpec::files());
    book.kinds::<Routing>(what, 2, "routing");
    book.kinds::<Learns>(what, 2, "learns");
    book.kinds::<ReshardSpec>(what, 2, "reshard");
    book.kinds::<RebalanceSpec>(what, 2, "rebalance");
    book.kinds::<CutOver>(what, 2, "cut_over");
    book.kinds::<CopiedKeysSpec>(what, 2, "copied_keys");
    book.kinds::<Spread>(what, 2, "spread");
    book.kinds::<KeyLayout>(what, 2, "key_layout");
    book.kinds::<ReadFrom>(what, 2, "read_from");
    book.kinds::<ReplicationSpec>(what, 2, "replication");
    book.kinds::<IndexSpec>(what, 2, "indexes");
    book.kinds::<IndexUpdate>(what, 2, "update");
    book.kinds::<OnConflict>(what, 2, "on_lock_conflict");
    book.kinds::<Protocol>(what, 2, "protocol");
    book.family(what, 3, "queue", named(QueueSpec::catalog()), QueueSpec::files());
    book.family(what, 4, "policy", named(EvictionSpec::catalog()), EvictionSpec::files());
    book.kinds::<FreshnessSpec>(what, 4, "freshness");
    book.kinds::<OnConcurrentMiss>(what, 4, "on_concurrent_miss");
    book.kinds::<OnPut>(what, 4, "on_put");
    book.kinds::<OnWrite>(what, 4, "on_write");
    book.kinds::<InvalidationSpec>(what, 4, "invalidation");
    book.kinds::<ThenCache>(what, 4, "then");
    book.kinds::<Inclusion>(what, 4, "inclusion");
    book.kinds::<Storage>(what, 4, "storage");
    book.kinds::<OnRestart>(what, 4, "on_restart");
    book.kinds::<HotKeysSpec>(what, 4, "hot_keys");
    book.family(what, 5, "concurrency", named(ConcurrencySpec::catalog()), ConcurrencySpec::files());
    book.family(what, 5, "sharing", named(ShareSpec::catalog()), ShareSpec::files());
    book.kinds::<RetrySpec>(what, 6, "retry");
    book.kinds::<ActiveCheckSpec>(what, 6, "health_check");
    book.family(what, 6, "ejection", named(EjectSpec::catalog()), EjectSpec::files());
    book.kinds::<DnsSpec>(what, 6, "dns");
    book.kinds::<VirtualAddressSpec>(what, 6, "virtual_address");
    book.family(what, 6, "detector", named(FailureDetectorSpec::catalog()), FailureDetectorSpec::files());
    book.family(what, 6, "stages", named(StageSpec::catalog()), StageSpec::files());
    book.kinds::<Window>(what, 6, "window");
    book.family(what, 6, "backoff", named(BackoffSpec::catalog()), BackoffSpec::files());
    book.kinds::<Jitter>(what, 6, "jitter");
    book.family(what, 6, "budget", named(BudgetSpec::catalog()), BudgetSpec::files());
}

fn named<T>(catalog: Vec<(&'static str, &'static str, T)>) -> impl Iterator<Item = (&'static str, T)> {
    catalog.into_iter().map(|(name, _, spec)| (name, spec))
}

/// All entries of one kind, in the order to show them.
pub(super) fn entries(what: Catalogue) -> Vec<Entry> {
    match what {
        Catalogue::Metrics => METRICS.iter().map(|row| metric(row.0, row.1, row.2)).collect(),
        Catalogue::Templates => super::templates::all().into_iter().map(template).collect(),
        Catalogue::Components | Catalogue::Strategies | Catalogue::Distributions | Catalogue::Faults => {
            let book = book();
            let topics = book.topics.iter().filter(|topic| topic.what == Some(what));
            topics.flat_map(|topic| book.found(topic)).map(|found| entry(&found)).collect()
        }
    }
}

fn entry(found: &Found<'_>) -> Entry {
    Entry {
        group: found.topic.heading.clone(),
        name: found.name.to_owned(),
        summary: first_sentence(&found.docs),
    }
}

fn metric(name: &str, unit: Unit, docs: &str) -> Entry {
    Entry { group: counts_in(unit).to_owned(), name: name.to_owned(), summary: docs.to_owned() }
}

fn template(template: crate::cli::Template) -> Entry {
    Entry { group: "stampede init".to_owned(), name: template.name, summary: template.summary }
}

/// What a figure counts in, for people, with how a claim writes it.
pub(super) const fn counts_in(unit: Unit) -> &'static str {
    match unit {
        Unit::Seconds => "durations, written as 250ms",
        Unit::PerSecond => "rates, written as 700/s",
        Unit::Count => "numbers, written as 12",
        Unit::Ratio => "shares and quotients, written as 0.95",
        Unit::Bytes => "sizes, written as 2KB",
    }
}

fn first_sentence(docs: &str) -> String {
    docs.split_inclusive(". ").next().unwrap_or_default().trim_end().to_owned()
}

#[cfg(test)]
mod tests;
