//! Where popular keys lie: which key a rank of popularity is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::keys::KeysSpec, time::SimDuration};

/// Which key the most popular is, and the second, and so on. `keys` says how popular they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub enum KeyLayout {
    /// The most popular is key 0, the next key 1: popular keys are neighbours.
    #[default]
    Ranked,
    /// Popular keys lie apart, as evenly as the golden ratio spreads them: YCSB's scrambled popularity without its
    /// collisions (Cooper et al., *Benchmarking Cloud Serving Systems with YCSB*, 2010).
    Scattered,
    /// The newest key is the most popular: each write makes one, or each request of a workload that never writes. YCSB's
    /// `latest`; with `keys: Uniform(items: 1)` keys simply increase, like times or numbers of orders.
    Increasing,
    /// The popular keys change: every so often each rank moves on by so many keys.
    Moving {
        /// Time between two moves.
        every: SimDuration,
        /// How many keys further.
        by: u64,
    },
    /// Each tenant has all these keys for itself: key `rank` of tenant `t` is `t × items + rank`.
    ByTenant {
        /// How active tenants are.
        tenants: KeysSpec,
    },
    /// The clients of each region have all these keys for themselves: key `rank` of those of region `r`, in order of their
    /// names, is `r × items + rank`.
    ByRegion,
}

impl KeyLayout {
    /// Reports what is wrong with it, where keys are as popular as these.
    pub(super) fn check(&self, keys: Option<&KeysSpec>, check: &mut Check) {
        check.require(*self == Self::Ranked || keys.is_some(), "", || {
            "a layout needs `keys`: without them all are different".to_owned()
        });
        match self {
            Self::Ranked | Self::Scattered | Self::Increasing | Self::ByRegion => {}
            Self::Moving { every, by } => {
                check.require(!every.is_zero(), "Moving.every", || "every must be above 0".into());
                check.require(*by >= 1, "Moving.by", || "by must be at least 1, got 0".into());
            }
            Self::ByTenant { tenants } => check.at("ByTenant", |check| {
                check.at("tenants", |check| tenants.check(check));
            }),
        }
    }
}
