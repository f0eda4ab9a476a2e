//! Databases that look for hot keys, told by small systems whose figures can be added up by hand.

use std::collections::BTreeMap;

use super::testing::{figures_within, problems};

/// A thousand requests a second, three of four of which read, of 100000 keys laid out so: three of ten ask for one of them.
/// Eight shards look for hot keys with these fields.
fn searched(layout: &str, hot_keys: &str, fields: &str, seconds: u32) -> BTreeMap<String, f64> {
    let text = format!(
        r#"(workloads: {{ "users": OpenLoop(
                target: "db", load: Rate("1000/s"), {layout}
                keys: HotSet(items: 100000, hot_fraction: 0.00001, hot_weight: 0.3),
                requests: {{ "get": (weight: 3), "put": (weight: 1, writes: true) }},
            ) }},
            network: (within_zone: Constant("100us")),
            components: {{ "db": Database(
                shards: 8, partitioning: JumpHashing(), read_time: Constant("10us"), write_time: Constant("30us"),
                connections_per_replica: 10, hot_keys: ({hot_keys}), {fields}
            ) }})"#
    );
    figures_within(&text, seconds, &[("first", 0, 1), ("late", 10, seconds)])
}

#[track_caller]
fn near(value: f64, expected: f64, by: f64) {
    assert!((value - expected).abs() <= by, "{value} is not {expected}, to {by}");
}

#[test]
fn a_hot_key_is_found_and_its_reads_are_shared() {
    let seen = searched("", "share: 0.1, copies: 4", "", 110);
    // Nothing is known in the first window, and nothing changes after it.
    assert_eq!((seen["db.found_hot_keys.count"], seen["db.cooled_hot_keys.count"]), (1.0, 0.0));
    assert_eq!((seen["db.hot_keys.mean@first"], seen["db.hot_keys.mean@late"]), (0.0, 1.0));
    assert_eq!((seen["db.copy_read_ratio.mean@first"], seen["db.copied_writes.count@first"]), (0.0, 0.0));
    // Three copies of four are further ones: 3/4 of the 0.3; to four standard errors of 75000 reads.
    near(seen["db.copy_read_ratio.mean@late"], 0.225, 4.0 * (0.225 * 0.775 / 75_000.0_f64).sqrt());
    near(seen["db.hottest_key_share.mean@late"], 0.3, 4.0 * (0.21 / 75_000.0_f64).sqrt());
    // A write of the key goes to three more: 0.3 x 1/4 x 3 of all requests.
    near(seen["db.copied_writes.rate@late"] / 1000.0, 0.225, 0.005);
    // A shard with a copy gets (1/4 + 3/4 x 1/4) of ... reads 0.3/4, writes 0.3 each, and an eighth of the rest.
    let reads_and_writes = 0.75 * (0.3 / 4.0) + 0.25 * 0.3 + 0.7 / 8.0;
    let most = (0..8).map(|shard| seen[&format!("db[{shard}].arrivals.rate@late")]).fold(0.0, f64::max);
    near(most / 1000.0, reads_and_writes, 0.006);
    // Without copies its shard had 0.3 + 0.7/8.
    near(seen["db.shard_imbalance.max_over_mean@first"], 8.0 * (0.3 + 0.7 / 8.0), 0.35);
    assert_eq!((seen["users.success_ratio.mean"], seen["db.hops.mean@first"]), (1.0, 1.0));
    near(seen["db.hops.mean@late"], 1.225, 0.005);
}

#[test]
fn a_copy_costs_a_read_and_a_write_at_each_further_shard() {
    let seen = searched("", "share: 0.1, copies: 4", "", 20);
    assert_eq!(seen["db.calls.copies.attempts.count"], 4.0);
    // There and back four times, one read and three writes.
    near(seen["db.calls.copies.attempt_latency.mean"] * 4e6, 4.0 * 200.0 + 10.0 + 3.0 * 30.0, 40.0);
    let busy = seen["db.utilization.mean"] * 80.0 * 20.0 * 1e6;
    let (requests, copied) = (seen["users.arrivals.count"], seen["db.copied_writes.count"]);
    let writes = (busy - 10.0 - 90.0 - 10.0 * requests - 30.0 * copied) / 20.0;
    near(writes / requests, 0.25, 0.015);
}

#[test]
fn a_key_below_the_threshold_is_not_hot() {
    // A window has 750 reads: the share of 0.3 has a standard error of 0.017.
    for (share, found) in [(0.2, 1.0), (0.4, 0.0)] {
        let seen = searched("", &format!("share: {share}"), "", 20);
        assert_eq!(seen["db.found_hot_keys.count"], found, "{share}");
    }
}

#[test]
fn what_is_hot_no_more_has_no_copies() {
    // Every ten seconds another key is the popular one: five of them in fifty seconds, each known a second late.
    let layout = r#"key_layout: Moving(every: "10s", by: 1000),"#;
    for routing in ["Informed", "Aware()", "AnyNode"] {
        let seen = searched(layout, "share: 0.1, copies: 4", &format!("routing: {routing}"), 50);
        assert_eq!(
            (seen["db.found_hot_keys.count"], seen["db.cooled_hot_keys.count"]),
            (5.0, 4.0),
            "{routing}"
        );
        assert_eq!((seen["db.hot_keys.max"], seen["users.success_ratio.mean"]), (1.0, 1.0), "{routing}");
        near(seen["db.hot_keys.mean@late"], 1.0, 0.01);
        // For one second of ten the new one has no copies.
        near(seen["db.copy_read_ratio.mean@late"], 0.9 * 0.225, 0.01);
    }
}

#[test]
fn hot_keys_survive_crashes_and_shards_that_move() {
    let text = r#"(workloads: { "users": OpenLoop(
            target: "db", load: Rate("1000/s"), keys: Zipf(items: 10000, exponent: 1.2),
            key_layout: Moving(every: "3s", by: 100), requests: { "get": (weight: 1), "put": (weight: 1, writes: true) },
        ) },
        network: (within_zone: Constant("1ms")),
        components: { "db": Database(
            keys: 10000, shards: 4, partitioning: HashSlots(), read_time: Exponential(mean: "100us"), timeout: "1s",
            connections_per_replica: 4, hot_keys: (share: 0.03, window: "500ms", copies: 3),
            reshard: [(at: "5s", shards: 6, cut_over: KeyByKey), (at: "15s", shards: 3, cut_over: DualWrites)],
        ) },
        faults: [Crash(target: "db[1]", at: "9400ms", duration: "3s"), Crash(target: "db[2]", at: "18s", duration: "2s")])"#;
    let seen = figures_within(text, 30, &[]);
    // The books hold: every key that was found is hot, cooled down or could not be copied; and some of each there were.
    assert!(seen["db.found_hot_keys.count"] > 20.0 && seen["db.cooled_hot_keys.count"] > 10.0);
    assert!(seen["db.uncopied_hot_keys.count"] > 0.0, "what is to be copied to a server that is down fails");
    assert_eq!(seen["db.migrations.count"], 2.0);
}

#[test]
fn what_cannot_be_looked_for_is_refused() {
    for (fields, word) in [
        ("hot_keys: (copies: 1), shards: 4", "at least 2"),
        ("hot_keys: (share: 2.0), shards: 4", "share"),
        ("hot_keys: ()", "above 1"),
        ("hot_keys: (), copied_keys: (), shards: 4", "not both"),
        ("hot_keys: (), shards: 4, replicas_per_shard: 2, replication: Synchronous()", "no replication"),
    ] {
        let text = format!(
            r#"(workloads: {{ "users": OpenLoop(target: "db", load: Rate("1/s")) }}, components: {{ "db": Database({fields}) }})"#
        );
        let found = problems(&text);
        assert!(found.iter().any(|found| found.contains(word)), "{fields}: {found:?}");
    }
}
