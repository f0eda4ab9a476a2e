//! Broken pieces of experiments, and the line that is told of each: code, place, what.

/// What one arm of the first experiment sets.
const RANDOM_ARM: &str = "{ \"lb.strategy\": Random }";

/// The first experiment's only claim.
pub(super) const CLAIM: &str = "clients.latency.p99 < 250ms";

/// Brackets, commas, texts: a piece of the first experiment, what replaces it, and what is told.
pub(super) const WRITING: &[(&str, &str, &str)] = &[
    ("servers: 16,", "servers: 16", "E0101 20:24 missing comma after `servers: 16`"),
    ("seed: 1,", "seed = 1,", "E0102 41:14 expected `:` after `seed`, found `=`"),
    ("seed: 1,", "seed: ,", "E0102 41:15 expected a value, found `,`"),
    ("seed: 1,", "seed: 1;", "E0102 41:16 expected `,`, found `;`"),
    ("seed: 1,", "\"seed\": 1,", "E0102 41:9 expected a field `name: value`, found `\"seed\"`"),
    ("\"round_robin\":       {", "\"random\": {", "E0103 31:9 arm `random` is defined twice"),
    ("cv: 1.0", "cv: 1.0, cv: 2.0", "E0103 22:60 field `cv` is defined twice"),
    ("run: (", "run: {", "E0104 45:5 `{` is closed by `)`"),
    ("fraction: 0.70),", "fraction: 0.70],", "E0104 10:56 `(` is closed by `]`"),
    ("fraction: 0.70),", "fraction: 0.70,", "E0104 12:5 `(` is closed by `}`"),
    ("\"web\": ServerPool(", "\"web\": ServerPool{", "E0104 19:26 `ServerPool` is followed by `{`"),
    ("Unbounded", "Unbou\"nded", "E0105 23:40 a text is not closed on its line"),
    ("Which strategy", "Which \\q", "E0105 4:22 unknown escape `\\q`"),
    ("seed: 1,", "seed: 1, /* never closed", "E0105 41:18 a comment is never closed"),
    ("seed: 1,", "seed: 'ab',", "E0105 41:15 a single quote holds exactly one character"),
    ("\"20ms\"", "20ms", "E0106 22:43 `20ms` is not a number"),
    ("servers: 16", "servers: 1.2.3", "E0106 20:22 `1.2.3` is not a number"),
];

/// Whole texts that are no experiment.
pub(super) const FILES: &[(&str, &str)] = &[
    ("", "E0109 1:1 there is nothing here to run"),
    ("// only a comment", "E0109 1:18 there is nothing here to run"),
    ("[1, 2]", "E0109 1:1 an experiment is ( name: \"…\", … ), found a list [ … ]"),
    ("Experiment(name: \"x\")", "E0109 1:1 an experiment is ( name: \"…\", … ), found `Experiment(…)`"),
    ("(name: \"x\"", "E0104 1:1 `(` is never closed"),
    ("(name: \"x\"))", "E0104 1:12 `)` closes nothing"),
    ("name: \"x\"", "E0102 1:5 expected the end, found `:`"),
    ("#![enable(implicit_some)]\n()", "E0102 1:1 expected a value, found `#`"),
];

/// Names and types.
pub(super) const TYPING: &[(&str, &str, &str)] = &[
    ("workers_per_server", "worker_per_server", "E0201 21:13 ServerPool has no field `worker_per_server`"),
    ("horizon:", "horizn:", "E0201 43:9 `run` has no field `horizn`"),
    ("baseline:", "basline:", "E0201 37:5 the experiment has no field `basline`"),
    ("RoundRobin, ", "RoundRobin(choices: 3), ", "E0201 17:34 RoundRobin has no field `choices`"),
    ("RoundRobin, ", "RoundRobbin, ", "E0202 17:23 unknown load-balancing strategy `RoundRobbin`"),
    ("OpenLoop", "OpenLop", "E0202 7:20 unknown workload `OpenLop`"),
    ("LogNormal", "Lognormal", "E0202 22:27 unknown distribution `Lognormal`"),
    ("Poisson", "Poison", "E0202 9:23 unknown arrival process `Poison`"),
    ("SteadyState", "Steady", "E0202 43:18 unknown horizon `Steady`"),
    ("backends: \"web\",", "", "E0203 15:15 LoadBalancer needs `backends`"),
    ("RoundRobin, ", "WeightedRoundRobin, ", "E0203 17:23 WeightedRoundRobin needs `weights`"),
    ("horizon: SteadyState(warmup: \"20s\", measure: \"100s\"),", "", "E0203 40:5 `run` needs `horizon`"),
    ("servers: 16", "servers: \"16\"", "E0204 20:22 `servers` must be a whole number, found the text \"16\""),
    (
        "backends: \"web\"",
        "backends: web",
        "E0204 16:23 `backends` must be a text in quotes, found the bare word `web`",
    ),
    (
        "RoundRobin, ",
        "\"RoundRobin\", ",
        "E0204 17:23 `strategy` must be a load-balancing strategy, found the text \"RoundRobin\"",
    ),
    (
        "\"lb\": L",
        "lb: L",
        "E0204 15:9 a key of `components` must be a text in quotes, found the bare word `lb`",
    ),
    ("Poisson", "Poisson(rate: 3)", "E0204 9:23 `Poisson` takes no parentheses"),
    (
        "{ 15: (speed: 0.5) }",
        "{ 15: 0.5 }",
        "E0204 24:30 `15` must be a group of fields ( … ), found the number 0.5",
    ),
    (
        "common_random_numbers: true",
        "common_random_numbers: yes",
        "E0204 44:32 `common_random_numbers` must be `true` or `false`, found the bare word `yes`",
    ),
    ("servers: 16", "servers: -1", "E0205 20:22 `servers` must be a whole number, 0 or more, got -1"),
    ("servers: 16", "servers: 1.5", "E0205 20:22 `servers` must be a whole number, 0 or more, got 1.5"),
    ("fraction: 0.70", "fraction: 1e999", "E0205 10:52 `fraction` must be a number below 1.8e308, got 1e999"),
    (
        "name: \"lb_one",
        "name: \"lb/one",
        "E0206 3:11 the experiment `lb/one_slow_server` has a name that cannot be used",
    ),
    ("\"random\":", "\"ran dom\":", "E0206 30:9 arm `ran dom` has a name that cannot be used"),
    ("mean: \"20ms\"", "mean: \"20\"", "E0401 22:43 a duration needs a unit"),
    ("mean: \"20ms\"", "mean: 20", "E0401 22:43 a duration needs a unit"),
    ("cv: 1.0", "cv: \"70%\"", "E0402 22:55 `cv` must be a fraction, got 70%"),
    ("mean: \"20ms\"", "mean: \"20 moons\"", "E0405 22:43 `20 moons` is not a duration"),
    (
        "mean: \"20ms\"",
        "mean: \"-20ms\"",
        "E0404 22:43 a duration cannot be negative or infinite, got `-20ms`",
    ),
];

/// References, ranges, arms, sweeps, windows.
pub(super) const MEANING: &[(&str, &str, &str)] = &[
    (
        "target: \"lb\"",
        "target: \"lbb\"",
        "E0301 8:21 `clients.target` refers to `lbb`, which does not exist",
    ),
    (
        "\"web\": Server",
        "\"clients\": Server",
        "E0301 16:23 `lb.backends` refers to `web`, which does not exist\n\
             E0303 19:9 `clients` is both a workload and a component",
    ),
    (
        "\"web\": Server",
        "\"run\": Server",
        "E0301 16:23 `lb.backends` refers to `web`, which does not exist\n\
             E0303 19:9 `run` is a field of every experiment and cannot be an id",
    ),
    ("fraction: 0.70", "fraction: 0", "E0404 10:52 fraction must be above 0, got 0"),
    ("measure: \"100s\"", "measure: \"0s\"", "E0404 43:54 the horizon must leave time to measure"),
    ("replications: 10", "replications: 0", "E0404 42:23 replications must be 1 or more"),
    ("seed: 1,", "seed: 1, series_bin: \"0s\",", "E0404 41:30 series_bin must be above 0"),
    (
        RANDOM_ARM,
        "{ \"lb.stratgy\": Random }",
        "E0501 30:32 arm `random` sets `lb.stratgy`, but `lb` (LoadBalancer) has no such field",
    ),
    (
        RANDOM_ARM,
        "{ \"lbb.strategy\": Random }",
        "E0501 30:32 arm `random` sets `lbb.strategy`, but nothing is called `lbb`",
    ),
    (
        RANDOM_ARM,
        "{ \"web.servers.count\": 3 }",
        "E0501 30:32 arm `random` sets `web.servers.count`, but `web.servers` is the number 16 and has no `count`",
    ),
    (
        RANDOM_ARM,
        "{ \"clients.retry.budget\": TokenBucket(ratio: 0.1, burst: 1) }",
        "E0501 30:32 arm `random` sets `clients.retry.budget`, but `clients.retry` is not set and needs `max_attempts`",
    ),
    (
        RANDOM_ARM,
        "{ \"web.overrides[3].spd\": 0.5 }",
        "E0501 30:32 arm `random` sets `web.overrides[3].spd`, but `web.overrides[3]` has no such field",
    ),
    (
        RANDOM_ARM,
        "{ \"clients.arrivals.rate\": 5 }",
        "E0501 30:32 arm `random` sets `clients.arrivals.rate`, but `clients.arrivals` has no fields",
    ),
    (RANDOM_ARM, "{ \"lb..x\": 5 }", "E0501 30:32 `lb..x` is not a path"),
    (
        RANDOM_ARM,
        "{ \"run.seed\": 5 }",
        "E0501 30:32 `run.seed` belongs to the experiment, not to the system",
    ),
    (RANDOM_ARM, "{ \"lb.strategy\": Rndom }", "E0202 30:47 unknown load-balancing strategy `Rndom`"),
    (
        RANDOM_ARM,
        "{ \"clients.load.fraction\": 0.5 }",
        "E0504 30:32 sweep over clients.load.fraction has no effect in arm random, which sets it",
    ),
    (
        RANDOM_ARM,
        "{ \"clients.load\": Rate(\"5/s\") }",
        "E0504 30:32 sweep over clients.load.fraction has no effect in arm random, which sets it",
    ),
    ("[0.50,", "[0.6,", "E0505 38:45 the sweep over clients.load.fraction has 0.6 twice"),
    (
        "[0.50, 0.60, 0.70, 0.80, 0.90, 0.95]",
        "[]",
        "E0505 38:14 the sweep over clients.load.fraction has no values",
    ),
    (
        "[0.50, 0.60, 0.70, 0.80, 0.90, 0.95]",
        "0.5",
        "E0505 38:39 the sweep over clients.load.fraction needs a list, found the number 0.5",
    ),
    ("[0.50,", "[\"half\",", "E0204 38:40 `fraction` must be a number, found the text \"half\""),
    ("[0.50,", "[-1,", "E0404 38:40 fraction must be above 0, got -1"),
    ("\"round_robin\",", "\"round\",", "E0506 37:15 the baseline is `round`, which is no arm"),
    ("slos:", "expect: {\"rnd\": []}, slos:", "E0606 47:14 expect names `rnd`, which is no arm"),
    (
        "slos:",
        "expect: {\"random@0.55\": []}, slos:",
        "E0607 47:14 expect names `random@0.55`, which is no point of the sweep",
    ),
    (
        "slos:",
        "windows: {\"late\": (\"300s\", \"900s\")}, slos:",
        "E0602 47:32 window `late` ends at 900s, but the run ends at 120s",
    ),
    ("slos:", "windows: {\"w\": (\"3s\", \"2s\")}, slos:", "E0602 47:27 window `w` ends before it starts"),
    (
        "replications: 10",
        "replications: 1",
        "E0601 42:23 1 replication gives no interval, but slos are set; use replications: 10 or --allow-single",
    ),
];

/// Claims in place of the first experiment's only one.
pub(super) const CLAIMS: &[(&str, &str)] = &[
    (
        "clients.latency.p99 < 250/s",
        "E0403 47:35 cannot compare clients.latency.p99 (a duration) with `250/s` (a rate)",
    ),
    ("clients.latency.p99 < 250", "E0401 47:35 a duration needs a unit"),
    ("clients.goodput.mean > 665", "E0401 47:36 a rate needs a unit"),
    (
        "clients.success_ratio.mean > 95%",
        "E0402 47:42 clients.success_ratio.mean must be compared with a number between 0 and 1, got 95%",
    ),
    (
        "clients.success_ratio.mean > 95",
        "E0402 47:42 clients.success_ratio.mean must be compared with a number between 0 and 1, got 95",
    ),
    ("client.latency.p99 < 1s", "E0301 47:13 the claim refers to `client`, which does not exist"),
    ("clients.latncy.p99 < 1s", "E0605 47:21 unknown metric `latncy`"),
    ("clients.latency.p98 < 1s", "E0605 47:29 unknown statistic `p98`"),
    ("clients.latency.p99@late < 1s", "E0603 47:33 unknown window `late`"),
    ("clients.latency < 1s", "E0604 47:13 `clients.latency` is not a figure"),
    ("clients.latency.p99", "E0604 47:13 `clients.latency.p99` compares with nothing"),
    ("clients.latency.p99 = 1s", "E0604 47:33 `=` is not a comparison"),
    ("clients.latency.p99 <", "E0604 47:34 the claim has no threshold"),
    ("clients.latency.p99 < 1 fortnight", "E0405 47:35 `1 fortnight` is not a duration"),
];

/// Flags on the sound first experiment.
pub(super) const FLAGS: &[(&str, &str, &str)] = &[
    ("--set", "web.servers", "E0501 1:1 --set needs PATH=VALUE, got `web.servers`"),
    ("--set", "web.servers=", "E0102 1:13 a value is missing after `=`"),
    ("--set", "web.servers=7 8", "E0102 1:15 expected the end, found `8`"),
    ("--set", "web.servers=(", "E0104 1:13 `(` is never closed"),
    ("--set", "web.servrs=7", "E0501 1:1 --set sets `web.servrs`, but `web` (ServerPool) has no such field"),
    ("--set", "web.servers=many", "E0204 1:13 `servers` must be a whole number, found the bare word `many`"),
    ("--set", "nobody=1", "E0501 1:1 --set sets `nobody`, but nothing is called `nobody`"),
    ("--sweep", "web.servers=1,,2", "E0102 1:15 expected a value, found `,`"),
    ("--sweep", "web.servers=1..=9", "E0505 1:13 `1..=9` is not a range"),
    ("--sweep", "web.servers=1..=900/1", "E0509 the plan has 32400 cells, more than 10000"),
    (
        "--sweep",
        "lb.strategy=Random",
        "E0504 30:32 sweep over lb.strategy has no effect in arm random, which sets it",
    ),
    (
        "--sweep",
        "clients.load=Rate(\"5/s\")",
        "E0505 1:1 the sweeps over clients.load.fraction and clients.load set the same field",
    ),
    ("--slo", "clients.wait.p99 < 5", "E0401 1:20 a duration needs a unit"),
    ("--arm", "[", "E0507 1:1 `[` is not a pattern: unclosed character class; missing ']'"),
    ("--arm", "p3c*", "E0508 1:1 no arm matches `p3c*`"),
    ("--where", "load > 1", "E0507 1:1 `load` is not a sweep axis"),
    ("--where", "clients.load.fraction >", "E0507 1:24 expected a value, found the end"),
    ("--where", "clients.load.fraction > 1", "E0508 1:1 no sweep point fulfils the condition"),
];
