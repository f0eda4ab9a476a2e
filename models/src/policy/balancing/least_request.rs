//! Least request as Envoy does it: the less loaded of a few draws, or deadlines stretched by load.
//!
//! With equal weights, `choice_count` draws with replacement, so the same host may be drawn twice: of two
//! hosts the worse is picked a quarter of the time, where Finagle's two distinct draws never pick it. With
//! unequal weights or slow start, earliest deadline first with weight/(active + 1)^bias. Envoy
//! `least_request_lb.cc`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{
    Ask, Backend, Backends, Balance, Endpoint, Wants, available,
    deadline::{Schedule, slowed},
    least_outstanding_requests as shortest,
};

/// `LeastRequest`: how many draws, and how much load bends weights.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Draws a pick where weights are equal, at least 2. Default 2 (Envoy).
    pub choice_count: u32,
    /// The exponent of load where weights differ: 0 ignores it. Default 1.0 (Envoy).
    pub active_request_bias: f64,
    /// Whether equal weights mean the least loaded of all, ties by chance, instead of draws. Default false
    /// (Envoy).
    pub full_scan: bool,
}

impl Default for Spec {
    fn default() -> Self {
        Self { choice_count: 2, active_request_bias: 1.0, full_scan: false }
    }
}

impl Spec {
    pub(super) fn check(&self, check: &mut Check) {
        let count = self.choice_count;
        check.require(count >= 2, "choice_count", || format!("choice_count must be at least 2, got {count}"));
        let bias = self.active_request_bias;
        check.require(bias.is_finite() && bias >= 0.0, "active_request_bias", || {
            format!("active_request_bias must be 0 or more, got {bias}")
        });
    }

    pub(super) fn build(&self, endpoints: &[Endpoint]) -> State {
        let weights: Vec<u32> = endpoints.iter().map(|endpoint| endpoint.weight.max(1)).collect();
        State {
            equal: weights.windows(2).all(|pair| pair[0] == pair[1]),
            schedule: Schedule::new(weights),
            scan: shortest::Spec::default().build(endpoints),
            spec: self.clone(),
        }
    }
}

/// The deadlines, for as long as weights differ.
#[derive(Debug)]
pub struct State {
    spec: Spec,
    /// Whether all weigh the same and none is in slow start.
    equal: bool,
    schedule: Schedule,
    scan: shortest::State,
}

impl State {
    fn best_of_draws(&self, rows: &[Backend], random: &mut Stream) -> Option<usize> {
        let mut best: Option<(usize, u32)> = None;
        for _ in 0..self.spec.choice_count.max(1) {
            let drawn = draw(rows, random)?;
            let active = rows[drawn].in_flight;
            if best.is_none_or(|(_, least)| active < least) {
                best = Some((drawn, active));
            }
        }
        best.map(|(index, _)| index)
    }
}

/// Any available backend with equal chance; drawn from all first, which is as fair and spares a count.
fn draw(rows: &[Backend], random: &mut Stream) -> Option<usize> {
    if rows.is_empty() {
        return None;
    }
    let drawn = random.below(rows.len());
    if rows[drawn].available { Some(drawn) } else { available::any(rows, random) }
}

impl Balance for State {
    fn pick(&mut self, backends: &Backends<'_>, ask: &Ask, random: &mut Stream) -> Option<usize> {
        if !self.equal {
            let bias = self.spec.active_request_bias;
            return self.schedule.pick(backends.rows, |period, row| stretched(period, row, bias));
        }
        if self.spec.full_scan {
            return self.scan.pick(backends, ask, random);
        }
        self.best_of_draws(backends.rows, random)
    }

    fn on_change(&mut self, backends: &Backends<'_>) {
        let rows = backends.rows;
        let mut up = rows.iter().filter(|row| row.available).map(|row| (row.weight, row.share));
        let first = up.next();
        self.equal = first.is_none_or(|(_, share)| share >= 1.0) && up.all(|row| Some(row) == first);
        self.schedule.set_weights(rows.iter().map(|row| row.weight.max(1)));
    }

    fn on_membership(&mut self, endpoints: &[Endpoint]) {
        *self = self.spec.build(endpoints);
    }

    fn wants(&self) -> Wants {
        Wants::NOTHING
    }
}

/// The period of weight/(active + 1)^bias; exact for the usual biases 0 and 1.
fn stretched(period: u128, row: &Backend, bias: f64) -> u128 {
    let active = u128::from(row.in_flight) + 1;
    let period = if bias == 0.0 {
        period
    } else if bias == 1.0 {
        period.saturating_mul(active)
    } else {
        (period as f64 * libm::pow(active as f64, bias)) as u128
    };
    slowed(period, row.share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::balancing::testing::{endpoints, letters, loaded, rows, view};

    #[test]
    fn of_two_hosts_the_worse_is_picked_a_quarter_of_the_time() {
        // Envoy's documentation of LeastRequest: 2 draws with replacement of 2 hosts.
        let picks = letters(&mut Spec::default().build(&endpoints(&[1; 2])), &loaded(&[0, 9]), 100_000);
        let worse = picks.matches('b').count() as f64 / 100_000.0;
        assert!((worse - 0.25).abs() < 0.005, "{worse}");
    }

    #[test]
    fn a_full_scan_finds_the_least_of_all() {
        let spec = Spec { full_scan: true, ..Spec::default() };
        assert_eq!(letters(&mut spec.build(&endpoints(&[1; 4])), &loaded(&[2, 1, 0, 3]), 3), "ccc");
    }

    #[test]
    fn unequal_weights_wait_longer_under_load() {
        let mut rows = rows(&[2, 1]);
        assert_eq!(letters(&mut Spec::default().build(&endpoints(&[2, 1])), &rows, 6), "abaaba");
        // Three requests in flight make a weigh 2/4: deadlines 1/2 and 1, then 2 apart against 1.
        rows[0].in_flight = 3;
        assert_eq!(letters(&mut Spec::default().build(&endpoints(&[2, 1])), &rows, 7), "abbabba");
        let blind = Spec { active_request_bias: 0.0, ..Spec::default() };
        assert_eq!(letters(&mut blind.build(&endpoints(&[2, 1])), &rows, 6), "abaaba");
        // (3 + 1)^0.5 makes a weigh 2/2: the two take turns.
        let half = Spec { active_request_bias: 0.5, ..Spec::default() };
        assert_eq!(letters(&mut half.build(&endpoints(&[2, 1])), &rows, 6), "ababab");
    }

    #[test]
    fn slow_start_alone_leads_to_deadlines() {
        let mut rows = rows(&[1, 1]);
        rows[1].share = 0.5;
        let mut state = Spec::default().build(&endpoints(&[1, 1]));
        state.on_change(&view(&rows));
        assert_eq!(letters(&mut state, &rows, 30).matches('b').count(), 10);
        rows[1].share = 1.0;
        state.on_change(&view(&rows));
        assert!(state.equal);
    }
}
