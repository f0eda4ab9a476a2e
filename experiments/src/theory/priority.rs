//! Classes that go first, waiting for whoever is served or interrupting him.
//!
//! Cobham 1954; White & Christie 1958 for those that interrupt.

use sim_core::statistics::theory::priority::{
    PriorityClass, non_preemptive_waits, non_preemptive_waits_of_channels, preemptive_resume_sojourns,
};

use super::{
    suite::Suite,
    trial::{Lab, Trial, figure},
};
use crate::cli::Depth::{Full, Quick, Usual};

const EXPONENTIAL: &str = r#"service_time: Exponential(mean: "1s")"#;
const CONSTANT: &str = r#"service_time: Constant("1s")"#;

fn classes(rates: &[f64], second_moment: f64) -> Vec<PriorityClass> {
    rates.iter().map(|&arrivals| PriorityClass { arrivals, mean_service: 1.0, second_moment }).collect()
}

/// A pool fed by workloads `class0`, `class1`, …, of those rates and priorities.
fn ranked(lab: &Lab, classes: &[(f64, u8)], pool: &str, arrivals: f64) -> Trial {
    let workload = |(number, (rate, priority)): (usize, &(f64, u8))| {
        format!(
            r#""class{number}": OpenLoop(
                target: "web", load: Rate("{rate}/s"), requests: {{ "kind{number}": (priority: {priority}) }},
            ),"#
        )
    };
    let workloads: String = classes.iter().enumerate().map(workload).collect();
    let system = format!(r#"workloads: {{ {workloads} }}, components: {{ "web": ServerPool({pool}) }},"#);
    lab.trial(system, arrivals / classes.iter().map(|(rate, _)| rate).sum::<f64>())
}

fn in_order(rates: &[f64]) -> Vec<(f64, u8)> {
    rates.iter().zip(0..).map(|(rate, priority)| (*rate, priority)).collect()
}

/// The wait of a class of mean service 1: what it took, less the service.
fn wait_of(trial: &Trial, class: usize) -> super::trial::Figure {
    trial.derive(move |figures| figure(figures, &format!("class{class}.latency.mean")) - 1.0)
}

pub(super) fn waiting(lab: &Lab) -> Suite {
    let mut suite = Suite::new("priorities");
    let two = non_preemptive_waits(&classes(&[0.2, 0.6], 2.0));
    let queue = "queue: Priority";
    let pool = format!("{EXPONENTIAL}, {queue}");
    let trial = ranked(lab, &in_order(&[0.2, 0.6]), &pool, 3e6);
    for (class, within) in [(0, 0.03), (1, 0.03)] {
        suite.agrees(
            Usual,
            format!("wait of class {class} of 2"),
            two[class],
            within,
            wait_of(&trial, class),
        );
    }
    let conserved = trial.derive(|figures| {
        0.2 * (figures["class0.latency.mean"] - 1.0) + 0.6 * (figures["class1.latency.mean"] - 1.0)
    });
    suite.agrees(Usual, "Σ ρW, the same in any order", 3.2, 0.03, conserved);
    let light = non_preemptive_waits(&classes(&[0.2, 0.3], 2.0));
    let trial = ranked(lab, &in_order(&[0.2, 0.3]), &pool, 8e5);
    for (class, wait) in light.iter().enumerate() {
        suite.agrees(Quick, format!("wait of class {class} at 0.5"), *wait, 0.03, wait_of(&trial, class));
    }
    let swapped = ranked(lab, &[(0.2, 1), (0.3, 0)], &pool, 8e5);
    suite.notices(Quick, "the second class first", light[0], 0.03, wait_of(&swapped, 0));
    let interrupting = format!("{EXPONENTIAL}, sharing: PreemptivePriority");
    let interrupting = ranked(lab, &in_order(&[0.2, 0.3]), &interrupting, 1e6);
    suite.notices(Quick, "who is served is interrupted", light[0], 0.03, wait_of(&interrupting, 0));
    three(&mut suite, lab, EXPONENTIAL, 2.0, "exponential");
    three(&mut suite, lab, CONSTANT, 1.0, "constant");
    let four = non_preemptive_waits_of_channels(&[0.8, 2.4], 1.0, 4);
    let pool = format!("workers_per_server: 4, {EXPONENTIAL}, {queue}");
    let trial = ranked(lab, &in_order(&[0.8, 2.4]), &pool, 3e6);
    for (class, wait) in four.iter().enumerate() {
        suite.agrees(
            Usual,
            format!("wait of class {class}, 4 channels"),
            *wait,
            0.03,
            wait_of(&trial, class),
        );
    }
    suite
}

/// Three classes at 0.9: the last one's wait settles slowly.
fn three(suite: &mut Suite, lab: &Lab, service: &str, second_moment: f64, name: &str) {
    let waits = non_preemptive_waits(&classes(&[0.3; 3], second_moment));
    let pool = format!("{service}, queue: Priority");
    let short = ranked(lab, &in_order(&[0.3; 3]), &pool, 2.5e6);
    let long = ranked(lab, &in_order(&[0.3; 3]), &pool, 4e7);
    for (depth, class, within, trial) in
        [(Usual, 0, 0.02, &short), (Usual, 1, 0.03, &short), (Full, 2, 0.05, &long)]
    {
        let name = format!("wait of class {class} of 3, {name} service");
        suite.agrees(depth, name, waits[class], within, wait_of(trial, class));
    }
}

pub(super) fn interrupting(lab: &Lab) -> Suite {
    let mut suite = Suite::new("interrupting priorities");
    let pool = format!("{EXPONENTIAL}, sharing: PreemptivePriority");
    for (depth, rates, arrivals) in [(Quick, [0.2, 0.3], 1e6), (Usual, [0.2, 0.6], 3e6)] {
        let expected = preemptive_resume_sojourns(&classes(&rates, 2.0));
        let trial = ranked(lab, &in_order(&rates), &pool, arrivals);
        for (class, time) in expected.iter().enumerate() {
            let figure = trial.figure(&format!("class{class}.latency.mean"));
            let name = format!("mean time of class {class}, {} and {} offered", rates[0], rates[1]);
            suite.agrees(depth, name, *time, 0.02, figure);
        }
    }
    let expected = preemptive_resume_sojourns(&classes(&[0.2, 0.3], 2.0));
    let polite = ranked(lab, &in_order(&[0.2, 0.3]), &format!("{EXPONENTIAL}, queue: Priority"), 1e6);
    suite.notices(Quick, "nobody is interrupted", expected[0], 0.02, polite.figure("class0.latency.mean"));
    suite
}
