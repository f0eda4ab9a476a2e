//! Least time as nginx does it: the shortest time to finish what a server has, from a running average of
//! latency.
//!
//! The estimate is average × (1 + outstanding), averages in steps of 20 ms so that close ones take turns; all
//! above 5 s count as equally bad. Only successes count, or a server that fails fast would draw all traffic.
//! With `inflight`, requests that have not ended speak too: a server that answers nothing is found out before
//! its first answer. nginx `ngx_http_upstream_least_time_module.c`.

use std::cmp::Ordering;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    random::Stream,
    time::{SimDuration, SimTime},
};

use super::{
    Ask, Backend, Backends, Balance, Done, Endpoint, Wants, per_backend::PerBackend, smooth::Smooth,
};

/// `LeastTime`: whether requests in flight count, and when an old average is doubted.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Spec {
    /// Whether the mean age of the requests in flight counts where it exceeds the average. Default false
    /// (nginx).
    pub inflight: bool,
    /// Once in so long an idle server's average counts half, in whole seconds. Default 10 s (nginx).
    pub fail_timeout: SimDuration,
    /// How many failures take the whole weight in ties away; 0 for never. Default 1 (nginx).
    pub max_fails: u32,
}

impl Default for Spec {
    fn default() -> Self {
        Self { inflight: false, fail_timeout: SimDuration::from_secs(10), max_fails: 1 }
    }
}

impl Spec {
    pub(super) fn check(&self, _: &mut Check) {}

    pub(super) fn build(&self, endpoints: &[Endpoint]) -> State {
        State {
            spec: self.clone(),
            peers: PerBackend::new(endpoints),
            turns: Smooth::new(endpoints),
            estimates: Vec::new(),
        }
    }
}

/// The averages, and the turns of those that tie.
#[derive(Debug)]
pub struct State {
    spec: Spec,
    peers: PerBackend<Peer>,
    turns: Smooth,
    /// The estimate of each row in the present pick; kept to save an allocation.
    estimates: Vec<u64>,
}

/// What is known of a server, in whole milliseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Peer {
    /// The running average of the latency of successes, 0 before the first.
    average_ms: u64,
    /// When it last failed, or was asked again after a while: whole seconds.
    checked_secs: u64,
    in_flight: InFlight,
}

/// The requests under way, for the `inflight` option.
#[derive(Clone, Copy, Debug, Default)]
struct InFlight {
    requests: u64,
    /// The time they had spent, all together, at `changed_ms`.
    spent_ms: u64,
    changed_ms: u64,
    /// The running average of their mean age.
    age_ms: u64,
}

/// nginx's running average: the first value, then 0.95 of the old and 0.05 of the new, rounded to the
/// nearest.
fn average(old: u64, new: u64) -> u64 {
    if old == 0 { new } else { (10 + new + 19 * old) / 20 }
}

fn millis(now: SimTime) -> u64 {
    now.as_nanos() / 1_000_000
}

fn seconds(now: SimTime) -> u64 {
    now.as_nanos() / 1_000_000_000
}

impl InFlight {
    fn grow_old(&mut self, now_ms: u64) {
        if let Some(mean) = self.spent_ms.checked_div(self.requests) {
            self.age_ms = average(self.age_ms, mean + now_ms.saturating_sub(self.changed_ms));
        }
    }

    fn account(&mut self, now_ms: u64) {
        self.spent_ms += now_ms.saturating_sub(self.changed_ms) * self.requests;
        self.changed_ms = now_ms;
    }

    fn begin(&mut self, now_ms: u64) {
        self.account(now_ms);
        self.requests += 1;
    }

    fn end(&mut self, now_ms: u64, latency_ms: u64) {
        self.account(now_ms);
        self.requests = self.requests.saturating_sub(1);
        self.spent_ms = if self.requests == 0 { 0 } else { self.spent_ms.saturating_sub(latency_ms) };
    }
}

impl Peer {
    /// nginx's `eta`.
    fn estimate(&self, outstanding: u32, now_secs: u64, fail_timeout_secs: u64) -> u64 {
        let mut time = self.average_ms;
        let quiet = now_secs.saturating_sub(self.checked_secs);
        if quiet > fail_timeout_secs {
            let halvings = quiet / (fail_timeout_secs + 1);
            time = u32::try_from(halvings).ok().and_then(|halvings| time.checked_shr(halvings)).unwrap_or(0);
        }
        if self.in_flight.requests > 0 {
            time = time.max(self.in_flight.age_ms);
        }
        let time = if time > 5000 { 5000 } else { time + 20 - time % 20 };
        time * (1 + u64::from(outstanding))
    }
}

impl State {
    fn fail_timeout_secs(&self) -> u64 {
        self.spec.fail_timeout.as_nanos() / 1_000_000_000
    }

    /// Fills `estimates` and answers with the best row and whether others tie with it.
    fn best(&mut self, backends: &Backends<'_>) -> Option<(usize, bool)> {
        let (now_ms, now_secs, timeout) =
            (millis(backends.now), seconds(backends.now), self.fail_timeout_secs());
        self.estimates.clear();
        let mut best: Option<usize> = None;
        let mut tied = false;
        for (index, row) in backends.rows.iter().enumerate() {
            let peer = self.peers.get_mut(index).filter(|_| row.available);
            let estimate = peer.map(|peer| {
                peer.in_flight.grow_old(now_ms);
                peer.estimate(row.in_flight, now_secs, timeout)
            });
            self.estimates.push(estimate.unwrap_or(0));
            if estimate.is_none() {
                continue;
            }
            match best.map(|best| compare(&self.estimates, backends.rows, index, best)) {
                None | Some(Ordering::Less) => (best, tied) = (Some(index), false),
                Some(Ordering::Equal) => tied = true,
                Some(Ordering::Greater) => {}
            }
        }
        best.map(|index| (index, tied))
    }

    /// A request goes to `backend`.
    fn begin(&mut self, backend: usize, now: SimTime) {
        let timeout = self.fail_timeout_secs();
        let Some(peer) = self.peers.get_mut(backend) else { return };
        if self.spec.inflight {
            peer.in_flight.begin(millis(now));
        }
        if seconds(now).saturating_sub(peer.checked_secs) > timeout {
            peer.checked_secs = seconds(now);
        }
    }
}

/// Compares rows `a` and `b` by estimate over weight, multiplied out: ties are exact while no slow start is
/// on.
fn compare(estimates: &[u64], rows: &[Backend], a: usize, b: usize) -> Ordering {
    let burden = |a: usize, b: usize| estimates[a] as f64 * rows[b].effective_weight();
    burden(a, b).total_cmp(&burden(b, a))
}

impl Balance for State {
    fn pick(&mut self, backends: &Backends<'_>, _: &Ask, _: &mut Stream) -> Option<usize> {
        let rows = backends.rows;
        let (best, tied) = self.best(backends)?;
        let mut picked = best;
        if tied {
            let equal = |index: usize| compare(&self.estimates, rows, index, best).is_eq();
            picked = self.turns.pick(rows, |_, row| row.weight, |index, _| equal(index)).unwrap_or(best);
        }
        self.begin(picked, backends.now);
        Some(picked)
    }

    fn on_forced(&mut self, backends: &Backends<'_>, backend: usize) {
        self.begin(backend, backends.now);
    }

    fn on_done(&mut self, backends: &Backends<'_>, done: &Done) {
        let Some(peer) = self.peers.get_mut(done.backend) else { return };
        let latency_ms = done.latency.as_nanos() / 1_000_000;
        if self.spec.inflight {
            peer.in_flight.end(millis(backends.now), latency_ms);
        }
        if done.success {
            peer.average_ms = average(peer.average_ms, latency_ms);
            return;
        }
        peer.checked_secs = seconds(backends.now);
        if let Some(row) = backends.rows.get(done.backend) {
            self.turns.on_failure(done.backend, row.weight, self.spec.max_fails);
        }
    }

    fn on_membership(&mut self, endpoints: &[Endpoint]) {
        self.peers.on_membership(endpoints);
        self.turns.on_membership(endpoints);
    }

    fn wants(&self) -> Wants {
        Wants::NOTHING
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::balancing::testing::{done, endpoints, letters, loaded, rows, stream, view, view_at};

    fn state(spec: &Spec, latencies: &[u64]) -> State {
        let weights = vec![1; latencies.len()];
        let mut state = spec.build(&endpoints(&weights));
        let rows = rows(&weights);
        for (backend, &latency) in latencies.iter().enumerate() {
            state.on_done(&view(&rows), &done(backend, latency));
        }
        state
    }

    #[test]
    fn the_average_is_nginxs() {
        // (ngx_msec_t) (0.5 + 0.05 * v + 0.95 * avg); the first value is taken as it is.
        assert_eq!(
            [average(0, 100), average(100, 200), average(105, 200), average(100, 0)],
            [100, 105, 110, 95]
        );
        assert_eq!(average(7, 8), 7);
    }

    #[test]
    fn estimates_are_nginxs() {
        let peer = |average_ms| Peer { average_ms, ..Peer::default() };
        // Clusters of 20 ms, the last above 5 s; times one more than outstanding.
        assert_eq!(peer(0).estimate(0, 0, 10), 20);
        assert_eq!(peer(19).estimate(0, 0, 10), 20);
        assert_eq!(peer(20).estimate(2, 0, 10), 120);
        assert_eq!(peer(9000).estimate(0, 0, 10), 5000);
        // Quiet for 11 s: half; for 22 s: a quarter.
        assert_eq!(peer(400).estimate(0, 10, 10), 420);
        assert_eq!(peer(400).estimate(0, 11, 10), 220);
        assert_eq!(peer(400).estimate(0, 22, 10), 120);
        assert_eq!(peer(400).estimate(0, 1_000_000, 10), 20);
    }

    #[test]
    fn the_soonest_to_finish_is_picked_and_close_ones_take_turns() {
        let mut two = state(&Spec::default(), &[10, 100]);
        assert_eq!(letters(&mut two, &loaded(&[4, 0]), 1), "a");
        assert_eq!(letters(&mut two, &loaded(&[6, 0]), 1), "b");
        assert_eq!(letters(&mut state(&Spec::default(), &[1, 15, 19]), &loaded(&[0, 0, 0]), 6), "abcabc");
    }

    #[test]
    fn a_server_that_fails_fast_gains_nothing() {
        let rows = rows(&[1, 1]);
        let mut state = state(&Spec::default(), &[100, 100]);
        for _ in 0..50 {
            state.on_done(&view(&rows), &Done { success: false, ..done(0, 0) });
        }
        assert_eq!(state.peers.values()[0].average_ms, 100);
    }

    #[test]
    fn requests_in_flight_speak_before_they_end() {
        let rows = rows(&[1, 1]);
        for (inflight, expected) in [(false, Some(0)), (true, Some(1))] {
            let mut state = state(&Spec { inflight, ..Spec::default() }, &[10, 30]);
            state.on_forced(&view(&rows), 0);
            // A second later a has not answered: its mean age of 1000 ms is all that is known of its
            // requests.
            let picked = state.pick(&view_at(&rows, 1000), &Ask::default(), &mut stream());
            assert_eq!(picked, expected, "inflight: {inflight}");
        }
        let mut state = state(&Spec { inflight: true, ..Spec::default() }, &[10, 10]);
        state.on_forced(&view(&rows), 0);
        state.on_done(&view_at(&rows, 50), &done(0, 50));
        assert_eq!(
            (state.peers.values()[0].in_flight.requests, state.peers.values()[0].in_flight.spent_ms),
            (0, 0)
        );
    }
}
