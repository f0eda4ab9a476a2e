//! Kinds of requests: how common, how important, how large, and what they ask for.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use sim_core::random::{distribution::DistributionSpec, keys::KeysSpec};

use super::KeyLayout;
use crate::units::Bytes;

/// A kind of request. In files a bare number is its weight: `"browse": 0.9`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(default)]
pub struct RequestSpec {
    /// How common it is beside the others. Default 1.
    pub weight: f64,
    /// Lower is served first where a queue knows priorities. Default 0.
    pub priority: u8,
    /// Whether it changes what it asks for. Default false: it reads. Caches and databases treat the two differently.
    pub writes: bool,
    /// Its sizes, if they differ from the workload's.
    pub size: Option<DistributionSpec<Bytes>>,
    /// What it asks for, if that differs from the workload's.
    pub keys: Option<KeysSpec>,
    /// Which keys those are, if that differs from the workload's.
    pub key_layout: Option<KeyLayout>,
}

impl Default for RequestSpec {
    fn default() -> Self {
        Self { weight: 1.0, priority: 0, writes: false, size: None, keys: None, key_layout: None }
    }
}

impl<'de> Deserialize<'de> for RequestSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// The long form.
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields, default, rename = "request")]
        struct Long {
            weight: f64,
            priority: u8,
            writes: bool,
            size: Option<DistributionSpec<Bytes>>,
            keys: Option<KeysSpec>,
            key_layout: Option<KeyLayout>,
        }
        impl Default for Long {
            fn default() -> Self {
                let RequestSpec { weight, priority, writes, size, keys, key_layout } = RequestSpec::default();
                Self { weight, priority, writes, size, keys, key_layout }
            }
        }
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = RequestSpec;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a weight such as 0.9, or (weight: 0.9, priority: 1)")
            }
            fn visit_f64<E: de::Error>(self, weight: f64) -> Result<RequestSpec, E> {
                Ok(RequestSpec { weight, ..RequestSpec::default() })
            }
            fn visit_u64<E: de::Error>(self, weight: u64) -> Result<RequestSpec, E> {
                self.visit_f64(weight as f64)
            }
            fn visit_i64<E: de::Error>(self, weight: i64) -> Result<RequestSpec, E> {
                self.visit_f64(weight as f64)
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<RequestSpec, A::Error> {
                let Long { weight, priority, writes, size, keys, key_layout } =
                    Long::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(RequestSpec { weight, priority, writes, size, keys, key_layout })
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}
