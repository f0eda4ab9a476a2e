//! Random: any available backend with equal chance.
//!
//! Keeps nothing and coordinates nothing; with one choice the busiest of n servers is log n / log log n over
//! the mean. The baseline the others must beat.
//! Mitzenmacher, *The Power of Two Choices in Randomized Load Balancing*, 1996.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{Ask, Backends, Balance, Endpoint, Wants, available};

/// `Random`: nothing to set.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {}

impl Spec {
    pub(super) fn check(&self, _: &mut Check) {}

    pub(super) fn build(&self, _: &[Endpoint]) -> State {
        State {}
    }
}

/// Nothing to remember.
#[derive(Debug)]
pub struct State {}

impl Balance for State {
    #[inline]
    fn pick(&mut self, backends: &Backends<'_>, _: &Ask, random: &mut Stream) -> Option<usize> {
        available::any(backends.rows, random)
    }

    fn wants(&self) -> Wants {
        Wants::NOTHING
    }
}

#[cfg(test)]
mod tests {
    use sim_core::{random::Streams, time::SimTime};

    use super::*;
    use crate::policy::balancing::Backend;

    #[test]
    fn spreads_evenly_over_those_available() {
        let mut rows = [Backend { available: true, in_flight: 0, weight: 1, share: 1.0 }; 4];
        rows[2].available = false;
        let mut random = Streams::new(1, 0).stream("lb/choice");
        let mut picks = [0_u32; 4];
        for _ in 0..30_000 {
            let backends = Backends::new(SimTime::ZERO, &rows);
            picks[State {}.pick(&backends, &Ask::default(), &mut random).unwrap()] += 1;
        }
        assert_eq!(picks[2], 0);
        for count in [picks[0], picks[1], picks[3]] {
            // Four standard deviations of Binomial(30000, 1/3).
            assert!(count.abs_diff(10_000) < 327, "{picks:?}");
        }
    }

    /// The fullest of `bins` servers after as many requests, none of which ended.
    fn fullest(bins: usize, random: &mut Stream) -> usize {
        let rows = vec![Backend { available: true, in_flight: 0, weight: 1, share: 1.0 }; bins];
        let mut requests = vec![0; bins];
        for _ in 0..bins {
            let backends = Backends::new(SimTime::ZERO, &rows);
            requests[State {}.pick(&backends, &Ask::default(), random).unwrap()] += 1;
        }
        requests.into_iter().max().unwrap()
    }

    #[test]
    fn the_fullest_of_n_bins_holds_what_n_balls_at_random_make() {
        // Exactly, by the multinomial distribution; Raab & Steger, *Balls into Bins*, 1998.
        let mut random = Streams::new(1, 0).stream("lb/choice");
        let mut means = |bins: usize, runs: usize| {
            let all: Vec<usize> = (0..runs).map(|_| fullest(bins, &mut random)).collect();
            let of_four = all.iter().filter(|most| **most == 4).count() as f64 / runs as f64;
            (all.iter().sum::<usize>() as f64 / runs as f64, of_four)
        };
        for (bins, runs, expected) in [(10, 40_000, 2.7487), (100, 20_000, 4.2326), (1000, 1_000, 5.5142)] {
            let (mean, of_four) = means(bins, runs);
            assert!((mean / expected - 1.0).abs() < 0.01, "{bins} bins: {mean}");
            assert!(bins != 100 || (of_four - 0.5755).abs() < 0.01, "{of_four}");
        }
    }
}
