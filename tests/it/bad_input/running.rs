//! Broken steps, models of concurrency, and ways of calling others.

use super::cases::{Case, edit};

/// Each stands in the sound file's pool.
pub(super) const STEPS: &[Case] = &[
    edit(
        "a step that does not exist",
        &[("servers: 2,", "servers: 2, handles: { \"*\": [Comput(Constant(\"1ms\"))] },")],
    ),
    edit("time without unit", &[("servers: 2,", "servers: 2, handles: { \"*\": [Wait(Constant(\"5\"))] },")]),
    edit("call of nobody", &[("servers: 2,", "servers: 2, handles: { \"*\": [Call(\"dbb\")] },")]),
    edit("call that comes back", &[("servers: 2,", "servers: 2, handles: { \"*\": [Call(\"lb\")] },")]),
    edit("probability in percent", &[("servers: 2,", "servers: 2, handles: { \"*\": [Fail(5)] },")]),
    edit(
        "step that nobody reaches",
        &[("servers: 2,", "servers: 2, handles: { \"*\": [Fail(1.0), Compute(Constant(\"1ms\"))] },")],
    ),
    edit("branch without a way", &[("servers: 2,", "servers: 2, handles: { \"*\": [Branch([])] },")]),
    edit(
        "way without weight",
        &[("servers: 2,", "servers: 2, handles: { \"*\": [Branch([(weight: 0, steps: [])])] },")],
    ),
    edit(
        "class that nobody asks for",
        &[("servers: 2,", "servers: 2, handles: { \"brows\": [Compute(Constant(\"1ms\"))] },")],
    ),
    edit("class by class of nothing", &[("servers: 2,", "servers: 2, handles: { \"*\": [ByClass({})] },")]),
    edit(
        "repeated never",
        &[("servers: 2,", "servers: 2, handles: { \"*\": [Repeat(times: 0, steps: [Fail(0.1)])] },")],
    ),
    edit(
        "repeated without end",
        &[("servers: 2,", "servers: 2, handles: { \"*\": [Repeat(times: 20000, steps: [Fail(0.1)])] },")],
    ),
    edit(
        "nothing side by side",
        &[("servers: 2,", "servers: 2, handles: { \"*\": [Parallel(branches: [])] },")],
    ),
    edit(
        "quorum above all",
        &[(
            "servers: 2,",
            "servers: 2, handles: { \"*\": [Parallel(branches: [[], []], join: Quorum(3))] },",
        )],
    ),
    edit(
        "join of another name",
        &[("servers: 2,", "servers: 2, handles: { \"*\": [Parallel(branches: [[]], join: First)] },")],
    ),
    edit(
        "no copies",
        &[("servers: 2,", "servers: 2, handles: { \"*\": [Parallel(branches: [[]], copies: 0)] },")],
    ),
    edit(
        "section of nothing",
        &[(
            "servers: 2,",
            "servers: 2, handles: { \"*\": [Section(resource: \"lok\", steps: [])] }, resources: { \"lock\": () },",
        )],
    ),
    edit(
        "section within itself",
        &[(
            "servers: 2,",
            "servers: 2, handles: { \"*\": [Section(resource: \"lock\", steps: [Section(resource: \"lock\")])] }, resources: { \"lock\": () },",
        )],
    ),
    edit(
        "resource without permits",
        &[("servers: 2,", "servers: 2, resources: { \"lock\": (permits: 0) },")],
    ),
    edit(
        "resource of another scope",
        &[("servers: 2,", "servers: 2, resources: { \"lock\": (scope: Instance) },")],
    ),
];

/// Likewise.
pub(super) const RUNNING: &[Case] = &[
    edit("unknown concurrency", &[("servers: 2,", "servers: 2, concurrency: Thread,")]),
    edit("no threads", &[("servers: 2,", "servers: 2, concurrency: Threads(threads: 0),")]),
    edit(
        "threads under another name",
        &[("servers: 2,", "servers: 2, concurrency: Threads(max_threads: 200),")],
    ),
    edit("no cores", &[("servers: 2,", "servers: 2, concurrency: Threads(cpu: (cores: 0)),")]),
    edit(
        "slice of nothing",
        &[("servers: 2,", "servers: 2, concurrency: Threads(cpu: (time_slice: \"0s\")),")],
    ),
    edit(
        "memory without unit",
        &[("servers: 2,", "servers: 2, concurrency: Threads(memory: (limit: \"512\")),")],
    ),
    edit(
        "memory for less than a thread",
        &[(
            "servers: 2,",
            "servers: 2, concurrency: Threads(memory: (limit: \"1MB\", per_thread: \"2MB\")),",
        )],
    ),
    edit("no connections", &[("servers: 2,", "servers: 2, concurrency: Threads(connections: 0),")]),
    edit(
        "pool smaller than its core",
        &[("servers: 2,", "servers: 2, concurrency: ThreadPool(core: 10, max: 5),")],
    ),
    edit(
        "unknown handler of the refused",
        &[("servers: 2,", "servers: 2, concurrency: ThreadPool(on_full: CallerRun),")],
    ),
    edit(
        "two owners of a full queue",
        &[(
            "servers: 2,",
            "servers: 2, concurrency: ThreadPool(), queue: Fifo(capacity: 5, when_full: DropOldest),",
        )],
    ),
    edit(
        "core that ends at once",
        &[("servers: 2,", "servers: 2, concurrency: ThreadPool(core_times_out: true, keep_alive: \"0s\"),")],
    ),
    edit("no loops", &[("servers: 2,", "servers: 2, concurrency: EventLoop(workers: 0),")]),
    edit(
        "line before a loop that takes all",
        &[("servers: 2,", "servers: 2, concurrency: EventLoop(), queue: Fifo(capacity: 5),")],
    ),
    edit("nothing in flight", &[("servers: 2,", "servers: 2, concurrency: EventLoop(max_in_flight: 0),")]),
    edit(
        "cost of what is not stolen",
        &[("servers: 2,", "servers: 2, concurrency: EventLoop(work_stealing: false, steal_cost: \"1us\"),")],
    ),
    edit(
        "class that blocks and does not exist",
        &[("servers: 2,", "servers: 2, concurrency: EventLoop(blocking: [\"report\"]),")],
    ),
    edit("no actors", &[("servers: 2,", "servers: 2, concurrency: Actor(actors: 0),")]),
    edit(
        "mailbox that blocks",
        &[("servers: 2,", "servers: 2, concurrency: Actor(mailbox: 5, when_full: Block),")],
    ),
    edit(
        "line before actors",
        &[("servers: 2,", "servers: 2, concurrency: Actor(), queue: Fifo(capacity: 5),")],
    ),
    edit(
        "workers beside threads",
        &[("servers: 2,", "servers: 2, concurrency: Threads(), workers_per_server: 4,")],
    ),
    edit(
        "shared and run by threads",
        &[("servers: 2,", "servers: 2, concurrency: Threads(), sharing: ProcessorSharing(cores: 2),")],
    ),
    edit(
        "line that blocks and is never full",
        &[("servers: 2,", "servers: 2, queue: Fifo(when_full: Block),")],
    ),
    edit(
        "unknown end of a full line",
        &[("servers: 2,", "servers: 2, queue: Fifo(capacity: 5, when_full: Blok),")],
    ),
];

/// Each stands in a service that calls the sound file's pool.
pub(super) const CALLING: &[Case] = &[
    edit(
        "no connections to a callee",
        &[(
            "    components: {",
            "    components: { \"gate\": Service(handles: { \"*\": [Call(\"web\")] }, calls: { \"web\": (connections: (max: 0)) }),",
        )],
    ),
    edit(
        "no time for a connection",
        &[(
            "    components: {",
            "    components: { \"gate\": Service(handles: { \"*\": [Call(\"web\")] }, calls: { \"web\": (connections: (acquire_timeout: \"0s\")) }),",
        )],
    ),
    edit(
        "connections under another name",
        &[(
            "    components: {",
            "    components: { \"gate\": Service(handles: { \"*\": [Call(\"web\")] }, calls: { \"web\": (connections: (size: 5)) }),",
        )],
    ),
    edit(
        "heartbeats without a pause",
        &[(
            "    components: {",
            "    components: { \"gate\": Service(handles: { \"*\": [Call(\"web\")] }, calls: { \"web\": (heartbeats: (every: \"0s\")) }),",
        )],
    ),
    edit(
        "unknown detector",
        &[(
            "    components: {",
            "    components: { \"gate\": Service(handles: { \"*\": [Call(\"web\")] }, calls: { \"web\": (heartbeats: (detector: PhiAcrual())) }),",
        )],
    ),
    edit(
        "patience of nothing",
        &[(
            "    components: {",
            "    components: { \"gate\": Service(handles: { \"*\": [Call(\"web\")] }, calls: { \"web\": (heartbeats: (detector: Heartbeat(timeout: \"0s\"))) }),",
        )],
    ),
    edit(
        "threshold of nothing",
        &[(
            "    components: {",
            "    components: { \"gate\": Service(handles: { \"*\": [Call(\"web\")] }, calls: { \"web\": (heartbeats: (detector: PhiAccrual(threshold: 0))) }),",
        )],
    ),
    edit(
        "names that never age",
        &[(
            "    components: {",
            "    components: { \"gate\": Service(handles: { \"*\": [Call(\"web\")] }, calls: { \"web\": (dns: (ttl: \"0s\")) }),",
        )],
    ),
    edit(
        "no caches of names",
        &[(
            "    components: {",
            "    components: { \"gate\": Service(handles: { \"*\": [Call(\"web\")] }, calls: { \"web\": (dns: (caches: 0)) }),",
        )],
    ),
    edit(
        "who ignores the time to live in percent",
        &[(
            "    components: {",
            "    components: { \"gate\": Service(handles: { \"*\": [Call(\"web\")] }, calls: { \"web\": (dns: (ignoring: 20)) }),",
        )],
    ),
    edit(
        "advertisements without a pause",
        &[(
            "    components: {",
            "    components: { \"gate\": Service(handles: { \"*\": [Call(\"web\")] }, calls: { \"web\": (virtual_address: (advertisement: \"0s\")) }),",
        )],
    ),
    edit(
        "priority of nobody",
        &[(
            "    components: {",
            "    components: { \"gate\": Service(handles: { \"*\": [Call(\"web\")] }, calls: { \"web\": (virtual_address: (priorities: [0])) }),",
        )],
    ),
];

/// Each stands beside the sound file's components.
pub(super) const CACHES: &[Case] = &[
    edit("cache without a source", &[("    components: {", "    components: { \"near\": Cache(),")]),
    edit("cache of nobody", &[("    components: {", "    components: { \"near\": Cache(source: \"wbe\"),")]),
    edit(
        "unknown policy",
        &[("    components: {", "    components: { \"near\": Cache(source: \"web\", policy: Lruu),")],
    ),
    edit(
        "room for nothing",
        &[("    components: {", "    components: { \"near\": Cache(source: \"web\", capacity: 0),")],
    ),
    edit(
        "room of no kind",
        &[("    components: {", "    components: { \"near\": Cache(source: \"web\", capacity: Large),")],
    ),
    edit(
        "room without unit",
        &[("    components: {", "    components: { \"near\": Cache(source: \"web\", capacity: \"64\"),")],
    ),
    edit(
        "lifetime of nothing",
        &[(
            "    components: {",
            "    components: { \"near\": Cache(source: \"web\", freshness: (ttl: \"0s\")),",
        )],
    ),
    edit(
        "jitter of a lifetime in percent",
        &[(
            "    components: {",
            "    components: { \"near\": Cache(source: \"web\", freshness: (ttl: \"1s\", jitter: 10)),",
        )],
    ),
    edit(
        "end of what never ends",
        &[(
            "    components: {",
            "    components: { \"near\": Cache(source: \"web\", freshness: (stale_while_revalidate: \"1s\")),",
        )],
    ),
    edit(
        "lifetime under another name",
        &[("    components: {", "    components: { \"near\": Cache(source: \"web\", ttl: \"1s\"),")],
    ),
    edit(
        "unknown protection",
        &[(
            "    components: {",
            "    components: { \"near\": Cache(source: \"web\", on_concurrent_miss: Coalesc()),",
        )],
    ),
    edit(
        "lease of nothing",
        &[(
            "    components: {",
            "    components: { \"near\": Cache(source: \"web\", on_concurrent_miss: Coalesce(lease: \"0s\")),",
        )],
    ),
    edit(
        "unknown way of writing",
        &[(
            "    components: {",
            "    components: { \"near\": Cache(source: \"web\", on_write: WriteBehind()),",
        )],
    ),
    edit(
        "writes passed on all the time",
        &[(
            "    components: {",
            "    components: { \"near\": Cache(source: \"web\", on_write: WriteBack(flush_every: \"0s\")),",
        )],
    ),
    edit(
        "messages lost in percent",
        &[(
            "    components: {",
            "    components: { \"near\": Cache(source: \"web\", invalidation: (loss: 5)),",
        )],
    ),
    edit(
        "confirmation of what never expires",
        &[("    components: {", "    components: { \"near\": Cache(source: \"web\", revalidation: 0.1),")],
    ),
    edit(
        "look into what is no cache",
        &[(
            "    components: {",
            "    components: { \"gate\": Service(handles: { \"*\": [CachedRead(cache: \"web\")] }),",
        )],
    ),
    edit(
        "look into nothing",
        &[(
            "    components: {",
            "    components: { \"gate\": Service(handles: { \"*\": [CachedRead(cache: \"near\", on_miss: [Call(\"web\")])] }),",
        )],
    ),
    edit(
        "unknown word for a cache",
        &[(
            "    components: {",
            "    components: { \"gate\": Service(handles: { \"*\": [CachedWrite(cache: \"near\", then: Forget)] }), \"near\": Cache(source: \"web\"),",
        )],
    ),
    edit(
        "caches in a circle",
        &[(
            "    components: {",
            "    components: { \"near\": Cache(source: \"far\"), \"far\": Cache(source: \"near\"),",
        )],
    ),
];
