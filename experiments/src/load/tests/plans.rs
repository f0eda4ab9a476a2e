//! What a plan holds, and what changes a hash.

use super::{Overrides, REGION_FAILOVER, RETRY_STORM, SLOW_SERVER, load, plan, shop::*, slow_server_with};
use crate::{
    document::{self, compact, pretty},
    experiment::Horizon,
    plan::Limit,
};

#[test]
fn the_first_experiment_has_six_arms_at_six_loads() {
    let plan = plan(SLOW_SERVER, &Overrides::default());
    let arms =
        ["random", "round_robin", "weighted_rr", "p2c_outstanding", "p2c_peak_ewma", "least_outstanding"];
    assert_eq!(plan.arms, arms);
    assert_eq!(plan.baseline.as_deref(), Some("round_robin"));
    assert_eq!(plan.axes[0].path, "clients.load.fraction");
    assert_eq!(plan.axes[0].values, ["0.5", "0.6", "0.7", "0.8", "0.9", "0.95"]);
    assert_eq!((plan.cells.len(), plan.runs()), (36, 360));
    assert_eq!(plan.limits("random"), [Limit { name: "clients.latency".to_owned(), limit: 250_000_000 }]);
    let cell = &plan.cells[4 * 6 + 5];
    assert_eq!((cell.arm.as_str(), cell.point[0].value.as_str()), ("p2c_peak_ewma", "0.95"));
    let Component::LoadBalancer(balancer) = &cell.system.components["lb"] else { panic!() };
    let peak = By::PeakEwma { decay: sim_core::time::SimDuration::from_secs(10) };
    assert_eq!(balancer.strategy, Strategy::PowerOfTwoChoices(PowerOfTwo { choices: 2, by: peak }));
    let Component::ServerPool(web) = &cell.system.components["web"] else { panic!() };
    assert_eq!(web.overrides[&15], Override { speed: 0.5 });
    let Workload::OpenLoop(clients) = &cell.system.workloads["clients"];
    assert_eq!(clients.load, Load::Utilization { of: "web".to_owned(), fraction: 0.95 });
}

#[test]
fn arms_reach_into_optional_groups() {
    let plan = plan(RETRY_STORM, &Overrides::default());
    let clients = |arm: usize| {
        let Workload::OpenLoop(clients) = &plan.cells[arm].system.workloads["clients"];
        clients
    };
    assert_eq!(clients(0).retry, None);
    assert_eq!(clients(1).retry.as_ref().unwrap().budget, None);
    let budget = Budget::TokenBucket { ratio: 0.1, burst: 100 };
    assert_eq!(clients(2).retry.as_ref().unwrap().budget, Some(budget));
    assert!(clients(3).circuit_breaker.is_some());
    assert_eq!(plan.run.horizon, Horizon::Terminating { end: sim_core::time::SimDuration::from_secs(600) });
    assert_eq!(plan.expectations_of("retry_budget").len(), 2);
    assert_eq!(plan.slos[0].threshold, 665.0);
}

#[test]
fn what_is_resolved_loads_again_and_is_the_same() {
    for text in [SLOW_SERVER, RETRY_STORM] {
        let first = plan(text, &Overrides::default());
        let again = plan(&first.resolved, &Overrides::default());
        assert_eq!(again.hash, first.hash, "{}", first.resolved);
        assert_eq!(again.resolved, first.resolved);
        for (a, b) in first.cells.iter().zip(&again.cells) {
            assert_eq!((&a.hash, &a.system), (&b.hash, &b.system));
        }
        let cell = first.cells.last().unwrap();
        let alone = plan(&cell.resolved, &Overrides::default());
        assert_eq!((alone.cells.len(), &alone.cells[0].hash), (1, &cell.hash), "{}", cell.resolved);
    }
}

#[test]
fn layout_comments_and_order_change_no_hash() {
    let hash = |text: &str| plan(text, &Overrides::default()).hash;
    let first = hash(SLOW_SERVER);
    for (piece, same) in [
        ("// Which load", "/* other */ // Which load"),
        ("servers: 16,\n            workers_per_server: 4,", "workers_per_server: 0x4, servers: 1_6,"),
        ("0.50, 0.60", "0.5, 6e-1"),
        ("queue: Fifo(capacity: Unbounded),", ""),
        ("common_random_numbers: true,", ""),
        ("\"20ms\", cv", "\"0.02s\", cv"),
        ("RoundRobin,", "RoundRobin(),"),
        ("replications: 10", "replications: 99"),
    ] {
        assert_eq!(hash(&slow_server_with(piece, same)), first, "{same}");
    }
    for (piece, other) in [
        ("seed: 1", "seed: 2"),
        ("workers_per_server: 4", "workers_per_server: 5"),
        ("\"20s\", measure", "\"21s\", measure"),
        ("< 250ms", "< 251ms"),
        ("common_random_numbers: true", "common_random_numbers: false"),
        ("0.95]", "0.96]"),
        ("baseline: \"round_robin\"", "baseline: \"random\""),
    ] {
        assert_ne!(hash(&slow_server_with(piece, other)), first, "{other}");
    }
}

#[test]
fn a_cell_is_known_by_what_decides_its_results() {
    let cells = |text: &str| plan(text, &Overrides::default()).cells;
    let first = cells(SLOW_SERVER);
    assert!(first.iter().all(|cell| cell.hash.len() == 16));
    // One more load leaves the other cells as they are, wherever it stands.
    let more = cells(&slow_server_with("[0.50,", "[0.55, 0.50,"));
    assert_eq!(more[1].hash, first[0].hash);
    assert_ne!(more[0].hash, first[0].hash);
    // Claims about rates are judged from the report; limits on latency must be counted while running.
    let rate = cells(&slow_server_with("slos: [", "slos: [\"clients.goodput.mean > 5/s\", "));
    assert_eq!(rate[0].hash, first[0].hash);
    let limit = cells(&slow_server_with("slos: [", "slos: [\"clients.latency.p50 < 50ms\", "));
    assert_ne!(limit[0].hash, first[0].hash);
}

#[test]
fn flags_change_what_files_say() {
    let flags = Overrides {
        set: vec![
            "web.servers=8".to_owned(),
            "clients.timeout=2s".to_owned(),
            "web.overrides[3].speed=0.9".to_owned(),
        ],
        sweep: vec![
            "clients.load.fraction=0.5..=0.7/0.1".to_owned(),
            "web.workers_per_server=2,4".to_owned(),
        ],
        seed: Some(9),
        replications: Some(3),
        slo: vec!["clients.goodput.mean > 100/s".to_owned()],
        ..Overrides::default()
    };
    let plan = plan(SLOW_SERVER, &flags);
    assert_eq!((plan.run.seed, plan.run.replications, plan.slos.len()), (9, 3, 2));
    assert_eq!(plan.cells.len(), 6 * 3 * 2);
    let point: Vec<_> = plan.cells[1].point.iter().map(|at| at.value.as_str()).collect();
    assert_eq!(point, ["0.5", "4"]);
    let Component::ServerPool(web) = &plan.cells[0].system.components["web"] else { panic!() };
    assert_eq!((web.servers, web.overrides[&3].speed), (8, 0.9));
    let without = Overrides { sweep: Vec::new(), ..flags.clone() };
    assert_ne!(super::plan(SLOW_SERVER, &without).hash, plan.hash);
}

#[test]
fn filters_hide_cells_and_change_no_name() {
    let all = plan(SLOW_SERVER, &Overrides::default());
    let flags = |arm: &[&str], condition: &str| Overrides {
        arm: arm.iter().map(ToString::to_string).collect(),
        where_: Some(condition.to_owned()).filter(|text| !text.is_empty()),
        ..Overrides::default()
    };
    let count = |flags: &Overrides| plan(SLOW_SERVER, flags).cells.len();
    assert_eq!(count(&flags(&["p2c*"], "")), 12);
    assert_eq!(count(&flags(&["p2c*", "random"], "clients.load.fraction >= 0.8")), 9);
    assert_eq!(count(&flags(&[], "!(clients.load.fraction == 0.50) && clients.load.fraction != 0.6")), 24);
    assert_eq!(count(&flags(&[], "clients.load.fraction < 0.6 || clients.load.fraction > 0.9")), 12);
    let some = plan(SLOW_SERVER, &flags(&["random"], ""));
    assert_eq!((&some.hash, &some.arms), (&all.hash, &all.arms));
    for nothing in [flags(&["p3c*"], ""), flags(&[], "clients.load.fraction > 1"), flags(&["p2c*", "x"], "")]
    {
        assert_eq!(load(SLOW_SERVER, &nothing).unwrap_err().status(), 8);
    }
    assert_eq!(load(SLOW_SERVER, &flags(&[], "clients.load > 1")).unwrap_err().status(), 3);
}

#[test]
fn an_arm_refines_what_is_swept() {
    let text = slow_server_with(
        "\"clients.load.fraction\": [0.50, 0.60, 0.70, 0.80, 0.90, 0.95]",
        "\"lb.strategy\": [PowerOfTwoChoices, PowerOfTwoChoices((choices: 3))]",
    );
    let (start, end) = (text.find("arms: {").unwrap(), text.find("baseline").unwrap());
    let arms = "arms: { \"plain\": {}, \"peak\": { \"lb.strategy.by\": PeakEwma(decay: \"10s\") } }, ";
    let text = format!("{}{arms}{}", &text[..start], text[end..].replace("round_robin", "plain"));
    let plan = plan(&text, &Overrides::default());
    let strategy = |cell: usize| match &plan.cells[cell].system.components["lb"] {
        Component::LoadBalancer(LoadBalancer { strategy: Strategy::PowerOfTwoChoices(two), .. }) => {
            two.clone()
        }
        other => panic!("{other:?}"),
    };
    assert_eq!((strategy(0).choices, strategy(1).choices), (2, 3));
    assert_eq!((strategy(2).choices, strategy(3).choices), (2, 3));
    assert!(matches!((strategy(1).by, strategy(3).by), (By::OutstandingRequests, By::PeakEwma { .. })));
    assert_eq!(plan.cells[1].point[0].value, "PowerOfTwoChoices((choices: 3))");
}

#[test]
fn a_set_that_every_arm_overrides_is_told() {
    let flags = Overrides { set: vec!["lb.strategy=Random".to_owned()], ..Overrides::default() };
    let warnings = plan(SLOW_SERVER, &flags).warnings.render(false);
    assert!(
        warnings.starts_with("warning[W0504]: --set lb.strategy has no effect: every arm sets it"),
        "{warnings}"
    );
    let same = slow_server_with("\"random\":            { \"lb.strategy\": Random }", "\"random\": {}");
    let warnings = plan(&same, &Overrides::default()).warnings.render(false);
    assert!(warnings.contains("arms `random` and `round_robin` are the same system"), "{warnings}");
}

#[test]
fn the_parser_agrees_with_ron() {
    let value = |text: &str| {
        let extensions = ron::extensions::Extensions::all();
        ron::Options::default().with_default_extension(extensions).from_str::<ron::Value>(text).unwrap()
    };
    for text in [SLOW_SERVER, RETRY_STORM, REGION_FAILOVER] {
        let parsed = document::parse(text, 0);
        assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
        assert_eq!(parsed.comments.len(), text.matches("//").count());
        let root = parsed.root.unwrap();
        assert_eq!(value(&pretty(&root)), value(text));
        assert_eq!(value(&compact(&root)), value(text));
        let again = document::parse(&pretty(&root), 0).root.unwrap();
        assert_eq!(pretty(&again), pretty(&root));
    }
    let odd = "( a: -0x10, b: [1_000, .5, 2., +3, 1e-3], c: \"\\u{e9}\\x41\\\"\\\\\\n\", d: r#\"raw \"text\"\"#, e: 'x', \
               f: {1: true, \"k\": ()}, g: Name(1, two: /* no */ 2) )";
    let root = document::parse(&odd.replace("two: ", ""), 0).root.unwrap();
    assert_eq!(value(&compact(&root)), value(&odd.replace("two: ", "")));
}

#[test]
fn typed_values_agree_with_ron() {
    let extensions = ron::extensions::Extensions::IMPLICIT_SOME
        | ron::extensions::Extensions::UNWRAP_NEWTYPES
        | ron::extensions::Extensions::UNWRAP_VARIANT_NEWTYPES;
    let options = ron::Options::default().with_default_extension(extensions);
    for cell in plan(RETRY_STORM, &Overrides::default()).cells {
        let printed = options.to_string(&cell.system).unwrap();
        assert_eq!(options.from_str::<Shop>(&printed).unwrap(), cell.system);
    }
}
