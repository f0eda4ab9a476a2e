//! A plan as a study: what running, storing and analysing need to know of it.

use models::{
    estimate::Estimate,
    spec::{FaultSpec, Moment},
};
use xxhash_rust::xxh64::xxh64;

use crate::{
    claim::{self, Comparison},
    experiment::Horizon,
    plan::{self, Plan},
    study::{Axis, Cell, Claim, Expectation, Fault, Op, Study, Window},
};

/// The simulator's sources, as the build script read them.
const SIMULATOR: u64 = fingerprint(env!("STAMPEDE_SIMULATOR"));

/// The number that 16 hex digits stand for.
const fn fingerprint(digits: &str) -> u64 {
    match u64::from_str_radix(digits, 16) {
        Ok(number) => number,
        Err(_) => 0,
    }
}

/// What is asked of a plan's cells.
pub(super) fn of(plan: &Plan) -> Study {
    let expectations = plan.expectations.iter().flat_map(|expectation| {
        expectation
            .claims
            .iter()
            .map(|claim| Expectation { arm: expectation.of.clone(), claim: claim_of(claim) })
    });
    let system = plan.cells.first().map(|cell| &cell.system);
    Study {
        name: plan.name.clone(),
        question: plan.question.clone(),
        hash: plan.hash.clone(),
        workloads: system.map(|system| system.workloads.keys().cloned().collect()).unwrap_or_default(),
        arms: plan.arms.clone(),
        baseline: plan.baseline.clone(),
        axes: plan
            .axes
            .iter()
            .map(|axis| Axis { path: axis.path.clone(), values: axis.values.clone() })
            .collect(),
        cells: plan.cells.iter().map(|cell| cell_of(plan, cell)).collect(),
        seed: plan.run.seed,
        replications: plan.run.replications.into(),
        common_random_numbers: plan.run.common_random_numbers,
        horizon: horizon_of(plan.run.horizon),
        windows: plan.windows.iter().map(window_of).collect(),
        faults: system
            .map(|system| system.faults.iter().filter_map(|fault| fault_of(fault, plan)).collect())
            .unwrap_or_default(),
        slos: plan.slos.iter().map(claim_of).collect(),
        expectations: expectations.collect(),
        system: super::system::of(plan),
        curves: super::curves::of(plan),
        command: String::new(),
    }
}

fn cell_of(plan: &Plan, cell: &plan::Cell) -> Cell {
    let end = plan.run.horizon.end();
    let estimate = Estimate::of(&cell.system, end.since(sim_core::time::SimTime::ZERO));
    Cell {
        arm: cell.arm.clone(),
        point: cell.point.iter().map(|coordinate| coordinate.value.clone()).collect(),
        hash: stored_hash(&cell.hash),
        replications: plan.run.replications.into(),
        expected_events: estimate.offered * end.as_secs_f64() * estimate.events_per_request,
    }
}

/// What a cell's runs are kept under: what they are of, and the simulator that makes them.
fn stored_hash(cell: &str) -> String {
    format!("{:016x}", xxh64(cell.as_bytes(), SIMULATOR))
}

fn horizon_of(horizon: Horizon) -> crate::study::Horizon {
    match horizon {
        Horizon::SteadyState { warmup, measure } => crate::study::Horizon::SteadyState {
            warmup: warmup.as_secs_f64(),
            measure: measure.as_secs_f64(),
        },
        Horizon::Terminating { end } => crate::study::Horizon::Terminating { end: end.as_secs_f64() },
    }
}

fn window_of(window: &crate::experiment::Window) -> Window {
    Window { name: window.name.clone(), from: window.start.as_secs_f64(), to: window.end.as_secs_f64() }
}

/// A fault at a fixed time, for pictures; one that comes and goes by chance has no place on a time axis.
fn fault_of(fault: &FaultSpec, plan: &Plan) -> Option<Fault> {
    let struck = fault.struck();
    match struck.moment()? {
        Moment::At { at, duration } => {
            let end = plan.run.horizon.end().as_secs_f64();
            let from = at.as_secs_f64();
            let to = duration.map_or(end, |duration| (from + duration.as_secs_f64()).min(end));
            let place = struck.target.as_ref().or(struck.region.as_ref()).map_or("", String::as_str);
            Some(Fault { label: format!("{} {place}", fault.name()), from, to })
        }
        Moment::Renewal { .. } => None,
    }
}

fn claim_of(claim: &claim::Claim) -> Claim {
    let digits = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E' | '_');
    Claim {
        text: claim.to_string(),
        metric: format!("{}.{}", claim.subject, claim.metric),
        statistic: claim.statistic.to_string(),
        window: claim.window.clone(),
        op: match claim.comparison {
            Comparison::Less => Op::Less,
            Comparison::LessOrEqual => Op::AtMost,
            Comparison::Greater => Op::Greater,
            Comparison::GreaterOrEqual => Op::AtLeast,
            Comparison::Equal => Op::Equal,
        },
        threshold: claim.threshold,
        limit: claim.limit,
        unit: claim.written.trim_start_matches(digits).trim().to_owned(),
    }
}
