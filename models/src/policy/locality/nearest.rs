//! The nearest healthy region, until it is nearly full, then the next nearest.
//!
//! Regions are ranked by round trip (ties by index). A region is full from `spill_at` of its capacity on, and
//! takes requests again only below `return_below`: the gap keeps the router from flapping between two regions.
//! If all are full, the least full takes the request (ties to the nearest), so that no region is pushed over
//! its limit for the sake of distance. Without spilling (`spill_at: 1000000`) it is plain geographic DNS.
//! The waterfall of global load balancers; failing open is Route 53's rule for records that are all unhealthy.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, time::SimDuration};

use super::{Choice, Group, Groups, Locate, Target};

/// `NearestHealthyRegion`: when a region is full, and what happens if none is healthy.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// The share of its capacity in flight from which a region is full, above 0; 0.8.
    pub spill_at: f64,
    /// The share below which it takes requests again, at most `spill_at`; seven eighths of `spill_at`.
    pub return_below: Option<f64>,
    /// Whether the nearest region is used in panic if none is healthy; true, as Route 53. Else requests fail.
    pub fail_open: bool,
}

impl Default for Spec {
    fn default() -> Self {
        Self { spill_at: 0.8, return_below: None, fail_open: true }
    }
}

impl Spec {
    /// Reports what is wrong with the values.
    pub fn check(&self, check: &mut Check) {
        check.positive("spill_at", self.spill_at);
        let below = self.return_below();
        check.require(below > 0.0 && below <= self.spill_at, "return_below", || {
            format!("return_below must be above 0 and at most spill_at, {}, got {below}", self.spill_at)
        });
    }

    /// The running state for that many regions.
    pub fn build(&self, regions: usize) -> State {
        State {
            spill_at: self.spill_at,
            return_below: self.return_below(),
            fail_open: self.fail_open,
            full: vec![false; regions],
        }
    }

    fn return_below(&self) -> f64 {
        self.return_below.unwrap_or(self.spill_at * 0.875)
    }
}

/// Which regions are full.
#[derive(Debug)]
pub struct State {
    spill_at: f64,
    return_below: f64,
    fail_open: bool,
    full: Vec<bool>,
}

impl State {
    /// Which regions were full at the last pick that looked at them.
    pub fn full(&self) -> &[bool] {
        &self.full
    }

    fn look(&mut self, index: usize, row: &Group) -> bool {
        let (load, capacity) = (f64::from(row.in_flight), f64::from(row.capacity));
        let limit = if self.full[index] { self.return_below } else { self.spill_at };
        self.full[index] = row.capacity > 0 && load >= limit * capacity;
        self.full[index]
    }
}

/// The region after `last` in order of distance, then index.
fn next_nearest(rows: &[Group], last: Option<(SimDuration, usize)>) -> Option<(SimDuration, usize)> {
    let keys = rows.iter().enumerate().map(|(index, row)| (row.distance, index));
    keys.filter(|key| last.is_none_or(|last| *key > last)).min()
}

/// Whether `a` has the smaller share of its capacity in flight; full regions have a capacity.
fn is_less_full(a: &Group, b: &Group) -> bool {
    u64::from(a.in_flight) * u64::from(b.capacity) < u64::from(b.in_flight) * u64::from(a.capacity)
}

impl Locate for State {
    fn choose(&mut self, groups: &Groups<'_>, _: u64) -> Option<Choice> {
        let rows = groups.rows;
        self.full.resize(rows.len(), false);
        let mut least: Option<usize> = None;
        let mut last = None;
        while let Some((distance, index)) = next_nearest(rows, last) {
            last = Some((distance, index));
            let row = &rows[index];
            if row.healthy == 0 {
                self.full[index] = false;
                continue;
            }
            if !self.look(index, row) {
                return Some(Choice::group(index));
            }
            if least.is_none_or(|least| is_less_full(row, &rows[least])) {
                least = Some(index);
            }
        }
        let blind = |(_, index)| Choice { target: Target::Group(index), panic: true };
        let nearest = next_nearest(rows, None).filter(|_| self.fail_open);
        least.map(Choice::group).or(nearest.map(blind))
    }
}

#[cfg(test)]
mod tests {
    use sim_core::time::SimTime;

    use super::*;

    fn region(distance: u64, in_flight: u32) -> Group {
        let distance = SimDuration::from_millis(distance);
        Group { hosts: 10, healthy: 10, in_flight, capacity: 100, distance, ..Group::default() }
    }

    fn choose(state: &mut State, rows: &[Group]) -> Option<Choice> {
        state.choose(&Groups { now: SimTime::ZERO, home: None, rows }, 0)
    }

    #[test]
    fn the_nearest_fills_up_to_its_limit_and_the_next_takes_the_excess() {
        let mut state = Spec::default().build(3);
        let mut rows = [region(80, 0), region(15, 0), region(40, 0)];
        for _ in 0..120 {
            let Some(Choice { target: Target::Group(index), panic: false }) = choose(&mut state, &rows)
            else {
                panic!()
            };
            rows[index].in_flight += 1;
        }
        assert_eq!(rows.map(|row| row.in_flight), [0, 80, 40]);
    }

    #[test]
    fn a_full_region_takes_requests_again_only_below_the_gap() {
        let mut state = Spec::default().build(2);
        let mut target = |load| choose(&mut state, &[region(15, load), region(80, 0)]).unwrap().target;
        let [home, away] = [Target::Group(0), Target::Group(1)];
        assert_eq!([79, 80, 79, 70, 69, 79].map(&mut target), [home, away, away, away, home, home]);
    }

    #[test]
    fn if_all_are_full_the_least_full_takes_it() {
        let mut state = Spec::default().build(3);
        let rows = [region(15, 95), region(40, 85), region(80, 85)];
        assert_eq!(choose(&mut state, &rows), Some(Choice::group(1)), "ties go to the nearest");
    }

    #[test]
    fn a_region_without_anybody_healthy_is_passed_over() {
        let mut state = Spec::default().build(2);
        let dead = Group { healthy: 0, capacity: 0, ..region(15, 0) };
        assert_eq!(choose(&mut state, &[dead, region(80, 0)]), Some(Choice::group(1)));
        let blind = Choice { target: Target::Group(0), panic: true };
        let far = Group { distance: SimDuration::from_millis(80), ..dead };
        assert_eq!(choose(&mut state, &[dead, far]), Some(blind));
        let mut closed = Spec { fail_open: false, ..Spec::default() }.build(2);
        assert_eq!(choose(&mut closed, &[dead, far]), None);
    }

    #[test]
    fn the_gap_must_not_be_upside_down() {
        let mut check = Check::default();
        Spec { return_below: Some(0.9), ..Spec::default() }.check(&mut check);
        Spec { spill_at: 0.5, ..Spec::default() }.check(&mut check);
        let paths: Vec<_> = check.into_problems().into_iter().map(|problem| problem.path).collect();
        assert_eq!(paths, [["return_below"]]);
    }
}
