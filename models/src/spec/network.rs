//! The network: how long messages travel, and how many are lost.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::distribution::DistributionSpec, time::SimDuration};

use crate::units::Bytes;

/// A region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RegionSpec {
    /// Its zones. Default: one, named after nothing.
    pub zones: Vec<String>,
}

impl Default for RegionSpec {
    fn default() -> Self {
        Self { zones: vec![String::new()] }
    }
}

/// One-way delays between places. The default has none: messages arrive at once and none is lost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkSpec {
    /// Within a zone, and everywhere if there are no regions. Default 0.
    pub within_zone: DistributionSpec,
    /// Between zones of a region, and within a zone if `within_zone` is not said. Default 0.
    pub within_region: DistributionSpec,
    /// Between regions. Default 0.
    pub between_regions: DistributionSpec,
    /// From clients of a region to that region and back. Default 0.
    pub client_to_region: BTreeMap<String, DistributionSpec>,
    /// Single pairs of regions that differ, both ways.
    pub links: Vec<LinkSpec>,
    /// Share of messages lost, 0 to 1; only the caller's timeout finds out. Default 0.
    pub loss: f64,
    /// Bytes a second of one message's transfer: adds size / bandwidth. Default: without limit.
    pub bandwidth: Option<Bytes>,
}

impl Default for NetworkSpec {
    fn default() -> Self {
        let none = || DistributionSpec::constant(SimDuration::ZERO);
        Self {
            within_zone: none(),
            within_region: none(),
            between_regions: none(),
            client_to_region: BTreeMap::new(),
            links: Vec::new(),
            loss: 0.0,
            bandwidth: None,
        }
    }
}

/// A pair of regions with a delay of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinkSpec {
    /// The two regions.
    pub between: (String, String),
    /// The delay one way.
    pub latency: DistributionSpec,
    /// Share of messages lost on it; default: the network's.
    #[serde(default)]
    pub loss: Option<f64>,
}

impl NetworkSpec {
    pub(super) fn check(&self, check: &mut Check) {
        check.at("within_zone", |check| self.within_zone.check(check));
        check.at("within_region", |check| self.within_region.check(check));
        check.at("between_regions", |check| self.between_regions.check(check));
        for (region, latency) in &self.client_to_region {
            check.at("client_to_region", |check| check.at(region, |check| latency.check(check)));
        }
        for (number, link) in self.links.iter().enumerate() {
            check.at("links", |check| {
                check.at(number, |check| {
                    check.at("latency", |check| link.latency.check(check));
                    if let Some(loss) = link.loss {
                        check.fraction("loss", loss);
                    }
                });
            });
        }
        check.fraction("loss", self.loss);
        check.require(self.bandwidth != Some(Bytes(0)), "bandwidth", || {
            "bandwidth must be above 0; leave it out for no limit".into()
        });
    }
}
