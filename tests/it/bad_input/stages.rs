//! Broken stages of calls: retries, budgets, breakers, hedges, fallbacks.

use super::cases::{Case, edit};

/// Each stands where the sound file has the clients' timeout.
pub(super) const STAGES: &[Case] = &[
    edit("retry without attempts", &[("timeout: \"10s\"", "retry: (max_attempts: 0)")]),
    edit("retry of nothing", &[("timeout: \"10s\"", "retry: (on: [])")]),
    edit("retry after a reason that does not exist", &[("timeout: \"10s\"", "retry: (on: [TimeOut])")]),
    edit("attempts under another name", &[("timeout: \"10s\"", "retry: (attempts: 3)")]),
    edit("unknown backoff", &[("timeout: \"10s\"", "retry: (backoff: Exponental(base: \"1s\"))")]),
    edit(
        "longest pause below the first",
        &[("timeout: \"10s\"", "retry: (backoff: Exponential(base: \"10s\", max: \"1s\"))")],
    ),
    edit("pauses that shrink", &[("timeout: \"10s\"", "retry: (backoff: Exponential(factor: 0.5))")]),
    edit(
        "pause of nothing that is to grow",
        &[("timeout: \"10s\"", "retry: (backoff: Decorrelated(base: \"0s\"))")],
    ),
    edit("unknown jitter", &[("timeout: \"10s\"", "retry: (backoff: Constant(jitter: Half))")]),
    edit("jitter in percent", &[("timeout: \"10s\"", "retry: (backoff: Constant(jitter: Fraction(20)))")]),
    edit("unknown budget", &[("timeout: \"10s\"", "retry: (budget: TokenBuckt(ratio: 0.1))")]),
    edit("budget in percent", &[("timeout: \"10s\"", "retry: (budget: TokenBucket(ratio: 10))")]),
    edit("budget without room", &[("timeout: \"10s\"", "retry: (budget: TokenBucket(burst: 0))")]),
    edit(
        "threshold in percent",
        &[("timeout: \"10s\"", "circuit_breaker: CircuitBreaker(failure_rate_threshold: 50)")],
    ),
    edit(
        "threshold of nothing",
        &[("timeout: \"10s\"", "circuit_breaker: CircuitBreaker(failure_rate_threshold: 0)")],
    ),
    edit("breaker that is none", &[("timeout: \"10s\"", "circuit_breaker: Bulkhead()")]),
    edit("unknown breaker", &[("timeout: \"10s\"", "circuit_breaker: CircuitBraker()")]),
    edit(
        "window of half a second",
        &[("timeout: \"10s\"", "circuit_breaker: CircuitBreaker(window: Time(\"1500ms\"))")],
    ),
    edit("window of no calls", &[("timeout: \"10s\"", "circuit_breaker: CircuitBreaker(window: Count(0))")]),
    edit("window without its kind", &[("timeout: \"10s\"", "circuit_breaker: CircuitBreaker(window: 100)")]),
    edit(
        "breaker without probes",
        &[("timeout: \"10s\"", "circuit_breaker: CircuitBreaker(half_open_calls: 0)")],
    ),
    edit(
        "breaker that opens for no time",
        &[("timeout: \"10s\"", "circuit_breaker: CircuitBreaker(open_for: \"0s\")")],
    ),
    edit(
        "longest wait below the first",
        &[(
            "timeout: \"10s\"",
            "circuit_breaker: CircuitBreaker(open_for: \"10s\", open_growth: 1.5, open_for_most: \"5s\")",
        )],
    ),
    edit(
        "threshold that is no whole percent",
        &[("timeout: \"10s\"", "circuit_breaker: HystrixBreaker(error_threshold: 0.333)")],
    ),
    edit(
        "window shorter than its tick",
        &[("timeout: \"10s\"", "circuit_breaker: HystrixBreaker(rolling_window: \"100ms\")")],
    ),
    edit("ratio in percent", &[("timeout: \"10s\"", "circuit_breaker: PollyBreaker(failure_ratio: 10)")]),
    edit("unknown stage", &[("timeout: \"10s\"", "calls: { \"lb\": (stages: [Retries()]) }")]),
    edit("stage as text", &[("timeout: \"10s\"", "calls: { \"lb\": (stages: [\"Retry\"]) }")]),
    edit("stage without a list", &[("timeout: \"10s\"", "calls: { \"lb\": (stages: Retry()) }")]),
    edit(
        "stages beside a retry",
        &[("timeout: \"10s\"", "calls: { \"lb\": (stages: [Timeout(after: \"1s\")], retry: ()) }")],
    ),
    edit(
        "stages beside the workload's own",
        &[("timeout: \"10s\"", "retry: (), calls: { \"lb\": (stages: [Timeout(after: \"1s\")]) }")],
    ),
    edit(
        "timeout of nothing as a stage",
        &[("timeout: \"10s\"", "calls: { \"lb\": (stages: [Timeout(after: \"0s\")]) }")],
    ),
    edit("deadline of nothing", &[("timeout: \"10s\"", "calls: { \"lb\": (deadline: \"0s\") }")]),
    edit(
        "bulkhead without room",
        &[("timeout: \"10s\"", "calls: { \"lb\": (bulkhead: (max_concurrent: 0)) }")],
    ),
    edit(
        "limit below its floor",
        &[("timeout: \"10s\"", "calls: { \"lb\": (stages: [AimdLimit(min_limit: 50, max_limit: 20)]) }")],
    ),
    edit(
        "percentile in percent",
        &[("timeout: \"10s\"", "calls: { \"lb\": (stages: [Hedge(after: Percentile(95))]) }")],
    ),
    edit(
        "hedge without copies",
        &[("timeout: \"10s\"", "calls: { \"lb\": (stages: [Hedge(max_copies: 0)]) }")],
    ),
    edit(
        "throttle below one",
        &[("timeout: \"10s\"", "calls: { \"lb\": (stages: [AdaptiveThrottle(multiplier: 0.5)]) }")],
    ),
    edit(
        "fallback service that does not exist",
        &[("timeout: \"10s\"", "calls: { \"lb\": (stages: [Fallback(to: Service(\"wbe\"))]) }")],
    ),
    edit(
        "fallback service without a name",
        &[("timeout: \"10s\"", "calls: { \"lb\": (stages: [Fallback(to: Service(\"\"))]) }")],
    ),
    edit(
        "two fallback services",
        &[(
            "timeout: \"10s\"",
            "calls: { \"lb\": (stages: [Fallback(to: Service(\"web\")), Fallback(to: Service(\"lb\"))]) }",
        )],
    ),
    edit(
        "stale copies in percent",
        &[("timeout: \"10s\"", "calls: { \"lb\": (stages: [Fallback(to: Stale(share: 80))]) }")],
    ),
];
