//! Least connections as nginx counts them: the fewest requests for its weight, ties by smooth turns.
//!
//! Compares requests/weight by cross multiplication, so an idle light server ties with an idle heavy one;
//! HAProxy counts the request about to come as well. nginx `ngx_http_upstream_least_conn_module.c`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{Ask, Backend, Backends, Balance, Done, Endpoint, Wants, smooth::Smooth};

/// `LeastConnections`: what a failure costs.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// How many failures take the whole weight in ties away; 0 for never. Default 1 (nginx).
    pub max_fails: u32,
}

impl Default for Spec {
    fn default() -> Self {
        Self { max_fails: 1 }
    }
}

impl Spec {
    pub(super) fn check(&self, _: &mut Check) {}

    pub(super) fn build(&self, endpoints: &[Endpoint]) -> State {
        State { max_fails: self.max_fails, turns: Smooth::new(endpoints) }
    }
}

/// The turns of those that tie.
#[derive(Debug)]
pub struct State {
    max_fails: u32,
    turns: Smooth,
}

/// What row `a` bears next to row `b`, multiplied out: whole numbers, so ties are exact while no slow start
/// is on.
#[inline]
fn burden(a: &Backend, b: &Backend) -> f64 {
    f64::from(a.in_flight) * b.effective_weight()
}

impl Balance for State {
    fn pick(&mut self, backends: &Backends<'_>, _: &Ask, _: &mut Stream) -> Option<usize> {
        let rows = backends.rows;
        let mut best: Option<(usize, &Backend)> = None;
        let mut tied = false;
        for (index, row) in rows.iter().enumerate().filter(|(_, row)| row.available) {
            let (mine, its) = best.map_or((0.0, 1.0), |(_, best)| (burden(row, best), burden(best, row)));
            if mine < its {
                (best, tied) = (Some((index, row)), false);
            } else {
                tied |= mine == its;
            }
        }
        let (index, best) = best?;
        if !tied {
            return Some(index);
        }
        self.turns.pick(rows, |_, row| row.weight, |_, row| burden(row, best) == burden(best, row))
    }

    fn on_done(&mut self, backends: &Backends<'_>, done: &Done) {
        if let (false, Some(row)) = (done.success, backends.rows.get(done.backend)) {
            self.turns.on_failure(done.backend, row.weight, self.max_fails);
        }
    }

    fn on_membership(&mut self, endpoints: &[Endpoint]) {
        self.turns.on_membership(endpoints);
    }

    fn wants(&self) -> Wants {
        Wants::NOTHING
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::balancing::testing::{endpoints, letters, rows};

    fn picks(weights: &[u32], in_flight: &[u32], count: usize) -> String {
        let mut rows = rows(weights);
        for (row, &in_flight) in rows.iter_mut().zip(in_flight) {
            row.in_flight = in_flight;
        }
        letters(&mut Spec::default().build(&endpoints(weights)), &rows, count)
    }

    #[test]
    fn a_heavier_server_may_have_more() {
        assert_eq!(picks(&[4, 1], &[3, 1], 2), "aa");
        assert_eq!(picks(&[4, 1], &[5, 1], 2), "bb");
    }

    #[test]
    fn ties_take_smooth_turns_by_weight() {
        // All idle: nginx's documented smooth order. One busier server takes no part.
        assert_eq!(picks(&[5, 1, 1], &[0, 0, 0], 7), "aabacaa");
        assert_eq!(picks(&[5, 9, 1, 1], &[0, 1, 0, 0], 7), "aacadaa");
        assert_eq!(picks(&[2, 1], &[2, 1], 3), "aba");
    }
}
