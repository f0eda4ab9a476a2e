//! Envoy's priority levels: the first level serves all while its health, generously counted, is full.
//!
//! A level's health is its healthy share times the overprovisioning factor, at most 100 %, in whole percents;
//! what the first level cannot take spills to the next. Only if all levels together cannot take everything may
//! a level panic and use its unhealthy hosts too; if all panic, hosts are counted whatever their health.
//! Envoy `LoadBalancerBase::recalculatePerPriorityState`, "Priority levels" in its documentation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::check::Check;

use super::{Choice, Dice, Group, Groups, Locate, Target, in_panic, percents};

/// `PriorityLevels`: how generously health is counted, and when to panic.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// By what a level's healthy share is multiplied, at least 1, read to whole percents; 1.4, Envoy's default.
    pub overprovisioning: f64,
    /// The healthy share, 0 to 1 and read to whole percents, below which a level panics, 0 for never; 0.5,
    /// Envoy's default.
    pub panic_threshold: f64,
    /// Whether requests to a level in panic fail instead of going to all its hosts; false, Envoy's default.
    pub fail_on_panic: bool,
}

impl Default for Spec {
    fn default() -> Self {
        Self { overprovisioning: 1.4, panic_threshold: 0.5, fail_on_panic: false }
    }
}

impl Spec {
    /// Reports what is wrong with the values.
    pub fn check(&self, check: &mut Check) {
        check_overprovisioning(self.overprovisioning, check);
        check.fraction("panic_threshold", self.panic_threshold);
    }

    /// The running state for that many levels.
    pub fn build(&self, levels: usize) -> State {
        State {
            overprovisioning: percents(self.overprovisioning),
            panic_threshold: percents(self.panic_threshold),
            fail_on_panic: self.fail_on_panic,
            loads: vec![0; levels],
        }
    }
}

pub(super) fn check_overprovisioning(factor: f64, check: &mut Check) {
    check.require(factor.is_finite() && factor >= 1.0, "overprovisioning", || {
        format!("overprovisioning is a factor of at least 1, such as 1.4, got {factor}")
    });
}

/// The load of each level.
#[derive(Debug)]
pub struct State {
    overprovisioning: u64,
    panic_threshold: u64,
    fail_on_panic: bool,
    /// Percent of all requests, by level; they sum to 100 after a distribution.
    loads: Vec<u64>,
}

impl State {
    /// Percent of all requests each level got at the last pick.
    pub fn loads(&self) -> &[u64] {
        &self.loads
    }

    /// Computes the loads; answers whether a level may panic.
    fn distribute(&mut self, rows: &[Group]) -> bool {
        let total = rows.iter().map(|row| self.health(row)).sum::<u64>().min(100);
        let may_panic = total < 100;
        if total == 0 && self.panic_threshold == 0 {
            // Nobody is healthy and nobody may be used: the first level gets the blame.
            self.loads = (0..rows.len()).map(|level| if level == 0 { 100 } else { 0 }).collect();
        } else if may_panic && rows.iter().all(|row| self.panics(row)) {
            let hosts = rows.iter().map(|row| u64::from(row.hosts)).sum();
            self.share_out(rows, hosts, |_, row| u64::from(row.hosts));
        } else {
            self.share_out(rows, total, Self::health);
        }
        may_panic
    }

    /// Gives each level its part of `total` in whole percents; what rounding leaves goes to the first with any.
    fn share_out(&mut self, rows: &[Group], total: u64, part: impl Fn(&Self, &Group) -> u64) {
        let mut left = 100;
        let mut loads = std::mem::take(&mut self.loads);
        loads.clear();
        for row in rows {
            let load = (100 * part(self, row)).checked_div(total).unwrap_or(0).min(left);
            left -= load;
            loads.push(load);
        }
        let first = rows.iter().position(|row| part(self, row) > 0).unwrap_or(0);
        if let Some(load) = loads.get_mut(first) {
            *load += left;
        }
        self.loads = loads;
    }

    fn health(&self, row: &Group) -> u64 {
        let score = (self.overprovisioning * u64::from(row.healthy)).checked_div(u64::from(row.hosts));
        score.unwrap_or(0).min(100)
    }

    fn panics(&self, row: &Group) -> bool {
        in_panic(row.healthy, row.hosts, self.panic_threshold)
    }
}

impl Locate for State {
    fn choose(&mut self, groups: &Groups<'_>, random: u64) -> Option<Choice> {
        let may_panic = self.distribute(groups.rows);
        let mut ticket = Dice(random).below(100);
        let level = self.loads.iter().position(|load| {
            let won = ticket < *load;
            ticket = ticket.saturating_sub(*load);
            won
        })?;
        let panic = may_panic && self.panics(&groups.rows[level]);
        (!panic || !self.fail_on_panic).then_some(Choice { target: Target::Group(level), panic })
    }
}

#[cfg(test)]
mod tests {
    use sim_core::{random::Streams, time::SimTime};

    use super::*;

    /// Loads and panics of levels given as (healthy, hosts).
    fn levels(spec: &Spec, levels: &[(u32, u32)]) -> (Vec<u64>, Vec<bool>) {
        let rows: Vec<Group> = levels
            .iter()
            .map(|(healthy, hosts)| Group { healthy: *healthy, hosts: *hosts, ..Group::default() })
            .collect();
        let mut state = spec.build(rows.len());
        let may_panic = state.distribute(&rows);
        let panics = rows.iter().map(|row| may_panic && state.panics(row)).collect();
        (state.loads, panics)
    }

    #[test]
    fn the_first_level_spills_as_envoy_documents() {
        // "Priority levels": P0's healthy percent, the traffic to P0 and P1; P1 is well.
        for (healthy, first, second) in
            [(100, 100, 0), (72, 100, 0), (71, 99, 1), (50, 70, 30), (25, 35, 65), (0, 0, 100)]
        {
            let (loads, panics) = levels(&Spec::default(), &[(healthy, 100), (100, 100)]);
            assert_eq!(loads, [first, second], "{healthy} %");
            assert_eq!(panics, [false, false], "together they can take everything");
        }
    }

    #[test]
    fn two_ailing_levels_share_as_envoy_documents() {
        // The same page, both levels ailing: (P0 %, P1 %) and the traffic of each.
        for (healthy, loads) in [
            ((100, 100), [100, 0]),
            ((72, 72), [100, 0]),
            ((71, 71), [99, 1]),
            ((50, 50), [70, 30]),
            ((25, 100), [35, 65]),
            ((25, 25), [50, 50]),
        ] {
            assert_eq!(
                levels(&Spec::default(), &[(healthy.0, 100), (healthy.1, 100)]).0,
                loads,
                "{healthy:?}"
            );
        }
    }

    #[test]
    fn health_that_sums_to_less_than_all_is_normalised() {
        // 14, 28 and 14 of 56: 25, 50 and 25 %. Of 20, 0 and 0: all.
        let spec = Spec { panic_threshold: 0.0, ..Spec::default() };
        assert_eq!(levels(&spec, &[(10, 100), (20, 100), (10, 100)]).0, [25, 50, 25]);
        assert_eq!(levels(&spec, &[(20, 100), (0, 100), (0, 100)]).0, [100, 0, 0]);
        // 10, 10 and 10 of 30 leave one percent to the first.
        let plain = Spec { overprovisioning: 1.0, ..spec };
        assert_eq!(levels(&plain, &[(10, 100), (10, 100), (10, 100)]).0, [34, 33, 33]);
    }

    #[test]
    fn a_level_panics_below_half_only_if_all_together_lack_health() {
        assert_eq!(levels(&Spec::default(), &[(49, 100), (20, 100)]).1, [true, true]);
        assert_eq!(levels(&Spec::default(), &[(50, 100), (20, 100)]).1, [false, true]);
        assert_eq!(levels(&Spec::default(), &[(20, 100), (80, 100)]).1, [false, false]);
    }

    #[test]
    fn if_all_panic_hosts_count_whatever_their_health() {
        assert_eq!(levels(&Spec::default(), &[(0, 30), (10, 70)]).0, [30, 70]);
    }

    #[test]
    fn with_panic_off_and_nobody_healthy_the_first_level_is_asked() {
        let spec = Spec { panic_threshold: 0.0, ..Spec::default() };
        assert_eq!(levels(&spec, &[(0, 10), (0, 10)]), (vec![100, 0], vec![false, false]));
    }

    #[test]
    fn picks_follow_the_loads_and_fail_in_panic_if_told_to() {
        let rows =
            [(50, 100), (100, 100)].map(|(healthy, hosts)| Group { hosts, healthy, ..Group::default() });
        let mut random = Streams::new(1, 0).stream("lb/locality");
        let mut state = Spec::default().build(2);
        let groups = Groups { now: SimTime::ZERO, home: None, rows: &rows };
        let picks = 100_000;
        let first = (0..picks)
            .filter(|_| state.choose(&groups, random.bits()).unwrap().target == Target::Group(0))
            .count();
        // Four standard deviations of Binomial(100000, 0.7).
        assert!(first.abs_diff(70_000) < 580, "{first}");

        let rows = [Group { healthy: 1, hosts: 10, ..Group::default() }];
        let groups = Groups { now: SimTime::ZERO, home: None, rows: &rows };
        let all = Choice { target: Target::Group(0), panic: true };
        assert_eq!(Spec::default().build(1).choose(&groups, 0), Some(all));
        let strict = Spec { fail_on_panic: true, ..Spec::default() };
        assert_eq!(strict.build(1).choose(&groups, 0), None);
    }
}
