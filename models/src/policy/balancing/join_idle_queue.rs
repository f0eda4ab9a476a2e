//! Join-idle-queue: a server that runs out of work queues up here, and the next request goes to it.
//!
//! Servers tell when they are idle, so a request waits for no probe and no table is needed; if none has told,
//! the request goes to any. Its news is one message a job at most and never stale the way counts are, until
//! load leaves no server idle. A server that got work by chance meanwhile keeps its place, so the last to tell
//! goes first: it is the most likely to be idle still. Which of several dispatchers a server tells is the server's
//! choice, not made here; it tells one at a time. Lu et al., *Join-Idle-Queue*, Performance Evaluation 2011.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{check::Check, random::Stream};

use super::{Ask, Backends, Balance, Endpoint, Wants, available, per_backend::PerBackend};

/// `JoinIdleQueue`: nothing to set.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {}

impl Spec {
    pub(super) fn check(&self, _: &mut Check) {}

    pub(super) fn build(&self, endpoints: &[Endpoint]) -> State {
        State { tokens: Vec::new(), queued: PerBackend::new(endpoints) }
    }
}

/// The idle servers, the last to tell at the end; empty at first.
#[derive(Debug)]
pub struct State {
    tokens: Vec<usize>,
    /// Whether each has a token in the queue: it never has two.
    queued: PerBackend<bool>,
}

impl Balance for State {
    #[inline]
    fn pick(&mut self, backends: &Backends<'_>, _: &Ask, random: &mut Stream) -> Option<usize> {
        // The token of a server that may not be picked now stays for a later request.
        let usable = self.tokens.iter().rposition(|&server| available::is(backends.rows, server));
        let Some(server) = usable.map(|place| self.tokens.remove(place)) else {
            return available::any(backends.rows, random);
        };
        if let Some(queued) = self.queued.get_mut(server) {
            *queued = false;
        }
        Some(server)
    }

    fn on_idle(&mut self, backend: usize) {
        if let Some(queued) = self.queued.get_mut(backend) {
            if !*queued {
                self.tokens.push(backend);
            }
            *queued = true;
        }
    }

    fn holds_offer(&self, backend: usize) -> bool {
        self.queued.get(backend).is_some_and(|queued| *queued)
    }

    fn on_membership(&mut self, endpoints: &[Endpoint]) {
        let former = self.queued.on_membership(endpoints);
        let now = |server: usize| former.iter().position(|&was| was == Some(server));
        self.tokens = self.tokens.iter().filter_map(|&server| now(server)).collect();
    }

    fn wants(&self) -> Wants {
        Wants { idle_offers: true, ..Wants::NOTHING }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::balancing::testing::{endpoints, letters, rows};

    #[test]
    fn the_last_to_tell_goes_first() {
        let mut rows = rows(&[1; 4]);
        let mut members = endpoints(&[1; 4]);
        let mut state = Spec {}.build(&members);
        for server in [3, 1, 3, 2, 0] {
            state.on_idle(server);
        }
        rows[1].available = false;
        assert_eq!(letters(&mut state, &rows, 2), "ac");
        rows[1].available = true;
        members.remove(0);
        state.on_membership(&members);
        // What was b and d is a and c now; their tokens have waited.
        assert_eq!(letters(&mut state, &rows[1..], 2), "ac");
        assert!(state.tokens.is_empty());
    }

    #[test]
    fn without_tokens_any_server_is_as_good() {
        let picks = letters(&mut Spec {}.build(&endpoints(&[1; 3])), &rows(&[1; 3]), 30_000);
        for name in ["a", "b", "c"] {
            assert!(picks.matches(name).count().abs_diff(10_000) < 327, "{name}");
        }
    }
}
