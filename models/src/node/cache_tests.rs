//! What caches do, told by small systems whose figures can be added up by hand, and laws of what is true.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::testing::{figures, figures_from, problems};

/// Ten requests a second for the one key there is, the first after 100 ms, at `target`; the source needs 50 ms.
fn one_key(target: &str, components: &str, seconds: u32) -> BTreeMap<String, f64> {
    let text = format!(
        r#"(workloads: {{ "users": OpenLoop(
            target: "{target}", load: Rate("10/s"), arrivals: Deterministic(), keys: Uniform(items: 1),
        ) }},
        components: {{ "db": ServerPool(workers_per_server: 100, service_time: Constant("50ms")), {components} }})"#
    );
    figures(&text, seconds, 1)
}

fn cache(fields: &str) -> BTreeMap<String, f64> {
    one_key("cache", &format!(r#""cache": Cache(source: "db", {fields})"#), 10)
}

#[test]
fn what_was_fetched_once_is_found_from_then_on() {
    // The hundredth request would come as the run ends, at 10 s, which it does first.
    let seen = cache("");
    assert_eq!((seen["cache.hits.count"], seen["cache.misses.count"]), (98.0, 1.0));
    assert_eq!((seen["cache.missed_cold.count"], seen["cache.missed_expired.count"]), (1.0, 0.0));
    assert_eq!(seen["db.arrivals.count"], 1.0);
    assert_eq!((seen["cache.miss_latency.max"] * 1e3).round(), 50.0);
    assert_eq!(seen["cache.hit_latency.max"], 0.0);
}

#[test]
fn a_lifetime_counts_from_the_fill_unless_it_slides() {
    // Filled at 150 ms; found until the request at 1100 ms; not at 1200.
    let seen = cache(r#"freshness: (ttl: "1s")"#);
    assert_eq!(seen["cache.misses.count"], 9.0, "at 100, 1200, 2300 … 8900 ms");
    assert_eq!(seen["cache.missed_expired.count"], 8.0);
    assert_eq!(cache(r#"freshness: (ttl: "1s", sliding: true)"#)["cache.misses.count"], 1.0);
}

#[test]
fn stale_objects_are_served_while_one_fetches() {
    let seen = cache(r#"freshness: (ttl: "1s", stale_while_revalidate: "10s")"#);
    assert_eq!(seen["cache.misses.count"], 1.0, "only the first waits");
    assert_eq!(seen["cache.refreshes.count"], 8.0, "at 1200, 2300 … 8900 ms");
    assert_eq!(seen["db.arrivals.count"], 9.0);
    assert_eq!(seen["cache.calls.spawned.wanted.count"], 8.0);
    let ahead = cache(r#"freshness: (ttl: "1s", refresh_ahead: 0.5)"#);
    assert_eq!(ahead["cache.misses.count"], 1.0);
    assert!(ahead["cache.refreshes.count"] > 15.0, "every 600 ms");
}

#[test]
fn failures_are_made_up_for_by_what_has_expired_or_remembered() {
    let failing = |freshness: &str| {
        let text = format!(
            r#"(workloads: {{ "users": OpenLoop(
                target: "cache", load: Rate("10/s"), arrivals: Deterministic(), keys: Uniform(items: 1),
            ) }},
            components: {{
                "db": ServerPool(workers_per_server: 100, service_time: Constant("50ms")),
                "cache": Cache(source: "db", freshness: ({freshness})),
            }},
            faults: [Crash(target: "db", at: "1s", duration: "9s")])"#
        );
        figures(&text, 10, 1)
    };
    let plain = failing(r#"ttl: "1s""#);
    assert_eq!(plain["users.errors.count"], 88.0, "from 1200 ms on");
    let stale = failing(r#"ttl: "1s", stale_if_error: "1h""#);
    assert_eq!((stale["users.errors.count"], stale["users.degraded.count"]), (0.0, 88.0));
    let remembered = failing(r#"ttl: "1s", negative_ttl: "350ms""#);
    assert_eq!(remembered["users.errors.count"], 88.0);
    let asked = remembered["cache.calls.db.attempts.count"];
    assert_eq!(asked, 1.0 + 22.0, "every fourth of 88 asks, since the others hear of the failure");
}

#[test]
fn one_fetches_for_all_who_come_meanwhile() {
    let storm = |fields: &str| {
        let text = format!(
            r#"(workloads: {{ "users": OpenLoop(
                target: "cache", load: Rate("1000/s"), arrivals: Deterministic(), keys: Uniform(items: 1),
            ) }},
            components: {{
                "db": ServerPool(workers_per_server: 1000, service_time: Constant("50.5ms")),
                "cache": Cache(source: "db", {fields}),
            }})"#
        );
        figures(&text, 1, 1)
    };
    let all = storm("");
    assert_eq!(all["db.arrivals.count"], 51.0, "at 1, 2 … 51 ms");
    let one = storm("on_concurrent_miss: Coalesce()");
    assert_eq!((one["db.arrivals.count"], one["cache.coalesced.count"]), (1.0, 50.0));
    assert_eq!(one["cache.misses.count"], 51.0);
    assert_eq!(one["users.errors.count"], 0.0);
    let leases = storm(r#"on_concurrent_miss: Coalesce(lease: "20ms")"#);
    assert_eq!(leases["db.arrivals.count"], 3.0, "at 1, 21 and 41 ms another has a right to fetch");
}

#[test]
fn a_service_that_looks_in_fetches_and_puts_by_itself() {
    let aside = |coalesce: bool| {
        one_key(
            "web",
            &format!(
                r#""web": Service(workers_per_server: 1000, handles: {{ "*": [
                    CachedRead(cache: "cache", on_miss: [Call("db")], coalesce: {coalesce}),
                ] }}),
                "cache": Cache(source: "db", freshness: (ttl: "1s"))"#
            ),
            10,
        )
    };
    let seen = aside(false);
    assert_eq!(seen["cache.misses.count"], 9.0, "at 100, 1200, 2300 … 8900 ms");
    assert_eq!((seen["db.arrivals.count"], seen["web.calls.cache.wanted.count"]), (9.0, 108.0), "9 puts");
    assert_eq!(aside(true)["db.arrivals.count"], 9.0);
}

#[test]
fn who_waits_at_a_cache_for_what_another_brings_does_not_fetch_it_as_well() {
    let text = r#"(workloads: { "users": OpenLoop(
            target: "web", load: Rate("1000/s"), arrivals: Deterministic(), keys: Uniform(items: 1),
        ) },
        components: {
            "db": ServerPool(workers_per_server: 1000, service_time: Constant("50.5ms")),
            "web": Service(workers_per_server: 1000, handles: { "*": [CachedRead(cache: "cache", on_miss: [Call("db")])] }),
            "cache": Cache(source: "db", on_concurrent_miss: Coalesce()),
        })"#;
    let seen = figures(text, 1, 1);
    assert_eq!((seen["db.arrivals.count"], seen["cache.coalesced.count"]), (1.0, 50.0));
}

#[test]
fn an_older_version_does_not_go_over_a_newer_one_where_that_is_asked() {
    // Read at 1, 2 … 9 s, and put 100 ms later; meanwhile changed, and that put as well. Read again at 1.2, 2.2 … 9.2 s.
    let twice = |cache: &str| {
        let text = format!(
            r#"(workloads: {{
                "readers": OpenLoop(target: "web", load: Rate("1/s"), arrivals: Deterministic(), keys: Uniform(items: 1)),
                "writers": OpenLoop(
                    target: "web", load: Rate("1/s"), arrivals: Deterministic(), keys: Uniform(items: 1),
                    requests: {{ "put": (writes: true) }},
                ),
            }},
            components: {{
                "web": Service(workers_per_server: 100, handles: {{
                    "put": [Wait(Constant("50ms")), CachedWrite(cache: "cache", steps: [Call("db")], then: Update)],
                    "*": [
                        CachedRead(cache: "cache", on_miss: [Call("db"), Wait(Constant("100ms"))]),
                        Wait(Constant("100ms")),
                        CachedRead(cache: "cache", on_miss: [Fail(1.0)]),
                    ],
                }}),
                "db": ServerPool(workers_per_server: 100),
                "cache": Cache(source: "db", freshness: (ttl: "500ms"), {cache}),
            }})"#
        );
        let seen = figures(&text, 10, 1);
        assert_eq!((seen["cache.hits.count"], seen["readers.errors.count"]), (9.0, 0.0));
        (seen["cache.stale_reads.count"], seen["cache.refused_fills.count"])
    };
    assert_eq!(twice(""), (9.0, 0.0));
    assert_eq!(twice("on_put: UnlessOlder"), (0.0, 9.0));
}

#[test]
fn a_cache_that_is_down_is_one_that_has_nothing() {
    let text = r#"(workloads: { "users": OpenLoop(
            target: "web", load: Rate("10/s"), arrivals: Deterministic(), keys: Uniform(items: 1),
        ) },
        components: {
            "db": ServerPool(workers_per_server: 100, service_time: Constant("50ms")),
            "web": Service(workers_per_server: 100, handles: { "*": [CachedRead(cache: "cache", on_miss: [Call("db")])] }),
            "cache": Cache(source: "db"),
        },
        faults: [Crash(target: "cache", at: "4970ms", duration: "2s")])"#;
    let seen = figures(text, 10, 1);
    assert_eq!((seen["users.errors.count"], seen["users.degraded.count"]), (0.0, 0.0));
    assert_eq!(
        seen["db.arrivals.count"],
        1.0 + 20.0 + 1.0,
        "one before, twenty meanwhile, and it comes back cold"
    );
    assert_eq!(seen["cache.missed_invalidated.count"], 1.0, "what it held went with it");
}

#[test]
fn what_a_server_has_not_passed_on_goes_with_it() {
    let text = r#"(workloads: { "users": OpenLoop(
            target: "cache", load: Rate("10/s"), arrivals: Deterministic(), keys: Uniform(items: 1),
            requests: { "put": (weight: 1.0, writes: true) },
        ) },
        components: {
            "db": ServerPool(workers_per_server: 100),
            "cache": Cache(source: "db", on_write: WriteBack(flush_every: "1s")),
        },
        faults: [Crash(target: "cache", at: "4550ms", duration: "10ms")])"#;
    let seen = figures(text, 10, 1);
    // A write at a full second comes after the passing on of that time.
    assert_eq!(seen["cache.lost_writes.count"], 6.0, "those of 4000, 4100 … 4500 ms");
    assert_eq!(seen["db.arrivals.count"], 9.0, "at 1, 2 … 9 s");
}

#[test]
fn mistakes_are_named() {
    let problems = |components: &str| {
        problems(&format!(
            r#"(workloads: {{ "users": OpenLoop(target: "web") }}, components: {{ {components} }})"#
        ))
    };
    assert_eq!(problems(r#""web": Cache()"#), ["components.web.source: `web` needs a source"]);
    let looks = r#""web": Service(handles: { "*": [CachedRead(cache: "db")] }), "db": ServerPool()"#;
    assert_eq!(
        problems(looks),
        ["components.web.handles.*.0.cache: `db` is no Cache; `web.handles.*[0]` looks into one"]
    );
}

/// A cache under readers and writers whose source tells it at once what has changed.
fn told_at_once(cache: &str, aside: bool, writes: u32, fetch: u32, seed: u64) -> BTreeMap<String, f64> {
    let (read, write) = if aside { ("web", "web") } else { ("cache", "db") };
    let text = format!(
        r#"(workloads: {{
            "readers": OpenLoop(target: "{read}", load: Rate("200/s"), keys: Uniform(items: 5), requests: {{ "get": 1.0 }}),
            "writers": OpenLoop(
                target: "{write}", load: Rate("{writes}/s"), keys: Uniform(items: 5), requests: {{ "put": (weight: 1.0, writes: true) }},
            ),
        }},
        components: {{
            "web": Service(workers_per_server: 1000, handles: {{
                "get": [CachedRead(cache: "cache", on_miss: [Call("db")])],
                "put": [CachedWrite(cache: "cache", steps: [Call("db")])],
            }}),
            "db": ServerPool(workers_per_server: 1000, service_time: Exponential(mean: "{fetch}ms")),
            "cache": Cache(source: "db", capacity: 3, {cache}),
        }})"#
    );
    figures(&text, 20, seed)
}

/// So many objects a second that are asked for once, each for so long.
fn once_asked(fields: &str) -> BTreeMap<String, f64> {
    let text = format!(
        r#"(workloads: {{ "users": OpenLoop(target: "cache", load: Rate("1000/s"), keys: Uniform(items: 1000000000)) }},
        components: {{
            "db": ServerPool(workers_per_server: 1000),
            "cache": Cache(source: "db", capacity: 300000, freshness: (ttl: "20s"), {fields}),
        }})"#
    );
    figures_from(&text, (80, 200), 1)
}

#[test]
fn sweeps_go_on_until_what_is_over_is_rare() {
    // A round of 20 goes on if more than 2 are over. With a part s over, rounds are 1/(1 - P(Bin(20, s) > 2)) in the
    // mean, and take 20 s each (Wald). What expires in 100 ms, 100, has to go in one sweep: s = 0.2772.
    let swept = once_asked("sweep: ()");
    let expected = 20_000.0 / (1.0 - 0.277_220);
    let held = swept["cache.entries.mean"];
    assert!((held / expected - 1.0).abs() < 0.01, "{held} for {expected}");
    let rate = swept["cache.swept.rate"];
    assert!((rate / 1000.0 - 1.0).abs() < 0.01, "as many go as come: {rate}");
    // Seen only when asked for, what is over would stay: all that ever came, from the 80th second to the 200th.
    let held = once_asked("")["cache.entries.mean"];
    assert!((held / 140_000.0 - 1.0).abs() < 0.01, "{held}");
}

#[test]
fn one_pass_tells_what_an_lru_of_any_size_hits() {
    let of = |capacity: u32, policy: &str| {
        let text = format!(
            r#"(workloads: {{ "users": OpenLoop(
                target: "cache", load: Rate("1000/s"), keys: Zipf(items: 10000, exponent: 0.9),
            ) }},
            components: {{
                "db": ServerPool(workers_per_server: 1000),
                "cache": Cache(source: "db", servers: 2, capacity: {capacity}, policy: {policy}, size_curve: true),
            }})"#
        );
        figures_from(&text, (5, 30), 1)
    };
    // Fetching takes no time, so that hits are those of a cache that is filled at once: exactly.
    let (small, large) = (of(200, "Lru()"), of(800, "Lru()"));
    for (size, own, other) in [("same", 200, &small), ("fourfold", 800, &large)] {
        assert_eq!(small[&format!("cache.lru_hit_ratio.{size}")], other["cache.hit_ratio.mean"], "{own}");
    }
    assert_eq!(large["cache.lru_hit_ratio.quarter"], small["cache.hit_ratio.mean"]);
    // Whatever is held instead is asked for the same.
    assert_eq!(of(200, "Fifo()")["cache.lru_hit_ratio.double"], small["cache.lru_hit_ratio.double"]);
}

#[test]
fn a_full_cache_that_evicts_nobody_lets_nobody_in() {
    let text = r#"(workloads: { "users": OpenLoop(target: "cache", load: Rate("1000/s"), keys: Uniform(items: 1000)) },
        components: {
            "db": ServerPool(workers_per_server: 1000),
            "cache": Cache(source: "db", capacity: 300, policy: NoEviction()),
        })"#;
    let seen = figures_from(text, (10, 110), 1);
    assert_eq!((seen["cache.entries.mean"], seen["cache.evictions.count"]), (300.0, 0.0));
    // The first 300 keys stay for good: of 100 000 requests 30 000 hit, with a standard error of 145.
    assert!((seen["cache.hits.count"] - 30_000.0).abs() < 500.0, "{}", seen["cache.hits.count"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn who_is_told_at_once_and_fetches_alone_never_serves_what_is_not_true(
        writes in 1..100_u32, fetch in 1..40_u32, seed in any::<u64>(),
    ) {
        let told = "on_concurrent_miss: Coalesce(), invalidation: ()";
        let seen = told_at_once(told, false, writes, fetch, seed);
        prop_assert_eq!(seen["cache.stale_reads.count"], 0.0);
        prop_assert!(seen["cache.hits.count"] > 0.0 && seen["cache.missed_invalidated.count"] > 0.0);
    }

    #[test]
    fn nothing_is_served_longer_than_its_lifetime_after_it_was_true(
        writes in 1..100_u32, fetch in 1..40_u32, seed in any::<u64>(),
    ) {
        let seen = told_at_once(r#"freshness: (ttl: "500ms")"#, false, writes, fetch, seed);
        prop_assert!(seen["cache.stale_reads.count"] > 0.0);
        // It may have changed on its way here: no later than it was read at the source.
        prop_assert!(seen["cache.stale_age.max"] <= 0.5, "{}", seen["cache.stale_age.max"]);
    }

    #[test]
    fn every_write_is_passed_on_lost_or_pending_whatever_breaks(
        every in 1..2000_u32, at in 1..18_u32, down in 1..3000_u32, capacity in 1..8_u32, seed in any::<u64>(),
    ) {
        let text = format!(
            r#"(workloads: {{
                "readers": OpenLoop(target: "cache", load: Rate("50/s"), keys: Uniform(items: 9), requests: {{ "get": 1.0 }}),
                "writers": OpenLoop(
                    target: "cache", load: Rate("100/s"), keys: Uniform(items: 9),
                    requests: {{ "put": (weight: 1.0, writes: true) }},
                ),
            }},
            components: {{
                "db": ServerPool(workers_per_server: 4, service_time: Exponential(mean: "30ms"), queue: Fifo(capacity: 20)),
                "cache": Cache(
                    source: "db", capacity: {capacity}, on_write: WriteBack(flush_every: "{every}ms"),
                    freshness: (ttl: "300ms"),
                ),
            }},
            faults: [
                Crash(target: "cache", at: "{at}s", duration: "{down}ms"),
                Crash(target: "db", at: "9s", duration: "{down}ms"),
            ])"#
        );
        // The books would not balance otherwise: the run would be an error.
        let seen = figures(&text, 20, seed);
        prop_assert!(seen["db.arrivals.count"] > 0.0);
    }
}
