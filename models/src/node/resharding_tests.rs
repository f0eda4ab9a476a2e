//! Databases that change under load, told by small systems whose figures can be added up by hand.

use std::collections::{BTreeMap, BTreeSet};

use super::testing::{figures_within, problems, read, reported};
use crate::{
    measure::{Figure, METRICS, Owner},
    spec::Form,
};

/// So many requests a second of ten client processes, a quarter of which write, at a database with these fields.
fn grown(rate: u32, fields: &str, seconds: u32, windows: &[(&str, u32, u32)]) -> BTreeMap<String, f64> {
    let text = format!(
        r#"(workloads: {{ "users": OpenLoop(
                target: "db", load: Rate("{rate}/s"), keys: Uniform(items: 10000), instances: 10,
                requests: {{ "get": (weight: 3), "put": (weight: 1, writes: true) }},
            ) }},
            network: (within_zone: Constant("1ms")),
            components: {{ "db": Database(
                keys: 10000, read_time: Constant("100us"), connections_per_replica: 10, {fields}
            ) }})"#
    );
    figures_within(&text, seconds, windows)
}

#[track_caller]
fn near(value: f64, expected: f64, by: f64) {
    assert!((value - expected).abs() <= by, "{value} is not {expected}, to {by}");
}

#[test]
fn any_node_passes_on_what_it_does_not_hold() {
    // One of eight holds the key by chance: 1 + 7/8 hops. 50000 requests, four standard deviations.
    let fields = r#"shards: 8, partitioning: HashModulo(), routing: AnyNode, look_time: "1ms""#;
    let seen = grown(1000, fields, 50, &[]);
    let by = 4.0 * (7.0_f64 / 64.0 / 50_000.0).sqrt();
    near(seen["db.hops.mean"], 1.875, by);
    near(seen["db.forwards.count"] / seen["users.arrivals.count"], 0.875, by);
    // There and back is 2 ms, and 2 ms and a look more where it is passed on. Hardly any waits.
    near(seen["users.latency.mean"] * 1e3, 2.1 + 0.875 * 3.0, 3.0 * by + 0.01);
    assert_eq!(seen["users.success_ratio.mean"], 1.0);
}

/// From eight shards to nine at the fifth second, ten keys in ten milliseconds, and what else is to be said of it.
fn grows(rest: &str) -> String {
    format!(
        r#"shards: 8, reshard: [(at: "5s", shards: 9, bandwidth: "1MB", batch: 10, copy_time: "1us", {rest})]"#
    )
}

#[test]
fn a_change_moves_what_its_plan_says_at_the_pace_it_may() {
    for (partitioning, share) in [("HashModulo()", 8.0 / 9.0), ("JumpHashing()", 1.0 / 9.0)] {
        let fields = format!("partitioning: {partitioning}, {}", grows("cut_over: DualWrites"));
        let seen = grown(200, &fields, 30, &[("after", 20, 30)]);
        // Four standard deviations of what chance does to 10000 keys.
        near(seen["db.moved_share.mean"], share, 4.0 * (share * (1.0 - share) / 10_000.0).sqrt());
        let keys = seen["db.moved_keys.count"];
        assert_eq!(seen["db.moved_bytes.count"], 1000.0 * keys);
        // A thousand keys a second; a batch takes 4 ms there and back twice, which only a last one of 1 to 3 keys does not have:
        // 3 + 2 + 1 ms of ten parts, with a standard deviation of 1 ms each.
        let parts = seen["db.hand_overs.count"];
        near(
            seen["db.migration_time.mean"],
            keys / 1000.0 + 0.0006 * parts,
            4.0 * 0.001 * parts.sqrt() + 0.004,
        );
        assert_eq!((seen["db.migrations.count"], seen["users.success_ratio.mean"]), (1.0, 1.0));
        assert!(seen["db[8].arrivals.count@after"] > 0.0);
        // Nine shards with a ninth each: the spread of chance alone is sqrt(8/10000) = 0.028.
        assert!(seen["db.key_imbalance.cv"] < 0.06, "{}", seen["db.key_imbalance.cv"]);
    }
}

#[test]
fn keys_that_move_take_their_bytes_along_at_the_pace_there_is() {
    // All that moves goes to the new shard, so what that stores at last is what was moved, to the byte.
    let sizes = r#"bytes_per_key: Exponential(mean: "1KB"), partitioning: JumpHashing()"#;
    for cut_over in ["DualWrites", "KeyByKey"] {
        let seen = grown(200, &format!("{sizes}, {}", grows(&format!("cut_over: {cut_over}"))), 30, &[]);
        let (keys, bytes) = (seen["db.moved_keys.count"], seen["db.moved_bytes.count"]);
        assert_eq!((seen["db[8].stored_keys.count"], seen["db[8].stored_bytes.count"]), (keys, bytes));
        // Four standard errors of so many exponentials.
        near(bytes / keys, 999.5, 4.0 * 1000.0 / keys.sqrt());
        // A million bytes a second, and what the last batch of each part may take.
        near(seen["db.migration_time.mean"], bytes / 1e6, 0.005 * seen["db.hand_overs.count"] + 0.01);
    }
}

/// Fifty requests a second, evenly, of a service that does this step, and what becomes of them while eight shards become nine.
fn asked_together(step: &str, fields: &str) -> BTreeMap<String, f64> {
    let text = format!(
        r#"(workloads: {{ "users": OpenLoop(
                target: "web", arrivals: Deterministic(), load: Rate("50/s"), keys: Uniform(items: 10000),
            ) }},
            network: (within_zone: Constant("3ms")),
            components: {{
                "web": Service(workers_per_server: 100, handles: {{ "*": [{step}] }}),
                "db": Database(keys: 10000, read_time: Constant("100us"), connections_per_replica: 10, {fields}),
            }})"#
    );
    figures_within(&text, 30, &[("after", 20, 30)])
}

#[test]
fn queries_of_several_keys_miss_none_that_moves() {
    for cut_over in [r#"Block(pause: "50ms")"#, "DualWrites", "KeyByKey"] {
        for routing in ["Informed", "Aware()", "Aware(learns: Part)", "AnyNode"] {
            let change = grows(&format!("cut_over: {cut_over}, keys_per_part: 100"));
            let fields = format!("partitioning: HashModulo(), routing: {routing}, {change}");
            let seen = asked_together(r#"MultiGet(database: "db", keys: 200)"#, &fields);
            let case = format!("{cut_over} {routing}");
            assert_eq!(seen["users.success_ratio.mean"], 1.0, "{case}");
            // Every request has found its 200 keys, but those under way at the end.
            let (asked, left) =
                (200.0 * seen["users.arrivals.count"], 200.0 * seen["users.in_flight_at_end.count"]);
            let found = seen["db.gathered_keys.count"];
            assert!(left <= 200.0 && found <= asked && found >= asked - left, "{case}: {found} of {asked}");
            let sent_on = if routing == "AnyNode" { "db.forwards.count" } else { "db.redirects.count" };
            assert!(seen[sent_on] > 0.0, "{case}");
            // Once all has moved nobody is sent on who has fetched the map.
            assert!(seen["db.hops.mean@after"] < 1.01, "{case}: {}", seen["db.hops.mean@after"]);
        }
    }
}

#[test]
fn queries_of_ranges_follow_what_moves() {
    for (step, partitioning) in [
        (r#"Scatter(database: "db")"#, "HashModulo()"),
        (r#"RangeRead(database: "db", span: 3000)"#, "Range(keys: 10000)"),
    ] {
        for routing in ["Informed", "Aware()"] {
            let change = grows("cut_over: DualWrites, keys_per_part: 100");
            let seen =
                asked_together(step, &format!("partitioning: {partitioning}, routing: {routing}, {change}"));
            assert_eq!((seen["users.success_ratio.mean"], seen["db.migrations.count"]), (1.0, 1.0), "{step}");
            let redirects = seen["db.redirects.count"];
            // Of a range the few that have to be in just this moment may be none.
            assert!(redirects > 0.0 || routing == "Informed", "{step} {routing}: {redirects}");
            assert_eq!(seen["db.redirects.count@after"], 0.0, "{step} {routing}");
        }
    }
}

#[test]
fn entries_of_a_directory_are_moved_until_the_load_is_level() {
    // Twelve tenants of 100 keys by Zipf's law, all of the first six at one shard of four: that has H(6)/H(12) = 0.789 of all,
    // 3.16 times the mean. Moved one by one, no shard need have more than the first tenant, 1/H(12) = 0.322, 1.29 times the mean.
    let entries: Vec<String> = (0..12)
        .map(|tenant| {
            let shard = if tenant < 6 { 0 } else { tenant % 4 };
            format!("(first: {}, last: {}, shard: {shard})", 100 * tenant, 100 * tenant + 99)
        })
        .collect();
    let text = format!(
        r#"(workloads: {{ "users": OpenLoop(
                target: "db", load: Rate("2000/s"), keys: Uniform(items: 100),
                key_layout: ByTenant(tenants: Zipf(items: 12, exponent: 1.0)),
            ) }},
            components: {{ "db": Database(
                shards: 4, keys: 1200, read_time: Constant("100us"), connections_per_replica: 4,
                partitioning: Directory(entries: [{}]), rebalance: (every: "1s"),
            ) }})"#,
        entries.join(", ")
    );
    let seen = figures_within(&text, 40, &[("first", 0, 1), ("late", 30, 40)]);
    let share = |to: u32| (1..=to).map(|rank| 1.0 / f64::from(rank)).sum::<f64>();
    let busiest = |window: &str| seen[&format!("db.shard_imbalance.max_over_mean@{window}")];
    let on_first: f64 = share(6) + 1.0 / 9.0;
    near(busiest("first"), 4.0 * on_first / share(12), 0.15);
    near(busiest("late"), 4.0 / share(12), 0.05);
    assert_eq!((seen["db.moved_keys.count"] % 100.0, seen["users.success_ratio.mean"]), (0.0, 1.0));
    assert!(seen["db.migrations.count"] >= 3.0);
}

#[test]
fn a_shard_of_twice_the_weight_gets_twice_as_much_when_it_comes() {
    // Three shards of weights 1, 2 and 1, then a fourth of 2, of 6 in all; 60000 keys.
    for (partitioning, by) in [
        ("RendezvousHashing(weights: [1, 2, 1, 2])", 0.01),
        // A share by v points a weight has a standard error of √(s(1−s)/(6v)).
        ("ConsistentHashing(virtual_nodes: 2000, weights: [1, 2, 1, 2])", 0.018),
    ] {
        let text = format!(
            r#"(workloads: {{ "users": OpenLoop(target: "db", load: Rate("1/s")) }},
            components: {{ "db": Database(
                keys: 60000, shards: 3, partitioning: {partitioning}, reshard: [(at: "1s", shards: 4, copy_time: "1us")],
            ) }})"#
        );
        let seen = figures_within(&text, 20, &[("before", 0, 1)]);
        let share = |shard: u32, window: &str| {
            seen[&format!("db[{shard}].stored_keys.count{window}")] / seen["db.stored_keys.count"]
        };
        for (shard, weight) in [1.0, 2.0, 1.0].into_iter().enumerate() {
            near(share(shard as u32, "@before"), weight / 4.0, by);
            near(share(shard as u32, ""), weight / 6.0, by);
        }
        near(share(3, ""), 2.0 / 6.0, by);
        near(seen["db.moved_share.mean"], 2.0 / 6.0, by);
    }
}

#[test]
fn copies_take_workers_from_others() {
    // 1111 keys of 1 ms at either side, and a hundred times 100 us for what the requests take.
    let fields =
        r#"shards: 8, partitioning: JumpHashing(), reshard: [(at: "5s", shards: 9, copy_time: "1ms")]"#;
    let seen = grown(100, fields, 20, &[("before", 0, 5)]);
    let slots = 9.0 * 10.0;
    let busy = seen["db.utilization.mean"] * slots * 20.0;
    let keys = seen["db.moved_keys.count"];
    let requests = seen["users.arrivals.count"];
    near(busy, (2.0 * keys * 1e-3 + requests * 1e-4) * 1.0, 0.02 * busy);
    near(seen["db.utilization.mean@before"] * slots, 100.0 * 1e-4, 0.002);
    assert_eq!(seen["db.calls.copies.errors.count"], 0.0);
}

#[test]
fn redirects_die_out_once_the_map_is_learnt() {
    let windows = [("before", 0, 5), ("after", 12, 20)];
    for learns in ["Table", "Part"] {
        let fields = format!(
            "partitioning: JumpHashing(), routing: Aware(learns: {learns}), {}",
            grows("keys_per_part: 50")
        );
        let seen = grown(2000, &fields, 20, &windows);
        assert_eq!(seen["db.redirects.count@before"], 0.0);
        let (all, parts) = (seen["db.redirects.count"], seen["db.hand_overs.count"]);
        // Each of ten callers learns each part at most once, but for what is on its way; those who fetch the table seldomer.
        assert!(all > 10.0 && all < 12.0 * parts + 40.0, "{learns}: {all} of {parts} parts");
        let late = seen["db.redirects.count@after"];
        if learns == "Table" {
            assert!(late <= 10.0, "{late}");
        }
        near(seen["db.hops.mean@after"], 1.0, 0.01);
        assert_eq!((seen["users.success_ratio.mean"], seen["db.errors.count"]), (1.0, 0.0));
    }
}

#[test]
fn a_redirect_costs_a_round_trip_and_a_look() {
    // A stranger to each key at first: one process, one key a part. It knows nothing new, so every redirect is 2.01 ms.
    let text = |routing: &str| {
        format!(
            r#"partitioning: JumpHashing(), routing: {routing},
            shards: 8, reshard: [(at: "0s", shards: 9, keys_per_part: 1, cut_over: DualWrites, copy_time: "1us")]"#
        )
    };
    let seen = grown(1000, &text("Aware(learns: Part)"), 60, &[("late", 10, 60)]);
    let redirects = seen["db.redirects.rate@late"] / 1000.0;
    assert!(redirects > 0.01, "{redirects}");
    near(seen["users.latency.mean@late"] * 1e3, 2.1 + 2.01 * redirects, 0.02);
    let informed = grown(1000, &text("Informed"), 60, &[("late", 10, 60)]);
    near(informed["users.latency.mean@late"] * 1e3, 2.1, 0.005);
}

#[test]
fn every_cut_over_answers_every_request() {
    for (cut_over, figure) in [
        (r#"Block(pause: "50ms")"#, "db.held.count"),
        ("DualWrites", "db.double_writes.count"),
        ("KeyByKey", "db.ask_redirects.count"),
    ] {
        for routing in ["Informed", "Aware()", "AnyNode"] {
            let change = grows(&format!("cut_over: {cut_over}"));
            let fields = format!("partitioning: HashSlots(), routing: {routing}, {change}");
            let seen = grown(2000, &fields, 20, &[]);
            assert_eq!(seen["users.success_ratio.mean"], 1.0, "{cut_over} {routing}");
            assert_eq!(seen["db.migrations.count"], 1.0, "{cut_over} {routing}");
            let asks = figure == "db.ask_redirects.count" && routing == "AnyNode";
            assert!(asks || seen[figure] > 0.0, "{cut_over} {routing}");
        }
    }
}

#[test]
fn a_shard_that_goes_is_drained() {
    let fields = r#"partitioning: JumpHashing(), shards: 9, reshard: [(at: "2s", shards: 8)]"#;
    let seen = grown(500, fields, 20, &[("after", 10, 20)]);
    assert!(seen["db[8].arrivals.count"] > 50.0);
    assert_eq!(seen["db[8].arrivals.count@after"], 0.0);
    assert_eq!(seen["users.success_ratio.mean"], 1.0);
    // Counted over the eight that are left.
    assert!(seen["db.shard_imbalance.max_over_mean@after"] < 1.2);
}

#[test]
fn changes_follow_one_another_and_survive_a_crash() {
    let text = r#"(workloads: { "users": OpenLoop(target: "db", load: Rate("500/s"), keys: Uniform(items: 10000)) },
        components: { "db": Database(
            keys: 10000, shards: 2, partitioning: ConsistentHashing(virtual_nodes: 64), read_time: Constant("100us"),
            reshard: [(at: "3s", shards: 4, bandwidth: "2MB"), (at: "1s", shards: 3, bandwidth: "2MB"), (at: "4s", shards: 2)],
        ) },
        faults: [Crash(target: "db[2]", at: "2s", duration: "2s")])"#;
    let seen = figures_within(text, 30, &[]);
    assert_eq!(seen["db.migrations.count"], 3.0);
    assert!(
        seen["db.calls.copies.errors.count"] > 0.0,
        "what a crashed server was sent has to be sent again"
    );
    assert!(seen["db[2].arrivals.count"] + seen["db[3].arrivals.count"] > 0.0);
}

#[test]
fn what_cannot_be_moved_is_refused() {
    let problems = |fields: &str| {
        problems(&format!(
            r#"(regions: {{ "eu": (), "us": () }},
            workloads: {{ "users": OpenLoop(target: "db", load: Rate("1/s")) }}, components: {{ "db": Database({fields}) }})"#
        ))
    };
    for (fields, word) in [
        ("reshard: [(shards: 2)]", "one region"),
        ("reshard: [(shards: 0)], placed_in: \"eu\"", "1 to 256"),
        ("shards: 1000, reshard: [(shards: 2)], placed_in: \"eu\"", "at most 256"),
        (
            "shards: 3, partitioning: Range(boundaries: [5, 9]), reshard: [(shards: 2)], placed_in: \"eu\"",
            "speaks of 3",
        ),
        ("reshard: [(shards: 2, batch: 0)], placed_in: \"eu\"", "batch"),
        ("reshard: [(shards: 2, streams: 0)], placed_in: \"eu\"", "streams"),
        ("reshard: [(shards: 2, bandwidth: \"0B\")], placed_in: \"eu\"", "bandwidth"),
    ] {
        assert!(
            problems(fields).iter().any(|found| found.contains(word)),
            "{fields}: {:?}",
            problems(fields)
        );
    }
    assert_eq!(problems("reshard: [(shards: 2)], placed_in: \"eu\""), [""; 0]);
}

#[test]
fn copies_of_a_hot_key_share_its_reads_and_all_get_its_writes() {
    // Every request asks for key 0 of 8 shards with 4 copies: a quarter of the reads each, and every write at all four.
    let text = r#"(workloads: { "users": OpenLoop(
                target: "db", load: Rate("1000/s"), keys: HotSet(items: 2, hot_fraction: 0.5, hot_weight: 1.0),
                requests: { "get": (weight: 3), "put": (weight: 1, writes: true) },
            ) },
            components: { "db": Database(
                shards: 8, partitioning: JumpHashing(), copied_keys: (keys: [0], copies: 4),
                read_time: Constant("1us"), connections_per_replica: 10,
            ) })"#;
    let seen = figures_within(text, 50, &[]);
    let requests = seen["users.arrivals.count"];
    let arrivals: Vec<f64> = (0..8).map(|shard| seen[&format!("db[{shard}].arrivals.count")]).collect();
    let having: Vec<&f64> = arrivals.iter().filter(|count| **count > 0.0).collect();
    assert_eq!(having.len(), 4, "{arrivals:?}");
    for count in having {
        // 3/16 + 1/4 of 50000, to four standard deviations of either.
        near(*count / requests, 0.4375, 0.01);
    }
    near(seen["db.copied_writes.count"] / requests, 0.75, 0.01);
    near(seen["db.hops.mean"], 1.75, 0.01);
    assert_eq!(seen["users.success_ratio.mean"], 1.0);
}

#[test]
fn ranges_are_cut_and_moved_until_the_load_is_level() {
    let text = r#"(workloads: { "users": OpenLoop(
                target: "db", load: Rate("2000/s"), keys: Zipf(items: 1000, exponent: 0.8),
            ) },
            components: { "db": Database(
                shards: 4, partitioning: Range(keys: 1000), keys: 1000, read_time: Constant("100us"), connections_per_replica: 4,
                rebalance: (every: "1s", split: (busiest: "150/s")),
            ) })"#;
    let seen = figures_within(text, 60, &[("first", 0, 1), ("late", 50, 60)]);
    // A fixed first range of four has 0.72 of all under that law: sum of r^-0.8 up to 250 over that up to 1000.
    let weight = |to: u32| (1..=to).map(|rank| libm::pow(f64::from(rank), -0.8)).sum::<f64>();
    near(seen["db.shard_imbalance.max_over_mean@first"], 4.0 * weight(250) / weight(1000), 0.12);
    assert!(
        seen["db.shard_imbalance.max_over_mean@late"] < 1.2,
        "{}",
        seen["db.shard_imbalance.max_over_mean@late"]
    );
    assert!(seen["db.splits.count"] > 3.0 && seen["db.migrations.count"] > 2.0);
    assert_eq!(seen["users.success_ratio.mean"], 1.0);
    // Keys stay in order: none is lost to a look of its range.
    assert!(seen["db.moved_share.mean"] < 3.0, "{}", seen["db.moved_share.mean"]);
}

#[test]
fn shards_of_several_regions_stand_in_one_each() {
    let text = r#"(regions: { "eu": (), "us": () },
        network: (within_region: Constant("1ms"), between_regions: Constant("50ms"), client_to_region: { "eu": Constant("1ms"), "us": Constant("1ms") }),
        workloads: { "users": OpenLoop(target: "db", load: Rate("500/s"), origin: { "eu": 1.0 }, keys: Uniform(items: 1000)) },
        components: { "db": Database(
            shards: 4, partitioning: Composite(first: Ranges(boundaries: [750])), keys: 1000,
            read_time: Constant("100us"), connections_per_replica: 4, spread: InTurn,
        ) })"#;
    let seen = figures_within(text, 100, &[]);
    let share = |shard: &str| seen[&format!("db[{shard}].arrivals.count")] / seen["db.arrivals.count"];
    near(share("eu/0") + share("eu/2"), 0.75, 0.008);
    near(share("us/1") + share("us/3"), 0.25, 0.008);
    near(seen["users.latency.mean"] * 1e3, 0.75 * 2.1 + 0.25 * 100.1, 0.8);
}

#[test]
fn the_catalogue_has_what_databases_report() {
    for (fields, has) in [
        ("shards: 4", "db.fan_out.mean"),
        ("shards: 4, reshard: [(at: \"1s\", shards: 5)]", "db.held.rate"),
        ("shards: 4, reshard: [(at: \"1s\", shards: 5, cut_over: DualWrites)]", "db.double_writes.count"),
        ("shards: 4, reshard: [(at: \"1s\", shards: 5, cut_over: KeyByKey)]", "db.ask_redirects.count"),
        ("shards: 4, routing: AnyNode, reshard: [(at: \"1s\", shards: 5)]", "db.forwards.rate"),
        ("shards: 4, copied_keys: ()", "db.copied_writes.count"),
        ("shards: 4, hot_keys: ()", "db.found_hot_keys.count"),
        ("shards: 4, partitioning: Range(keys: 10000), rebalance: ()", "db.splits.count"),
    ] {
        let text = format!(
            r#"(workloads: {{ "users": OpenLoop(target: "db", load: Rate("100/s"), keys: Uniform(items: 10000)) }},
            components: {{ "db": Database(keys: 10000, {fields}) }})"#
        );
        let spec = read(&text);
        let owners = spec.form("db").and_then(Form::divides).map(Owner::of_division).unwrap();
        let owners = [vec![Owner::Station, Owner::Pool], owners].concat();
        let rows = METRICS.iter().filter(|row| row.owners.iter().any(|owner| owners.contains(owner)));
        let name = |row: &'static Figure| {
            row.statistics.iter().map(move |statistic| format!("db.{}.{statistic}", row.name))
        };
        let promised: BTreeSet<String> = rows.flat_map(name).collect();
        let found = reported(&text, 5);
        let own = |name: &&String| name.starts_with("db.") && !name.starts_with("db.calls.");
        let own: BTreeSet<String> = found.iter().filter(own).cloned().collect();
        assert_eq!(own, promised, "{fields}");
        assert!(own.contains(has), "{fields}");
    }
}
