//! Round robin: the next in the list, those that are not available passed over.
//!
//! Equal turns whatever the load. Poisson traffic reaches each of n servers with n turns between its
//! requests, so waits are shorter than with random choice; one slow server still gets its full 1/n. Starts at
//! the first backend, where Envoy starts at a random one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{Ask, Backends, Balance, Endpoint, Wants, available};

/// `RoundRobin`: nothing to set.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {}

impl Spec {
    pub(super) fn check(&self, _: &mut Check) {}

    pub(super) fn build(&self, _: &[Endpoint]) -> State {
        State { next: 0 }
    }
}

/// Whose turn it is.
#[derive(Debug)]
pub struct State {
    next: usize,
}

impl Balance for State {
    #[inline]
    fn pick(&mut self, backends: &Backends<'_>, _: &Ask, _: &mut Stream) -> Option<usize> {
        let rows = backends.rows;
        let start = if self.next < rows.len() { self.next } else { 0 };
        let picked = if available::is(rows, start) {
            start
        } else {
            (start..rows.len()).chain(0..start).find(|&index| available::is(rows, index))?
        };
        self.next = picked + 1;
        Some(picked)
    }

    fn wants(&self) -> Wants {
        Wants::NOTHING
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::balancing::testing::{letters, rows};

    #[test]
    fn takes_turns_and_passes_over_those_away() {
        let mut rows = rows(&[1, 9, 1, 1]);
        let mut state = Spec {}.build(&[]);
        assert_eq!(letters(&mut state, &rows, 6), "abcdab");
        rows[2].available = false;
        assert_eq!(letters(&mut state, &rows, 4), "dabd");
        rows[2].available = true;
        assert_eq!(letters(&mut state, &rows, 4), "abcd");
    }
}
