//! Which group of backends: priority levels, zones, regions, panic.
//!
//! A locality policy looks at groups, never at single backends, and answers which group serves a request and
//! whether its unhealthy backends are to be used too; the ordinary balancer then picks inside that group.
//! Each also stands on its own (`priority::Spec` and so on), since Envoy composes them: first the level, then
//! the zone within the level.

use sim_core::time::{SimDuration, SimTime};

pub mod locality_weighted;
pub mod nearest;
pub mod priority;
pub mod zone_aware;

/// A group of backends as a locality policy sees it: a priority level, a zone, a region.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Group {
    /// Its backends.
    pub hosts: u32,
    /// Those of them that may serve.
    pub healthy: u32,
    /// Its configured weight; only `LocalityWeighted` reads it.
    pub weight: u32,
    /// Callers like this one that stand in this zone; only `ZoneAware` reads them.
    pub callers: u32,
    /// Those of them that are healthy.
    pub healthy_callers: u32,
    /// Requests now in flight to it from everywhere; only `NearestHealthyRegion` reads it.
    pub in_flight: u32,
    /// Requests its healthy backends serve at once, 0 for unlimited; only `NearestHealthyRegion` reads it.
    pub capacity: u32,
    /// Round trip from the caller; only `NearestHealthyRegion` reads it.
    pub distance: SimDuration,
}

/// The table a locality policy picks from.
#[derive(Clone, Copy, Debug)]
pub struct Groups<'a> {
    /// The time of asking.
    pub now: SimTime,
    /// The group the caller stands in, if any.
    pub home: Option<usize>,
    /// One row a group: levels in order of priority, zones and regions in configured order.
    pub rows: &'a [Group],
}

/// Where a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Among which backends.
    pub target: Target,
    /// Whether health counts for nothing: the balancer picks among all backends of the target.
    pub panic: bool,
}

/// Among which backends a request is balanced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Those of every group alike.
    Everywhere,
    /// Those of one group.
    Group(usize),
}

impl Choice {
    const EVERYWHERE: Self = Self { target: Target::Everywhere, panic: false };

    const fn group(index: usize) -> Self {
        Self { target: Target::Group(index), panic: false }
    }
}

/// Picks a group of backends.
pub trait Locate: std::fmt::Debug {
    /// Where the request goes; `None` to fail it. `random` is 64 fresh bits, all the chance a pick may use.
    fn choose(&mut self, groups: &Groups<'_>, random: u64) -> Option<Choice>;
}

family! {
    /// Which group of backends takes a request.
    pub trait Locate, spec LocalitySpec, state Locality, build(groups: usize);
    /// The first level while enough of it is healthy, then the next; all of a level if too few are (Envoy).
    PriorityLevels = priority;
    /// The caller's own zone as far as its share of the backends goes, the rest elsewhere (Envoy).
    ZoneAware = zone_aware;
    /// Every zone by its weight, less what its health lacks (Envoy).
    LocalityWeighted = locality_weighted;
    /// The nearest healthy region until it is nearly full, then the next.
    NearestHealthyRegion = nearest;
}

impl Locate for Locality {
    #[inline]
    fn choose(&mut self, groups: &Groups<'_>, random: u64) -> Option<Choice> {
        on_each!(self, it => it.choose(groups, random))
    }
}

/// Several independent numbers out of one draw: each takes its part and leaves the rest.
#[derive(Clone, Copy, Debug)]
struct Dice(u64);

impl Dice {
    /// A whole number in 0..n; `n` must not be 0, and the product of all `n` asked for stays far below 2⁶⁴.
    fn below(&mut self, n: u64) -> u64 {
        let wide = u128::from(self.0) * u128::from(n);
        self.0 = wide as u64;
        (wide >> 64) as u64
    }
}

/// A share of 0 to 1 as whole percents, to the nearest.
fn percents(share: f64) -> u64 {
    (share * 100.0 + 0.5) as u64
}

/// Whether so few of `hosts` are healthy that health is no longer a guide: below `threshold` percent. Envoy
/// takes an empty set for one in panic.
fn in_panic(healthy: u32, hosts: u32, threshold: u64) -> bool {
    if hosts == 0 {
        return threshold > 0;
    }
    100 * u64::from(healthy) < threshold * u64::from(hosts)
}

#[cfg(test)]
mod tests {
    use sim_core::{check::Check, random::Streams};

    use super::*;

    fn table(healthy: [u32; 3]) -> [Group; 3] {
        [0, 1, 2].map(|index| Group {
            hosts: 10,
            healthy: healthy[index],
            weight: 1,
            callers: 2,
            healthy_callers: 2,
            in_flight: 3,
            capacity: healthy[index] * 4,
            distance: SimDuration::from_millis(10 * (1 + index as u64)),
        })
    }

    fn choices(spec: &LocalitySpec, rows: &[Group]) -> Vec<Option<Choice>> {
        let mut locality = spec.build(rows.len());
        let mut random = Streams::new(1, 0).stream("lb/locality");
        let groups = Groups { now: SimTime::ZERO, home: Some(0), rows };
        (0..1_000).map(|_| locality.choose(&groups, random.bits())).collect()
    }

    #[test]
    fn without_panic_no_strategy_picks_a_group_with_nobody_healthy() {
        for (name, _, spec) in LocalitySpec::catalog() {
            for choice in choices(&spec, &table([10, 0, 10])).into_iter().flatten() {
                assert!(choice.panic || choice.target != Target::Group(1), "{name}: {choice:?}");
            }
        }
    }

    #[test]
    fn every_strategy_answers_whoever_is_healthy() {
        for (name, _, spec) in LocalitySpec::catalog() {
            for healthy in [[10, 10, 10], [0, 10, 10], [0, 0, 10], [1, 0, 0], [0, 0, 0]] {
                let rows = table(healthy);
                assert!(choices(&spec, &rows).iter().all(Option::is_some), "{name}: {healthy:?}");
                assert_eq!(choices(&spec, &rows), choices(&spec, &rows), "{name}");
            }
            assert!(choices(&spec, &[]).iter().all(|choice| match choice {
                Some(choice) => choice.target == Target::Everywhere,
                None => true,
            }));
        }
    }

    #[test]
    fn every_default_is_a_right_one() {
        for (name, _, spec) in LocalitySpec::catalog() {
            let mut check = Check::default();
            spec.check(&mut check);
            assert_eq!(check.into_problems(), [], "{name}");
        }
    }

    #[test]
    fn one_draw_gives_independent_numbers() {
        let mut random = Streams::new(1, 0).stream("dice");
        let mut counts = [[0_u32; 10]; 10];
        for _ in 0..100_000 {
            let mut dice = Dice(random.bits());
            dice.below(10_000);
            counts[dice.below(10) as usize][dice.below(10) as usize] += 1;
        }
        // Five standard deviations of Binomial(100000, 1/100).
        assert!(counts.as_flattened().iter().all(|count| count.abs_diff(1_000) < 158), "{counts:?}");
    }
}
