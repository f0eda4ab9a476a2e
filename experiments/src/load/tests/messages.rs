//! One broken input after another: what is said of each, and where.

use super::*;

#[test]
fn placeholder() {
    let show = |text: &str, flags: &Overrides| match load(text, flags) {
        Ok(plan) => println!("OK?? {}", plan.warnings.render(false)),
        Err(wrong) => println!("{}---- status {}", wrong.render(false), wrong.status()),
    };
    let none = Overrides::default();
    for (piece, other) in [
        ("workers_per_server", "worker_per_server"),
        ("RoundRobin, ", "RoundRobbin, "),
        ("\"20ms\", cv", "\"20\", cv"),
        ("\"20ms\", cv", "20, cv"),
        ("\"20ms\", cv", "20ms, cv"),
        ("\"20ms\", cv", "\"20 parsecs\", cv"),
        ("servers: 16,", "servers: 16"),
        ("target: \"lb\"", "target: \"lbb\""),
        ("\"lb.strategy\": Random", "\"lb.stratgy\": Random"),
        ("\"round_robin\":       {", "\"random\": {"),
        ("\"clients.latency.p99 < 250ms\"", "\"clients.latency.p99 < 250/s\""),
        (
            "\"clients.latency.p99 < 250ms\"",
            "\"clients.latency.p99 < 250\", \"clients.succes_ratio.mean > 0.9\", \"clients.success_ratio.mean > 95%\", \"clients.success_ratio.mean > 95\", \"web.latency\", \"webb.wait.p99 < 1s\", \"web.wait.p98 < 1s\", \"web.wait.p99 = 1s\", \"web.wait.p99@late < 1s\", \"web.wait.p99 < 1sec\"",
        ),
        ("replications: 10", "replications: 1"),
        ("baseline: \"round_robin\"", "baseline: \"round\""),
        (
            "\"random\":            { \"lb.strategy\": Random }",
            "\"random\": { \"clients.load.fraction\": 0.5 }",
        ),
        (
            "\"random\":            { \"lb.strategy\": Random }",
            "\"random\": { \"lbb.strategy\": Random, \"web.servers.x\": 3, \"clients.retry.budget\": 4, \"web.queue.capacity.foo\": 4, \"lb.strategy.choices\": 4, \"run.seed\": 4, \"web.overrides[3].spd\": 3, \"a..b\": 3 }",
        ),
        ("servers: 16", "servers: \"16\""),
        ("servers: 16", "servers: -1"),
        ("servers: 16", "servers: 1.5"),
        ("servers: 16", "servers: many"),
        ("cv: 1.0", "cv: \"70%\""),
        ("strategy: RoundRobin", "strategy: \"RoundRobin\""),
        ("strategy: RoundRobin", "strategy: 3"),
        ("strategy: RoundRobin", "strategy: RoundRobin(choices: 3)"),
        ("strategy: RoundRobin", "strategy: WeightedRoundRobin"),
        ("backends: \"web\",", ""),
        ("backends: \"web\"", "backends: web"),
        ("run: (", "run: {"),
        ("horizon: SteadyState", "horizn: SteadyState"),
        ("baseline:", "basline:"),
        ("overrides: { 15: (speed: 0.5) }", "overrides: { 15: 0.5 }"),
        ("overrides: { 15: (speed: 0.5) }", "overrides: { \"x\": (speed: 0.5) }"),
        ("[0.50,", "[0.6, 0.6000,"),
        ("[0.50,", "[\"half\","),
        ("[0.50,", "[-1,"),
        ("name: \"lb_one_slow_server\"", "name: \"lb/one\""),
        ("\"web\": ServerPool", "\"clients\": ServerPool"),
        ("\"lb\": LoadBalancer", "lb: LoadBalancer"),
        ("seed: 1,", "seed = 1,"),
        ("seed: 1,", "seed: ,"),
        ("seed: 1,", "seed: 1;"),
        ("Which strategy", "Which \\q strategy"),
        ("bound", "bou\"nd"),
        ("load: Utilization(of", "load: Utilization(of: \"web\", of"),
        ("fraction: 0.70),", "fraction: 0.70,"),
        ("fraction: 0.70),", "fraction: 0.70],"),
        ("        \"web\": ServerPool(", "        \"web\": ServerPool{"),
        ("\n        ),\n    },\n\n    // One", "\n    },\n\n    // One"),
        (
            "slos:",
            "windows: {\"late\": (\"300s\", \"900s\"), \"odd\": (\"3s\", \"2s\"), \"one\": (\"3s\"), \"x y\": (\"1s\",\"2s\")}, slos:",
        ),
        ("seed: 1,", "seed: 1, budget: (event: 3),"),
        ("fraction: 0.70", "fraction: 1e999"),
        ("slos: [\"cl", "slos: [\"clients.latency.p99 < 250ms"),
        ("question: ", "question: 'a' "),
        ("arms: {", "arms: [],  xarms: {"),
    ] {
        println!("=================== {other}");
        show(&slow_server_with(piece, other), &none);
    }
    for text in [
        "",
        "   // nothing\n",
        "(",
        "[1,2]",
        "name: \"x\"",
        "(name: \"x\"",
        "(name: \"x\"))",
        "#![enable(implicit_some)]\n(name: \"x\")",
        "/* ",
        "\u{1b}[31m",
        "(a: \"\u{7}",
        "()",
    ] {
        println!("=================== {text:?}");
        show(text, &none);
    }
    for set in [
        "lb.strategy",
        "lb.stratgy=Random",
        "lb..x=3",
        "lb.strategy=",
        "lb.strategy=(",
        "web.servers=many",
        "nothing=4",
        "clients.target=web",
        "clients.timeout=2 s",
        "web.servers=7 8",
    ] {
        println!("=================== --set {set:?}");
        show(SLOW_SERVER, &Overrides { set: vec![set.to_owned()], ..none.clone() });
        println!("=================== --sweep {set:?}");
        show(SLOW_SERVER, &Overrides { sweep: vec![set.to_owned()], ..none.clone() });
    }
    for sweep in [
        "web.servers=1,,2",
        "web.servers=1..=9",
        "web.servers=1..=3/1",
        "web.servers=[1,2]",
        "web.servers=1,x",
        "clients.timeout=1s,2s",
    ] {
        println!("=================== --sweep {sweep:?}");
        show(SLOW_SERVER, &Overrides { sweep: vec![sweep.to_owned()], ..none.clone() });
    }
    for w in [
        "",
        "x",
        "clients.load.fraction",
        "clients.load.fraction > ",
        "clients.load.fractio > 1",
        "(clients.load.fraction > 1",
        "clients.load.fraction > 1 2",
    ] {
        println!("=================== --where {w:?}");
        show(SLOW_SERVER, &Overrides { where_: Some(w.to_owned()), ..none.clone() });
    }
    for w in ["[", "zz", ""] {
        println!("=================== --arm {w:?}");
        show(SLOW_SERVER, &Overrides { arm: vec![w.to_owned()], ..none.clone() });
    }
    for slo in ["x", "clients.latency.p99 < 5", "web.wait.mean < 1s"] {
        println!("=================== --slo {slo:?}");
        show(SLOW_SERVER, &Overrides { slo: vec![slo.to_owned()], ..none.clone() });
    }
}
