//! DNS: clients go on to the server their resolver last heard of, until the answer's time to live is over.
//!
//! What changes at the name server is seen by each cache only when its answer runs out: with caches in constant use the
//! share of them that still holds the old one falls evenly to nothing over one time to live. Some never ask again. A
//! cached answer is used whether its server is well or not: only the name server looks at health.
//! RFC 1035, sections 3.2.1 and 7.3; Jung et al., *DNS Performance and the Effectiveness of Caching*, 2002.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

/// A name that caches resolve: how many there are, and how long they keep an answer.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DnsSpec {
    /// How long an answer may be kept, above 0. Default 60 s (AWS Route 53 advises 60 s or less with health checks).
    pub ttl: SimDuration,
    /// Resolvers' caches, at least 1; clients are spread over them by their address. Default 1000.
    pub caches: u32,
    /// The share of caches that keep their first answer for ever, 0 to 1. Default 0.
    pub ignoring: f64,
}

impl Default for DnsSpec {
    fn default() -> Self {
        Self { ttl: SimDuration::from_secs(60), caches: 1000, ignoring: 0.0 }
    }
}

impl DnsSpec {
    /// Reports what is wrong with the values.
    pub fn check(&self, check: &mut Check) {
        check.require(!self.ttl.is_zero(), "ttl", || "ttl must be above 0".into());
        check.require(self.caches >= 1, "caches", || "caches must be at least 1, got 0".into());
        check.fraction("ignoring", self.ignoring);
    }

    /// Caches that hold nothing yet.
    pub fn build(&self) -> ResolverCaches {
        let ignoring = (self.ignoring * f64::from(self.caches)) as usize;
        ResolverCaches { ttl: self.ttl, ignoring, answers: vec![None; self.caches as usize] }
    }
}

/// What each cache holds.
#[derive(Clone, Debug)]
pub struct ResolverCaches {
    ttl: SimDuration,
    /// So many of the first never ask again.
    ignoring: usize,
    answers: Vec<Option<Answer>>,
}

#[derive(Clone, Copy, Debug)]
struct Answer {
    server: usize,
    expires: SimTime,
}

impl ResolverCaches {
    fn cache_of(&self, client: u32) -> usize {
        client as usize % self.answers.len()
    }

    /// The server this client's cache leads to; `None` if the name server has to be asked.
    pub fn find(&self, now: SimTime, client: u32) -> Option<usize> {
        let cache = self.cache_of(client);
        let answer = self.answers[cache]?;
        (now < answer.expires || cache < self.ignoring).then_some(answer.server)
    }

    /// The name server answered this client's cache. Of its first answer a part of the time to live is over already,
    /// given by `unit` from [0, 1): it was asked for before the simulation began, and not by all caches at once.
    pub fn keep(&mut self, now: SimTime, client: u32, server: usize, unit: f64) {
        let cache = self.cache_of(client);
        let share = if self.answers[cache].is_some() { 1.0 } else { 1.0 - unit };
        let lasts = SimDuration::from_nanos_f64(self.ttl.as_nanos() as f64 * share);
        self.answers[cache] = Some(Answer { server, expires: now + lasts });
    }
}

#[cfg(test)]
mod tests {
    use sim_core::random::Streams;

    use super::*;

    fn at(seconds: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(seconds)
    }

    #[test]
    fn an_old_answer_is_used_until_its_time_is_over() {
        let spec = DnsSpec { caches: 1, ..DnsSpec::default() };
        let mut caches = spec.build();
        assert_eq!(caches.find(at(0), 7), None);
        caches.keep(at(0), 7, 3, 0.5);
        assert_eq!([29, 30].map(|now| caches.find(at(now), 8)), [Some(3), None], "half was over");
        caches.keep(at(30), 7, 4, 0.5);
        assert_eq!([89, 90].map(|now| caches.find(at(now), 7)), [Some(4), None]);
        let mut stubborn = DnsSpec { ignoring: 1.0, ..spec }.build();
        stubborn.keep(at(0), 7, 3, 0.0);
        assert_eq!(stubborn.find(at(100_000), 7), Some(3));
    }

    #[test]
    fn the_share_that_is_misled_falls_evenly() {
        // A change at 600 s, a time to live of 60 s: all, three quarters, a half, none of the caches in constant use.
        let mut caches = DnsSpec { caches: 10_000, ..DnsSpec::default() }.build();
        let mut random = Streams::new(1, 0).stream("dns");
        let mut shares = Vec::new();
        for second in 0..=660 {
            let server = usize::from(second >= 600);
            let mut misled = 0;
            for client in 0..10_000 {
                if caches.find(at(second), client).is_none() {
                    caches.keep(at(second), client, server, random.unit());
                }
                misled += u32::from(caches.find(at(second), client) == Some(0));
            }
            shares.push(f64::from(misled) / 10_000.0);
        }
        // Asked once a second, a cache finds out up to a second late: a sixtieth, and four standard errors.
        for (second, share) in [(600, 1.0), (615, 0.75), (630, 0.5), (660, 0.0)] {
            assert!((shares[second] - share).abs() < 1.0 / 60.0 + 0.02, "{second} s: {}", shares[second]);
        }
    }
}
