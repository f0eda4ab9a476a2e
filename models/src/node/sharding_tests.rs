//! What databases do, beside theory and told by small systems whose figures can be added up by hand.

use std::collections::BTreeMap;

use super::testing::{figures, problems};

/// A thousand requests a second of a workload with these fields, at a database with those.
fn database(workload: &str, fields: &str, seconds: u32) -> BTreeMap<String, f64> {
    let text = format!(
        r#"(workloads: {{ "users": OpenLoop(target: "db", load: Rate("1000/s"), {workload}) }},
        components: {{ "db": Database({fields}) }})"#
    );
    figures(&text, seconds, 1)
}

/// The same through a service that does this step.
fn queried(step: &str, fields: &str, seconds: u32) -> BTreeMap<String, f64> {
    let text = format!(
        r#"(workloads: {{ "users": OpenLoop(target: "web", load: Rate("10/s"), keys: Uniform(items: 100000)) }},
        components: {{
            "web": Service(workers_per_server: 1000, handles: {{ "*": [{step}] }}),
            "db": Database({fields}),
        }})"#
    );
    figures(&text, seconds, 1)
}

#[test]
fn requests_go_to_the_shard_of_their_key() {
    // Keys 0 to 7 by their remainder: each shard gets an eighth of what comes, and stores one key.
    let seen =
        database("keys: Uniform(items: 8)", "shards: 8, partitioning: HashModulo(hash: Plain), keys: 8", 50);
    for shard in 0..8 {
        let arrivals = seen[&format!("db[{shard}].arrivals.count")];
        // Four standard deviations of a Poisson number with mean 6250.
        assert!((arrivals - 6250.0).abs() < 316.0, "{shard}: {arrivals}");
    }
    assert_eq!(seen["db.key_imbalance.cv"], 0.0);
    // One shard with all of it, of eight.
    let hot = database("keys: Uniform(items: 1000)", "shards: 8, partitioning: Range(), keys: 1000", 5);
    assert_eq!((hot["db.shard_imbalance.max_over_mean"], hot["db.shard_imbalance.gini"]), (8.0, 0.875));
    assert_eq!(hot["db.arrivals.count"], hot["db[0].arrivals.count"]);
}

#[test]
fn the_busiest_shard_bounds_the_throughput() {
    // Keys 0 and 8 of nine are on the first of eight shards: 2/9 of 1000/s are too much for its 200/s, the others
    // have 111/s each. What is served is 200 + 7 x 111.1 a second, to four standard errors over 50 s.
    let seen = database(
        "keys: Uniform(items: 9)",
        r#"shards: 8, partitioning: HashModulo(hash: Plain), read_time: Constant("5ms")"#,
        50,
    );
    assert!((seen["db[0].throughput.mean"] - 200.0).abs() < 0.1);
    assert!((seen["db.throughput.mean"] - 977.8).abs() < 4.0 * (1000.0_f64 / 50.0).sqrt());
}

#[test]
fn writes_go_to_leaders_and_reads_where_they_may() {
    let workload =
        r#"keys: Uniform(items: 1000), requests: { "get": (weight: 3), "put": (weight: 1, writes: true) }"#;
    let fields = |read_from: &str| {
        format!(
            r#"shards: 2, replicas_per_shard: 3, partitioning: HashModulo(), read_from: {read_from},
            read_time: Constant("100us"), write_time: Constant("300us"), connections_per_replica: 10"#
        )
    };
    let arrivals = |read_from: &str| {
        let seen = database(workload, &fields(read_from), 20);
        let all = seen["db.arrivals.count"];
        (0..6).map(|server| seen[&format!("db[{server}].arrivals.count")] / all).collect::<Vec<_>>()
    };
    let near = |measured: &[f64], expected: [f64; 3]| {
        // Both shards get half, to 0.02: more than four standard deviations of 20000 requests.
        for (server, share) in measured.iter().enumerate() {
            let expected = expected[server % 3] / 2.0;
            assert!((share - expected).abs() < 0.02, "{server}: {share} is not {expected}");
        }
    };
    near(&arrivals("Leader"), [1.0, 0.0, 0.0]);
    near(&arrivals("Followers"), [0.25, 0.375, 0.375]);
    near(&arrivals("AnyReplica"), [0.5, 0.25, 0.25]);
    // A write takes as long as the file says: 3/4 of 100 us and 1/4 of 300 us.
    let seen = database(workload, &fields("Leader"), 20);
    assert!((seen["db.latency.mean"] * 1e6 - 150.0).abs() < 5.0, "{}", seen["db.latency.mean"]);
}

#[test]
fn a_scattered_query_takes_as_long_as_the_slowest_shard() {
    // The greatest of n exponentials has mean H(n): H(1) = 1, H(4) = 25/12, H(16) = 3.380729. Hardly any waits: 10/s of
    // 1 ms. 10000 queries; the variance is below pi^2/6, so that four standard errors are 0.052.
    for (shards, expected) in [(1, 1.0), (4, 25.0 / 12.0), (16, 3.380_729)] {
        let fields =
            format!(r#"shards: {shards}, connections_per_replica: 100, read_time: Exponential(mean: "1ms")"#);
        let seen = queried(r#"Scatter(database: "db")"#, &fields, 1000);
        let mean = seen["users.latency.mean"] * 1e3;
        assert!((mean - expected).abs() < 0.052, "{shards} shards: {mean}");
        assert_eq!(seen["db.fan_out.mean"], f64::from(shards));
        assert_eq!(seen["db.cross_shard.mean"], f64::from(u8::from(shards > 1)));
    }
    // The first of four has mean 1/4.
    let fields = r#"shards: 4, connections_per_replica: 100, read_time: Exponential(mean: "1ms")"#;
    let seen = queried(r#"Scatter(database: "db", join: Any)"#, fields, 1000);
    assert!((seen["users.latency.mean"] * 1e3 - 0.25).abs() < 0.01, "{}", seen["users.latency.mean"]);
}

#[test]
fn several_keys_reach_several_shards() {
    // n (1 - (1 - 1/n)^k) for k keys by chance; all on one with probability n^(1-k).
    for (shards, keys, expected) in [(8, 4, 3.310_547), (8, 10, 5.895_395)] {
        let step = format!(r#"MultiGet(database: "db", keys: {keys})"#);
        let seen = queried(&step, &format!("shards: {shards}, partitioning: HashModulo()"), 1000);
        assert!((seen["db.fan_out.mean"] - expected).abs() < 0.04, "{}", seen["db.fan_out.mean"]);
        assert!(seen["db.cross_shard.mean"] > 0.99);
    }
    let one = queried(r#"MultiGet(database: "db", keys: 1)"#, "shards: 8", 10);
    assert_eq!((one["db.fan_out.mean"], one["db.cross_shard.mean"]), (1.0, 0.0));
}

#[test]
fn a_range_is_read_from_few_shards_where_keys_are_in_order() {
    // 100 keys of 100000 on ten shards: a query crosses a boundary if its key is one of the last 99 of 9 in 10 shards.
    let step = r#"RangeRead(database: "db", span: 100)"#;
    let seen = queried(step, "shards: 10, partitioning: Range(keys: 100000)", 1000);
    let crossing = 9.0 * 99.0 / 100_000.0;
    assert!((seen["db.cross_shard.mean"] - crossing).abs() < 0.004, "{}", seen["db.cross_shard.mean"]);
    assert_eq!(queried(step, "shards: 10", 10)["db.fan_out.mean"], 10.0);
}

#[test]
fn a_proxy_finds_the_shard_for_its_callers() {
    let text = r#"(workloads: { "users": OpenLoop(target: "proxy", load: Rate("100/s"), keys: Uniform(items: 4)) },
        components: {
            "proxy": LoadBalancer(backends: "db"),
            "db": Database(shards: 2, partitioning: Directory(entries: [(first: 0, last: 2, shard: 1)])),
        })"#;
    let seen = figures(text, 100, 1);
    let share = seen["db[1].arrivals.count"] / seen["db.arrivals.count"];
    assert!((share - 0.75).abs() < 0.018, "{share}");
}

#[test]
fn queries_of_too_many_shards_are_refused() {
    let problems = |shards: u32| {
        problems(&format!(
            r#"(workloads: {{ "users": OpenLoop(target: "web") }}, components: {{
                "web": Service(handles: {{ "*": [Scatter(database: "db"), Scatter(database: "db")] }}),
                "db": Database(shards: {shards}),
            }})"#
        ))
    };
    assert_eq!(problems(2000), [""; 0]);
    assert!(problems(4000)[0].contains(": a request would take 16002 steps here"), "{:?}", problems(4000));
}

#[test]
fn what_hides_shards_or_means_none_is_refused() {
    let text = r#"(workloads: { "users": OpenLoop(target: "lb", load: Rate("1/s")) },
        components: {
            "lb": LoadBalancer(backends: ["db", "web"], layer: Layer4, sticky: ()),
            "web": Service(handles: { "*": [Scatter(database: "lb")] }),
            "db": Database(shards: 2, partitioning: Range(boundaries: [5, 9])),
        })"#;
    let found = problems(text);
    for (path, word) in [
        ("components.db.partitioning", "3 shards"),
        ("components.lb.backends", "alone"),
        ("components.lb.layer", "Database"),
        ("components.lb.sticky", "Database"),
        ("components.web.handles.*.0.database", "no Database"),
    ] {
        assert!(found.iter().any(|told| told.starts_with(path) && told.contains(word)), "{path}: {found:?}");
    }
}

#[test]
fn bytes_are_shared_less_evenly_than_keys_where_sizes_vary() {
    // A million keys on 2048 shards by chance: cv² is (n−1)/N of the keys, and E[x²]/E[x]² = 2 times that of their bytes where
    // sizes are exponential (the variance of a sum of so many of them). An estimate of either cv from n shards has a
    // standard error of 1/√(2n) = 1.6 %; four of these.
    let fields =
        r#"shards: 2048, partitioning: HashModulo(), keys: 1000000, bytes_per_key: Exponential(mean: "2KB")"#;
    let seen = database("keys: Uniform(items: 10)", fields, 1);
    let (keys, bytes) = (seen["db.key_imbalance.cv"], seen["db.byte_imbalance.cv"]);
    let expected = (2047.0_f64 / 1e6).sqrt();
    assert!((keys / expected - 1.0).abs() < 0.064, "{keys}");
    assert!((bytes / (2.0_f64.sqrt() * expected) - 1.0).abs() < 0.064, "{bytes}");
    let sum = |figure: &str| (0..2048).map(|shard| seen[&format!("db[{shard}].{figure}.count")]).sum::<f64>();
    assert_eq!((sum("stored_keys"), seen["db.stored_keys.count"]), (1e6, 1e6));
    assert_eq!(sum("stored_bytes"), seen["db.stored_bytes.count"]);
    // Half a byte of each is cut off; four standard errors of a million are 0.4 %.
    assert!((seen["db.stored_bytes.count"] / 1999.5e6 - 1.0).abs() < 0.004);
}

#[test]
fn a_slow_shard_is_busier_than_what_comes_to_it_says() {
    // Two shards get the same, and one takes twice as long: 2/3 of the work, which is 4/3 of the mean.
    let fields = r#"shards: 2, partitioning: HashModulo(hash: Plain), read_time: Constant("100us"),
        connections_per_replica: 10, overrides: { 0: (speed: 0.5) }"#;
    let seen = database("keys: Uniform(items: 2)", fields, 100);
    assert!((seen["db.shard_imbalance.max_over_mean"] - 1.0).abs() < 0.013);
    let busy = seen["db.busy_imbalance.max_over_mean"];
    assert!((busy - 4.0 / 3.0).abs() < 0.02, "{busy}");
}

#[test]
fn how_many_shards_a_query_reaches_is_told_as_a_distribution() {
    // Four keys by chance on eight shards: all apart with probability 8·7·6·5/8⁴ = 0.41, on three shards with 6·8·7·6/8⁴ =
    // 0.49, on fewer with 0.10 (occupancy numbers).
    let seen = queried(r#"MultiGet(database: "db", keys: 4)"#, "shards: 8, partitioning: HashModulo()", 1000);
    let of = |statistic: &str| seen[&format!("db.fan_out.{statistic}")];
    assert_eq!(["p50", "p90", "p99", "max"].map(of), [3.0, 4.0, 4.0, 4.0]);
}
