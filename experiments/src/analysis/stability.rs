//! Which cells have no steady state, and where the requests pile up that cannot be served.

use models::report::Backlog;
use sim_core::statistics::{BacklogTrend, judge_stability};

/// How fast a station falls behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Growth {
    /// The station: `web[15]`.
    pub station: String,
    /// Requests a second that pile up there.
    pub per_second: f64,
}

/// The station that falls behind fastest; none if all keep up. Of equal ones the first by name.
///
/// A replication that does not name a station saw it keep up.
pub(super) fn growth(backlogs: &[(String, Vec<Backlog>)], replications: usize) -> Option<Growth> {
    let mut worst: Option<Growth> = None;
    for (station, rows) in backlogs {
        let judged = judge_stability(&trends(rows, replications), None, backlogs.len());
        let per_second = judged.growth_per_second;
        let worse = worst.as_ref().is_none_or(|worst| per_second > worst.per_second);
        if judged.is_unstable() && per_second > 0.0 && worse {
            worst = Some(Growth { station: station.clone(), per_second });
        }
    }
    worst
}

fn trends(rows: &[Backlog], replications: usize) -> Vec<BacklogTrend> {
    let arrivals = rows.iter().map(|row| row.arrivals).sum::<f64>() / rows.len().max(1) as f64;
    let kept_up = BacklogTrend { growth: 0.0, arrival_rate: arrivals, settled_share: 1.0 };
    let trend = |row: &Backlog| BacklogTrend {
        growth: row.growth,
        arrival_rate: row.arrivals,
        settled_share: row.served,
    };
    let mut trends: Vec<BacklogTrend> = rows.iter().map(trend).collect();
    trends.resize(replications.max(rows.len()), kept_up);
    trends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn station(name: &str, growth: &[f64], served: f64) -> (String, Vec<Backlog>) {
        let row = |growth: &f64| Backlog { station: name.into(), growth: *growth, arrivals: 100.0, served };
        (name.into(), growth.iter().map(row).collect())
    }

    #[test]
    fn the_fastest_growing_station_is_named() {
        let stations = [station("a", &[2.0, 2.1, 1.9], 0.98), station("b", &[16.0, 15.0, 17.0], 0.85)];
        assert_eq!(growth(&stations, 3), Some(Growth { station: "b".into(), per_second: 16.0 }));
    }

    #[test]
    fn a_wandering_backlog_is_no_growth() {
        assert_eq!(growth(&[station("a", &[3.0, -3.0, 1.0], 1.0)], 3), None);
        // Below 1 % of the arrivals, however surely.
        assert_eq!(growth(&[station("a", &[0.5, 0.51, 0.49], 1.0)], 3), None);
        // It grew in one replication of ten, and nine do not name it.
        assert_eq!(growth(&[station("a", &[9.0], 0.9)], 10), None);
    }
}
