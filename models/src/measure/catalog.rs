//! Every figure a run reports: its name, its statistics, what it counts in, whose it is. A test holds it to a run.

use crate::{
    policy::{
        discipline::QueueSpec,
        execution::ConcurrencySpec,
        resharding::{CutOver, Routing},
        transaction::Protocol,
    },
    report::Unit,
    spec::{DatabaseSpec, Form, Inclusion, OnWrite, Storage, SystemSpec},
};

/// A figure of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Its name: the part between the id and the statistic.
    pub name: &'static str,
    /// How it is summed up within a replication.
    pub statistics: &'static [&'static str],
    /// What it counts in; a `count` is always a number, a `rate` always one a second.
    pub unit: Unit,
    /// Whose it is.
    pub owners: &'static [Owner],
    /// What it tells.
    pub what: &'static str,
}

/// Who has a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A workload: `clients`.
    Workload,
    /// A component and each of several servers: `web`, `web[3]`.
    Station,
    /// A component of several servers: `web`.
    Pool,
    /// The calls of one to another: `clients.calls.lb`.
    Calls,
    /// The requests of a workload that were followed: `clients.typical`, `clients.slowest`.
    Journey,
    /// Their stay at a component: `clients.slowest.web`.
    Hop,
    /// A component, or each of several servers, whose requests have threads: `concurrency: Threads` or `ThreadPool`.
    Threads,
    /// A component, or each of several servers, whose requests run on event loops.
    Loops,
    /// The same where one loop may take work from another.
    Thieves,
    /// A component, or each of several servers, whose queue lets nobody in when it is full: `when_full: Block`.
    Blocking,
    /// A cache.
    Cache,
    /// One that passes writes on later: `on_write: WriteBack`.
    WriteBack,
    /// One that an `Exclusive` cache takes objects from: its source.
    Lender,
    /// One that sends what has to go down to its source: `inclusion: Exclusive`.
    Exclusive,
    /// One that drops what its source drops: `inclusion: Inclusive`.
    Inclusive,
    /// A cache that looks for what expired: `sweep`.
    Sweeping,
    /// A cache that reckons with other sizes: `size_curve`.
    Sizing,
    /// One that keeps its objects on a disk.
    Disk,
    /// One that holds hot keys at several servers.
    HotKeys,
    /// A database.
    Database,
    /// One whose replicas may differ: `replication`.
    Replicated,
    /// One whose shards take part in transactions.
    Transactional,
    /// The same where those are of two phases.
    TwoPhase,
    /// The same where those are sagas.
    Saga,
    /// A database of which shards may be asked that do not hold the key: it changes, or callers have maps of their own.
    Rerouted,
    /// Such a one whose shards say so.
    Redirecting,
    /// Such a one whose keys are at another shard one by one: `cut_over: KeyByKey`.
    Asking,
    /// Such a one whose shards pass requests on: `routing: AnyNode`.
    Coordinated,
    /// A database whose keys go from shard to shard.
    Resharded,
    /// Such a one whose ranges are split and moved by load: `rebalance` of `Range`.
    Rebalanced,
    /// Such a one at which requests wait for a key to be handed over.
    Holding,
    /// A database that stores some keys several times.
    Hot,
    /// A database with indexes.
    Indexed,
    /// Such a one with entries that follow later: a `Global` index with `update: Later`.
    IndexedLater,
    /// Such a one that looks for those that are hot: `hot_keys`.
    Searching,
    /// Such a one whose writes go to both shards meanwhile: `cut_over: DualWrites`.
    Doubling,
}

impl Owner {
    /// What a component has by its queue, beside what all stations have.
    pub fn of_queue(queue: &QueueSpec) -> &'static [Self] {
        if queue.blocks() { &[Self::Blocking] } else { &[] }
    }

    /// What a component has by what it keeps, beside what all stations have.
    pub fn of_cache(system: &SystemSpec, id: &str) -> Vec<Self> {
        let Some(cache) = system.form(id).and_then(Form::keeps) else { return Vec::new() };
        let has = [
            (true, Self::Cache),
            (matches!(cache.on_write, OnWrite::WriteBack { .. }), Self::WriteBack),
            (system.caches_on(id).any(|above| above.inclusion == Inclusion::Exclusive), Self::Lender),
            (cache.inclusion == Inclusion::Exclusive, Self::Exclusive),
            (cache.inclusion == Inclusion::Inclusive, Self::Inclusive),
            (cache.sweep.is_some(), Self::Sweeping),
            (cache.size_curve, Self::Sizing),
            (matches!(cache.storage, Storage::Disk(_)), Self::Disk),
            (cache.hot_keys.is_some(), Self::HotKeys),
        ];
        has.into_iter().filter_map(|(has, owner)| has.then_some(owner)).collect()
    }

    /// What a component has by how it shares the keys, beside what all stations have.
    pub fn of_database(system: &SystemSpec, id: &str) -> Vec<Self> {
        let Some(database) = system.form(id).and_then(Form::divides) else { return Vec::new() };
        let replicated = database.replication.as_ref().map(|_| Self::Replicated);
        let divided = Self::of_division(database).into_iter();
        divided.chain(replicated).chain(Self::of_transactions(system, id)).collect()
    }

    /// What a database has by the transactions that its shards take part in.
    pub fn of_transactions(system: &SystemSpec, database: &str) -> Vec<Self> {
        let has =
            |protocol| system.transactions(database).any(|transaction| transaction.protocol == protocol);
        let (two_phase, saga) = (has(Protocol::TwoPhase), has(Protocol::Saga));
        let owners =
            [(two_phase || saga, Self::Transactional), (two_phase, Self::TwoPhase), (saga, Self::Saga)];
        owners.into_iter().filter(|(has, _)| *has).map(|(_, owner)| owner).collect()
    }

    /// What a database has by how its shards are asked and change.
    pub fn of_division(database: &DatabaseSpec) -> Vec<Self> {
        let some = |of: fn(&CutOver) -> bool| {
            let timed = database.reshard.iter().map(|change| &change.cut_over);
            timed.chain(database.rebalance.iter().map(|rebalance| &rebalance.cut_over)).any(of)
        };
        let coordinated = database.routing == Routing::AnyNode;
        let asks = some(|cut_over| matches!(cut_over, CutOver::KeyByKey));
        let all = [
            (Self::Database, true),
            (Self::Rerouted, database.redirects()),
            (Self::Redirecting, (database.moves() || database.hot_keys.is_some()) && !coordinated),
            (Self::Asking, asks && !coordinated),
            (Self::Coordinated, coordinated),
            (Self::Resharded, database.moves()),
            (Self::Rebalanced, database.cuts_ranges()),
            (Self::Holding, some(|cut_over| !matches!(cut_over, CutOver::DualWrites))),
            (Self::Hot, database.copied_keys.is_some() || database.hot_keys.is_some()),
            (Self::Searching, database.hot_keys.is_some()),
            (Self::Indexed, !database.indexes.is_empty()),
            (Self::IndexedLater, database.indexes_later()),
            (Self::Doubling, some(|cut_over| matches!(cut_over, CutOver::DualWrites))),
        ];
        all.into_iter().filter(|(_, has)| *has).map(|(owner, _)| owner).collect()
    }

    /// What a component has by how it runs its requests, beside what all stations have.
    pub fn of_concurrency(concurrency: Option<&ConcurrencySpec>) -> &'static [Self] {
        match concurrency {
            Some(ConcurrencySpec::Threads(_) | ConcurrencySpec::ThreadPool(_)) => &[Self::Threads],
            Some(ConcurrencySpec::EventLoop(spec)) if spec.steals() => &[Self::Loops, Self::Thieves],
            Some(ConcurrencySpec::EventLoop(_)) => &[Self::Loops],
            Some(ConcurrencySpec::Actor(_)) | None => &[],
        }
    }
}

use Owner::{
    Asking, Blocking, Cache, Calls, Coordinated, Database, Disk, Doubling, Exclusive, Holding, Hop, Hot,
    HotKeys, Inclusive, Indexed, IndexedLater, Journey, Lender, Loops, Pool, Rebalanced, Redirecting,
    Replicated, Rerouted, Resharded, Saga, Searching, Sizing, Station, Sweeping, Thieves, Threads,
    Transactional, TwoPhase, Workload, WriteBack,
};
use Unit::{Bytes, Count, PerSecond, Ratio, Seconds};

const ALL: &[Owner] = &[Workload, Station, Calls];
const REQUESTS: &[Owner] = &[Workload, Station];
const STATION: &[Owner] = &[Station];
const CALLS: &[Owner] = &[Calls];
const POOL: &[Owner] = &[Pool];
const JOURNEY: &[Owner] = &[Journey];
const HOP: &[Owner] = &[Hop];
const THREADS: &[Owner] = &[Threads];
const LOOPS: &[Owner] = &[Loops];
const THIEVES: &[Owner] = &[Thieves];
const BLOCKING: &[Owner] = &[Blocking];
const CACHE: &[Owner] = &[Cache];
const WRITE_BACK: &[Owner] = &[WriteBack];
const LENDER: &[Owner] = &[Lender];
const EXCLUSIVE: &[Owner] = &[Exclusive];
const INCLUSIVE: &[Owner] = &[Inclusive];
const SWEEPING: &[Owner] = &[Sweeping];
const SIZING: &[Owner] = &[Sizing];
const DISK: &[Owner] = &[Disk];
const HOT_KEYS: &[Owner] = &[HotKeys];
const DATABASE: &[Owner] = &[Database];
const COPIES: &[Owner] = &[Cache, Replicated];
const REPLICATED: &[Owner] = &[Replicated];
const TRANSACTIONAL: &[Owner] = &[Transactional];
const TWO_PHASE: &[Owner] = &[TwoPhase];
const SAGA: &[Owner] = &[Saga];
const SEARCHING: &[Owner] = &[Searching];
const RESHARDED: &[Owner] = &[Resharded];
const LATER: &[Owner] = &[IndexedLater];

const SHARES: &[&str] = &["max_over_mean", "cv", "jain"];
const SPREAD: &[&str] = &["max_over_mean", "cv", "gini", "jain"];
const FLOW: &[&str] = &["count", "rate"];
const TIMES: &[&str] = &["mean", "p50", "p90", "p95", "p99", "p999", "p9999", "max", "min", "count"];

const fn row(
    name: &'static str,
    statistics: &'static [&'static str],
    unit: Unit,
    owners: &'static [Owner],
    what: &'static str,
) -> Figure {
    Figure { name, statistics, unit, owners, what }
}

/// Every figure.
#[rustfmt::skip]
pub const METRICS: &[Figure] = &[
    row("arrivals", FLOW, PerSecond, REQUESTS, "requests that came"),
    row("throughput", &["mean"], PerSecond, REQUESTS, "requests that left, however they ended"),
    row("goodput", &["mean"], PerSecond, REQUESTS, "requests answered well and in time"),
    row("errors", FLOW, PerSecond, ALL, "requests or calls that ended badly"),
    row("rejected", FLOW, PerSecond, REQUESTS, "requests refused before any work"),
    row("success_ratio", &["mean"], Ratio, ALL, "answered well over all that ended"),
    row("latency", TIMES, Seconds, REQUESTS, "from coming to leaving; of a workload, from the intended arrival to the final outcome"),
    row("wait", TIMES, Seconds, STATION, "from coming to the beginning of service"),
    row("in_flight", &["mean", "max"], Count, REQUESTS, "requests inside, waiting or served"),
    row("in_flight_at_end", &["count"], Count, REQUESTS, "requests still inside when the run ended"),
    row("queue_length", &["mean", "max"], Count, STATION, "requests waiting; the maximum is that of the longest line"),
    row("age", &["mean", "max"], Seconds, STATION, "how long the one who joined first has waited, looked at once a bin of the series"),
    row("utilization", &["mean"], Ratio, STATION, "busy workers over all"),
    row("threads", &["mean", "max"], Count, THREADS, "threads there are, idle ones included; the maximum is that of the server that had most"),
    row("blocked", &["mean", "max"], Count, BLOCKING, "requests outside a full line, which hold up their callers; the maximum is that of the server that had most"),
    row("hit_ratio", &["mean"], Ratio, CACHE, "lookups answered from the cache over all lookups"),
    row("byte_hit_ratio", &["mean"], Ratio, CACHE, "the same by the sizes of what was asked for"),
    row("hits", FLOW, PerSecond, CACHE, "lookups answered from the cache"),
    row("misses", FLOW, PerSecond, CACHE, "lookups that were not"),
    row("missed_cold", &["count"], Count, CACHE, "misses of what was never held, as far as is remembered: of what left, eight times as much as it holds"),
    row("missed_capacity", &["count"], Count, CACHE, "misses of what had to go for something else"),
    row("missed_expired", &["count"], Count, CACHE, "misses of what had expired"),
    row("missed_invalidated", &["count"], Count, CACHE, "misses of what was dropped since it had changed, or went with its server"),
    row("coalesced", FLOW, PerSecond, CACHE, "misses that waited for somebody else's fetch"),
    row("refreshes", FLOW, PerSecond, CACHE, "fetches in the background"),
    row("evictions", FLOW, PerSecond, CACHE, "objects that had to go for others"),
    row("refused_fills", &["count"], Count, CACHE, "objects that were fetched and not kept, since they had changed meanwhile"),
    row("entries", &["mean", "max"], Count, CACHE, "objects held, at all servers together"),
    row("bytes", &["mean", "max"], Bytes, CACHE, "the bytes of those, to the KiB"),
    row("stale_reads", FLOW, PerSecond, COPIES, "of a cache, hits on what had changed at the source; of a database, reads that missed what had been acknowledged before they were sent"),
    row("stale_ratio", &["mean"], Ratio, COPIES, "those over all hits, or over all reads"),
    row("stale_age", &["mean", "max"], Seconds, COPIES, "how long what was served had not been true"),
    row("read_your_writes_violations", FLOW, PerSecond, REPLICATED, "reads that did not show what their own client knew it had written"),
    row("exposed_writes", &["count"], Count, REPLICATED, "writes that only a leader had as it went down: another one in its place would not have them"),
    row("replication_lag", TIMES, Seconds, REPLICATED, "from a leader's write to a follower's having it; of what a follower missed and asked for later, nothing"),
    row("lost_writes", &["count"], Count, WRITE_BACK, "acknowledged writes that went with a server before the source had them"),
    row("promotions", FLOW, PerSecond, LENDER, "objects that moved up to the cache above, which had asked for them"),
    row("missed_promoted", &["count"], Count, LENDER, "misses of what had moved up, and was gone there when it was asked for again"),
    row("demotions", FLOW, PerSecond, EXCLUSIVE, "objects that had to go and were sent down to the cache below"),
    row("lost_demotions", &["count"], Count, EXCLUSIVE, "those of them that did not arrive there"),
    row("lru_hit_ratio", &["eighth", "quarter", "half", "same", "double", "fourfold", "eightfold"], Ratio, SIZING, "lookups that an LRU of so much of the size would answer, if nothing expired or were dropped, over all lookups"),
    row("swept", FLOW, PerSecond, SWEEPING, "objects that were dropped since their lifetime was over, before anybody asked for them"),
    row("back_invalidations", FLOW, PerSecond, INCLUSIVE, "objects that were dropped since the cache below no longer held them"),
    row("accesses", FLOW, PerSecond, DISK, "accesses that the disks took on: objects found, and objects taken in"),
    row("access_wait", &["mean"], Seconds, DISK, "how long those waited for their turn"),
    row("refused_accesses", FLOW, PerSecond, DISK, "accesses that found the line of their disk full"),
    row("hot_keys", &["mean", "max"], Count, &[HotKeys, Searching], "keys that were hot, and held by several servers"),
    row("hot_lookups", FLOW, PerSecond, HOT_KEYS, "lookups of those"),
    row("hit_latency", TIMES, Seconds, CACHE, "how long the cache took to answer from what it holds"),
    row("miss_latency", TIMES, Seconds, CACHE, "how long it took where it had to fetch first"),
    row("shard_imbalance", SPREAD, Ratio, DATABASE, "how unevenly shards share the arrivals: the busiest over the mean, coefficient of variation, Gini's coefficient (0 if all got the same), Jain's index (1 then)"),
    row("busy_imbalance", SPREAD, Ratio, DATABASE, "the same of the time that their workers worked"),
    row("key_imbalance", SPREAD, Ratio, DATABASE, "the same of the keys that they store"),
    row("byte_imbalance", SPREAD, Ratio, DATABASE, "the same of the bytes of these"),
    row("stored_keys", &["count"], Count, DATABASE, "keys that the database, or the shard of one of its servers, stores at the end"),
    row("stored_bytes", &["count"], Count, DATABASE, "the bytes of these"),
    row("fan_out", &["mean", "p50", "p90", "p99", "max"], Count, DATABASE, "shards that a query of several keys reached"),
    row("cross_shard", &["mean"], Ratio, DATABASE, "such queries that reached more than one shard, over all of them"),
    row("transactions", FLOW, PerSecond, TRANSACTIONAL, "transactions that began"),
    row("committed", FLOW, PerSecond, TRANSACTIONAL, "transactions that hold"),
    row("aborted", FLOW, PerSecond, TRANSACTIONAL, "transactions that came to nothing"),
    row("aborted_refused", &["count"], Count, TRANSACTIONAL, "aborted: a shard refused"),
    row("aborted_locked", &["count"], Count, TRANSACTIONAL, "aborted: a key was held by another, for too long or at all"),
    row("aborted_failed", &["count"], Count, TRANSACTIONAL, "aborted: a shard failed or did not answer in time"),
    row("aborted_deserted", &["count"], Count, TRANSACTIONAL, "aborted: the coordinator went down, or whoever wanted it gave up"),
    row("messages", &["mean"], Count, TRANSACTIONAL, "messages of a transaction between its coordinator and the shards, those told again included; nobody waits for the acknowledgement of an abort"),
    row("lock_waits", FLOW, PerSecond, TRANSACTIONAL, "claims of a key that another held, whether they waited or gave up"),
    row("lock_hold", TIMES, Seconds, TRANSACTIONAL, "how long a key was held"),
    row("in_doubt", TIMES, Seconds, TWO_PHASE, "from a shard's promise to its learning the decision"),
    row("in_doubt_at_end", &["count"], Count, TWO_PHASE, "shards that had promised and did not know the decision when the run ended"),
    row("undecided_at_end", &["count"], Count, TRANSACTIONAL, "transactions that were not decided when the run ended"),
    row("compensated", FLOW, PerSecond, SAGA, "steps of sagas that were undone"),
    row("dirty_reads", FLOW, PerSecond, SAGA, "reads of what a saga had written and then undid, counted as it is undone"),
    row("index_reads", FLOW, PerSecond, &[Indexed], "queries by an index"),
    row("stale_index_reads", FLOW, PerSecond, LATER, "those that an index answered which did not show what had been acknowledged before they were sent"),
    row("stale_index_ratio", &["mean"], Ratio, LATER, "those over all that such an index answered"),
    row("stale_index_age", &["mean", "max"], Seconds, LATER, "how long what the index did not show had been acknowledged"),
    row("index_updates", FLOW, PerSecond, LATER, "entries that were to follow a write"),
    row("index_lag", TIMES, Seconds, LATER, "from a write's being acknowledged to its entry's being there"),
    row("lost_index_updates", &["count"], Count, LATER, "entries whose shard went down before it knew them to be written"),
    row("index_updates_at_end", &["count"], Count, LATER, "entries that were still to come when the run ended"),
    row("hops", &["mean"], Count, &[Rerouted], "servers that a request came to until one answered: 1 where all callers know who holds what"),
    row("redirects", FLOW, PerSecond, &[Redirecting], "requests sent from a shard that does not hold their key, or not yet, to another; those that came to a wrong shard count as its arrivals too"),
    row("moved_redirects", FLOW, PerSecond, &[Redirecting], "of these, for good: the caller's map was old (`MOVED`)"),
    row("ask_redirects", FLOW, PerSecond, &[Asking], "of these, for this once: the key has gone, its part not yet (`ASK`)"),
    row("forwards", FLOW, PerSecond, &[Coordinated], "requests that a shard passed on to the one that holds their key"),
    row("held", FLOW, PerSecond, &[Holding], "requests that had to wait until their key was handed over"),
    row("double_writes", FLOW, PerSecond, &[Doubling], "writes that went to the old shard and to the new"),
    row("copied_writes", FLOW, PerSecond, &[Hot], "writes of a hot key that went on to a further copy of it"),
    row("found_hot_keys", FLOW, PerSecond, SEARCHING, "keys that were found hot"),
    row("cooled_hot_keys", FLOW, PerSecond, SEARCHING, "those that were hot no more"),
    row("uncopied_hot_keys", FLOW, PerSecond, SEARCHING, "those that could not be copied: a shard did not answer"),
    row("copy_read_ratio", &["mean"], Ratio, SEARCHING, "reads answered from a further copy of a hot key, over all reads"),
    row("hottest_key_share", &["mean"], Ratio, SEARCHING, "reads of the hottest key of each window of `hot_keys`, over all reads"),
    row("gathered_keys", FLOW, PerSecond, RESHARDED, "keys that queries of several keys (`MultiGet`) found where they asked for them, however these moved"),
    row("moved_keys", FLOW, PerSecond, RESHARDED, "keys that came to another shard"),
    row("moved_bytes", FLOW, PerSecond, RESHARDED, "the bytes of those"),
    row("moved_share", &["mean"], Ratio, RESHARDED, "those keys over all that are stored"),
    row("hand_overs", &["count"], Count, RESHARDED, "parts of the keys that came to another shard"),
    row("splits", &["count"], Count, &[Rebalanced], "ranges that were split for their size or load"),
    row("joints", &["count"], Count, &[Rebalanced], "ranges that were joined with the next, since both were small"),
    row("migrations", &["count"], Count, RESHARDED, "changes of the number of shards, or of the shard of a range, that came to their end"),
    row("migration_time", &["mean"], Seconds, RESHARDED, "how long they took, of those that ended"),
    row("loop_lag", &["mean"], Seconds, LOOPS, "how long a task was ready before its loop took it up"),
    row("steals", FLOW, PerSecond, THIEVES, "times an idle loop took work from another"),
    row("wasted", &["mean", "count", "rate"], Ratio, STATION, "work that nobody waited for any more, the caller or whoever the caller worked for: its share of all work, how often, how often a second"),
    row("imbalance", SHARES, Ratio, POOL, "how unevenly servers share the arrivals: the busiest over the mean, coefficient of variation, Jain's index (1 if all got the same)"),
    row("wanted", FLOW, PerSecond, CALLS, "calls wanted: each may take several attempts, or none"),
    row("refused", FLOW, PerSecond, CALLS, "calls or attempts refused by the caller's own stages"),
    row("amplification", &["mean"], Ratio, CALLS, "attempts over calls wanted"),
    row("circuit_open", &["mean"], Ratio, CALLS, "share of time the caller's breakers were open"),
    row("copies", FLOW, PerSecond, CALLS, "calls sent while an earlier one was still out"),
    row("attempts", FLOW, PerSecond, CALLS, "calls sent"),
    row("retries", FLOW, PerSecond, CALLS, "calls sent because an earlier one had failed"),
    row("attempt_latency", TIMES, Seconds, CALLS, "from sending a call to its reply, or until it was given up"),
    row("elsewhere", &["mean"], Ratio, CALLS, "calls that left the caller's zone or region, over all"),
    row("panics", &["count"], Count, CALLS, "choices among all servers since too few were well"),
    row("ejections", &["count"], Count, CALLS, "servers taken out for what became of their calls"),
    row("detections", &["count"], Count, CALLS, "servers suspected by checks, ejection or heartbeats that had failed: down, silent, or failing every request"),
    row("detection_time", &["mean", "max"], Seconds, CALLS, "from a server's failure to the suspicion"),
    row("false_suspicions", &["count"], Count, CALLS, "servers suspected that had not failed"),
    row("missed_failures", &["count"], Count, CALLS, "failures of servers that were over before they were suspected"),
    row("queue", &["mean"], Seconds, HOP, "of a request's time, what it stood in the component's line; of those sampled around the median (`clients.typical.web`) or of the slowest hundredth (`clients.slowest.web`)"),
    row("service", &["mean"], Seconds, HOP, "of a request's time, what it was at work in the component or waited there for no call"),
    row("network", &["mean"], Seconds, HOP, "of a request's time, what it was on its way to the component and back"),
    row("pause", &["mean"], Seconds, JOURNEY, "of a request's time, what no call of the client was out: between attempts, or held by a stage; `clients.typical`, `clients.slowest`"),
    row("outstanding_at_end", &["count"], Count, CALLS, "calls neither answered nor given up when the run ended"),
    row("failed_error", &["count"], Count, ALL, "failures: the server answered with an error"),
    row("failed_queue_full", &["count"], Count, ALL, "failures: the line was full"),
    row("failed_displaced", &["count"], Count, ALL, "failures: its place in a full line went to a newer one"),
    row("failed_expired", &["count"], Count, ALL, "failures: its deadline had passed when it was to be served, or served on"),
    row("failed_crashed", &["count"], Count, ALL, "failures: the server was down, or went down meanwhile"),
    row("failed_no_backend", &["count"], Count, ALL, "failures: no server was available"),
    row("failed_timed_out", &["count"], Count, ALL, "failures: the caller's timeout passed"),
    row("failed_impatient", &["count"], Count, ALL, "failures: the client left the line"),
    row("failed_too_deep", &["count"], Count, ALL, "failures: calls nested deeper than the limit"),
    row("failed_cancelled", &["count"], Count, ALL, "failures: its caller gave up, and the callee was told"),
    row("failed_circuit_open", &["count"], Count, ALL, "failures: the caller's breaker was open"),
    row("failed_bulkhead_full", &["count"], Count, ALL, "failures: the caller's bulkhead was full"),
    row("failed_limit_reached", &["count"], Count, ALL, "failures: the caller's limit on calls in flight was reached"),
    row("failed_throttled", &["count"], Count, ALL, "failures: the caller held it back, since too many of its calls had failed"),
    row("failed_no_connection", &["count"], Count, ALL, "failures: no connection of the caller's pool was free"),
    row("failed_no_memory", &["count"], Count, ALL, "failures: the server had no memory left for it"),
    row("failed_no_descriptor", &["count"], Count, ALL, "failures: the server had no file descriptor left for it"),
    row("degraded", FLOW, PerSecond, ALL, "answers with something in place of what was asked for"),
];

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        ops::ControlFlow,
    };

    use sim_core::{
        simulation::Budget,
        time::{SimDuration, SimTime},
    };

    use super::*;
    use crate::{RunSettings, report::Metric, run, spec::SystemSpec};

    /// What a second of a system reports.
    fn told(spec: &SystemSpec) -> Vec<Metric> {
        let settings = RunSettings {
            seed: 1,
            replication: 0,
            measure_from: SimTime::ZERO,
            end: SimTime::from_nanos(1_000_000_000),
            windows: Vec::new(),
            bin: SimDuration::from_secs(1),
            limits: Vec::new(),
            budget: Budget { events: u64::MAX, in_flight: u64::MAX },
        };
        let traces = &mut |_: &str| Err("no trace".to_owned());
        let report = run(spec, &settings, traces, &mut |_| ControlFlow::Continue(())).unwrap();
        report.metrics
    }

    /// Names and units that a run of two servers behind a balancer reports, by owner.
    fn reported(model: &str) -> BTreeMap<&'static str, BTreeSet<(String, Unit)>> {
        reported_by(
            &r#"(
                workloads: { "clients": OpenLoop((target: "lb", load: Rate("1000/s"))) },
                components: {
                    "lb": LoadBalancer((backends: "web", workers: 1)),
                    "web": ServerPool((servers: 2, service_time: Exponential((mean: "1ms")), concurrency: MODEL)),
                },
            )"#
            .replace("MODEL", model),
        )
    }

    /// Names and units that a run of a system reports, by owner.
    fn reported_by(text: &str) -> BTreeMap<&'static str, BTreeSet<(String, Unit)>> {
        let spec: SystemSpec = ron::from_str(text).unwrap();
        let mut found: BTreeMap<&str, BTreeSet<(String, Unit)>> = BTreeMap::new();
        for metric in told(&spec) {
            for owner in [
                "clients.calls.lb",
                "lb.calls.web",
                "clients.slowest.web",
                "clients.slowest.lb",
                "clients.slowest",
                "clients.typical.web",
                "clients.typical.lb",
                "clients.typical",
                "web[1]",
                "clients",
                "lb",
                "web",
            ] {
                if let Some(name) = metric.name.strip_prefix(&format!("{owner}.")) {
                    if !name.starts_with("calls.") {
                        found.entry(owner).or_default().insert((name.to_owned(), metric.unit));
                    }
                    break;
                }
            }
        }
        found
    }

    /// The same of a database with these fields, as `web`.
    fn reported_by_database(fields: &str) -> BTreeSet<(String, Unit)> {
        let text = r#"(
            workloads: { "clients": OpenLoop((target: "web", load: Rate("1000/s"))) },
            components: { "web": Database((FIELDS)) },
        )"#;
        reported_by(&text.replace("FIELDS", fields)).remove("web").unwrap_or_default()
    }

    /// The same of one whose keys a service writes in transactions of these fields.
    fn reported_by_transactions(fields: &str) -> BTreeSet<(String, Unit)> {
        let text = r#"(
            workloads: { "clients": OpenLoop((target: "lb", load: Rate("100/s"))) },
            components: {
                "web": Database((shards: 2)),
                "lb": Service((handles: { "*": [Transaction((database: "web", FIELDS))] })),
            },
        )"#;
        reported_by(&text.replace("FIELDS", fields)).remove("web").unwrap_or_default()
    }

    /// Names and units that the catalogue promises to owners of these kinds.
    fn promised(owners: &[Owner]) -> BTreeSet<(String, Unit)> {
        let figures =
            METRICS.iter().filter(|figure| figure.owners.iter().any(|owner| owners.contains(owner)));
        let named = figures.flat_map(|figure| {
            figure
                .statistics
                .iter()
                .map(|statistic| (format!("{}.{statistic}", figure.name), unit_under(statistic, figure.unit)))
        });
        named.collect()
    }

    fn unit_under(statistic: &str, unit: Unit) -> Unit {
        match statistic {
            "count" => Unit::Count,
            "rate" => Unit::PerSecond,
            _ => unit,
        }
    }

    #[test]
    fn the_catalogue_is_what_runs_report() {
        let plain = reported("None");
        assert_eq!(plain["clients"], promised(&[Workload]));
        assert_eq!(plain["clients.calls.lb"], promised(&[Calls]));
        assert_eq!(plain["lb.calls.web"], promised(&[Calls]));
        for group in ["clients.typical", "clients.slowest"] {
            assert_eq!(plain[group], promised(&[Journey]));
            assert_eq!(plain[format!("{group}.web").as_str()], promised(&[Hop]));
        }
        assert_eq!(plain["lb"], promised(&[Station]));
        assert_eq!(plain["web"], promised(&[Station, Pool]));
        let alone: BTreeSet<_> = plain["web[1]"].clone();
        assert!(alone.is_subset(&promised(&[Station])));
        for (model, owners) in [
            ("Some(Threads(()))", &[Station, Pool, Threads][..]),
            ("Some(ThreadPool(()))", &[Station, Pool, Threads]),
            ("Some(EventLoop(()))", &[Station, Pool, Loops]),
            ("Some(EventLoop((workers: 2)))", &[Station, Pool, Loops, Thieves]),
            ("Some(Actor(()))", &[Station, Pool]),
        ] {
            assert_eq!(reported(model)["web"], promised(owners), "{model}");
        }
    }

    #[test]
    fn caches_report_what_the_catalogue_promises() {
        let spec: SystemSpec = ron::from_str(
            r#"(
                workloads: { "clients": OpenLoop((target: "web", load: Rate("1000/s"))) },
                components: {
                    "web": Service((handles: { "*": [Call("plain"), Call("top"), Call("first"), Call("later")] })),
                    "plain": Cache((source: "db", freshness: (ttl: Some("1s")), sweep: Some(()), size_curve: true)),
                    "top": Cache((source: "below", inclusion: Exclusive, storage: Disk(()))),
                    "below": Cache((source: "db", servers: 2, hot_keys: Some(()))),
                    "first": Cache((source: "second", inclusion: Inclusive)),
                    "second": Cache((source: "db")),
                    "later": Cache((source: "db", on_write: WriteBack())),
                    "db": ServerPool(()),
                },
            )"#,
        )
        .unwrap();
        let metrics = told(&spec);
        for id in ["plain", "top", "below", "first", "second", "later"] {
            let own = metrics.iter().filter_map(|metric| {
                let name = metric.name.strip_prefix(&format!("{id}."))?;
                (!name.starts_with("calls.")).then(|| (name.to_owned(), metric.unit))
            });
            let several = (id == "below").then_some(Pool);
            let owners: Vec<Owner> = Owner::of_cache(&spec, id).into_iter().chain(several).collect();
            let owners = [owners, vec![Station, Loops]].concat();
            assert_eq!(own.collect::<BTreeSet<_>>(), promised(&owners), "{id}");
        }
    }

    #[test]
    fn the_catalogue_is_what_databases_report() {
        let plain = &[Station, Pool, Database][..];
        for (fields, owners) in [
            ("shards: 2", plain),
            (
                "replicas_per_shard: 2, replication: Some(Synchronous(()))",
                &[Station, Pool, Database, Replicated],
            ),
            (r#"shards: 2, indexes: {"by": Local(())}"#, &[Station, Pool, Database, Indexed]),
            (
                r#"shards: 2, indexes: {"by": Global((values: Some(7)))}"#,
                &[Station, Pool, Database, Indexed, IndexedLater],
            ),
        ] {
            assert_eq!(reported_by_database(fields), promised(owners), "{fields}");
        }
        for (protocol, own) in [("TwoPhase", TwoPhase), ("Saga", Saga)] {
            let promised = promised(&[Station, Pool, Database, Transactional, own]);
            assert_eq!(reported_by_transactions(&format!("protocol: {protocol}")), promised, "{protocol}");
        }
    }
}
