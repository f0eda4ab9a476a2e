//! The field's own words for what a place in the file holds: users never see a Rust type's name.

/// What a choice is called, and the `stampede list` that shows all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// "load-balancing strategy".
    pub(super) word: &'static str,
    /// What to list, if there is a list.
    pub(super) list: Option<&'static str>,
}

const fn kind(word: &'static str, list: &'static str) -> Kind {
    Kind { word, list: Some(list) }
}

/// A choice so small that `explain` tells all of it.
const fn small(word: &'static str) -> Kind {
    Kind { word, list: None }
}

/// The word for the choice in field `field` of a group named `group`; a map's entry has the map's field.
pub(super) fn of(group: &str, field: &str) -> Option<Kind> {
    let known = match (group, field) {
        ("GlobalRouter", "strategy") => kind("routing strategy", "strategies"),
        (_, "strategy" | "balancer") => kind("load-balancing strategy", "strategies"),
        (_, "queue" | "discipline") => kind("queue discipline", "strategies"),
        (_, "sharing") => kind("sharing discipline", "strategies"),
        (_, "concurrency") => kind("model of concurrency", "strategies"),
        (_, "detector") => kind("failure detector", "strategies"),
        (_, "handles" | "steps" | "branches" | "on_failure" | "on_success" | "on_miss") => {
            kind("step", "components")
        }
        (_, "locality") => kind("locality strategy", "strategies"),
        (_, "subset") => kind("subsetting strategy", "strategies"),
        (_, "slow_start") => kind("slow start", "strategies"),
        (_, "ejection") => kind("ejection strategy", "strategies"),
        (_, "layer") => kind("layer", "strategies"),
        (_, "view") => kind("view of the load", "strategies"),
        (_, "policy") => kind("eviction policy", "strategies"),
        (_, "partitioning") => kind("partitioning strategy", "strategies"),
        (_, "autoscaler") => kind("scaling strategy", "strategies"),
        (_, "stages") => kind("stage of a call", "strategies"),
        (_, "on" | "ignore") => small("reason of failure"),
        (_, "on_concurrent_miss") => small("way to meet concurrent misses"),
        (_, "key_layout") => small("layout of keys"),
        (_, "on_write") => small("write policy"),
        (_, "then") => small("word to the cache after a change"),
        (_, "read_from") => small("choice of replicas to read"),
        (_, "when_full") => small("way to meet a full line"),
        (_, "join") => small("rule of when branches are enough"),
        (_, "window") => kind("window", "strategies"),
        (_, "backoff") => kind("backoff", "strategies"),
        (_, "jitter") => kind("jitter", "strategies"),
        (_, "budget") => kind("retry budget", "strategies"),
        (_, "delivery") => kind("delivery guarantee", "strategies"),
        (_, "replication") => kind("replication mode", "strategies"),
        (_, "breaker" | "circuit_breaker") => kind("circuit breaker", "strategies"),
        (_, "components") => kind("component", "components"),
        (_, "workloads") => kind("workload", "components"),
        (_, "faults") => kind("fault", "faults"),
        (_, "arrivals") => kind("arrival process", "strategies"),
        (_, "profile") => kind("load profile", "strategies"),
        (_, "keys" | "tenants") => kind("key distribution", "distributions"),
        (_, field) if field.ends_with("_time") || field == "lag" || field.ends_with("_region") => {
            kind("distribution", "distributions")
        }
        _ => return None,
    };
    Some(known)
}
