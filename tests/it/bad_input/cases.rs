//! The broken files and flags: what is replaced in a sound experiment, and the command that is told.

/// One mistake, or several.
pub(super) struct Case {
    /// What is wrong, in a few words.
    pub(super) name: &'static str,
    /// Pieces of the sound file, and what stands there instead.
    pub(super) edits: &'static [(&'static str, &'static str)],
    /// The whole file, instead.
    pub(super) whole: Option<&'static str>,
    /// Files beside it.
    pub(super) beside: &'static [(&'static str, &'static [u8])],
    /// The command.
    pub(super) command: &'static str,
}

const RUN: &str = "run counter.ron";

pub(super) const fn edit(name: &'static str, edits: &'static [(&'static str, &'static str)]) -> Case {
    Case { name, edits, whole: None, beside: &[], command: RUN }
}

const fn file(name: &'static str, whole: &'static str) -> Case {
    Case { name, edits: &[], whole: Some(whole), beside: &[], command: RUN }
}

const fn flag(name: &'static str, command: &'static str) -> Case {
    Case { name, edits: &[], whole: None, beside: &[], command }
}

/// Brackets, commas, texts, files that are none.
pub(super) const WRITING: &[Case] = &[
    flag("a file that does not exist", "run missing.ron"),
    flag("a folder", "run ."),
    Case {
        name: "bytes that are no text",
        beside: &[("bytes.ron", b"(name: \"a\xff\")")],
        command: "run bytes.ron",
        ..flag("", "")
    },
    file("an empty file", ""),
    file("a list", "[1, 2]"),
    file("a named struct", "Experiment(name: \"x\")"),
    file("no parentheses", "name: \"x\""),
    file("another format: JSON", "{\"name\": \"x\", \"question\": \"y\"}"),
    file("another format: YAML", "name: x\nquestion: y\n"),
    edit("missing comma", &[("servers: 2,", "servers: 2")]),
    edit("missing comma between arms", &[("Random },", "Random }")]),
    edit("equals sign", &[("seed: 1", "seed = 1")]),
    edit("semicolon", &[("seed: 1,", "seed: 1;")]),
    edit("value missing", &[("seed: 1", "seed:")]),
    edit("two arms of one name", &[("\"round_robin\": {}", "\"random\": { \"lb.strategy\": RoundRobin }")]),
    edit("one field twice", &[("servers: 2,", "servers: 2,\n            servers: 3,")]),
    edit("brace closed by parenthesis", &[("run: (", "run: {")]),
    edit("bracket never closed", &[("        \"lb\": LoadBalancer(\n", "        \"lb\": LoadBalancer((\n")]),
    edit("bracket that closes nothing", &[("servers: 2,", "servers: 2),")]),
    edit("text not closed", &[("name: \"counter\"", "name: \"counter")]),
    edit("unknown escape", &[("Which strategy keeps two counters quick?\",", "Which \\strategy?\",")]),
    edit("comment not closed", &[("seed: 1,", "seed: 1, /* never closed")]),
    edit("quantity without quotes", &[("mean: \"10ms\"", "mean: 10ms")]),
    file(
        "nested too deeply",
        concat!("((((((((((((((((((((((((((((((((", "((((((((((((((((((((((((((((((((", "(((("),
    ),
];

/// Names and kinds of values.
pub(super) const TYPING: &[Case] = &[
    edit("unknown field", &[("servers: 2,", "server: 2,")]),
    edit("unknown field far from any", &[("servers: 2,", "servers: 2,\n            color: 3,")]),
    edit("unknown section", &[("baseline:", "basline:")]),
    edit("unknown strategy", &[("strategy: RoundRobin,", "strategy: RoundRobbin,")]),
    edit("unknown component", &[("ServerPool(", "ServerPol(")]),
    edit("unknown workload", &[("OpenLoop(", "OpenLop(")]),
    edit("unknown distribution", &[("Exponential(", "Exponental(")]),
    edit(
        "unknown fault",
        &[("    arms: {", "    faults: [Crsh(target: \"web\", at: \"1s\")],\n    arms: {")],
    ),
    edit("missing field", &[("mean: \"10ms\"", "")]),
    edit("missing section", &[("    question: \"Which strategy keeps two counters quick?\",\n", "")]),
    edit("number as text", &[("servers: 2,", "servers: \"2\",")]),
    edit("word instead of text", &[("target: \"lb\"", "target: lb")]),
    edit("strategy as text", &[("strategy: RoundRobin", "strategy: \"RoundRobin\"")]),
    edit("key without quotes", &[("\"lb\": LoadBalancer", "lb: LoadBalancer")]),
    edit("negative count", &[("servers: 2,", "servers: -2,")]),
    edit("broken count", &[("servers: 2,", "servers: 2.5,")]),
    edit("number too large", &[("fraction: 0.5", "fraction: 1e999")]),
    edit("name with a slash", &[("name: \"counter\"", "name: \"../counter\"")]),
    edit("arm with a blank", &[("\"random\": ", "\"ran dom\": ")]),
    edit("duration without unit", &[("timeout: \"10s\"", "timeout: \"10\"")]),
    edit("duration as number", &[("timeout: \"10s\"", "timeout: 10")]),
    edit("unknown unit", &[("timeout: \"10s\"", "timeout: \"10 seconds\"")]),
    edit("rate as duration", &[("timeout: \"10s\"", "timeout: \"10/s\"")]),
    edit("negative duration", &[("timeout: \"10s\"", "timeout: \"-10s\"")]),
    edit(
        "rate without unit",
        &[
            ("Utilization(of: \"web\", fraction: 0.5)", "Rate(\"700\")"),
            ("    sweep: { \"clients.load.fraction\": [0.3, 0.6] },\n", ""),
        ],
    ),
    edit(
        "several mistakes at once",
        &[
            ("target: \"lb\"", "target: lb"),
            ("timeout: \"10s\"", "timeout: \"10\""),
            ("strategy: RoundRobin", "strategy: RoundRobbin"),
            ("servers: 2,", "server: 2,"),
            ("seed: 1", "seed: -1"),
            ("measure: \"20s\"", "measur: \"20s\""),
        ],
    ),
];

/// References, ranges, places of faults.
pub(super) const MEANING: &[Case] = &[
    edit("target that does not exist", &[("target: \"lb\"", "target: \"lbb\"")]),
    edit("backend that does not exist", &[("backends: \"web\"", "backends: [\"web\", \"wbe\"]")]),
    edit("balancer behind a balancer", &[("backends: \"web\"", "backends: \"lb\"")]),
    edit("load of a pool that does not exist", &[("of: \"web\"", "of: \"wed\"")]),
    edit("id of a workload and a component", &[("\"web\": ServerPool", "\"clients\": ServerPool")]),
    edit("id that is a section", &[("\"web\": ServerPool", "\"run\": ServerPool")]),
    edit(
        "no workload",
        &[(
            "        \"clients\": OpenLoop(\n            target: \"lb\",\n            load: Utilization(of: \"web\", fraction: 0.5),\n            timeout: \"10s\",\n        ),\n",
            "",
        )],
    ),
    edit(
        "calls in a circle",
        &[(
            "        \"web\": ServerPool(",
            "        \"a\": Service(handles: { \"*\": [Call(\"b\")] }),\n        \"b\": Service(handles: { \"*\": [Call(\"a\")] }),\n        \"web\": ServerPool(",
        )],
    ),
    edit(
        "call of itself",
        &[("servers: 2,", "servers: 2,\n            handles: { \"*\": [Call(\"web\")] },")],
    ),
    edit(
        "server beyond the pool",
        &[("servers: 2,", "servers: 2,\n            overrides: { 2: (speed: 0.5) },")],
    ),
    edit(
        "fault at a server beyond the pool",
        &[("    arms: {", "    faults: [Crash(target: \"web[2]\", at: \"1s\")],\n    arms: {")],
    ),
    edit("fault without place and time", &[("    arms: {", "    faults: [Crash()],\n    arms: {")]),
    edit(
        "fault with another fault's field",
        &[("    arms: {", "    faults: [Crash(target: \"web\", at: \"1s\", factor: 2.0)],\n    arms: {")],
    ),
    edit(
        "fault that lacks its measure",
        &[("    arms: {", "    faults: [Slow(target: \"web\", at: \"1s\")],\n    arms: {")],
    ),
    edit(
        "percent where a fraction is meant",
        &[("    arms: {", "    faults: [Errors(target: \"web\", at: \"1s\", share: 50)],\n    arms: {")],
    ),
    edit("percent sign", &[("fraction: 0.5", "fraction: \"50%\"")]),
    edit(
        "region that does not exist",
        &[("    arms: {", "    faults: [RegionOutage(region: \"eu\", at: \"1s\")],\n    arms: {")],
    ),
    edit(
        "kind of request nobody sends",
        &[("servers: 2,", "servers: 2,\n            service_times: { \"buy\": Constant(\"1ms\") },")],
    ),
    edit(
        "call policy for somebody not called",
        &[("timeout: \"10s\"", "calls: { \"web\": (timeout: \"1s\") }")],
    ),
    edit("no servers", &[("servers: 2", "servers: 0")]),
    edit("timeout of 0", &[("timeout: \"10s\"", "timeout: \"0s\"")]),
    edit("negative cv", &[("Exponential(mean: \"10ms\")", "LogNormal(mean: \"10ms\", cv: -1)")]),
    edit(
        "quantiles in the wrong order",
        &[("Exponential(mean: \"10ms\")", "LogNormal(p50: \"10ms\", p99: \"5ms\")")],
    ),
    edit(
        "Layer4 that retries",
        &[(
            "backends: \"web\",",
            "backends: \"web\",\n            layer: Layer4,\n            retry: (max_attempts: 2),",
        )],
    ),
    Case {
        name: "trace that does not exist",
        edits: &[
            (
                "OpenLoop(\n            target: \"lb\",\n            load: Utilization(of: \"web\", fraction: 0.5),",
                "Trace(\n            target: \"lb\",\n            trace: (file: \"none.csv\"),",
            ),
            ("    sweep: { \"clients.load.fraction\": [0.3, 0.6] },\n", ""),
        ],
        ..flag("", RUN)
    },
    Case {
        name: "trace that is none",
        edits: &[
            (
                "OpenLoop(\n            target: \"lb\",\n            load: Utilization(of: \"web\", fraction: 0.5),",
                "Trace(\n            target: \"lb\",\n            trace: (file: \"log.csv\"),",
            ),
            ("    sweep: { \"clients.load.fraction\": [0.3, 0.6] },\n", ""),
        ],
        beside: &[("log.csv", b"time,key\nsoon,1\n")],
        ..flag("", RUN)
    },
    Case {
        name: "column that does not exist",
        edits: &[("Exponential(mean: \"10ms\")", "Empirical(file: \"times.csv\", column: \"tme\")")],
        beside: &[("times.csv", b"time\n10ms\n")],
        ..flag("", RUN)
    },
];

/// Arms, sweeps, windows, replications, stability.
pub(super) const DESIGN: &[Case] = &[
    edit("arm sets a field that does not exist", &[("\"lb.strategy\": Random", "\"lb.stratgy\": Random")]),
    edit("arm sets an id that does not exist", &[("\"lb.strategy\": Random", "\"lbb.strategy\": Random")]),
    edit("arm sets a strategy that does not exist", &[("\"lb.strategy\": Random", "\"lb.strategy\": Rndom")]),
    edit("arm goes below a number", &[("\"lb.strategy\": Random", "\"web.servers.count\": 3")]),
    edit("arm sets the experiment", &[("\"lb.strategy\": Random", "\"run.seed\": 3")]),
    edit("arm sets what is swept", &[("\"lb.strategy\": Random", "\"clients.load\": Rate(\"5/s\")")]),
    edit("arm is no map", &[("{ \"lb.strategy\": Random }", "Random")]),
    edit(
        "sweep over a field that does not exist",
        &[("\"clients.load.fraction\": [0.3", "\"clients.load.share\": [0.3")],
    ),
    edit("sweep with one value twice", &[("[0.3, 0.6]", "[0.3, 0.6, 0.3]")]),
    edit("sweep without values", &[("[0.3, 0.6]", "[]")]),
    edit("sweep that is no list", &[("[0.3, 0.6]", "0.3")]),
    edit("sweep over wrong values", &[("[0.3, 0.6]", "[0.3, \"0.6\", -1]")]),
    edit(
        "two sweeps over one field",
        &[("sweep: {", "sweep: { \"clients.load\": [Rate(\"5/s\"), Rate(\"6/s\")],")],
    ),
    edit("baseline that is no arm", &[("baseline: \"round_robin\"", "baseline: \"round_robbin\"")]),
    edit("expectation of no arm", &[("expect: { \"least\"", "expect: { \"most\"")]),
    edit("expectation of no point", &[("expect: { \"least\"", "expect: { \"least@0.45\"")]),
    edit("window beyond the run", &[("(\"15s\", \"25s\")", "(\"15s\", \"90s\")")]),
    edit("window that ends before it starts", &[("(\"15s\", \"25s\")", "(\"15s\", \"5s\")")]),
    edit("window with three times", &[("(\"15s\", \"25s\")", "(\"15s\", \"25s\", \"26s\")")]),
    edit(
        "nothing to measure",
        &[("measure: \"20s\"", "measure: \"0s\""), ("    windows: { \"late\": (\"15s\", \"25s\") },\n", "")],
    ),
    edit("one replication", &[("replications: 3", "replications: 1")]),
    edit("no replication", &[("replications: 3", "replications: 0")]),
    edit(
        "never a steady state",
        &[
            ("fraction: 0.5)", "fraction: 1.5)"),
            ("    sweep: { \"clients.load.fraction\": [0.3, 0.6] },\n", ""),
        ],
    ),
    edit("never a steady state, at no load", &[("[0.3, 0.6]", "[1.1, 2.0]")]),
    edit(
        "too many cells",
        &[(
            "[0.3, 0.6]",
            "[0.3, 0.6], \"web.servers\": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44], \"clients.instances\": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44]",
        )],
    ),
];

macro_rules! claim {
    ($name:literal, $claim:literal) => {
        edit($name, &[("\"clients.latency.p99 < 500ms\"", concat!("\"", $claim, "\""))])
    };
}

/// Claims.
pub(super) const CLAIMS: &[Case] = &[
    edit(
        "time to recover on average",
        &[("clients.latency.p99 < 500ms", "clients.time_to_recover.mean < 10s")],
    ),
    claim!("another kind of quantity", "clients.latency.p99 < 500/s"),
    claim!("claim without unit", "clients.latency.p99 < 500"),
    claim!("rate without unit", "clients.goodput.mean > 665"),
    claim!("percent in a claim", "clients.success_ratio.mean > 95%"),
    claim!("share above 1", "clients.success_ratio.mean > 95"),
    claim!("claim on nobody", "client.latency.p99 < 500ms"),
    claim!("claim on no server", "web[7].utilization.mean < 0.9"),
    claim!("claim on a call nobody makes", "clients.calls.web.latency.p99 < 1s"),
    claim!("figure no run reports, near one", "clients.latncy.p99 < 500ms"),
    claim!("figure no run reports, near none", "clients.happiness.mean > 0.5"),
    claim!("figure of a later chapter", "clients.hit_ratio.mean > 0.5"),
    claim!("figure of servers asked of clients", "clients.utilization.mean < 0.5"),
    claim!("statistic that does not exist", "clients.latency.p98 < 500ms"),
    claim!("statistic the figure does not have", "clients.goodput.p99 > 5/s"),
    claim!("window that does not exist", "clients.latency.p99@later < 500ms"),
    claim!("no statistic", "clients.latency < 500ms"),
    claim!("no comparison", "clients.latency.p99"),
    claim!("single equals sign", "clients.arrivals.count = 5"),
    claim!("no threshold", "clients.latency.p99 <"),
    claim!("unknown unit in a claim", "clients.latency.p99 < 1 fortnight"),
    edit(
        "claims that are no list",
        &[("[\"clients.latency.p99 < 500ms\"]", "\"clients.latency.p99 < 500ms\"")],
    ),
    edit(
        "expectation on a figure no run reports",
        &[("clients.latency.mean < 100ms", "clients.latency_mean.mean < 100ms")],
    ),
];

/// Flags on a sound file.
pub(super) const FLAGS: &[Case] = &[
    flag("set without value", "run counter.ron --set web.servers"),
    flag("set to nothing", "run counter.ron --set web.servers="),
    flag("set to two values", "run counter.ron -s 'web.servers=7 8'"),
    flag("set to a bracket", "run counter.ron -s 'web.servers=('"),
    flag("set of an unknown field", "run counter.ron -s web.servrs=7"),
    flag("set to a word", "run counter.ron -s web.servers=many"),
    flag("set of nobody", "run counter.ron -s nobody.servers=1"),
    flag("sweep without values", "run counter.ron --sweep web.servers"),
    flag("sweep with a gap", "run counter.ron --sweep web.servers=1,,2"),
    flag("sweep without step", "run counter.ron --sweep web.servers=1..=9"),
    flag("sweep of too many", "run counter.ron --sweep web.servers=1..=9000/1"),
    flag("sweep with a step of 0", "run counter.ron --sweep web.servers=1..=9/0"),
    flag("sweep of what arms set", "run counter.ron --sweep lb.strategy=Random,RoundRobin"),
    flag("wish without unit", "run counter.ron --slo 'clients.wait.p99 < 5'"),
    flag("wish nobody can read", "run counter.ron --slo 'make it fast'"),
    flag("wish on a figure no run reports", "run counter.ron --slo 'web.latencies.p99 < 5ms'"),
    flag("arm that is no pattern", "run counter.ron --arm '['"),
    flag("arm that matches none", "run counter.ron --arm 'p2c*'"),
    flag("condition on no axis", "run counter.ron --where 'load > 1'"),
    flag("condition cut short", "run counter.ron --where 'clients.load.fraction >'"),
    flag("condition nothing fulfils", "run counter.ron --where 'clients.load.fraction > 1'"),
    flag("condition of another kind", "run counter.ron --where 'clients.load.fraction > Random'"),
    flag("one replication", "run counter.ron -r 1"),
    flag("no replication", "run counter.ron -r 0"),
    flag("seed that is none", "run counter.ron --seed lucky"),
    flag("shard beyond all", "run counter.ron --shard 3/2"),
    flag("precision without a figure", "run counter.ron --precision 5%"),
    flag("trace of nobody", "run counter.ron --trace lest@0.3"),
    flag("trace of another point", "run counter.ron --trace least@0.5#1"),
    flag("trace of no single point", "run counter.ron --trace least"),
    flag("trace of a replication that is none", "run counter.ron --trace least@0.3#first"),
    flag("trace of nothing", "run counter.ron --trace '#1'"),
    flag("trace of a plan", "run counter.ron --trace least@0.3 --dry-run"),
    flag("unknown flag", "run counter.ron --replicas 5"),
    flag("unknown format", "run counter.ron --format xml"),
    flag("no file", "run"),
    flag("unknown command", "rum counter.ron"),
    flag("nothing to explain", "explain E9999"),
    flag("results that are not there", "report nothing"),
];
