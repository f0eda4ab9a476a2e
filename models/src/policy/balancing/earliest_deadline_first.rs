//! Weighted round robin as Envoy does it: whoever's next deadline is earliest, deadlines being 1/weight
//! apart.
//!
//! Less smooth than nginx's way (5, 1, 1 gives a a a a b c a), but weights may change at any pick, which is
//! how slow start enters. Envoy `edf_scheduler.h`; exact arithmetic here, doubles there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{
    Ask, Backends, Balance, Endpoint, Wants,
    deadline::{Schedule, slowed},
    weights::Weights,
};

/// `EarliestDeadlineFirst`: whose weights.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Where the weights come from.
    pub weights: Weights,
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        self.weights.check(check);
    }

    pub(super) fn build(&self, endpoints: &[Endpoint]) -> State {
        State { weights: self.weights.clone(), schedule: schedule(&self.weights, endpoints) }
    }
}

fn schedule(weights: &Weights, endpoints: &[Endpoint]) -> Schedule {
    let numbered = endpoints.iter().enumerate();
    Schedule::new(numbered.map(|(index, endpoint)| weights.of(index, endpoint.weight)).collect())
}

/// The deadlines.
#[derive(Debug)]
pub struct State {
    weights: Weights,
    schedule: Schedule,
}

impl Balance for State {
    fn pick(&mut self, backends: &Backends<'_>, _: &Ask, _: &mut Stream) -> Option<usize> {
        self.schedule.pick(backends.rows, |period, row| slowed(period, row.share))
    }

    fn on_change(&mut self, backends: &Backends<'_>) {
        let numbered = backends.rows.iter().enumerate();
        self.schedule.set_weights(numbered.map(|(index, row)| self.weights.of(index, row.weight)));
    }

    fn on_membership(&mut self, endpoints: &[Endpoint]) {
        self.schedule = schedule(&self.weights, endpoints);
    }

    fn wants(&self) -> Wants {
        Wants::NOTHING
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::balancing::testing::{endpoints, letters, rows, view};

    fn turns(weights: &[u32], picks: usize) -> String {
        letters(&mut Spec::default().build(&endpoints(weights)), &rows(weights), picks)
    }

    #[test]
    fn turns_are_those_of_exact_fractions() {
        // Computed with rational deadlines; with doubles {5, 1, 1} turns to aaaabcaaaaaabc in its second
        // cycle.
        assert_eq!(turns(&[2, 1], 6), "abaaba");
        assert_eq!(turns(&[3, 2, 1], 12), "abacbaabacba");
        assert_eq!(turns(&[4, 3, 2, 1], 20), "abcabadcbaabcabadcba");
        assert_eq!(turns(&[5, 1, 1], 14), "aaaabcaaaaabca");
    }

    #[test]
    fn weights_that_no_unit_divides_still_share_in_proportion() {
        // Their least common multiple is beyond 2^64.
        let weights = [4_294_967_291, 4_294_967_279, 2_147_483_647, 2_147_483_629];
        let picks = turns(&weights, 6000);
        assert_eq!(['a', 'b', 'c', 'd'].map(|name| picks.matches(name).count()), [2000, 2000, 1000, 1000]);
    }

    #[test]
    fn a_backend_in_slow_start_gets_its_share_of_a_turn() {
        let mut rows = rows(&[1, 1]);
        rows[1].share = 0.25;
        let picks = letters(&mut Spec::default().build(&endpoints(&[1, 1])), &rows, 101);
        // The first deadline was set before slow start began: one turn at once, then every fifth.
        assert_eq!(picks.matches('b').count(), 21);
    }

    #[test]
    fn a_backend_that_was_away_gets_no_turns_back() {
        let mut rows = rows(&[1, 1]);
        let mut state = Spec::default().build(&endpoints(&[1, 1]));
        rows[1].available = false;
        assert_eq!(letters(&mut state, &rows, 10), "aaaaaaaaaa");
        rows[1].available = true;
        assert_eq!(letters(&mut state, &rows, 4), "baba");
    }

    #[test]
    fn new_weights_start_the_schedule_anew() {
        let mut rows = rows(&[1, 1]);
        let mut state = Spec::default().build(&endpoints(&[1, 1]));
        assert_eq!(letters(&mut state, &rows, 1), "a");
        rows[0].weight = 2;
        state.on_change(&view(&rows));
        assert_eq!(letters(&mut state, &rows, 6), "abaaba");
    }
}
