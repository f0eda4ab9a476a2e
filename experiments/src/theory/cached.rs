//! Caches in a system: lifetimes, stampedes, writes that go on later, messages that something has changed.
//!
//! A key that is asked for λ times a second and kept for T is found with probability λT/(1 + λT), and with 1 − e^(−λT) if each
//! use begins T anew. While it is fetched for D, λD others come. Vattani, Chierichetti & Lowenstein 2015; Jung, Berger &
//! Balakrishnan, *Modeling TTL-based Internet Caches*, 2003.

use super::{
    suite::Suite,
    trial::{Lab, Trial, figure},
};
use crate::cli::Depth::Quick;

/// Readers of so many equal keys through a cache before a source that takes so long, always.
fn readers(lab: &Lab, keys: u32, rate: f64, cache: &str, fetch: &str, requests: f64) -> Trial {
    let system = format!(
        r#"workloads: {{ "readers": OpenLoop(target: "cache", load: Rate("{rate}/s"), keys: Uniform(items: {keys})) }},
        components: {{
            "cache": Cache(source: "db", capacity: 100000, {cache}),
            "db": ServerPool(workers_per_server: 10000, service_time: Constant("{fetch}")),
        }},"#
    );
    lab.trial(system, requests / rate)
}

pub(super) fn lifetimes(lab: &Lab) -> Suite {
    let mut suite = Suite::new("lifetimes in caches");
    let hits = |freshness: &str| {
        let cache = format!("freshness: ({freshness})");
        readers(lab, 100, 100.0, &cache, "0s", 4e5).figure("cache.hit_ratio.mean")
    };
    for (ttl, load) in [("100ms", 0.1_f64), ("500ms", 0.5), ("1s", 1.0), ("2s", 2.0), ("10s", 10.0)] {
        let kept = load / (1.0 + load);
        suite.agrees(
            Quick,
            format!("hits, kept {ttl} from the fill"),
            kept,
            0.02,
            hits(&format!("ttl: \"{ttl}\"")),
        );
        let used = 1.0 - libm::exp(-load);
        let sliding = hits(&format!("ttl: \"{ttl}\", sliding: true"));
        suite.agrees(Quick, format!("hits, kept {ttl} from the last use"), used, 0.02, sliding);
    }
    suite.notices(
        Quick,
        "a lifetime that slides as one that does not",
        0.5,
        0.02,
        hits("ttl: \"1s\", sliding: true"),
    );
    let zipf = |ttl: &str| {
        let system = format!(
            r#"workloads: {{ "readers": OpenLoop(target: "cache", load: Rate("100/s"), keys: Zipf(items: 1000, exponent: 1.0)) }},
            components: {{
                "cache": Cache(source: "db", capacity: 1000, freshness: (ttl: "{ttl}")),
                "db": ServerPool(workers_per_server: 100),
            }},"#
        );
        lab.trial(system, 4e3).figure("cache.hit_ratio.mean")
    };
    let harmonic: f64 = (1..=1000).map(|rank| 1.0 / f64::from(rank)).sum();
    for (ttl, seconds) in [("1s", 1.0), ("10s", 10.0)] {
        let of_rank = |rank: u32| {
            let share = 1.0 / f64::from(rank) / harmonic;
            let load = 100.0 * share * seconds;
            share * load / (1.0 + load)
        };
        let expected = (1..=1000).map(of_rank).sum();
        suite.agrees(Quick, format!("hits under Zipf, kept {ttl}"), expected, 0.01, zipf(ttl));
    }
    suite
}

pub(super) fn stampedes(lab: &Lab) -> Suite {
    let mut suite = Suite::new("stampedes");
    let fetches = |cache: &str| {
        let cache = format!("freshness: (ttl: \"10s\"), {cache}");
        readers(lab, 1, 1000.0, &cache, "100ms", 2e6).figure("db.throughput.mean")
    };
    // The λD others fetch as well, and the last of them begins the lifetime, D after the first.
    let all = (1.0 + 1000.0 * 0.1) / (10.0 + 2.0 * 0.1);
    suite.agrees(Quick, "fetches where everybody fetches", all, 0.02, fetches(""));
    let one = 1.0 / (10.0 + 0.1 + 0.001);
    let alone = "on_concurrent_miss: Coalesce()";
    suite.agrees(Quick, "fetches where one does for all", one, 0.01, fetches(alone));
    suite.notices(Quick, "one for all as everybody", all, 0.02, fetches(alone));
    let cache = format!("freshness: (ttl: \"10s\"), {alone}");
    let waits =
        readers(lab, 1, 1000.0, &cache, "100ms", 2e6).ratio("cache.coalesced.rate", "db.throughput.mean");
    suite.agrees(Quick, "who waits for each fetch", 100.0, 0.02, waits);
    // Confirmed, not sent anew: a tenth of the work for each fetch.
    let confirmed = readers(
        lab,
        1,
        1000.0,
        "freshness: (ttl: \"1s\"), revalidation: 0.1, on_concurrent_miss: Coalesce()",
        "100ms",
        1e6,
    );
    let work = confirmed.derive(|figures| {
        figure(figures, "db.utilization.mean") * 10_000.0 / figure(figures, "db.throughput.mean")
    });
    suite.agrees(Quick, "work of a confirmation", 0.01, 0.02, work);
    suite
}

/// Writers and readers of one key, the writers at the component `to`.
fn writers(lab: &Lab, to: &str, writes: f64, reads: f64, cache: &str, seconds: f64) -> Trial {
    let system = format!(
        r#"workloads: {{
            "writers": OpenLoop(
                target: "{to}", load: Rate("{writes}/s"), keys: Uniform(items: 1), requests: {{ "put": (weight: 1.0, writes: true) }},
            ),
            "readers": OpenLoop(target: "cache", load: Rate("{reads}/s"), keys: Uniform(items: 1), requests: {{ "get": 1.0 }}),
        }},
        components: {{
            "cache": Cache(source: "db", {cache}),
            "db": ServerPool(workers_per_server: 1000),
        }},"#
    );
    lab.trial(system, seconds)
}

pub(super) fn writes(lab: &Lab) -> Suite {
    let mut suite = Suite::new("writes through caches");
    // Of the writes of a key within an interval the source gets one.
    for (every, load, seconds) in [("100ms", 0.1_f64, 6e4), ("1s", 1.0, 6e4), ("10s", 10.0, 6e4)] {
        let cache = format!("on_write: WriteBack(flush_every: \"{every}\")");
        let passed = writers(lab, "cache", 1.0, 0.1, &cache, seconds).figure("db.throughput.mean");
        let expected = (1.0 - libm::exp(-load)) / load;
        suite.agrees(Quick, format!("writes passed on every {every}"), expected, 0.02, passed);
    }
    let through = writers(lab, "cache", 1.0, 0.1, "on_write: WriteThrough", 6e4).figure("db.throughput.mean");
    suite.notices(Quick, "through as back", 1.0 - libm::exp(-1.0), 0.02, through);
    // A read is stale if the last write was less than d ago, and nothing dropped the object after that: no earlier
    // write's message came since. ∫₀ᵈ w e^(−wu) e^(−wu) du.
    let told = r#"invalidation: (delay: Constant("40ms"))"#;
    let stale = writers(lab, "db", 2.5, 500.0, told, 8e3).figure("cache.stale_ratio.mean");
    let expected = (1.0 - libm::exp(-2.0 * 2.5 * 0.04)) / 2.0;
    suite.agrees(Quick, "stale reads, told after 40 ms", expected, 0.03, stale);
    let late = r#"invalidation: (delay: Constant("60ms"))"#;
    let later = writers(lab, "db", 2.5, 500.0, late, 2e3).figure("cache.stale_ratio.mean");
    suite.notices(Quick, "stale reads, told after 60 ms as after 40", expected, 0.03, later);
    suite
}
