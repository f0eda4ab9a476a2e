//! System diagrams, from three components to thirty.

use experiments::charts::data::Heading;
use experiments::charts::{Diagram, Edge, Node};

fn node(id: &str, kind: &str, details: &[&str]) -> Node {
    Node {
        id: id.into(),
        kind: kind.into(),
        details: details.iter().map(|line| (*line).to_owned()).collect(),
    }
}

fn edge(from: &str, to: &str) -> Edge {
    Edge { from: from.into(), to: to.into(), label: None, asynchronous: false }
}

pub(super) fn diagram_small() -> Diagram {
    Diagram {
        heading: Heading::new(
            "Clients call sixteen servers through a load balancer",
            "Calls run from left to right.",
        ),
        nodes: vec![
            node("clients", "OpenLoop", &["Poisson, load 0.70"]),
            node("lb", "LoadBalancer", &["RoundRobin"]),
            node(
                "web",
                "ServerPool",
                &["16 servers × 4 workers", "LogNormal 20 ms, cv 1", "web[15] at half speed"],
            ),
        ],
        edges: vec![edge("clients", "lb"), edge("lb", "web")],
    }
}

pub(super) fn diagram() -> Diagram {
    let mut edges = vec![
        edge("shoppers", "global_router"),
        edge("global_router", "gateway"),
        edge("gateway", "auth"),
        edge("gateway", "catalog"),
        edge("gateway", "orders"),
        edge("catalog", "catalog_cache"),
        edge("catalog", "products_db"),
        edge("orders", "fulfilment"),
        edge("fulfilment", "products_db"),
        edge("fulfilment", "gateway"),
        edge("fulfilment", "fulfilment"),
        edge("orders", "orders_dead_letter"),
        edge("nowhere", "gateway"),
    ];
    edges[4].asynchronous = true;
    edges[4].label = Some("10 % publish".into());
    edges[11].asynchronous = true;
    edges[6].label = Some("misses".into());
    Diagram {
        heading: Heading::new(
            "The shop in one region: 90 % browse, 10 % check out",
            "Calls run from left to right; every component below the router is deployed once per region.",
        ),
        nodes: vec![
            node("shoppers", "OpenLoop", &["11000/s, Poisson", "timeout 2 s, 2 attempts"]),
            node("global_router", "GlobalRouter", &["NearestHealthyRegion", "DNS TTL 30 s"]),
            node("gateway", "Service", &["4 × 64", "2 ms"]),
            node("auth", "Service", &["3 × 16", "4 ms"]),
            node("catalog", "Service", &["4 × 32, 6 ms", "4 to 16 servers"]),
            node("catalog_cache", "Cache", &["LRU, 50 000 items", "TTL 300 s"]),
            node("products_db", "ShardedDatabase", &["8 shards × 2 replicas"]),
            node("orders", "MessageQueue", &["at least once"]),
            node("fulfilment", "Consumer", &["prefetch 10"]),
            node("orders_dead_letter", "MessageQueue", &[]),
        ],
        edges,
    }
}

pub(super) fn diagram_30() -> Diagram {
    let nodes = (0..30).map(|i| node(&format!("service_{i:02}"), "Service", &["4 × 8, 5 ms"])).collect();
    let mut edges = Vec::new();
    for i in 0..30_usize {
        for step in [5, 7] {
            if i + step < 30 {
                edges.push(edge(&format!("service_{i:02}"), &format!("service_{:02}", i + step)));
            }
        }
    }
    edges.push(edge("service_00", "service_29"));
    Diagram {
        heading: Heading::new("Thirty services in six layers", "Calls run from left to right."),
        nodes,
        edges,
    }
}
