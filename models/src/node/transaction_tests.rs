//! What transactions cost and when they end, beside theory and told by small systems whose figures can be added up by
//! hand.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::testing::figures;

/// Requests at `load`, each of which writes as `fields` say at a database of eight shards.
fn transactions(
    load: &str,
    fields: &str,
    database: &str,
    others: &str,
    seconds: u32,
) -> BTreeMap<String, f64> {
    let text = format!(
        r#"(network: (within_zone: Constant("1ms")),
        workloads: {{ "users": OpenLoop(target: "web", {load}, requests: {{ "put": (writes: true) }}) }},
        components: {{
            "web": Service(workers_per_server: 1000, handles: {{ "*": [Transaction(database: "db", {fields})] }}),
            "db": Database(shards: 8, connections_per_replica: 100, {database}),
        }}, {others})"#
    );
    figures(&text, seconds, 1)
}

/// Ten a second at regular times.
const REGULAR: &str = r#"load: Rate("10/s"), arrivals: Deterministic()"#;

#[test]
fn a_commit_takes_four_messages_for_each_participant() {
    // A write takes 2 ms, a forced write to a log 5 ms, a message 1 ms. There and back from the client: 2 ms.
    let database = r#"write_time: Constant("2ms")"#;
    for (fields, messages, millis, held) in [
        // One alone: there, work, log, back.
        ("keys: 4, shards: 1", 2.0, 2.0 + 1.0 + 4.0 * 2.0 + 5.0 + 1.0, 13.0),
        // Prepare, work, log, promise, the coordinator's log. Held from the prepare on: work, log, a message, the
        // coordinator's log, a message, log.
        ("keys: 4, shards: 2", 8.0, 2.0 + 1.0 + 4.0 + 5.0 + 1.0 + 5.0, 4.0 + 5.0 + 1.0 + 5.0 + 1.0 + 5.0),
        ("keys: 4, shards: 4", 16.0, 2.0 + 1.0 + 2.0 + 5.0 + 1.0 + 5.0, 2.0 + 5.0 + 1.0 + 5.0 + 1.0 + 5.0),
        // One after the other, each with its own log; the keys of each are held only for that.
        ("keys: 4, shards: 4, protocol: Saga", 8.0, 2.0 + 4.0 * (1.0 + 2.0 + 5.0 + 1.0), 7.0),
    ] {
        let seen =
            transactions(REGULAR, &format!(r#"{fields}, log_time: Constant("5ms")"#), database, "", 10);
        assert_eq!(seen["db.messages.mean"], messages, "{fields}");
        assert_eq!((seen["users.latency.mean"] * 1e9).round() / 1e6, millis, "{fields}");
        assert!(
            (seen["db.lock_hold.mean"] * 1e3 - held).abs() < 0.01,
            "{fields}: {}",
            seen["db.lock_hold.mean"]
        );
        assert_eq!((seen["db.transactions.count"], seen["db.aborted.count"]), (99.0, 0.0));
        if messages == 16.0 {
            // From the promise on: a message, the coordinator's log, a message, the participant's log.
            assert!((seen["db.in_doubt.mean"] * 1e3 - 12.0).abs() < 0.01, "{}", seen["db.in_doubt.mean"]);
            assert_eq!((seen["db.fan_out.mean"], seen["db.cross_shard.mean"]), (4.0, 1.0));
        }
    }
}

#[test]
fn a_commit_waits_for_the_slowest_participant() {
    // The greatest of k exponentials has mean H(k): 25/12 for 4, 761/280 for 8. Messages take 4 ms more, the client's
    // included. 20000 transactions; the variance is below pi^2/6 ms^2, so that four standard errors are 0.036 ms.
    let load = r#"load: Rate("20/s")"#;
    for (shards, expected) in [(4, 25.0 / 12.0), (8, 761.0 / 280.0)] {
        let fields = format!("keys: {shards}, shards: {shards}");
        let seen = transactions(load, &fields, r#"write_time: Exponential(mean: "1ms")"#, "", 1000);
        let mean = seen["users.latency.mean"] * 1e3 - 4.0;
        assert!((mean - expected).abs() < 0.036, "{shards}: {mean}");
        // A key is held until all have promised and a message has come from and to the coordinator.
        let held = seen["db.lock_hold.mean"] * 1e3 - 2.0;
        assert!((held - expected).abs() < 0.036, "{shards}: {held}");
    }
    // A saga waits for one after the other.
    let seen = transactions(
        load,
        "keys: 4, shards: 4, protocol: Saga",
        r#"write_time: Exponential(mean: "1ms")"#,
        "",
        1000,
    );
    assert!((seen["users.latency.mean"] * 1e3 - 14.0).abs() < 0.06, "{}", seen["users.latency.mean"]);
}

#[test]
fn keys_where_they_are_reach_as_many_shards_as_chance_has_it() {
    let seen = transactions(r#"load: Rate("100/s")"#, "keys: 4", "partitioning: HashModulo()", "", 100);
    // n (1 - (1 - 1/n)^k) of 8 shards for 4 keys: 3.310547, to four standard errors of 10000.
    assert!((seen["db.fan_out.mean"] - 3.310_547).abs() < 0.03, "{}", seen["db.fan_out.mean"]);
}

/// Transactions of the one key there is, which holds it for 30 ms: 20 ms of writing and 10 ms for the log.
fn contended(rate: &str, on_lock_conflict: &str, seconds: u32) -> BTreeMap<String, f64> {
    let text = format!(
        r#"(workloads: {{ "users": OpenLoop(
            target: "web", load: Rate("{rate}"), keys: Uniform(items: 1), requests: {{ "put": (writes: true) }},
        ) }},
        components: {{
            "web": Service(workers_per_server: 1000, handles: {{ "*": [
                Transaction(database: "db", keys: 1, log_time: Constant("10ms")),
            ] }}),
            "db": Database(write_time: Constant("20ms"), connections_per_replica: 100, {on_lock_conflict}),
        }})"#
    );
    figures(&text, seconds, 1)
}

#[test]
fn a_held_key_is_a_queue() {
    // One at a time for 30 ms each, 20 come a second: M/D/1 at 0.6 waits 0.6 x 30 / (2 x 0.4) = 22.5 ms on average
    // (Pollaczek & Khinchine). 40000 of them; waits are correlated over some ten: four standard errors are 1.5 ms.
    let seen = contended("20/s", "", 2000);
    let waited = seen["users.latency.mean"] * 1e3 - 30.0;
    assert!((waited - 22.5).abs() < 1.5, "{waited}");
    assert!((seen["db.lock_hold.mean"] * 1e3 - 30.0).abs() < 0.3);
    // Whoever does not find it free gives up: Erlang's loss of one server, a / (1 + a) = 0.375. Four standard errors:
    // 0.01.
    let seen = contended("20/s", "on_lock_conflict: NoWait", 2000);
    let lost = seen["db.aborted_locked.count"] / seen["db.transactions.count"];
    assert!((lost - 0.375).abs() < 0.01, "{lost}");
    // All that come later are younger and give up.
    let seen = contended("20/s", "on_lock_conflict: WaitDie", 2000);
    let lost = seen["db.aborted_locked.count"] / seen["db.transactions.count"];
    assert!((lost - 0.375).abs() < 0.01, "{lost}");
    // Nobody waits for longer than it is willing to.
    let seen = contended("100/s", r#"on_lock_conflict: Wait("100ms")"#, 20);
    assert!(seen["db.aborted_locked.count"] > 0.0);
    assert!(seen["users.latency.max"] <= 0.131, "{}", seen["users.latency.max"]);
}

#[test]
fn who_refuses_has_nobody_commit() {
    // Each of four refuses with 0.1: all agree with 0.9^4 = 0.6561. 20000: four standard errors are 0.0134.
    let load = r#"load: Rate("100/s")"#;
    let seen = transactions(load, "keys: 4, shards: 4, refuse: 0.1", "", "", 200);
    let share = seen["db.committed.count"] / seen["db.transactions.count"];
    assert!((share - 0.6561).abs() < 0.0134, "{share}");
    assert_eq!(seen["db.aborted_refused.count"], seen["db.aborted.count"]);
    // A saga that fails at its i-th step undoes those before: 0.1 (0 + 0.9 + 2 x 0.81 + 3 x 0.729) of them on average.
    let seen = transactions(load, "keys: 4, shards: 4, refuse: 0.1, protocol: Saga", "", "", 200);
    let share = seen["db.committed.count"] / seen["db.transactions.count"];
    assert!((share - 0.6561).abs() < 0.0134, "{share}");
    let undone = seen["db.compensated.count"] / seen["db.transactions.count"];
    assert!((undone - 0.4707).abs() < 0.027, "{undone}");
}

#[test]
fn who_reads_what_a_saga_undoes_has_read_dirty() {
    // A saga of two steps of 2 ms each, messages take 1.1 ms. Sent at 0, the first step has written key 0 at 4.2 ms; if the
    // second refuses at 8.4 ms the first is undone at 12.6 ms. Who reads each millisecond, heard 1.1 ms later, sees it at
    // 5.1, 6.1 ... 12.1 ms: eight times.
    let system = |saga: &str| {
        format!(
            r#"(network: (within_zone: Constant("1.1ms")),
            workloads: {{
                "users": OpenLoop(
                    target: "web", load: Rate("10/s"), arrivals: Deterministic(), keys: Uniform(items: 1),
                    requests: {{ "put": (writes: true) }},
                ),
                "readers": OpenLoop(
                    target: "db", load: Rate("1000/s"), arrivals: Deterministic(), keys: Uniform(items: 1),
                    requests: {{ "get": 1 }},
                ),
            }},
            components: {{
                "web": Service(handles: {{ "*": [Transaction(database: "db", shards: 2, {saga})] }}),
                "db": Database(
                    shards: 2, partitioning: HashModulo(hash: Plain), connections_per_replica: 100,
                    write_time: Constant("2ms"),
                ),
            }})"#
        )
    };
    let seen = figures(&system("protocol: Saga, refuse: 0.5"), 100, 1);
    let undone = seen["db.compensated.count"];
    // Half of the first steps and half of the second: a quarter of 999, to four standard deviations.
    assert!((undone - 249.75).abs() < 4.0 * 13.7, "{undone}");
    assert_eq!(seen["db.dirty_reads.count"], 8.0 * undone);
    assert_eq!(figures(&system("protocol: Saga"), 10, 1)["db.dirty_reads.count"], 0.0, "all of it holds");
    assert!(
        !figures(&system("refuse: 0.5"), 10, 1).contains_key("db.dirty_reads.count"),
        "nobody sees a promise"
    );
}

#[test]
fn a_coordinator_that_is_down_leaves_its_participants_in_doubt() {
    // Begun at 101 ms at two shards, which are told at 102 and have promised at 202 ms; what comes 100 ms later waits for
    // their key. At 303 ms the coordinator would have decided: it is down from 250 ms on, for 2 s.
    let fields = r#"keys: 2, shards: 2, log_time: Constant("100ms")"#;
    let load = r#"load: Rate("10/s"), arrivals: Deterministic(), keys: Uniform(items: 1)"#;
    let crash = |at: &str, duration: &str| {
        format!(r#"faults: [Crash(target: "web", at: "{at}", duration: "{duration}")]"#)
    };
    let open =
        |seen: &BTreeMap<String, f64>| (seen["db.undecided_at_end.count"], seen["db.in_doubt_at_end.count"]);
    let seen = transactions(load, fields, "", &crash("250ms", "2s"), 2);
    assert_eq!(open(&seen), (2.0, 2.0));
    // It aborts both as it is up again; a message later the shards know.
    let seen = transactions(load, fields, "", &crash("250ms", "2s"), 3);
    assert_eq!(seen["db.aborted_deserted.count"], 2.0);
    assert!((seen["db.in_doubt.max"] - 2.049).abs() < 0.05, "{}", seen["db.in_doubt.max"]);
    // Down while they write their logs: they promise all the same.
    assert_eq!(open(&transactions(load, fields, "", &crash("150ms", "2s"), 2)), (1.0, 2.0));
    // Begun at 1001 ms, decided at 1203 ms, down at 1250 ms: they commit at 1304 ms, and nobody hears it. Up again it
    // tells them once more: four messages for both of them, and two.
    let load = r#"load: Rate("1/s"), arrivals: Deterministic()"#;
    let seen = transactions(load, fields, "", &crash("1250ms", "500ms"), 2);
    assert_eq!((seen["db.committed.count"], seen["db.messages.mean"]), (1.0, 12.0));
    assert_eq!((open(&seen), seen["users.errors.count"]), ((0.0, 0.0), 0.0));
}

#[test]
fn a_shard_that_was_down_still_keeps_its_promise() {
    // Begun at 2001 ms, promised at 2102 ms; down from 2150 to 3150 ms, both are told at 2204 ms in vain and at 3204 ms
    // again, and have it in their logs 100 ms later.
    let fields = r#"keys: 2, shards: 2, log_time: Constant("100ms")"#;
    let load = r#"load: Rate("0.5/s"), arrivals: Deterministic(), keys: Uniform(items: 1)"#;
    let crash = r#"faults: [Crash(target: "db", at: "2150ms", duration: "1s")]"#;
    let seen = transactions(load, fields, "", crash, 4);
    assert_eq!((seen["db.committed.count"], seen["db.in_doubt_at_end.count"]), (1.0, 0.0));
    assert!((seen["db.in_doubt.max"] - 1.202).abs() < 0.02, "{}", seen["db.in_doubt.max"]);
    assert!((seen["db.lock_hold.max"] - 1.302).abs() < 0.02, "{}", seen["db.lock_hold.max"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whoever goes down and when, however messages travel and get lost: what some commit nobody aborts, books balance,
    /// and once all are up again and nothing comes any more, all is decided and no key is held.
    #[test]
    fn all_or_nothing_whoever_is_down(
        saga in any::<bool>(), refuse in 0.0..0.2_f64, loss in 0.0..0.1_f64, seed in 0_u64..1000,
        conflict in 0_usize..3, shards in 1_u32..5,
    ) {
        let protocol = if saga { "Saga" } else { "TwoPhase" };
        let conflict = [r#"Wait("200ms")"#, "NoWait", "WaitDie"][conflict];
        let crash = |target: &str, mean: &str| {
            format!(r#"Crash(target: "{target}", time_between: Exponential(mean: "{mean}"), time_to_repair: Exponential(mean: "300ms"))"#)
        };
        // Comes for 20 s; nobody is down for good.
        let text = format!(
            r#"(network: (within_zone: Exponential(mean: "2ms"), loss: {loss}),
            workloads: {{ "users": OpenLoop(
                target: "web", load: Rate("100/s"), keys: Uniform(items: 20), timeout: "1s",
                profile: Steps([("0s", 1.0), ("20s", 0.0)]),
                requests: {{ "put": (writes: true, weight: 3), "set": (writes: true), "get": 1 }},
            ) }},
            components: {{
                "web": Service(servers: 2, workers_per_server: 100, calls: {{ "db": (timeout: "500ms") }}, handles: {{
                    "put": [Transaction(
                        database: "db", keys: 5, protocol: {protocol}, refuse: {refuse}, log_time: Constant("3ms"),
                    )],
                    "*": [Call("db")],
                }}),
                "db": Database(
                    shards: {shards}, write_time: Exponential(mean: "1ms"), read_time: Exponential(mean: "1ms"),
                    on_lock_conflict: {conflict}, connections_per_replica: 4, partitioning: HashModulo(),
                ),
            }},
            faults: [{}, {}])"#,
            crash("web", "1s"), crash("db", "2s"),
        );
        let seen = figures(&text, 60, seed);
        let ended = seen["db.committed.count"] + seen["db.aborted.count"];
        prop_assert!(seen["db.committed.count"] > 0.0);
        prop_assert_eq!((seen["db.transactions.count"], seen["db.undecided_at_end.count"]), (ended, 0.0));
        prop_assert_eq!(seen.get("db.in_doubt_at_end.count").copied().unwrap_or_default(), 0.0);
    }
}
