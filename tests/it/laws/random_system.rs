//! Random systems, as the experiment files a user could write: every kind of workload, component, policy and fault.
//!
//! A system is text, so that one that breaks a law can be read, saved and run as it stands.

use models::policy::{
    arrival::ArrivalSpec, balancing::BalancerSpec, concurrency::ShareSpec, detection::EjectSpec,
    discipline::QueueSpec, locality::LocalitySpec, stage::StageSpec, subsetting::SubsetSpec,
};

use super::tape::Tape;

/// How long a run is. Rates are such that some hundreds of requests come.
pub(super) const SECONDS: f64 = 2.0;

const MOST_POOLS: usize = 4;
const MOST_BALANCERS: usize = 3;
const MOST_REGIONS: usize = 4;

/// What the parts of a system must know of each other.
struct Plan {
    regions: usize,
    classes: bool,
    /// Whether calls may form circles.
    circles: bool,
    pools: usize,
    /// The first pool behind each balancer; its backends are that one and some after it.
    balancers: Vec<usize>,
}

/// The experiment file that a tape of numbers stands for.
pub(super) fn experiment(numbers: &[u16]) -> String {
    let tape = &mut Tape::new(numbers);
    let pools = 1 + tape.below(MOST_POOLS);
    let balancers = (0..tape.below(MOST_BALANCERS)).map(|_| tape.below(pools)).collect();
    let (regions, classes, circles) = (tape.below(MOST_REGIONS), tape.chance(40), tape.chance(20));
    let plan = Plan { regions, classes, circles, pools, balancers };
    let mut text = "(\n    name: \"random\",\n    question: \"Do the books balance?\",\n".to_owned();
    text += &plan.places(tape);
    let workloads: Vec<String> = (0..=tape.below(3)).map(|id| plan.workload(id, tape)).collect();
    text += &section("workloads", '{', &workloads);
    let mut components: Vec<String> = (0..plan.balancers.len()).map(|id| plan.balancer(id, tape)).collect();
    components.extend((0..pools).map(|id| plan.pool(id, tape)));
    text += &section("components", '{', &components);
    let faults: Vec<String> = (0..tape.below(5)).map(|_| plan.fault(tape)).collect();
    text += &section("faults", '[', &faults);
    let seed = tape.below(1000);
    text + &format!(
        "    run: (seed: {seed}, replications: 1, horizon: Terminating(end: \"{SECONDS}s\")),\n)\n"
    )
}

fn section(name: &str, bracket: char, entries: &[String]) -> String {
    let close = if bracket == '{' { '}' } else { ']' };
    let lines: Vec<String> = entries.iter().map(|entry| format!("        {entry},\n")).collect();
    format!("    {name}: {bracket}\n{}    {close},\n", lines.concat())
}

/// `Name(field, field)`.
fn group(name: &str, fields: &[Option<String>]) -> String {
    format!("{name}({})", fields.iter().flatten().cloned().collect::<Vec<_>>().join(", "))
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// Names of a family's members, as files write them.
fn named<T>(catalog: Vec<(&'static str, &'static str, T)>) -> Vec<String> {
    catalog.into_iter().map(|(name, _, _)| name.to_owned()).collect()
}

/// The family's members with their defaults, or one whose numbers fit a short run.
fn member<T>(catalog: Vec<(&'static str, &'static str, T)>, quick: &[&str], tape: &mut Tape<'_>) -> String {
    let mut names = named(catalog);
    names.extend(quick.iter().map(|text| (*text).to_owned()));
    tape.one_of(&names)
}

/// A length of time that is never 0.
fn some_millis(tape: &mut Tape<'_>) -> String {
    quoted(&format!("{}ms", tape.one_of(&[10.0, 1.0, 0.1, 5.0, 30.0, 100.0, 400.0])))
}

/// A distribution of times whose mean is some milliseconds and never 0.
fn time(tape: &mut Tape<'_>) -> String {
    let mean = some_millis(tape);
    match tape.below(15) {
        0 | 1 => format!("Constant({mean})"),
        2 => format!("Exponential(mean: {mean})"),
        3 => format!("Erlang(shape: 3, mean: {mean})"),
        4 => format!("Hyperexponential(mean: {mean}, cv: 3.0)"),
        5 => format!("LogNormal(mean: {mean}, cv: 1.5)"),
        6 => format!("Weibull(shape: 0.7, mean: {mean})"),
        7 => format!("Pareto(shape: 1.5, minimum: {mean})"),
        8 => "BoundedPareto(shape: 1.1, minimum: \"1ms\", maximum: \"1s\")".to_owned(),
        9 => format!("Gamma(mean: {mean}, cv: 2.0)"),
        10 => format!("TruncatedNormal(mean: {mean}, standard_deviation: \"5ms\")"),
        11 => format!("Empirical(values: [\"0ms\", {mean}, \"20ms\"])"),
        12 => format!("Uniform(low: \"0ms\", high: {mean})"),
        13 => format!(
            "Mixture([(weight: 0.9, of: Exponential(mean: {mean})), (weight: 0.1, of: Constant(\"0ms\"))])"
        ),
        _ => format!("Shifted(by: \"1ms\", of: Exponential(mean: {mean}))"),
    }
}

fn keys(tape: &mut Tape<'_>) -> String {
    let keys = [
        "Uniform(items: 10)",
        "Zipf(items: 1000, exponent: 0.99)",
        "HotSet(items: 100)",
        "Empirical(weights: [5, 3, 2])",
    ];
    tape.one_of(&keys).to_owned()
}

fn sizes(tape: &mut Tape<'_>) -> String {
    tape.one_of(&["Constant(\"2KB\")", "Exponential(mean: \"10KB\")"]).to_owned()
}

fn balancing(tape: &mut Tape<'_>) -> String {
    let quick = [
        "PowerOfTwoChoices(by: PeakEwma(decay: \"100ms\"))",
        "PowerOfChoices(choices: 3, replacement: true)",
        "WeightedRoundRobin(weights: ByCapacity, max_fails: 2)",
        "EarliestDeadlineFirst(weights: ByCapacity)",
        "LeastConnections(max_fails: 1)",
        "LeastRequest(choice_count: 3, active_request_bias: 0.5)",
        "UtilizationWeighted(blackout: \"100ms\", expiry: \"1s\", update: \"200ms\")",
        "Dynamic(members: [Random, JoinIdleQueue], switch: MeanInFlight(above: 2, below: 1, dwell: \"50ms\"))",
        "Dynamic(members: [RoundRobin, Maglev], switch: Schedule([(at: \"500ms\", member: 1)]))",
        "JoinIdleQueue",
    ];
    member(BalancerSpec::catalog(), &quick, tape)
}

fn queue(tape: &mut Tape<'_>) -> String {
    let discipline = tape.one_of(&named(QueueSpec::catalog()));
    let capacity = tape.maybe(60, |tape| format!("capacity: {}", tape.one_of(&[3, 0, 1, 50])));
    let displaces = capacity.as_ref().is_some_and(|text| !text.ends_with(": 0"));
    let when_full =
        tape.maybe(60, |tape| format!("when_full: {}", tape.one_of(&["DropOldest", "DropLowest", "Block"])));
    let when_full = when_full.filter(|_| displaces);
    let expired = tape.maybe(30, |_| "drop_expired: true".to_owned());
    group(&discipline, &[capacity, when_full, expired])
}

fn retry(tape: &mut Tape<'_>) -> String {
    let attempts = tape.between(1, 4);
    let on = |tape: &mut Tape<'_>, what: &str| tape.maybe(50, |tape| format!("{what}: {}", tape.chance(50)));
    let (error, refusal, timeout) = (on(tape, "on_error"), on(tape, "on_refusal"), on(tape, "on_timeout"));
    group("", &[Some(format!("max_attempts: {attempts}")), error, refusal, timeout])
}

fn health_check(tape: &mut Tape<'_>) -> String {
    let flavor = tape.one_of(&["Haproxy", "Envoy", "Fixed"]);
    let interval = tape.one_of(&["100ms", "20ms", "500ms"]);
    let timeout = tape.maybe(50, |_| "timeout: \"10ms\"".to_owned());
    let jitter = tape.maybe(30, |_| "jitter: 0.2".to_owned());
    let fields =
        [Some(format!("interval: \"{interval}\", flavor: {flavor}, unhealthy_after: 2")), timeout, jitter];
    group("", &fields)
}

fn ejection(tape: &mut Tape<'_>) -> String {
    let quick = [
        "NginxPassive(max_fails: 2, fail_timeout: \"200ms\", error_replies: true)",
        "OutlierDetection(interval: \"100ms\", base_ejection_time: \"200ms\", consecutive_5xx: 2, max_ejection: 0.5)",
        "FailureAccrual(consecutive_failures: 2, first_pause: \"50ms\", longest_pause: \"500ms\")",
        "HaproxyObserve(error_limit: 2, on_error: MarkDown)",
        "HaproxyObserve(error_limit: 1, on_error: SuddenDeath)",
    ];
    member(EjectSpec::catalog(), &quick, tape)
}

fn slow_start(tape: &mut Tape<'_>) -> String {
    tape.one_of(&["Envoy(window: \"500ms\")", "Haproxy(window: \"1s\")"]).to_owned()
}

fn view(tape: &mut Tape<'_>) -> String {
    format!("view: Board(every: {})", some_millis(tape))
}

/// What callers and balancers have in common: how they look after the servers they know.
fn care(tape: &mut Tape<'_>) -> Vec<Option<String>> {
    vec![
        tape.maybe(25, view),
        tape.maybe(40, |tape| format!("timeout: {}", some_millis(tape))),
        tape.maybe(25, |tape| format!("health_check: {}", health_check(tape))),
        tape.maybe(25, |tape| format!("ejection: {}", ejection(tape))),
        tape.maybe(20, |tape| format!("slow_start: {}", slow_start(tape))),
        tape.maybe(20, |tape| {
            let quick =
                ["Deterministic(size: 2)", "Random(size: 1)", "Rendezvous(size: 2)", "Aperture(min_size: 1)"];
            format!("subset: {}", member(SubsetSpec::catalog(), &quick, tape))
        }),
    ]
}

/// A step as it is, or inside others, up to three deep.
fn dressed(step: String, classes: bool, tape: &mut Tape<'_>) -> String {
    let depth = tape.below(4);
    let inside = (0..depth).fold(step, |step, _| dressed_once(step, classes, tape));
    // A resource is never asked for by somebody who holds it.
    if tape.chance(20) { format!("Section(resource: \"lock\", steps: [{inside}])") } else { inside }
}

fn dressed_once(step: String, classes: bool, tape: &mut Tape<'_>) -> String {
    match tape.below(12) {
        0 => format!("Wait({}), {step}", time(tape)),
        1 => format!("Fail(0.2), {step}"),
        2 => format!("Sequence([{step}, Wait({})])", time(tape)),
        3 => format!("Branch([(weight: 2.0, steps: [{step}]), (steps: [Compute({})])])", time(tape)),
        4 => format!("Repeat(times: 2, steps: [{step}])"),
        5 | 6 => {
            let join = tape.one_of(&["All", "Any", "Quorum(2)"]);
            let cancels = tape.maybe(40, |tape| format!("cancel_stragglers: {}, ", tape.chance(50)));
            let branches = [step, format!("Compute({})", time(tape)), format!("Wait({})", time(tape))];
            let copies = tape.between(1, 2);
            format!(
                "Parallel(join: {join}, {}copies: {copies}, branches: [[{}]])",
                cancels.unwrap_or_default(),
                branches.join("], [")
            )
        }
        7 => format!("Spawn([{step}, Compute({})])", time(tape)),
        8 => format!("Try(steps: [{step}, Fail(0.3)], on_failure: [Wait({})])", time(tape)),
        9 => format!("Try(steps: [Fail(0.5)], on_failure: [{step}], on_success: [Compute({})])", time(tape)),
        10 if classes => format!("ByClass({{\"put\": [{step}], \"*\": [Wait({})]}})", time(tape)),
        _ => step,
    }
}

/// Stages between a caller and the wire, some of them with numbers that fit a short run.
fn stages(tape: &mut Tape<'_>) -> String {
    let quick = [
        "Timeout(after: \"20ms\")",
        "Bulkhead(max_concurrent: 2, max_wait: \"10ms\")",
        "ConnectionPool(max: 1, acquire_timeout: \"20ms\", max_waiting: 2)",
    ];
    let count = tape.between(1, 4);
    let stages: Vec<String> = (0..count).map(|_| member(StageSpec::catalog(), &quick, tape)).collect();
    format!("stages: [{}]", stages.join(", "))
}

fn call(tape: &mut Tape<'_>) -> String {
    let mut fields = care(tape);
    fields.push(tape.maybe(40, stages));
    fields.push(tape.maybe(20, |_| "shared_stages: true".to_owned()));
    fields.push(tape.maybe(60, |tape| format!("balancer: {}", balancing(tape))));
    group("", &fields)
}

impl Plan {
    /// Regions and the network between them.
    fn places(&self, tape: &mut Tape<'_>) -> String {
        let regions = (0..self.regions).map(|region| {
            let zones = tape.maybe(40, |_| "zones: [\"a\", \"b\"]".to_owned());
            format!("\"r{region}\": {}", group("", &[zones]))
        });
        let regions = section("regions", '{', &regions.collect::<Vec<_>>());
        let delays = [
            tape.maybe(40, |tape| format!("within_zone: {}", time(tape))),
            tape.maybe(20, |tape| format!("within_region: {}", time(tape))),
            tape.maybe(40, |tape| format!("between_regions: {}", time(tape))),
            tape.maybe(20, |_| "loss: 0.05".to_owned()),
            tape.maybe(20, |_| "bandwidth: \"1MB\"".to_owned()),
            tape.maybe(20, |tape| format!("client_to_region: {{ \"r0\": {} }}", time(tape)))
                .filter(|_| self.regions > 0),
            tape.maybe(20, |tape| {
                format!("links: [(between: (\"r0\", \"r1\"), latency: {}, loss: 0.1)]", time(tape))
            })
            .filter(|_| self.regions > 1),
        ];
        format!("{regions}    network: {},\n", group("", &delays))
    }

    /// A region, or sometimes a zone that every region may lack.
    fn region(&self, tape: &mut Tape<'_>) -> String {
        format!("r{}", tape.below(self.regions.max(1)))
    }

    fn placed_in(&self, tape: &mut Tape<'_>) -> Option<String> {
        tape.maybe(30, |tape| format!("placed_in: \"{}\"", self.region(tape))).filter(|_| self.regions > 0)
    }

    fn target(&self, tape: &mut Tape<'_>) -> String {
        let names = (0..self.balancers.len()).map(|id| format!("lb{id}"));
        tape.one_of(&names.chain((0..self.pools).map(|id| format!("pool{id}"))).collect::<Vec<_>>())
    }

    fn workload(&self, id: usize, tape: &mut Tape<'_>) -> String {
        let target = self.target(tape);
        let mut fields = vec![Some(format!("target: \"{target}\""))];
        let kind = tape.one_of(&["OpenLoop", "OpenLoop", "ClosedLoop", "Trace"]);
        fields.extend(match kind {
            "OpenLoop" => Self::open_loop(tape),
            "ClosedLoop" => vec![Some(format!("users: {}, think_time: {}", tape.between(1, 20), time(tape)))],
            _ => vec![Some("trace: (file: \"trace.csv\")".to_owned())],
        });
        if self.classes {
            let of_its_own = tape.maybe(30, |tape| format!(", size: {}, keys: {}", sizes(tape), keys(tape)));
            let put = format!("(weight: 0.3, priority: {}{})", tape.below(3), of_its_own.unwrap_or_default());
            fields.push(Some(format!("requests: {{ \"get\": 0.7, \"put\": {put} }}")));
        }
        fields.extend([
            tape.maybe(40, |tape| format!("timeout: {}", some_millis(tape))),
            tape.maybe(25, |tape| format!("patience: {}", time(tape))),
            tape.maybe(30, |tape| format!("keys: {}", keys(tape))),
            tape.maybe(20, |tape| format!("size: {}", sizes(tape))),
            tape.maybe(20, |tape| format!("instances: {}", tape.between(2, 4))),
            tape.maybe(30, |tape| {
                let security = tape.one_of(&["Plain", "Tls12", "Tls13", "EarlyData"]);
                format!(
                    "connections: (count: {}, requests: {}, security: {security})",
                    tape.between(1, 8),
                    tape.below(5)
                )
            }),
            tape.maybe(20, |_| "origin: { \"r0\": 1.0 }".to_owned()).filter(|_| self.regions > 0),
            self.circles.then(|| format!("max_call_depth: {}", tape.between(1, 4))),
            tape.maybe(40, |_| "propagate_deadline: true".to_owned()),
            tape.maybe(40, |tape| format!("calls: {{ \"{target}\": {} }}", call(tape))),
        ]);
        format!("\"load{id}\": {}", group(kind, &fields))
    }

    fn open_loop(tape: &mut Tape<'_>) -> Vec<Option<String>> {
        // Arrivals of the family that need more than their name.
        let own_words = [
            "Mmpp(states: [(rate_factor: 1, mean_sojourn: \"200ms\"), (rate_factor: 9, mean_sojourn: \"50ms\")])",
            "Renewal(Gamma(mean: \"1s\", cv: 2.0))",
        ];
        let profiles = [
            "Constant",
            "Steps([(\"0s\", 1), (\"500ms\", 3), (\"1s\", 0), (\"1500ms\", 1)])",
            "Ramp(from: 0, to: 2, end: \"2s\")",
            "Sine(period: \"1s\", amplitude: 1.0)",
            "Diurnal(day: \"1s\")",
            "Hourly(day: \"1s\")",
        ];
        let rate = tape.one_of(&[50, 1, 150, 300]);
        let bare = ArrivalSpec::catalog().into_iter().filter(|(name, _, _)| *name != "Renewal").collect();
        vec![
            Some(format!("load: Rate(\"{rate}/s\")")),
            tape.maybe(50, |tape| format!("arrivals: {}", member(bare, &own_words, tape))),
            tape.maybe(30, |tape| format!("profile: {}", tape.one_of(&profiles))),
        ]
    }

    fn balancer(&self, id: usize, tape: &mut Tape<'_>) -> String {
        let first = self.balancers[id];
        let others = (first + 1..self.pools).filter(|_| tape.chance(50)).collect::<Vec<_>>();
        let backends: Vec<String> =
            std::iter::once(first).chain(others).map(|pool| format!("\"pool{pool}\"")).collect();
        let layer4 = tape.chance(30);
        let works = tape.chance(30);
        let handshake = works && !layer4 && tape.chance(50);
        let mut fields = vec![
            Some(format!("backends: [{}]", backends.join(", "))),
            Some(format!("strategy: {}", balancing(tape))),
            layer4.then(|| "layer: Layer4".to_owned()),
            handshake.then(|| "layer: Layer7(handshake: \"2ms\")".to_owned()),
            works.then(|| {
                format!(
                    "workers: {}, service_time: {}, queue: {}",
                    tape.between(1, 3),
                    time(tape),
                    queue(tape)
                )
            }),
            tape.maybe(40, |tape| format!("instances: {}", tape.between(2, 3))),
            tape.maybe(40, |tape| format!("retry: {}", retry(tape))).filter(|_| !layer4),
            tape.maybe(20, |tape| format!("max_connections: {}", tape.between(1, 3))),
            tape.maybe(20, |tape| format!("sticky: (capacity: {}, ttl: \"100ms\")", tape.between(1, 20))),
            tape.maybe(30, |tape| {
                let quick = [
                    "PriorityLevels(fail_on_panic: true)",
                    "ZoneAware(min_cluster_size: 1)",
                    "NearestHealthyRegion(spill_at: 0.5, fail_open: false)",
                ];
                format!("locality: {}", member(LocalitySpec::catalog(), &quick, tape))
            }),
            tape.maybe(30, |tape| {
                format!("routes: {{ \"put\": \"pool{}\" }}", first + tape.below(self.pools - first))
            })
            .filter(|_| self.classes && !layer4),
            self.placed_in(tape),
        ];
        fields.extend(care(tape));
        format!("\"lb{id}\": {}", group("LoadBalancer", &fields))
    }

    fn pool(&self, id: usize, tape: &mut Tape<'_>) -> String {
        let servers = tape.between(1, 4);
        let sharing = tape.maybe(25, |tape| {
            let discipline = tape.one_of(&named(ShareSpec::catalog()));
            format!("sharing: {discipline}(cores: {})", tape.between(1, 3))
        });
        let model = tape.maybe(40, |tape| self.concurrency(tape)).filter(|_| sharing.is_none());
        let alone = sharing.is_none() && model.is_none();
        let line = model.as_ref().map_or(alone, |(_, line)| *line);
        let server = tape.below(servers as usize);
        let mut fields = vec![
            Some(format!("servers: {servers}")),
            sharing,
            model.map(|(text, _)| format!("concurrency: {text}")),
            Some(format!("workers_per_server: {}", tape.between(1, 3))).filter(|_| alone),
            Some(format!("service_time: {}", time(tape))),
            tape.maybe(60, |tape| format!("queue: {}", queue(tape)))
                .filter(|text| line && (alone || !text.contains("when_full"))),
            tape.maybe(30, |tape| format!("service_times: {{ \"put\": {} }}", time(tape)))
                .filter(|_| self.classes),
            tape.maybe(30, |tape| {
                let workers = if alone { ", workers: 2" } else { "" };
                format!(
                    "overrides: {{ {server}: (speed: {}, weight: 3{workers}) }}",
                    tape.one_of(&[0.5, 3.0])
                )
            }),
            tape.maybe(40, |_| "cancel_abandoned_work: true".to_owned()),
            tape.maybe(20, |_| "warm_up: (duration: \"300ms\", initial_speed: 0.2)".to_owned()),
            tape.maybe(30, |tape| format!("timeout: {}", some_millis(tape))),
            self.placed_in(tape),
        ];
        fields.extend(self.handles(id, tape));
        format!("\"pool{id}\": {}", group("Service", &fields))
    }

    /// How a server runs its requests, and whether some of them stand in the component's line.
    fn concurrency(&self, tape: &mut Tape<'_>) -> (String, bool) {
        let cpu =
            tape.maybe(50, |tape| format!("cpu: (cores: {}, context_switch: \"100us\")", tape.between(1, 3)));
        match tape.below(4) {
            0 => {
                let threads = Some(format!("threads: {}", tape.between(1, 6)));
                let connections = tape.maybe(40, |tape| format!("connections: {}", tape.between(1, 9)));
                let memory = tape.maybe(40, |_| "memory: (limit: \"3MB\", per_thread: \"1MB\")".to_owned());
                (group("Threads", &[threads, cpu, connections, memory]), true)
            }
            1 => {
                let core = tape.below(3);
                let max = core.max(1) + tape.below(3);
                let size = Some(format!("core: {core}, max: {max}, keep_alive: \"50ms\""));
                let on_full = tape.one_of(&["Abort", "CallerRuns", "CallerRuns"]);
                let start = tape.maybe(30, |_| "thread_start: \"3ms\"".to_owned());
                (group("ThreadPool", &[size, Some(format!("on_full: {on_full}")), start, cpu]), true)
            }
            2 => {
                let workers = Some(format!("workers: {}", tape.between(1, 4)));
                let still = tape.maybe(40, |_| "work_stealing: false".to_owned());
                let cost = tape.maybe(40, |_| "steal_cost: \"1ms\"".to_owned()).filter(|_| still.is_none());
                let most = tape.maybe(50, |tape| format!("max_in_flight: {}", tape.between(1, 8)));
                let blocking = tape
                    .maybe(50, |tape| {
                        format!("blocking: [\"put\"], blocking_threads: {}", tape.between(1, 3))
                    })
                    .filter(|_| self.classes);
                let line = most.is_some();
                (group("EventLoop", &[workers, still, cost, most, blocking]), line)
            }
            _ => {
                let actors = Some(format!("actors: {}", tape.between(1, 9)));
                let mailbox = tape.maybe(60, |tape| {
                    format!("mailbox: {}, when_full: {}", 2, tape.one_of(&["Reject", "DropOldest"]))
                });
                (group("Actor", &[actors, mailbox, cpu]), false)
            }
        }
    }

    /// Steps, calling only components further down unless calls may form circles.
    fn handles(&self, id: usize, tape: &mut Tape<'_>) -> Vec<Option<String>> {
        let below = self.balancers.iter().enumerate().filter(|(_, first)| **first > id);
        let mut callees: Vec<String> = below.map(|(balancer, _)| format!("lb{balancer}")).collect();
        callees.extend((id + 1..self.pools).map(|pool| format!("pool{pool}")));
        if self.circles {
            callees.extend((0..=id).map(|pool| format!("pool{pool}")));
        }
        let mut called: Vec<String> = Vec::new();
        let mut steps = Vec::new();
        for _ in 0..tape.below(4) {
            if callees.is_empty() || tape.chance(30) {
                let step = format!("Compute({})", time(tape));
                steps.push(dressed(step, self.classes, tape));
            } else {
                let callee = tape.one_of(&callees);
                let step = format!("Call(\"{callee}\")");
                steps.push(dressed(step, self.classes, tape));
                called.push(callee);
            }
        }
        if steps.is_empty() {
            return Vec::new();
        }
        let class = if self.classes && tape.chance(50) { "put" } else { "*" };
        let calls = called
            .first()
            .and_then(|callee| tape.maybe(50, |tape| format!("calls: {{ \"{callee}\": {} }}", call(tape))));
        let steps = steps.join(", ");
        let resources = steps.contains("Section(").then(|| {
            let scope = tape.one_of(&["Server", "Component"]);
            format!("resources: {{ \"lock\": (permits: {}, scope: {scope}) }}", tape.between(1, 2))
        });
        vec![Some(format!("handles: {{ \"{class}\": [{steps}] }}")), calls, resources]
    }

    fn fault(&self, tape: &mut Tape<'_>) -> String {
        let (name, how) = tape.one_of(&[
            ("Crash", ""),
            ("CapacityLoss", "remaining: 0.5"),
            ("CapacityLoss", "remaining: 0.0"),
            ("Slow", "factor: 5.0"),
            ("Slow", "factor: 0.3"),
            ("Errors", "share: 0.5"),
            ("FastFailure", ""),
            ("FastFailure", "latency: \"3ms\""),
            ("Silence", ""),
            ("NetworkDelay", "delay: Exponential(mean: \"30ms\")"),
            ("NetworkLoss", "share: 0.4"),
            ("Partition", ""),
            ("RegionOutage", ""),
        ]);
        let regional = self.regions > 0 && (name == "RegionOutage" || tape.chance(30));
        let name = if name == "RegionOutage" && !regional { "Crash" } else { name };
        let place = if regional {
            format!("region: \"{}\"", self.region(tape))
        } else {
            let one = if self.regions == 0 && tape.chance(50) { "[0]" } else { "" };
            format!("target: \"{}{one}\"", self.target(tape))
        };
        let when = if tape.chance(30) {
            format!("time_between: {}, time_to_repair: {}", time(tape), time(tape))
        } else {
            let duration = tape.maybe(70, |tape| format!(", duration: {}", some_millis(tape)));
            format!("at: \"{}ms\"{}", tape.one_of(&[500, 0, 1, 900, 1500]), duration.unwrap_or_default())
        };
        group(name, &[Some(place), Some(when), Some(how.to_owned()).filter(|how| !how.is_empty())])
    }
}
