//! Weighted round robin as nginx does it: turns in proportion to weight, spread out smoothly.
//!
//! Weights 5, 1, 1 give a a b a c a a, where earliest deadline first gives a a a a b c a. Failures lower a
//! backend's weight for a while. nginx `ngx_http_upstream_round_robin.c`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{Ask, Backends, Balance, Done, Endpoint, Wants, smooth::Smooth, weights::Weights};

/// `WeightedRoundRobin`: whose weights, and what a failure costs.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Where the weights come from.
    pub weights: Weights,
    /// How many failures take the whole weight away; 0 for never. Default 1 (nginx).
    pub max_fails: u32,
}

impl Default for Spec {
    fn default() -> Self {
        Self { weights: Weights::default(), max_fails: 1 }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        self.weights.check(check);
    }

    pub(super) fn build(&self, endpoints: &[Endpoint]) -> State {
        State { spec: self.clone(), turns: Smooth::new(endpoints) }
    }
}

/// The running weights.
#[derive(Debug)]
pub struct State {
    spec: Spec,
    turns: Smooth,
}

impl Balance for State {
    fn pick(&mut self, backends: &Backends<'_>, _: &Ask, _: &mut Stream) -> Option<usize> {
        let weights = &self.spec.weights;
        self.turns.pick(backends.rows, |index, row| weights.of(index, row.weight), |_, _| true)
    }

    fn on_forced(&mut self, backends: &Backends<'_>, backend: usize) {
        let weights = &self.spec.weights;
        self.turns.force(backends.rows, |index, row| weights.of(index, row.weight), backend);
    }

    fn on_done(&mut self, backends: &Backends<'_>, done: &Done) {
        if let (false, Some(row)) = (done.success, backends.rows.get(done.backend)) {
            let weight = self.spec.weights.of(done.backend, row.weight);
            self.turns.on_failure(done.backend, weight, self.spec.max_fails);
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
    use crate::policy::balancing::testing::{done, endpoints, letters, rows, stream, view};

    fn turns(weights: &[u32], picks: usize) -> String {
        letters(&mut Spec::default().build(&endpoints(weights)), &rows(weights), picks)
    }

    #[test]
    fn the_running_weights_are_those_of_the_commit_that_introduced_them() {
        // nginx, "Upstream: smooth weighted round-robin balancing": { 5, 1, 1 }.
        let weights = [5, 1, 1];
        let mut state = Spec::default().build(&endpoints(&weights));
        let rows = rows(&weights);
        for (picked, current) in [
            (0, [-2, 1, 1]),
            (0, [-4, 2, 2]),
            (1, [1, -4, 3]),
            (0, [-1, -3, 4]),
            (2, [4, -2, -2]),
            (0, [2, -1, -1]),
            (0, [0, 0, 0]),
        ] {
            assert_eq!(state.pick(&view(&rows), &Ask::default(), &mut stream()), Some(picked));
            assert_eq!(state.turns.current(), current);
        }
    }

    #[test]
    fn turns_repeat_with_the_total_weight() {
        assert_eq!(turns(&[5, 1, 1], 14), "aabacaaaabacaa");
        assert_eq!(turns(&[3, 2, 1], 12), "abacbaabacba");
        assert_eq!(turns(&[4, 3, 2, 1], 10), "abcabdacba");
        assert_eq!(turns(&[2, 1], 6), "abaaba");
    }

    #[test]
    fn given_weights_count_instead_of_the_tables() {
        let spec = Spec { weights: Weights::Given(vec![5, 1, 1]), ..Spec::default() };
        assert_eq!(letters(&mut spec.build(&endpoints(&[1; 3])), &rows(&[1; 3]), 7), "aabacaa");
    }

    #[test]
    fn a_failure_costs_weight_that_comes_back_turn_by_turn() {
        let weights = [4, 4];
        let mut state = Spec { max_fails: 2, ..Spec::default() }.build(&endpoints(&weights));
        let rows = rows(&weights);
        let failure = Done { success: false, ..done(0, 1) };
        state.on_done(&view(&rows), &failure);
        state.on_done(&view(&rows), &failure);
        // By hand: a weighs 0, 1, 2, 3, 4, 4 … in the turns to come.
        assert_eq!(letters(&mut state, &rows, 6), "bbabab");
        assert_eq!(state.turns.current(), [0, 0]);
    }

    #[test]
    fn sticky_requests_count_as_turns_up_to_a_debt() {
        let weights = [1, 1, 1];
        let mut state = Spec::default().build(&endpoints(&weights));
        let rows = rows(&weights);
        // By hand: paid once, a owes 2, which is what nginx lets it owe: -(total - weight).
        for _ in 0..5 {
            state.on_forced(&view(&rows), 0);
            assert_eq!(state.turns.current(), [-2, 1, 1]);
        }
        assert_eq!(letters(&mut state, &rows, 5), "bcabc");
    }

    #[test]
    fn slow_start_scales_a_weight() {
        let mut rows = rows(&[1, 1]);
        rows[1].share = 0.25;
        let mut state = Spec::default().build(&endpoints(&[1, 1]));
        assert_eq!(letters(&mut state, &rows, 10).matches('b').count(), 2);
    }
}
