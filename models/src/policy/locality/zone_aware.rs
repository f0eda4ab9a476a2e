//! Envoy's zone-aware routing: a caller stays in its zone as far as every zone still gets its fair load.
//!
//! If the zone holds a smaller share of the backends than of the callers, only that quotient stays, and the
//! rest goes to zones with backends to spare, in proportion to what they can spare. Unlike locality weights
//! nothing is configured: the shares are counted, in ten-thousandths. With few backends, one zone, no caller
//! known at home or most callers ailing, zones do not matter.
//! Envoy `ZoneAwareLoadBalancerBase`, `tryChooseLocalLocalityHosts`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::check::Check;

use super::{Choice, Dice, Group, Groups, Locate, in_panic, percents};

/// `ZoneAware`: when zones matter.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Healthy backends, over all zones, below which zones do not matter; 6, Envoy's default.
    pub min_cluster_size: u32,
    /// For which share of requests zones matter, 0 to 1, read to whole percents; 1.0, Envoy's default.
    pub enabled: f64,
    /// The healthy share of callers, 0 to 1, below which zones do not matter; 0.5, Envoy's panic threshold.
    pub panic_threshold: f64,
}

impl Default for Spec {
    fn default() -> Self {
        Self { min_cluster_size: 6, enabled: 1.0, panic_threshold: 0.5 }
    }
}

impl Spec {
    /// Reports what is wrong with the values.
    pub fn check(&self, check: &mut Check) {
        check.fraction("enabled", self.enabled);
        check.fraction("panic_threshold", self.panic_threshold);
    }

    /// The running state; the number of zones does not matter.
    pub fn build(&self, _: usize) -> State {
        State {
            min_cluster_size: self.min_cluster_size,
            enabled: percents(self.enabled),
            panic_threshold: percents(self.panic_threshold),
        }
    }
}

/// Nothing but the settings: each pick counts anew.
#[derive(Debug)]
pub struct State {
    min_cluster_size: u32,
    enabled: u64,
    panic_threshold: u64,
}

/// Envoy's unit of shares.
const WHOLE: u64 = 10_000;

impl State {
    /// The caller's zone, if zones matter for this request.
    fn home(&self, groups: &Groups<'_>, dice: &mut Dice) -> Option<usize> {
        let rows = groups.rows;
        let home = groups.home.filter(|home| rows.get(*home).is_some_and(|row| row.callers > 0))?;
        let sum = |count: fn(&Group) -> u32| rows.iter().map(count).sum::<u32>();
        let (callers, healthy_callers) = (sum(|row| row.callers), sum(|row| row.healthy_callers));
        let zones_of_callers = rows.iter().filter(|row| row.callers > 0).count();
        let matter = zones_of_callers >= 2
            && sum(|row| row.healthy) >= self.min_cluster_size
            && dice.below(100) < self.enabled
            && !in_panic(healthy_callers, callers, self.panic_threshold);
        matter.then_some(home)
    }
}

/// The shares of callers and of backends that stand in each zone.
struct Shares<'a> {
    rows: &'a [Group],
    callers: u64,
    backends: u64,
}

impl<'a> Shares<'a> {
    fn new(rows: &'a [Group]) -> Self {
        let callers = rows.iter().map(|row| u64::from(row.healthy_callers)).sum();
        let backends = rows.iter().map(|row| u64::from(row.healthy)).sum();
        Self { rows, callers, backends }
    }

    fn callers(&self, zone: usize) -> u64 {
        (WHOLE * u64::from(self.rows[zone].healthy_callers)).checked_div(self.callers).unwrap_or(0)
    }

    fn backends(&self, zone: usize) -> u64 {
        (WHOLE * u64::from(self.rows[zone].healthy)).checked_div(self.backends).unwrap_or(0)
    }

    /// The part of its requests a caller in `home` keeps there.
    fn kept(&self, home: usize) -> u64 {
        let (backends, callers) = (self.backends(home), self.callers(home));
        if backends > 0 && backends >= callers {
            WHOLE
        } else {
            (WHOLE * backends).checked_div(callers).unwrap_or(0)
        }
    }

    /// What a zone other than `home` can take beyond its own callers' load.
    fn spare(&self, zone: usize, home: usize) -> u64 {
        if zone == home { 0 } else { self.backends(zone).saturating_sub(self.callers(zone)) }
    }
}

impl Locate for State {
    fn choose(&mut self, groups: &Groups<'_>, random: u64) -> Option<Choice> {
        let mut dice = Dice(random);
        let Some(home) = self.home(groups, &mut dice) else { return Some(Choice::EVERYWHERE) };
        let shares = Shares::new(groups.rows);
        if dice.below(WHOLE) < shares.kept(home) {
            return Some(Choice::group(home));
        }
        let zones = 0..groups.rows.len();
        let spare: u64 = zones.clone().map(|zone| shares.spare(zone, home)).sum();
        if spare == 0 {
            // Rounding ate what little there was.
            return Some(Choice::EVERYWHERE);
        }
        let mut ticket = dice.below(spare);
        let mut zones = zones.filter(|zone| {
            let (mine, size) = (ticket, shares.spare(*zone, home));
            ticket = mine.wrapping_sub(size);
            mine < size
        });
        zones.next().map(Choice::group)
    }
}

#[cfg(test)]
mod tests {
    use sim_core::{random::Streams, time::SimTime};

    use super::*;
    use crate::policy::locality::Target;

    fn zones(callers: &[u32], healthy: &[u32]) -> Vec<Group> {
        let row = |(callers, healthy): (&u32, &u32)| Group {
            hosts: *healthy,
            healthy: *healthy,
            callers: *callers,
            healthy_callers: *callers,
            ..Group::default()
        };
        callers.iter().zip(healthy).map(row).collect()
    }

    /// How many of 100,000 picks went to each zone; the last count is for everywhere.
    fn picks(spec: &Spec, rows: &[Group]) -> Vec<u32> {
        let mut random = Streams::new(1, 0).stream("lb/locality");
        let mut state = spec.build(rows.len());
        let groups = Groups { now: SimTime::ZERO, home: Some(0), rows };
        let mut counts = vec![0; rows.len() + 1];
        for _ in 0..100_000 {
            match state.choose(&groups, random.bits()).unwrap().target {
                Target::Group(zone) => counts[zone] += 1,
                Target::Everywhere => counts[rows.len()] += 1,
            }
        }
        counts
    }

    #[test]
    fn the_quotient_stays_and_the_rest_goes_where_there_is_room() {
        // Envoy's comment: callers 40, 40, 20 %, backends 25, 50, 25 %: 62.5 % stays, residual 0, 10 and 5 %.
        let counts = picks(&Spec::default(), &zones(&[40, 40, 20], &[25, 50, 25]));
        for (count, expected) in counts.into_iter().zip([62_500_u32, 25_000, 12_500, 0]) {
            // Four standard deviations.
            assert!(count.abs_diff(expected) <= expected.min(620), "{count}, expected {expected}");
        }
    }

    #[test]
    fn a_zone_with_its_fair_share_keeps_everything() {
        assert_eq!(picks(&Spec::default(), &zones(&[1, 1], &[3, 3])), [100_000, 0, 0]);
        assert_eq!(picks(&Spec::default(), &zones(&[1, 3], &[3, 3])), [100_000, 0, 0]);
    }

    #[test]
    fn a_zone_without_backends_keeps_nothing() {
        assert_eq!(picks(&Spec::default(), &zones(&[1, 1], &[0, 6])), [0, 100_000, 0]);
    }

    #[test]
    fn zones_do_not_matter_below_six_backends_or_without_callers_elsewhere() {
        let everywhere = [0, 0, 100_000];
        assert_eq!(picks(&Spec::default(), &zones(&[1, 1], &[3, 2])), everywhere);
        assert_eq!(picks(&Spec::default(), &zones(&[1, 0], &[3, 3])), everywhere);
        assert_eq!(picks(&Spec::default(), &zones(&[0, 1], &[3, 3])), everywhere);
        let mut ailing = zones(&[10, 10], &[3, 3]);
        (ailing[0].healthy_callers, ailing[1].healthy_callers) = (5, 4);
        assert_eq!(picks(&Spec::default(), &ailing), everywhere);
        let half = picks(&Spec { enabled: 0.5, ..Spec::default() }, &zones(&[1, 1], &[3, 3]));
        assert!(half[0].abs_diff(50_000) < 632, "{half:?}");
    }
}
