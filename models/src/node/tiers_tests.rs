//! What levels of caches do, and caches inside servers, on disks, with spares and with hot keys: told by formulas, by
//! sequences that can be counted by hand, and as laws.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
};

use proptest::prelude::*;
use sim_core::{
    random::Streams,
    simulation::{Budget, Simulation},
    time::{SimDuration, SimTime},
};

use super::testing::{figures, figures_from, problems, read};
use crate::{
    measure::{Window, Windows},
    node::shelf::Shelf,
    wire,
    world::World,
};

/// A hundred requests a second in equal steps for some of fifty keys, through levels that are called `l1`, `l2` …
fn levels(components: &str) -> BTreeMap<String, f64> {
    let text = format!(
        r#"(workloads: {{ "users": OpenLoop(
            target: "l1", load: Rate("100/s"), arrivals: Deterministic(), keys: Zipf(items: 50, exponent: 0.7),
        ) }},
        components: {{ "db": ServerPool(workers_per_server: 100, service_time: Constant("5ms")), {components} }})"#
    );
    figures(&text, 60, 1)
}

fn alone(capacity: u32) -> f64 {
    levels(&format!(r#""l1": Cache(source: "db", capacity: {capacity})"#))["l1.hits.count"]
}

#[test]
fn exclusive_levels_of_lru_are_one_lru_of_all_their_room() {
    // Wong & Wilkes 2002, section 2: with demotion, the array's cache continues the client's LRU stack. So each level
    // finds, to the request, what an LRU of its room and that above it finds beyond one of that above it.
    let seen = levels(
        r#""l1": Cache(source: "l2", capacity: 4, inclusion: Exclusive),
           "l2": Cache(source: "l3", capacity: 7, inclusion: Exclusive),
           "l3": Cache(source: "db", capacity: 9)"#,
    );
    let (one, two, three) = (alone(4), alone(11), alone(20));
    assert!(one < two && two < three);
    assert_eq!(seen["l1.hits.count"], one);
    assert_eq!(seen["l2.hits.count"], two - one);
    assert_eq!(seen["l3.hits.count"], three - two);
    assert_eq!(seen["l2.promotions.count"], seen["l2.hits.count"]);
    assert_eq!(seen["l1.demotions.count"], seen["l1.evictions.count"]);
    assert_eq!(seen["l1.lost_demotions.count"], 0.0);
    // What moves is sent: a demotion is one more call, and work there.
    let asked = seen["l1.misses.count"] + seen["l1.demotions.count"];
    assert_eq!(seen["l2.arrivals.count"], asked);
    assert_eq!(seen["l1.calls.l2.wanted.count"], asked);
}

#[test]
fn levels_that_keep_what_passes_hold_less() {
    let two = |inclusion: &str| {
        let seen = levels(&format!(
            r#""l1": Cache(source: "l2", capacity: 10, inclusion: {inclusion}), "l2": Cache(source: "db", capacity: 10)"#
        ));
        seen["l1.hits.count"] + seen["l2.hits.count"]
    };
    let (one, exclusive) = (alone(10), two("Exclusive"));
    assert_eq!(exclusive, alone(20));
    assert!(two("NonInclusive") < exclusive);
    // What is found above is never used below, where it grows old and goes, and above with it: worse than one alone.
    assert!(two("Inclusive") < one);
}

#[test]
fn what_is_dropped_below_is_dropped_above() {
    let seen = levels(
        r#""l1": Cache(source: "l2", capacity: 10, inclusion: Inclusive),
           "l2": Cache(source: "db", capacity: 10)"#,
    );
    assert!(seen["l1.back_invalidations.count"] > 0.0);
    assert!(seen["l1.missed_invalidated.count"] > 0.0);
    assert!(seen["l1.entries.max"] <= 10.0);
}

/// What a system is like every so many milliseconds.
fn watch(text: &str, seconds: u64, seed: u64, every: u64, look: &mut dyn FnMut(&World)) {
    let spec = read(text);
    assert_eq!(wire::check(&spec), [], "{text}");
    let end = SimTime::from_nanos(seconds * 1_000_000_000);
    let windows = Windows::new(Window { name: String::new(), from: SimTime::ZERO, to: end }, []);
    let traces = &mut |_: &str| Err("no trace".to_owned());
    let world =
        wire::build(&spec, Streams::new(seed, 0), windows, SimDuration::from_secs(1), traces).unwrap();
    let mut simulation = Simulation::new(world);
    let (world, context) = simulation.parts();
    world.begin(context);
    let budget = Budget { events: 10_000_000, in_flight: 1_000_000 };
    let mut now = SimTime::ZERO;
    while now < end {
        now = end.min(now + SimDuration::from_millis(every));
        simulation.run_until(now, budget, &mut |_| ControlFlow::Continue(())).unwrap();
        look(&simulation.model);
    }
}

/// The keys that each cache holds, by its name.
fn held(world: &World) -> BTreeMap<&str, BTreeSet<u64>> {
    let keepers = world.nodes.iter().filter_map(|node| Some((node.name.as_str(), node.keeper()?)));
    let keys = keepers.map(|(name, keeper)| {
        let all = keeper.shelves.iter().flat_map(Shelf::snapshot);
        (name, all.map(|(key, _)| key).collect())
    });
    keys.collect()
}

fn three_levels(
    inclusion: &str,
    capacities: [u32; 3],
    policy: &str,
    more: [&str; 2],
    faults: &str,
) -> String {
    let [one, two, three] = capacities;
    let [workload, cache] = more;
    format!(
        r#"(workloads: {{
            "readers": OpenLoop(target: "l1", keys: Zipf(items: 40, exponent: 0.5), requests: {{ "get": 1.0 }}, {workload}),
            "writers": OpenLoop(
                target: "l1", load: Rate("3/s"), keys: Zipf(items: 40, exponent: 0.5),
                requests: {{ "put": (weight: 1.0, writes: true) }},
            ),
        }},
        components: {{
            "db": ServerPool(workers_per_server: 100, service_time: Constant("2ms")),
            "l1": Cache(source: "l2", capacity: {one}, policy: {policy}, inclusion: {inclusion}, {cache}),
            "l2": Cache(source: "l3", capacity: {two}, policy: {policy}, inclusion: {inclusion}, servers: 2, {cache}),
            "l3": Cache(source: "db", capacity: {three}, policy: {policy}, {cache}),
        }},
        faults: [{faults}])"#
    )
}

fn policies() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("Lru()"), Just("Fifo()"), Just("Random()"), Just("TinyLfu()"), Just("S3Fifo()")]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn an_inclusive_level_holds_nothing_that_the_one_below_does_not(
        capacities in [1..12_u32, 1..12_u32, 1..20_u32], policy in policies(), told in any::<bool>(),
        down in 1..800_u32, seed in any::<u64>(),
    ) {
        let faults = format!(
            r#"Crash(target: "l2[1]", at: "2s", duration: "{down}ms"), Crash(target: "l3", at: "3s", duration: "{down}ms")"#
        );
        let cache = if told { "invalidation: (), on_concurrent_miss: Coalesce()" } else { r#"freshness: (ttl: "200ms")"# };
        let text = three_levels("Inclusive", capacities, policy, [r#"load: Rate("300/s")"#, cache], &faults);
        watch(&text, 5, seed, 3, &mut |world| {
            let held = held(world);
            assert!(held["l1"].is_subset(&held["l2"]) && held["l2"].is_subset(&held["l3"]), "{held:?}");
        });
    }

    #[test]
    fn of_exclusive_levels_one_holds_an_object(
        capacities in [1..12_u32, 1..12_u32, 1..20_u32], policy in policies(), seed in any::<u64>(),
    ) {
        // One request after the other: who asks for what is on its way elsewhere may bring it twice.
        let workload = r#"load: Rate("100/s"), arrivals: Deterministic()"#;
        let text = three_levels("Exclusive", capacities, policy, [workload, ""], "");
        let text = text.replace(r#"load: Rate("3/s"),"#, r#"load: Rate("2.9/s"), arrivals: Deterministic(),"#);
        watch(&text, 10, seed, 10, &mut |world| {
            let held = held(world);
            let once = held["l1"].is_disjoint(&held["l2"])
                && held["l1"].is_disjoint(&held["l3"])
                && held["l2"].is_disjoint(&held["l3"]);
            assert!(once, "{held:?}");
        });
    }

    #[test]
    fn every_demotion_arrives_or_is_lost_whatever_breaks(
        capacities in [1..12_u32, 1..12_u32, 1..20_u32], policy in policies(), down in 1..3000_u32, seed in any::<u64>(),
    ) {
        let faults = format!(
            r#"Crash(target: "l1", at: "2s", duration: "{down}ms"), Crash(target: "l2[1]", at: "3s", duration: "{down}ms"),
               Crash(target: "l3", at: "4s", duration: "{down}ms")"#
        );
        let cache = r#"hit_time: Exponential(mean: "1ms"), freshness: (ttl: "1s"), timeout: "5ms", invalidation: ()"#;
        let text = three_levels("Exclusive", capacities, policy, [r#"load: Rate("300/s")"#, cache], &faults);
        // The books would not balance otherwise: the run would be an error.
        let seen = figures(&text, 8, seed);
        prop_assert!(seen["l1.demotions.count"] > 0.0 && seen["l1.lost_demotions.count"] > 0.0);
    }
}

/// Four web servers with a cache each before a common one; the network takes 1 ms each way.
fn near(near: &str, far: &str, seconds: (u32, u32)) -> BTreeMap<String, f64> {
    let text = format!(
        r#"(network: (within_zone: Constant("1ms")),
        workloads: {{ "users": OpenLoop(
            target: "lb", load: Rate("400/s"), arrivals: Poisson(), keys: Zipf(items: 1000, exponent: 1.0),
        ) }},
        components: {{
            "lb": LoadBalancer(backends: "web", strategy: Random()),
            "web": Service(servers: 4, workers_per_server: 1000, handles: {{ "*": [Call("near")] }}),
            "near": Cache(source: "far", inside: "web", {near}),
            "far": Cache(source: "db", {far}),
            "db": ServerPool(workers_per_server: 100, service_time: Constant("5ms")),
        }})"#
    );
    figures_from(&text, seconds, 1)
}

#[test]
fn a_cache_inside_a_server_sees_that_servers_part_of_the_traffic() {
    // A lifetime from the fill under Poisson arrivals at a rate λ: λT/(1 + λT) are hits (Jung, Berger & Balakrishnan,
    // *Modeling TTL-based Internet caches*, INFOCOM 2003), here with a quarter of each key's rate.
    let seen = near(r#"freshness: (ttl: "10s"), capacity: 100000"#, "capacity: 100000", (60, 660));
    let weights: Vec<f64> = (1..=1000_u32).map(|rank| 1.0 / f64::from(rank)).collect();
    let sum: f64 = weights.iter().sum();
    let hits = |servers: f64| -> f64 {
        let of = |weight: &f64| {
            let uses = 400.0 * weight / sum * 10.0 / servers;
            weight / sum * uses / (1.0 + uses)
        };
        weights.iter().map(of).sum()
    };
    assert!((seen["near.hit_ratio.mean"] / hits(4.0) - 1.0).abs() < 0.01, "{}", seen["near.hit_ratio.mean"]);
    assert!(hits(1.0) > 1.1 * hits(4.0), "one cache for all would be seen");
    assert_eq!(seen["near.hit_latency.max"], 0.0, "the way there takes no time");
    assert!((seen["near[2].arrivals.rate"] / 100.0 - 1.0).abs() < 0.02);
}

#[test]
fn who_goes_down_takes_the_cache_inside_along() {
    let text = r#"(workloads: { "users": OpenLoop(
            target: "lb", load: Rate("20/s"), arrivals: Deterministic(), keys: Uniform(items: 1),
        ) },
        components: {
            "lb": LoadBalancer(backends: "web", strategy: RoundRobin()),
            "web": Service(servers: 2, handles: { "*": [CachedRead(cache: "near", on_miss: [Call("db")])] }),
            "near": Cache(source: "db", inside: "web"),
            "db": ServerPool(workers_per_server: 100),
        },
        faults: [Crash(target: "web[1]", at: "4960ms", duration: "20ms")])"#;
    let seen = figures(text, 10, 1);
    assert_eq!(seen["db.arrivals.count"], 3.0, "one each, and one again");
    assert_eq!(seen["near.missed_invalidated.count"], 1.0);
    assert_eq!(
        (seen["near[0].arrivals.count"], seen["near[1].arrivals.count"]),
        (101.0, 101.0),
        "looks and puts"
    );
}

#[test]
fn a_spare_cache_answers_for_one_that_does_not() {
    let reads = |gutter: &str| {
        let text = format!(
            r#"(workloads: {{ "users": OpenLoop(
                target: "web", load: Rate("10/s"), arrivals: Deterministic(), keys: Uniform(items: 1),
            ) }},
            components: {{
                "db": ServerPool(workers_per_server: 100, service_time: Constant("50ms")),
                "web": Service(workers_per_server: 100, handles: {{ "*": [
                    CachedRead(cache: "cache", on_miss: [Call("db")], {gutter}),
                ] }}),
                "cache": Cache(source: "db"),
                "spare": Cache(source: "db"),
            }},
            faults: [Crash(target: "cache", at: "4970ms", duration: "2s")])"#
        );
        figures(&text, 10, 1)
    };
    let without = "coalesce: false";
    assert_eq!(reads(without)["db.arrivals.count"], 22.0);
    for coalesce in [true, false] {
        let seen = reads(&format!(r#"gutter: "spare", coalesce: {coalesce}"#));
        assert_eq!(
            seen["db.arrivals.count"], 3.0,
            "one before, one into the spare, and one since it comes back cold"
        );
        assert_eq!((seen["spare.hits.count"], seen["spare.misses.count"]), (19.0, 1.0));
        assert_eq!((seen["users.errors.count"], seen["users.degraded.count"]), (0.0, 0.0));
    }
}

#[test]
fn a_hot_key_is_read_from_its_copies_and_changed_at_all_of_them() {
    let keys = |hot: &str| {
        let text = format!(
            r#"(workloads: {{
                "readers": OpenLoop(target: "web", load: Rate("1000/s"), keys: Uniform(items: 1), requests: {{ "get": 1.0 }}),
                "writers": OpenLoop(
                    target: "web", load: Rate("5/s"), keys: Uniform(items: 1), requests: {{ "put": (weight: 1.0, writes: true) }},
                ),
            }},
            components: {{
                "web": Service(workers_per_server: 1000, handles: {{
                    "get": [CachedRead(cache: "cache", on_miss: [Call("db")])],
                    "put": [CachedWrite(cache: "cache", steps: [Call("db")])],
                }}),
                "cache": Cache(source: "db", servers: 10, on_concurrent_miss: Coalesce(), {hot}),
                "db": ServerPool(workers_per_server: 1000, service_time: Exponential(mean: "5ms")),
            }})"#
        );
        figures_from(&text, (5, 45), 1)
    };
    let busy = |seen: &BTreeMap<String, f64>| -> Vec<f64> {
        let of = |server: usize| seen[&format!("cache[{server}].arrivals.count")];
        let all: f64 = (0..10).map(of).sum();
        (0..10).map(|server| of(server) / all).filter(|share| *share > 0.0).collect()
    };
    assert_eq!(busy(&keys("")), [1.0]);
    for copies in [2, 4] {
        let seen = keys(&format!("hot_keys: (copies: {copies})"));
        let shares = busy(&seen);
        assert_eq!(shares.len(), copies);
        // Of 40 000 looks the share of one of them has a standard error of .0025.
        assert!(shares.iter().all(|share| (share * copies as f64 - 1.0).abs() < 0.03), "{shares:?}");
        assert_eq!(seen["cache.stale_reads.count"], 0.0);
        assert!(seen["cache.missed_invalidated.count"] > 100.0);
        assert_eq!(seen["cache.hot_keys.mean"], 1.0);
        let looks = seen["cache.hits.count"] + seen["cache.misses.count"];
        // The look with which a window ends is not one of those.
        assert!(looks - seen["cache.hot_lookups.count"] < 42.0);
    }
}

#[test]
fn a_disk_makes_what_is_found_wait_as_m_d_1_does() {
    let disk = |limit: u32, depth: u32, seconds: u32| {
        let text = format!(
            r#"(workloads: {{ "users": OpenLoop(
                target: "cache", load: Rate("800/s"), arrivals: Poisson(), keys: Uniform(items: 100),
            ) }},
            components: {{
                "db": ServerPool(workers_per_server: 100),
                "cache": Cache(source: "db", warm: 100, storage: Disk(iops_limit: "{limit}/s", queue_depth: {depth})),
            }})"#
        );
        figures_from(&text, (5, 5 + seconds), 1)
    };
    // Pollaczek–Khinchine with constant service: ρ/(2μ(1 − ρ)), here 2 ms.
    let seen = disk(1000, 1_000_000, 600);
    assert!(
        (seen["cache.hit_latency.mean"] / 0.002 - 1.0).abs() < 0.02,
        "{}",
        seen["cache.hit_latency.mean"]
    );
    assert!((seen["cache.access_wait.mean"] / seen["cache.hit_latency.mean"] - 1.0).abs() < 1e-3);
    assert_eq!(seen["cache.refused_accesses.count"], 0.0);
    // Half of what comes is taken on, and whoever is waits for eight before it.
    let full = disk(400, 8, 60);
    assert!((full["cache.accesses.rate"] / 400.0 - 1.0).abs() < 0.001, "{}", full["cache.accesses.rate"]);
    assert_eq!(full["users.failed_queue_full.count"], full["cache.refused_accesses.count"]);
    assert!(full["cache.hit_latency.max"] < 8.1 / 400.0 && full["cache.hit_latency.mean"] > 6.0 / 400.0);
}

#[test]
fn what_is_written_to_a_disk_takes_its_turn_and_nobody_waits_for_it() {
    let text = r#"(workloads: { "users": OpenLoop(
            target: "cache", load: Rate("100/s"), arrivals: Deterministic(), keys: Uniform(items: 1),
        ) },
        components: {
            "db": ServerPool(workers_per_server: 100, service_time: Constant("1ms")),
            "cache": Cache(source: "db", storage: Disk(iops_limit: "80/s", queue_depth: 1)),
        })"#;
    let seen = figures(text, 10, 1);
    // Fetched and written at 11 ms: that is done at 23.5 ms, and the look at 20 ms waits so long.
    assert_eq!(seen["cache.miss_latency.max"], 0.001);
    assert!((seen["cache.hit_latency.min"] - 0.0035).abs() < 0.0001);
    assert_eq!(seen["cache.misses.count"], 1.0);
}

#[test]
fn who_comes_back_begins_as_the_file_says() {
    let back = |restart: &str| {
        let text = format!(
            r#"(workloads: {{
                "readers": OpenLoop(
                    target: "cache", load: Rate("10/s"), arrivals: Deterministic(), keys: Uniform(items: 1), requests: {{ "get": 1.0 }},
                ),
                "writers": OpenLoop(
                    target: "db", load: Rate("0.12/s"), arrivals: Deterministic(), keys: Uniform(items: 1),
                    requests: {{ "put": (weight: 1.0, writes: true) }},
                ),
            }},
            components: {{
                "db": ServerPool(workers_per_server: 100, service_time: Constant("50ms")),
                "cache": Cache(source: "db", invalidation: (), {restart}),
            }},
            faults: [Crash(target: "cache", at: "8970ms", duration: "1s")])"#
        );
        figures(&text, 15, 1)
    };
    // The key changes once, at 8383 ms, and is fetched anew at once. What was saved at 8 s is the old one.
    let cold = back("on_restart: Cold");
    assert_eq!((cold["cache.misses.count"], cold["cache.stale_reads.count"]), (3.0, 0.0));
    let saved = back(r#"on_restart: Snapshot(every: "2s")"#);
    assert_eq!(saved["cache.misses.count"], 2.0);
    assert_eq!(saved["cache.stale_reads.count"], 50.0, "at 10.0, 10.1 … 14.9 s");
    assert_eq!((saved["cache.stale_age.max"] * 1e3).round(), 14_900.0 - 8_383.0);
    let filled = back("on_restart: Preload(keys: 1)");
    assert_eq!((filled["cache.misses.count"], filled["cache.stale_reads.count"]), (2.0, 0.0));
}

#[test]
fn mistakes_are_named() {
    let problems = |components: &str| {
        problems(&format!(
            r#"(workloads: {{ "users": OpenLoop(target: "web") }}, components: {{
                "web": Service(handles: {{ "*": [Call("l1")] }}), "db": ServerPool(), {components}
            }})"#
        ))
    };
    let is = |components: &str, expected: &str| assert_eq!(problems(components), [expected], "{components}");
    is(
        r#""l1": Cache(source: "db", inclusion: Exclusive)"#,
        "components.l1.inclusion: Exclusive is about what a cache below holds, and `db` is no Cache",
    );
    is(
        r#""l1": Cache(source: "l2", inclusion: Exclusive), "l2": Cache(source: "db", on_write: WriteBack())"#,
        "components.l2.on_write: `l2` leaves its objects to an Exclusive cache: what it has not passed on yet would go along",
    );
    is(
        r#""l1": Cache(source: "db", inside: "app")"#,
        "components.l1.inside: `l1.inside` refers to `app`, which does not exist",
    );
    is(
        r#""l1": Cache(source: "db", inside: "app"), "app": Service()"#,
        "components.l1.inside: `web` calls `l1`, which lives in the servers of `app`: only those reach it",
    );
    is(
        r#""l1": Cache(source: "db", hot_keys: ())"#,
        "components.l1.hot_keys: a hot key is copied to other servers: set servers above 1",
    );
    is(
        r#""l1": Cache(source: "db", inside: "web", servers: 3)"#,
        "components.l1.servers: each server of `web` has a cache of its own: leave servers out",
    );
}
