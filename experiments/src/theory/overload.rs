//! Half again as many arrivals as can be served, none of use after ten services; and the same below capacity.
//!
//! Newest first works on busy periods, of density e^(−(λ+1)t) I₁(2t√λ)/(t√λ); dropping the expired is a level
//! crossing of the work; both integrated numerically. A short line is M/M/1/6's Erlang waits.

use super::{suite::Suite, trial::Lab};
use crate::cli::Depth::{Quick, Usual};

/// Share of the server's time that is of use, of clients that wait ten services.
fn useful(lab: &Lab, load: f64, queue: &str, arrivals: f64) -> super::trial::Figure {
    let system = format!(
        r#"workloads: {{ "clients": OpenLoop(target: "web", load: Rate("{load}/s"), timeout: "10s") }},
        components: {{ "web": ServerPool(service_time: Exponential(mean: "1s"), queue: {queue}) }},"#
    );
    lab.trial(system, arrivals / load).figure("clients.goodput.mean")
}

pub(super) fn deadlines(lab: &Lab) -> Suite {
    let mut suite = Suite::new("deadlines");
    for (name, queue, expected, within) in [
        ("oldest first, room for 100", "Fifo(capacity: 100)", 0.0, 0.001),
        ("oldest first, room for 1000", "Fifo(capacity: 1000)", 0.0, 0.001),
        ("oldest first, room for 5", "Fifo(capacity: 5)", 0.9363, 0.01),
        ("newest first, room for 100", "Lifo(capacity: 100, when_full: DropOldest)", 0.9519, 0.01),
        ("newest first, room for 1000", "Lifo(capacity: 1000, when_full: DropOldest)", 0.9519, 0.01),
        ("oldest first, the expired dropped", "Fifo(capacity: 100, drop_expired: true)", 0.6642, 0.015),
    ] {
        suite.agrees(
            Quick,
            format!("useful work at 1.5, {name}"),
            expected,
            within,
            useful(lab, 1.5, queue, 4e5),
        );
    }
    for (name, queue, expected) in
        [("oldest", "Fifo(capacity: 1000)", 0.864_66), ("newest", "Lifo(capacity: 1000)", 0.904_48)]
    {
        let figure = useful(lab, 0.8, queue, 1.5e6);
        suite.agrees(Usual, format!("useful work at 0.8, {name} first"), 0.8 * expected, 0.01, figure);
    }
    for (mistake, queue, expected) in [
        ("room for 6 instead of 5", "Fifo(capacity: 6)", 0.9363),
        ("oldest instead of newest first", "Fifo(capacity: 100)", 0.9519),
        ("the expired not dropped", "Fifo(capacity: 100)", 0.6642),
    ] {
        suite.notices(Quick, mistake, expected, 0.01, useful(lab, 1.5, queue, 4e5));
    }
    suite
}
