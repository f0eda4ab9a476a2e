//! Which cells cannot keep up by the traffic equations: a warning if some cannot, an error if none can.

use models::{
    estimate::Estimate,
    policy::discipline::{Capacity, Order, QueueSpec},
    spec::{Form, PoolSpec, SystemSpec, WorkloadSpec},
};
use sim_core::time::{SimDuration, SimTime};

use crate::{
    diagnostic::Diagnostic,
    experiment::{Horizon, Overload, System},
    plan::Cell,
};

/// What gets more work than it can do, the worst of it.
pub(crate) fn overload(system: &SystemSpec, length: SimDuration) -> Option<Overload> {
    // Users of a closed loop wait for each other, and nobody knows how much load a trace is.
    let open = |workload: &WorkloadSpec| matches!(workload, WorkloadSpec::OpenLoop(_));
    if !system.workloads.values().all(open) || waits_for_files(system) {
        return None;
    }
    let estimate = Estimate::of(system, length);
    let worst = estimate.stations.iter().max_by(|left, right| left.worst().total_cmp(&right.worst()))?;
    if worst.worst() < 1.0 {
        return None;
    }
    let station = match &worst.busiest {
        Some((server, load)) if *load > worst.utilization() => server.clone(),
        Some(_) | None => worst.id.clone(),
    };
    let hopeless = (worst.utilization() >= 1.0 && nothing_gives_way(system)).then(|| {
        format!(
            "{:.0}/s come to `{}`, which can serve {:.0}/s, and nothing bounds its queue",
            worst.arrivals, worst.id, worst.capacity
        )
    });
    Some(Overload { station, load: worst.worst(), hopeless, grows: nothing_gives_way(system) })
}

/// Whether times are still to be read from files beside the experiment, so that no mean is known yet.
fn waits_for_files(system: &SystemSpec) -> bool {
    system.clone().fill_columns(&mut |_| Err(())).is_err()
}

/// Whether all that comes stays until it is served: no queue is limited, nobody leaves, no work is cancelled.
fn nothing_gives_way(system: &SystemSpec) -> bool {
    let patient = system.workloads.values().all(|workload| workload.common().patience.is_none());
    patient
        && system.components.values().all(|component| match component.form() {
            Form::Balancer(balancer) => balancer.max_connections == 0 && is_unlimited(&balancer.queue),
            Form::Pool(pool) => takes_everything(pool),
        })
}

fn takes_everything(pool: &PoolSpec) -> bool {
    !pool.cancel_abandoned_work && is_unlimited(&pool.queue)
}

fn is_unlimited(queue: &QueueSpec) -> bool {
    let discipline = queue.build(SimTime::ZERO);
    let room = discipline.room();
    room.capacity == Capacity::Unbounded && !room.drop_expired && !queue.sheds()
}

/// An error if every cell is hopeless.
pub(super) fn refuse_hopeless<S: System>(cells: &[Cell<S>], horizon: Horizon) -> Option<Diagnostic> {
    let Horizon::SteadyState { warmup, measure } = horizon else { return None };
    let reasons: Option<Vec<String>> =
        cells.iter().map(|cell| cell.system.overload(warmup + measure)?.hopeless).collect();
    let reason = reasons?.into_iter().next()?;
    let study = format!("study the overload itself with horizon: Terminating(end: \"{}\")", warmup + measure);
    Some(
        Diagnostic::error("E0503", "this workload can never reach steady state").note(reason).help(format!(
            "lower the load, add servers or workers, bound the queue (capacity: …), or {study}"
        )),
    )
}

/// A warning if some of the cells cannot keep up.
pub(super) fn warn_unstable<S: System>(cells: &[Cell<S>], horizon: Horizon) -> Option<Diagnostic> {
    let Horizon::SteadyState { warmup, measure } = horizon else { return None };
    let unstable: Vec<(&Cell<S>, Overload)> =
        cells.iter().filter_map(|cell| Some((cell, cell.system.overload(warmup + measure)?))).collect();
    let (cell, worst) = unstable.iter().max_by(|left, right| left.1.load.total_cmp(&right.1.load))?;
    let count = match unstable.len() {
        1 => "1 cell is".to_owned(),
        count => format!("{count} cells are"),
    };
    let what = if unstable.iter().any(|(_, overload)| overload.grows) {
        format!("{count} unstable by the traffic equations: latency there grows with the run's length")
    } else {
        format!("{count} overloaded by the traffic equations: what is too much is refused there, or goes")
    };
    let place = cell
        .point
        .iter()
        .fold(format!("arm {}", cell.arm), |place, at| format!("{place}, {} {}", at.path, at.value));
    let note = format!("the worst is {} at {:.2} times what it can do: {place}", worst.station, worst.load);
    let help = "keep them to show the collapse, or leave them out with --where or --arm";
    Some(Diagnostic::warning("W0502", what).note(note).help(help))
}
