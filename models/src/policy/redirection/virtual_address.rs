//! A virtual address: it belongs to one server, and moves to a standby that has heard nothing of it for too long.
//!
//! The holder advertises itself at a steady pace. A standby waits three paces and a skew, the shorter the higher its
//! priority, so that the best one comes first; who has a higher priority than the holder takes the address back after the
//! same wait. Callers follow when the network has learnt the new way. Among equals the first in the list comes first.
//! VRRP version 3, RFC 5798, sections 6.1 (`Skew_Time`, `Master_Down_Interval`) and 6.4; keepalived.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

/// An address that one server holds and others can take over.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VirtualAddressSpec {
    /// Time between advertisements, above 0. Default 1 s (RFC 5798 `Advertisement_Interval`).
    pub advertisement: SimDuration,
    /// The priority of each server, 1 to 255, in the order of the pool; those not named have 100 (RFC 5798).
    pub priorities: Vec<u8>,
    /// Whether a server of higher priority takes the address back. Default true (RFC 5798 `Preempt_Mode`).
    pub preempt: bool,
    /// How long after a takeover callers still send to the old holder: until the gratuitous ARP is seen. Default 0.
    pub arp_delay: SimDuration,
}

impl Default for VirtualAddressSpec {
    fn default() -> Self {
        Self {
            advertisement: SimDuration::from_secs(1),
            priorities: Vec::new(),
            preempt: true,
            arp_delay: SimDuration::ZERO,
        }
    }
}

/// The priority of who is not named.
const USUAL: u8 = 100;

impl VirtualAddressSpec {
    /// Reports what is wrong with the values.
    pub fn check(&self, check: &mut Check) {
        check.require(!self.advertisement.is_zero(), "advertisement", || {
            "advertisement must be above 0".into()
        });
        check.require(!self.priorities.contains(&0), "priorities", || {
            "a priority is 1 to 255: 0 is what a router that leaves says of itself".into()
        });
    }

    /// The address among so many servers, all up since the beginning; the best holds it.
    pub fn build(&self, servers: usize) -> VirtualAddress {
        let priority = |server: usize| self.priorities.get(server).copied().unwrap_or(USUAL);
        let up_since = Some(SimTime::ZERO);
        let routers: Vec<Router> =
            (0..servers).map(|server| Router { priority: priority(server), up_since }).collect();
        let best = (0..servers).rev().max_by_key(|server| routers[*server].priority).unwrap_or(0);
        VirtualAddress {
            spec: self.clone(),
            routers,
            holder: best,
            held_since: SimTime::ZERO,
            silent_since: None,
            seen: best,
        }
    }
}

/// Who holds the address, and who is waiting for it.
#[derive(Clone, Debug)]
pub struct VirtualAddress {
    spec: VirtualAddressSpec,
    routers: Vec<Router>,
    holder: usize,
    held_since: SimTime,
    /// When the holder was last heard, if it is down.
    silent_since: Option<SimTime>,
    /// To whom callers sent before the network learnt of the holder.
    seen: usize,
}

#[derive(Clone, Copy, Debug)]
struct Router {
    priority: u8,
    up_since: Option<SimTime>,
}

impl VirtualAddress {
    /// To whom callers send at `now`.
    pub fn holder(&mut self, now: SimTime) -> usize {
        self.advance(now);
        if now < self.held_since + self.spec.arp_delay { self.seen } else { self.holder }
    }

    /// A server goes down.
    pub fn on_failure(&mut self, now: SimTime, server: usize) {
        self.advance(now);
        self.routers[server].up_since = None;
        if server == self.holder {
            let pace = self.spec.advertisement.as_nanos();
            let since = now.since(self.held_since).as_nanos();
            self.silent_since = Some(self.held_since + SimDuration::from_nanos(since / pace * pace));
        }
    }

    /// A server is up again; it is a standby at first, even if it still was the holder.
    pub fn on_repair(&mut self, now: SimTime, server: usize) {
        self.advance(now);
        self.routers[server].up_since = Some(now);
    }

    /// Lets standbys whose wait is over take the address.
    fn advance(&mut self, now: SimTime) {
        while let Some((at, next)) = self.takeover().filter(|(at, _)| *at <= now) {
            self.seen = if at < self.held_since + self.spec.arp_delay { self.seen } else { self.holder };
            (self.holder, self.held_since, self.silent_since) = (next, at, None);
        }
    }

    /// Who takes the address next, and when, if nothing else happens.
    fn takeover(&self) -> Option<(SimTime, usize)> {
        let waits = self.routers.iter().enumerate().filter_map(|(server, router)| {
            let up_since = router.up_since?;
            let heard = match self.silent_since {
                Some(silent_since) => silent_since.max(up_since),
                // The holder is heard: whoever is better does not listen, and waits from its own start.
                None if self.spec.preempt && router.priority > self.routers[self.holder].priority => {
                    up_since.max(self.held_since)
                }
                None => return None,
            };
            Some((heard + self.patience(router.priority), server))
        });
        waits.min()
    }

    /// How long a standby listens: three advertisements and its skew.
    fn patience(&self, priority: u8) -> SimDuration {
        let pace = self.spec.advertisement.as_nanos();
        let skew = u128::from(pace) * u128::from(256 - u32::from(priority)) / 256;
        self.spec.advertisement.saturating_mul(3) + SimDuration::from_nanos(skew as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_millis(millis)
    }

    fn address(priorities: &[u8]) -> VirtualAddress {
        VirtualAddressSpec { priorities: priorities.to_vec(), ..VirtualAddressSpec::default() }
            .build(priorities.len())
    }

    #[test]
    fn patience_is_rfc_5798s() {
        // Master_Down_Interval = 3 × 1 s + (256 − priority)/256 × 1 s.
        let address = address(&[100]);
        for (priority, nanos) in [(100, 3_609_375_000), (254, 3_007_812_500), (1, 3_996_093_750)] {
            assert_eq!(address.patience(priority).as_nanos(), nanos, "priority {priority}");
        }
    }

    #[test]
    fn the_best_standby_takes_over_after_three_advertisements_and_its_skew() {
        let mut address = address(&[200, 100, 150]);
        // Heard last at 10 s; 3 s and (256 − 150)/256 s later it is the third's.
        address.on_failure(at(10_700), 0);
        let taken = at(13_000) + SimDuration::from_nanos(414_062_500);
        let before = SimTime::from_nanos(taken.as_nanos() - 1);
        assert_eq!([before, taken].map(|now| address.holder(now)), [0, 2]);
    }

    #[test]
    fn a_better_one_takes_the_address_back_unless_told_not_to() {
        for preempt in [true, false] {
            let spec =
                VirtualAddressSpec { priorities: vec![200, 100], preempt, ..VirtualAddressSpec::default() };
            let mut address = spec.build(2);
            address.on_failure(at(10_000), 0);
            assert_eq!(address.holder(at(20_000)), 1);
            address.on_repair(at(30_000), 0);
            // Its own wait: 3 s and 56/256 s.
            assert_eq!(address.holder(at(33_218)), 1);
            assert_eq!(address.holder(at(33_219)), usize::from(!preempt));
        }
    }

    #[test]
    fn callers_follow_when_the_network_has_learnt_the_way() {
        let spec =
            VirtualAddressSpec { arp_delay: SimDuration::from_secs(1), ..VirtualAddressSpec::default() };
        let mut address = spec.build(2);
        address.on_failure(at(5_000), 0);
        assert_eq!([8_610, 9_609, 9_610].map(|now| address.holder(at(now))), [0, 0, 1]);
    }

    #[test]
    fn with_nobody_left_the_address_leads_nowhere_until_somebody_is_back() {
        let mut address = address(&[100, 100]);
        address.on_failure(at(1_000), 1);
        address.on_failure(at(2_000), 0);
        assert_eq!(address.holder(at(60_000)), 0);
        address.on_repair(at(60_000), 1);
        assert_eq!([63_609, 63_610].map(|now| address.holder(at(now))), [0, 1]);
    }
}
