//! Least outstanding requests: join the shortest queue, over all backends.
//!
//! Waits vanish until the pool is nearly full, since nobody queues while another is idle. It needs the whole
//! table where two random choices need two rows of it, ignores weights, and one balancer's table is not the
//! whole truth: with many balancers equal views herd onto the same server, above all if ties go to the first.
//! Winston, *Optimality of the Shortest Line Discipline*, 1977.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{Ask, Backend, Backends, Balance, Endpoint, InFlight, Wants};

/// `LeastOutstandingRequests`: how ties are broken.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Who is picked of those with equally few requests.
    pub ties: Ties,
}

/// Who is picked of equals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Ties {
    /// Any, with equal chance.
    #[default]
    Random,
    /// They take turns.
    RoundRobin,
    /// The first in the list, which makes it the busiest.
    First,
}

impl Spec {
    pub(super) fn check(&self, _: &mut Check) {}

    pub(super) fn build(&self, _: &[Endpoint]) -> State {
        State { ties: self.ties, next: 0, loads: Vec::new() }
    }
}

/// Whose turn it is, where ties take turns.
#[derive(Debug)]
pub struct State {
    ties: Ties,
    next: usize,
    /// The rows' loads side by side, where the view does not have the fewest at hand.
    loads: Vec<u32>,
}

/// The load of those not available: above every other.
const AWAY: u32 = u32::MAX;

/// The load to compare.
#[inline]
fn load(row: &Backend) -> u32 {
    if row.available { row.in_flight } else { AWAY }
}

/// Any of those with the least load: one draw even if there is no tie, so that every pick costs the stream
/// the same.
fn any_tied(loads: &[u32], random: &mut Stream) -> Option<usize> {
    let least = loads.iter().copied().min().filter(|&least| least < AWAY)?;
    let tied = || (0..loads.len()).filter(|index| loads[*index] == least);
    let drawn = random.below(tied().count());
    tied().nth(drawn)
}

/// Any of the rows whose bits are set, by one draw.
#[inline(always)]
fn any_of(mut rows: u64, random: &mut Stream) -> Option<usize> {
    if rows == 0 {
        return None;
    }
    let mut passed = random.below(rows.count_ones() as usize);
    // How many to pass is chance, which no branch predictor knows: a few are passed or not without one.
    for _ in 0..4 {
        rows = if passed > 0 { rows & (rows - 1) } else { rows };
        passed = passed.saturating_sub(1);
    }
    for _ in 0..passed {
        rows &= rows - 1;
    }
    Some(rows.trailing_zeros() as usize)
}

impl State {
    /// The first of those with the least load from whose turn it is.
    fn next_tied(&mut self, rows: &[Backend]) -> Option<usize> {
        let least = rows.iter().map(load).min().filter(|&least| least < AWAY)?;
        let turn = self.next.min(rows.len());
        let picked = (turn..rows.len()).chain(0..turn).find(|&index| load(&rows[index]) == least)?;
        self.next = picked + 1;
        Some(picked)
    }
}

impl Balance for State {
    #[inline(always)]
    fn pick(&mut self, backends: &Backends<'_>, _: &Ask, random: &mut Stream) -> Option<usize> {
        let rows = backends.rows;
        match self.ties {
            Ties::Random => {
                if let Some(fewest) = backends.in_flight.and_then(InFlight::fewest) {
                    return any_of(fewest, random);
                }
                self.loads.clear();
                self.loads.extend(rows.iter().map(load));
                any_tied(&self.loads, random)
            }
            Ties::RoundRobin => self.next_tied(rows),
            Ties::First => (0..rows.len())
                .filter(|&index| rows[index].available)
                .min_by_key(|&index| rows[index].in_flight),
        }
    }

    fn wants(&self) -> Wants {
        Wants::NOTHING
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::balancing::testing::{letters, loaded, stream, view};

    fn picks(ties: Ties, rows: &[Backend], count: usize) -> String {
        letters(&mut Spec { ties }.build(&[]), rows, count)
    }

    #[test]
    fn joins_the_shortest_queue() {
        assert_eq!(picks(Ties::Random, &loaded(&[3, 2, 1, 2]), 3), "ccc");
        let mut rows = loaded(&[3, 2, 0, 2]);
        rows[2].available = false;
        assert_eq!(picks(Ties::First, &rows, 2), "bb");
        assert_eq!(picks(Ties::RoundRobin, &rows, 4), "bdbd");
    }

    #[test]
    fn random_ties_are_fair_and_cost_one_draw() {
        let rows = loaded(&[1, 5, 1, 1]);
        let picks = picks(Ties::Random, &rows, 30_000);
        for name in ["a", "c", "d"] {
            // Four standard deviations of Binomial(30000, 1/3).
            assert!(picks.matches(name).count().abs_diff(10_000) < 327, "{name}");
        }
        let (mut used, mut counted) = (stream(), stream());
        Spec::default().build(&[]).pick(&view(&rows), &Ask::default(), &mut used);
        counted.bits();
        assert_eq!(used.bits(), counted.bits());
    }

    #[test]
    fn the_fewest_at_hand_give_the_same_picks_as_the_table() {
        let (mut at_hand, mut searched) = (stream(), stream());
        let mut in_flight = InFlight::new(20);
        let mut state = Spec::default().build(&[]);
        for step in 0..2000 {
            let rows = loaded(in_flight.counts());
            let table = view(&rows);
            let quick = Backends { in_flight: Some(&in_flight), ..table };
            let picked = state.pick(&quick, &Ask::default(), &mut at_hand).unwrap();
            assert_eq!(state.pick(&table, &Ask::default(), &mut searched), Some(picked), "step {step}");
            in_flight.rise(picked);
            let answered = step * 7 % 20;
            if step % 3 > 0 && in_flight.counts()[answered] > 0 {
                in_flight.fall(answered);
            }
        }
    }
}
