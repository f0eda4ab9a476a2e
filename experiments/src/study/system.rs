//! The system as a reader sees it before any result: what stands where, who calls whom, which servers are unlike
//! their neighbours.

use serde::{Deserialize, Serialize};

/// The simulated system, for a diagram.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct System {
    /// Workloads, then components.
    pub parts: Vec<Part>,
    /// Who calls whom, each pair once.
    pub calls: Vec<Call>,
    /// Servers that are unlike the others of their pool.
    pub odd_servers: Vec<OddServer>,
}

/// A workload or a component.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Its name in the file.
    pub id: String,
    /// What it is: `LoadBalancer`.
    pub kind: String,
    /// A few short facts: `16 servers × 4 workers`.
    pub facts: Vec<String>,
    /// Servers that hold the same keys, of a database that has as many in every cell.
    #[serde(default)]
    pub per_shard: Option<u32>,
}

/// One part calls another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// The caller.
    pub from: String,
    /// The callee.
    pub to: String,
    /// Which requests, if not all.
    pub label: Option<String>,
}

/// A server and what sets it apart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OddServer {
    /// `web[15]`.
    pub name: String,
    /// `speed 0.5`.
    pub what: String,
}

impl System {
    /// What sets a server apart, if anything.
    pub fn mark(&self, server: &str) -> Option<String> {
        self.odd_servers.iter().find(|odd| odd.name == server).map(|odd| odd.what.clone())
    }
}
