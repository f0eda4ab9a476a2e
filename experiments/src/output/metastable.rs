//! The words of a metastable failure: since when it has lost its cause, in how many replications, and what sustains it.

use super::number::significant;
use crate::{
    analysis::{Recovery, Stuck},
    output::number::short,
};

/// `the trigger ended at 150 s, the system is still down at 600 s in 10 of 10 replications`.
pub(crate) fn metastable(recovery: &Recovery, stuck: &Stuck) -> String {
    format!(
        "the trigger ended at {} s, the system is still down at {} s in {} of {} replications",
        short(stuck.trigger_end),
        short(stuck.end),
        stuck.replications,
        recovery.recovered.1,
    )
}

/// `goodput 0/s, before the fault 700/s; attempts 2800/s = 4.00 × demand; 20000 wait at checkout`.
pub(crate) fn hardship(stuck: &Stuck) -> String {
    let late = &stuck.late;
    let rate = |value: f64| significant(value, 3);
    let goodput = format!("goodput {}/s, before the fault {}/s", rate(late.goodput), rate(late.before));
    let attempts = late.attempts.zip(stuck.amplification()).map(|(attempts, times)| {
        format!("attempts {}/s = {} × demand", rate(attempts), significant(times, 2))
    });
    let waiting =
        late.longest.as_ref().map(|(at, waiting)| format!("{} wait at {at}", significant(*waiting, 3)));
    let told: Vec<String> = [Some(goodput), attempts, waiting].into_iter().flatten().collect();
    told.join("; ")
}
