//! Examples of what means nothing without a system around it: what a default could not show.

const EXAMPLES: &[(&str, &str)] = &[
    ("OpenLoop", r#"OpenLoop(target: "web", load: Rate("700/s"), timeout: "1s")"#),
    ("ClosedLoop", r#"ClosedLoop(target: "web", users: 200, think_time: Exponential(mean: "5s"))"#),
    ("Trace", r#"Trace(target: "web", trace: (file: "access.log", format: CommonLog, time_scale: 0.1))"#),
    ("LoadBalancer", r#"LoadBalancer(backends: "web", strategy: LeastOutstandingRequests)"#),
    (
        "ServerPool",
        r#"ServerPool(servers: 16, workers_per_server: 4, service_time: LogNormal(mean: "20ms", cv: 1.0))"#,
    ),
    (
        "Service",
        r#"Service(servers: 4, service_time: Exponential(mean: "2ms"), handles: { "*": [Call("auth"), Compute(Constant("1ms"))] })"#,
    ),
    (
        "Database",
        r#"Database(shards: 8, replicas_per_shard: 2, partitioning: HashSlots, read_time: Exponential(mean: "2ms"), read_from: AnyReplica)"#,
    ),
    ("reshard", r#"(at: "60s", shards: 9, bandwidth: "32MiB", cut_over: Block(pause: "10ms"))"#),
    ("copied_keys", "(keys: [0, 7], copies: 3)"),
    ("Moving", r#"Moving(every: "60s", by: 100)"#),
    ("ByTenant", "ByTenant(tenants: Zipf(items: 20, exponent: 1.0))"),
    ("FollowersUnlessWrote", r#"FollowersUnlessWrote("1s")"#),
    ("Scatter", r#"Scatter(database: "orders", join: All)"#),
    ("RangeRead", r#"RangeRead(database: "orders", span: 100)"#),
    ("IndexRead", r#"IndexRead(database: "orders", index: "by_customer")"#),
    ("Local", r#"Local(update_time: Constant("1ms"))"#),
    ("Global", r#"Global(values: 5000, covers: true, update: Later(after: Exponential(mean: "50ms")))"#),
    ("Later", r#"Later(after: Exponential(mean: "50ms"))"#),
    ("MultiGet", r#"MultiGet(database: "orders", keys: 10)"#),
    (
        "Transaction",
        r#"Transaction(database: "orders", keys: 3, log_time: Exponential(mean: "2ms"), protocol: TwoPhase)"#,
    ),
    ("Call", r#"Call("auth")"#),
    ("ByClass", r#"ByClass({"browse": [Call("cache")], "*": [Call("database")]})"#),
    (
        "Parallel",
        r#"Parallel(branches: [[Call("stock")], [Call("prices"), Compute(Constant("1ms"))]], join: Any)"#,
    ),
    ("Spawn", r#"Spawn([Call("audit")])"#),
    ("Section", r#"Section(resource: "account", steps: [Call("database")])"#),
    ("Try", r#"Try(steps: [Call("recommendations")], on_failure: [Compute(Constant("1ms"))])"#),
    ("resources", "(permits: 20, scope: Component)"),
    ("Crash", r#"Crash(target: "web[3]", at: "120s", duration: "30s")"#),
    ("CapacityLoss", r#"CapacityLoss(target: "web", at: "120s", duration: "30s", remaining: 0.5)"#),
    ("Slow", r#"Slow(target: "web[3]", at: "60s", duration: "60s", factor: 3.0)"#),
    (
        "Errors",
        r#"Errors(target: "web", time_between: Exponential(mean: "1h"), time_to_repair: Constant("30s"), share: 0.1)"#,
    ),
    ("FastFailure", r#"FastFailure(target: "web[0]", at: "60s", latency: "1ms")"#),
    ("Silence", r#"Silence(target: "web[0]", at: "60s", duration: "20s")"#),
    ("NetworkDelay", r#"NetworkDelay(region: "eu/a", at: "60s", duration: "60s", delay: Constant("100ms"))"#),
    ("NetworkLoss", r#"NetworkLoss(target: "web", at: "60s", share: 0.01)"#),
    ("Partition", r#"Partition(region: "eu", at: "60s", duration: "30s")"#),
    ("RegionOutage", r#"RegionOutage(region: "us", at: "300s", duration: "600s")"#),
    ("run", r#"(seed: 1, replications: 10, horizon: SteadyState(warmup: "20s", measure: "100s"))"#),
    ("network", r#"(within_region: Constant("0.5ms"), between_regions: LogNormal(mean: "80ms", cv: 0.1))"#),
    ("Preload", "Preload(keys: 20000)"),
    ("retry", "(max_attempts: 3, on_error: true)"),
    ("health_check", r#"(interval: "2s", timeout: "1s", unhealthy_after: 2)"#),
    ("sticky", r#"(capacity: 10000, ttl: "600s")"#),
    ("connections", "(count: 100, requests: 1000, security: Tls13)"),
];

/// The example of a name, if it has one.
pub(super) fn of(name: &str) -> Option<&'static str> {
    EXAMPLES.iter().find(|(known, _)| *known == name).map(|(_, example)| *example)
}

#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    EXAMPLES.iter().map(|(name, _)| *name)
}
