//! Whether a system keeps up with its load; if not, no steady-state figure exists and none may be printed.
//!
//! Three cheap signs: the traffic equations give a station more than it can take; the backlog grows over the
//! measured window in the mean of the replications; each replication serves less than it is offered.

use serde::{Deserialize, Serialize};

use super::{comparison::two_sided_p, tally::Tally};

/// Growth below that share of the arrival rate is no sign: a stable system's backlog wanders too.
const LEAST_GROWTH: f64 = 0.01;
/// A replication that serves a smaller share of what it is offered falls behind.
const KEEPS_UP_FROM: f64 = 0.995;
/// The risk of taking a wandering backlog for a growing one.
const RISK: f64 = 0.05;

/// What one replication showed inside the measured window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BacklogTrend {
    /// Slope of the backlog, customers a second; see [`slope`].
    pub growth: f64,
    /// Arrivals a second.
    pub arrival_rate: f64,
    /// What left, served or refused, over what arrived; 1 if nothing arrived.
    pub settled_share: f64,
}

/// The signs found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stability {
    /// A station is offered at least what it can do, by the traffic equations.
    pub overloaded: bool,
    /// The backlog's slope is above 0 beyond chance and at least 1 % of the arrival rate.
    pub growing: bool,
    /// Every replication settled less than 99.5 % of its arrivals.
    pub falling_behind: bool,
    /// Customers a second by which the backlog grows, in the mean of the replications.
    pub growth_per_second: f64,
}

impl Stability {
    /// Whether any sign says that the system cannot keep up.
    pub fn is_unstable(&self) -> bool {
        self.overloaded || self.growing || self.falling_behind
    }
}

/// Judges the replications of one cell. `offered_load` is the busiest station's load by the traffic equations,
/// where those can be solved; leave it out for stations that refuse what they cannot take. `stations` is how many
/// are judged together: among many, one wanders up by chance (Bonferroni).
pub fn judge_stability(
    replications: &[BacklogTrend],
    offered_load: Option<f64>,
    stations: usize,
) -> Stability {
    let growth: Tally = replications.iter().map(|trend| trend.growth).collect();
    let arrivals: Tally = replications.iter().map(|trend| trend.arrival_rate).collect();
    let growth_per_second = growth.mean().unwrap_or(0.0);
    let material = growth_per_second >= LEAST_GROWTH * arrivals.mean().unwrap_or(0.0);
    // Upwards only, so half of the two-sided chance.
    let beyond_chance = two_sided_p(&growth).is_some_and(|p| p / 2.0 * stations.max(1) as f64 <= RISK);
    let behind = |trend: &BacklogTrend| trend.settled_share < KEEPS_UP_FROM;
    Stability {
        overloaded: offered_load.is_some_and(|load| load >= 1.0),
        growing: growth_per_second > 0.0 && material && beyond_chance,
        falling_behind: !replications.is_empty() && replications.iter().all(behind),
        growth_per_second,
    }
}

/// The slope of the least-squares line through `(time, level)` points; `None` unless two times differ.
pub fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let times: Tally = points.iter().map(|&(time, _)| time).collect();
    let levels: Tally = points.iter().map(|&(_, level)| level).collect();
    let (time, level) = (times.mean()?, levels.mean()?);
    let products: f64 = points.iter().map(|&(t, y)| (t - time) * (y - level)).sum();
    let squares: f64 = points.iter().map(|&(t, _)| (t - time) * (t - time)).sum();
    (squares > 0.0).then(|| products / squares)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trends(growths: &[f64], settled_share: f64) -> Vec<BacklogTrend> {
        growths.iter().map(|&growth| BacklogTrend { growth, arrival_rate: 100.0, settled_share }).collect()
    }

    #[test]
    fn the_slope_is_least_squares() {
        // R: lm(c(1, 3, 2, 5, 7) ~ c(0, 1, 2, 4, 6))$coefficients.
        let points = [(0.0, 1.0), (1.0, 3.0), (2.0, 2.0), (4.0, 5.0), (6.0, 7.0)];
        assert!((slope(&points).unwrap() - 0.956_896_551_7).abs() < 1e-9);
        assert_eq!((slope(&[(1.0, 2.0), (1.0, 3.0)]), slope(&[])), (None, None));
    }

    #[test]
    fn growth_must_be_both_certain_and_large() {
        let certain = judge_stability(&trends(&[15.0, 16.0, 17.0, 16.0], 0.9), None, 1);
        assert!(certain.growing && certain.is_unstable() && certain.falling_behind);
        assert!((certain.growth_per_second - 16.0).abs() < 1e-12);
        // One in 100 of the arrival rate is the boundary, and counts.
        assert!(judge_stability(&trends(&[1.0, 1.0, 1.0], 1.0), None, 1).growing);
        assert!(!judge_stability(&trends(&[0.9, 0.91, 0.9], 1.0), None, 1).growing);
        // Mean 5 with a standard error of 5.4 is chance.
        let wandering = judge_stability(&trends(&[-10.0, 15.0, 12.0, 3.0], 0.999), None, 1);
        assert!(!wandering.is_unstable());
        assert!(!judge_stability(&trends(&[-16.0, -16.0, -16.0], 1.0), None, 1).growing);
    }

    #[test]
    fn one_station_of_many_wanders_up_by_chance() {
        // Mean 5, standard error 1.83: t = 2.74 with 3 degrees of freedom, one-sided p 0.036.
        let once = trends(&[1.0, 9.0, 7.0, 3.0], 0.999);
        assert!(judge_stability(&once, None, 1).growing);
        assert!(!judge_stability(&once, None, 64).growing);
        assert!(judge_stability(&trends(&[15.0, 16.0, 17.0, 16.0], 0.999), None, 64).growing);
    }

    #[test]
    fn one_replication_is_judged_by_what_it_left_behind() {
        assert!(judge_stability(&trends(&[50.0], 0.9949), None, 1).falling_behind);
        assert!(!judge_stability(&trends(&[50.0], 0.995), None, 1).is_unstable());
        assert!(judge_stability(&trends(&[0.0], 1.0), Some(1.0), 1).overloaded);
        assert!(!judge_stability(&[], Some(0.999), 1).is_unstable());
    }
}
