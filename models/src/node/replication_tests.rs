//! What replicas of a shard show and when, beside theory and told by small systems whose figures can be added up by hand.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::testing::figures;

/// One key, written once a second, read a thousand times a second from the only follower.
fn read_from_a_follower(replication: &str, seconds: u32) -> BTreeMap<String, f64> {
    let text = format!(
        r#"(workloads: {{
            "writer": OpenLoop(
                target: "db", load: Rate("1/s"), arrivals: Deterministic(), keys: Uniform(items: 1),
                requests: {{ "put": (writes: true) }},
            ),
            "reader": OpenLoop(target: "db", load: Rate("1000/s"), keys: Uniform(items: 1)),
        }},
        components: {{ "db": Database(
            replicas_per_shard: 2, read_from: Followers, connections_per_replica: 100, replication: {replication},
        ) }})"#
    );
    figures(&text, seconds, 1)
}

#[test]
fn reads_are_stale_for_as_long_as_followers_lag() {
    // Of each second after a write the lag is stale: a share of 0.2, on average half of the lag old. 200000 reads: four
    // standard errors of the share are 0.0036.
    let seen = read_from_a_follower(r#"Asynchronous(lag: Constant("200ms"))"#, 200);
    assert!((seen["db.stale_ratio.mean"] - 0.2).abs() < 0.0036, "{}", seen["db.stale_ratio.mean"]);
    assert!((seen["db.stale_age.mean"] - 0.1).abs() < 0.0012, "{}", seen["db.stale_age.mean"]);
    assert!((seen["db.stale_age.max"] - 0.2).abs() < 0.01, "{}", seen["db.stale_age.max"]);
    assert!((seen["db.replication_lag.mean"] - 0.2).abs() < 1e-9);
    // With an exponential lag of mean m a read t after a write is stale with probability exp(-t/m) (Bailis et al.,
    // Probabilistically bounded staleness, 2012): of all reads m(1 - exp(-1/m)), and those are m old but for the cut at
    // 1 s. 2000 lags: the mean of a second's integral varies by m/sqrt(2000).
    let seen = read_from_a_follower(r#"Asynchronous(lag: Exponential(mean: "100ms"))"#, 2000);
    assert!((seen["db.stale_ratio.mean"] - 0.1).abs() < 0.009, "{}", seen["db.stale_ratio.mean"]);
    assert!((seen["db.replication_lag.mean"] - 0.1).abs() < 0.009, "{}", seen["db.replication_lag.mean"]);
    assert!((seen["db.stale_age.mean"] - 0.1).abs() < 0.012, "{}", seen["db.stale_age.mean"]);
    // What a leader answers is true, and so is what a follower has that was waited for.
    assert_eq!(read_from_a_follower("Synchronous()", 20)["db.stale_reads.count"], 0.0);
}

/// A user who thinks 10 ms on average, writes and reads the one key half of the time each, and reads from there.
fn own_writes(read_from: &str, lag: &str, seconds: u32) -> BTreeMap<String, f64> {
    let text = format!(
        r#"(workloads: {{ "user": ClosedLoop(
            target: "db", think_time: Exponential(mean: "10ms"), keys: Uniform(items: 1),
            requests: {{ "get": 1, "put": (writes: true) }},
        ) }},
        components: {{ "db": Database(
            replicas_per_shard: 2, read_from: {read_from}, replication: Asynchronous(lag: {lag}),
        ) }})"#
    );
    figures(&text, seconds, 1)
}

#[test]
fn a_client_misses_its_own_write_as_long_as_that_lags() {
    // The last write was an exponential time ago, of twice the mean thought, since every other request writes. A lag
    // that is exponential with rate u outlasts one with rate t/2 with probability (t/2) / (t/2 + u): 50 / (50 + 100)
    // with 10 ms each. 150000 reads in 3000 s; reads behind one another share a write, so that two in a row count once:
    // four standard errors of 1/3 are 0.007.
    let seen = own_writes("Followers", r#"Exponential(mean: "10ms")"#, 3000);
    let reads = seen["db.stale_reads.count"] / seen["db.stale_ratio.mean"];
    let share = seen["db.read_your_writes_violations.count"] / reads;
    assert!((share - 1.0 / 3.0).abs() < 0.007, "{share}");
    // Who writes alone misses nothing but its own.
    assert_eq!(seen["db.read_your_writes_violations.count"], seen["db.stale_reads.count"]);
    for read_from in ["Leader", r#"FollowersUnlessWrote("50ms")"#] {
        let seen = own_writes(read_from, r#"Constant("40ms")"#, 100);
        assert_eq!(seen["db.read_your_writes_violations.count"], 0.0, "{read_from}");
    }
    // 10 ms are not enough for a lag of 40 ms: a read 10 to 40 ms after the write misses it, with exp(-0.5) - exp(-2).
    let seen = own_writes(r#"FollowersUnlessWrote("10ms")"#, r#"Constant("40ms")"#, 3000);
    let reads = seen["user.arrivals.count"] / 2.0;
    let share = seen["db.read_your_writes_violations.count"] / reads;
    assert!((share - 0.471_195).abs() < 0.01, "{share}");
}

/// A write each 100 ms of another key at one shard of three replicas; messages take 1 ms, a write 2 ms, applying it 3 ms.
fn written(replication: &str, faults: &str, seconds: u32) -> BTreeMap<String, f64> {
    let text = format!(
        r#"(network: (within_zone: Constant("1ms")),
        workloads: {{ "users": OpenLoop(
            target: "db", load: Rate("10/s"), arrivals: Deterministic(), requests: {{ "put": (writes: true) }},
        ) }},
        components: {{ "db": Database(
            replicas_per_shard: 3, write_time: Constant("2ms"), replication: {replication},
        ) }}, faults: [{faults}])"#
    );
    figures(&text, seconds, 1)
}

#[test]
fn a_write_takes_as_long_as_those_it_waits_for() {
    let apply = r#"apply_time: Constant("3ms")"#;
    // There and back, and the write.
    for (replication, millis) in [
        (format!("Asynchronous({apply})"), 4.0),
        (format!("Quorum(write: 1, read: 1, {apply})"), 4.0),
        // A message to the followers, their work, a message back.
        (format!("Quorum(write: 2, read: 1, {apply})"), 9.0),
        (format!("Synchronous({apply})"), 9.0),
        ("Synchronous()".to_owned(), 8.0),
    ] {
        let seen = written(&replication, "", 10);
        assert_eq!((seen["users.latency.mean"] * 1e9).round() / 1e6, millis, "{replication}");
        assert_eq!(seen["users.errors.count"], 0.0);
        // Both followers do the work of all of them, whether anybody waits or not.
        let work = if replication == "Synchronous()" { 2.0 } else { 3.0 };
        let busy = seen["db[2].utilization.mean"] * 10_000.0;
        assert!((busy - 99.0 * work).abs() < 0.01, "{replication}: {busy} ms");
        assert_eq!(seen["db[2].wasted.count"], 0.0);
    }
}

#[test]
fn a_follower_that_is_down_stops_who_waits_for_it() {
    // Down from 2.05 to 4.05 s: 20 of the writes.
    let crash = r#"Crash(target: "db[2]", at: "2.05s", duration: "2s")"#;
    assert_eq!(written("Synchronous()", crash, 10)["users.errors.count"], 20.0);
    assert_eq!(written("Quorum(write: 2, read: 2)", crash, 10)["users.errors.count"], 0.0);
    assert_eq!(written("Quorum(write: 3, read: 1)", crash, 10)["users.errors.count"], 20.0);
    assert_eq!(written("Asynchronous()", crash, 10)["users.errors.count"], 0.0);
}

#[test]
fn what_only_the_leader_had_is_counted_as_it_goes_down() {
    // Written, as the leader has them, at 103, 203 … 3003 ms; gone out 500 ms later. At 3050 ms those from 2603 on.
    let crash = r#"Crash(target: "db[0]", at: "3.05s", duration: "2s")"#;
    let seen = written(r#"Asynchronous(lag: Constant("500ms"))"#, crash, 10);
    assert_eq!(seen["db.exposed_writes.count"], 5.0);
    assert_eq!(seen["users.failed_crashed.count"], 20.0, "there is no leader meanwhile");
    assert_eq!(written("Synchronous()", crash, 10)["db.exposed_writes.count"], 0.0);
}

#[test]
fn who_was_down_has_all_within_a_second() {
    // One key, written at 1, 2 … 9 s and read from the follower, which is down from 2.5 to 5.5 s: it had version 2,
    // asks at 3.5, 4.5 and 5.5 s, by when it is up again, and has version 5. What is written at 6 s and later it is
    // told.
    let text = r#"(workloads: {
            "writer": OpenLoop(
                target: "db", load: Rate("1/s"), arrivals: Deterministic(), keys: Uniform(items: 1),
                requests: { "put": (writes: true) },
            ),
            "reader": OpenLoop(target: "db", load: Rate("100/s"), arrivals: Deterministic(), keys: Uniform(items: 1)),
        },
        components: { "db": Database(
            replicas_per_shard: 2, read_from: Followers, connections_per_replica: 10, replication: Asynchronous(),
        ) },
        faults: [Crash(target: "db[1]", at: "2.505s", duration: "2.6s")])"#;
    let seen = figures(text, 10, 1);
    // Up at 5.105 s without versions 3 to 5; it asks at 5.505 s.
    assert_eq!(seen["db.stale_reads.count"], 40.0);
    assert!((seen["db.stale_age.max"] - 2.5).abs() < 0.05, "untrue since 3 s: {}", seen["db.stale_age.max"]);
}

#[test]
fn a_lost_message_is_noticed_after_a_minute() {
    // Written at 100 s, as the follower is silent. The leader gives up at 160 s, and the follower asks at 161 s: read
    // ten times a second it shows what is old at 100.1, 100.2 … 161 s, but for what it does not answer until 101 s.
    let text = r#"(workloads: {
            "writer": OpenLoop(
                target: "db", load: Rate("0.01/s"), arrivals: Deterministic(), keys: Uniform(items: 1),
                requests: { "put": (writes: true) },
            ),
            "reader": OpenLoop(target: "db", load: Rate("10/s"), arrivals: Deterministic(), keys: Uniform(items: 1)),
        },
        components: { "db": Database(
            replicas_per_shard: 2, read_from: Followers, connections_per_replica: 100, replication: Asynchronous(),
        ) },
        faults: [Silence(target: "db[1]", at: "99.95s", duration: "1.1s")])"#;
    let seen = figures(text, 190, 1);
    assert!((seen["db.stale_age.max"] - 61.0).abs() < 0.11, "{}", seen["db.stale_age.max"]);
    assert!((seen["db.stale_reads.count"] - 600.0).abs() < 2.0, "{}", seen["db.stale_reads.count"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A read quorum and a write quorum share a replica (Gifford 1979), so that no read misses an acknowledged write:
    /// whoever is down meanwhile, and however long messages take.
    #[test]
    fn quorums_that_overlap_are_never_stale(
        replicas in 2_u32..6, write in 1_u32..6, read in 1_u32..6, seed in 0_u64..1000, crashes in any::<bool>(),
    ) {
        let (write, read) = (write.min(replicas), read.min(replicas));
        let faults = if crashes {
            r#"Crash(target: "db[1]", time_between: Exponential(mean: "2s"), time_to_repair: Exponential(mean: "1s")),
               Crash(target: "db[0]", time_between: Exponential(mean: "3s"), time_to_repair: Exponential(mean: "300ms"))"#
        } else {
            ""
        };
        let text = format!(
            r#"(network: (within_zone: Exponential(mean: "5ms")),
            workloads: {{ "users": ClosedLoop(
                users: 20, target: "db", think_time: Exponential(mean: "20ms"), keys: Uniform(items: 3),
                requests: {{ "get": 1, "put": (writes: true) }},
            ) }},
            components: {{ "db": Database(
                replicas_per_shard: {replicas}, read_from: AnyReplica, read_time: Exponential(mean: "1ms"),
                replication: Quorum(write: {write}, read: {read}), connections_per_replica: 2,
            ) }}, faults: [{faults}])"#
        );
        let seen = figures(&text, 20, seed);
        if read + write > replicas {
            prop_assert_eq!(seen["db.stale_reads.count"], 0.0);
            prop_assert_eq!(seen["db.read_your_writes_violations.count"], 0.0);
        }
    }
}

/// The law above would say nothing if reads were never stale.
#[test]
fn quorums_that_do_not_overlap_are_stale_now_and_then() {
    let text = r#"(network: (within_zone: Exponential(mean: "5ms")),
        workloads: { "users": ClosedLoop(
            users: 20, target: "db", think_time: Exponential(mean: "20ms"), keys: Uniform(items: 3),
            requests: { "get": 1, "put": (writes: true) },
        ) },
        components: { "db": Database(
            replicas_per_shard: 3, read_from: AnyReplica, read_time: Exponential(mean: "1ms"),
            replication: Quorum(write: 1, read: 1), connections_per_replica: 2,
        ) })"#;
    assert!(figures(text, 20, 1)["db.stale_reads.count"] > 100.0);
}
