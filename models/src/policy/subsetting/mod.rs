//! Which backends a client knows: deterministic and random subsets.
//!
//! With n clients and m backends a full mesh is n × m connections; a subset bounds what each client keeps. The
//! price is uneven load, by how unevenly the subsets cover the backends.

use sim_core::time::SimTime;

mod aperture;
mod deterministic;
mod random;
mod rendezvous;

/// A client, and the backends it could know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Membership {
    /// The client's index.
    pub client: usize,
    /// How many clients there are.
    pub clients: usize,
    /// How many backends there are.
    pub backends: usize,
    /// What chance comes from: the same for all clients of a run.
    pub seed: u64,
}

/// Chooses the backends a client uses.
pub trait Subset: std::fmt::Debug {
    /// Indices of the backends in use, each once. Their order is the strategy's own.
    fn chosen(&self) -> &[usize];

    /// The number of clients or backends changed.
    fn on_membership(&mut self, membership: &Membership);

    /// The client has `in_flight` requests under way, one more or one less than before. True if `chosen` changed.
    fn on_load(&mut self, _now: SimTime, _in_flight: u32) -> bool {
        false
    }
}

family! {
    /// Which backends a client knows.
    pub trait Subset, spec SubsetSpec, state SubsetState, build(membership: &Membership);
    /// Rounds of clients share a shuffle and cut it into equal parts: even cover (SRE book).
    Deterministic = deterministic;
    /// Each client draws its own: simple, and uneven.
    Random = random;
    /// Each client takes the backends that hash highest with it: little moves when backends change (Envoy).
    Rendezvous = rendezvous;
    /// As few as keep the load of each within a band (Finagle).
    Aperture = aperture;
}

impl Subset for SubsetState {
    fn chosen(&self) -> &[usize] {
        on_each!(self, it => it.chosen())
    }

    fn on_membership(&mut self, membership: &Membership) {
        on_each!(self, it => it.on_membership(membership));
    }

    #[inline]
    fn on_load(&mut self, now: SimTime, in_flight: u32) -> bool {
        on_each!(self, it => it.on_load(now, in_flight))
    }
}

/// The size most published examples use; the SRE book names 20 to 100.
const DEFAULT_SIZE: usize = 20;

fn check_size(size: usize, check: &mut sim_core::check::Check) {
    check.require(size > 0, "size", || "size must be at least 1, got 0".into());
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sim_core::check::Check;

    use super::*;

    #[test]
    fn subsets_name_backends_that_exist_once_each() {
        for (name, _, spec) in SubsetSpec::catalog() {
            for (client, clients, backends) in
                [(0, 1, 1), (3, 10, 19), (7, 10, 20), (299, 300, 305), (0, 1, 0)]
            {
                let membership = Membership { client, clients, backends, seed: 5 };
                let mut state = spec.build(&membership);
                state.on_load(SimTime::ZERO, 100);
                let chosen = state.chosen().to_vec();
                let distinct: BTreeSet<_> = chosen.iter().copied().collect();
                assert_eq!(distinct.len(), chosen.len(), "{name}: {chosen:?}");
                assert!(chosen.iter().all(|index| *index < backends), "{name}: {chosen:?}");
                assert_eq!(chosen.is_empty(), backends == 0, "{name}");
                assert_eq!(spec.build(&membership).chosen(), spec.build(&membership).chosen(), "{name}");
            }
        }
    }

    #[test]
    fn a_change_of_membership_is_a_fresh_start_with_the_new_one() {
        for (name, _, spec) in SubsetSpec::catalog() {
            let small = Membership { client: 3, clients: 10, backends: 50, seed: 5 };
            let large = Membership { backends: 60, ..small };
            let mut state = spec.build(&small);
            state.on_membership(&large);
            assert_eq!(state.chosen(), spec.build(&large).chosen(), "{name}");
        }
    }

    #[test]
    fn every_default_is_a_right_one() {
        for (name, _, spec) in SubsetSpec::catalog() {
            let mut check = Check::default();
            spec.check(&mut check);
            assert_eq!(check.into_problems(), [], "{name}");
        }
    }
}
