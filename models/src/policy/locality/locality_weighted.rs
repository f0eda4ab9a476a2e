//! Envoy's locality weights: every zone gets its weight's share, less what its health lacks.
//!
//! A zone counts in full while its healthy share times the overprovisioning factor reaches 1, then in
//! proportion. Unlike zone-aware routing the shares are the operator's, not a count of callers and backends.
//! Envoy `effectiveLocalityWeight`, "Locality weighted load balancing". Envoy deals the zones out in turn by
//! earliest deadline; here each request draws, with the same shares.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::unit};

use super::{Choice, Group, Groups, Locate, priority::check_overprovisioning};

/// `LocalityWeighted`: how generously health is counted.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// By what a zone's healthy share is multiplied, at least 1; 1.4, Envoy's default.
    pub overprovisioning: f64,
}

impl Default for Spec {
    fn default() -> Self {
        Self { overprovisioning: 1.4 }
    }
}

impl Spec {
    /// Reports what is wrong with the values.
    pub fn check(&self, check: &mut Check) {
        check_overprovisioning(self.overprovisioning, check);
    }

    /// The running state; the number of zones does not matter.
    pub fn build(&self, _: usize) -> State {
        State { overprovisioning: self.overprovisioning }
    }
}

/// Nothing but the setting: each pick weighs anew.
#[derive(Debug)]
pub struct State {
    overprovisioning: f64,
}

impl State {
    fn weight(&self, row: &Group) -> f64 {
        if row.healthy == 0 {
            return 0.0;
        }
        let health = self.overprovisioning * f64::from(row.healthy) / f64::from(row.hosts);
        f64::from(row.weight) * health.min(1.0)
    }
}

impl Locate for State {
    fn choose(&mut self, groups: &Groups<'_>, random: u64) -> Option<Choice> {
        let total: f64 = groups.rows.iter().map(|row| self.weight(row)).sum();
        let mut ticket = unit(random) * total;
        let mut chosen = None;
        for (index, row) in groups.rows.iter().enumerate() {
            let weight = self.weight(row);
            // The last with any weight catches what rounding leaves.
            if weight > 0.0 {
                chosen = Some(index);
                if ticket < weight {
                    break;
                }
                ticket -= weight;
            }
        }
        Some(chosen.map_or(Choice::EVERYWHERE, Choice::group))
    }
}

#[cfg(test)]
mod tests {
    use sim_core::{random::Streams, time::SimTime};

    use super::*;
    use crate::policy::locality::Target;

    fn shares(rows: &[Group]) -> Vec<f64> {
        let mut random = Streams::new(1, 0).stream("lb/locality");
        let mut state = Spec::default().build(rows.len());
        let groups = Groups { now: SimTime::ZERO, home: None, rows };
        let mut counts = vec![0.0; rows.len()];
        for _ in 0..100_000 {
            match state.choose(&groups, random.bits()).unwrap().target {
                Target::Group(zone) => counts[zone] += 1e-5,
                Target::Everywhere => {}
            }
        }
        counts
    }

    fn zone(weight: u32, healthy: u32) -> Group {
        Group { weight, healthy, hosts: 100, ..Group::default() }
    }

    #[test]
    fn shares_follow_the_weights_as_envoy_documents() {
        // Envoy's table: weights 1 and 2, the second zone's health, and the traffic of each.
        for (healthy, first, second) in [
            (100, 0.33, 0.67),
            (70, 0.34, 0.66),
            (69, 0.34, 0.66),
            (50, 0.42, 0.58),
            (25, 0.59, 0.41),
            (0, 1.0, 0.0),
        ] {
            let got = shares(&[zone(1, 100), zone(2, healthy)]);
            // The table is rounded to whole percents, the draw to a third of one.
            assert!((got[0] - first).abs() < 0.01 && (got[1] - second).abs() < 0.01, "{healthy} %: {got:?}");
        }
    }

    #[test]
    fn the_effective_weight_is_exact() {
        let state = Spec::default().build(1);
        assert_eq!([100, 72, 50, 0].map(|healthy| state.weight(&zone(2, healthy))), [2.0, 2.0, 1.4, 0.0]);
    }

    #[test]
    fn without_any_weight_left_zones_do_not_matter() {
        let groups = Groups { now: SimTime::ZERO, home: None, rows: &[zone(1, 0), zone(0, 100)] };
        assert_eq!(Spec::default().build(2).choose(&groups, 0), Some(Choice::EVERYWHERE));
    }
}
