//! What indexes of a database cost, and what they show and when, beside theory and told by small systems whose figures can
//! be added up by hand.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::testing::{figures, problems};

/// Readers by the index `by`, so many a second, and writers of the same keys, at a database with these fields.
fn text((readers, writers): (&str, &str), keys: u64, network: &str, fields: &str) -> String {
    format!(
        r#"(network: ({network}), workloads: {{
            "readers": OpenLoop(target: "web", load: Rate("{readers}/s"), keys: Uniform(items: {keys}), requests: {{ "find": 1 }}),
            "writers": OpenLoop(
                target: "web", load: Rate("{writers}/s"), keys: Uniform(items: {keys}),
                requests: {{ "save": (writes: true) }},
            ),
        }},
        components: {{
            "web": Service(workers_per_server: 1000, handles: {{
                "find": [IndexRead(database: "db", index: "by")], "save": [Call("db")],
            }}),
            "db": Database(connections_per_replica: 1000, {fields}),
        }})"#
    )
}

fn seen(rates: (&str, &str), keys: u64, fields: &str, seconds: u32) -> BTreeMap<String, f64> {
    figures(&text(rates, keys, "", fields), seconds, 1)
}

#[test]
fn a_local_index_is_as_slow_as_the_slowest_shard_and_a_global_one_asks_one() {
    // The greatest of n exponentials of mean 1 ms has mean H(n) (Rényi 1953): 25/12 and 3.380729. 20000 reads; the variance
    // is below pi^2/6: four standard errors are 0.037.
    for (shards, expected) in [(4, 25.0 / 12.0), (16, 3.380_729)] {
        let fields =
            format!(r#"shards: {shards}, read_time: Exponential(mean: "1ms"), indexes: {{ "by": Local() }}"#);
        let seen = seen(("100", "1"), 100_000, &fields, 200);
        let mean = seen["readers.latency.mean"] * 1e3;
        assert!((mean - expected).abs() < 0.037, "{shards} shards: {mean}");
        assert_eq!(seen["db.fan_out.mean"], f64::from(shards));
        assert_eq!(seen["db.index_reads.count"], seen["readers.arrivals.count"]);
    }
    // One exponential, or two in a row whatever the shards, with variance 1 and 2: four standard errors are 0.029 and 0.04.
    for (covers, hops, tolerance) in [("true", 1.0, 0.029), ("false", 2.0, 0.04)] {
        let fields = format!(
            r#"shards: 16, read_time: Exponential(mean: "1ms"), indexes: {{ "by": Global(covers: {covers}) }}"#
        );
        let seen = seen(("100", "1"), 100_000, &fields, 200);
        let mean = seen["readers.latency.mean"] * 1e3;
        assert!((mean - hops).abs() < tolerance, "covers: {covers}: {mean}");
        assert_eq!(seen["db.fan_out.mean"], hops);
        assert_eq!(seen["db.index_reads.count"], seen["readers.arrivals.count"]);
    }
}

#[test]
fn a_value_of_several_keys_is_read_where_those_are() {
    // 100000 keys, 5000 values: 20 keys each, of which n (1 - (1 - 1/n)^20) shards have any: 7.446 of 8. 20000 reads: the
    // number varies by less than 0.7, four standard errors are 0.02.
    let fields = r#"shards: 8, partitioning: HashModulo(), indexes: { "by": Global(values: 5000) }"#;
    let seen = seen(("100", "1"), 100_000, fields, 200);
    let expected = 1.0 + 8.0 * (1.0 - libm::pow(0.875, 20.0));
    assert!(
        (seen["db.fan_out.mean"] - expected).abs() < 0.03,
        "{} is not {expected}",
        seen["db.fan_out.mean"]
    );
}

#[test]
fn entries_stand_on_all_shards_alike() {
    // Only reads by a covering index: each of 8 shards gets an eighth of 40000, to four standard deviations of that and of
    // how 100000 values fall on 8 shards by chance, 0.8 %.
    let fields = r#"shards: 8, partitioning: HashModulo(), indexes: { "by": Global(covers: true) }"#;
    let seen = seen(("1000", "0.001"), 100_000, fields, 40);
    let mean = seen["readers.arrivals.count"] / 8.0;
    for shard in 0..8 {
        let arrivals = seen[&format!("db[{shard}].arrivals.count")];
        assert!((arrivals - mean).abs() < 4.0 * (mean.sqrt() + 0.0084 * mean), "{shard}: {arrivals}");
    }
}

/// Milliseconds of a write by itself, of 2 ms with messages of 1 ms, and of what shards do for it in all.
fn write(indexes: &str) -> (f64, f64) {
    let fields = format!(r#"shards: 4, write_time: Constant("2ms"), indexes: {{ {indexes} }}"#);
    let seen = figures(&text(("0.001", "20"), 100_000, r#"within_zone: Constant("1ms")"#, &fields), 100, 1);
    assert_eq!(seen["writers.errors.count"], 0.0);
    let busy: f64 = (0..4).map(|shard| seen[&format!("db[{shard}].utilization.mean")]).sum();
    let work = busy * 1000.0 * 100_000.0 / seen["writers.arrivals.count"];
    ((seen["writers.latency.mean"] * 1e9).round() / 1e6, work)
}

#[test]
fn a_write_takes_as_long_as_the_entries_it_waits_for() {
    // To the service and back, to the shard and back, the write: 6 ms. What is under way at the end is a share of 1e-4.
    for (indexes, millis, work) in [
        ("", 6.0, 2.0),
        (r#""by": Local()"#, 8.0, 4.0),
        (r#""by": Local(update_time: Constant("1ms"))"#, 7.0, 3.0),
        // A message to the other shard, its work, a message back: 4 ms more, however many go side by side.
        (r#""by": Global(update: Together)"#, 10.0, 4.0),
        (r#""by": Global(update: Together), "other": Global(update: Together)"#, 10.0, 6.0),
        (r#""by": Global(update: Together, update_time: Constant("5ms"))"#, 13.0, 7.0),
        (r#""by": Global(), "other": Global(update: Later(after: Constant("100ms")))"#, 6.0, 6.0),
        (
            r#""a": Local(update_time: Constant("1ms")), "b": Global(update: Together), "c": Global()"#,
            11.0,
            7.0,
        ),
    ] {
        // A service that reads by `by` needs one of that name.
        let needed =
            if indexes.contains(r#""by""#) { "" } else { r#""by": Local(update_time: Constant("0ms")), "# };
        let (took, worked) = write(&format!("{needed}{indexes}"));
        assert_eq!(took, millis, "{indexes}");
        assert!((worked / work - 1.0).abs() < 2e-3, "{indexes}: {worked} ms is not {work}");
    }
}

#[test]
fn an_index_that_follows_is_stale_for_as_long_as_it_lags() {
    // Writes of the one key come at rate w. A read is stale if any came less than the lag D ago: with 1 - exp(-w D); and as
    // old as the first of those, D - (1 - exp(-w D)) / w over all reads. w = 5/s and D = 100 ms: 0.393469, and 54.149 ms of
    // the stale ones. The share of time in which it is stale varies over T = 20000 s by 2/T times the integral of its
    // covariance, 0.0011^2 (exp(-w (D + t)) - exp(-2 w D) within D of one another), 400000 reads of it by 0.0008: four
    // standard errors are 0.0053.
    let (w, d) = (5.0_f64, 0.1);
    let fields = r#"indexes: { "by": Global(covers: true, update: Later(after: Constant("100ms"))) }"#;
    let one = seen(("20", "5"), 1, &format!("keys: 1, {fields}"), 20_000);
    let share = 1.0 - libm::exp(-w * d);
    assert!(
        (one["db.stale_index_ratio.mean"] - share).abs() < 0.0053,
        "{}",
        one["db.stale_index_ratio.mean"]
    );
    let age = (d - share / w) / share;
    assert!((one["db.stale_index_age.mean"] - age).abs() < 0.01 * age, "{}", one["db.stale_index_age.mean"]);
    assert!((one["db.index_lag.mean"] - d).abs() < 1e-9, "{}", one["db.index_lag.mean"]);
    assert!(one["db.stale_index_age.max"] < 0.101, "{}", one["db.stale_index_age.max"]);
    // Of a hundred keys with four values each value is written at a quarter of the rate: 1 - exp(-0.125); by the same
    // reckoning four standard errors are 0.0025.
    let fields = fields.replace("covers", "values: 4, covers");
    let many = seen(("20", "5"), 100, &format!("keys: 100, {fields}"), 20_000);
    let share = 1.0 - libm::exp(-w * d / 4.0);
    assert!(
        (many["db.stale_index_ratio.mean"] - share).abs() < 0.0025,
        "{}",
        many["db.stale_index_ratio.mean"]
    );
    let together = seen(("20", "5"), 1, r#"keys: 1, indexes: { "by": Global(update: Together) }"#, 100);
    assert!(!together.contains_key("db.stale_index_reads.count"), "what is waited for does not lag");
}

#[test]
fn what_is_on_its_way_at_the_end_is_counted_and_what_a_crash_takes_is_lost() {
    // One write each second from 1 to 9 s, passed on 2.5 s later: those of 8 and 9 s, and that of 7.5 s if there were one.
    let system = |faults: &str| {
        format!(
            r#"(workloads: {{ "writers": OpenLoop(
                target: "db", load: Rate("1/s"), arrivals: Deterministic(), keys: Uniform(items: 100),
                requests: {{ "save": (writes: true) }},
            ) }},
            components: {{ "db": Database(
                keys: 100, indexes: {{ "by": Global(update: Later(after: Constant("2.5s"))) }},
            ) }}, faults: [{faults}])"#
        )
    };
    let seen = figures(&system(""), 9.9, 1);
    let counts = |seen: &BTreeMap<String, f64>| {
        ["index_updates", "index_lag", "lost_index_updates", "index_updates_at_end"]
            .map(|name| seen[&format!("db.{name}.count")])
    };
    assert_eq!(counts(&seen), [9.0, 7.0, 0.0, 2.0]);
    // Down from 4.2 to 4.7 s: what was written at 2, 3 and 4 s was still to be sent.
    let crash = r#"Crash(target: "db[0]", at: "4.2s", duration: "500ms")"#;
    let seen = figures(&system(crash), 9.9, 1);
    assert_eq!(counts(&seen), [9.0, 4.0, 3.0, 2.0]);
}

#[test]
fn an_entry_whose_shard_is_down_comes_when_that_is_up_again() {
    // Keys and entries of two shards; the second is down from 2.05 to 5.55 s. What goes there is tried again every second.
    let text = r#"(workloads: { "writers": OpenLoop(
            target: "db", load: Rate("10/s"), arrivals: Deterministic(), keys: Uniform(items: 1000),
            requests: { "save": (writes: true) },
        ) },
        components: { "db": Database(shards: 2, keys: 1000, indexes: { "by": Global() }) },
        faults: [Crash(target: "db[1]", at: "2.05s", duration: "3.5s")])"#;
    let seen = figures(text, 10, 1);
    assert_eq!(seen["db.lost_index_updates.count"], 0.0);
    assert_eq!(seen["db.index_updates_at_end.count"], 0.0);
    assert!(seen["db.index_lag.max"] > 3.0 && seen["db.index_lag.max"] < 4.1, "{}", seen["db.index_lag.max"]);
    // Whoever waits for it fails: of the writes of the first shard, about half have their entry at the second.
    let together = text.replace("Global()", "Global(update: Together)");
    let failed = figures(&together, 10, 1)["writers.errors.count"];
    let alone = figures(&text.replace("Global()", "Local()"), 10, 1)["writers.errors.count"];
    assert!(failed > alone + 3.0, "{failed} and {alone}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Every entry that is to follow a write comes, is lost with its shard, or is under way; whoever is down, however many
    /// messages are lost, and whoever gives up meanwhile.
    #[test]
    fn no_entry_is_forgotten(
        shards in 1_u32..6, replicas in 1_u32..3, values in 1_u64..40, seed in 0_u64..1000, crashes in any::<bool>(),
        lossy in any::<bool>(),
    ) {
        let faults = if crashes {
            r#"Crash(target: "db[0]", time_between: Exponential(mean: "2s"), time_to_repair: Exponential(mean: "1s")),
               Crash(target: "web[0]", time_between: Exponential(mean: "5s"), time_to_repair: Exponential(mean: "1s"))"#
        } else {
            ""
        };
        let loss = if lossy { "loss: 0.02," } else { "" };
        let text = format!(
            r#"(network: (within_zone: Exponential(mean: "5ms"), {loss}),
            workloads: {{ "users": ClosedLoop(
                users: 20, target: "web", think_time: Exponential(mean: "50ms"), keys: Uniform(items: 40), timeout: "200ms",
                requests: {{ "find": 1, "look": 1, "save": (writes: true), "all": (writes: true) }},
            ) }},
            components: {{
                "web": Service(servers: 2, workers_per_server: 20, cancel_abandoned_work: {lossy}, handles: {{
                    "find": [IndexRead(database: "db", index: "later")],
                    "look": [IndexRead(database: "db", index: "with")],
                    "save": [Call("db")],
                    "all": [MultiGet(database: "db", keys: 3), IndexRead(database: "db", index: "own")],
                }}),
                "db": Database(
                    shards: {shards}, replicas_per_shard: {replicas}, read_from: AnyReplica, keys: 40, timeout: "100ms",
                    read_time: Exponential(mean: "1ms"), connections_per_replica: 2, indexes: {{
                        "later": Global(values: {values}, update: Later(after: Exponential(mean: "300ms"))),
                        "other": Global(covers: true),
                        "own": Local(update_time: Exponential(mean: "1ms")),
                        "with": Global(update: Together, update_time: Constant("1ms")),
                    }},
                ),
            }}, faults: [{faults}])"#
        );
        let seen = figures(&text, 20, seed);
        let count = |name: &str| seen[&format!("db.{name}.count")];
        prop_assert!(count("index_updates") > 100.0);
        prop_assert_eq!(
            count("index_updates"),
            count("index_lag") + count("lost_index_updates") + count("index_updates_at_end")
        );
        if !crashes {
            prop_assert_eq!(count("lost_index_updates"), 0.0);
        }
    }
}

#[test]
fn a_file_hears_what_does_not_go_with_indexes() {
    let told = |fields: &str, step: &str| {
        problems(&format!(
            r#"(workloads: {{ "users": OpenLoop(target: "web") }}, components: {{
                "web": Service(handles: {{ "*": [{step}] }}), "db": Database({fields}),
            }})"#
        ))
    };
    let read = r#"IndexRead(database: "db", index: "by")"#;
    for (fields, step, problem) in [
        (r#"indexes: { "by": Local() }"#, r#"IndexRead(database: "db", index: "bye")"#, "has no index `bye`"),
        ("", read, "has no index `by`"),
        (r#"keys: 100, indexes: { "by": Global(values: 101) }"#, read, "values must be 1 to 100"),
        (r#"indexes: { "by": Global(values: 9) }"#, read, "would fetch 11112 keys of each value"),
        (
            r#"replicas_per_shard: 2, replication: Synchronous(), indexes: { "by": Local() }"#,
            read,
            "no replication",
        ),
        (r#"routing: AnyNode, indexes: { "by": Local() }"#, read, "leave out routing"),
        (r#"indexes: { "by": Local() }"#, r#"Transaction(database: "db")"#, "transactions write no entries"),
    ] {
        let problems = told(fields, step);
        assert!(problems.iter().any(|told| told.contains(problem)), "{fields}: {problems:?}");
    }
    assert_eq!(told(r#"indexes: { "by": Global(values: 9, covers: true) }"#, read), Vec::<String>::new());
}
