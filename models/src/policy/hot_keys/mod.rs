//! Hot keys: which keys are asked for so much that one server should not answer for them alone, and who else does.
//!
//! Lookups are counted over a window; a key whose share reached the threshold is hot throughout the next. Reads of it go
//! with equal chance to the server that owns it or to those behind that one in the list, as many as there are copies.
//! Replication of hot keys: Nishtala et al., *Scaling Memcache at Facebook*, NSDI 2013, section 3.2.3; Hong & Thottethodi,
//! *Understanding and Mitigating the Impact of Load Imbalance in the Memory Caching Tier*, SoCC 2013.

use std::collections::{BTreeSet, VecDeque};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sim_core::{
    check::Check,
    time::{SimDuration, SimTime},
};

mod space_saving;

pub use space_saving::SpaceSaving;

use super::balancing::Backend;

/// Fewer lookups than these say nothing of a key's share.
const LEAST: u64 = 10;

/// Verdicts that are remembered, for requests that came before the latest.
const REMEMBERED: usize = 64;

/// `hot_keys: (share: 0.01, window: "1s", copies: 4)`: keys that are asked for most are held by several servers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HotKeysSpec {
    /// The part of all lookups of a window from which on a key is hot in the next, above 0; ten lookups at least. Default 0.01.
    pub share: f64,
    /// How long lookups are counted before they are judged and counted anew. Default 1 s.
    pub window: SimDuration,
    /// Keys that are counted at a time, 1 to 100000, by Space-Saving: with n of them, what is counted too little is at most
    /// an nth part of all lookups. Default 1000, ten times as many as keys of the default `share` there can be.
    pub counters: u32,
    /// Servers of a cache, or shards of a database, that hold a hot key, its owner included, at least 2. Default 2.
    pub copies: u32,
}

impl Default for HotKeysSpec {
    fn default() -> Self {
        Self { share: 0.01, window: SimDuration::from_secs(1), counters: 1000, copies: 2 }
    }
}

impl HotKeysSpec {
    /// Reports what is wrong with it.
    pub fn check(&self, check: &mut Check) {
        check.positive("share", self.share);
        check.fraction("share", self.share);
        check.require(!self.window.is_zero(), "window", || "window must be above 0".into());
        check.require((1..=100_000).contains(&self.counters), "counters", || {
            format!("counters must be 1 to 100000, got {}", self.counters)
        });
        check.require(self.copies >= 2, "copies", || {
            format!("copies must be at least 2, the owner included, got {}", self.copies)
        });
    }

    /// Nothing seen yet.
    pub fn build(&self) -> HotKeys {
        HotKeys {
            spec: self.clone(),
            seen: SpaceSaving::new(self.counters as usize),
            until: SimTime::ZERO + self.window,
            verdicts: VecDeque::new(),
            copied: BTreeSet::new(),
            hottest: (0, 0),
        }
    }
}

/// Which keys are hot.
#[derive(Clone, Debug)]
pub struct HotKeys {
    spec: HotKeysSpec,
    seen: SpaceSaving,
    /// When the window ends.
    until: SimTime,
    /// Which keys were hot, and since when that was known, the latest at the end.
    verdicts: VecDeque<(SimTime, BTreeSet<u64>)>,
    /// Keys that were hot at any time: copies of them may lie about.
    copied: BTreeSet<u64>,
    /// How often the hottest key of the last window was surely asked for, and how often all were.
    hottest: (u64, u64),
}

impl HotKeys {
    /// A key is asked for `now`; whether other keys are hot from now on.
    pub fn on_lookup(&mut self, now: SimTime, key: u64) -> bool {
        let turns = now >= self.until;
        if turns {
            self.turn(now);
        }
        self.seen.record(key);
        turns
    }

    /// The window is over: judges what was counted. After a long silence nothing is hot.
    fn turn(&mut self, now: SimTime) {
        let window = self.spec.window.as_nanos().max(1);
        let ended = now.since(self.until).as_nanos() / window + 1;
        let least = LEAST.max(libm::ceil(self.spec.share * self.seen.total() as f64) as u64);
        let hot = if ended == 1 { self.seen.at_least(least).collect() } else { BTreeSet::new() };
        self.copied.extend(&hot);
        if self.verdicts.len() == REMEMBERED {
            self.verdicts.pop_front();
        }
        self.verdicts.push_back((now, hot));
        self.hottest = (self.seen.most(), self.seen.total());
        self.seen.clear();
        self.until = self.until + SimDuration::from_nanos(ended * window);
    }

    /// Whether a key is hot for a request that came `at` that time. What is not found for a request is put where it was
    /// looked for, so a request keeps to what was known before it came.
    pub fn is_hot(&self, key: u64, at: SimTime) -> bool {
        let known = self.verdicts.iter().rev().find(|(since, _)| *since < at);
        known.is_some_and(|(_, hot)| hot.contains(&key))
    }

    /// How many are hot by the latest verdict.
    pub fn count(&self) -> usize {
        self.verdicts.back().map_or(0, |(_, hot)| hot.len())
    }

    /// Those that are hot by the latest verdict, in ascending order.
    pub fn hot(&self) -> impl Iterator<Item = u64> {
        self.verdicts.back().into_iter().flat_map(|(_, hot)| hot).copied()
    }

    /// How often the hottest key of the last window that is over was surely asked for, and how often all keys were.
    pub const fn hottest(&self) -> (u64, u64) {
        self.hottest
    }

    /// Whether several servers may hold a key.
    pub fn may_be_copied(&self, key: u64) -> bool {
        self.copied.contains(&key)
    }

    /// Which row answers a read of a hot key whose owner is one of them; `unit` is chance in [0, 1).
    pub fn row_of_copy(&self, owner: usize, rows: &[Backend], unit: f64) -> usize {
        let behind = |step: usize| (owner + step) % rows.len();
        let holders = || (0..rows.len()).map(behind).filter(|row| rows[*row].available);
        let copies = holders().count().min(self.spec.copies as usize);
        holders().nth((unit * copies as f64) as usize).unwrap_or(owner)
    }
}

#[cfg(test)]
mod tests {
    use sim_core::random::Streams;

    use super::*;

    const fn at(millis: u64) -> SimTime {
        SimTime::from_nanos(millis * 1_000_000)
    }

    #[test]
    fn a_key_is_hot_in_the_window_after_the_one_in_which_it_was_asked_for_enough() {
        let mut keys = HotKeysSpec { share: 0.5, ..HotKeysSpec::default() }.build();
        for request in 0..100 {
            keys.on_lookup(at(request), if request % 2 == 0 { 7 } else { request });
        }
        assert!(!keys.is_hot(7, at(999)), "the window is not over");
        assert!(keys.on_lookup(at(1000), 1));
        assert!(keys.is_hot(7, at(1001)) && keys.count() == 1);
        assert_eq!((keys.hot().collect::<Vec<_>>(), keys.hottest()), (vec![7], (51, 100)));
        assert!(!keys.is_hot(7, at(1000)), "who came before that was known keeps to its owner");
        assert!(keys.on_lookup(at(2000), 1));
        assert!(!keys.is_hot(7, at(2001)) && keys.may_be_copied(7), "asked for no more, but copies are left");
        assert!(keys.is_hot(7, at(1999)), "for who came while it was");
        assert!(!keys.is_hot(1, at(2001)), "one lookup is no share, though it was the only one");
    }

    #[test]
    fn what_was_counted_before_a_long_silence_is_not_hot_after_it() {
        let mut keys = HotKeysSpec::default().build();
        for request in 0..100 {
            keys.on_lookup(at(request), 7);
        }
        assert!(keys.on_lookup(at(5500), 1));
        assert!(!keys.is_hot(7, at(5501)));
        assert!(!keys.on_lookup(at(5999), 1) && keys.on_lookup(at(6000), 1), "windows stay where they were");
    }

    #[test]
    fn copies_are_behind_the_owner_and_who_is_down_holds_none() {
        let row = |available| Backend { available, in_flight: 0, weight: 1, share: 1.0 };
        let mut rows = vec![row(true); 5];
        let keys = HotKeysSpec { copies: 3, ..HotKeysSpec::default() }.build();
        let chosen =
            |rows: &[Backend]| [0.0, 0.3, 0.4, 0.7, 0.99].map(|unit| keys.row_of_copy(3, rows, unit));
        assert_eq!(chosen(&rows), [3, 3, 4, 0, 0]);
        rows[4].available = false;
        assert_eq!(chosen(&rows), [3, 3, 0, 1, 1]);
        assert_eq!(keys.row_of_copy(2, &[row(true), row(false), row(true)], 0.9), 0, "fewer than copies");
    }

    #[test]
    fn the_share_of_the_owner_is_that_of_the_formula() {
        // Zipf(1) over 10⁴ keys hashed at random on 10 servers, the first key on r of them: each of those gets p₁/r of it
        // and a tenth of the rest, 1/n + (p₁/r)(1 − r/n). By hand with p₁ = 1/H(10⁴) = .102170.
        let popularity: Vec<f64> = (1..=10_000_u32).map(|rank| 1.0 / f64::from(rank)).collect();
        let whole: f64 = popularity.iter().sum();
        let rows = vec![Backend { available: true, in_flight: 0, weight: 1, share: 1.0 }; 10];
        for (copies, expected) in [(1, 0.191_953), (2, 0.140_868), (4, 0.115_325), (8, 0.102_554)] {
            let keys = HotKeysSpec { copies, ..HotKeysSpec::default() }.build();
            let mut sum = 0.0;
            for hash in 0..300 {
                let mut stream = Streams::new(hash, 0).stream("hash");
                let owners: Vec<usize> = popularity.iter().map(|_| stream.below(10)).collect();
                let rest: f64 =
                    (1..10_000).filter(|key| owners[*key] == owners[0]).map(|key| popularity[key]).sum();
                // Draws evenly spread over [0, 1).
                let here = |draw: &u32| {
                    keys.row_of_copy(owners[0], &rows, (f64::from(*draw) + 0.5) / 800.0) == owners[0]
                };
                let own = (0..800).filter(here).count() as f64 / 800.0;
                sum += (own * popularity[0] + rest) / whole;
            }
            let share = sum / 300.0;
            assert!((share / expected - 1.0).abs() < 0.02, "{copies} copies: {share} against {expected}");
        }
    }

    #[test]
    fn the_hot_keys_of_a_zipf_law_are_found() {
        // Of 10⁴ keys by Zipf(1), ranks up to 10 have more than 1 % each: .10217/10 = .0102, .10217/11 = .0093.
        let until: Vec<f64> = (1..=10_000_u32)
            .scan(0.0, |sum, rank| {
                *sum += 1.0 / f64::from(rank);
                Some(*sum)
            })
            .collect();
        let mut stream = Streams::new(1, 0).stream("keys");
        let mut hot = HotKeysSpec { window: SimDuration::from_secs(10), ..HotKeysSpec::default() }.build();
        for request in 0..1_000_000 {
            let drawn = stream.unit() * until[9999];
            let key = until.partition_point(|until| *until <= drawn);
            hot.on_lookup(SimTime::from_nanos(request), key as u64);
        }
        hot.on_lookup(at(10_000), 0);
        let found: Vec<u64> = (0..10_000).filter(|key| hot.is_hot(*key, at(10_001))).collect();
        assert!(found == (0..10).collect::<Vec<_>>() || found == (0..9).collect::<Vec<_>>(), "{found:?}");
    }
}
