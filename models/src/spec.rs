//! What the file says of the system: plain serde data, with defaults and units.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A system: who asks, what answers, what lies between and what goes wrong.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SystemSpec {
    /// Where load comes from, by id.
    pub workloads: BTreeMap<String, ()>,
}
