//! What can be said before anything runs: how much there is to do, and which cells cannot keep up.

use std::cmp::Reverse;

use models::{
    estimate::{Estimate, StationEstimate},
    spec::{Form, PoolSpec, WorkloadSpec},
};
use sim_core::time::SimTime;

use crate::{
    cli::{Busiest, Forecast},
    plan::{Cell, Plan},
};

/// Requests a second one core simulates, about; told as an estimate only.
const REQUESTS_PER_SECOND: f64 = 3e6;

/// The forecast of a plan; none if nobody knows how much load there will be, as with a trace.
pub(super) fn of(plan: &Plan) -> Option<Forecast> {
    let end = plan.run.horizon.end();
    let measured = end.since(plan.run.horizon.start()).as_secs_f64();
    let replications = f64::from(plan.run.replications);
    let estimates: Vec<Estimate> =
        plan.cells.iter().map(|cell| Estimate::of(&cell.system, end.since(SimTime::ZERO))).collect();
    let requests: f64 =
        estimates.iter().map(|estimate| estimate.offered * end.as_secs_f64() * replications).sum();
    (requests > 0.0).then(|| Forecast {
        requests,
        cpu_seconds: requests / REQUESTS_PER_SECOND,
        fewest_requests: fewest(plan, &estimates) * measured,
        capacity: plan.cells.first().map(|cell| capacities(&cell.system, &estimates[0])).unwrap_or_default(),
        busiest: plan.cells.iter().zip(&estimates).map(|(cell, estimate)| busiest(cell, estimate)).collect(),
    })
}

/// The fewest requests a second that any cell is offered, as far as that is known; 0 if it is of none.
fn fewest(plan: &Plan, estimates: &[Estimate]) -> f64 {
    let known = plan.cells.iter().zip(estimates).filter(|(cell, _)| !replays(cell));
    known.map(|(_, estimate)| estimate.offered).reduce(f64::min).unwrap_or(0.0)
}

/// Whether some of its load is recorded: how much that is nobody knows before it is run.
fn replays(cell: &Cell) -> bool {
    cell.system.workloads.values().any(|workload| matches!(workload, WorkloadSpec::Trace(_)))
}

/// The station that saturates first.
fn busiest(cell: &Cell, estimate: &Estimate) -> Busiest {
    let worst = estimate.stations.iter().max_by(|left, right| left.worst().total_cmp(&right.worst()));
    let Some(worst) = worst else { return Busiest::default() };
    if replays(cell) {
        return Busiest { load: None, station: worst.id.clone() };
    }
    match &worst.busiest {
        Some((server, load)) => {
            Busiest { load: Some(load.max(worst.utilization())), station: server.clone() }
        }
        // Whoever looks at the state spreads the load well enough that only the pool as a whole can fail.
        None if worst.balanced && worst.utilization() < 1.0 => {
            Busiest { load: None, station: worst.id.clone() }
        }
        None => Busiest { load: Some(worst.utilization()), station: worst.id.clone() },
    }
}

/// A line for each pool: `web: 15 × 200/s + 1 × 100/s = 3100/s`.
fn capacities(system: &models::spec::SystemSpec, estimate: &Estimate) -> Vec<String> {
    let line = |station: &StationEstimate| match system.form(&station.id) {
        Some(Form::Pool(pool)) => Some(format!(
            "{}: {} = {}/s",
            station.id,
            parts(pool, station.capacity),
            figure(station.capacity)
        )),
        Some(Form::Balancer(_)) => Some(format!("{}: {}/s", station.id, figure(station.capacity))),
        None => None,
    };
    estimate.stations.iter().filter_map(line).collect()
}

/// Equal servers counted together, the most common first.
fn parts(pool: &PoolSpec, capacity: f64) -> String {
    let mut kinds: Vec<(f64, u32)> = Vec::new();
    for server in 0..pool.servers {
        let speed = pool.server_speed(server);
        match kinds.iter_mut().find(|(known, _)| *known == speed) {
            Some((_, count)) => *count += 1,
            None => kinds.push((speed, 1)),
        }
    }
    kinds.sort_by_key(|(_, count)| Reverse(*count));
    let total: f64 = kinds.iter().map(|(speed, count)| speed * f64::from(*count)).sum();
    let part = |(speed, count): &(f64, u32)| format!("{count} × {}/s", figure(speed / total * capacity));
    kinds.iter().map(part).collect::<Vec<_>>().join(" + ")
}

/// A figure for people: three significant digits or whole.
fn figure(value: f64) -> String {
    if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}
