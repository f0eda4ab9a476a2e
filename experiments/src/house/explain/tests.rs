//! Pages as a user reads them.

use super::{explain, similar};

fn page(name: &str) -> String {
    explain(name).unwrap_or_else(|| panic!("nothing is called {name}"))
}

#[test]
fn a_strategy_has_its_idea_its_fields_and_an_example() {
    insta::assert_snapshot!("peak_ewma", page("peakewma"));
}

#[test]
fn a_component_has_every_field() {
    insta::assert_snapshot!("server_pool", page("ServerPool"));
}

#[test]
fn a_field_is_found_by_its_path() {
    let text = page("serverpool.queue");
    assert!(
        text.starts_with("ServerPool.queue: one of 7: ") || text.starts_with("ServerPool.queue: "),
        "{text}"
    );
    assert!(text.contains("default Fifo") && text.contains("Lifo"), "{text}");
    assert!(page("ServerPool.queue.when_full").contains("DropOldest"));
    assert!(page("LoadBalancer.retry.max_attempts").contains("a whole number; default 2"));
    assert!(page("ServerPool.overrides.speed").contains("0.5 takes twice as long"));
    assert!(explain("ServerPool.nothing").is_none());
}

#[test]
fn all_that_share_a_name_are_told() {
    let text = page("empirical");
    assert!(text.contains("service_time") && text.contains("keys"), "{text}");
    let text = page("layer7");
    assert!(text.contains("TLS ends here") && text.contains("HaproxyObserve"), "{text}");
}

#[test]
fn metrics_are_told_with_statistic_and_window() {
    insta::assert_snapshot!("metric", page("clients.latency.p99@late"));
    assert!(page("latency").contains("statistics: mean, p50"));
    assert!(page("p99").contains("99th percentile"));
}

#[test]
fn details_and_bare_fields_are_found() {
    assert!(page("ByCapacity").contains("WeightedRoundRobin.weights"));
    assert!(page("workers_per_server").contains("ServerPool.workers_per_server: a whole number; default 1"));
    assert!(page("E0301").contains("E0301"));
    assert!(explain("nothing_of_the_kind").is_none());
}

#[test]
fn misspellings_find_their_names() {
    assert_eq!(similar("PeekEwma").first().map(String::as_str), Some("PeakEwma"));
    assert_eq!(similar("ServerPool.queu").first().map(String::as_str), Some("ServerPool.queue"));
    assert!(similar("PowerOfTwoChoises").contains(&"PowerOfTwoChoices".to_owned()));
    assert!(similar("xyzzy-xyzzy-xyzzy").is_empty());
}
